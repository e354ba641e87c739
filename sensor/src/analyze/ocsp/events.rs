//! The events of OCSP requests and responses.

use nightjar_protocols::x509::{Answer, Basic, CertificateId};

use crate::analyze::x509::events::ExtensionOf;
use crate::event::{ArgType, File, events, lists};
use crate::time::Time;

events! { [crate::analyze::first::ocsp]
    /// A request for the state of certificates (RFC 6960 §4.1); its version is 0.
    pub struct Request: "ocsp_request" {
        f: File,
        version: u64,
    }
    /// A certificate whose state is asked for. Digests and numbers are hexadecimal digits.
    pub struct Asked<'a>: "ocsp_request_certificate" {
        f: File,
        hash_alg: &'a str = "hashAlgorithm",
        issuer_name_hash: &'a str = "issuerNameHash",
        issuer_key_hash: &'a str = "issuerKeyHash",
        serial: &'a str = "serialNumber",
    }
    /// What became of a request: `successful`, `trylater` and so on (RFC 6960 §4.2.1).
    pub struct Status<'a>: "ocsp_response_status" {
        f: File,
        status: &'a str,
    }
    /// Who has answered, after what is said of certificates; its version is 0.
    pub struct Answers<'a>: "ocsp_response_bytes" {
        f: File,
        status: &'a str,
        version: u64,
        responder: &'a str = "responderId",
        produced_at: Time = "producedAt",
        signature_alg: &'a str = "signatureAlgorithm",
        certs: Ders<'a>,
    }
    /// An extension of a response, or of what it says of a certificate.
    pub struct ResponseExtension<'a>: "ocsp_extension" {
        f: File,
        ext: ExtensionOf<'a>,
        global_resp: bool,
    }
    /// What a response says of a certificate. Digests and numbers are hexadecimal digits; times that there are not
    /// are zero.
    pub struct Answered<'a>: "ocsp_response_certificate" {
        f: File,
        hash_alg: &'a str = "hashAlgorithm",
        issuer_name_hash: &'a str = "issuerNameHash",
        issuer_key_hash: &'a str = "issuerKeyHash",
        serial: &'a str = "serialNumber",
        status: &'a str = "certStatus",
        revoked_at: Time = "revoketime",
        reason: &'a str = "revokereason",
        this_update: Time = "thisUpdate",
        next_update: Time = "nextUpdate",
    }
}

lists! {
    /// Certificates, in DER.
    Ders(&'a [Vec<u8>]) as ArgType::Named("x509_opaque_vector"), |ders, arena| {
        ders.iter().map(|der| arena.text(der)).collect()
    };
}

impl<'a> Asked<'a> {
    pub fn of(id: &'a CertificateId) -> Self {
        Asked {
            f: File,
            hash_alg: &id.hash_alg,
            issuer_name_hash: &id.issuer_name_hash,
            issuer_key_hash: &id.issuer_key_hash,
            serial: &id.serial,
        }
    }
}

impl<'a> Answers<'a> {
    pub fn of(status: &'a str, basic: &'a Basic) -> Self {
        Answers {
            f: File,
            status,
            version: 0,
            responder: &basic.responder,
            produced_at: super::record::time(basic.produced_at).unwrap_or_default(),
            signature_alg: &basic.signature_alg,
            certs: Ders(&basic.certificates),
        }
    }
}

impl<'a> Answered<'a> {
    pub fn of(answer: &'a Answer) -> Self {
        let time = |secs: Option<i64>| super::record::time(secs).unwrap_or_default();
        Answered {
            f: File,
            hash_alg: &answer.id.hash_alg,
            issuer_name_hash: &answer.id.issuer_name_hash,
            issuer_key_hash: &answer.id.issuer_key_hash,
            serial: &answer.id.serial,
            status: answer.status,
            revoked_at: time(answer.revoked_at),
            reason: answer.reason.unwrap_or_default(),
            this_update: time(answer.this_update),
            next_update: time(answer.next_update),
        }
    }
}
