//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Told {
    /// Bytes that messages carried.
    passed: usize,
}

impl Handler for Told {
    fn cotp(&mut self, _: bool, kind: u8) {
        assert!(kind < 16);
    }

    fn message(&mut self, _: bool, message: &Message<'_>) {
        self.passed += message.data.len() + message.block.len() + message.service.len();
        let _ = szl(message);
    }

    fn plus(&mut self, _: bool, plus: &Plus) {
        assert_eq!(plus.function.is_some(), matches!(plus.opcode, 0x31 | 0x32));
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
    let limits = Limits { message: 256 };
    let mut session = Session::new(limits, data.len() % 2 == 1);
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
        assert!(session.buffered() <= 2 * (limits.message + usize::from(u16::MAX)));
        assert!(told.passed <= given, "more is passed on than came");
    }
    assert!(Probe::is_steady(probe, data));
}
