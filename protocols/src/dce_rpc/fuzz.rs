//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::{Handler, Interface, Limits, Session, Weird, uuid_text};

/// Reads `data` as the bytes of both directions, at once and byte by byte.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let whole = told(&[data]);
    let pieces: Vec<&[u8]> = data.chunks(1).collect();
    let cut = told(&pieces);
    // What is thrown away after an error is what was there by then.
    let until = |told: &[String]| told.iter().position(|told| told.starts_with('!')).unwrap_or(told.len());
    assert_eq!(cut.get(..until(&cut)), whole.get(..until(&whole)));
    assert!(crate::probe::Probe::is_steady(super::probe, data));
}

/// What is told of pieces of a stream, which each side says.
pub(super) fn told(pieces: &[&[u8]]) -> Vec<String> {
    let limits = Limits { messages: 3, message: 600, contexts: 4 };
    let (mut session, mut told) = (Session::new(limits), Told(Vec::new()));
    for is_orig in [true, false] {
        for piece in pieces {
            session.data(is_orig, piece, &mut told);
            // A PDU each, and messages of which parts have come.
            assert!(session.held() <= 2 * (0x1_0000 + limits.messages * limits.message));
        }
    }
    told.0
}

/// Notes what it hears.
struct Told(Vec<String>);

impl Told {
    fn note(&mut self, what: String) {
        self.0.push(what);
    }
}

impl Handler for Told {
    fn pdu(&mut self, is_orig: bool, kind: u8) {
        self.note(format!("pdu {is_orig} {kind}"));
    }

    fn auth(&mut self, is_orig: bool, kind: u8, blob: &[u8]) {
        assert!(!blob.is_empty());
        self.note(format!("auth {is_orig} {kind} {}", blob.len()));
    }

    fn bind(&mut self, context: u16, interface: &Interface, alter: bool) {
        let Interface { uuid, major, minor } = interface;
        self.note(format!("bind {context} {} {major}.{minor} {alter}", uuid_text(uuid)));
    }

    fn bind_ack(&mut self, address: &[u8]) {
        self.note(format!("bind_ack {}", String::from_utf8_lossy(address)));
    }

    fn alter_ack(&mut self) {
        self.note("alter_ack".to_owned());
    }

    fn request(&mut self, context: u16, operation: u16, stub: &[u8]) {
        self.note(format!("request {context} {operation} {}", stub.len()));
    }

    fn response(&mut self, context: u16, operation: u16, stub: &[u8]) {
        self.note(format!("response {context} {operation} {}", stub.len()));
    }

    fn confirmed(&mut self) {
        self.note("confirmed".to_owned());
    }

    fn weird(&mut self, weird: Weird) {
        self.note(weird.name().to_owned());
    }

    fn violation(&mut self, reason: &str) {
        self.note(format!("!{reason}"));
    }
}
