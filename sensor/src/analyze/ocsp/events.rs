//! The events of OCSP responses.

use nightjar_protocols::x509::Answer;

use crate::event::{File, events};
use crate::time::Time;

events! { [crate::analyze::first::ocsp]
    /// What became of a request: `successful`, `trylater` and so on (RFC 6960 §4.2.1).
    pub struct Status<'a>: "ocsp_response_status" {
        f: File,
        status: &'a str,
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

impl<'a> Answered<'a> {
    pub fn of(answer: &'a Answer) -> Self {
        let time = |secs: Option<i64>| super::record::time(secs).unwrap_or_default();
        Answered {
            f: File,
            hash_alg: &answer.hash_alg,
            issuer_name_hash: &answer.issuer_name_hash,
            issuer_key_hash: &answer.issuer_key_hash,
            serial: &answer.serial,
            status: answer.status,
            revoked_at: time(answer.revoked_at),
            reason: answer.reason.unwrap_or_default(),
            this_update: time(answer.this_update),
            next_update: time(answer.next_update),
        }
    }
}
