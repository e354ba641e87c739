//! How a record reads in the `answers` of `dns.log`.

use super::rdata::{CharStrings, Rdata};
use super::types::Record;
use crate::text::{ipv4, ipv6, octet};
use std::io::Write;

/// What Zeek makes of a record in the answer section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Nothing: Zeek's script has no handler for the type, and the record leaves no trace.
    None,
    /// An answer without text: counted as answered, but not listed.
    Empty,
    /// The text was appended.
    Text,
}

/// Appends the answer to `out`. Bytes of names and strings are as on the wire; escaping them is
/// the log writer's work.
pub fn spell(record: &Record<'_>, out: &mut Vec<u8>) -> Spelling {
    let start = out.len();
    match record.data {
        Rdata::A(address) => ipv4(address, out),
        Rdata::Aaaa(address) | Rdata::A6(address) => ipv6(address, out),
        Rdata::Ns(name) | Rdata::Cname(name) | Rdata::Ptr(name) => out.extend_from_slice(name),
        Rdata::Soa(soa) => out.extend_from_slice(soa.mname),
        Rdata::Mx { exchange, .. } => out.extend_from_slice(exchange),
        Rdata::Srv { target, .. } => out.extend_from_slice(target),
        Rdata::Txt(text) => strings(b"TXT ", text, out),
        Rdata::Spf(text) => strings(b"SPF ", text, out),
        Rdata::Rrsig(sig) => {
            out.extend_from_slice(b"RRSIG ");
            number(sig.type_covered.into(), out);
            out.push(b' ');
            out.extend_from_slice(if sig.signer.is_empty() { b"<Root>" } else { sig.signer });
        }
        Rdata::Dnskey { algorithm, .. } => {
            out.extend_from_slice(b"DNSKEY ");
            number(algorithm.into(), out);
        }
        Rdata::Ds { algorithm, digest_type, .. } => {
            out.extend_from_slice(b"DS ");
            numbers([algorithm, digest_type], out);
        }
        Rdata::Nsec { next, .. } => {
            out.extend_from_slice(b"NSEC ");
            out.extend_from_slice(record.name);
            out.push(b' ');
            out.extend_from_slice(next);
        }
        Rdata::Nsec3(_) => out.extend_from_slice(b"NSEC3"),
        Rdata::Nsec3Param { .. } => out.extend_from_slice(b"NSEC3PARAM"),
        Rdata::Sshfp { fingerprint, .. } => {
            out.extend_from_slice(b"SSHFP: ");
            hex(fingerprint, out);
        }
        Rdata::Loc(loc) => {
            // Two spaces, as in Zeek.
            out.extend_from_slice(b"LOC:  ");
            numbers([loc.size, loc.horizontal, loc.vertical], out);
        }
        Rdata::Binds { .. } => out.extend_from_slice(b"BIND9 signing signal"),
        Rdata::Unknown(_) => {
            out.extend_from_slice(b"<unknown type=");
            number(record.rtype.into(), out);
            out.push(b'>');
        }
        Rdata::Wks => {}
        Rdata::Hinfo { .. }
        | Rdata::NetbiosName
        | Rdata::NetbiosStatus
        | Rdata::Caa { .. }
        | Rdata::Opt(_)
        | Rdata::Tsig(_)
        | Rdata::Svcb { .. }
        | Rdata::Https { .. }
        | Rdata::Malformed(_) => return Spelling::None,
    }
    if out.len() == start { Spelling::Empty } else { Spelling::Text }
}

/// `TXT 5 hello TXT 5 world`: every string behind its length.
fn strings(kind: &[u8], text: CharStrings<'_>, out: &mut Vec<u8>) {
    for (i, string) in text.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(kind);
        number(string.len() as u32, out);
        out.push(b' ');
        out.extend_from_slice(string);
    }
}

fn number(n: u32, out: &mut Vec<u8>) {
    // Writing into a Vec cannot fail.
    let _ = write!(out, "{n}");
}

fn numbers<const N: usize>(list: [u8; N], out: &mut Vec<u8>) {
    for (i, n) in list.into_iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        octet(n, out);
    }
}

fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        let digit = |n: u8| if n < 10 { b'0' + n } else { b'a' + n - 10 };
        out.extend([digit(byte >> 4), digit(byte & 0x0f)]);
    }
}
