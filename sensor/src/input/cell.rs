//! Text of a file as typed values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Types that a field of a file can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    Bool,
    Int,
    Count,
    Double,
    Time,
    Interval,
    String,
    Enum,
    Port,
    Addr,
    Subnet,
    Pattern,
    Set,
    Vector,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Unknown,
    Tcp,
    Udp,
    Icmp,
}

/// One value of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Unset,
    Bool(bool),
    Int(i64),
    Count(u64),
    Double(f64),
    /// Strings, and names of enum values.
    Text(Vec<u8>),
    Port(u16, Transport),
    Addr(IpAddr),
    Subnet(IpAddr, u8),
    /// What stood between the slashes.
    Pattern(Vec<u8>),
    List(Vec<Cell>),
}

/// A field that is looked for.
#[derive(Clone, Debug)]
pub struct Field {
    /// With the names of the records it lies in: `a.b`.
    pub name: String,
    /// The column that has the transport protocol of a port.
    pub protocol: Option<String>,
    pub ty: CellType,
    /// Of the members, for sets and vectors.
    pub member: Option<CellType>,
    pub optional: bool,
}

/// How values are written.
#[derive(Clone, Debug)]
pub struct Notation {
    pub set_separator: u8,
    pub empty: Vec<u8>,
    /// Empty: no text stands for a value that is not set.
    pub unset: Vec<u8>,
}

/// Members that one set or vector may have.
const MAX_MEMBERS: usize = 1_000_000;

/// A value that cannot be read; the complaint has been made.
pub struct Unreadable;

impl Notation {
    /// Reads a value. Complaints go to `warn`, in Zeek's words.
    pub fn read(&self, text: &[u8], field: &Field, warn: &mut dyn FnMut(String)) -> Result<Cell, Unreadable> {
        match (field.ty, field.member) {
            (CellType::Set | CellType::Vector, Some(member)) if !self.is_unset(text) => {
                self.list(text, &field.name, member, warn)
            }
            (ty, _) => self.one(text, &field.name, ty, warn),
        }
    }

    fn is_unset(&self, text: &[u8]) -> bool {
        !self.unset.is_empty() && text == self.unset
    }

    fn list(
        &self,
        text: &[u8],
        name: &str,
        member: CellType,
        warn: &mut dyn FnMut(String),
    ) -> Result<Cell, Unreadable> {
        if text == self.empty {
            return Ok(Cell::List(Vec::new()));
        }
        let mut cells = Vec::new();
        for part in text.split(|byte| *byte == self.set_separator) {
            if cells.len() == MAX_MEMBERS {
                warn(format!("Field: {name} has more than {MAX_MEMBERS} members"));
                return Err(Unreadable);
            }
            match self.one(part, name, member, warn) {
                Ok(cell) => cells.push(cell),
                Err(Unreadable) => {
                    warn("Error while reading set or vector".to_owned());
                    return Err(Unreadable);
                }
            }
        }
        Ok(Cell::List(cells))
    }

    fn one(
        &self,
        text: &[u8],
        name: &str,
        ty: CellType,
        warn: &mut dyn FnMut(String),
    ) -> Result<Cell, Unreadable> {
        if self.is_unset(text) {
            return Ok(Cell::Unset);
        }
        Ok(match ty {
            CellType::String | CellType::Enum => Cell::Text(unescape(text)),
            CellType::Bool => match text.trim_ascii() {
                b"T" | b"1" => Cell::Bool(true),
                b"F" | b"0" => Cell::Bool(false),
                _ => {
                    warn(format!("Field: {name} Invalid value for boolean: {}", shown(text)));
                    return Err(Unreadable);
                }
            },
            CellType::Int => Cell::Int(integer(text, warn)?),
            CellType::Count => Cell::Count(count(text, warn)?),
            CellType::Double | CellType::Time | CellType::Interval => Cell::Double(double(text, warn)?),
            CellType::Port => port(text, warn)?,
            CellType::Addr => Cell::Addr(address(unescape(text).trim_ascii(), warn)?),
            CellType::Subnet => subnet(unescape(text).trim_ascii(), warn)?,
            CellType::Pattern => {
                let text = unescape(text);
                match &text[..] {
                    [b'/', inner @ .., b'/'] => Cell::Pattern(inner.to_vec()),
                    _ => {
                        warn(format!("String '{}' contained no parseable pattern.", shown(&text)));
                        return Err(Unreadable);
                    }
                }
            }
            CellType::Set | CellType::Vector => {
                warn(format!("unsupported field format for {name}"));
                return Err(Unreadable);
            }
        })
    }
}

/// The transport protocol in a column of its own.
pub fn transport(text: &[u8], warn: &mut dyn FnMut(String)) -> Transport {
    match known_transport(text) {
        Some(transport) => transport,
        None => {
            warn(format!("Tried to parse invalid/unknown protocol: {}", shown(text)));
            Transport::Unknown
        }
    }
}

fn known_transport(text: &[u8]) -> Option<Transport> {
    Some(match &text.to_ascii_lowercase()[..] {
        b"tcp" => Transport::Tcp,
        b"udp" => Transport::Udp,
        b"icmp" => Transport::Icmp,
        b"unknown" => Transport::Unknown,
        _ => return None,
    })
}

/// Text for a message.
pub fn shown(text: &[u8]) -> String {
    const LONGEST: usize = 4096;
    String::from_utf8_lossy(text.get(..LONGEST).unwrap_or(text)).into_owned()
}

/// `\xHH` stands for a byte.
pub fn unescape(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, text.get(at + 1), digit(text.get(at + 2)), digit(text.get(at + 3))) {
            (b'\\', Some(b'x'), Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 4;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// The number that text begins with, as C's functions take it, and what follows.
fn leading(text: &[u8], is_part: impl Fn(u8, usize) -> bool) -> (&str, &[u8]) {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
    let body = &text[start..];
    let end = body.iter().enumerate().position(|(at, byte)| !is_part(*byte, at)).unwrap_or(body.len());
    (std::str::from_utf8(&body[..end]).unwrap_or(""), &body[end..])
}

fn number_complaint(text: &[u8], warn: &mut dyn FnMut(String)) -> Unreadable {
    if text.is_empty() {
        warn("Got empty string for number field".to_owned());
    } else {
        warn(format!("String '{}' contained no parseable number", shown(text)));
    }
    Unreadable
}

fn trailing(text: &[u8], rest: &[u8], warn: &mut dyn FnMut(String)) {
    if !rest.is_empty() {
        warn(format!(
            "Number '{}' contained non-numeric trailing characters. Ignored trailing characters '{}'",
            shown(text),
            shown(rest)
        ));
    }
}

fn integer<T: std::str::FromStr>(text: &[u8], warn: &mut dyn FnMut(String)) -> Result<T, Unreadable> {
    let (number, rest) =
        leading(text, |byte, at| byte.is_ascii_digit() || (at == 0 && matches!(byte, b'-' | b'+')));
    if !number.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(number_complaint(text, warn));
    }
    trailing(text, rest, warn);
    number.parse().map_err(|_| {
        warn(format!("Number '{}' out of supported range.", shown(text)));
        Unreadable
    })
}

/// As C's `strtoull`, which Zeek uses: what is below zero counts back from 2^64.
fn count(text: &[u8], warn: &mut dyn FnMut(String)) -> Result<u64, Unreadable> {
    match text.trim_ascii_start() {
        [b'-', rest @ ..] if rest.first().is_some_and(u8::is_ascii_digit) => {
            integer::<u64>(rest, warn).map(u64::wrapping_neg)
        }
        _ => integer(text, warn),
    }
}

fn double(text: &[u8], warn: &mut dyn FnMut(String)) -> Result<f64, Unreadable> {
    let is_part =
        |byte: u8, _: usize| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    let (number, _) = leading(text, is_part);
    // The longest beginning that is a number.
    let found = (1..=number.len()).rev().find_map(|end| Some((end, number.get(..end)?.parse::<f64>().ok()?)));
    let Some((end, value)) = found else { return Err(number_complaint(text, warn)) };
    if value.is_infinite() {
        warn(format!("Number '{}' out of supported range.", shown(text)));
        return Err(Unreadable);
    }
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    trailing(text, text.get(start + end..).unwrap_or(&[]), warn);
    Ok(value)
}

fn port(text: &[u8], warn: &mut dyn FnMut(String)) -> Result<Cell, Unreadable> {
    let stripped = text.trim_ascii();
    let mut number = stripped;
    let mut proto = Transport::Unknown;
    if let Some(slash) = stripped.iter().position(|byte| *byte == b'/') {
        let name = &stripped[slash + 1..];
        match known_transport(name) {
            Some(known) => proto = known,
            None if name.is_empty() => {}
            None => {
                warn(format!("Port '{}' contained unknown protocol '{}'", shown(text), shown(name)));
            }
        }
        if slash > 0 {
            number = &stripped[..slash];
        }
    }
    let num: u64 = integer(number, warn)?;
    match u16::try_from(num) {
        Ok(num) => Ok(Cell::Port(num, proto)),
        Err(_) => {
            warn(format!("Number '{}' out of supported range.", shown(text)));
            Err(Unreadable)
        }
    }
}

fn parse_address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if text.contains(':') {
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        return text.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// What is no address costs its line. Zeek takes 0.0.0.0 for it, which would then be let off, or blocked, in its place.
fn address(text: &[u8], warn: &mut dyn FnMut(String)) -> Result<IpAddr, Unreadable> {
    parse_address(text).ok_or_else(|| {
        warn(format!("Bad address: {}", shown(text)));
        Unreadable
    })
}

fn subnet(text: &[u8], warn: &mut dyn FnMut(String)) -> Result<Cell, Unreadable> {
    let Some(slash) = text.iter().position(|byte| *byte == b'/') else {
        warn(format!("Invalid value for subnet: {}", shown(text)));
        return Err(Unreadable);
    };
    let width: u64 = integer(&text[slash + 1..], warn)?;
    let addr = address(&text[..slash], warn)?;
    match u8::try_from(width) {
        Ok(width) if width <= if addr.is_ipv4() { 32 } else { 128 } => Ok(Cell::Subnet(addr, width)),
        _ => {
            warn(format!("Invalid value for subnet: {}", shown(text)));
            Err(Unreadable)
        }
    }
}
