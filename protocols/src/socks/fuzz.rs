//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Recorder {
    requests: u32,
    replies: u32,
    tunnelled: usize,
    broken: bool,
}

impl Handler for Recorder {
    fn request(&mut self, version: u8, command: u8, to: Address<'_>, _: u16, user: &[u8]) {
        assert!(version == 4 || (1..=3).contains(&command) && user.is_empty());
        assert!(to.host.is_some() || to.name.is_some());
        self.requests += 1;
    }

    fn reply(&mut self, _: u8, _: u8, bound: Address<'_>, _: u16) {
        assert!(bound.host.is_some() || bound.name.is_some());
        self.replies += 1;
    }

    fn login(&mut self, user: &[u8], password: &[u8]) {
        assert!(user.len() <= 255 && password.len() <= 255);
    }

    fn login_reply(&mut self, _: u8) {}

    fn tunnelled(&mut self, _: bool, bytes: &[u8]) {
        assert!((self.requests, self.replies) == (1, 1) && !bytes.is_empty());
        self.tunnelled += bytes.len();
    }

    fn weird(&mut self, _: Weird) {}

    fn violation(&mut self, violation: Violation) {
        assert!(!violation.to_string().is_empty());
        assert!(!std::mem::replace(&mut self.broken, true), "nothing is read behind it");
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { message: 64 };
    let (mut session, mut trace, mut rest) = (Session::new(limits), Recorder::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let (piece, left) = after.split_at(usize::from(control >> 2).min(after.len()));
        match control & 2 {
            2 if control >> 2 == 0 => session.gap(),
            _ if piece.is_empty() => {}
            _ => session.data(control & 1 == 1, piece, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 2 * limits.message);
        assert!(trace.requests <= 1 && trace.replies <= 1);
    }
    assert!(trace.tunnelled <= data.len());
    for probe in [probe_client, probe_server] {
        assert!(Probe::is_steady(probe, data));
    }
}
