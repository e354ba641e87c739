//! The data of a record, type by type.
//!
//! Reading is as lenient as Zeek's: a number that the message is too short for is 0, and a name
//! that leaves its record is read on. What follows a record is found by how much of it was read,
//! not by RDLENGTH, so the quirks here decide what the rest of a damaged message looks like.

mod dnssec;
mod edns;

use super::name::{Decoder, Name};
use super::types::rr;
use super::weird::Weird;
use crate::reader::Reader;
pub use dnssec::{Nsec3, Rrsig};
pub use edns::EdnsOptions;

/// The typed data of one record. Names are in lower case except where noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rdata<'a> {
    /// An IPv4 address (RFC 1035 §3.4.1).
    A([u8; 4]),
    /// An IPv6 address (RFC 3596).
    Aaaa([u8; 16]),
    /// RFC 2874, read as if it were a whole address.
    A6([u8; 16]),
    /// A name server (RFC 1035 §3.3.11).
    Ns(&'a [u8]),
    /// The canonical name (RFC 1035 §3.3.1).
    Cname(&'a [u8]),
    /// A name that is pointed to (RFC 1035 §3.3.12).
    Ptr(&'a [u8]),
    /// The start of a zone (RFC 1035 §3.3.13).
    Soa(Soa<'a>),
    /// A mail exchange (RFC 1035 §3.3.9).
    Mx {
        /// The lowest is tried first.
        preference: u16,
        /// Its name.
        exchange: &'a [u8],
    },
    /// Texts (RFC 1035 §3.3.14).
    Txt(CharStrings<'a>),
    /// RFC 7208 §3.1 gave the type up; its data is TXT's.
    Spf(CharStrings<'a>),
    /// A service's place (RFC 2782).
    Srv {
        /// The lowest is tried first.
        priority: u16,
        /// The share among those of the same priority.
        weight: u16,
        /// The service's port.
        port: u16,
        /// The host's name.
        target: &'a [u8],
    },
    /// What a host is (RFC 1035 §3.3.2).
    Hinfo {
        /// Its processor.
        cpu: &'a [u8],
        /// Its operating system.
        os: &'a [u8],
    },
    /// Well-known services (RFC 1035 §3.4.2), which are not read.
    Wks,
    /// A NetBIOS name registration (RFC 1002 §4.2.2), unread.
    NetbiosName,
    /// A NetBIOS node status (RFC 1002 §4.2.18), unread.
    NetbiosStatus,
    /// Who may issue certificates (RFC 8659).
    Caa {
        /// 128 where it is critical.
        flags: u8,
        /// The property's name.
        tag: &'a [u8],
        /// The property's value.
        value: &'a [u8],
    },
    /// EDNS. The owner, class and TTL of the record have meanings of their own (RFC 6891 §6.1.2).
    Opt(EdnsOptions<'a>),
    /// A message's signature (RFC 8945).
    Tsig(Tsig<'a>),
    /// A signature of records.
    Rrsig(Rrsig<'a>),
    /// A zone's key (RFC 4034 §2).
    Dnskey {
        /// 256 where it signs zones, 1 where it is an entry point, 128 where it is revoked.
        flags: u16,
        /// Always 3.
        protocol: u8,
        /// As IANA numbers them.
        algorithm: u8,
        /// The key itself.
        key: &'a [u8],
    },
    /// The digest of a key of a zone below (RFC 4034 §5).
    Ds {
        /// Which key, by a sum.
        key_tag: u16,
        /// The key's, as IANA numbers them.
        algorithm: u8,
        /// As IANA numbers them.
        digest_type: u8,
        /// The digest itself.
        digest: &'a [u8],
    },
    /// The name that follows in a zone (RFC 4034 §4).
    Nsec {
        /// That name.
        next: &'a [u8],
        /// Type bit maps (RFC 4034 §4.1.2) as on the wire.
        types: &'a [u8],
    },
    /// The hashed name that follows in a zone.
    Nsec3(Nsec3<'a>),
    /// How a zone's names are hashed (RFC 5155 §4).
    Nsec3Param {
        /// The hash, as IANA numbers them.
        hash: u8,
        /// None is defined here.
        flags: u8,
        /// How often it is applied beyond the first time.
        iterations: u16,
        /// What is hashed behind the name.
        salt: &'a [u8],
    },
    /// A host key's fingerprint (RFC 4255).
    Sshfp {
        /// The key's, as IANA numbers them.
        algorithm: u8,
        /// The digest, as IANA numbers them.
        fingerprint_type: u8,
        /// The digest itself.
        fingerprint: &'a [u8],
    },
    /// A place on earth.
    Loc(Loc),
    /// The target as it was spelled; empty means the owner itself (RFC 9460 §2.5).
    Svcb {
        /// 0 for an alias; else the lowest is tried first.
        priority: u16,
        /// The name of the endpoint.
        target: &'a [u8],
    },
    /// An endpoint of HTTP (RFC 9460).
    Https {
        /// 0 for an alias; else the lowest is tried first.
        priority: u16,
        /// The name of the endpoint.
        target: &'a [u8],
    },
    /// BIND 9's private record on a zone that is being signed.
    Binds {
        /// As IANA numbers them.
        algorithm: u8,
        /// Which key, by a sum.
        key_id: u16,
        /// Not 0 where signatures are taken away.
        removal: u8,
        /// Not 0 once it is done, and what follows.
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
    /// The primary server.
    pub mname: &'a [u8],
    /// The mailbox of who is responsible, with a dot for its at sign.
    pub rname: &'a [u8],
    /// The zone's version.
    pub serial: u32,
    /// Seconds until a secondary asks again.
    pub refresh: u32,
    /// Seconds until it does so after a failure.
    pub retry: u32,
    /// Seconds until it stops to answer without having reached the primary.
    pub expire: u32,
    /// Seconds for which it may be remembered that a name is not there (RFC 2308).
    pub minimum: u32,
}

/// RFC 8945 §4.2, the time as Zeek cuts it: the upper 32 and the lower 16 of its 48 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tsig<'a> {
    /// The algorithm's name.
    pub algorithm: &'a [u8],
    /// Seconds since 1970, without the lower 32 bits of 48.
    pub time_high: u32,
    /// Their lower 16 bits.
    pub time_low: u16,
    /// Seconds by which clocks may differ.
    pub fudge: u16,
    /// The code that authenticates the message.
    pub mac: &'a [u8],
    /// The message's identifier when it was signed.
    pub original_id: u16,
    /// An extended RCODE.
    pub error: u16,
}

/// RFC 1876 §2, the numbers as encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loc {
    /// Always 0.
    pub version: u8,
    /// The diameter, in centimetres, as a mantissa and an exponent of ten in half a byte each.
    pub size: u8,
    /// The horizontal precision, likewise.
    pub horizontal: u8,
    /// The vertical precision, likewise.
    pub vertical: u8,
    /// In thousandths of a second of arc; the equator is 2^31.
    pub latitude: u32,
    /// In thousandths of a second of arc; the prime meridian is 2^31.
    pub longitude: u32,
    /// In centimetres above 100 km below the WGS 84 spheroid.
    pub altitude: u32,
}

/// `<character-string>`s (RFC 1035 §3.3), one after the other: those that are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CharStrings<'a>(&'a [u8]);

impl<'a> CharStrings<'a> {
    /// The strings, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut r = Reader::new(self.0);
        std::iter::from_fn(move || char_string(&mut r))
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
        rr::OPT => edns::read(place, r, weird),
        rr::TSIG => tsig(place, r, scratch, weird),
        rr::SVCB | rr::HTTPS => svcb(place, r, scratch, weird),
        rr::LOC => loc(r, weird),
        rr::SSHFP => sshfp(rdlength, r),
        rr::BINDS => binds(rdlength, r),
        rr::RRSIG => dnssec::rrsig(place, r, scratch, weird),
        rr::DNSKEY => dnssec::dnskey(rdlength, r, weird),
        rr::DS => dnssec::ds(rdlength, r, weird),
        rr::NSEC => dnssec::nsec(place, r, scratch, weird),
        rr::NSEC3 => dnssec::nsec3(rdlength, r, weird),
        rr::NSEC3PARAM => dnssec::nsec3param(r),
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
