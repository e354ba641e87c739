//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
struct Told {
    /// Bytes of lines.
    lines: usize,
    /// The longest that may be told.
    most: usize,
}

impl Told {
    fn line(&mut self, line: &[u8]) {
        assert!(line.len() <= self.most);
        self.lines += line.len();
    }
}

impl Handler for Told {
    fn find(&self, texts: Texts, line: &[u8]) -> Option<usize> {
        let text: &[u8] = match texts {
            Texts::SkipAuthentication => b"k",
            Texts::DirectLoginPrompts => b"d",
            Texts::LoginPrompts => b":",
            Texts::NonFailures => b"n",
            Texts::Failures => b"f",
            Texts::Successes => b"s",
            Texts::Timeouts => b"t",
        };
        line.windows(1).position(|part| part == text).map(|at| at + 1)
    }

    fn input_line(&mut self, line: &[u8]) {
        self.line(line);
    }

    fn output_line(&mut self, line: &[u8]) {
        self.line(line);
    }

    fn login(&mut self, _: bool, login: &Login<'_>) {
        assert!(login.user.len() <= self.most && login.password.len() <= self.most);
    }

    fn confused(&mut self, why: &'static str, _: &[u8]) {
        assert!(!why.is_empty());
    }

    fn confused_text(&mut self, _: &[u8]) {}

    fn terminal(&mut self, terminal: &[u8]) {
        assert!(terminal.len() <= 1 << 13);
    }

    fn display(&mut self, _: &[u8]) {}

    fn prompt(&mut self, _: &[u8]) {}

    fn authenticated(&mut self, _: bool, _: &[u8]) {}

    fn skipped(&mut self) {}

    fn encrypting(&mut self) {}

    fn option(&mut self, _: Wrong) {}

    fn rsh(&mut self, _: Option<bool>, _: [&[u8]; 2], line: &[u8]) {
        assert!(line.len() <= self.most);
    }

    fn weird(&mut self, name: &'static str) {
        assert!(!name.is_empty());
    }
}

/// Reads `data` as pieces of both directions: a byte says what is read, and one before each piece whose it is and how
/// long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let Some((kind, mut rest)) = data.split_first() else { return };
    let limits = Limits { line: 64 };
    let kind_of = match kind % 3 {
        0 => Kind::Telnet,
        1 => Kind::Rlogin,
        _ => Kind::Rsh,
    };
    let mut session = Session::new(kind_of, limits, kind & 0x80 != 0);
    let (mut told, mut given) = (Told { lines: 0, most: 1024 }, 0);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 2).min(after.len()));
        match control & 3 {
            2 if piece.is_empty() => session.gap(is_orig),
            3 if piece.is_empty() => session.flip(),
            _ => session.data(is_orig, piece, &mut told),
        }
        given += piece.len();
        rest = left;
        assert!(session.buffered() <= 2 * (limits.line + 3 + (1 << 13)));
    }
    session.end(&mut told);
    // A name may be told as a line once more, where it is repeated.
    assert!(told.lines <= given * 1024);
}
