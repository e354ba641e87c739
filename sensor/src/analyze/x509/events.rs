//! The events of certificates.

use std::net::IpAddr;

use nightjar_protocols::x509::{
    AltNames, BasicConstraints, Certificate, Extension, Timestamp, long_name, printed, short_name,
};

use crate::event::{Arena, ArgType, Argument, Event, EventId, File, List, Part, arg_records, events};
use crate::time::Time;

events! { [crate::analyze::first::x509]
    /// A certificate.
    pub struct CertificateSeen<'a>: "x509_certificate" {
        f: File,
        cert_ref: Der<'a>,
        cert: Parsed<'a>,
    }
    /// An extension of it.
    pub struct ExtensionSeen<'a>: "x509_extension" {
        f: File,
        ext: ExtensionOf<'a>,
    }
    /// Whether it may sign others (RFC 5280 §4.2.1.9).
    pub struct ConstraintsSeen: "x509_ext_basic_constraints" {
        f: File,
        ext: Constraints,
    }
    /// What it is for beside its subject (RFC 5280 §4.2.1.6).
    pub struct AltNamesSeen<'a>: "x509_ext_subject_alternative_name" {
        f: File,
        ext: Names<'a>,
    }
    /// A log promises to have it (RFC 6962 §3.3).
    pub struct TimestampSeen<'a>: "x509_ocsp_ext_signed_certificate_timestamp" {
        f: File,
        version: u8,
        logid: &'a [u8],
        timestamp: u64,
        hash_algorithm: u8,
        signature_algorithm: u8,
        signature: &'a [u8],
    }
}

/// All of them.
pub const ALL: [EventId; 5] =
    [CertificateSeen::ID, ExtensionSeen::ID, ConstraintsSeen::ID, AltNamesSeen::ID, TimestampSeen::ID];

arg_records! {
    /// What a certificate says.
    pub struct Parsed<'a>: "X509::Certificate" {
        version: u64 => "&log",
        /// In hexadecimal digits.
        serial: &'a str => "&log",
        /// By RFC 2253.
        subject: &'a str => "&log",
        /// The last common name of the subject.
        cn: Option<&'a [u8]> => "&optional",
        issuer: &'a str => "&log",
        not_valid_before: Time => "&log",
        not_valid_after: Time => "&log",
        key_alg: &'a str => "&log",
        sig_alg: &'a str => "&log",
        tbs_sig_alg: &'a str,
        /// `rsa`, `dsa` or `ecdsa`.
        key_type: Option<&'a str> => "&optional &log",
        /// In bits.
        key_length: Option<u64> => "&optional &log",
        /// RSA's.
        exponent: Option<&'a str> => "&optional &log",
        curve: Option<&'a str> => "&optional &log",
    }
    /// An extension.
    pub struct ExtensionOf<'a>: "X509::Extension" {
        name: &'a str,
        short_name: Option<&'a str> => "&optional",
        oid: &'a str,
        critical: bool,
        /// As OpenSSL writes it; DER where it does not know how.
        value: Printed<'a>,
    }
    /// Whether it may sign others.
    pub struct Constraints: "X509::BasicConstraints" {
        ca: bool => "&log",
        path_len: Option<u64> => "&optional &log",
    }
    /// What it is for beside its subject.
    pub struct Names<'a>: "X509::SubjectAlternativeName" {
        dns: Option<Texts<'a>> => "&optional &log",
        uri: Option<Texts<'a>> => "&optional &log",
        email: Option<Texts<'a>> => "&optional &log",
        ip: Option<Addresses<'a>> => "&optional &log",
        /// Names of other kinds, which are not kept.
        other_fields: bool,
    }
}

/// A certificate by which scripts ask for more of it: its DER.
#[derive(Clone, Copy, Debug)]
pub struct Der<'a>(pub &'a [u8]);

impl Argument for Der<'_> {
    const TYPE: ArgType = ArgType::Named("opaque of x509");

    fn put(&self, arena: &mut Arena) -> Part {
        arena.text(self.0)
    }
}

/// The value of an extension, written where a script hears of it.
#[derive(Clone, Copy, Debug)]
pub struct Printed<'a>(&'a Extension);

impl Argument for Printed<'_> {
    const TYPE: ArgType = ArgType::Named("string");

    fn put(&self, arena: &mut Arena) -> Part {
        arena.text(&printed(self.0))
    }
}

/// Texts.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a>(&'a [Vec<u8>]);

impl Argument for Texts<'_> {
    const TYPE: ArgType = ArgType::Named("string_vec");

    fn put(&self, arena: &mut Arena) -> Part {
        let parts: Vec<Part> = self.0.iter().map(|text| arena.text(text)).collect();
        arena.list(&parts)
    }
}

/// Addresses.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a>(&'a [IpAddr]);

impl Argument for Addresses<'_> {
    const TYPE: ArgType = ArgType::Named("addr_vec");

    fn put(&self, arena: &mut Arena) -> Part {
        List(self.0).put(arena)
    }
}

impl<'a> Parsed<'a> {
    pub fn of(certificate: &'a Certificate) -> Self {
        let seconds = |secs: i64| Time::from_nanos(secs.saturating_mul(1_000_000_000));
        Parsed {
            version: certificate.version,
            serial: &certificate.serial,
            subject: &certificate.subject,
            cn: certificate.common_name.as_deref(),
            issuer: &certificate.issuer,
            not_valid_before: seconds(certificate.not_before),
            not_valid_after: seconds(certificate.not_after),
            key_alg: &certificate.key_alg,
            sig_alg: &certificate.signature_alg,
            tbs_sig_alg: &certificate.signature_alg,
            key_type: certificate.key.kind,
            key_length: certificate.key.length,
            exponent: certificate.key.exponent.as_deref(),
            curve: certificate.key.curve,
        }
    }
}

impl<'a> ExtensionOf<'a> {
    pub fn of(extension: &'a Extension) -> Self {
        ExtensionOf {
            name: long_name(&extension.oid).unwrap_or(&extension.oid),
            short_name: short_name(&extension.oid),
            oid: &extension.oid,
            critical: extension.critical,
            value: Printed(extension),
        }
    }
}

impl<'a> TimestampSeen<'a> {
    pub fn of(timestamp: &Timestamp<'a>) -> Self {
        TimestampSeen {
            f: File,
            version: timestamp.version,
            logid: timestamp.log_id,
            timestamp: timestamp.timestamp,
            hash_algorithm: timestamp.hash,
            signature_algorithm: timestamp.algorithm,
            signature: timestamp.signature,
        }
    }
}

impl Constraints {
    pub fn of(constraints: BasicConstraints) -> Self {
        Constraints { ca: constraints.ca, path_len: constraints.path_len }
    }
}

impl<'a> Names<'a> {
    pub fn of(names: &'a AltNames) -> Self {
        let texts = |texts: &'a [Vec<u8>]| (!texts.is_empty()).then_some(Texts(texts));
        Names {
            dns: texts(&names.dns),
            uri: texts(&names.uri),
            email: texts(&names.email),
            ip: (!names.ip.is_empty()).then_some(Addresses(&names.ip)),
            other_fields: names.others,
        }
    }
}
