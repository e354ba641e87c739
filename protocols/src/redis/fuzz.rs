//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
struct Told {
    limits: Limits,
    violations: usize,
}

impl Handler for Told {
    fn command(&mut self, command: &Command) {
        assert!(!command.words.is_empty() && command.words.len() as u64 <= command.count);
        assert!(command.words.len() <= self.limits.words);
        let most = self.limits.word.max(self.limits.inline);
        assert!(command.words.iter().all(|word| word.len() <= most));
    }

    fn reply(&mut self, reply: &Reply) {
        assert!(reply.text.len() <= self.limits.text && matches!(reply.version, 2 | 3));
    }

    fn violation(&mut self, reason: &'static str) {
        assert!(!reason.is_empty());
        self.violations += 1;
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { line: 48, inline: 32, words: 3, word: 8, text: 24 };
    let mut session = Session::new(limits);
    let (mut told, mut rest) = (Told { limits, violations: 0 }, data);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 | 1 => session.gap(is_orig),
            _ => session.data(is_orig, piece, &mut told),
        }
        rest = left;
        assert!(
            session.buffered() <= 2 * (limits.line + 2) + limits.words * (limits.word + 24) + 2 * limits.text
        );
        assert!(told.violations <= 2, "a direction breaks the rules once");
    }
    assert!(crate::probe::Probe::is_steady(probe, data));
    assert!(crate::probe::Probe::is_steady(probe_answer, data));
}
