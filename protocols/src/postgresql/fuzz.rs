//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Told {
    tls: bool,
    asked: bool,
    started: bool,
}

impl Told {
    fn plain(&self) {
        assert!(self.started && !self.tls);
    }
}

impl Handler for Told {
    fn confirmed(&mut self) {}

    fn ssl_request(&mut self) {
        self.asked = true;
    }

    fn ssl_reply(&mut self, answer: u8) {
        assert!(self.asked && !self.started);
        self.tls = answer == b'S';
    }

    fn tls_data(&mut self, _: bool, _: &[u8]) {
        assert!(self.tls);
    }

    fn startup_parameter(&mut self, name: &[u8], value: &[u8]) {
        assert!(!name.is_empty() && !value.contains(&0) && !self.started);
    }

    fn startup(&mut self, major: u16, _: u16) {
        assert_eq!(major, 3);
        self.started = true;
    }

    fn authentication_request(&mut self, identifier: u32, _: &[u8]) {
        self.plain();
        assert!(identifier > 0);
    }

    fn authentication_ok(&mut self) {
        self.plain();
    }

    fn authentication_response(&mut self, _: &[u8]) {
        self.plain();
    }

    fn simple_query(&mut self, _: &[u8]) {
        self.plain();
    }

    fn terminate(&mut self) {
        self.plain();
    }

    fn field(&mut self, _: bool, code: u8, value: &[u8]) {
        assert!(code != 0 && !value.contains(&0));
    }

    fn report(&mut self, _: bool) {
        self.plain();
    }

    fn data_row(&mut self, _: u16) {
        self.plain();
    }

    fn ready(&mut self, _: u8) {
        self.plain();
    }

    fn parameter_status(&mut self, name: &[u8], _: &[u8]) {
        assert!(!name.contains(&0));
    }

    fn backend_key(&mut self, _: u32, _: u32) {
        self.plain();
    }

    fn other(&mut self, _: bool, _: u8, content: &[u8]) {
        assert!(content.len() <= 256);
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
    let limits = Limits { message: 256, waiting: 512 };
    let (mut session, mut told, mut rest) = (Session::new(limits), Told::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 => session.gap(),
            _ => session.data(is_orig, piece, &mut told),
        }
        rest = left;
        assert!(session.buffered() <= 2 * limits.waiting);
    }
}
