//! MOUNT, version 3 (RFC 1813 §5).

use crate::rpc::{Named, UNKNOWN, Xdr};

/// The number of the program.
pub const PROGRAM: u32 = 100_005;

/// Procedures.
pub const PROCEDURES: &[Named] = &[
    (0, "PROC_NULL"),
    (1, "PROC_MNT"),
    (2, "PROC_DUMP"),
    (3, "PROC_UMNT"),
    (4, "PROC_UMNT_ALL"),
    (5, "PROC_EXPORT"),
    (END, "PROC_END_OF_PROCS"),
];

/// There are no procedures from this one on.
pub const END: u32 = 6;

/// What came of it.
pub const STATUSES: &[Named] = &[
    (0, "MNT3_OK"),
    (1, "MNT3ERR_PERM"),
    (2, "MNT3ERR_NOENT"),
    (5, "MNT3ERR_IO"),
    (13, "MNT3ERR_ACCES"),
    (20, "MNT3ERR_NOTDIR"),
    (22, "MNT3ERR_INVAL"),
    (63, "MNT3ERR_NAMETOOLONG"),
    (10004, "MNT3ERR_NOTSUPP"),
    (10006, "MNT3ERR_SERVERFAULT"),
    (UNKNOWN, "MOUNT3ERR_UNKNOWN"),
];

/// How clients may say who they are.
pub const FLAVORS: &[Named] = &[(0, "AUTH_NULL"), (1, "AUTH_UNIX"), (2, "AUTH_SHORT"), (3, "AUTH_DES")];

/// More than so many ways are not told.
const MAX_FLAVORS: usize = 32;

/// What mounting gives.
#[derive(Clone, Debug, Default)]
pub struct Mounted<'a> {
    /// The directory.
    pub handle: Option<&'a [u8]>,
    /// How clients may say who they are.
    pub flavors: Option<Vec<u32>>,
    /// There were more.
    pub excessive: bool,
}

impl<'a> Mounted<'a> {
    /// Reads what follows a status.
    pub fn read(xdr: &mut Xdr<'a>, status: u32) -> Self {
        if status != 0 {
            return Mounted::default();
        }
        let handle = xdr.opaque(64);
        let count = xdr.u32() as usize;
        let flavors = (0..count.min(MAX_FLAVORS)).map(|_| xdr.u32()).collect();
        let excessive = count > MAX_FLAVORS;
        if excessive {
            xdr.skip_rest();
        }
        Mounted { handle: Some(handle), flavors: Some(flavors), excessive }
    }
}

/// Whether arguments are whole; what is left of them is in `xdr`.
pub(super) fn reads(procedure: u32, xdr: &mut Xdr<'_>) -> bool {
    match procedure {
        1 | 3 => {
            xdr.opaque(usize::MAX);
        }
        // Nothing is said of which (RFC 1813 §5.2.4), where Zeek looks for a name.
        0 | 4 => {}
        other if other < END => xdr.skip_rest(),
        _ => {}
    }
    !xdr.is_broken()
}
