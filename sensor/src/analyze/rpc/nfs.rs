//! What events of NFS have.

use nightjar_protocols::rpc::{Named, nfs};

use crate::analyze::rpc::events::Status;
use crate::event::{Arena, ArgType, Argument, List, Part, arg_enums, arg_records};
use crate::time::{Interval, Time};

/// Numbers with names, as scripts have them.
pub(super) fn numbered(names: &'static [Named]) -> Vec<(i64, &'static str)> {
    names.iter().map(|(number, name)| (i64::from(*number), *name)).collect()
}

arg_enums! {
    /// What is called (RFC 1813 §3.3).
    pub struct NfsProcedure: "NFS3::proc_t", "NFS3::", || numbered(nfs::PROCEDURES);
    /// What came of it (RFC 1813 §2.6).
    pub struct NfsStatus: "NFS3::status_t", "NFS3::", || numbered(nfs::STATUSES);
    /// What a file is.
    pub struct FileType: "NFS3::file_type_t", "NFS3::", || numbered(nfs::FILE_TYPES);
    /// When a time is to be set.
    pub struct TimeHow: "NFS3::time_how_t", "NFS3::", || numbered(nfs::TIME_HOWS);
    /// How sure it has to be that data are stored.
    pub struct StableHow: "NFS3::stable_how_t", "NFS3::", || numbered(nfs::STABLE_HOWS);
}

arg_records! {
    /// A call and its answer.
    pub struct Info<'a>: "NFS3::info_t" {
        /// What RPC says of it.
        rpc_stat: Status,
        /// What NFS says.
        nfs_stat: NfsStatus,
        req_start: Time,
        req_dur: Interval,
        req_len: u64,
        rep_start: Time,
        rep_dur: Interval,
        rep_len: u64,
        /// Who called.
        rpc_uid: u32,
        rpc_gid: u32,
        rpc_stamp: u32,
        rpc_machine_name: &'a [u8],
        rpc_auxgids: List<'a, u32>,
    }
    /// What is known of a file.
    pub struct Attributes: "NFS3::fattr_t" {
        ftype: FileType,
        mode: u32,
        nlink: u32,
        uid: u32,
        gid: u32,
        size: u64,
        used: u64,
        rdev1: u32,
        rdev2: u32,
        fsid: u64,
        fileid: u64,
        atime: Time,
        mtime: Time,
        ctime: Time,
    }
    /// What is to be set.
    pub struct Wanted: "NFS3::sattr_t" {
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        atime: Option<TimeHow>,
        mtime: Option<TimeHow>,
    }
    /// What was known of a file before.
    pub struct Before: "NFS3::wcc_attr_t" {
        size: u64,
        atime: Time,
        mtime: Time,
    }
    /// A name in a directory.
    pub struct Place<'a>: "NFS3::diropargs_t" {
        dirfh: &'a [u8],
        fname: &'a [u8],
    }
    /// Where a link leads, and what it is like.
    pub struct SymlinkData<'a>: "NFS3::symlinkdata_t" {
        symlink_attributes: Wanted,
        nfspath: Option<&'a [u8]>,
    }
    /// A symbolic link is to be made.
    pub struct SymlinkRequest<'a>: "NFS3::symlinkargs_t" {
        link: Place<'a>,
        symlinkdata: SymlinkData<'a>,
    }
    /// A file is to get another name.
    pub struct LinkRequest<'a>: "NFS3::linkargs_t" {
        fh: &'a [u8],
        link: Place<'a>,
    }
    /// What that came to.
    pub struct LinkReply: "NFS3::link_reply_t" {
        post_attr: Option<Attributes>,
        preattr: Option<Before>,
        postattr: Option<Attributes>,
    }
    /// A file is to be changed.
    pub struct SetRequest<'a>: "NFS3::sattrargs_t" {
        fh: &'a [u8],
        new_attributes: Wanted,
    }
    /// What that came to.
    pub struct SetReply: "NFS3::sattr_reply_t" {
        dir_pre_attr: Option<Before>,
        dir_post_attr: Option<Attributes>,
    }
    /// What a name is.
    pub struct LookupReply<'a>: "NFS3::lookup_reply_t" {
        fh: Option<&'a [u8]>,
        obj_attr: Option<Attributes>,
        dir_attr: Option<Attributes>,
    }
    /// A file is to be read.
    pub struct ReadRequest<'a>: "NFS3::readargs_t" {
        fh: &'a [u8],
        offset: u64,
        size: u64,
    }
    /// What it holds.
    pub struct ReadReply<'a>: "NFS3::read_reply_t" {
        attr: Option<Attributes>,
        size: Option<u64>,
        eof: Option<bool>,
        data: Option<&'a [u8]>,
    }
    /// Where a link leads.
    pub struct ReadlinkReply<'a>: "NFS3::readlink_reply_t" {
        attr: Option<Attributes>,
        nfspath: Option<&'a [u8]>,
    }
    /// A file is to be written.
    pub struct WriteRequest<'a>: "NFS3::writeargs_t" {
        fh: &'a [u8],
        offset: u64,
        size: u64,
        stable: StableHow,
        data: Option<&'a [u8]>,
    }
    /// What that came to.
    pub struct WriteReply: "NFS3::write_reply_t" {
        preattr: Option<Before>,
        postattr: Option<Attributes>,
        size: Option<u64>,
        commited: Option<StableHow>,
        verf: Option<u64>,
    }
    /// Something new.
    pub struct NewReply<'a>: "NFS3::newobj_reply_t" {
        fh: Option<&'a [u8]>,
        obj_attr: Option<Attributes>,
        dir_pre_attr: Option<Before>,
        dir_post_attr: Option<Attributes>,
    }
    /// Something less.
    pub struct DeleteReply: "NFS3::delobj_reply_t" {
        dir_pre_attr: Option<Before>,
        dir_post_attr: Option<Attributes>,
    }
    /// Something is to be renamed.
    pub struct RenameRequest<'a>: "NFS3::renameopargs_t" {
        src_dirfh: &'a [u8],
        src_fname: &'a [u8],
        dst_dirfh: &'a [u8],
        dst_fname: &'a [u8],
    }
    /// What that came to.
    pub struct RenameReply: "NFS3::renameobj_reply_t" {
        src_dir_pre_attr: Option<Before>,
        src_dir_post_attr: Option<Attributes>,
        dst_dir_pre_attr: Option<Before>,
        dst_dir_post_attr: Option<Attributes>,
    }
    /// A directory is to be read.
    pub struct ReaddirRequest<'a>: "NFS3::readdirargs_t" {
        isplus: bool,
        dirfh: &'a [u8],
        cookie: u64,
        cookieverf: u64,
        dircount: u64,
        maxcount: Option<u64>,
    }
    /// An entry of one.
    pub struct Entry<'a>: "NFS3::direntry_t" {
        fileid: u64,
        fname: &'a [u8],
        cookie: u64,
        attr: Option<Attributes>,
        fh: Option<&'a [u8]>,
    }
    /// What it holds.
    pub struct ReaddirReply<'a>: "NFS3::readdir_reply_t" {
        isplus: bool,
        dir_attr: Option<Attributes>,
        cookieverf: Option<u64>,
        entries: Option<Entries<'a>>,
        eof: bool,
    }
}

/// A vector of entries.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'a>(pub &'a [nfs::Entry<'a>]);

impl Argument for Entries<'_> {
    const TYPE: ArgType =
        ArgType::Alias("NFS3::direntry_vec_t", &ArgType::Vector(&<Entry<'_> as Argument>::TYPE));

    fn put(&self, arena: &mut Arena) -> Part {
        let put = |entry: &nfs::Entry<'_>| {
            let &nfs::Entry { fileid, name, cookie, attributes, handle } = entry;
            let attr = attributes.map(Attributes::from);
            Entry { fileid, fname: name, cookie, attr, fh: handle }.put(arena)
        };
        let parts: Vec<Part> = self.0.iter().map(put).collect();
        arena.list(&parts)
    }
}

fn time((seconds, nanoseconds): nfs::Moment) -> Time {
    Time::from_nanos(i64::from(seconds) * 1_000_000_000 + i64::from(nanoseconds.min(999_999_999)))
}

impl From<nfs::Attributes> for Attributes {
    fn from(of: nfs::Attributes) -> Self {
        let nfs::Attributes { mode, nlink, uid, gid, size, used, rdev: [rdev1, rdev2], fsid, fileid, .. } =
            of;
        let ftype = FileType(of.ftype.into());
        let (atime, mtime, ctime) = (time(of.atime), time(of.mtime), time(of.ctime));
        Attributes {
            ftype,
            mode,
            nlink,
            uid,
            gid,
            size,
            used,
            rdev1,
            rdev2,
            fsid,
            fileid,
            atime,
            mtime,
            ctime,
        }
    }
}

impl From<nfs::Before> for Before {
    fn from(of: nfs::Before) -> Self {
        // Zeek names the times so.
        Before { size: of.size, atime: time(of.mtime), mtime: time(of.ctime) }
    }
}

impl From<nfs::Wanted> for Wanted {
    fn from(of: nfs::Wanted) -> Self {
        let nfs::Wanted { mode, uid, gid, size, atime, mtime } = of;
        let how = |how: u32| Some(TimeHow(how.into()));
        Wanted { mode, uid, gid, size, atime: how(atime), mtime: how(mtime) }
    }
}

impl<'a> From<nfs::Place<'a>> for Place<'a> {
    fn from(of: nfs::Place<'a>) -> Self {
        Place { dirfh: of.directory, fname: of.name }
    }
}

/// Before and after.
pub(super) fn change((before, after): nfs::Change) -> (Option<Before>, Option<Attributes>) {
    (before.map(Before::from), after.map(Attributes::from))
}
