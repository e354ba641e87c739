//! DNS's events and their arguments, in Zeek's order.

use std::net::IpAddr;

use nightjar_protocols::dns::rdata::{CharStrings, Rdata, Soa};
use nightjar_protocols::dns::{Header, Question, Record, Section};

use crate::event::{Arg, EventId};
use crate::time::Interval;

/// Zeek's `dns_msg`.
fn msg(header: &Header, netbios: bool) -> Arg {
    Arg::Record(vec![
        Arg::Count(header.id.into()),
        Arg::Count(header.opcode().into()),
        Arg::Count(header.rcode().into()),
        Arg::Bool(header.is_response()),
        Arg::Bool(header.authoritative()),
        Arg::Bool(header.truncated()),
        Arg::Bool(header.recursion_desired()),
        Arg::Bool(header.recursion_available()),
        Arg::Count(header.z().into()),
        Arg::Bool(header.flags & 0x0020 != 0),
        Arg::Bool(header.flags & 0x0010 != 0),
        Arg::Count(header.questions.into()),
        Arg::Count(header.answers.into()),
        Arg::Count(header.authorities.into()),
        Arg::Count(header.additionals.into()),
        Arg::Bool(netbios),
    ])
}

pub(super) fn message(header: &Header, netbios: bool, is_orig: bool, len: usize) -> Vec<Arg> {
    vec![Arg::Conn, Arg::Bool(is_orig), msg(header, netbios), Arg::Count(len as u64)]
}

pub(super) fn end(header: &Header, netbios: bool) -> Vec<Arg> {
    vec![Arg::Conn, msg(header, netbios)]
}

/// The event that an entry of the question section is.
pub(super) fn question_id(header: &Header) -> EventId {
    match header.is_response() {
        false => EventId::DnsRequest,
        true if header.has_no_records() => EventId::DnsRejected,
        true => EventId::DnsQueryReply,
    }
}

pub(super) fn question(header: &Header, netbios: bool, question: &Question<'_>) -> Vec<Arg> {
    vec![
        Arg::Conn,
        msg(header, netbios),
        bytes(question.name),
        Arg::Count(question.qtype.into()),
        Arg::Count(question.qclass.into()),
        bytes(question.original),
    ]
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
        Rdata::NetbiosName
        | Rdata::NetbiosStatus
        | Rdata::Tsig(_)
        | Rdata::Rrsig(_)
        | Rdata::Dnskey { .. }
        | Rdata::Ds { .. }
        | Rdata::Nsec { .. }
        | Rdata::Nsec3(_)
        | Rdata::Nsec3Param { .. }
        | Rdata::Binds { .. }
        | Rdata::Malformed(_) => return None,
    })
}

pub(super) fn record(header: &Header, netbios: bool, record: &Record<'_>) -> Vec<Arg> {
    let mut args = vec![Arg::Conn, msg(header, netbios)];
    if matches!(record.data, Rdata::Opt(_)) {
        args.push(edns(record));
        return args;
    }
    args.push(answer(record));
    match record.data {
        Rdata::A(addr) => args.push(Arg::Addr(IpAddr::from(addr))),
        Rdata::Aaaa(addr) | Rdata::A6(addr) => args.push(Arg::Addr(IpAddr::from(addr))),
        Rdata::Ns(name) | Rdata::Cname(name) | Rdata::Ptr(name) => args.push(bytes(name)),
        Rdata::Soa(data) => args.push(soa(&data)),
        Rdata::Mx { preference, exchange } => args.extend([bytes(exchange), count(preference)]),
        Rdata::Txt(strings) | Rdata::Spf(strings) => args.push(texts(strings)),
        Rdata::Srv { priority, weight, port, target } => {
            args.extend([bytes(target), count(priority), count(weight), count(port)]);
        }
        Rdata::Hinfo { cpu, os } => args.extend([bytes(cpu), bytes(os)]),
        Rdata::Caa { flags, tag, value } => args.extend([count(flags), bytes(tag), bytes(value)]),
        Rdata::Loc(loc) => args.push(Arg::Record(vec![
            count(loc.version),
            count(loc.size),
            count(loc.horizontal),
            count(loc.vertical),
            count(loc.latitude),
            count(loc.longitude),
            count(loc.altitude),
        ])),
        Rdata::Sshfp { algorithm, fingerprint_type, fingerprint } => {
            args.extend([count(algorithm), count(fingerprint_type), hex(fingerprint)]);
        }
        Rdata::Svcb { priority, target } | Rdata::Https { priority, target } => {
            args.push(Arg::Record(vec![count(priority), bytes(target)]));
        }
        _ => {}
    }
    args
}

/// Zeek's `dns_answer`.
fn answer(record: &Record<'_>) -> Arg {
    // As `DNS_ANS`, `DNS_AUTH` and `DNS_ADDL`.
    let section = match record.section {
        Section::Answer => 1,
        Section::Authority => 2,
        Section::Additional => 3,
    };
    Arg::Record(vec![
        Arg::Count(section),
        bytes(record.name),
        count(record.rtype),
        count(record.class),
        seconds(record.ttl),
    ])
}

/// Zeek's `dns_edns_additional`: class and TTL of the record have other meanings (RFC 6891 §6.1.3).
fn edns(record: &Record<'_>) -> Arg {
    let [extended_rcode, version, high, low] = record.ttl.to_be_bytes();
    Arg::Record(vec![
        bytes(record.name),
        count(record.rtype),
        count(record.rtype),
        count(record.class),
        count(extended_rcode),
        count(version),
        count(u16::from_be_bytes([high, low])),
        seconds(record.ttl),
        Arg::Count(0),
    ])
}

fn soa(soa: &Soa<'_>) -> Arg {
    Arg::Record(vec![
        bytes(soa.mname),
        bytes(soa.rname),
        count(soa.serial),
        seconds(soa.refresh),
        seconds(soa.retry),
        seconds(soa.expire),
        seconds(soa.minimum),
    ])
}

fn texts(strings: CharStrings<'_>) -> Arg {
    Arg::List(strings.iter().map(bytes).collect())
}

fn hex(bytes: &[u8]) -> Arg {
    Arg::text(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn bytes(bytes: &[u8]) -> Arg {
    Arg::Bytes(bytes.to_vec())
}

fn count(number: impl Into<u64>) -> Arg {
    Arg::Count(number.into())
}

fn seconds(seconds: u32) -> Arg {
    Arg::Interval(Interval::from_secs(seconds.into()))
}
