//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
struct Told {
    limits: Limits,
    violations: usize,
}

impl Handler for Told {
    fn request(&mut self, request: &Request<'_>) {
        assert!(!request.command.is_empty() && request.key.is_some() == (request.keys > 0));
        assert!(request.key.is_none_or(|key| key.len() <= self.limits.line));
    }

    fn response(&mut self, response: &Response<'_>) {
        assert!(!response.status.is_empty());
    }

    fn violation(&mut self, reason: &'static str) {
        assert!(!reason.is_empty());
        self.violations += 1;
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { line: 64 };
    let (mut session, mut datagrams) = (Session::new(limits), Session::new(limits));
    let mut told = Told { limits, violations: 0 };
    let mut alone = Told { limits, violations: 0 };
    let mut rest = data;
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 | 1 => session.gap(is_orig),
            _ => session.data(is_orig, piece, &mut told),
        }
        datagrams.datagram(is_orig, piece, &mut alone);
        rest = left;
        assert!(session.buffered() <= 2 * (limits.line + binary::HEADER));
        assert!(told.violations <= 2, "a direction breaks the rules once");
    }
    assert!(crate::probe::Probe::is_steady(probe, data));
    assert!(crate::probe::Probe::is_steady(probe_answer, data));
}
