//! Whoever writes logs into a folder holds it: nobody else can then write over them.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::{major, minor};

use crate::log::file::{FileId, LogError, id_of};

/// A folder that this process writes logs into. The kernel gives it back when the process ends, however it ends.
pub struct FolderLock {
    /// Lives as long as the lock.
    _held: Flock<File>,
    folder: FileId,
}

/// Where a folder cannot be locked itself, as on NFS, this file in it is.
const STAND_IN: &str = ".nightjar.lock";
/// So much of a command line is told.
const MAX_COMMAND: usize = 200;

impl FolderLock {
    /// Takes a folder that is there. None where its file system has no locks; an error says who holds it.
    pub fn take(folder: &Path) -> Result<Option<FolderLock>, LogError> {
        let failed = |error| LogError { path: folder.to_owned(), error };
        let own = match File::open(folder) {
            Ok(own) => own,
            // Its owner lets others make files in it, and not see them: nor can they be told who else does.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let id = id_of(&own.metadata().map_err(failed)?);
        let held = match Flock::lock(own, FlockArg::LockExclusiveNonblock) {
            Err((_, Errno::EWOULDBLOCK)) => return Err(failed(taken(id))),
            Err((_, Errno::EINTR)) => return FolderLock::take(folder),
            Err(_) => {
                let file = File::create(folder.join(STAND_IN)).map_err(failed)?;
                let of_file = id_of(&file.metadata().map_err(failed)?);
                match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                    Ok(held) => held,
                    Err((_, Errno::EWOULDBLOCK)) => return Err(failed(taken(of_file))),
                    Err(_) => return Ok(None),
                }
            }
            Ok(held) => held,
        };
        Ok(Some(FolderLock { _held: held, folder: id }))
    }

    /// Whether this is the folder that is held, and not another of its name.
    pub fn is_of(&self, folder: &Path) -> bool {
        fs::metadata(folder).is_ok_and(|found| id_of(&found) == self.folder)
    }
}

fn taken(lock: FileId) -> io::Error {
    let by = match holder(lock) {
        Some((pid, command)) => format!("process {pid} ({command})"),
        None => "another process".to_owned(),
    };
    io::Error::other(format!("{by} writes its logs there"))
}

/// Who holds a lock, as the kernel tells it (proc_locks(5)): its number and command line.
fn holder((dev, inode): FileId) -> Option<(u32, String)> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let device = format!("{:02x}:{:02x}:{inode}", major(dev), minor(dev));
    let mut of_inode = Vec::new();
    for line in locks.lines() {
        // `1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF`
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = words[..] else { continue };
        let Ok(pid) = pid.parse::<u32>() else { continue };
        if place == device {
            return Some((pid, command_of(pid)));
        }
        // Some file systems tell programs other devices than the kernel.
        if place.rsplit(':').next() == Some(&inode.to_string()[..]) {
            of_inode.push(pid);
        }
    }
    match of_inode[..] {
        [pid] => Some((pid, command_of(pid))),
        _ => None,
    }
}

fn command_of(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let shown = String::from_utf8_lossy(&line).replace('\0', " ");
    let shown: String = shown.trim().chars().filter(|c| !c.is_control()).take(MAX_COMMAND).collect();
    if shown.is_empty() { "its command line is not to be seen".to_owned() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_once_and_its_holder_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::take(folder.path()).unwrap().unwrap();
        assert!(lock.is_of(folder.path()) && !lock.is_of(Path::new("/")));
        let refused = FolderLock::take(folder.path()).err().unwrap().to_string();
        assert!(refused.contains(&format!("process {} (", std::process::id())), "{refused}");
        drop(lock);
        assert!(FolderLock::take(folder.path()).unwrap().is_some());
    }
}
