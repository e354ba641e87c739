//! What must hold for any bytes: a fuzz target calls [`check`], and so does a test.

use crate::probe::Probe;
use crate::xmpp::{Handler, MAX_TAG, Session, probe};

#[derive(Default)]
struct Told {
    tls: bool,
}

impl Handler for Told {
    fn starttls(&mut self) {
        assert!(!std::mem::replace(&mut self.tls, true), "TLS begins once");
    }

    fn passed_on(&mut self, _: bool, data: &[u8]) {
        assert!(self.tls && !data.is_empty());
    }
}

/// Reads these bytes as both directions of a connection: each piece begins with a byte that says whose it is and how
/// long.
pub fn check(data: &[u8]) {
    let (mut session, mut told, mut rest) = (Session::default(), Told::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        session.data(control & 1 == 1, piece, &mut told);
        rest = left;
        assert!(session.buffered() <= 2 * MAX_TAG && session.is_tls() == told.tls);
    }
    assert!(Probe::is_steady(probe, data));
}
