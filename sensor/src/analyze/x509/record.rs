//! x509.log: one row for every certificate, when it is seen for the first time.

use std::net::IpAddr;

use nightjar_protocols::x509::{AltNames, Certificate};

use crate::record::{Vector, record};
use crate::time::Time;

record! {
    /// A certificate.
    pub struct X509Row<'a> in "x509" {
        /// When it was seen.
        ts: Time = "ts",
        /// Its SHA-256.
        fingerprint: &'a str = "fingerprint",
        /// Its version, 1 to 3.
        version: u64 = "certificate.version" as "X509::Certificate$count",
        /// Its serial number, in hexadecimal digits.
        serial: &'a str = "certificate.serial" as "X509::Certificate$string",
        /// Whose it is, by RFC 2253.
        subject: &'a str = "certificate.subject" as "X509::Certificate$string",
        /// Who has signed it.
        issuer: &'a str = "certificate.issuer" as "X509::Certificate$string",
        /// Since when it is good.
        not_valid_before: Time = "certificate.not_valid_before" as "X509::Certificate$time",
        /// Until when it is good.
        not_valid_after: Time = "certificate.not_valid_after" as "X509::Certificate$time",
        /// What the key is for.
        key_alg: &'a str = "certificate.key_alg" as "X509::Certificate$string",
        /// What it is signed with.
        sig_alg: &'a str = "certificate.sig_alg" as "X509::Certificate$string",
        /// `rsa`, `dsa` or `ecdsa`.
        key_type: Option<&'a str> = "certificate.key_type" as "X509::Certificate$string",
        /// The length of the key in bits.
        key_length: Option<u64> = "certificate.key_length" as "X509::Certificate$count",
        /// RSA's exponent.
        exponent: Option<&'a str> = "certificate.exponent" as "X509::Certificate$string",
        /// The key's curve.
        curve: Option<&'a str> = "certificate.curve" as "X509::Certificate$string",
        /// Hosts that it is for.
        dns: Option<Vector<'a, &'a [u8]>> = "san.dns"
            as "X509::SubjectAlternativeName &optional$vector of string",
        /// URIs that it is for.
        uri: Option<Vector<'a, &'a [u8]>> = "san.uri"
            as "X509::SubjectAlternativeName &optional$vector of string",
        /// Addresses of mail that it is for.
        email: Option<Vector<'a, &'a [u8]>> = "san.email"
            as "X509::SubjectAlternativeName &optional$vector of string",
        /// Addresses that it is for.
        ip: Option<Vector<'a, IpAddr>> = "san.ip"
            as "X509::SubjectAlternativeName &optional$vector of addr",
        /// Whether it may sign others.
        ca: Option<bool> = "basic_constraints.ca" as "X509::BasicConstraints &optional$bool",
        /// How many may be between it and the last.
        path_len: Option<u64> = "basic_constraints.path_len" as "X509::BasicConstraints &optional$count",
        /// Whether it came first in its chain.
        host_cert: bool = "host_cert",
        /// Whether a client sent it.
        client_cert: bool = "client_cert",
    }
}

/// What is known of a certificate beside what it says.
#[derive(Clone, Copy)]
pub(super) struct Where<'a> {
    pub ts: Time,
    pub fingerprint: &'a str,
    pub host_cert: bool,
    pub client_cert: bool,
}

/// Makes the row of a certificate, and shows it.
pub(super) fn with<T>(certificate: &Certificate, seen: Where<'_>, what: impl FnOnce(&X509Row<'_>) -> T) -> T {
    let none = AltNames::default();
    let names = certificate.alt_names.as_ref().unwrap_or(&none);
    let [dns, uri, email] = [&names.dns, &names.uri, &names.email]
        .map(|names| names.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let constraints = certificate.basic_constraints;
    let seconds = |secs: i64| Time::from_nanos(secs.saturating_mul(1_000_000_000));
    what(&X509Row {
        ts: seen.ts,
        fingerprint: seen.fingerprint,
        version: certificate.version,
        serial: &certificate.serial,
        subject: &certificate.subject,
        issuer: &certificate.issuer,
        not_valid_before: seconds(certificate.not_before),
        not_valid_after: seconds(certificate.not_after),
        key_alg: &certificate.key_alg,
        sig_alg: &certificate.signature_alg,
        key_type: certificate.key.kind,
        key_length: certificate.key.length,
        exponent: certificate.key.exponent.as_deref(),
        curve: certificate.key.curve,
        dns: listed(&dns),
        uri: listed(&uri),
        email: listed(&email),
        ip: listed(&names.ip),
        ca: constraints.map(|constraints| constraints.ca),
        path_len: constraints.and_then(|constraints| constraints.path_len),
        host_cert: seen.host_cert,
        client_cert: seen.client_cert,
    })
}

fn listed<T>(items: &[T]) -> Option<Vector<'_, T>> {
    (!items.is_empty()).then_some(Vector(items))
}
