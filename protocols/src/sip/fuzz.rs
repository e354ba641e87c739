//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
struct Recorder {
    limits: Limits,
    dialog: Dialog,
    /// A message began.
    within: bool,
}

impl Handler for Recorder {
    fn request(&mut self, method: &[u8], uri: &[u8], version: &[u8]) {
        assert!(!method.is_empty() && !uri.is_empty() && version.contains(&b'.'));
        self.within = true;
        self.dialog.request(method, uri);
    }

    fn reply(&mut self, _: &[u8], code: u16, reason: &[u8]) {
        assert!(code < 1000);
        self.within = true;
        self.dialog.reply(code, reason);
    }

    fn header(&mut self, is_request: bool, name: &[u8], value: &[u8]) {
        assert!(!name.is_empty() && name.len() + value.len() <= self.limits.line);
        assert!(self.within, "a message began");
        self.dialog.header(is_request, &name.to_ascii_uppercase(), value);
    }

    fn headers_done(&mut self, _: bool) {}

    fn done(&mut self, is_request: bool) {
        if !is_request {
            self.dialog.replied();
        }
    }

    fn junk(&mut self, junk: &[u8]) {
        assert!(!junk.is_empty());
    }

    fn violation(&mut self, reason: &str) {
        assert!(!reason.is_empty() && reason.len() < 5000);
    }
}

/// Reads `data` as datagrams, or as pieces of both directions of a stream: the first byte says which, and before each
/// piece one says whose it is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { line: 128 };
    let (mut session, mut trace) =
        (Session::new(limits), Recorder { limits, dialog: Dialog::default(), within: false });
    let Some((kind, mut rest)) = data.split_first() else { return };
    while let Some((control, after)) = rest.split_first() {
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match (kind & 1, control) {
            (0, _) => session.datagram(piece, &mut trace),
            (_, 0) => session.gap(),
            _ => session.data(control & 1 == 1, piece, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 2 * (limits.line + 1));
    }
}
