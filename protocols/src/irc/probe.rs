//! Whether a stream begins as IRC's do. Both sides have to, as in Zeek.

use crate::probe::Probe;

/// Commands that clients begin with.
const FIRST: [&[u8]; 6] = [b"USER", b"NICK", b"PASS", b"CAP", b"STARTTLS", b"SERVER"];

/// The client's side: USER and NICK, in either order, and before them nothing but what comes there.
pub fn probe_client(bytes: &[u8]) -> Probe {
    let (mut user, mut nick) = (false, false);
    let mut rest = bytes;
    loop {
        let skip = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\r' | b'\n')).count();
        rest = rest.get(skip..).unwrap_or_default();
        let len = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let word = rest.get(..len).unwrap_or_default();
        let is = |known: &&[u8]| known.eq_ignore_ascii_case(word);
        let begins = |known: &&[u8]| known.get(..len).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let whole = rest.len() > len;
        if !(if whole { FIRST.iter().any(is) } else { FIRST.iter().any(begins) }) {
            return Probe::NoMatch;
        }
        let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            return Probe::NeedMore;
        };
        user |= is(&&b"USER"[..]);
        nick |= is(&&b"NICK"[..]);
        if user && nick {
            return Probe::Match;
        }
        rest = rest.get(end..).unwrap_or_default();
    }
}

/// The server's side: a reply with a number, behind anything that begins as its lines do.
pub fn probe_server(bytes: &[u8]) -> Probe {
    let first = bytes.iter().find(|byte| !matches!(byte, b'\r' | b'\n'));
    // What comes before is said by the server, or is a notice or a ping.
    if !first.is_none_or(|first| matches!(first, b':' | b'N' | b'P' | b'n' | b'p' | b'0'..=b'9')) {
        return Probe::NoMatch;
    }
    for line in bytes.split(|byte| matches!(byte, b'\r' | b'\n')) {
        let text = match line.strip_prefix(b":") {
            Some(rest) => match rest.iter().position(|byte| *byte == b' ') {
                Some(at) => rest.get(at + 1..).unwrap_or_default(),
                None => continue,
            },
            None => line,
        };
        if let [a, b, c, b' ', ..] = text
            && [a, b, c].iter().all(|digit| digit.is_ascii_digit())
        {
            return Probe::Match;
        }
    }
    Probe::NeedMore
}
