//! Logins: who, and whether it was let in.

/// Bytes of a tag, a mechanism or what a client gives that are kept. Stops what is no name.
const MAX_KEPT: usize = 512;

/// One that was begun.
#[derive(Debug)]
pub(super) struct Login {
    tag: Vec<u8>,
    /// Empty of the command LOGIN.
    pub mechanism: Vec<u8>,
    /// The user, or the first that the client gave for the mechanism, in base64.
    pub response: Vec<u8>,
    /// That comes with the client's next line: of so many bytes where it is a literal.
    awaits: Option<Option<usize>>,
}

impl Login {
    /// No more than this is kept.
    pub const CEILING: usize = 3 * MAX_KEPT;

    /// The login that a client's line begins (RFC 3501 §6.2.2, §6.2.3), if it does.
    pub fn begin(line: &[u8]) -> Option<Login> {
        let (tag, rest) = word(line)?;
        let (command, rest) = word(rest)?;
        let login = |mechanism, response: &[u8], awaits| {
            let kept = |text: &[u8]| text.get(..MAX_KEPT).unwrap_or(text).to_vec();
            Some(Login { tag: kept(tag), mechanism: kept(mechanism), response: kept(response), awaits })
        };
        if command.eq_ignore_ascii_case(b"login") {
            let rest = rest.trim_ascii_start();
            return match literal(rest) {
                Some(len) => login(b"", b"", Some(Some(len))),
                None => login(b"", astring(rest), None),
            };
        }
        if command.eq_ignore_ascii_case(b"authenticate") {
            let (mechanism, rest) = word(rest)?;
            // RFC 4959: what the client begins with may come at once.
            return match word(rest) {
                Some((response, _)) => login(mechanism, response, None),
                None => login(mechanism, b"", Some(None)),
            };
        }
        None
    }

    /// Bytes kept.
    pub fn buffered(&self) -> usize {
        self.tag.len() + self.mechanism.len() + self.response.len()
    }

    /// Whether the client's next line belongs to it.
    pub fn continues(&self) -> bool {
        self.awaits.is_some()
    }

    /// That line.
    pub fn go_on(&mut self, line: &[u8]) {
        let len = self.awaits.take().flatten().unwrap_or(MAX_KEPT).min(MAX_KEPT);
        self.response = line.get(..len).unwrap_or(line).to_vec();
    }

    /// What a line of the server says of it, if it does: let in, or not.
    pub fn answer(&self, line: &[u8]) -> Option<bool> {
        let (tag, rest) = word(line)?;
        let (answer, _) = word(rest).filter(|_| tag == self.tag)?;
        if answer.eq_ignore_ascii_case(b"ok") {
            return Some(true);
        }
        (answer.eq_ignore_ascii_case(b"no") || answer.eq_ignore_ascii_case(b"bad")).then_some(false)
    }
}

/// The first word of a line, and what follows it.
fn word(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_start();
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    line.split_at_checked(end).filter(|(word, _)| !word.is_empty())
}

/// The length of a literal that is all that is left of a line: its bytes come next (RFC 3501 §4.3, RFC 7888).
fn literal(rest: &[u8]) -> Option<usize> {
    let digits = rest.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// An atom, or a quoted text without its quotes.
fn astring(rest: &[u8]) -> &[u8] {
    match rest.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|byte| *byte == b'"').next().unwrap_or_default(),
        None => word(rest).map_or(&[], |(word, _)| word),
    }
}
