//! DNS's events and their arguments, in Zeek's order.

use std::net::IpAddr;

use nightjar_protocols::dns::rdata::{CharStrings, Rdata, Soa};
use nightjar_protocols::dns::{Header, Question, Record, Section};
use smallvec::{SmallVec, smallvec};

use crate::event::{EventId, Part, Span, Taken};
use crate::time::{Interval, Time};

/// Zeek's `dns_msg`.
fn msg(header: &Header, netbios: bool, taken: &mut Taken) -> Part {
    taken.record(&[
        Part::Count(header.id.into()),
        Part::Count(header.opcode().into()),
        Part::Count(header.rcode().into()),
        Part::Bool(header.is_response()),
        Part::Bool(header.authoritative()),
        Part::Bool(header.truncated()),
        Part::Bool(header.recursion_desired()),
        Part::Bool(header.recursion_available()),
        Part::Count(header.z().into()),
        Part::Bool(header.flags & 0x0020 != 0),
        Part::Bool(header.flags & 0x0010 != 0),
        Part::Count(header.questions.into()),
        Part::Count(header.answers.into()),
        Part::Count(header.authorities.into()),
        Part::Count(header.additionals.into()),
        Part::Bool(netbios),
    ])
}

pub(super) fn message(header: &Header, netbios: bool, is_orig: bool, len: usize, taken: &mut Taken) -> Span {
    let msg = msg(header, netbios, taken);
    taken.parts(&[Part::Conn, Part::Bool(is_orig), msg, Part::Count(len as u64)])
}

/// The last part is no argument: whether the row is complete.
pub(super) fn end(header: &Header, netbios: bool, complete: bool, taken: &mut Taken) -> Span {
    let msg = msg(header, netbios, taken);
    taken.parts(&[Part::Conn, msg, Part::Bool(complete)])
}

/// The event that an entry of the question section is.
pub(super) fn question_id(header: &Header) -> EventId {
    match header.is_response() {
        false => EventId::DnsRequest,
        true if header.has_no_records() => EventId::DnsRejected,
        true => EventId::DnsQueryReply,
    }
}

pub(super) fn question(header: &Header, netbios: bool, question: &Question<'_>, taken: &mut Taken) -> Span {
    let args = [
        Part::Conn,
        msg(header, netbios, taken),
        taken.text(question.name),
        count(question.qtype),
        count(question.qclass),
        taken.text(question.original),
    ];
    taken.parts(&args)
}

/// The event that a record is. `None` for those of types whose events are not raised.
pub(super) fn record_id(record: &Record<'_>) -> Option<EventId> {
    Some(match record.data {
        Rdata::A(_) => EventId::DnsA,
        Rdata::Aaaa(_) => EventId::DnsAaaa,
        Rdata::A6(_) => EventId::DnsA6,
        Rdata::Ns(_) => EventId::DnsNs,
        Rdata::Cname(_) => EventId::DnsCname,
        Rdata::Ptr(_) => EventId::DnsPtr,
        Rdata::Soa(_) => EventId::DnsSoa,
        Rdata::Mx { .. } => EventId::DnsMx,
        Rdata::Txt(_) => EventId::DnsTxt,
        Rdata::Spf(_) => EventId::DnsSpf,
        Rdata::Srv { .. } => EventId::DnsSrv,
        Rdata::Hinfo { .. } => EventId::DnsHinfo,
        Rdata::Wks => EventId::DnsWks,
        Rdata::Caa { .. } => EventId::DnsCaa,
        Rdata::Opt(_) => EventId::DnsEdns,
        Rdata::Loc(_) => EventId::DnsLoc,
        Rdata::Sshfp { .. } => EventId::DnsSshfp,
        Rdata::Svcb { .. } => EventId::DnsSvcb,
        Rdata::Https { .. } => EventId::DnsHttps,
        Rdata::Unknown(_) => EventId::DnsUnknown,
        Rdata::Rrsig(_) => EventId::DnsRrsig,
        Rdata::Dnskey { .. } => EventId::DnsDnskey,
        Rdata::Nsec { .. } => EventId::DnsNsec,
        Rdata::Nsec3(_) => EventId::DnsNsec3,
        Rdata::Nsec3Param { .. } => EventId::DnsNsec3Param,
        Rdata::Ds { .. } => EventId::DnsDs,
        Rdata::Binds { .. } => EventId::DnsBinds,
        Rdata::NetbiosName | Rdata::NetbiosStatus | Rdata::Tsig(_) | Rdata::Malformed(_) => return None,
    })
}

pub(super) fn record(header: &Header, netbios: bool, record: &Record<'_>, taken: &mut Taken) -> Span {
    let msg = msg(header, netbios, taken);
    if matches!(record.data, Rdata::Opt(_)) {
        let edns = edns(record, taken);
        return taken.parts(&[Part::Conn, msg, edns]);
    }
    let mut args: SmallVec<[Part; 8]> = smallvec![Part::Conn, msg, answer(record, taken)];
    match record.data {
        Rdata::A(addr) => args.push(Part::Addr(IpAddr::from(addr))),
        Rdata::Aaaa(addr) | Rdata::A6(addr) => args.push(Part::Addr(IpAddr::from(addr))),
        Rdata::Ns(name) | Rdata::Cname(name) | Rdata::Ptr(name) => args.push(taken.text(name)),
        Rdata::Soa(data) => args.push(soa(&data, taken)),
        Rdata::Mx { preference, exchange } => args.extend([taken.text(exchange), count(preference)]),
        Rdata::Txt(strings) | Rdata::Spf(strings) => args.push(texts(strings, taken)),
        Rdata::Srv { priority, weight, port, target } => {
            args.extend([taken.text(target), count(priority), count(weight), count(port)]);
        }
        Rdata::Hinfo { cpu, os } => args.extend([taken.text(cpu), taken.text(os)]),
        Rdata::Caa { flags, tag, value } => args.extend([count(flags), taken.text(tag), taken.text(value)]),
        Rdata::Loc(loc) => {
            let fields = [
                count(loc.version),
                count(loc.size),
                count(loc.horizontal),
                count(loc.vertical),
                count(loc.latitude),
                count(loc.longitude),
                count(loc.altitude),
            ];
            args.push(about(record, &fields, taken));
        }
        Rdata::Sshfp { algorithm, fingerprint_type, fingerprint } => {
            args.extend([count(algorithm), count(fingerprint_type), hex(fingerprint, taken)]);
        }
        Rdata::Svcb { priority, target } | Rdata::Https { priority, target } => {
            let binding = [count(priority), taken.text(target)];
            args.push(taken.record(&binding));
        }
        _ => args.extend(dnssec(record, taken)),
    }
    taken.parts(&args)
}

/// What DNSSEC's records give: one record of their own, but for NSEC.
fn dnssec(record: &Record<'_>, taken: &mut Taken) -> SmallVec<[Part; 2]> {
    let own = match record.data {
        Rdata::Nsec { next, types } => {
            return smallvec![taken.text(next), bitmaps(types, taken)];
        }
        Rdata::Rrsig(sig) => {
            let (signer, signature) = (taken.text(sig.signer), taken.text(sig.signature));
            let fields = [
                count(sig.type_covered),
                count(sig.algorithm),
                count(sig.labels),
                seconds(sig.original_ttl),
                time(sig.expiration),
                time(sig.inception),
                count(sig.key_tag),
                signer,
                signature,
            ];
            about(record, &fields, taken)
        }
        Rdata::Dnskey { flags, protocol, algorithm, key } => {
            let fields = [count(flags), count(protocol), count(algorithm), taken.text(key)];
            about(record, &fields, taken)
        }
        Rdata::Ds { key_tag, algorithm, digest_type, digest } => {
            let fields = [count(key_tag), count(algorithm), count(digest_type), taken.text(digest)];
            about(record, &fields, taken)
        }
        Rdata::Nsec3(nsec3) => {
            let fields = [
                count(nsec3.flags),
                count(nsec3.hash),
                count(nsec3.iterations),
                Part::Count(nsec3.salt.len() as u64),
                taken.text(nsec3.salt),
                Part::Count(nsec3.next_hashed.len() as u64),
                taken.text(nsec3.next_hashed),
                bitmaps(nsec3.types, taken),
            ];
            about(record, &fields, taken)
        }
        Rdata::Nsec3Param { hash, flags, iterations, salt } => {
            let length = Part::Count(salt.len() as u64);
            let fields = [count(flags), count(hash), count(iterations), length, taken.text(salt)];
            about(record, &fields, taken)
        }
        Rdata::Binds { algorithm, key_id, removal, complete } => {
            let complete = complete.first().copied().unwrap_or_default();
            let fields = [count(algorithm), count(key_id), count(removal), count(complete)];
            about(record, &fields, taken)
        }
        _ => return SmallVec::new(),
    };
    smallvec![own]
}

/// The record that Zeek makes of a record's data: between its name and section, and that it is no query.
fn about(record: &Record<'_>, fields: &[Part], taken: &mut Taken) -> Part {
    let mut all: SmallVec<[Part; 12]> = smallvec![taken.text(record.name), section(record.section)];
    all.extend_from_slice(fields);
    all.push(Part::Count(0));
    taken.record(&all)
}

/// The bytes of each window of type bit maps (RFC 4034 §4.1.2).
fn bitmaps(types: &[u8], taken: &mut Taken) -> Part {
    let mut windows: SmallVec<[Part; 4]> = SmallVec::new();
    let mut rest = types;
    while let [_, length, after @ ..] = rest {
        let (window, left) = after.split_at_checked(usize::from(*length)).unwrap_or((after, &[]));
        if !window.is_empty() {
            windows.push(taken.text(window));
        }
        rest = left;
    }
    taken.list(&windows)
}

/// Zeek's `dns_answer`.
fn answer(record: &Record<'_>, taken: &mut Taken) -> Part {
    let fields = [
        section(record.section),
        taken.text(record.name),
        count(record.rtype),
        count(record.class),
        seconds(record.ttl),
    ];
    taken.record(&fields)
}

/// As `DNS_ANS`, `DNS_AUTH` and `DNS_ADDL`.
fn section(section: Section) -> Part {
    Part::Count(match section {
        Section::Answer => 1,
        Section::Authority => 2,
        Section::Additional => 3,
    })
}

/// Zeek's `dns_edns_additional`: class and TTL of the record have other meanings (RFC 6891 §6.1.3).
fn edns(record: &Record<'_>, taken: &mut Taken) -> Part {
    let [extended_rcode, version, high, low] = record.ttl.to_be_bytes();
    let fields = [
        taken.text(record.name),
        count(record.rtype),
        count(record.rtype),
        count(record.class),
        count(extended_rcode),
        count(version),
        count(u16::from_be_bytes([high, low])),
        seconds(record.ttl),
        Part::Count(0),
    ];
    taken.record(&fields)
}

fn soa(soa: &Soa<'_>, taken: &mut Taken) -> Part {
    let fields = [
        taken.text(soa.mname),
        taken.text(soa.rname),
        count(soa.serial),
        seconds(soa.refresh),
        seconds(soa.retry),
        seconds(soa.expire),
        seconds(soa.minimum),
    ];
    taken.record(&fields)
}

fn texts(strings: CharStrings<'_>, taken: &mut Taken) -> Part {
    let texts: SmallVec<[Part; 8]> = strings.iter().map(|text| taken.text(text)).collect();
    taken.list(&texts)
}

fn hex(bytes: &[u8], taken: &mut Taken) -> Part {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    taken.text(digits.as_bytes())
}

fn count(number: impl Into<u64>) -> Part {
    Part::Count(number.into())
}

/// A time in seconds since 1970.
fn time(seconds: u32) -> Part {
    Part::Time(Time::from_nanos(i64::from(seconds) * 1_000_000_000))
}

fn seconds(seconds: u32) -> Part {
    Part::Interval(Interval::from_secs(seconds.into()))
}
