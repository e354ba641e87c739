//! DNSSEC: RFC 4034 and, for hashed denial, RFC 5155.

use super::{Place, Rdata, Read, bytes2, long, short, take, take_counted};
use crate::dns::name::Name;
use crate::dns::weird::{AlgorithmIssue, Weird};
use crate::reader::Reader;

/// RFC 4034 §3.1; times in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rrsig<'a> {
    /// The type of the records that are signed.
    pub type_covered: u16,
    /// As IANA numbers them.
    pub algorithm: u8,
    /// Labels of the name without a wildcard's.
    pub labels: u8,
    /// The TTL in the zone, in seconds.
    pub original_ttl: u32,
    /// In seconds since 1970, modulo 2^32.
    pub expiration: u32,
    /// In seconds since 1970, modulo 2^32.
    pub inception: u32,
    /// Which key, by a sum.
    pub key_tag: u16,
    /// The zone whose key it is.
    pub signer: &'a [u8],
    /// The signature itself.
    pub signature: &'a [u8],
}

/// RFC 5155 §3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nsec3<'a> {
    /// As IANA numbers them.
    pub hash: u8,
    /// 1 where names may be left out.
    pub flags: u8,
    /// How often the hash is applied beyond the first time.
    pub iterations: u16,
    /// What is hashed behind the name.
    pub salt: &'a [u8],
    /// The hash that follows.
    pub next_hashed: &'a [u8],
    /// Type bit maps as on the wire.
    pub types: &'a [u8],
}

pub(super) fn rrsig<'m: 'a, 'a>(
    place: Place<'_>,
    r: &mut Reader<'m>,
    [signer, _]: &'a mut [Name; 2],
    weird: &mut impl FnMut(Weird),
) -> Read<'a> {
    if r.remaining() < 18 {
        return Read::STOP;
    }
    let start = r.position();
    let type_covered = short(r);
    let [algorithm, labels] = bytes2(r);
    let (original_ttl, expiration, inception, key_tag) = (long(r), long(r), long(r), short(r));
    place.names.read(r, signer, weird);
    signer.make_lowercase();
    let signature = take(r, place.rdlength.saturating_sub(r.position() - start));
    if let Some(issue) = AlgorithmIssue::of(algorithm) {
        weird(Weird::RrsigAlgorithm(issue, algorithm));
    }
    Read::done(Rdata::Rrsig(Rrsig {
        type_covered,
        algorithm,
        labels,
        original_ttl,
        expiration,
        inception,
        key_tag,
        signer: signer.as_bytes(),
        signature,
    }))
}

pub(super) fn dnskey<'m>(rdlength: usize, r: &mut Reader<'m>, weird: &mut impl FnMut(Weird)) -> Read<'m> {
    /// Zone key (RFC 4034 §2.1.1), revoked (RFC 5011 §7), secure entry point: all the flags there are.
    const FLAGS: u16 = 0x0181;
    if r.remaining() < 4 {
        return Read::STOP;
    }
    let flags = short(r);
    let [protocol, algorithm] = bytes2(r);
    let key = take(r, rdlength.saturating_sub(4));
    if flags & !FLAGS != 0 {
        weird(Weird::DnskeyFlags(flags));
    }
    if flags & FLAGS == FLAGS {
        weird(Weird::DnskeyRevokedKsk(flags));
    }
    if protocol != 3 {
        weird(Weird::DnskeyProtocol(protocol));
    }
    if let Some(issue) = AlgorithmIssue::of(algorithm) {
        weird(Weird::DnskeyAlgorithm(issue, algorithm));
    }
    Read::done(Rdata::Dnskey { flags, protocol, algorithm, key })
}

pub(super) fn ds<'m>(rdlength: usize, r: &mut Reader<'m>, weird: &mut impl FnMut(Weird)) -> Read<'m> {
    if r.remaining() < 4 {
        return Read::STOP;
    }
    let key_tag = short(r);
    let [algorithm, digest_type] = bytes2(r);
    let digest = take(r, rdlength.saturating_sub(4));
    match digest_type {
        0 => weird(Weird::DsReservedDigest(digest_type)),
        1..=4 => {}
        _ => weird(Weird::DsUnknownDigest(digest_type)),
    }
    Read::done(Rdata::Ds { key_tag, algorithm, digest_type, digest })
}

/// The type bit maps (RFC 4034 §4.1.2) in the next `len` bytes, or less where the message ends.
/// An empty window ends them and is told to `empty`.
fn type_bitmaps<'m>(r: &mut Reader<'m>, len: usize, mut empty: impl FnMut(u8)) -> &'m [u8] {
    let data = r.rest();
    let start = r.position();
    let mut used = 0;
    while used < len && !r.is_empty() {
        let [window, window_len] = bytes2(r);
        if window_len == 0 {
            empty(window);
            break;
        }
        take(r, usize::from(window_len));
        used += 2 + usize::from(window_len);
    }
    data.get(..r.position() - start).unwrap_or(data)
}

pub(super) fn nsec<'m: 'a, 'a>(
    place: Place<'_>,
    r: &mut Reader<'m>,
    [next, _]: &'a mut [Name; 2],
    weird: &mut impl FnMut(Weird),
) -> Read<'a> {
    let start = r.position();
    place.names.read(r, next, weird);
    next.make_lowercase();
    let left = place.rdlength.saturating_sub(r.position() - start);
    let types = type_bitmaps(r, left, |window| weird(Weird::NsecEmptyBitmap(window)));
    Read::done(Rdata::Nsec { next: next.as_bytes(), types })
}

pub(super) fn nsec3<'m>(rdlength: usize, r: &mut Reader<'m>, weird: &mut impl FnMut(Weird)) -> Read<'m> {
    if r.remaining() < 6 {
        return Read::STOP;
    }
    let start = r.position();
    let [hash, flags] = bytes2(r);
    let iterations = short(r);
    let salt = take_counted(r);
    let next_hashed = take_counted(r);
    let left = rdlength.saturating_sub(r.position() - start);
    let types = type_bitmaps(r, left, |window| weird(Weird::Nsec3EmptyBitmap(window)));
    Read::done(Rdata::Nsec3(Nsec3 { hash, flags, iterations, salt, next_hashed, types }))
}

pub(super) fn nsec3param<'m>(r: &mut Reader<'m>) -> Read<'m> {
    if r.remaining() < 5 {
        return Read::STOP;
    }
    let [hash, flags] = bytes2(r);
    let iterations = short(r);
    let salt = take_counted(r);
    Read::done(Rdata::Nsec3Param { hash, flags, iterations, salt })
}
