//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
struct Recorder {
    limits: Limits,
    /// What is to come of both directions' frames, the responder's first.
    left: [u64; 2],
}

impl Handler for Recorder {
    fn frame(&mut self, is_orig: bool, frame: &Frame) {
        assert!(frame.opcode < 16 && frame.reserved < 8);
        let [resp, orig] = &mut self.left;
        *(if is_orig { orig } else { resp }) = frame.len;
    }

    fn data(&mut self, is_orig: bool, _: u8, data: &[u8]) {
        assert!(!data.is_empty() && data.len() <= self.limits.chunk);
        let [resp, orig] = &mut self.left;
        let left = if is_orig { orig } else { resp };
        assert!(*left >= data.len() as u64, "no more than the frame has");
        *left -= data.len() as u64;
    }

    fn close(&mut self, _: bool, _: u16, _: &[u8]) {}

    fn message(&mut self, is_orig: bool, _: u8) {
        let [resp, orig] = self.left;
        assert_eq!(if is_orig { orig } else { resp }, 0, "its last frame is over");
    }

    fn violation(&mut self, reason: &str, _: &[u8]) {
        assert!(!reason.is_empty());
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { chunk: 32 };
    let (mut session, mut rest) = (Session::new(limits), data);
    let mut trace = Recorder { limits, left: [0; 2] };
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 => session.gap(),
            _ => session.data(is_orig, piece, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 2 * limits.chunk);
    }
}
