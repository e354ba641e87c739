//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;
use crate::bounds::Broken;

/// Checks what is told.
#[derive(Default)]
struct Told {
    confirmed: bool,
    violations: usize,
    /// Bytes that were passed on, which are some of those that came.
    passed: usize,
}

impl Handler for Told {
    fn v1_header(&mut self, _: bool, _: &v1::Header) {}

    fn v1(&mut self, _: bool, _: &v1::Header, body: &v1::Body<'_>, at: Place) {
        if let (v1::Body::WriteRequest { data, .. } | v1::Body::ReadResponse { data }, false) =
            (body, at.is_pipe)
        {
            self.passed += data.len();
        }
    }

    fn v2_header(&mut self, _: bool, header: &v2::Header<'_>) {
        assert_eq!(header.signature.len(), 16);
    }

    fn v2(&mut self, _: bool, _: &v2::Header<'_>, body: &v2::Body<'_>, at: Place) {
        if let (v2::Body::WriteRequest { data, .. } | v2::Body::ReadResponse { data }, false) =
            (body, at.is_pipe)
        {
            self.passed += data.len();
        }
    }

    fn encrypted(&mut self, transform: &Transform<'_>) {
        assert_eq!(transform.nonce.len(), 16);
    }

    fn pipe(&mut self, _: bool, _: Pipe, data: &[u8]) {
        self.passed += data.len();
    }

    fn security(&mut self, _: bool, blob: &[u8]) {
        self.passed += blob.len();
    }

    fn pipe_found(&mut self) {}

    fn is_name_of_pipe(&self, name: &[u8]) -> bool {
        name == b"srvsvc"
    }

    fn discarded(&mut self, what: Discarded) {
        assert!(!what.name().is_empty());
    }

    fn confirmed(&mut self) {
        assert!(!std::mem::replace(&mut self.confirmed, true), "it is confirmed once");
    }

    fn violation(&mut self, reason: &str) {
        assert!(reason.starts_with(&Broken::Other(String::new()).to_string()));
        self.violations += 1;
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { frame: 1 << 12, pending: 4, most: 8 };
    let mut session = Session::new(limits);
    let (mut told, mut rest, mut given) = (Told::default(), data, 0);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let len = usize::from(control >> 2) * 4;
        let (piece, left) = after.split_at(len.min(after.len()));
        match control & 3 {
            2 if piece.is_empty() => session.gap(),
            3 if piece.is_empty() => session.flip(),
            _ => session.data(is_orig, piece, &mut told),
        }
        given += piece.len();
        rest = left;
        assert!(session.buffered() <= 2 * limits.frame);
        // Each byte is passed on once, or twice where one field lies over others.
        assert!(told.passed <= given * v1::MAX_CHAIN, "more is passed on than came");
    }
    assert!(crate::probe::Probe::is_steady(probe, data));
}
