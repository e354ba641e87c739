//! What events of MOUNT have.

use nightjar_protocols::rpc::mount;

use crate::analyze::rpc::events::Status;
use crate::analyze::rpc::nfs::numbered;
use crate::event::{List, arg_enums, arg_records};
use crate::time::{Interval, Time};

arg_enums! {
    /// What is called (RFC 1813 §5.2).
    pub struct MountProcedure: "MOUNT3::proc_t", "MOUNT3::", || numbered(mount::PROCEDURES);
    /// What came of it (RFC 1813 §5.1.5).
    pub struct MountStatus: "MOUNT3::status_t", "MOUNT3::", || numbered(mount::STATUSES);
    /// How clients may say who they are.
    pub struct Flavor: "MOUNT3::auth_flavor_t", "MOUNT3::", || numbered(mount::FLAVORS);
}

arg_records! {
    /// A call and its answer.
    pub struct MountInfo<'a>: "MOUNT3::info_t" {
        /// What RPC says of it.
        rpc_stat: Status,
        /// What MOUNT says.
        mnt_stat: MountStatus,
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
    /// A directory.
    pub struct Directory<'a>: "MOUNT3::dirmntargs_t" {
        dirname: &'a [u8],
    }
    /// What mounting it gives.
    pub struct Mounted<'a>: "MOUNT3::mnt_reply_t" {
        dirfh: Option<&'a [u8]>,
        auth_flavors: Option<List<'a, Flavor>>,
    }
}
