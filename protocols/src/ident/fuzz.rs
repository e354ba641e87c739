//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Told {
    bad_replies: usize,
}

impl Handler for Told {
    fn request(&mut self, _: Ports) {}

    fn reply(&mut self, _: Ports, user: &[u8], system: &[u8]) {
        assert!(user.len() + system.len() <= MAX_LINE && !system.contains(&b':'));
    }

    fn error(&mut self, _: Ports, why: &[u8]) {
        assert!(why.len() <= MAX_LINE);
    }

    fn weird(&mut self, name: &'static str, _: &[u8]) {
        self.bad_replies += usize::from(name == "bad_ident_reply");
    }

    fn flaw(&mut self, _: crate::lines::Flaw) {}
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
        assert!(told.bad_replies <= 1 && session.buffered() <= 2 * MAX_LINE);
    }
}
