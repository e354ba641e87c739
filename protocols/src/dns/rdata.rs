//! The data of a record, type by type.
//!
//! Reading is as lenient as Zeek's: a number that the message is too short for is 0, and a name
//! that leaves its record is read on. What follows a record is found by how much of it was read,
//! not by RDLENGTH, so the quirks here decide what the rest of a damaged message looks like.

use super::name::{Decoder, Name};
use super::types::rr;
use super::weird::{AlgorithmIssue, Weird};
use crate::reader::Reader;

/// The typed data of one record. Names are in lower case except where noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rdata<'a> {
    A([u8; 4]),
    Aaaa([u8; 16]),
    /// RFC 2874, read as if it were a whole address.
    A6([u8; 16]),
    Ns(&'a [u8]),
    Cname(&'a [u8]),
    Ptr(&'a [u8]),
    Soa(Soa<'a>),
    Mx {
        preference: u16,
        exchange: &'a [u8],
    },
    Txt(CharStrings<'a>),
    /// RFC 7208 §3.1 gave the type up; its data is TXT's.
    Spf(CharStrings<'a>),
    Srv {
        priority: u16,
        weight: u16,
        port: u16,
        target: &'a [u8],
    },
    Hinfo {
        cpu: &'a [u8],
        os: &'a [u8],
    },
    Wks,
    /// A NetBIOS name registration (RFC 1002 §4.2.2), unread.
    NetbiosName,
    /// A NetBIOS node status (RFC 1002 §4.2.18), unread.
    NetbiosStatus,
    Caa {
        flags: u8,
        tag: &'a [u8],
        value: &'a [u8],
    },
    /// EDNS. The owner, class and TTL of the record have meanings of their own (RFC 6891 §6.1.2).
    Opt(EdnsOptions<'a>),
    Tsig(Tsig<'a>),
    Rrsig(Rrsig<'a>),
    Dnskey {
        flags: u16,
        protocol: u8,
        algorithm: u8,
        key: &'a [u8],
    },
    Ds {
        key_tag: u16,
        algorithm: u8,
        digest_type: u8,
        digest: &'a [u8],
    },
    Nsec {
        next: &'a [u8],
        /// Type bit maps (RFC 4034 §4.1.2) as on the wire.
        types: &'a [u8],
    },
    Nsec3(Nsec3<'a>),
    Nsec3Param {
        hash: u8,
        flags: u8,
        iterations: u16,
        salt: &'a [u8],
    },
    Sshfp {
        algorithm: u8,
        fingerprint_type: u8,
        fingerprint: &'a [u8],
    },
    Loc(Loc),
    /// The target as it was spelled; empty means the owner itself (RFC 9460 §2.5).
    Svcb {
        priority: u16,
        target: &'a [u8],
    },
    Https {
        priority: u16,
        target: &'a [u8],
    },
    /// BIND 9's private record on a zone that is being signed.
    Binds {
        algorithm: u8,
        key_id: u16,
        removal: u8,
        complete: &'a [u8],
    },
    /// A type this parser reads, with data it could not make sense of.
    Malformed(&'a [u8]),
    /// A type this parser does not read.
    Unknown(&'a [u8]),
}

/// RFC 1035 §3.3.13; times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Soa<'a> {
    pub mname: &'a [u8],
    pub rname: &'a [u8],
    pub serial: u32,
    pub refresh: u32,
    pub retry: u32,
    pub expire: u32,
    pub minimum: u32,
}

/// RFC 8945 §4.2, the time as Zeek cuts it: the upper 32 and the lower 16 of its 48 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tsig<'a> {
    pub algorithm: &'a [u8],
    pub time_high: u32,
    pub time_low: u16,
    pub fudge: u16,
    pub mac: &'a [u8],
    pub original_id: u16,
    pub error: u16,
}

/// RFC 4034 §3.1; times in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rrsig<'a> {
    pub type_covered: u16,
    pub algorithm: u8,
    pub labels: u8,
    pub original_ttl: u32,
    pub expiration: u32,
    pub inception: u32,
    pub key_tag: u16,
    pub signer: &'a [u8],
    pub signature: &'a [u8],
}

/// RFC 5155 §3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nsec3<'a> {
    pub hash: u8,
    pub flags: u8,
    pub iterations: u16,
    pub salt: &'a [u8],
    pub next_hashed: &'a [u8],
    /// Type bit maps as on the wire.
    pub types: &'a [u8],
}

/// RFC 1876 §2, the numbers as encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loc {
    pub version: u8,
    pub size: u8,
    pub horizontal: u8,
    pub vertical: u8,
    pub latitude: u32,
    pub longitude: u32,
    pub altitude: u32,
}

/// `<character-string>`s (RFC 1035 §3.3), one after the other: those that are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CharStrings<'a>(&'a [u8]);

impl<'a> CharStrings<'a> {
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut r = Reader::new(self.0);
        std::iter::from_fn(move || char_string(&mut r))
    }
}

/// Options of an EDNS record (RFC 6891 §6.1.2): those that are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdnsOptions<'a>(&'a [u8]);

impl<'a> EdnsOptions<'a> {
    /// Option code and data, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut r = Reader::new(self.0);
        std::iter::from_fn(move || edns_option(&mut r))
    }
}

/// What surrounds a record's data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'m> {
    pub names: Decoder<'m>,
    pub rtype: u16,
    pub rdlength: usize,
    /// The responder's port is 137: type 33 is NBSTAT.
    pub netbios: bool,
    pub over_udp: bool,
}

/// What reading gave: the data, where there was enough for any, and whether the next record can be
/// looked for behind it.
pub(super) struct Read<'a> {
    pub data: Option<Rdata<'a>>,
    pub go_on: bool,
}

impl<'a> Read<'a> {
    const STOP: Self = Read { data: None, go_on: false };

    const fn done(data: Rdata<'a>) -> Self {
        Read { data: Some(data), go_on: true }
    }
}

/// Reads the data at `r`, which runs to the end of the message; the caller has seen that
/// `rdlength` bytes are there. Names go into `scratch`.
pub(super) fn read<'m: 'a, 'a>(
    place: Place<'m>,
    r: &mut Reader<'m>,
    scratch: &'a mut [Name; 2],
    weird: &mut impl FnMut(Weird),
) -> Read<'a> {
    let rdlength = place.rdlength;
    match place.rtype {
        rr::A => address(place, r, weird),
        rr::AAAA => Read::done(Rdata::Aaaa(lenient_address6(r))),
        rr::A6 => Read::done(Rdata::A6(lenient_address6(r))),
        rr::NS => Read::done(Rdata::Ns(only_name(place, r, scratch, weird))),
        rr::CNAME => Read::done(Rdata::Cname(only_name(place, r, scratch, weird))),
        rr::PTR => Read::done(Rdata::Ptr(only_name(place, r, scratch, weird))),
        rr::SOA => soa(place, r, scratch, weird),
        rr::MX => {
            let start = r.position();
            let preference = short(r);
            let exchange = name_to_end(place, start, r, scratch, weird);
            Read::done(Rdata::Mx { preference, exchange })
        }
        // Zeek reads neither of these two, and does not step over them: their data is then taken
        // for the next record. We go wrong with it, because what it logs of the rest depends on it.
        rr::WKS => Read::done(Rdata::Wks),
        rr::SRV if place.netbios => Read::done(Rdata::NetbiosStatus),
        rr::SRV => {
            let start = r.position();
            let (priority, weight, port) = (short(r), short(r), short(r));
            let target = name_to_end(place, start, r, scratch, weird);
            Read::done(Rdata::Srv { priority, weight, port, target })
        }
        rr::TXT => char_strings(take(r, rdlength), Rdata::Txt, weird),
        rr::SPF => char_strings(take(r, rdlength), Rdata::Spf, weird),
        rr::NB => {
            take(r, rdlength);
            Read::done(Rdata::NetbiosName)
        }
        rr::HINFO => Read::done(hinfo(take(r, rdlength))),
        rr::CAA => Read::done(caa(take(r, rdlength))),
        rr::OPT => edns(place, r, weird),
        rr::TSIG => tsig(place, r, scratch, weird),
        rr::SVCB | rr::HTTPS => svcb(place, r, scratch, weird),
        rr::LOC => loc(r, weird),
        rr::SSHFP => sshfp(rdlength, r),
        rr::BINDS => binds(rdlength, r),
        rr::RRSIG => rrsig(place, r, scratch, weird),
        rr::DNSKEY => dnskey(rdlength, r, weird),
        rr::DS => ds(rdlength, r, weird),
        rr::NSEC => nsec(place, r, scratch, weird),
        rr::NSEC3 => nsec3(rdlength, r, weird),
        rr::NSEC3PARAM => nsec3param(r),
        unknown => {
            weird(Weird::UnknownType(unknown));
            Read::done(Rdata::Unknown(take(r, rdlength)))
        }
    }
}

/// Whether Zeek steps over a record of this type unread where nobody wants to know of it.
pub(super) const fn is_skippable(rtype: u16) -> bool {
    matches!(
        rtype,
        rr::WKS | rr::HINFO | rr::TXT | rr::SPF | rr::CAA | rr::LOC | rr::SSHFP | rr::BINDS | rr::RRSIG
    ) || matches!(rtype, rr::DNSKEY | rr::DS | rr::NSEC | rr::NSEC3 | rr::NSEC3PARAM)
}

/// The next number, or 0 (and nothing read) where the message ends before it.
fn short(r: &mut Reader<'_>) -> u16 {
    r.u16("rdata").unwrap_or(0)
}

fn long(r: &mut Reader<'_>) -> u32 {
    r.u32("rdata").unwrap_or(0)
}

/// The next two bytes, or zeros.
fn bytes2(r: &mut Reader<'_>) -> [u8; 2] {
    short(r).to_be_bytes()
}

/// The next `len` bytes, or what is left of them.
fn take<'m>(r: &mut Reader<'m>, len: usize) -> &'m [u8] {
    r.take(len.min(r.remaining()), "rdata").unwrap_or_default()
}

/// A string behind one byte of length, cut at the end of the message.
fn take_counted<'m>(r: &mut Reader<'m>) -> &'m [u8] {
    let len = r.u8("length").unwrap_or(0);
    take(r, usize::from(len))
}

fn char_string<'m>(r: &mut Reader<'m>) -> Option<&'m [u8]> {
    let len = r.u8("length").ok()?;
    r.take(usize::from(len), "string").ok()
}

fn edns_option<'m>(r: &mut Reader<'m>) -> Option<(u16, &'m [u8])> {
    // Less than a code and a length is left alone, and so seen to be left.
    if r.remaining() < 4 {
        return None;
    }
    let (code, len) = (r.u16("option code").ok()?, r.u16("option length").ok()?);
    Some((code, r.take(usize::from(len), "option").ok()?))
}

fn address<'a>(place: Place<'_>, r: &mut Reader<'_>, weird: &mut impl FnMut(Weird)) -> Read<'a> {
    if place.rdlength != 4 {
        weird(Weird::BadRdlength);
        return Read::STOP;
    }
    Read::done(Rdata::A(long(r).to_be_bytes()))
}

/// 16 bytes whatever RDLENGTH says, in four parts of which those past the end are 0.
fn lenient_address6(r: &mut Reader<'_>) -> [u8; 16] {
    let words = [long(r), long(r), long(r), long(r)];
    let mut out = [0; 16];
    for (part, word) in out.chunks_exact_mut(4).zip(words) {
        part.copy_from_slice(&word.to_be_bytes());
    }
    out
}

/// A name in lower case that should end the data that began at `start`.
fn name_to_end<'a>(
    place: Place<'_>,
    start: usize,
    r: &mut Reader<'_>,
    [name, _]: &'a mut [Name; 2],
    weird: &mut impl FnMut(Weird),
) -> &'a [u8] {
    place.names.read(r, name, weird);
    name.make_lowercase();
    if r.position() - start != place.rdlength {
        weird(Weird::RdlengthMismatch);
    }
    name.as_bytes()
}

fn only_name<'a>(
    place: Place<'_>,
    r: &mut Reader<'_>,
    scratch: &'a mut [Name; 2],
    weird: &mut impl FnMut(Weird),
) -> &'a [u8] {
    let start = r.position();
    name_to_end(place, start, r, scratch, weird)
}

fn soa<'a>(
    place: Place<'_>,
    r: &mut Reader<'_>,
    [mname, rname]: &'a mut [Name; 2],
    weird: &mut impl FnMut(Weird),
) -> Read<'a> {
    let start = r.position();
    place.names.read(r, mname, weird);
    mname.make_lowercase();
    place.names.read(r, rname, weird);
    rname.make_lowercase();
    if r.remaining() < 20 {
        return Read::STOP;
    }
    let soa = Soa {
        mname: mname.as_bytes(),
        rname: rname.as_bytes(),
        serial: long(r),
        refresh: long(r),
        retry: long(r),
        expire: long(r),
        minimum: long(r),
    };
    if r.position() - start != place.rdlength {
        weird(Weird::RdlengthMismatch);
    }
    Read::done(Rdata::Soa(soa))
}

/// The strings in `data`, of which the last may be cut off.
fn char_strings<'m>(
    data: &'m [u8],
    of: impl FnOnce(CharStrings<'m>) -> Rdata<'m>,
    weird: &mut impl FnMut(Weird),
) -> Read<'m> {
    let mut strings = Reader::new(data);
    let mut whole = 0;
    while char_string(&mut strings).is_some() {
        whole = strings.position();
    }
    let (good, rest) = data.split_at_checked(whole).unwrap_or((data, &[]));
    if !rest.is_empty() {
        weird(Weird::CharStringPastRdata);
    }
    // A lone length byte at the end of the data does no harm: the next record follows it.
    Read { data: Some(of(CharStrings(good))), go_on: rest.len() <= 1 }
}

fn hinfo(data: &[u8]) -> Rdata<'_> {
    let mut r = Reader::new(data);
    match (char_string(&mut r), char_string(&mut r)) {
        (Some(cpu), Some(os)) => Rdata::Hinfo { cpu, os },
        _ => Rdata::Malformed(data),
    }
}

/// RFC 8659 §4.1.
fn caa(data: &[u8]) -> Rdata<'_> {
    let mut r = Reader::new(data);
    match (r.u8("flags"), char_string(&mut r)) {
        (Ok(flags), Some(tag)) => Rdata::Caa { flags, tag, value: r.rest() },
        _ => Rdata::Malformed(data),
    }
}

/// Reads options to the end of the message: Zeek expects an OPT record to be the last.
fn edns<'m>(place: Place<'_>, r: &mut Reader<'m>, weird: &mut impl FnMut(Weird)) -> Read<'m> {
    let data = r.rest();
    let mut whole = 0;
    let mut options = *r;
    let start = r.position();
    while let Some((code, option)) = edns_option(&mut options) {
        whole = options.position() - start;
        check_option(place, code, option, weird);
    }
    // Of an option that is cut off, its code and length were read.
    let left = options.remaining();
    let _ = r.skip(data.len(), "options");
    if left > 0 {
        weird(Weird::EdnsTruncatedOption);
    }
    Read { data: Some(Rdata::Opt(EdnsOptions(data.get(..whole).unwrap_or(data)))), go_on: left == 0 }
}

fn check_option(place: Place<'_>, code: u16, option: &[u8], weird: &mut impl FnMut(Weird)) {
    /// Client subnet (RFC 7871 §6).
    const ECS: u16 = 8;
    /// TCP keepalive (RFC 7828 §3.1), not to be sent over UDP (§3.2.1).
    const TCP_KEEPALIVE: u16 = 11;
    match code {
        ECS => check_client_subnet(option, weird),
        TCP_KEEPALIVE if place.over_udp && matches!(option.len(), 0 | 2) => weird(Weird::KeepaliveOverUdp),
        _ => {}
    }
}

fn check_client_subnet(option: &[u8], weird: &mut impl FnMut(Weird)) {
    let mut r = Reader::new(option);
    let (family, [prefix, _scope]) = (short(&mut r), bytes2(&mut r));
    if option.len() <= 4 {
        weird(Weird::EcsShort);
        return;
    }
    let have = r.remaining() as u32 * 8;
    let short = u32::from(prefix) > have;
    // Families of RFC 7871 §6: IANA's address family numbers.
    match family {
        1 if prefix > 32 => weird(Weird::EcsV4Prefix(prefix)),
        1 if short => weird(Weird::EcsV4Short { need: prefix, have }),
        2 if prefix > 128 => weird(Weird::EcsV6Prefix(prefix)),
        2 if short => weird(Weird::EcsV6Short { need: prefix, have }),
        _ => {}
    }
}

fn tsig<'m: 'a, 'a>(
    place: Place<'_>,
    r: &mut Reader<'m>,
    [algorithm, _]: &'a mut [Name; 2],
    weird: &mut impl FnMut(Weird),
) -> Read<'a> {
    place.names.read(r, algorithm, weird);
    algorithm.make_lowercase();
    let (time_high, time_low, fudge) = (long(r), short(r), short(r));
    let mac_len = short(r);
    let mac = take(r, usize::from(mac_len));
    let (original_id, error) = (short(r), short(r));
    let other_len = short(r);
    take(r, usize::from(other_len));
    let algorithm = algorithm.as_bytes();
    Read::done(Rdata::Tsig(Tsig { algorithm, time_high, time_low, fudge, mac, original_id, error }))
}

fn svcb<'a>(
    place: Place<'_>,
    r: &mut Reader<'_>,
    [target, _]: &'a mut [Name; 2],
    weird: &mut impl FnMut(Weird),
) -> Read<'a> {
    let start = r.position();
    if r.remaining() < 3 {
        weird(Weird::SvcbTooShort);
        return Read::STOP;
    }
    let priority = short(r);
    place.names.read(r, target, weird);
    take(r, place.rdlength.saturating_sub(r.position() - start));
    let target = target.as_bytes();
    Read::done(match place.rtype {
        rr::HTTPS => Rdata::Https { priority, target },
        _ => Rdata::Svcb { priority, target },
    })
}

fn loc<'a>(r: &mut Reader<'_>, weird: &mut impl FnMut(Weird)) -> Read<'a> {
    // One byte short of the record: the altitude is then 0 and three bytes stay unread.
    if r.remaining() < 15 {
        return Read::STOP;
    }
    let [version, size] = bytes2(r);
    let [horizontal, vertical] = bytes2(r);
    let (latitude, longitude, altitude) = (long(r), long(r), long(r));
    if version != 0 {
        weird(Weird::LocVersion(version));
    }
    Read::done(Rdata::Loc(Loc { version, size, horizontal, vertical, latitude, longitude, altitude }))
}

fn sshfp<'m>(rdlength: usize, r: &mut Reader<'m>) -> Read<'m> {
    if r.remaining() < 2 {
        return Read::STOP;
    }
    let [algorithm, fingerprint_type] = bytes2(r);
    let fingerprint = take(r, rdlength.saturating_sub(2));
    Read::done(Rdata::Sshfp { algorithm, fingerprint_type, fingerprint })
}

fn binds<'m>(rdlength: usize, r: &mut Reader<'m>) -> Read<'m> {
    if r.remaining() < 5 {
        return Read::STOP;
    }
    let [algorithm, high, low, removal] = long(r).to_be_bytes();
    let complete = take(r, rdlength.saturating_sub(4));
    let key_id = u16::from_be_bytes([high, low]);
    Read::done(Rdata::Binds { algorithm, key_id, removal, complete })
}

fn rrsig<'m: 'a, 'a>(
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

fn dnskey<'m>(rdlength: usize, r: &mut Reader<'m>, weird: &mut impl FnMut(Weird)) -> Read<'m> {
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

fn ds<'m>(rdlength: usize, r: &mut Reader<'m>, weird: &mut impl FnMut(Weird)) -> Read<'m> {
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

fn nsec<'m: 'a, 'a>(
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

fn nsec3<'m>(rdlength: usize, r: &mut Reader<'m>, weird: &mut impl FnMut(Weird)) -> Read<'m> {
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

fn nsec3param<'m>(r: &mut Reader<'m>) -> Read<'m> {
    if r.remaining() < 5 {
        return Read::STOP;
    }
    let [hash, flags] = bytes2(r);
    let iterations = short(r);
    let salt = take_counted(r);
    Read::done(Rdata::Nsec3Param { hash, flags, iterations, salt })
}
