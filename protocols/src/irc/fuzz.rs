//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;
use crate::probe::Probe;

/// Checks what is told.
#[derive(Default)]
struct Recorder {
    confirmed: bool,
    tls: bool,
}

impl Handler for Recorder {
    fn confirmed(&mut self) {
        assert!(!std::mem::replace(&mut self.confirmed, true), "it is told once");
    }

    fn message(&mut self, _: bool, message: &Message<'_>) {
        assert!(!self.tls, "nothing is read behind it");
        self.tls = *message == Message::StartTls;
    }

    fn secured(&mut self, _: bool, bytes: &[u8]) {
        assert!(self.tls && !bytes.is_empty());
    }

    fn weird(&mut self, name: &'static str, source: &'static str) {
        assert!(!name.is_empty() && !source.is_empty());
    }

    fn violation(&mut self, reason: &'static str) {
        assert!(!reason.is_empty());
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let (mut session, mut trace, mut rest) = (Session::default(), Recorder::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let (piece, left) = after.split_at(usize::from(control >> 2).min(after.len()));
        match control & 2 {
            2 if piece.is_empty() => session.flip(),
            _ => session.data(control & 1 == 1, piece, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 2 * 1000);
    }
    for probe in [probe_client, probe_server] {
        assert!(Probe::is_steady(probe, data));
    }
}
