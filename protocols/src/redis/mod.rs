//! Redis, in RESP 2 and 3 (redis.io/docs/latest/develop/reference/protocol-spec), as Zeek reads it.
//!
//! [`Session`] reads both directions and tells a [`Handler`] of commands, and of answers as text. Of long ones the
//! beginning is told, and nothing more is held.

mod command;
pub mod fuzz;
mod session;
#[cfg(test)]
mod tests;
mod value;

pub use command::{COMMANDS, Command};
pub use session::{Handler, Limits, Session};
pub use value::{Kind, Reply};

use crate::probe::Probe;

/// Where servers usually are.
pub const PORT: u16 = 6379;

/// Whether a client's first bytes are a command: the number of its words, and the length of the first.
pub fn probe(data: &[u8]) -> Probe {
    match numbers(data, b"*") {
        Ok(rest) => numbers(rest, b"$").map_or_else(|probe| probe, |_| Probe::Match),
        Err(probe) => probe,
    }
}

/// Whether a server's first bytes may be an answer.
pub fn probe_answer(data: &[u8]) -> Probe {
    const TEXTS: &[u8] = b"-+_,";
    const LONGEST: usize = 512;
    match data.split_first() {
        None => Probe::NeedMore,
        Some((first, rest)) if TEXTS.contains(first) => match memchr::memchr(b'\n', rest) {
            Some(at) if at < LONGEST && rest.get(..at).is_some_and(|line| line.ends_with(b"\r")) => {
                Probe::Match
            }
            None if rest.len() <= LONGEST => Probe::NeedMore,
            _ => Probe::NoMatch,
        },
        Some(_) => numbers(data, b":$*#(!=%`~>").map_or_else(|probe| probe, |_| Probe::Match),
    }
}

/// Reads one of these bytes, a number and CRLF; what follows, or what is known without them.
fn numbers<'a>(data: &'a [u8], first: &[u8]) -> Result<&'a [u8], Probe> {
    let (kind, rest) = data.split_first().ok_or(Probe::NeedMore)?;
    if !first.contains(kind) {
        return Err(Probe::NoMatch);
    }
    let rest = rest.strip_prefix(b"-").or_else(|| rest.strip_prefix(b"+")).unwrap_or(rest);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match rest.get(digits..).unwrap_or_default() {
        _ if digits > 20 => Err(Probe::NoMatch),
        [b'\r', b'\n', rest @ ..] if digits > 0 => Ok(rest),
        [] | [b'\r'] => Err(Probe::NeedMore),
        _ => Err(Probe::NoMatch),
    }
}
