//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Told {
    requests: usize,
    is_over: bool,
}

impl Handler for Told {
    fn request(&mut self, request: &Request<'_>) {
        assert!(!request.user.contains(&b'@') && !self.is_over);
        self.requests += 1;
    }

    fn reply(&mut self, line: &[u8]) {
        assert!(line.len() <= MAX_LINE && !self.is_over);
    }

    fn confirmed(&mut self) {}

    fn violation(&mut self, reason: &'static str) {
        assert!(!reason.is_empty() && !self.is_over);
        self.is_over = true;
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let (mut session, mut told, mut rest) = (Session::default(), Told::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 | 1 => session.gap(),
            _ => session.data(control & 1 == 1, piece, &mut told),
        }
        rest = left;
        if control & 0x7f == 2 {
            session.end(true, &mut told);
        }
        assert!(told.requests <= 1 && session.buffered() <= 2 * MAX_LINE);
    }
}
