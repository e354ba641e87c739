//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::{Application, Handler, Limits, Link, MAX_FRAME, Session, Weird, objects};

/// Reads `data` as a direction's bytes, at once and byte by byte.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    for is_orig in [true, false] {
        let whole = trace(is_orig, &[data]);
        let pieces: Vec<&[u8]> = data.chunks(1).collect();
        let cut = trace(is_orig, &pieces);
        // A frame that carries nothing ends a segment.
        if !whole.iter().any(|trace| trace == "confirmed") {
            assert_eq!(cut, whole);
        }
    }
    let mut rest = data;
    while let Some((_, after)) = objects::header(rest) {
        assert!(after.len() < rest.len());
        rest = after;
    }
}

/// What is told of pieces of a stream.
pub(super) fn trace(is_orig: bool, pieces: &[&[u8]]) -> Vec<String> {
    let limits = Limits { message: 600 };
    let (mut session, mut trace) = (Session::new(limits), Recorder(Vec::new()));
    for piece in pieces {
        session.data(is_orig, piece, &mut trace);
        let bounded =
            |side: &super::Side| side.frame.len() <= MAX_FRAME && side.message.len() <= limits.message;
        assert!(session.sides.iter().all(bounded));
    }
    trace.0
}

struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn confirmed(&mut self) {
        self.0.push("confirmed".to_owned());
    }

    fn message(&mut self, is_orig: bool, link: &Link, bytes: &[u8]) {
        let read = Application::read(is_orig, bytes).map(|(header, rest)| (header.function, rest.len()));
        self.0.push(format!("{} > {} {read:?}", link.source, link.destination));
    }

    fn weird(&mut self, weird: Weird) {
        self.0.push(weird.name().to_owned());
    }

    fn violation(&mut self, reason: &str) {
        self.0.push(format!("!{reason}"));
    }
}
