//! Names as OpenSSL writes them by RFC 2253 (`XN_FLAG_RFC2253`).

use x509_parser::der_parser::asn1_rs::{Any, Tag, ToDer};
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::x509::names::short_name;

/// A name, its last part first, and so of each part; cut after so many bytes.
pub(super) fn rfc2253(name: &X509Name<'_>, max: usize) -> String {
    let parts: Vec<_> = name.iter_rdn().collect();
    let mut text = String::new();
    for (nth, part) in parts.iter().rev().enumerate() {
        if nth > 0 {
            text.push(',');
        }
        let attributes: Vec<_> = part.iter().collect();
        for (nth, attribute) in attributes.iter().rev().enumerate() {
            if nth > 0 {
                text.push('+');
            }
            let oid = attribute.attr_type().to_id_string();
            let known = short_name(&oid);
            text.push_str(known.unwrap_or(&oid));
            text.push('=');
            match characters(attribute.attr_value()).filter(|_| known.is_some()) {
                Some(characters) => escape(&characters, &mut text),
                None => dump(attribute.attr_value(), &mut text),
            }
        }
        if text.len() >= max {
            break;
        }
    }
    let mut end = text.len().min(max.saturating_sub(1));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// A name in DER, as logs show names.
pub(super) fn distinguished_name(der: &[u8], max: usize) -> Option<String> {
    let (_, name) = X509Name::from_der(der).ok()?;
    Some(rfc2253(&name, max))
}

/// A name in one line, its first part first (`XN_FLAG_ONELINE`).
pub(super) fn oneline(name: &X509Name<'_>) -> String {
    let mut text = String::new();
    for (nth, part) in name.iter_rdn().enumerate() {
        if nth > 0 {
            text.push_str(", ");
        }
        for (nth, attribute) in part.iter().enumerate() {
            if nth > 0 {
                text.push_str(" + ");
            }
            let oid = attribute.attr_type().to_id_string();
            let known = short_name(&oid);
            text.push_str(known.unwrap_or(&oid));
            text.push_str(" = ");
            match characters(attribute.attr_value()).filter(|_| known.is_some()) {
                Some(characters) => quote(&characters, &mut text),
                None => dump(attribute.attr_value(), &mut text),
            }
        }
    }
    text
}

/// A name as a path (`X509_NAME_oneline`).
pub(super) fn slashes(name: &X509Name<'_>) -> String {
    let mut text = String::new();
    for attribute in name.iter_attributes() {
        let oid = attribute.attr_type().to_id_string();
        text.push('/');
        text.push_str(short_name(&oid).unwrap_or(&oid));
        text.push('=');
        for byte in attribute.attr_value().data {
            match byte {
                0x20..0x7f => text.push(char::from(*byte)),
                _ => text.push_str(&format!("\\x{byte:02X}")),
            }
        }
    }
    text
}

/// The common names (RFC 5280, appendix A.1), in UTF-8.
pub(super) fn common_names(name: &X509Name<'_>) -> Vec<Vec<u8>> {
    let names = name.iter_common_name();
    names.filter_map(|name| Some(characters(name.attr_value())?.into_bytes())).collect()
}

/// What a string type holds. None of another type, or of bytes that are none.
fn characters(value: &Any<'_>) -> Option<String> {
    let data = value.data;
    match value.header.tag() {
        Tag::Utf8String => String::from_utf8(data.to_vec()).ok(),
        Tag::PrintableString
        | Tag::Ia5String
        | Tag::T61String
        | Tag::NumericString
        | Tag::VisibleString
        | Tag::UtcTime
        | Tag::GeneralizedTime => Some(data.iter().map(|byte| char::from(*byte)).collect()),
        Tag::BmpString => {
            let (units, rest) = data.as_chunks::<2>();
            let units = units.iter().map(|unit| u32::from(u16::from_be_bytes(*unit)));
            rest.is_empty().then(|| units.map(char::from_u32).collect()).flatten()
        }
        Tag::UniversalString => {
            let (units, rest) = data.as_chunks::<4>();
            let units = units.iter().map(|unit| u32::from_be_bytes(*unit));
            rest.is_empty().then(|| units.map(char::from_u32).collect()).flatten()
        }
        _ => None,
    }
}

/// RFC 2253 §2.4, and control characters and those beyond ASCII by their bytes.
fn escape(characters: &str, text: &mut String) {
    let last = characters.len().saturating_sub(1);
    for (at, byte) in characters.bytes().enumerate() {
        match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' => text.extend(['\\', char::from(byte)]),
            b'#' if at == 0 => text.push_str("\\#"),
            b' ' if at == 0 || at == last => text.push_str("\\ "),
            0x20..0x7f => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:02X}")),
        }
    }
}

/// What would have to be escaped is within quotes instead.
fn quote(characters: &str, text: &mut String) {
    let is_special = |c: char| matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';');
    let quotes =
        characters.contains(is_special) || characters.starts_with(['#', ' ']) || characters.ends_with(' ');
    if quotes {
        text.push('"');
    }
    for byte in characters.bytes() {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            0x20..0x7f => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:02X}")),
        }
    }
    if quotes {
        text.push('"');
    }
}

/// A value whose meaning is not known: its DER in hexadecimal.
fn dump(value: &Any<'_>, text: &mut String) {
    text.push('#');
    for byte in value.to_der_vec().unwrap_or_default() {
        text.push_str(&format!("{byte:02X}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_part_has_several_of_is_told_from_the_last_to_the_first() {
        let name =
            b"\x30\x16\x31\x14\x30\x08\x06\x03\x55\x04\x03\x0c\x01a\x30\x08\x06\x03\x55\x04\x07\x0c\x01b";
        let (_, name) = X509Name::from_der(name).expect("a name");
        assert_eq!(rfc2253(&name, 100), "L=b+CN=a");
    }
}
