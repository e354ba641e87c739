//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::{Body, Handler, Header, MAX_MESSAGE, Session, UNCOUNTED};

/// Reads `data` as a direction's bytes, at once and byte by byte; the first bit of the first byte says which direction's.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let is_orig = data.first().is_none_or(|byte| byte & 1 == 0);
    let whole = trace(is_orig, &[data]);
    let pieces: Vec<&[u8]> = data.chunks(1).collect();
    // What is broken ends a segment, and so differs.
    if is_well_formed(data) && !whole.iter().any(|trace| trace.starts_with('!')) {
        assert_eq!(trace(is_orig, &pieces), whole);
    }
}

/// Whether all headers are what they should be.
fn is_well_formed(data: &[u8]) -> bool {
    let mut rest = data;
    while let Ok(header) = Header::read(rest) {
        if header.pid != 0 || header.len < 2 {
            return false;
        }
        rest = rest.get(UNCOUNTED + usize::from(header.len)..).unwrap_or_default();
    }
    true
}

/// What is told of pieces of a stream.
pub(super) fn trace(is_orig: bool, pieces: &[&[u8]]) -> Vec<String> {
    let (mut session, mut trace) = (Session::default(), Recorder(Vec::new()));
    for piece in pieces {
        session.data(is_orig, piece, &mut trace);
        assert!(session.held.iter().all(|held| held.bytes.len() < MAX_MESSAGE));
    }
    trace.0
}

struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn header(&mut self, is_orig: bool, header: &Header) {
        assert_eq!(header.pid, 0);
        self.0.push(format!("{is_orig} {header:?}"));
    }

    fn body(&mut self, _: bool, _: &Header, body: &Body<'_>) {
        if let Body::Files(bytes, records) = body {
            let read: usize = records.iter().map(|record| record.data.len() + 2).sum();
            assert!(read <= usize::from(*bytes));
        }
        self.0.push(format!("{body:?}"));
    }

    fn complete(&mut self) {
        self.0.push("complete".to_owned());
    }

    fn violation(&mut self, reason: &str) {
        self.0.push(format!("!{reason}"));
    }
}
