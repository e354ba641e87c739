//! A small disk, which is there in a mount namespace of its own only: no mount of this machine is touched.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Goes, with its namespace, when it goes out of scope.
pub struct Disk {
    /// Keeps the namespace.
    keeper: Child,
    path: PathBuf,
}

impl Disk {
    /// A disk of so many bytes on an empty folder; `None` where that is not allowed.
    pub fn on(path: &Path, bytes: u64) -> Option<Disk> {
        let script =
            format!("mount -t tmpfs -o size={bytes} none \"$0\" && echo there && exec sleep infinity");
        let mut keeper = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", &script])
            .arg(path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut said = String::new();
        BufReader::new(keeper.stdout.take()?).read_line(&mut said).ok()?;
        let disk = Disk { keeper, path: path.to_owned() };
        (said == "there\n").then_some(disk)
    }

    /// A command that sees it.
    pub fn inside(&self, program: &str) -> Command {
        let mut inside = Command::new("nsenter");
        inside.arg(format!("--mount=/proc/{}/ns/mnt", self.keeper.id())).arg(program);
        inside
    }

    fn ballast(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(self.path.strip_prefix("/").unwrap()).join("ballast")
    }

    /// Somebody else takes all that is left of it.
    pub fn fill(&self) {
        let mut ballast = std::fs::File::create(self.ballast()).unwrap();
        let full = std::io::copy(&mut std::io::repeat(0), &mut ballast).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    }

    /// … and gives it back.
    pub fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
