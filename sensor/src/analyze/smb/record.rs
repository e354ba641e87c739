//! smb_files.log: what is done to files. smb_mapping.log: shares that are used.

use nightjar_protocols::smb::Times;

use crate::analyze::smb::state::{File, Tree};
use crate::flow::Flow;
use crate::record::{EnumName, Uid, record};
use crate::time::Time;

record! {
    /// Something that is done to a file.
    pub struct FilesRow<'a> in "smb_files" of conn {
        /// When the file was heard of first.
        ts,
        /// The identifier of the file in files.log.
        fuid: Option<Uid> = "fuid",
        /// What is done to it.
        action: Option<EnumName> = "action" as "SMB::Action &optional",
        /// The share that it is in.
        path: Option<&'a [u8]> = "path",
        /// Its name.
        name: Option<&'a [u8]> = "name",
        /// Its size.
        size: u64 = "size",
        /// What it was called before.
        prev_name: Option<&'a [u8]> = "prev_name",
        /// When its content was changed.
        modified: Option<Time> = "times.modified" as "SMB::MACTimes &optional$time",
        /// When it was looked at.
        accessed: Option<Time> = "times.accessed" as "SMB::MACTimes &optional$time",
        /// When it was made.
        created: Option<Time> = "times.created" as "SMB::MACTimes &optional$time",
        /// When anything of it was changed.
        changed: Option<Time> = "times.changed" as "SMB::MACTimes &optional$time",
    }
}

record! {
    /// A share that is used.
    pub struct MappingRow<'a> in "smb_mapping" of conn {
        /// When it was asked for.
        ts,
        /// Its name.
        path: Option<&'a [u8]> = "path",
        /// What it is, in the words of SMB 1.
        service: Option<&'a [u8]> = "service",
        /// The file system that it has.
        native_file_system: Option<&'a [u8]> = "native_file_system",
        /// DISK, PIPE or PRINT.
        share_type: &'a str = "share_type" as "string &default=\"DISK\"",
    }
}

/// A time as Zeek computes it.
pub(super) fn time(filetime: u64) -> Time {
    Time::from_secs_f64(filetime as f64 / 1e7 - 11_644_473_600.0)
}

pub(super) fn of_file<'a>(flow: &mut Flow, file: &'a File) -> FilesRow<'a> {
    let at = |which: fn(&Times) -> u64| file.times.as_ref().map(|times| time(which(times)));
    FilesRow {
        conn: flow.columns(file.ts),
        fuid: file.fuid,
        action: file.action.map(|action| EnumName(action.name())),
        path: file.path.as_deref(),
        name: file.name.as_deref(),
        size: file.size,
        prev_name: file.prev_name.as_deref(),
        modified: at(|times| times.modified),
        accessed: at(|times| times.accessed),
        created: at(|times| times.created),
        changed: at(|times| times.changed),
    }
}

pub(super) fn of_tree<'a>(flow: &mut Flow, tree: &'a Tree) -> MappingRow<'a> {
    MappingRow {
        conn: flow.columns(tree.ts),
        path: tree.path.as_deref(),
        service: tree.service.as_deref(),
        native_file_system: tree.file_system.as_deref(),
        share_type: &tree.share_type,
    }
}
