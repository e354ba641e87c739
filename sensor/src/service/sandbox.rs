//! What the running sensor may still do with files and ports, held by the kernel (Landlock, landlock(7)).
//!
//! Whoever takes over the process through a fault in it can write only where the sensor itself does. It holds
//! for the programs that scripts start, too, and nothing takes it back.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, make_bitflags, path_beneath_rules,
};

/// What stays allowed. What is not there when this is entered stays out of reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// Files, and folders with all below them, that are written, made, renamed and removed.
    pub writable: Vec<PathBuf>,
    /// Folders that files are removed from.
    pub emptied: Vec<PathBuf>,
    /// What is read although it lies where nothing is.
    pub readable: Vec<PathBuf>,
}

/// Before this (Linux 5.19), files cannot be renamed from one folder into another, as archiving does.
const NEEDED: ABI = ABI::V2;
/// What is known to us of newer kernels: truncating, device controls, and TCP ports.
const KNOWN: ABI = ABI::V5;

/// At the top of the file system everything is read and run but these: people's own files.
const PRIVATE: [&str; 4] = ["home", "root", "boot", "lost+found"];
/// Where scripts and the programs they start may say something.
const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/pts", "/dev/shm"];

/// What is done in a writable folder. Programs are not run from there, unless it is among what is read.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | RemoveDir | RemoveFile | MakeDir | MakeReg | MakeSock | MakeFifo | MakeSym
        | Refer | Truncate
});

/// Why this kernel cannot hold the sensor to it; none where it can.
pub fn unsupported() -> Option<String> {
    basis().err().map(|error| format!("the kernel has no Landlock of Linux 5.19 or later ({error})"))
}

fn basis() -> Result<Ruleset, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(NEEDED))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        // With no port allowed: what it listens on is open already.
        .handle_access(AccessNet::BindTcp)
}

impl Sandbox {
    /// Leaves out what is not there, and the top of the file system where it came along as some file's folder.
    pub fn settle(&mut self) {
        for paths in [&mut self.writable, &mut self.emptied, &mut self.readable] {
            *paths = paths.iter().filter_map(|path| path.canonicalize().ok()).collect();
            paths.sort();
            paths.dedup();
        }
        for paths in [&mut self.emptied, &mut self.readable] {
            paths.retain(|path| path != Path::new("/"));
        }
    }

    /// Holds the calling thread to this, and every thread and program it starts later. False where the kernel
    /// cannot.
    pub fn enter(&self) -> Result<bool, String> {
        if unsupported().is_some() {
            return Ok(false);
        }
        let status = self.restrict().map_err(|error| format!("cannot give up access to files: {error}"))?;
        Ok(status != RulesetStatus::NotEnforced)
    }

    fn restrict(&self) -> Result<RulesetStatus, RulesetError> {
        let read = AccessFs::from_read(KNOWN);
        let mut rules = basis()?
            .create()?
            .add_rules(path_beneath_rules(top(), read))?
            .add_rules(path_beneath_rules(&self.readable, read))?
            .add_rules(path_beneath_rules(&self.writable, WRITE))?
            .add_rules(path_beneath_rules(DEVICES, WRITE))?;
        for folder in &self.emptied {
            if let Ok(folder) = PathFd::new(folder) {
                rules = rules.add_rule(PathBeneath::new(folder, AccessFs::RemoveFile))?;
            }
        }
        Ok(rules.restrict_self()?.ruleset)
    }
}

impl std::fmt::Display for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let folders: Vec<String> = self.writable.iter().map(|folder| folder.display().to_string()).collect();
        write!(f, "{}", folders.join(", "))
    }
}

/// What lies at the top of the file system, but what is private.
fn top() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/").into_iter().flatten().flatten();
    let shared = entries.filter(|entry| !PRIVATE.iter().any(|name| entry.file_name() == *name));
    shared.map(|entry| entry.path()).collect()
}

/// The folder that a file lies in.
pub fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_elsewhere_cannot_be_written_and_those_here_can_be_moved_about() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["logs/queue", "archive", "else", "run"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        for file in ["else/there", "run/socket", "run/other"] {
            fs::write(at(file), "").unwrap();
        }
        let sandbox = Sandbox {
            writable: vec![at("logs"), at("archive"), at("not there")],
            emptied: vec![at("run")],
            readable: Vec::new(),
        };
        // It ends with the thread.
        let held = std::thread::scope(|scope| {
            let inside = || {
                if !sandbox.enter().unwrap() {
                    return false;
                }
                fs::write(at("logs/conn.log"), "row").unwrap();
                fs::rename(at("logs/conn.log"), at("logs/queue/conn.log")).unwrap();
                fs::rename(at("logs/queue/conn.log"), at("archive/conn.log")).unwrap();
                assert_eq!(fs::read_to_string(at("archive/conn.log")).unwrap(), "row");
                fs::write("/dev/null", "x").unwrap();
                fs::remove_file(at("run/socket")).unwrap();
                let refused = [
                    fs::write(at("else/there"), "x"),
                    fs::write(at("else/new"), "x"),
                    fs::write(at("run/other"), "x"),
                    fs::remove_file(at("else/there")),
                    fs::rename(at("archive/conn.log"), at("else/conn.log")),
                    std::net::TcpListener::bind("127.0.0.1:0").map(drop),
                ];
                let refused: Vec<bool> = refused
                    .into_iter()
                    .map(|done| done.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied))
                    .collect();
                // Ports came with Linux 6.7.
                assert_eq!(refused[..5], [true; 5]);
                true
            };
            scope.spawn(inside).join().unwrap()
        });
        assert_eq!(held, unsupported().is_none());
        fs::write(at("else/there"), "outside").unwrap();
    }
}
