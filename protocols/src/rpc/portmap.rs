//! The port mapper, version 2 (RFC 1833 §3).

use crate::rpc::Xdr;

/// The number of the program.
pub const PROGRAM: u32 = 100_000;

/// Mappings of one answer that are told.
const MAX_MAPPINGS: usize = 4096;

/// TCP among protocols.
const TCP: u32 = 6;

/// Procedures.
#[allow(missing_docs, reason = "they are named as in the RFC")]
pub mod procedure {
    pub const NULL: u32 = 0;
    pub const SET: u32 = 1;
    pub const UNSET: u32 = 2;
    pub const GETPORT: u32 = 3;
    pub const DUMP: u32 = 4;
    pub const CALLIT: u32 = 5;
}

/// A program and where it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Which.
    pub program: u32,
    /// In which version.
    pub version: u32,
    /// Over TCP; if not, over UDP.
    pub is_tcp: bool,
    /// The port, which may be too large to be one.
    pub port: u32,
}

impl Mapping {
    /// Reads one.
    pub fn read(xdr: &mut Xdr<'_>) -> Mapping {
        let (program, version) = (xdr.u32(), xdr.u32());
        Mapping { program, version, is_tcp: xdr.u32() == TCP, port: xdr.u32() }
    }

    /// Reads all that an answer has.
    pub fn list(xdr: &mut Xdr<'_>) -> Vec<Mapping> {
        let mut mappings = Vec::new();
        while xdr.bool() && mappings.len() < MAX_MAPPINGS {
            mappings.push(Mapping::read(xdr));
        }
        mappings
    }
}

/// A call that is to be made on behalf of the client.
#[derive(Clone, Copy, Debug)]
pub struct CallIt {
    /// Of which program.
    pub program: u32,
    /// In which version.
    pub version: u32,
    /// Which procedure.
    pub procedure: u32,
    /// Bytes of its arguments.
    pub arguments: u64,
}

impl CallIt {
    /// Reads one.
    pub fn read(xdr: &mut Xdr<'_>) -> CallIt {
        let (program, version, procedure) = (xdr.u32(), xdr.u32(), xdr.u32());
        CallIt { program, version, procedure, arguments: xdr.opaque(usize::MAX).len() as u64 }
    }
}

/// Whether arguments are whole; what is left of them is in `xdr`.
pub(super) fn reads(procedure: u32, xdr: &mut Xdr<'_>) -> bool {
    match procedure {
        procedure::NULL | procedure::DUMP => {}
        procedure::SET | procedure::UNSET | procedure::GETPORT => {
            Mapping::read(xdr);
        }
        procedure::CALLIT => {
            CallIt::read(xdr);
        }
        _ => return false,
    }
    !xdr.is_broken()
}
