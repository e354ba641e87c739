//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Recorder {
    versions: usize,
    desktops: usize,
}

impl Handler for Recorder {
    fn version(&mut self, _: bool, major: &[u8], minor: &[u8]) {
        assert_eq!((major.len(), minor.len()), (3, 3));
        self.versions += 1;
    }

    fn authentication(&mut self, kind: u32) {
        assert!(!authentication(kind).is_empty());
    }

    fn result(&mut self, _: u32) {}
    fn share(&mut self, _: bool) {}

    fn desktop(&mut self, name: &[u8], _: u16, _: u16) {
        assert!(name.len() < 65_536);
        self.desktops += 1;
    }

    fn violation(&mut self, reason: &str) {
        assert!(!reason.is_empty() && reason.len() < 600);
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
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 => session.gap(),
            _ => session.data(is_orig, piece, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 4 * 65_536);
        assert!(trace.versions <= 2 && trace.desktops <= 1);
    }
    assert!(Probe::is_steady(probe, data));
}
