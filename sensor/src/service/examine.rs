//! What of a configuration only the machine can tell: whether filters compile, users are there, and folders can be
//! written. For `nightjar check`, which says all at once what a start would say one after the other.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::statfs::{PROC_SUPER_MAGIC, SYSFS_MAGIC, Statfs, statfs};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, Gid, Uid, User, access, getgrouplist};

use crate::capture::live::{LiveOptions, check_filter};
use crate::config::file::{self, Problem};
use crate::service::sandbox::folder_of;
use crate::service::settings::Sensor;

/// What can be read of a configuration, and all that is wrong with it here.
pub fn look(path: &Path, text: &str) -> (Sensor, Vec<Problem>) {
    let (sensor, mut problems) = Sensor::read(text);
    problems.extend(examine(&sensor, text));
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems.dedup();
    (sensor.beside(path), problems)
}

fn examine(sensor: &Sensor, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |section: &str, nth: usize, name: &str, message: String| {
        let at = file::place(text, section, nth, name).unwrap_or(0);
        problems.push(Problem::at(text, at, message));
    };
    for (nth, interface) in sensor.interfaces.iter().enumerate() {
        if let Some(filter) = &interface.capture.filter
            && let Err(why) = check_filter(&interface.capture, filter)
        {
            wrong("interface", nth, "filter", format!("filter does not compile: {why}"));
        }
    }
    // Options that choose packets make one filter; it is looked at as for Ethernet.
    if let Some(filter) = sensor.config.packet_filter.expression()
        && let Err(why) = check_filter(&LiveOptions::default(), &filter)
    {
        let is_filter = |name: &str| name.ends_with("_filters") || name.starts_with("PacketFilter::");
        let set = sensor.given.options.iter().map(|(option, _)| option.name).find(|name| is_filter(name));
        wrong("options", 0, set.unwrap_or_default(), format!("filter {filter} does not compile: {why}"));
    }
    let writer = match Writer::of(sensor.service.user.as_deref()) {
        Ok(writer) => Some(writer),
        Err(why) => {
            wrong("service", 0, "user", why);
            None
        }
    };
    let Some(writer) = writer else { return problems };
    let folders = [
        ("logs", "folder", Some(sensor.log_folder.clone())),
        ("logs", "archive", sensor.archive.clone()),
        ("service", "status_socket", sensor.service.status_socket.as_deref().map(folder_of)),
    ];
    for (section, name, folder) in folders {
        // Of a configuration for replays nothing is written there.
        let is_set = file::place(text, section, 0, name).is_some();
        let Some(folder) = folder.filter(|_| is_set) else { continue };
        // The socket is made before the user changes.
        let user = if name == "status_socket" { &Writer::Me } else { &writer };
        if let Err(why) = user.may_write(&folder) {
            wrong(section, 0, name, format!("{name} {why}"));
        }
    }
    // For whoever runs this, the exporters' own check looks.
    if let Writer::User { .. } = writer {
        for (keys, folder) in sensor.export.settings_of_folders() {
            if let Err(why) = writer.may_write(folder) {
                problems.push(Problem::at(text, file::nearest(text, &keys), why));
            }
        }
    }
    problems
}

/// Who writes.
enum Writer {
    /// Whoever runs this.
    Me,
    User {
        name: String,
        uid: Uid,
        groups: Vec<Gid>,
    },
}

impl Writer {
    fn of(user: Option<&str>) -> Result<Writer, String> {
        let Some(name) = user else { return Ok(Writer::Me) };
        let found =
            User::from_name(name).map_err(|error| format!("user '{name}' cannot be looked up: {error}"))?;
        let user = found.ok_or_else(|| format!("there is no user '{name}'"))?;
        let groups = std::ffi::CString::new(name).ok().and_then(|name| getgrouplist(&name, user.gid).ok());
        Ok(Writer::User {
            name: name.to_owned(),
            uid: user.uid,
            groups: groups.unwrap_or_else(|| vec![user.gid]),
        })
    }

    /// An error says why not.
    fn may_write(&self, folder: &Path) -> Result<(), String> {
        let shown = folder.display();
        let there = nearest(folder);
        let Ok(found) = std::fs::metadata(&there) else {
            return Err(format!("{shown} cannot be reached"));
        };
        if !found.is_dir() {
            return Err(if there == folder {
                format!("{shown} is no folder")
            } else {
                format!("{shown} cannot be made: {} is no folder", there.display())
            });
        }
        // Root may write there by its mode, and yet nobody can make a file.
        let virtually = |of: &Statfs| [PROC_SUPER_MAGIC, SYSFS_MAGIC].contains(&of.filesystem_type());
        if statfs(&there).is_ok_and(|disk| virtually(&disk)) {
            return Err(format!("{shown} lies where the kernel shows its own files"));
        }
        if statvfs(&there).is_ok_and(|disk| disk.flags().contains(FsFlags::ST_RDONLY)) {
            return Err(format!("{shown} lies on a disk that is read-only"));
        }
        let mine = access(&there, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
        if there != folder {
            // It is made before the user changes, and given to that.
            return if mine {
                Ok(())
            } else {
                Err(format!("{shown} cannot be made in {} by who runs this", there.display()))
            };
        }
        match self {
            Writer::Me if mine => Ok(()),
            Writer::Me => Err(format!("{shown} cannot be written by who runs this")),
            Writer::User { uid, groups, .. } if writable(&found, *uid, groups) => Ok(()),
            Writer::User { name, .. } => Err(format!("{shown} cannot be written by user '{name}'")),
        }
    }
}

/// The folder, or what is there of the way to it.
fn nearest(folder: &Path) -> PathBuf {
    let whole = if folder.is_absolute() { folder.to_owned() } else { Path::new(".").join(folder) };
    let there = whole.ancestors().find(|place| place.symlink_metadata().is_ok());
    if whole.symlink_metadata().is_ok() { folder.to_owned() } else { there.unwrap_or(&whole).to_owned() }
}

/// By the mode alone, as for a user without capabilities.
fn writable(folder: &std::fs::Metadata, uid: Uid, groups: &[Gid]) -> bool {
    const WRITE_AND_ENTER: u32 = 0o3;
    let shift = if folder.uid() == uid.as_raw() {
        6
    } else if groups.iter().any(|group| group.as_raw() == folder.gid()) {
        3
    } else {
        0
    };
    folder.mode() >> shift & WRITE_AND_ENTER == WRITE_AND_ENTER
}
