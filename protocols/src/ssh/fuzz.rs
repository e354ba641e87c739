//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use std::collections::BTreeSet;

use super::*;

/// Counts what is told, and checks it.
#[derive(Default)]
struct Recorder {
    encrypted: usize,
    decided: bool,
    info: Info,
}

impl Handler for Recorder {
    fn version(&mut self, is_orig: bool, line: &[u8]) {
        assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
        self.info.identified(is_orig, line);
    }

    fn capabilities(&mut self, is_orig: bool, can: &KexInit<'_>) {
        assert!(can.kex.iter().all(|name| !name.is_empty()));
        self.info.can(is_orig, can);
    }

    fn host_key(&mut self, key: &HostKey<'_>) {
        assert_eq!(fingerprint(key).len(), 47);
    }

    fn dh_group(&mut self, _: &[u8], _: &[u8]) {}

    fn ecc_key(&mut self, _: bool, _: &[u8]) {}

    fn gss_error(&mut self, _: u32, _: u32, _: &[u8]) {}

    fn confirmed(&mut self) {}

    fn encrypted(&mut self, _: bool, len: usize) {
        self.encrypted += len;
    }

    fn attempt(&mut self, attempt: Attempt) {
        assert!(!self.decided, "nothing is told after a success");
        self.decided = attempt != Attempt::Failed;
        self.info.attempted(attempt, &BTreeSet::new());
    }

    fn weird(&mut self, name: &'static str, _: &[u8]) {
        assert!(!name.is_empty());
    }

    fn violation(&mut self, reason: &str) {
        assert!(!reason.is_empty() && reason.len() < 200);
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { line: 512, message: 4096 };
    let (mut session, mut trace, mut rest) = (Session::new(limits), Recorder::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let len = usize::from(control >> 2).min(after.len());
        let (piece, left) = after.split_at(len);
        match control & 2 {
            2 if control >> 2 == 0 => session.flip(),
            2 if control >> 2 == 1 => session.gap(),
            _ => session.data(is_orig, piece, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 2 * (limits.message + 64) + limits.message);
    }
    assert!(trace.encrypted <= data.len());
    assert!(Probe::is_steady(probe, data));
}
