//! X.509 certificates (RFC 5280), as OpenSSL shows them and Zeek logs them.
//!
//! The DER is read with `x509-parser`; what is said of it here is text, numbers and times. What a certificate cannot be
//! read for costs only itself.

mod der;
pub mod fuzz;
mod host;
mod key;
mod name;
mod names;
mod ocsp;
mod precert;
mod print;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate, X509Extension};

pub use key::Key;
pub use names::{long_name, short_name};
pub use ocsp::{Answer, Basic, CertificateId, OcspRequest, OcspResponse};
pub use precert::without_timestamps;
pub use print::printed;

/// A certificate's SHA-256, by which logs name it.
pub type Fingerprint = [u8; 32];

/// The fingerprint of a certificate in DER.
pub fn fingerprint(der: &[u8]) -> Fingerprint {
    Sha256::digest(der).into()
}

/// A certificate, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// 1 to 3.
    pub version: u64,
    /// In hexadecimal digits, a minus before them where it is negative.
    pub serial: String,
    /// By RFC 2253, as OpenSSL does.
    pub subject: String,
    /// The last common name of the subject.
    pub common_name: Option<Vec<u8>>,
    /// Who vouches for it, written likewise.
    pub issuer: String,
    /// Seconds since 1970.
    pub not_before: i64,
    /// The same.
    pub not_after: i64,
    /// The kind of the key: `rsaEncryption`.
    pub key_alg: String,
    /// What it is signed with: `sha256WithRSAEncryption`; empty where it has no name.
    pub signature_alg: String,
    /// The key of the subject.
    pub key: Key,
    /// RFC 5280 §4.2.1.6.
    pub alt_names: Option<AltNames>,
    /// RFC 5280 §4.2.1.9.
    pub basic_constraints: Option<BasicConstraints>,
    /// All of them, in their order.
    pub extensions: Vec<Extension>,
    /// All common names of the subject, in UTF-8.
    common_names: Vec<Vec<u8>>,
}

/// Names that a certificate is for, beside its subject (RFC 5280 §4.2.1.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AltNames {
    /// Hosts.
    pub dns: Vec<Vec<u8>>,
    /// Addresses of resources.
    pub uri: Vec<Vec<u8>>,
    /// Addresses of mail.
    pub email: Vec<Vec<u8>>,
    /// Addresses of hosts.
    pub ip: Vec<IpAddr>,
    /// There are names of other kinds.
    pub others: bool,
}

/// RFC 5280 §4.2.1.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether its key signs certificates.
    pub ca: bool,
    /// So many certificates may be between it and the last.
    pub path_len: Option<u64>,
}

/// An extension (RFC 5280 §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Numbers with dots between them.
    pub oid: String,
    /// Whoever does not understand it has to refuse the certificate.
    pub critical: bool,
    /// DER.
    pub value: Vec<u8>,
}

/// A signed certificate timestamp in a certificate (RFC 6962 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp<'a> {
    /// 0 is the first.
    pub version: u8,
    /// Which log vouches.
    pub log_id: &'a [u8],
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// None are known.
    pub extensions: &'a [u8],
    /// RFC 5246 §7.4.1.4.1.
    pub hash: u8,
    /// The same.
    pub algorithm: u8,
    /// The log's signature.
    pub signature: &'a [u8],
}

/// The extension with timestamps.
pub const TIMESTAMPS: &str = "1.3.6.1.4.1.11129.2.4.2";
/// Bytes of a name as a log shows it; OpenSSL's buffer in Zeek is as long.
const MAX_NAME: usize = 2048;
/// Alternative names of a certificate that are kept. The longest chains in use have some hundreds.
const MAX_ALT_NAMES: usize = 4096;

impl Certificate {
    /// Reads DER; what follows the certificate is not looked at.
    pub fn parse(der: &[u8]) -> Option<Certificate> {
        let (_, read) = X509Certificate::from_der(der).ok()?;
        let tbs = &read.tbs_certificate;
        let common_names = name::common_names(&tbs.subject);
        let mut certificate = Certificate {
            version: u64::from(tbs.version.0) + 1,
            serial: serial(tbs.raw_serial()),
            subject: name::rfc2253(&tbs.subject, MAX_NAME),
            common_name: common_names.last().cloned(),
            issuer: name::rfc2253(&tbs.issuer, MAX_NAME),
            not_before: tbs.validity.not_before.timestamp(),
            not_after: tbs.validity.not_after.timestamp(),
            key_alg: known_or_number(&tbs.subject_pki.algorithm.algorithm.to_id_string()),
            signature_alg: long_name(&read.signature_algorithm.algorithm.to_id_string())
                .unwrap_or_default()
                .to_owned(),
            key: Key::of(&tbs.subject_pki),
            common_names,
            ..Certificate::default()
        };
        for extension in tbs.extensions() {
            certificate.extend(extension);
        }
        Some(certificate)
    }

    fn extend(&mut self, extension: &X509Extension<'_>) {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                self.alt_names = Some(alt_names(&names.general_names));
            }
            ParsedExtension::BasicConstraints(constraints) => {
                let path_len = constraints.path_len_constraint.map(u64::from);
                self.basic_constraints = Some(BasicConstraints { ca: constraints.ca, path_len });
            }
            _ => {}
        }
        self.extensions.push(Extension {
            oid: extension.oid.to_id_string(),
            critical: extension.critical,
            value: extension.value.to_vec(),
        });
    }

    /// Whether it is for this host (RFC 6125), as OpenSSL's `X509_check_host` sees it.
    pub fn is_for(&self, host: &[u8]) -> bool {
        let names = self.alt_names.as_ref().map_or(&[][..], |names| &names.dns);
        // Where there are DNS names the subject does not count.
        let names = if names.is_empty() { &self.common_names } else { names };
        names.iter().any(|name| host::matches(name, host))
    }

    /// The timestamps that it holds.
    pub fn timestamps(&self) -> Vec<Timestamp<'_>> {
        let extension = self.extensions.iter().find(|extension| extension.oid == TIMESTAMPS);
        extension.and_then(|extension| read_timestamps(&extension.value)).unwrap_or_default()
    }
}

/// The kinds of the issuer's and the subject's names, and of extensions, in their order: their types in hexadecimal digits
/// (DER's content), with commas between them.
pub fn kinds(der: &[u8]) -> Option<[String; 3]> {
    let (_, read) = X509Certificate::from_der(der).ok()?;
    let tbs = &read.tbs_certificate;
    let hex = |oid: &[u8]| oid.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let [issuer, subject] = [&tbs.issuer, &tbs.subject].map(|name| {
        name.iter_attributes()
            .map(|attribute| hex(attribute.attr_type().as_bytes()))
            .collect::<Vec<_>>()
            .join(",")
    });
    let extensions =
        tbs.extensions().iter().map(|extension| hex(extension.oid.as_bytes())).collect::<Vec<_>>();
    Some([issuer, subject, extensions.join(",")])
}

/// A name in DER, as logs show names.
pub fn distinguished_name(der: &[u8]) -> Option<String> {
    name::distinguished_name(der, MAX_NAME)
}

fn known_or_number(oid: &str) -> String {
    long_name(oid).unwrap_or(oid).to_owned()
}

/// An integer's bytes in hexadecimal, as OpenSSL's `i2a_ASN1_INTEGER` writes them, with a break after 35 bytes.
fn serial(bytes: &[u8]) -> String {
    const LINE: usize = 35;
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let mut bytes = bytes.to_vec();
    if is_negative {
        // The magnitude of a two's complement.
        let mut carry = true;
        for byte in bytes.iter_mut().rev() {
            let (negated, carries) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (negated, carries);
        }
    }
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
    let digits = bytes.get(start..).unwrap_or_default();
    let mut text = if is_negative { "-".to_owned() } else { String::new() };
    for (nth, line) in digits.chunks(LINE).enumerate() {
        if nth > 0 {
            text.push_str("\\\n");
        }
        line.iter().for_each(|byte| text.push_str(&format!("{byte:02X}")));
    }
    if digits.is_empty() { "00".to_owned() } else { text }
}

fn alt_names(names: &[GeneralName<'_>]) -> AltNames {
    let mut found = AltNames::default();
    for name in names.iter().take(MAX_ALT_NAMES) {
        match name {
            GeneralName::DNSName(name) => found.dns.push(text(name)),
            GeneralName::URI(name) => found.uri.push(text(name)),
            GeneralName::RFC822Name(name) => found.email.push(text(name)),
            GeneralName::IPAddress(bytes) => match (bytes.first_chunk::<4>(), bytes.first_chunk::<16>()) {
                (_, Some(v6)) if bytes.len() == 16 => found.ip.push(IpAddr::from(*v6)),
                (Some(v4), _) if bytes.len() == 4 => found.ip.push(IpAddr::from(*v4)),
                _ => {}
            },
            _ => found.others = true,
        }
    }
    found
}

/// Up to a NUL, as it ends texts in C.
fn text(name: &str) -> Vec<u8> {
    name.as_bytes().split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

/// RFC 6962 §3.3: a list in an octet string within the extension's.
fn read_timestamps(value: &[u8]) -> Option<Vec<Timestamp<'_>>> {
    use crate::reader::Reader;
    let (_, inner) = x509_parser::der_parser::asn1_rs::OctetString::from_der(value).ok()?;
    // Borrowed from the extension, of which it is the end.
    let inner = value.get(value.len().checked_sub(inner.as_ref().len())?..)?;
    let mut r = Reader::new(inner);
    let len = r.u16("list").ok()?;
    let mut list = r.sub(usize::from(len), "list").ok()?;
    let mut found = Vec::new();
    while !list.is_empty() {
        let len = list.u16("timestamp").ok()?;
        let mut one = list.sub(usize::from(len), "timestamp").ok()?;
        let version = one.u8("version").ok()?;
        let log_id = one.take(32, "log_id").ok()?;
        let timestamp = one.u64("timestamp").ok()?;
        let extensions = one.u16("extensions").ok()?;
        let extensions = one.take(usize::from(extensions), "extensions").ok()?;
        let (hash, algorithm) = (one.u8("hash").ok()?, one.u8("signature").ok()?);
        let len = one.u16("signature").ok()?;
        let signature = one.take(usize::from(len), "signature").ok()?;
        found.push(Timestamp { version, log_id, timestamp, extensions, hash, algorithm, signature });
    }
    Some(found)
}
