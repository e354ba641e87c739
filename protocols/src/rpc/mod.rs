//! ONC RPC (RFC 5531) over TCP and UDP, and what is called by it: the port mapper (RFC 1833), MOUNT and NFS 3 (RFC 1813), as
//! far as Zeek reads them.
//!
//! [`Session`] joins calls and replies and tells a [`Handler`] of them; [`portmap`], [`mount`] and [`nfs`] read what they
//! hold. Numbers that are not there are 0 to them, as to Zeek.

pub mod fuzz;
pub mod mount;
pub mod nfs;
pub mod portmap;
mod session;
#[cfg(test)]
mod tests;
mod xdr;

pub use session::{Call, Handler, Limits, Program, Session};
pub use xdr::Xdr;

/// What came of a call, numbered as Zeek's `rpc_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was done.
    Success = 0,
    /// There is no such program.
    ProgUnavail = 1,
    /// Not in this version.
    ProgMismatch = 2,
    /// It has no such procedure.
    ProcUnavail = 3,
    /// Its arguments cannot be read.
    GarbageArgs = 4,
    /// Something else is wrong there.
    SystemErr = 5,
    /// Nobody answered.
    Timeout = 6,
    /// RPC itself is of another version.
    VersMismatch = 7,
    /// Who asked is not believed.
    AuthError = 8,
    /// None of these.
    Unknown = 9,
}

/// The same, with names.
pub const STATUSES: &[(Status, &str)] = &[
    (Status::Success, "RPC_SUCCESS"),
    (Status::ProgUnavail, "RPC_PROG_UNAVAIL"),
    (Status::ProgMismatch, "RPC_PROG_MISMATCH"),
    (Status::ProcUnavail, "RPC_PROC_UNAVAIL"),
    (Status::GarbageArgs, "RPC_GARBAGE_ARGS"),
    (Status::SystemErr, "RPC_SYSTEM_ERR"),
    (Status::Timeout, "RPC_TIMEOUT"),
    (Status::VersMismatch, "RPC_VERS_MISMATCH"),
    (Status::AuthError, "RPC_AUTH_ERROR"),
    (Status::Unknown, "RPC_UNKNOWN_ERROR"),
];

/// It is not said what came of a call, or not in a way that is known.
pub const UNKNOWN: u32 = u32::MAX;

/// A number and its name.
pub type Named = (u32, &'static str);
