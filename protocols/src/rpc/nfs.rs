//! NFS, version 3 (RFC 1813).

use crate::rpc::{Named, UNKNOWN, Xdr};

/// The number of the program.
pub const PROGRAM: u32 = 100_003;

/// Procedures (RFC 1813 §3.3).
#[allow(missing_docs, reason = "they are named as in the RFC")]
pub mod procedure {
    pub const NULL: u32 = 0;
    pub const GETATTR: u32 = 1;
    pub const SETATTR: u32 = 2;
    pub const LOOKUP: u32 = 3;
    pub const READLINK: u32 = 5;
    pub const READ: u32 = 6;
    pub const WRITE: u32 = 7;
    pub const CREATE: u32 = 8;
    pub const MKDIR: u32 = 9;
    pub const SYMLINK: u32 = 10;
    pub const REMOVE: u32 = 12;
    pub const RMDIR: u32 = 13;
    pub const RENAME: u32 = 14;
    pub const LINK: u32 = 15;
    pub const READDIR: u32 = 16;
    pub const READDIRPLUS: u32 = 17;
    /// There are none from this one on.
    pub const END: u32 = 22;
}

/// The same, with names.
pub const PROCEDURES: &[Named] = &[
    (0, "PROC_NULL"),
    (1, "PROC_GETATTR"),
    (2, "PROC_SETATTR"),
    (3, "PROC_LOOKUP"),
    (4, "PROC_ACCESS"),
    (5, "PROC_READLINK"),
    (6, "PROC_READ"),
    (7, "PROC_WRITE"),
    (8, "PROC_CREATE"),
    (9, "PROC_MKDIR"),
    (10, "PROC_SYMLINK"),
    (11, "PROC_MKNOD"),
    (12, "PROC_REMOVE"),
    (13, "PROC_RMDIR"),
    (14, "PROC_RENAME"),
    (15, "PROC_LINK"),
    (16, "PROC_READDIR"),
    (17, "PROC_READDIRPLUS"),
    (18, "PROC_FSSTAT"),
    (19, "PROC_FSINFO"),
    (20, "PROC_PATHCONF"),
    (21, "PROC_COMMIT"),
    (22, "PROC_END_OF_PROCS"),
];

/// What came of it (RFC 1813 §2.6).
pub const STATUSES: &[Named] = &[
    (0, "NFS3ERR_OK"),
    (1, "NFS3ERR_PERM"),
    (2, "NFS3ERR_NOENT"),
    (5, "NFS3ERR_IO"),
    (6, "NFS3ERR_NXIO"),
    (13, "NFS3ERR_ACCES"),
    (17, "NFS3ERR_EXIST"),
    (18, "NFS3ERR_XDEV"),
    (19, "NFS3ERR_NODEV"),
    (20, "NFS3ERR_NOTDIR"),
    (21, "NFS3ERR_ISDIR"),
    (22, "NFS3ERR_INVAL"),
    (27, "NFS3ERR_FBIG"),
    (28, "NFS3ERR_NOSPC"),
    (30, "NFS3ERR_ROFS"),
    (31, "NFS3ERR_MLINK"),
    (63, "NFS3ERR_NAMETOOLONG"),
    (66, "NFS3ERR_NOTEMPTY"),
    (69, "NFS3ERR_DQUOT"),
    (70, "NFS3ERR_STALE"),
    (71, "NFS3ERR_REMOTE"),
    (10001, "NFS3ERR_BADHANDLE"),
    (10002, "NFS3ERR_NOT_SYNC"),
    (10003, "NFS3ERR_BAD_COOKIE"),
    (10004, "NFS3ERR_NOTSUPP"),
    (10005, "NFS3ERR_TOOSMALL"),
    (10006, "NFS3ERR_SERVERFAULT"),
    (10007, "NFS3ERR_BADTYPE"),
    (10008, "NFS3ERR_JUKEBOX"),
    (UNKNOWN, "NFS3ERR_UNKNOWN"),
];

/// What a file is.
pub const FILE_TYPES: &[Named] = &[
    (1, "FTYPE_REG"),
    (2, "FTYPE_DIR"),
    (3, "FTYPE_BLK"),
    (4, "FTYPE_CHR"),
    (5, "FTYPE_LNK"),
    (6, "FTYPE_SOCK"),
    (7, "FTYPE_FIFO"),
];

/// When a time is to be set.
pub const TIME_HOWS: &[Named] =
    &[(0, "DONT_CHANGE"), (1, "SET_TO_SERVER_TIME"), (CLIENT_TIME, "SET_TO_CLIENT_TIME")];

const CLIENT_TIME: u32 = 2;

/// How sure it has to be that data are stored.
pub const STABLE_HOWS: &[Named] = &[(0, "UNSTABLE"), (1, "DATA_SYNC"), (2, "FILE_SYNC")];

/// Bytes of a handle.
const HANDLE: usize = 64;

/// Bytes of a name; its message is no longer.
const NAME: usize = usize::MAX;

/// Entries of one answer that are told.
const MAX_ENTRIES: usize = 8192;

/// Seconds and nanoseconds since 1970.
pub type Moment = (u32, u32);

/// What is known of a file (RFC 1813 §2.6).
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "they are named as in the RFC")]
pub struct Attributes {
    pub ftype: u32,
    pub mode: u32,
    pub nlink: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    pub used: u64,
    pub rdev: [u32; 2],
    pub fsid: u64,
    pub fileid: u64,
    pub atime: Moment,
    pub mtime: Moment,
    pub ctime: Moment,
}

/// What was known of it before something was done.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "they are named as in the RFC")]
pub struct Before {
    pub size: u64,
    pub mtime: Moment,
    pub ctime: Moment,
}

/// Before and after.
pub type Change = (Option<Before>, Option<Attributes>);

/// What is to be set.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "they are named as in the RFC")]
pub struct Wanted {
    pub mode: Option<u32>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub size: Option<u64>,
    pub atime: u32,
    pub mtime: u32,
}

/// A name in a directory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// The directory.
    pub directory: &'a [u8],
    /// The name.
    pub name: &'a [u8],
}

/// An entry of a directory.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Which file.
    pub fileid: u64,
    /// Its name.
    pub name: &'a [u8],
    /// Where to go on.
    pub cookie: u64,
    /// What is known of it.
    pub attributes: Option<Attributes>,
    /// Its handle.
    pub handle: Option<&'a [u8]>,
}

/// What a directory holds.
#[derive(Clone, Debug, Default)]
pub struct Listing<'a> {
    /// What is known of it.
    pub attributes: Option<Attributes>,
    /// What the next call has to say.
    pub verifier: Option<u64>,
    /// What is in it.
    pub entries: Option<Vec<Entry<'a>>>,
    /// There is nothing more.
    pub eof: bool,
}

impl Attributes {
    /// Reads them.
    pub fn read(xdr: &mut Xdr<'_>) -> Self {
        Attributes {
            ftype: xdr.u32(),
            mode: xdr.u32(),
            nlink: xdr.u32(),
            uid: xdr.u32(),
            gid: xdr.u32(),
            size: xdr.u64(),
            used: xdr.u64(),
            rdev: [xdr.u32(), xdr.u32()],
            fsid: xdr.u64(),
            fileid: xdr.u64(),
            atime: xdr.time(),
            mtime: xdr.time(),
            ctime: xdr.time(),
        }
    }

    /// Reads them if they are there.
    pub fn optional(xdr: &mut Xdr<'_>) -> Option<Self> {
        xdr.optional(Attributes::read)
    }
}

/// Before and after.
pub fn change(xdr: &mut Xdr<'_>) -> Change {
    let before = xdr.optional(|xdr| Before { size: xdr.u64(), mtime: xdr.time(), ctime: xdr.time() });
    (before, Attributes::optional(xdr))
}

impl Wanted {
    /// Reads it.
    pub fn read(xdr: &mut Xdr<'_>) -> Self {
        let (mode, uid, gid) = (xdr.optional(Xdr::u32), xdr.optional(Xdr::u32), xdr.optional(Xdr::u32));
        let size = xdr.optional(Xdr::u64);
        let mut how = || {
            let how = xdr.u32();
            if how == CLIENT_TIME {
                xdr.time();
            }
            how
        };
        Wanted { mode, uid, gid, size, atime: how(), mtime: how() }
    }
}

/// A handle.
pub fn handle<'a>(xdr: &mut Xdr<'a>) -> &'a [u8] {
    xdr.opaque(HANDLE)
}

/// A name or a path.
pub fn name<'a>(xdr: &mut Xdr<'a>) -> &'a [u8] {
    xdr.opaque(NAME)
}

impl<'a> Place<'a> {
    /// Reads it.
    pub fn read(xdr: &mut Xdr<'a>) -> Self {
        Place { directory: handle(xdr), name: name(xdr) }
    }
}

impl<'a> Listing<'a> {
    /// Reads what follows a status.
    pub fn read(xdr: &mut Xdr<'a>, plus: bool, status: u32) -> Self {
        let attributes = Attributes::optional(xdr);
        if status != 0 {
            return Listing { attributes, ..Listing::default() };
        }
        let verifier = xdr.u64();
        let mut entries = Vec::new();
        while xdr.bool() && entries.len() < MAX_ENTRIES {
            let (fileid, name, cookie) = (xdr.u64(), name(xdr), xdr.u64());
            let mut entry = Entry { fileid, name, cookie, attributes: None, handle: None };
            if plus {
                entry.attributes = Attributes::optional(xdr);
                entry.handle = xdr.optional(handle);
            }
            entries.push(entry);
        }
        Listing { attributes, verifier: Some(verifier), entries: Some(entries), eof: xdr.bool() }
    }
}

/// Whether arguments are whole; what is left of them is in `xdr`.
pub(super) fn reads(procedure: u32, xdr: &mut Xdr<'_>) -> bool {
    match procedure {
        procedure::GETATTR | procedure::READLINK => {
            handle(xdr);
        }
        procedure::SETATTR => {
            handle(xdr);
            Wanted::read(xdr);
            // Only if it was not changed since then.
            xdr.optional(Xdr::time);
        }
        procedure::LOOKUP | procedure::REMOVE | procedure::RMDIR => {
            Place::read(xdr);
        }
        procedure::READ => {
            handle(xdr);
            xdr.u64();
            xdr.u32();
        }
        procedure::WRITE => {
            handle(xdr);
            xdr.u64();
            xdr.u32();
            xdr.u32();
            // Of a long message the end may not be there.
            xdr.skip_rest();
        }
        procedure::CREATE | procedure::MKDIR => {
            Place::read(xdr);
            xdr.skip_rest();
        }
        procedure::SYMLINK => {
            Place::read(xdr);
            Wanted::read(xdr);
            name(xdr);
        }
        procedure::RENAME => {
            Place::read(xdr);
            Place::read(xdr);
        }
        procedure::LINK => {
            handle(xdr);
            Place::read(xdr);
        }
        procedure::READDIR => {
            handle(xdr);
            xdr.u64();
            xdr.u64();
            xdr.u32();
        }
        procedure::READDIRPLUS => {
            handle(xdr);
            xdr.u64();
            xdr.u64();
            xdr.u32();
            xdr.u32();
        }
        other if other != procedure::NULL && other < procedure::END => xdr.skip_rest(),
        _ => {}
    }
    !xdr.is_broken()
}
