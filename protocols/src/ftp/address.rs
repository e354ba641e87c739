//! The ends of data connections as commands and replies give them, read as leniently as Zeek reads them.

use std::net::{IpAddr, Ipv4Addr};

/// An end that data connections will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataEnd {
    /// None where it is that of whoever says so.
    pub host: Option<IpAddr>,
    /// It listens there.
    pub port: u16,
}

/// What follows PORT: `h1,h2,h3,h4,p1,p2` (RFC 959 §4.1.2).
pub fn port(text: &[u8]) -> Option<DataEnd> {
    // Nothing shorter has six numbers.
    if text.len() < "1,1,1,1,1,1".len() {
        return None;
    }
    let (mut rest, mut numbers) = (text, [0_u8; 6]);
    for (nth, number) in numbers.iter_mut().enumerate() {
        if nth > 0 {
            rest = rest.strip_prefix(b",")?;
        }
        let (value, after) = integer(rest)?;
        *number = u8::try_from(value).ok()?;
        rest = after;
    }
    let [a, b, c, d, high, low] = numbers;
    let host = Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
    Some(DataEnd { host, port: u16::from_be_bytes([high, low]) })
}

/// What follows EPRT: `|protocol|address|port|`, with any delimiter (RFC 2428 §2).
pub fn extended_port(text: &[u8]) -> Option<DataEnd> {
    let text = text.trim_ascii_start();
    let (delimiter, rest) = text.split_first()?;
    let (_, rest) = field(rest, *delimiter)?;
    let mut host = None;
    let rest = match field(rest, *delimiter) {
        Some((b"", rest)) => rest,
        Some((address, rest)) => {
            host = Some(std::str::from_utf8(address).ok()?.parse().ok()?);
            rest
        }
        None => return None,
    };
    let (value, after) = integer(rest)?;
    (after.first() == Some(delimiter)).then_some(())?;
    Some(DataEnd { host, port: u16::try_from(value).ok()? })
}

/// What a reply to PASV says (RFC 1123 §4.1.2.6): the numbers stand in brackets, or anywhere.
pub fn passive(text: &[u8]) -> Option<DataEnd> {
    let behind = |at: usize| text.get(at..);
    if let Some(at) = text.iter().position(|byte| *byte == b'(') {
        return port(behind(at + 1)?);
    }
    if let Some(at) = text.windows(4).position(|four| four == b"PORT") {
        return port(behind(at + 5)?);
    }
    let comma = text.iter().position(|byte| *byte == b',')?;
    let digits = text.get(..comma)?.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    port(behind(comma - digits)?)
}

/// What a reply to EPSV says: `(|||port|)` (RFC 2428 §3).
pub fn extended_passive(text: &[u8]) -> Option<DataEnd> {
    let at = text.iter().position(|byte| *byte == b'(')?;
    extended_port(text.get(at + 1..)?)
}

/// What is in front of a delimiter, and what is behind it.
fn field(text: &[u8], delimiter: u8) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == delimiter)?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// A number as scanf reads it, with space and a sign in front, and what follows. What is too large is as large as can
/// be.
fn integer(text: &[u8]) -> Option<(i64, &[u8])> {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = digits.split_at_checked(len).filter(|(number, _)| !number.is_empty())?;
    let value = number
        .iter()
        .fold(0_i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some((if negative { -value } else { value }, rest))
}
