//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::{Handler, Limits, Message, Session, StreamHandler, read};

/// Reads `data` as a datagram and as a direction's bytes, at once and byte by byte.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let mut heard = Told::default();
    if read(data, &mut heard).is_ok() {
        assert!(heard.0.iter().any(|told| told == "confirmed"));
    }
    for is_orig in [true, false] {
        let whole = told(is_orig, &[data]);
        let pieces: Vec<&[u8]> = data.chunks(1).collect();
        let cut = told(is_orig, &pieces);
        // What is thrown away after an error is what was there by then.
        let until =
            |told: &[String]| told.iter().position(|told| told.starts_with('!')).unwrap_or(told.len());
        assert_eq!(cut.get(..until(&cut)), whole.get(..until(&whole)));
    }
    assert!(crate::probe::Probe::is_steady(super::probe_stream, data));
}

/// What is told of pieces of a stream.
pub(super) fn told(is_orig: bool, pieces: &[&[u8]]) -> Vec<String> {
    let limits = Limits { message: 600 };
    let (mut session, mut told) = (Session::new(limits), Told::default());
    for piece in pieces {
        session.data(is_orig, piece, &mut told);
        assert!(session.held() <= limits.message + 4);
    }
    told.0
}

/// Notes what it hears.
#[derive(Default)]
pub(super) struct Told(pub Vec<String>);

impl Handler for Told {
    fn confirmed(&mut self) {
        self.0.push("confirmed".to_owned());
    }

    fn message(&mut self, message: &Message<'_>) {
        self.0.push(format!("{message:?}"));
    }
}

impl StreamHandler for Told {
    fn violation(&mut self, reason: &str) {
        self.0.push(format!("!{reason}"));
    }

    fn too_long(&mut self) {
        self.0.push("too long".to_owned());
    }
}
