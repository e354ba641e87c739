//! OCSP responses (RFC 6960 §4.2), as OpenSSL shows them and Zeek logs them.

use x509_parser::der_parser::asn1_rs::{Class, FromDer, Oid, Tag, ToDer};
use x509_parser::x509::X509Name;

use crate::x509::der::{Items, is_context, seconds};
use crate::x509::name::oneline;
use crate::x509::{Extension, Timestamp, known_or_number, read_timestamps, serial};

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OcspResponse {
    /// `successful`, `trylater`, …
    pub status: &'static str,
    /// What it says of certificates; none where it was not successful.
    pub answers: Vec<Answer>,
    /// Who says so; none where nobody does.
    pub basic: Option<Basic>,
}

/// What of a response is not of one certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basic {
    /// A name in one line, or the digest of a key in hexadecimal digits.
    pub responder: String,
    /// Seconds since 1970.
    pub produced_at: Option<i64>,
    /// What it is signed with: `sha256WithRSAEncryption`.
    pub signature_alg: String,
    /// Certificates that came with it, in DER.
    pub certificates: Vec<Vec<u8>>,
    /// Extensions of the whole.
    pub extensions: Vec<Extension>,
}

/// A request for the state of certificates (RFC 6960 §4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OcspRequest {
    /// Which; a few at most.
    pub certificates: Vec<CertificateId>,
}

/// How OCSP names a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateId {
    /// The digest by which the issuer is named: `sha1`.
    pub hash_alg: String,
    /// In hexadecimal digits.
    pub issuer_name_hash: String,
    /// Likewise, of its key.
    pub issuer_key_hash: String,
    /// The certificate's, likewise.
    pub serial: String,
}

/// What a response says of one certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Which.
    pub id: CertificateId,
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
    /// Extensions of this answer.
    pub extensions: Vec<Extension>,
}

/// Answers of a response, or questions of a request, that are read. Usual ones have one.
const MAX_ANSWERS: usize = 256;
/// Certificates and extensions of a response that are read.
const MAX_OTHERS: usize = 64;

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
        let (mut answers, mut said) = (Vec::new(), None);
        if let Some(bytes) = response.next().filter(|item| is_context(item, 0))
            && let Some((found, basic)) = basic(bytes.data)
        {
            (answers, said) = (found, Some(basic));
        }
        Some(OcspResponse { status, answers, basic: said })
    }
}

impl OcspRequest {
    /// Reads DER.
    pub fn parse(der: &[u8]) -> Option<OcspRequest> {
        let mut request = Items(Items(Items(der).sequence()?).sequence()?);
        // A version and who asks, before the questions.
        let questions = loop {
            let item = request.next()?;
            if item.header.class() == Class::Universal {
                break Some(item).filter(|item| item.header.tag() == Tag::Sequence)?;
            }
        };
        let mut questions = Items(questions.data);
        let mut certificates = Vec::new();
        while certificates.len() < MAX_ANSWERS
            && let Some(question) = questions.sequence()
        {
            certificates.push(CertificateId::read(Items(question).sequence()?)?);
        }
        Some(OcspRequest { certificates })
    }
}

impl CertificateId {
    fn read(id: &[u8]) -> Option<Self> {
        let mut id = Items(id);
        let alg = Items(id.sequence()?).next()?;
        let (name, key, number) = (id.next()?, id.next()?, id.next()?);
        Some(CertificateId {
            hash_alg: known_or_number(&Oid::try_from(alg).ok()?.to_id_string()),
            issuer_name_hash: digits(name.data),
            issuer_key_hash: digits(key.data),
            serial: serial(number.data),
        })
    }
}

/// The extension with timestamps in an answer.
const TIMESTAMPS: &str = "1.3.6.1.4.1.11129.2.4.5";

impl Extension {
    /// The timestamps that an extension of a response holds; none in all others.
    pub fn ocsp_timestamps(&self) -> Vec<Timestamp<'_>> {
        let read = Some(&self.value).filter(|_| self.oid == TIMESTAMPS);
        read.and_then(|value| read_timestamps(value)).unwrap_or_default()
    }
}

fn basic(bytes: &[u8]) -> Option<(Vec<Answer>, Basic)> {
    const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
    let mut bytes = Items(Items(bytes).sequence()?);
    if Oid::try_from(bytes.next()?).ok()?.to_id_string() != BASIC {
        return None;
    }
    let mut basic = Items(Items(bytes.next()?.data).sequence()?);
    let mut data = Items(basic.sequence()?);
    let mut said = Basic::default();
    // A version, who has answered, and when, before the answers.
    let answers = loop {
        let item = data.next()?;
        match (item.header.class(), item.header.tag()) {
            (Class::Universal, Tag::Sequence) => break item.data,
            (Class::Universal, _) => said.produced_at = seconds(item.data),
            (_, Tag(1)) => {
                said.responder =
                    X509Name::from_der(item.data).map_or(String::new(), |(_, name)| oneline(&name));
            }
            (_, Tag(2)) => {
                said.responder = Items(item.data).next().map_or(String::new(), |key| digits(key.data))
            }
            _ => {}
        }
    };
    let mut answers = Items(answers);
    let mut found = Vec::new();
    while found.len() < MAX_ANSWERS
        && let Some(answer) = answers.sequence()
    {
        found.push(single(Items(answer))?);
    }
    if let Some(list) = data.next().filter(|item| is_context(item, 1)) {
        said.extensions = extensions(list.data);
    }
    if let Some(algorithm) = basic.sequence().and_then(|algorithm| Items(algorithm).next()) {
        let oid = Oid::try_from(algorithm).ok()?;
        said.signature_alg = known_or_number(&oid.to_id_string());
    }
    basic.next();
    if let Some(list) = basic.next().filter(|item| is_context(item, 0)) {
        let mut list = Items(Items(list.data).sequence().unwrap_or_default());
        while said.certificates.len() < MAX_OTHERS
            && let Some(der) = list.next().and_then(|item| item.to_der_vec().ok())
        {
            said.certificates.push(der);
        }
    }
    Some((found, said))
}

/// A list of extensions (RFC 5280 §4.2).
fn extensions(list: &[u8]) -> Vec<Extension> {
    let mut list = Items(Items(list).sequence().unwrap_or_default());
    let mut found = Vec::new();
    while found.len() < MAX_OTHERS
        && let Some(one) = list.sequence()
    {
        let mut one = Items(one);
        let Some(oid) = one.next().and_then(|oid| Oid::try_from(oid).ok()) else { break };
        let mut value = one.next();
        let mut critical = false;
        if let Some(flag) = value.as_ref().filter(|item| item.header.tag() == Tag::Boolean) {
            critical = flag.data.first().is_some_and(|byte| *byte != 0);
            value = one.next();
        }
        let value = value.map_or(Vec::new(), |value| value.data.to_vec());
        found.push(Extension { oid: oid.to_id_string(), critical, value });
    }
    found
}

fn single(mut answer: Items<'_>) -> Option<Answer> {
    let id = CertificateId::read(answer.sequence()?)?;
    let status = answer.next()?;
    let mut read = Answer {
        id,
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
    let mut more = answer.next();
    if let Some(next) = more.as_ref().filter(|item| is_context(item, 0)) {
        read.next_update = Items(next.data).next().and_then(|when| seconds(when.data));
        more = answer.next();
    }
    if let Some(list) = more.filter(|item| is_context(item, 1)) {
        read.extensions = extensions(list.data);
    }
    Some(read)
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
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
        let id = CertificateId {
            hash_alg: "sha1".to_owned(),
            issuer_name_hash: "AB".repeat(20),
            issuer_key_hash: "CD".repeat(20),
            serial: "FF".to_owned(),
        };
        let answer = Answer {
            id: id.clone(),
            status: "good",
            this_update: Some(86_401),
            next_update: Some(1_770_091_506),
            ..Answer::default()
        };
        let produced_at = Some(1_767_225_600);
        let basic = Basic { responder: "01".repeat(20), produced_at, ..Basic::default() };
        assert_eq!(good, OcspResponse { status: "successful", answers: vec![answer], basic: Some(basic) });
        let time = tlv(0x18, &[b"20260101000000Z".to_vec()]);
        let revoked = tlv(0xa1, &[time, tlv(0xa0, &[vec![10, 1, 1]])]);
        let revoked = OcspResponse::parse(&response(revoked)).unwrap().answers.remove(0);
        assert_eq!((revoked.status, revoked.reason), ("revoked", Some("keyCompromise")));
        assert_eq!(revoked.revoked_at, Some(1_767_225_600));
        let later = OcspResponse::parse(&tlv(0x30, &[vec![10, 1, 3]])).unwrap();
        assert_eq!(later, OcspResponse { status: "trylater", answers: vec![], basic: None });
    }

    #[test]
    fn requests_are_read() {
        let sha1 = tlv(0x30, &[vec![6, 5, 0x2b, 14, 3, 2, 26], vec![5, 0]]);
        let id = tlv(0x30, &[sha1, tlv(4, &[vec![1; 20]]), tlv(4, &[vec![2; 20]]), vec![2, 1, 9]]);
        let question = tlv(0x30, &[id]);
        for first in [vec![], tlv(0xa0, &[vec![2, 1, 0]])] {
            let list = tlv(0x30, &[question.clone(), question.clone()]);
            let der = tlv(0x30, &[tlv(0x30, &[first, list])]);
            let request = OcspRequest::parse(&der).unwrap();
            assert_eq!(request.certificates.len(), 2);
            assert_eq!(request.certificates[1].serial, "09");
            assert!((0..der.len()).all(|len| OcspRequest::parse(&der[..len]).is_none()));
        }
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
