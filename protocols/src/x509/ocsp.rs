//! OCSP responses (RFC 6960 §4.2), as OpenSSL shows them and Zeek logs them.

use x509_parser::der_parser::asn1_rs::{Any, Class, FromDer, Oid, Tag};

use crate::x509::{known_or_number, serial};

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OcspResponse {
    /// `successful`, `trylater`, …
    pub status: &'static str,
    /// What it says of certificates; none where it was not successful.
    pub answers: Vec<Answer>,
}

/// What a response says of one certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The digest by which the issuer is named: `sha1`.
    pub hash_alg: String,
    /// In hexadecimal digits.
    pub issuer_name_hash: String,
    /// Likewise, of its key.
    pub issuer_key_hash: String,
    /// The certificate's, likewise.
    pub serial: String,
    /// `good`, `revoked` or `unknown`.
    pub status: &'static str,
    /// Seconds since 1970.
    pub revoked_at: Option<i64>,
    /// Why it was revoked.
    pub reason: Option<&'static str>,
    /// Since when it is known to be so, in seconds since 1970.
    pub this_update: Option<i64>,
    /// When more will be known.
    pub next_update: Option<i64>,
}

/// Answers of a response that are read. Usual ones have one.
const MAX_ANSWERS: usize = 256;

const STATUS: [&str; 7] = [
    "successful",
    "malformedrequest",
    "internalerror",
    "trylater",
    "(UNKNOWN)",
    "sigrequired",
    "unauthorized",
];

/// RFC 5280 §5.3.1.
const REASONS: [&str; 11] = [
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "(UNKNOWN)",
    "removeFromCRL",
    "privilegeWithdrawn",
    "aACompromise",
];

impl OcspResponse {
    /// Reads DER.
    pub fn parse(der: &[u8]) -> Option<OcspResponse> {
        let mut response = Items(Items(der).sequence()?);
        let status = response.next()?;
        let number = usize::from(*status.data.last()?);
        let status = STATUS.get(number).copied().filter(|_| status.header.tag() == Tag::Enumerated)?;
        let mut answers = Vec::new();
        if let Some(bytes) = response.next().filter(|item| is_context(item, 0)) {
            answers = basic(bytes.data).unwrap_or_default();
        }
        Some(OcspResponse { status, answers })
    }
}

fn basic(bytes: &[u8]) -> Option<Vec<Answer>> {
    const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
    let mut bytes = Items(Items(bytes).sequence()?);
    if Oid::try_from(bytes.next()?).ok()?.to_id_string() != BASIC {
        return None;
    }
    let mut basic = Items(Items(bytes.next()?.data).sequence()?);
    let mut data = Items(basic.sequence()?);
    // A version, who has answered, and when, before the answers.
    let answers = loop {
        let item = data.next()?;
        if item.header.tag() == Tag::Sequence && item.header.class() == Class::Universal {
            break item.data;
        }
    };
    let mut answers = Items(answers);
    let mut found = Vec::new();
    while found.len() < MAX_ANSWERS
        && let Some(answer) = answers.sequence()
    {
        found.push(single(Items(answer))?);
    }
    Some(found)
}

fn single(mut answer: Items<'_>) -> Option<Answer> {
    let mut id = Items(answer.sequence()?);
    let alg = Items(id.sequence()?).next()?;
    let hash_alg = known_or_number(&Oid::try_from(alg).ok()?.to_id_string());
    let (name, key, number) = (id.next()?, id.next()?, id.next()?);
    let status = answer.next()?;
    let mut read = Answer {
        hash_alg,
        issuer_name_hash: digits(name.data),
        issuer_key_hash: digits(key.data),
        serial: serial(number.data),
        status: match status.header.tag().0 {
            0 => "good",
            1 => "revoked",
            _ => "unknown",
        },
        ..Answer::default()
    };
    if read.status == "revoked" {
        let mut revoked = Items(status.data);
        read.revoked_at = revoked.next().and_then(|when| seconds(when.data));
        if let Some(reason) = revoked.next().filter(|item| is_context(item, 0)) {
            let number = Items(reason.data).next()?.data.last().copied();
            read.reason = REASONS.get(usize::from(number?)).copied();
        }
    }
    read.this_update = answer.next().and_then(|when| seconds(when.data));
    if let Some(next) = answer.next().filter(|item| is_context(item, 0)) {
        read.next_update = Items(next.data).next().and_then(|when| seconds(when.data));
    }
    Some(read)
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn is_context(item: &Any<'_>, number: u32) -> bool {
    item.header.class() == Class::ContextSpecific && item.header.tag().0 == number
}

/// DER, one thing after the other.
struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    fn next(&mut self) -> Option<Any<'a>> {
        let (rest, item) = Any::from_der(self.0).ok()?;
        self.0 = rest;
        Some(item)
    }

    /// What a sequence holds.
    fn sequence(&mut self) -> Option<&'a [u8]> {
        self.next().filter(|item| item.header.tag() == Tag::Sequence).map(|item| item.data)
    }
}

/// A GeneralizedTime in UTC (RFC 5280 §4.1.2.5.2): `20260102030405Z`.
fn seconds(text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z").unwrap_or(text);
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = digits.get(from..to)?;
        let all = digits.iter().all(u8::is_ascii_digit);
        all.then(|| digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    };
    let [month, day] = [number(4, 6)?, number(6, 8)?];
    let [hour, minute, second] = [number(8, 10)?, number(10, 12)?, number(12, 14).unwrap_or(0)];
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970, with years that begin in March.
    let year = number(0, 4)? - i64::from(month <= 2);
    let months = (month + 9) % 12;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * months + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let body = parts.concat();
        assert!(body.len() < 128 || body.len() < 256);
        let len = if body.len() < 128 { vec![body.len() as u8] } else { vec![0x81, body.len() as u8] };
        [vec![tag], len, body].concat()
    }

    fn response(status: Vec<u8>) -> Vec<u8> {
        let sha1 = tlv(0x30, &[vec![6, 5, 0x2b, 14, 3, 2, 26], vec![5, 0]]);
        let id =
            tlv(0x30, &[sha1, tlv(4, &[vec![0xab; 20]]), tlv(4, &[vec![0xcd; 20]]), vec![2, 2, 0, 0xff]]);
        let time = |text: &str| tlv(0x18, &[text.as_bytes().to_vec()]);
        let next = tlv(0xa0, &[time("20260203040506Z")]);
        let single = tlv(0x30, &[id, status, time("19700102000001Z"), next]);
        let data =
            tlv(0x30, &[tlv(0xa2, &[tlv(4, &[vec![1; 20]])]), time("20260101000000Z"), tlv(0x30, &[single])]);
        let basic = tlv(0x30, &[data]);
        let oid = vec![6, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 1];
        let bytes = tlv(0x30, &[oid, tlv(4, &[basic])]);
        tlv(0x30, &[vec![10, 1, 0], tlv(0xa0, &[bytes])])
    }

    #[test]
    fn responses_are_read() {
        let good = OcspResponse::parse(&response(vec![0x80, 0])).unwrap();
        let answer = Answer {
            hash_alg: "sha1".to_owned(),
            issuer_name_hash: "AB".repeat(20),
            issuer_key_hash: "CD".repeat(20),
            serial: "FF".to_owned(),
            status: "good",
            this_update: Some(86_401),
            next_update: Some(1_770_091_506),
            ..Answer::default()
        };
        assert_eq!(good, OcspResponse { status: "successful", answers: vec![answer] });
        let time = tlv(0x18, &[b"20260101000000Z".to_vec()]);
        let revoked = tlv(0xa1, &[time, tlv(0xa0, &[vec![10, 1, 1]])]);
        let revoked = OcspResponse::parse(&response(revoked)).unwrap().answers.remove(0);
        assert_eq!((revoked.status, revoked.reason), ("revoked", Some("keyCompromise")));
        assert_eq!(revoked.revoked_at, Some(1_767_225_600));
        let later = OcspResponse::parse(&tlv(0x30, &[vec![10, 1, 3]])).unwrap();
        assert_eq!(later, OcspResponse { status: "trylater", answers: vec![] });
    }

    #[test]
    fn what_is_cut_or_damaged_is_read_without_harm() {
        let der = response(vec![0x80, 0]);
        for len in 0..der.len() {
            assert_eq!(OcspResponse::parse(&der[..len]), None);
        }
        for at in 0..der.len() {
            for bit in 0..8 {
                let mut damaged = der.clone();
                damaged[at] ^= 1 << bit;
                let _ = OcspResponse::parse(&damaged);
            }
        }
    }
}
