//! ocsp.log: one row for every certificate that a response tells of.

use nightjar_protocols::x509::Answer;

use crate::record::{Uid, record};
use crate::time::Time;

record! {
    /// What a response says of a certificate.
    pub struct OcspRow<'a> in "ocsp" {
        /// When the response was seen.
        ts: Time = "ts",
        /// The response's identifier in files.log.
        id: Uid = "id",
        /// The digest by which the issuer is named.
        hash_alg: &'a str = "hashAlgorithm",
        /// That of the issuer's name.
        issuer_name_hash: &'a str = "issuerNameHash",
        /// That of the issuer's key.
        issuer_key_hash: &'a str = "issuerKeyHash",
        /// The certificate's serial number.
        serial: &'a str = "serialNumber",
        /// `good`, `revoked` or `unknown`.
        status: &'a str = "certStatus",
        /// Since when it is revoked.
        revoked_at: Option<Time> = "revoketime",
        /// Why it is revoked.
        reason: Option<&'a str> = "revokereason",
        /// When this was so.
        this_update: Option<Time> = "thisUpdate",
        /// When there will be news of it.
        next_update: Option<Time> = "nextUpdate",
    }
}

pub(super) fn of(ts: Time, id: Uid, answer: &Answer) -> OcspRow<'_> {
    OcspRow {
        ts,
        id,
        hash_alg: &answer.id.hash_alg,
        issuer_name_hash: &answer.id.issuer_name_hash,
        issuer_key_hash: &answer.id.issuer_key_hash,
        serial: &answer.id.serial,
        status: answer.status,
        revoked_at: time(answer.revoked_at),
        reason: answer.reason,
        this_update: time(answer.this_update),
        next_update: time(answer.next_update),
    }
}

pub(super) fn time(secs: Option<i64>) -> Option<Time> {
    secs.map(|secs| Time::from_nanos(secs.saturating_mul(1_000_000_000)))
}
