//! Whether what is to be kept on disk can be.

use std::io;
use std::path::Path;

use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access};

use crate::sink::{Checked, config};

/// Looks at the folders of an exporter, and makes none.
pub(super) fn check(delivery: &config::Delivery, spool: Option<&config::Spool>, checked: &mut Checked) {
    if let Some(spool) = spool {
        let dir = &spool.directory;
        match writable(dir) {
            Err(error) => checked.wrong(
                &["spool", "directory"],
                format!("the spool {} cannot be written: {error}", dir.display()),
            ),
            Ok(free) => {
                let taken = taken(dir);
                let wanted = spool.max_bytes.0.saturating_sub(taken);
                if free < wanted {
                    let what = format!(
                        "the spool {} may take {wanted} more bytes (spool.max_bytes), and its disk has {free}",
                        dir.display(),
                    );
                    checked.wrong(&["spool", "max_bytes"], what);
                }
                checked.found.push(format!("the spool {} holds {taken} bytes", dir.display()));
            }
        }
    }
    if let Some(file) = &delivery.dead_letter {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Err(error) = writable(folder) {
            checked.wrong(
                &["delivery", "dead_letter"],
                format!("{} cannot be written: {error}", file.display()),
            );
        }
    }
}

/// Whether a folder can be written or made, and how many bytes are free on its disk.
fn writable(dir: &Path) -> io::Result<u64> {
    let dir = if dir.is_absolute() { dir.to_owned() } else { std::env::current_dir()?.join(dir) };
    let there = dir.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"));
    if !there.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            format!("{} is no folder", there.display()),
        ));
    }
    access(there, AccessFlags::W_OK | AccessFlags::X_OK)?;
    let disk = statvfs(there)?;
    Ok(disk.blocks_available() as u64 * disk.fragment_size() as u64)
}

/// Bytes of the files in a folder and those below it.
fn taken(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => taken(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}
