//! Events of RPC and of the port mapper.

use nightjar_protocols::rpc::{self, STATUSES, portmap};

use crate::event::{Arena, ArgType, Argument, Conn, Part, PortOf, Proto, arg_enums, arg_records, events};
use crate::time::Time;

pub use crate::analyze::rpc::mount::*;
pub use crate::analyze::rpc::nfs::*;

arg_enums! {
    /// What came of a call (RFC 5531 §9).
    pub struct Status: "rpc_status", "", || {
        STATUSES.iter().map(|(status, name)| (*status as i64, *name)).collect()
    };
}

impl From<rpc::Status> for Status {
    fn from(status: rpc::Status) -> Self {
        Status(status as i64)
    }
}

arg_records! {
    /// A program and where it listens.
    pub struct Mapping: "pm_mapping" {
        program: u32,
        version: u32,
        p: PortOf,
    }
    /// Where a program listens is asked for.
    pub struct PortRequest: "pm_port_request" {
        program: u32,
        version: u32,
        is_tcp: bool,
    }
    /// A call is to be made.
    pub struct CallitRequest: "pm_callit_request" {
        program: u32,
        version: u32,
        proc: u32,
        arg_size: u64,
    }
}

/// The port that a number is; 0 where it is too large.
pub(super) fn port(number: u32, is_tcp: bool) -> PortOf {
    PortOf {
        number: u16::try_from(number).unwrap_or(0),
        proto: Some(if is_tcp { Proto::Tcp } else { Proto::Udp }),
    }
}

impl From<portmap::Mapping> for Mapping {
    fn from(mapping: portmap::Mapping) -> Self {
        let portmap::Mapping { program, version, is_tcp, port: number } = mapping;
        Mapping { program, version, p: port(number, is_tcp) }
    }
}

/// Where programs listen, numbered from 1.
#[derive(Clone, Copy, Debug)]
pub struct Mappings<'a>(pub &'a [portmap::Mapping]);

impl Argument for Mappings<'_> {
    const TYPE: ArgType = ArgType::Alias("pm_mappings", &ArgType::Numbered(&<Mapping as Argument>::TYPE));

    fn put(&self, arena: &mut Arena) -> Part {
        let parts: Vec<Part> = self.0.iter().map(|mapping| Mapping::from(*mapping).put(arena)).collect();
        arena.list(&parts)
    }
}

events! { [crate::analyze::first::rpc]
    /// A call was made.
    pub struct RpcCall: "rpc_call" {
        c: Conn,
        xid: u32,
        prog: u32,
        ver: u32,
        proc: u32,
        call_len: u64,
    }
    /// A call was answered.
    pub struct RpcReply: "rpc_reply" {
        c: Conn,
        xid: u32,
        status: Status,
        reply_len: u64,
    }
    /// A call and its answer, or that there was none.
    pub struct RpcDialogue: "rpc_dialogue" {
        c: Conn,
        prog: u32,
        ver: u32,
        proc: u32,
        status: Status,
        start_time: Time,
        call_len: u64,
        reply_len: u64,
    }
    /// The port mapper was called, for nothing.
    pub struct PmRequestNull: "pm_request_null" {
        r: Conn,
    }
    /// A program says where it listens.
    pub struct PmRequestSet: "pm_request_set" {
        r: Conn,
        m: Mapping,
        success: bool,
    }
    /// It says that it does no more.
    pub struct PmRequestUnset: "pm_request_unset" {
        r: Conn,
        m: Mapping,
        success: bool,
    }
    /// Where a program listens was asked, and said.
    pub struct PmRequestGetport: "pm_request_getport" {
        r: Conn,
        pr: PortRequest,
        p: PortOf,
    }
    /// Where all do.
    pub struct PmRequestDump<'a>: "pm_request_dump" {
        r: Conn,
        m: Mappings<'a>,
    }
    /// The port mapper made a call for a client.
    pub struct PmRequestCallit: "pm_request_callit" {
        r: Conn,
        call: CallitRequest,
        p: PortOf,
    }
    /// The same, where it came to nothing.
    pub struct PmAttemptNull: "pm_attempt_null" {
        r: Conn,
        status: Status,
    }
    /// The same.
    pub struct PmAttemptSet: "pm_attempt_set" {
        r: Conn,
        status: Status,
        m: Mapping,
    }
    /// The same.
    pub struct PmAttemptUnset: "pm_attempt_unset" {
        r: Conn,
        status: Status,
        m: Mapping,
    }
    /// The same.
    pub struct PmAttemptGetport: "pm_attempt_getport" {
        r: Conn,
        status: Status,
        pr: PortRequest,
    }
    /// The same.
    pub struct PmAttemptDump: "pm_attempt_dump" {
        r: Conn,
        status: Status,
    }
    /// The same.
    pub struct PmAttemptCallit: "pm_attempt_callit" {
        r: Conn,
        status: Status,
        call: CallitRequest,
    }
    /// A port was named that is too large to be one.
    pub struct PmBadPort: "pm_bad_port" {
        r: Conn,
        bad_p: u32,
    }
    /// MOUNT was called, for nothing.
    pub struct MountNull<'a>: "mount_proc_null" {
        c: Conn,
        info: MountInfo<'a>,
    }
    /// A client mounts a directory.
    pub struct MountMnt<'a>: "mount_proc_mnt" {
        c: Conn,
        info: MountInfo<'a>,
        req: Directory<'a>,
        rep: Mounted<'a>,
    }
    /// It does no more.
    pub struct MountUmnt<'a>: "mount_proc_umnt" {
        c: Conn,
        info: MountInfo<'a>,
        req: Directory<'a>,
    }
    /// Nor any other.
    pub struct MountUmntAll<'a>: "mount_proc_umnt_all" {
        c: Conn,
        info: MountInfo<'a>,
        req: Directory<'a>,
    }
    /// Another procedure of MOUNT was called.
    pub struct MountNotImplemented<'a>: "mount_proc_not_implemented" {
        c: Conn,
        info: MountInfo<'a>,
        proc: MountProcedure,
    }
    /// MOUNT answered.
    pub struct MountReplyStatus<'a>: "mount_reply_status" {
        n: Conn,
        info: MountInfo<'a>,
    }
    /// NFS was called, for nothing.
    pub struct NfsNull<'a>: "nfs_proc_null" {
        c: Conn,
        info: Info<'a>,
    }
    /// What is known of a file was asked (RFC 1813 §3.3.1).
    pub struct NfsGetattr<'a>: "nfs_proc_getattr" {
        c: Conn,
        info: Info<'a>,
        fh: &'a [u8],
        attrs: Attributes,
    }
    /// It was set (RFC 1813 §3.3.2).
    pub struct NfsSattr<'a>: "nfs_proc_sattr" {
        c: Conn,
        info: Info<'a>,
        req: SetRequest<'a>,
        rep: SetReply,
    }
    /// A name was looked up (RFC 1813 §3.3.3).
    pub struct NfsLookup<'a>: "nfs_proc_lookup" {
        c: Conn,
        info: Info<'a>,
        req: Place<'a>,
        rep: LookupReply<'a>,
    }
    /// A file was read (RFC 1813 §3.3.6).
    pub struct NfsRead<'a>: "nfs_proc_read" {
        c: Conn,
        info: Info<'a>,
        req: ReadRequest<'a>,
        rep: ReadReply<'a>,
    }
    /// A link was followed (RFC 1813 §3.3.5).
    pub struct NfsReadlink<'a>: "nfs_proc_readlink" {
        c: Conn,
        info: Info<'a>,
        fh: &'a [u8],
        rep: ReadlinkReply<'a>,
    }
    /// A symbolic link was made (RFC 1813 §3.3.10).
    pub struct NfsSymlink<'a>: "nfs_proc_symlink" {
        c: Conn,
        info: Info<'a>,
        req: SymlinkRequest<'a>,
        rep: NewReply<'a>,
    }
    /// A file got another name (RFC 1813 §3.3.15).
    pub struct NfsLink<'a>: "nfs_proc_link" {
        c: Conn,
        info: Info<'a>,
        req: LinkRequest<'a>,
        rep: LinkReply,
    }
    /// A file was written (RFC 1813 §3.3.7).
    pub struct NfsWrite<'a>: "nfs_proc_write" {
        c: Conn,
        info: Info<'a>,
        req: WriteRequest<'a>,
        rep: WriteReply,
    }
    /// A file was made (RFC 1813 §3.3.8).
    pub struct NfsCreate<'a>: "nfs_proc_create" {
        c: Conn,
        info: Info<'a>,
        req: Place<'a>,
        rep: NewReply<'a>,
    }
    /// A directory was made (RFC 1813 §3.3.9).
    pub struct NfsMkdir<'a>: "nfs_proc_mkdir" {
        c: Conn,
        info: Info<'a>,
        req: Place<'a>,
        rep: NewReply<'a>,
    }
    /// A file was removed (RFC 1813 §3.3.12).
    pub struct NfsRemove<'a>: "nfs_proc_remove" {
        c: Conn,
        info: Info<'a>,
        req: Place<'a>,
        rep: DeleteReply,
    }
    /// A directory was (RFC 1813 §3.3.13).
    pub struct NfsRmdir<'a>: "nfs_proc_rmdir" {
        c: Conn,
        info: Info<'a>,
        req: Place<'a>,
        rep: DeleteReply,
    }
    /// Something was renamed (RFC 1813 §3.3.14).
    pub struct NfsRename<'a>: "nfs_proc_rename" {
        c: Conn,
        info: Info<'a>,
        req: RenameRequest<'a>,
        rep: RenameReply,
    }
    /// A directory was read (RFC 1813 §3.3.16).
    pub struct NfsReaddir<'a>: "nfs_proc_readdir" {
        c: Conn,
        info: Info<'a>,
        req: ReaddirRequest<'a>,
        rep: ReaddirReply<'a>,
    }
    /// Another procedure of NFS was called.
    pub struct NfsNotImplemented<'a>: "nfs_proc_not_implemented" {
        c: Conn,
        info: Info<'a>,
        proc: NfsProcedure,
    }
    /// NFS answered.
    pub struct NfsReplyStatus<'a>: "nfs_reply_status" {
        n: Conn,
        info: Info<'a>,
    }
}
