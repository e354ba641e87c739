//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
struct Recorder {
    limits: Limits,
    tls: bool,
}

impl Handler for Recorder {
    fn message(&mut self, _: bool, message: &Message<'_>) {
        assert!(!self.tls);
        if let Operation::Search(search) = &message.operation {
            // A mark of replacement is three bytes, a number as text at most 14 for four.
            assert!(search.filter().len() <= 8 * self.limits.message + 32);
        }
    }

    fn starttls(&mut self) {
        assert!(!std::mem::replace(&mut self.tls, true), "TLS begins once");
    }

    fn tls_data(&mut self, _: bool, bytes: &[u8]) {
        assert!(self.tls && !bytes.is_empty());
    }

    fn violation(&mut self, reason: &str, _: &[u8]) {
        assert!(!reason.is_empty() && reason.len() < 200);
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { message: 96 };
    let (mut session, mut trace, mut rest) = (Session::new(limits), Recorder { limits, tls: false }, data);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 | 1 => session.gap(is_orig),
            _ => session.data(is_orig, piece, &mut trace),
        }
        rest = left;
        // A length may have 127 bytes.
        assert!(session.buffered() <= 2 * (limits.message + 160));
    }
    assert!(crate::probe::Probe::is_steady(probe, data));
    assert!(crate::probe::Probe::is_steady(probe_answer, data));
}
