//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Recorder {
    tls: bool,
    confirmed: bool,
}

impl Handler for Recorder {
    fn server_version(&mut self, version: &[u8]) {
        assert!(!version.contains(&0));
    }

    fn auth_plugin(&mut self, _: bool, name: &[u8], _: &[u8]) {
        assert!(!name.contains(&0));
    }

    fn auth_switch(&mut self, name: &[u8], _: &[u8]) {
        assert!(!name.contains(&0));
    }

    fn auth_more_data(&mut self, _: bool, _: &[u8]) {}

    fn confirmed(&mut self) {
        self.confirmed = true;
    }

    fn login(&mut self, username: &[u8]) {
        assert!(self.confirmed && !username.contains(&0));
    }

    fn tls(&mut self) {
        assert!(!self.tls, "it begins once");
        self.tls = true;
    }

    fn tls_data(&mut self, _: bool, _: &[u8]) {
        assert!(self.tls);
    }

    fn command(&mut self, _: u8, _: &[u8]) {
        assert!(!self.tls);
    }

    fn change_user(&mut self, username: &[u8]) {
        assert!(!username.contains(&0));
    }

    fn error(&mut self, _: u16, _: &[u8]) {}

    fn ok(&mut self, _: u32) {}

    fn eof(&mut self, _: bool) {}

    fn row(&mut self, row: &Row<'_>) {
        assert!(row.fields().count() > 0);
    }

    fn cut(&mut self) {}

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
    let limits = Limits { packet: 256 };
    let (mut session, mut trace, mut rest) = (Session::new(limits), Recorder::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 => session.gap(),
            _ => session.data(is_orig, piece, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 2 * (limits.packet + 4));
    }
}
