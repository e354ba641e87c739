//! Filters of searches as text (RFC 4515), as Zeek and Wireshark write them.

use crate::asn1;
use crate::bounds::{Broken, Cursor, Result};
use crate::ldap::text::utf8;

/// Filters that are in one another deeper than this are not shown: what reads them goes as deep.
const MAX_DEPTH: usize = 100;

/// What stands for a filter that cannot be read.
const BROKEN: &[u8] = b"FILTER_PARSING_ERROR";

const CONTEXT: u8 = 0x80;

/// A filter, in parentheses.
pub(super) fn text(filter: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(filter.len() * 2);
    match filter_text(&mut Cursor::new(filter), MAX_DEPTH, &mut text) {
        Ok(()) => text,
        Err(_) => BROKEN.to_vec(),
    }
}

fn broken() -> Broken {
    Broken::Other(String::new())
}

fn filter_text(cursor: &mut Cursor<'_>, depth: usize, out: &mut Vec<u8>) -> Result<()> {
    let (tag, content) = asn1::encoding(cursor)?;
    if tag & 0xc0 != CONTEXT {
        return Err(broken());
    }
    let mut inner = Cursor::new(content);
    match tag & 0x1f {
        kind @ (0 | 1) => return several(kind, content, depth, out),
        2 => {
            let depth = depth.checked_sub(1).ok_or_else(broken)?;
            out.extend_from_slice(b"(!");
            filter_text(&mut inner, depth, out)?;
        }
        3 => comparison(&mut inner, b"=", out)?,
        4 => substrings(&mut inner, out)?,
        5 => comparison(&mut inner, b">=", out)?,
        6 => comparison(&mut inner, b"<=", out)?,
        7 => {
            out.push(b'(');
            out.extend_from_slice(&super::ascii(content));
            out.extend_from_slice(b"=*");
        }
        8 => comparison(&mut inner, b"~=", out)?,
        9 => extended(&mut inner, out)?,
        _ => return Err(broken()),
    }
    out.push(b')');
    Ok(())
}

/// All or one of several: from the third on each is joined to what stands before it, `(&(&(a=1)(b=2))(c=3))`.
fn several(kind: u8, content: &[u8], depth: usize, out: &mut Vec<u8>) -> Result<()> {
    let depth = depth.checked_sub(1).ok_or_else(broken)?;
    let (mut all, mut count) = (Cursor::new(content), 0_usize);
    while !all.is_empty() {
        asn1::encoding(&mut all)?;
        count += 1;
    }
    let sign: &[u8] = if kind == 0 { b"(&" } else { b"(|" };
    for _ in 0..count.saturating_sub(1).max(usize::from(count == 1)) {
        out.extend_from_slice(sign);
    }
    let mut each = Cursor::new(content);
    for at in 0..count {
        filter_text(&mut each, depth, out)?;
        if at > 0 || count == 1 {
            out.push(b')');
        }
    }
    Ok(())
}

fn comparison(cursor: &mut Cursor<'_>, sign: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let ((_, attribute), (_, value)) = (asn1::encoding(cursor)?, asn1::encoding(cursor)?);
    out.push(b'(');
    out.extend_from_slice(&utf8(attribute));
    out.extend_from_slice(sign);
    out.extend_from_slice(&decoded(attribute, value));
    Ok(())
}

fn substrings(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<()> {
    let (_, attribute) = asn1::encoding(cursor)?;
    let (_, parts) = asn1::encoding(cursor)?;
    out.push(b'(');
    out.extend_from_slice(&utf8(attribute));
    out.push(b'=');
    let mut parts = Cursor::new(parts);
    let (mut begun, mut last) = (false, None);
    while !parts.is_empty() {
        let (tag, part) = asn1::encoding(&mut parts)?;
        match tag & 0x1f {
            0 if !begun => {
                escape(&utf8(part), out);
                out.push(b'*');
                begun = true;
                continue;
            }
            1 => {
                if !std::mem::replace(&mut begun, true) {
                    out.push(b'*');
                }
                escape(&utf8(part), out);
                out.push(b'*');
            }
            2 => last = Some(part),
            _ => return Err(broken()),
        }
    }
    if !begun {
        out.push(b'*');
    }
    escape(&utf8(last.unwrap_or_default()), out);
    Ok(())
}

/// By a rule that is named: `(type:rule:=value)`.
fn extended(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<()> {
    let [mut rule, mut attribute, mut value]: [&[u8]; 3] = [b""; 3];
    while !cursor.is_empty() {
        let (tag, content) = asn1::encoding(cursor)?;
        match tag & 0x1f {
            1 => rule = content,
            2 => attribute = content,
            3 => value = content,
            _ => {}
        }
    }
    out.push(b'(');
    out.extend_from_slice(&decoded(rule, attribute));
    out.push(b':');
    out.extend_from_slice(&utf8(rule));
    out.extend_from_slice(b":=");
    escape(&utf8(value), out);
    Ok(())
}

/// The value of an attribute, some of which are no text (MS-ADTS §6.3.3.2).
fn decoded(attribute: &[u8], value: &[u8]) -> Vec<u8> {
    match attribute {
        b"DomainGuid" => guid(value),
        b"objectSid" | b"AAC" => {
            let bytes: Vec<String> = value.iter().map(|byte| format!("{byte:02x}")).collect();
            bytes.join(":")
        }
        b"DomainSid" => sid(value),
        b"NtVer" => match <[u8; 4]>::try_from(value) {
            Ok(bytes) => format!("{:#010x}", u32::from_le_bytes(bytes)),
            Err(_) => "HEX_FORMAT_FAILED".to_owned(),
        },
        _ => {
            let mut text = Vec::with_capacity(value.len());
            escape(&utf8(value), &mut text);
            return text;
        }
    }
    .into_bytes()
}

fn guid(value: &[u8]) -> String {
    let Ok([a, b, c, d, e, f, g, h, rest @ ..]) = <[u8; 16]>::try_from(value) else {
        return "GUID_FORMAT_FAILED".to_owned();
    };
    let [i, j, node @ ..] = rest;
    let node: String = node.iter().map(|byte| format!("{byte:02x}")).collect();
    let (one, two, three) =
        (u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes([e, f]), u16::from_le_bytes([g, h]));
    format!("{one:08x}-{two:04x}-{three:04x}-{i:02x}{j:02x}-{node}")
}

/// As Zeek shows it: four numbers behind the authority, and the count of them not looked at.
fn sid(value: &[u8]) -> String {
    let Ok([revision, _, a, b, c, d, e, f, rest @ ..]) = <[u8; 24]>::try_from(value) else {
        return "SID_FORMAT_FAILED".to_owned();
    };
    let authority = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let (numbers, _) = rest.as_chunks::<4>();
    let numbers: String = numbers.iter().map(|number| format!("-{}", u32::from_le_bytes(*number))).collect();
    format!("S-{revision}-{authority}{numbers}")
}

/// What has a meaning in a filter is written as a backslash and its number (RFC 4515 §3).
fn escape(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'(' | b')' | b'*' | b'\\' | 0 => out.extend_from_slice(format!("\\{byte:02x}").as_bytes()),
            _ => out.push(*byte),
        }
    }
}
