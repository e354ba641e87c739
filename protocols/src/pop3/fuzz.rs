//! What must hold for any bytes: a fuzz target calls [`check`], and so does a test.

use crate::mime::mail;
use crate::pop3::{Handler, Limits, Session, probe_client, probe_server};
use crate::probe::Probe;

#[derive(Default)]
struct Recorder {
    open: usize,
    mail: bool,
    tls: bool,
}

impl mail::Handler for Recorder {
    fn begin_entity(&mut self) {
        self.open += 1;
    }

    fn end_entity(&mut self) {
        assert!(self.open > 0, "what ends has begun");
        self.open -= 1;
    }
}

impl Handler for Recorder {
    fn login(&mut self, _: bool, user: &[u8], _: &[u8]) {
        assert!(!user.is_empty());
    }

    fn starttls(&mut self) {
        assert!(!std::mem::replace(&mut self.tls, true), "TLS begins once");
    }

    fn passed_on(&mut self, _: bool, data: &[u8]) {
        assert!(self.tls && !data.is_empty());
    }

    fn begin_mail(&mut self) {
        assert!(!std::mem::replace(&mut self.mail, true), "mails do not overlap");
    }

    fn end_mail(&mut self) {
        assert!(std::mem::take(&mut self.mail) && self.open == 0, "a mail ends with its parts");
    }
}

/// Reads these bytes as both directions of a connection: each piece begins with a byte that says whose it is and how
/// long.
pub fn check(data: &[u8]) {
    let mail = mail::Limits { max_depth: 5, max_header: 64 };
    let (mut session, mut trace) =
        (Session::new(Limits { max_line: 64, max_pending: 3, mail }), Recorder::default());
    let mut rest = data;
    while let Some((control, after)) = rest.split_first() {
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        session.data(control & 1 == 1, piece, &mut trace);
        rest = left;
        assert!(session.buffered() <= 2 * 64 + 4 * 64 + 128 + 5 * 64);
    }
    session.end(true, &mut trace);
    session.end(false, &mut trace);
    session.close(&mut trace);
    assert!(!trace.mail && trace.open == 0);
    for probe in [probe_client, probe_server] {
        assert!(Probe::is_steady(probe, data));
    }
}
