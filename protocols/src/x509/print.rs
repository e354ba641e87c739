//! Extensions as OpenSSL writes them (`X509V3_EXT_print`), as scripts see their values.

use std::fmt::Write;

use x509_parser::der_parser::asn1_rs::{Any, Class, Oid, Tag, ToDer};
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::x509::der::{Items, is_context};
use crate::x509::name::{self, oneline};
use crate::x509::names::long_name;
use crate::x509::{Extension, TIMESTAMPS, Timestamp, read_timestamps};

/// Bytes of one value as a script sees it, which stops certificates made for nothing else.
const MAX_TEXT: usize = 64 << 10;

/// A value as OpenSSL writes it; one that it does not know, or that is damaged, as an octet string in DER.
pub fn printed(extension: &Extension) -> Vec<u8> {
    let value = &extension.value[..];
    let text = match &extension.oid[..] {
        "2.5.29.14" => key_id(value),
        "2.5.29.15" => bits(value, &KEY_USAGE),
        "2.16.840.1.113730.1.1" => bits(value, &NETSCAPE_TYPE),
        "2.5.29.16" => usage_period(value),
        "2.5.29.17" | "2.5.29.18" => general_names(value),
        "2.5.29.19" => basic_constraints(value),
        "2.5.29.30" => name_constraints(value),
        "2.5.29.31" | "2.5.29.46" => distribution_points(value),
        "2.5.29.32" => policies(value),
        "2.5.29.33" => policy_mappings(value),
        "2.5.29.35" => authority_key_id(value),
        "2.5.29.36" => policy_constraints(value),
        "2.5.29.37" => key_purposes(value),
        "2.5.29.54" => only(value).and_then(|number| integer(&number)),
        "1.3.6.1.5.5.7.1.1" | "1.3.6.1.5.5.7.1.11" => access(value),
        "1.3.6.1.5.5.7.1.24" => features(value),
        "1.3.6.1.5.5.7.48.1.2" => only(value).map(|nonce| hex(nonce.data, "")),
        "1.3.6.1.5.5.7.48.1.5" => Some(String::new()),
        "1.3.6.1.4.1.11129.2.4.3" => Some("NULL".to_owned()),
        TIMESTAMPS | "1.3.6.1.4.1.11129.2.4.5" => timestamps(value),
        "2.16.840.1.113730.1.2"
        | "2.16.840.1.113730.1.3"
        | "2.16.840.1.113730.1.4"
        | "2.16.840.1.113730.1.7"
        | "2.16.840.1.113730.1.8"
        | "2.16.840.1.113730.1.12"
        | "2.16.840.1.113730.1.13" => ia5(value),
        _ => None,
    };
    match text {
        // Each character stands for a byte.
        Some(text) if text.len() <= MAX_TEXT => text.chars().map(|c| u32::from(c) as u8).collect(),
        _ => octets(value),
    }
}

/// DER of an octet string.
fn octets(value: &[u8]) -> Vec<u8> {
    let der = x509_parser::der_parser::asn1_rs::OctetString::new(value).to_der_vec();
    der.unwrap_or_else(|_| value.to_vec())
}

/// The one thing that is there.
fn only(value: &[u8]) -> Option<Any<'_>> {
    Items(value).next()
}

fn hex(bytes: &[u8], between: &str) -> String {
    let mut text = String::with_capacity(bytes.len() * (2 + between.len()));
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        let _ = write!(text, "{byte:02X}");
    }
    text
}

/// A number: short ones in decimal digits, long ones in hexadecimal.
fn integer(number: &Any<'_>) -> Option<String> {
    let data = number.data;
    let is_negative = data.first()? & 0x80 != 0;
    if data.len() <= 16 {
        let filled = if is_negative { -1_i128 } else { 0 };
        return Some(data.iter().fold(filled, |value, byte| value << 8 | i128::from(*byte)).to_string());
    }
    Some(format!("0x{}", hex(data, "")))
}

fn key_id(value: &[u8]) -> Option<String> {
    let id = only(value).filter(|id| id.header.tag() == Tag::OctetString)?;
    Some(hex(id.data, ":"))
}

/// RFC 5280 §4.2.1.3.
const KEY_USAGE: [&str; 9] = [
    "Digital Signature",
    "Non Repudiation",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Certificate Sign",
    "CRL Sign",
    "Encipher Only",
    "Decipher Only",
];

const NETSCAPE_TYPE: [&str; 8] = [
    "SSL Client",
    "SSL Server",
    "S/MIME",
    "Object Signing",
    "Unused",
    "SSL CA",
    "S/MIME CA",
    "Object Signing CA",
];

/// What is not a list of values over lines stands in one, with commas; an empty one says so.
fn in_line(values: &[String]) -> String {
    if values.is_empty() { "<EMPTY>\n".to_owned() } else { values.join(", ") }
}

fn bits(value: &[u8], names: &[&str]) -> Option<String> {
    let set = only(value).filter(|set| set.header.tag() == Tag::BitString)?;
    let bytes = set.data.get(1..)?;
    let is_set = |nth: usize| bytes.get(nth / 8).is_some_and(|byte| byte & (0x80 >> (nth % 8)) != 0);
    let found = names.iter().enumerate().filter(|(nth, _)| is_set(*nth));
    Some(in_line(&found.map(|(_, name)| (*name).to_owned()).collect::<Vec<_>>()))
}

/// A time as `Nov  1 18:54:00 2022 GMT`.
fn time(text: &[u8], fraction: &str) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = std::str::from_utf8(text).ok()?;
    let month: usize = text.get(4..6)?.parse().ok()?;
    let month = MONTHS.get(month.checked_sub(1)?)?;
    let day: u8 = text.get(6..8)?.parse().ok()?;
    let (hour, minute, second) = (text.get(8..10)?, text.get(10..12)?, text.get(12..14)?);
    let year: u16 = text.get(..4)?.parse().ok()?;
    Some(format!("{month} {day:2} {hour}:{minute}:{second}{fraction} {year} GMT"))
}

fn usage_period(value: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    let mut items = Items(Items(value).sequence()?);
    while let Some(item) = items.next() {
        let name = if is_context(&item, 0) { "Not Before" } else { "Not After" };
        parts.push(format!("{name}: {}", time(item.data, "")?));
    }
    Some(parts.join(", "))
}

/// What an object is called, by its long name or its numbers.
fn object(item: &Any<'_>) -> Option<String> {
    let oid = Oid::try_from(item.clone()).ok()?.to_id_string();
    Some(purpose(&oid).or_else(|| long_name(&oid)).unwrap_or(&oid).to_owned())
}

/// Long names of what is in extensions alone.
fn purpose(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.29.32.0" => "X509v3 Any Policy",
        "2.5.29.37.0" => "Any Extended Key Usage",
        "1.3.6.1.5.5.7.3.1" => "TLS Web Server Authentication",
        "1.3.6.1.5.5.7.3.2" => "TLS Web Client Authentication",
        "1.3.6.1.5.5.7.3.3" => "Code Signing",
        "1.3.6.1.5.5.7.3.4" => "E-mail Protection",
        "1.3.6.1.5.5.7.3.5" => "IPSec End System",
        "1.3.6.1.5.5.7.3.6" => "IPSec Tunnel",
        "1.3.6.1.5.5.7.3.7" => "IPSec User",
        "1.3.6.1.5.5.7.3.8" => "Time Stamping",
        "1.3.6.1.5.5.7.3.9" => "OCSP Signing",
        "1.3.6.1.5.5.7.3.10" => "dvcs",
        "1.3.6.1.5.5.7.3.17" => "ipsec Internet Key Exchange",
        "1.3.6.1.5.5.7.3.21" => "SSH Client",
        "1.3.6.1.5.5.7.3.22" => "SSH Server",
        "1.3.6.1.4.1.311.2.1.21" => "Microsoft Individual Code Signing",
        "1.3.6.1.4.1.311.2.1.22" => "Microsoft Commercial Code Signing",
        "1.3.6.1.4.1.311.10.3.1" => "Microsoft Trust List Signing",
        "1.3.6.1.4.1.311.10.3.3" => "Microsoft Server Gated Crypto",
        "1.3.6.1.4.1.311.10.3.4" => "Microsoft Encrypted File System",
        "1.3.6.1.4.1.311.20.2.2" => "Microsoft Smartcard Login",
        "1.3.6.1.5.2.3.4" => "PKINIT Client Auth",
        "1.3.6.1.5.2.3.5" => "Signing KDC Response",
        "2.16.840.1.113730.4.1" => "Netscape Server Gated Crypto",
        "1.3.6.1.5.5.7.48.1" => "OCSP",
        "1.3.6.1.5.5.7.48.2" => "CA Issuers",
        "1.3.6.1.5.5.7.48.3" => "AD Time Stamping",
        "1.3.6.1.5.5.7.48.5" => "CA Repository",
        _ => return None,
    })
}

fn key_purposes(value: &[u8]) -> Option<String> {
    let mut purposes = Vec::new();
    let mut items = Items(Items(value).sequence()?);
    while let Some(item) = items.next() {
        purposes.push(object(&item)?);
    }
    Some(in_line(&purposes))
}

/// An address as OpenSSL writes it, of IPv6 without its short forms.
fn address(bytes: &[u8]) -> Option<String> {
    match bytes.len() {
        4 => Some(bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(".")),
        16 => {
            let (groups, _) = bytes.as_chunks::<2>();
            let groups = groups.iter().map(|group| format!("{:X}", u16::from_be_bytes(*group)));
            Some(groups.collect::<Vec<_>>().join(":"))
        }
        _ => None,
    }
}

fn characters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A general name (RFC 5280 §4.2.1.6). Names of directories are written in one of two ways.
fn general_name(name: &Any<'_>, directory: fn(&X509Name<'_>) -> String) -> Option<String> {
    if name.header.class() != Class::ContextSpecific {
        return None;
    }
    Some(match name.header.tag().0 {
        0 => "othername:<unsupported>".to_owned(),
        1 => format!("email:{}", characters(name.data)),
        2 => format!("DNS:{}", characters(name.data)),
        3 => "X400Name:<unsupported>".to_owned(),
        4 => {
            let (_, read) = X509Name::from_der(name.data).ok()?;
            format!("DirName:{}", directory(&read))
        }
        5 => "EdiPartyName:<unsupported>".to_owned(),
        6 => format!("URI:{}", characters(name.data)),
        7 => format!("IP Address:{}", address(name.data).unwrap_or_else(|| "<invalid>".to_owned())),
        8 => format!("Registered ID:{}", Oid::new(name.data.into()).to_id_string()),
        _ => return None,
    })
}

fn general_names(value: &[u8]) -> Option<String> {
    let mut names = Vec::new();
    let mut items = Items(Items(value).sequence()?);
    while let Some(item) = items.next() {
        names.push(general_name(&item, name::slashes)?);
    }
    Some(in_line(&names))
}

fn basic_constraints(value: &[u8]) -> Option<String> {
    let mut items = Items(Items(value).sequence()?);
    let mut item = items.next();
    let ca = item.as_ref().is_some_and(|item| {
        item.header.tag() == Tag::Boolean && item.data.first().is_some_and(|byte| *byte != 0)
    });
    if item.as_ref().is_some_and(|item| item.header.tag() == Tag::Boolean) {
        item = items.next();
    }
    let mut text = if ca { "CA:TRUE" } else { "CA:FALSE" }.to_owned();
    if let Some(len) = item.filter(|item| item.header.tag() == Tag::Integer) {
        text.push_str(&format!(", pathlen:{}", integer(&len)?));
    }
    Some(text)
}

/// Names on lines of their own, two further in.
fn names_on_lines(bytes: &[u8], indent: usize, text: &mut String) -> Option<()> {
    let mut items = Items(bytes);
    let mut nth = 0;
    while let Some(item) = items.next() {
        if nth > 0 {
            text.push('\n');
        }
        let _ = write!(text, "{:1$}{2}", "", indent + 2, general_name(&item, oneline)?);
        nth += 1;
    }
    Some(())
}

/// RFC 5280 §4.2.1.10.
fn name_constraints(value: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut kinds = Items(Items(value).sequence()?);
    while let Some(kind) = kinds.next() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(if is_context(&kind, 0) { "Permitted:\n" } else { "Excluded:\n" });
        let mut trees = Items(kind.data);
        let mut nth = 0;
        while let Some(tree) = trees.sequence() {
            let base = Items(tree).next()?;
            if nth > 0 {
                text.push('\n');
            }
            text.push_str("  ");
            let half = base.data.len() / 2;
            match (is_context(&base, 7), base.data.split_at_checked(half)) {
                (true, Some((net, mask))) => match (address(net), address(mask)) {
                    (Some(net), Some(mask)) => text.push_str(&format!("IP:{net}/{mask}")),
                    _ => text.push_str("IP Address:<invalid>"),
                },
                _ => text.push_str(&general_name(&base, oneline)?),
            }
            nth += 1;
        }
    }
    Some(text)
}

/// RFC 5280 §4.2.1.13.
fn distribution_points(value: &[u8]) -> Option<String> {
    const REASONS: [&str; 9] = [
        "Unused",
        "Key Compromise",
        "CA Compromise",
        "Affiliation Changed",
        "Superseded",
        "Cessation Of Operation",
        "Certificate Hold",
        "Privilege Withdrawn",
        "AA Compromise",
    ];
    let mut text = String::new();
    let mut points = Items(Items(value).sequence()?);
    let mut nth = 0;
    while let Some(point) = points.sequence() {
        if nth > 0 {
            text.push('\n');
        }
        nth += 1;
        let mut fields = Items(point);
        while let Some(field) = fields.next() {
            match field.header.tag().0 {
                0 => {
                    let name = Items(field.data).next()?;
                    if is_context(&name, 0) {
                        text.push_str("Full Name:\n");
                        names_on_lines(name.data, 0, &mut text)?;
                    } else {
                        // One part of a name, in a name of its own.
                        let part = [&[0x31, u8::try_from(name.data.len()).ok()?][..], name.data].concat();
                        let whole = [&[0x30, u8::try_from(part.len()).ok()?][..], &part].concat();
                        let (_, name) = X509Name::from_der(&whole).ok()?;
                        text.push_str(&format!("Relative Name:\n  {}\n", oneline(&name)));
                    }
                }
                1 => {
                    let bytes = field.data.get(1..)?;
                    let is_set =
                        |nth: usize| bytes.get(nth / 8).is_some_and(|byte| byte & (0x80 >> (nth % 8)) != 0);
                    let set = REASONS.iter().enumerate().filter(|(nth, _)| is_set(*nth));
                    let set: Vec<&str> = set.map(|(_, name)| *name).collect();
                    let set = if set.is_empty() { "<EMPTY>".to_owned() } else { set.join(", ") };
                    text.push_str(&format!("Reasons:\n  {set}\n"));
                }
                2 => {
                    text.push_str("CRL Issuer:\n");
                    names_on_lines(field.data, 0, &mut text)?;
                }
                _ => return None,
            }
        }
    }
    Some(text)
}

/// RFC 5280 §4.2.1.4.
fn policies(value: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut policies = Items(Items(value).sequence()?);
    while let Some(policy) = policies.sequence() {
        let mut policy = Items(policy);
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = write!(text, "Policy: {}", object(&policy.next()?)?);
        let Some(qualifiers) = policy.sequence() else { continue };
        text.push('\n');
        let mut qualifiers = Items(qualifiers);
        let mut nth = 0;
        while let Some(qualifier) = qualifiers.sequence() {
            if nth > 0 {
                text.push('\n');
            }
            nth += 1;
            let mut qualifier = Items(qualifier);
            let kind = qualifier.next()?;
            let number = Oid::try_from(kind.clone()).ok()?.to_id_string();
            match &number[..] {
                "1.3.6.1.5.5.7.2.1" => {
                    let _ = write!(text, "  CPS: {}", characters(qualifier.next()?.data));
                }
                "1.3.6.1.5.5.7.2.2" => {
                    text.push_str("  User Notice:\n");
                    user_notice(qualifier.sequence()?, &mut text)?;
                }
                _ => {
                    let _ = write!(text, "    Unknown Qualifier: {}", object(&kind)?);
                }
            }
        }
    }
    Some(text)
}

fn user_notice(notice: &[u8], text: &mut String) -> Option<()> {
    let mut fields = Items(notice);
    let mut field = fields.next();
    if let Some(reference) = field.clone().filter(|field| field.header.tag() == Tag::Sequence) {
        let mut reference = Items(reference.data);
        let _ = writeln!(text, "    Organization: {}", characters(reference.next()?.data));
        let mut numbers = Vec::new();
        let mut items = Items(reference.sequence()?);
        while let Some(number) = items.next() {
            numbers.push(integer(&number)?);
        }
        let plural = if numbers.len() > 1 { "s" } else { "" };
        let _ = write!(text, "    Number{plural}: {}", numbers.join(", "));
        field = fields.next();
        if field.is_some() {
            text.push('\n');
        }
    }
    if let Some(field) = field {
        let _ = write!(text, "    Explicit Text: {}", characters(field.data));
    }
    Some(())
}

fn policy_mappings(value: &[u8]) -> Option<String> {
    let mut mappings = Vec::new();
    let mut items = Items(Items(value).sequence()?);
    while let Some(mapping) = items.sequence() {
        let mut mapping = Items(mapping);
        mappings.push(format!("{}:{}", object(&mapping.next()?)?, object(&mapping.next()?)?));
    }
    Some(in_line(&mappings))
}

fn policy_constraints(value: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    let mut items = Items(Items(value).sequence()?);
    while let Some(item) = items.next() {
        let name = if is_context(&item, 0) { "Require Explicit Policy" } else { "Inhibit Policy Mapping" };
        parts.push(format!("{name}:{}", integer(&item)?));
    }
    Some(in_line(&parts))
}

/// RFC 5280 §4.2.1.1.
fn authority_key_id(value: &[u8]) -> Option<String> {
    let (mut id, mut names, mut number) = (None, None, None);
    let mut items = Items(Items(value).sequence()?);
    while let Some(item) = items.next() {
        match item.header.tag().0 {
            0 => id = Some(hex(item.data, ":")),
            1 => {
                let mut found = Vec::new();
                let mut list = Items(item.data);
                while let Some(name) = list.next() {
                    found.push(general_name(&name, name::slashes)?);
                }
                names = Some(found);
            }
            _ => number = Some(hex(item.data, ":")),
        }
    }
    // Where there is nothing else the identifier has no name.
    let is_alone = names.is_none() && number.is_none();
    let mut lines: Vec<String> =
        id.into_iter().map(|id| if is_alone { id } else { format!("keyid:{id}") }).collect();
    lines.extend(names.unwrap_or_default());
    lines.extend(number.map(|number| format!("serial:{number}")));
    Some(if lines.is_empty() { in_line(&[]) } else { lines.join("\n") })
}

/// RFC 5280 §4.2.2.1.
fn access(value: &[u8]) -> Option<String> {
    let mut lines = Vec::new();
    let mut items = Items(Items(value).sequence()?);
    while let Some(one) = items.sequence() {
        let mut one = Items(one);
        let (method, place) = (object(&one.next()?)?, one.next()?);
        lines.push(format!("{method} - {}", general_name(&place, name::slashes)?));
    }
    Some(if lines.is_empty() { in_line(&[]) } else { lines.join("\n") })
}

/// RFC 7633.
fn features(value: &[u8]) -> Option<String> {
    let mut names = Vec::new();
    let mut items = Items(Items(value).sequence()?);
    while let Some(item) = items.next() {
        names.push(match item.data {
            [5] => "status_request".to_owned(),
            [17] => "status_request_v2".to_owned(),
            _ => integer(&item)?,
        });
    }
    Some(in_line(&names))
}

fn ia5(value: &[u8]) -> Option<String> {
    only(value).filter(|text| text.header.tag() == Tag::Ia5String).map(|text| characters(text.data))
}

/// Bytes in lines of sixteen.
fn dump(bytes: &[u8], text: &mut String) {
    for (nth, line) in bytes.chunks(16).enumerate() {
        if nth > 0 {
            text.push_str(":\n                ");
        }
        text.push_str(&hex(line, ":"));
    }
}

/// RFC 6962 §3.3.
fn timestamps(value: &[u8]) -> Option<String> {
    let mut text = String::new();
    for (nth, one) in read_timestamps(value)?.iter().enumerate() {
        if nth > 0 {
            text.push('\n');
        }
        timestamp(one, &mut text)?;
    }
    Some(text)
}

fn timestamp(one: &Timestamp<'_>, text: &mut String) -> Option<()> {
    if one.version != 0 {
        return None;
    }
    text.push_str("Signed Certificate Timestamp:\n    Version   : v1 (0x0)\n    Log ID    : ");
    dump(one.log_id, text);
    let seconds = i64::try_from(one.timestamp / 1000).ok()?;
    let when = crate::x509::der::generalized(seconds);
    let when = time(when.as_bytes(), &format!(".{:03}", one.timestamp % 1000))?;
    let _ = write!(text, "\n    Timestamp : {when}\n    Extensions: ");
    if one.extensions.is_empty() {
        text.push_str("none");
    } else {
        dump(one.extensions, text);
    }
    let algorithm = match (one.hash, one.algorithm) {
        (4, 3) => "ecdsa-with-SHA256".to_owned(),
        (4, 1) => "sha256WithRSAEncryption".to_owned(),
        (hash, algorithm) => format!("{hash:02X}{algorithm:02X}"),
    };
    let _ = write!(text, "\n    Signature : {algorithm}\n                ");
    dump(one.signature, text);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::Certificate;

    /// What `openssl x509 -text` (3.0) writes of a certificate with extensions of all kinds, without its indentation.
    const EXPECTED: [(&str, &str); 18] = [
        ("2.5.29.19", "CA:TRUE, pathlen:3"),
        ("2.5.29.15", "Digital Signature, Certificate Sign, CRL Sign"),
        ("2.16.840.1.113730.1.1", "SSL Server, Object Signing"),
        ("2.16.840.1.113730.1.13", "churr"),
        ("2.5.29.37", "TLS Web Server Authentication, TLS Web Client Authentication, 1.2.3.4"),
        ("2.5.29.14", "90:D8:D4:74:A8:C8:27:64:79:F9:88:2C:04:3C:38:D6:4A:A8:BF:0B"),
        (
            "2.5.29.35",
            "keyid:90:D8:D4:74:A8:C8:27:64:79:F9:88:2C:04:3C:38:D6:4A:A8:BF:0B\nDirName:/CN=all.test\n\
             serial:72:1A:06:A7:78:BD:C8:8F:D4:2B:23:94:C3:92:10:9E:EE:07:09:BD",
        ),
        (
            "2.5.29.17",
            "DNS:a.test, email:x@a.test, URI:https://a.test/, IP Address:10.0.0.1, \
             IP Address:2001:DB8:0:0:0:0:0:1, Registered ID:1.2.3.4, DirName:/C=DE/O=Night, jar",
        ),
        ("2.5.29.18", "DNS:i.test"),
        (
            "2.5.29.31",
            "Full Name:\n  URI:http://crl.test/1.crlReasons:\n  Key Compromise, CA Compromise\nCRL Issuer:\n  \
             DirName:C = DE, O = \"Night, jar\"\nFull Name:\n  URI:http://crl.test/2.crl\n  URI:http://crl.test/3.crl",
        ),
        (
            "2.5.29.32",
            "Policy: X509v3 Any Policy\nPolicy: 1.2.3.5\nPolicy: 1.3.5.8\n  CPS: http://cps.test/\n  User Notice:\n    \
             Organization: Org\n    Numbers: 1, 2\n    Explicit Text: told",
        ),
        ("1.3.6.1.5.5.7.1.1", "OCSP - URI:http://o.test/\nCA Issuers - URI:http://c.test/"),
        ("2.5.29.30", "Permitted:\n  DNS:a.test\n  IP:10.0.0.0/255.0.0.0\nExcluded:\n  email:b.test"),
        ("2.5.29.36", "Require Explicit Policy:3, Inhibit Policy Mapping:1"),
        ("2.5.29.54", "2"),
        ("1.3.6.1.5.5.7.1.24", "status_request"),
        ("1.3.6.1.5.5.7.48.1.5", ""),
        // Not known: an octet string in DER.
        ("1.2.3.4.5", "\u{4}\u{5}\u{c}\u{3}odd"),
    ];

    #[test]
    fn values_are_written_as_openssl_does() {
        let certificate = Certificate::parse(include_bytes!("certs/extensions.der")).expect("a certificate");
        let found: Vec<(&str, String)> = certificate
            .extensions
            .iter()
            .map(|extension| (&extension.oid[..], String::from_utf8_lossy(&printed(extension)).into_owned()))
            .collect();
        let expected: Vec<(&str, String)> =
            EXPECTED.iter().map(|(oid, text)| (*oid, (*text).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_damaged_is_written_as_der() {
        for oid in EXPECTED.map(|(oid, _)| oid).into_iter().filter(|oid| *oid != "1.3.6.1.5.5.7.48.1.5") {
            let extension = Extension { oid: oid.to_owned(), critical: false, value: vec![0xff, 1] };
            assert_eq!(printed(&extension), [4, 2, 0xff, 1], "{oid}");
        }
    }
}
