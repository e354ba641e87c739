//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Told {
    /// Bytes of messages of CIP.
    passed: usize,
}

impl Handler for Told {
    fn header(&mut self, _: bool, header: &Header) {
        assert!(is_command(header.command));
    }

    fn cip(&mut self, _: bool, cip: &Cip<'_>) {
        assert!(cip.service < 0x80);
        self.passed += cip.data.len();
    }

    fn identity(&mut self, identity: &Identity<'_>) {
        assert!(identity.name.len() < 256);
    }

    fn violation(&mut self, error: &ParseError) {
        assert!(!error.to_string().is_empty());
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let mut session = Session::new(data.len() % 2 == 1);
    let (mut told, mut rest, mut given) = (Told::default(), data, 0);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 2).min(after.len()));
        match control & 3 {
            2 if piece.is_empty() => session.gap(is_orig),
            3 if piece.is_empty() => session.flip(),
            _ => session.data(is_orig, piece, &mut told),
        }
        given += piece.len();
        rest = left;
        assert!(session.buffered() <= 2 * (HEADER + usize::from(u16::MAX)));
        // What is in a message that is in another is told three times.
        assert!(told.passed <= given * 3, "more is passed on than came");
    }
    datagram(true, data, &mut told);
    assert!(Probe::is_steady(probe, data));
}
