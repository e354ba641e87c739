//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
struct Told {
    limits: Limits,
    /// Calls that were told and not finished.
    calls: usize,
}

impl Handler for Told {
    fn call(&mut self, call: &Call) {
        assert!(call.machine.len() <= 255 && call.groups.len() <= 64);
        self.calls += 1;
    }

    fn reply(&mut self, _: u32, status: Status, _: u64) {
        assert!(STATUSES.iter().any(|(known, _)| *known == status) && status != Status::Timeout);
    }

    fn done(&mut self, call: &Call, status: Status, result: &mut Xdr<'_>, _: u64) -> bool {
        assert!(call.is_valid && call.arguments.len() <= self.limits.arguments);
        let len = result.rest().len();
        assert!(status == Status::Success || len == 0);
        assert!(portmap::Mapping::list(&mut result.clone()).len() <= len / 4);
        let listing = nfs::Listing::read(&mut result.clone(), true, 0);
        assert!(listing.entries.is_none_or(|entries| entries.len() <= len / 4));
        assert!(mount::Mounted::read(result, 0).flavors.is_none_or(|flavors| flavors.len() <= 32));
        !result.is_broken()
    }

    fn dialogue(&mut self, _: &Call, _: Status, _: u64) {
        assert!(self.calls > 0);
    }

    fn weird(&mut self, name: &'static str, _: Option<String>) {
        assert!(!name.is_empty());
    }
}

/// Reads `data` as pieces of both directions of a stream: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { message: 120, arguments: 64, calls: 4 };
    for program in [Program::Portmap, Program::Mount, Program::Nfs] {
        let mut session = Session::new(program, limits);
        let (mut told, mut rest) = (Told { limits, calls: 0 }, data);
        while let Some((control, after)) = rest.split_first() {
            let is_orig = control & 1 == 1;
            let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
            match control {
                0 | 1 => session.gap(is_orig),
                _ => session.data(is_orig, piece, 0, &mut told),
            }
            rest = left;
            let calls = limits.calls * (limits.arguments + 255);
            assert!(session.buffered() <= calls + 2 * (2 * limits.message + 8));
        }
        session.end(&mut told);
        assert_eq!(session.calls(), 0);
    }
}
