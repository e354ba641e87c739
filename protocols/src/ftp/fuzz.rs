//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;
use crate::probe::Probe;

/// Checks what is told.
#[derive(Default)]
struct Recorder {
    confirmed: bool,
    tls: bool,
    gssapi: bool,
    secured: usize,
}

impl Handler for Recorder {
    fn confirmed(&mut self) {
        assert!(!std::mem::replace(&mut self.confirmed, true), "it is told once");
    }

    fn request(&mut self, command: &[u8], arg: &[u8]) {
        assert!(self.confirmed && (3..=100).contains(&command.len()) && arg.len() <= 256);
        assert!(!command.iter().any(u8::is_ascii_lowercase));
        let _ = (address::port(arg), address::extended_port(arg));
    }

    fn reply(&mut self, code: u16, text: &[u8], continues: bool) {
        assert!((100..1000).contains(&code) || code == 0 && continues);
        let _ = (address::passive(text), address::extended_passive(text));
    }

    fn start_tls(&mut self) -> bool {
        assert!(!std::mem::replace(&mut self.tls, true), "nothing is read behind it");
        true
    }

    fn start_gssapi(&mut self) -> bool {
        self.gssapi = true;
        true
    }

    fn secured(&mut self, _: bool, bytes: &[u8]) {
        assert!(self.tls || self.gssapi);
        self.secured += bytes.len();
    }

    fn end_gssapi(&mut self, _: bool) {
        assert!(self.gssapi);
    }

    fn weird(&mut self, _: Weird) {}

    fn violation(&mut self, reason: &'static str, line: &[u8]) {
        assert!(!reason.is_empty() && !line.is_empty());
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { line: 256, ..Limits::default() };
    let (mut session, mut trace, mut rest) = (Session::new(limits), Recorder::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 2).min(after.len()));
        match control & 2 {
            2 if control >> 2 == 0 => session.flip(),
            2 if control >> 2 == 1 => session.end(is_orig, &mut trace),
            _ => session.data(is_orig, piece, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 4 * limits.line);
    }
    assert!(trace.secured <= data.len());
    for probe in [probe_client, probe_server] {
        assert!(Probe::is_steady(probe, data));
    }
}
