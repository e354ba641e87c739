//! DNS's events and their arguments.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nightjar_protocols::dns::rdata::{self, CharStrings, Rdata};
use nightjar_protocols::dns::{Header, Question, Record, Section};

use crate::analyze::dns::Found;
use crate::event::{Arena, ArgType, Argument, Conn, Hex, Part, arg_records, events};
use crate::time::{Interval, Time};

events! { [crate::analyze::first::dns]
    /// A message.
    pub struct Message: "dns_message" {
        c: Conn,
        is_orig: bool,
        msg: Msg,
        len: u64,
    }
    /// An entry of a query's question section.
    pub struct Request<'a>: "dns_request" {
        c: Conn,
        msg: Msg,
        query: &'a [u8],
        qtype: u16,
        qclass: u16,
        original_query: &'a [u8],
    }
    /// An entry of the question section of a reply that has records.
    pub struct QueryReply<'a>: "dns_query_reply" {
        c: Conn,
        msg: Msg,
        query: &'a [u8],
        qtype: u16,
        qclass: u16,
        original_query: &'a [u8],
    }
    /// An entry of the question section of a reply without any.
    pub struct Rejected<'a>: "dns_rejected" {
        c: Conn,
        msg: Msg,
        query: &'a [u8],
        qtype: u16,
        qclass: u16,
        original_query: &'a [u8],
    }
    /// An A record (RFC 1035 §3.4.1).
    pub struct A<'a>: "dns_A_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        a: IpAddr,
    }
    /// An AAAA record (RFC 3596 §2.2).
    pub struct Aaaa<'a>: "dns_AAAA_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        a: IpAddr,
    }
    /// An A6 record (RFC 2874 §3.1).
    pub struct A6<'a>: "dns_A6_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        a: IpAddr,
    }
    /// An NS record (RFC 1035 §3.3.11).
    pub struct Ns<'a>: "dns_NS_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        name: &'a [u8],
    }
    /// A CNAME record (RFC 1035 §3.3.1).
    pub struct Cname<'a>: "dns_CNAME_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        name: &'a [u8],
    }
    /// A PTR record (RFC 1035 §3.3.12).
    pub struct Ptr<'a>: "dns_PTR_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        name: &'a [u8],
    }
    /// An SOA record (RFC 1035 §3.3.13).
    pub struct Soa<'a>: "dns_SOA_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        soa: SoaRecord<'a>,
    }
    /// A WKS record (RFC 1035 §3.4.2).
    pub struct Wks<'a>: "dns_WKS_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
    }
    /// An HINFO record (RFC 1035 §3.3.2).
    pub struct Hinfo<'a>: "dns_HINFO_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        cpu: &'a [u8],
        os: &'a [u8],
    }
    /// An MX record (RFC 1035 §3.3.9).
    pub struct Mx<'a>: "dns_MX_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        name: &'a [u8],
        preference: u16,
    }
    /// A TXT record (RFC 1035 §3.3.14).
    pub struct Txt<'a>: "dns_TXT_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        strs: Texts<'a>,
    }
    /// An SPF record (RFC 4408 §3.1.1).
    pub struct Spf<'a>: "dns_SPF_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        strs: Texts<'a>,
    }
    /// A CAA record (RFC 8659 §4).
    pub struct Caa<'a>: "dns_CAA_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        flags: u8,
        tag: &'a [u8],
        value: &'a [u8],
    }
    /// An SRV record (RFC 2782).
    pub struct Srv<'a>: "dns_SRV_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        target: &'a [u8],
        priority: u16,
        weight: u16,
        p: u16,
    }
    /// A LOC record (RFC 1876 §2).
    pub struct Loc<'a>: "dns_LOC" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        loc: LocRecord<'a>,
    }
    /// An SSHFP record (RFC 4255 §3.1).
    pub struct Sshfp<'a>: "dns_SSHFP" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        algo: u8,
        fptype: u8,
        fingerprint: Hex<'a>,
    }
    /// An SVCB record (RFC 9460 §2.2).
    pub struct Svcb<'a>: "dns_SVCB" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        svcb: SvcbRecord<'a>,
    }
    /// An HTTPS record (RFC 9460 §9).
    pub struct Https<'a>: "dns_HTTPS" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        https: SvcbRecord<'a>,
    }
    /// An RRSIG record (RFC 4034 §3.1).
    pub struct Rrsig<'a>: "dns_RRSIG" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        rrsig: RrsigRecord<'a>,
    }
    /// A DNSKEY record (RFC 4034 §2.1).
    pub struct Dnskey<'a>: "dns_DNSKEY" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        dnskey: DnskeyRecord<'a>,
    }
    /// An NSEC record (RFC 4034 §4.1).
    pub struct Nsec<'a>: "dns_NSEC" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        next_name: &'a [u8],
        bitmaps: Bitmaps<'a>,
    }
    /// An NSEC3 record (RFC 5155 §3.2).
    pub struct Nsec3<'a>: "dns_NSEC3" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        nsec3: Nsec3Record<'a>,
    }
    /// An NSEC3PARAM record (RFC 5155 §4.2).
    pub struct Nsec3Param<'a>: "dns_NSEC3PARAM" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        nsec3param: Nsec3ParamRecord<'a>,
    }
    /// A DS record (RFC 4034 §5.1).
    pub struct Ds<'a>: "dns_DS" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        ds: DsRecord<'a>,
    }
    /// A record of type 65534, in which BIND keeps how far signing has come.
    pub struct Binds<'a>: "dns_BINDS" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
        binds: BindsRecord<'a>,
    }
    /// A record of a type that is not read.
    pub struct Unknown<'a>: "dns_unknown_reply" {
        c: Conn,
        msg: Msg,
        ans: Answer<'a>,
    }
    /// An OPT pseudo-record (RFC 6891 §6.1).
    pub struct Edns<'a>: "dns_EDNS_addl" {
        c: Conn,
        msg: Msg,
        ans: EdnsRecord<'a>,
    }
    /// A message was read to its end.
    pub struct End: "dns_end" {
        c: Conn,
        msg: Msg,
    }
}

arg_records! {
    /// A message's header (RFC 1035 §4.1.1).
    pub struct Msg: "dns_msg" {
        id: u16,
        opcode: u8,
        rcode: u8,
        is_response: bool = "QR",
        authoritative: bool = "AA",
        truncated: bool = "TC",
        recursion_desired: bool = "RD",
        recursion_available: bool = "RA",
        /// The three bits behind RA.
        z: u8 = "Z",
        /// RFC 4035 §3.2.3.
        authentic: bool = "AD",
        /// RFC 4035 §3.2.2.
        checking_disabled: bool = "CD",
        num_queries: u16,
        num_answers: u16,
        num_auth: u16,
        num_addl: u16,
        /// The responder's port is NetBIOS's, 137.
        is_netbios: bool,
    }
    /// What every record has.
    pub struct Answer<'a>: "dns_answer" {
        /// The section it stood in: 1 answers, 2 authorities, 3 additional records.
        answer_type: u64,
        query: &'a [u8],
        qtype: u16,
        qclass: u16,
        ttl: Interval = "TTL",
    }
    /// An SOA record's data.
    pub struct SoaRecord<'a>: "dns_soa" {
        mname: &'a [u8],
        rname: &'a [u8],
        serial: u32,
        refresh: Interval,
        retry: Interval,
        expire: Interval,
        minimum: Interval,
    }
    /// An OPT record, whose class and TTL have meanings of their own (RFC 6891 §6.1.3).
    pub struct EdnsRecord<'a>: "dns_edns_additional" {
        query: &'a [u8],
        qtype: u16,
        t: u16,
        payload_size: u16,
        extended_rcode: u8,
        version: u8,
        z_field: u16,
        ttl: Interval = "TTL",
        is_query: u64,
    }
    /// A LOC record's data, as encoded.
    pub struct LocRecord<'a>: "dns_loc_rr" {
        query: &'a [u8],
        answer_type: u64,
        version: u8,
        size: u8,
        horiz_pre: u8,
        vert_pre: u8,
        latitude: u32,
        longitude: u32,
        altitude: u32,
        is_query: u64,
    }
    /// An RRSIG record's data.
    pub struct RrsigRecord<'a>: "dns_rrsig_rr" {
        query: &'a [u8],
        answer_type: u64,
        type_covered: u16,
        algorithm: u8,
        labels: u8,
        orig_ttl: Interval,
        sig_exp: Time,
        sig_incep: Time,
        key_tag: u16,
        signer_name: &'a [u8],
        signature: &'a [u8],
        is_query: u64,
    }
    /// A DNSKEY record's data.
    pub struct DnskeyRecord<'a>: "dns_dnskey_rr" {
        query: &'a [u8],
        answer_type: u64,
        flags: u16,
        protocol: u8,
        algorithm: u8,
        public_key: &'a [u8],
        is_query: u64,
    }
    /// An NSEC3 record's data.
    pub struct Nsec3Record<'a>: "dns_nsec3_rr" {
        query: &'a [u8],
        answer_type: u64,
        nsec_flags: u8,
        nsec_hash_algo: u8,
        nsec_iter: u16,
        nsec_salt_len: u64,
        nsec_salt: &'a [u8],
        nsec_hlen: u64,
        nsec_hash: &'a [u8],
        bitmaps: Bitmaps<'a>,
        is_query: u64,
    }
    /// An NSEC3PARAM record's data.
    pub struct Nsec3ParamRecord<'a>: "dns_nsec3param_rr" {
        query: &'a [u8],
        answer_type: u64,
        nsec_flags: u8,
        nsec_hash_algo: u8,
        nsec_iter: u16,
        nsec_salt_len: u64,
        nsec_salt: &'a [u8],
        is_query: u64,
    }
    /// A DS record's data.
    pub struct DsRecord<'a>: "dns_ds_rr" {
        query: &'a [u8],
        answer_type: u64,
        key_tag: u16,
        algorithm: u8,
        digest_type: u8,
        digest_val: &'a [u8],
        is_query: u64,
    }
    /// What BIND keeps in a zone that it signs.
    pub struct BindsRecord<'a>: "dns_binds_rr" {
        query: &'a [u8],
        answer_type: u64,
        algorithm: u8,
        key_id: u16,
        removal_flag: u8,
        complete_flag: u8,
        is_query: u64,
    }
    /// What SVCB and HTTPS records begin with.
    pub struct SvcbRecord<'a>: "dns_svcb_rr" {
        svc_priority: u16,
        target_name: &'a [u8],
    }
}

/// `<character-string>`s, as a vector of strings.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a>(CharStrings<'a>);

impl Argument for Texts<'_> {
    const TYPE: ArgType = ArgType::Vector(&ArgType::Named("string"));

    fn put(&self, arena: &mut Arena) -> Part {
        let texts: Vec<Part> = self.0.iter().map(|text| arena.text(text)).collect();
        arena.list(&texts)
    }
}

/// The bytes of each window of type bit maps (RFC 4034 §4.1.2), as a vector of strings.
#[derive(Clone, Copy, Debug)]
pub struct Bitmaps<'a>(&'a [u8]);

impl Argument for Bitmaps<'_> {
    const TYPE: ArgType = ArgType::Vector(&ArgType::Named("string"));

    fn put(&self, arena: &mut Arena) -> Part {
        let (mut windows, mut rest) = (Vec::new(), self.0);
        while let [_, length, after @ ..] = rest {
            let (window, left) = after.split_at_checked(usize::from(*length)).unwrap_or((after, &[]));
            if !window.is_empty() {
                windows.push(arena.text(window));
            }
            rest = left;
        }
        arena.list(&windows)
    }
}

impl Msg {
    pub fn of(header: &Header, is_netbios: bool) -> Msg {
        Msg {
            id: header.id,
            opcode: header.opcode(),
            rcode: header.rcode(),
            is_response: header.is_response(),
            authoritative: header.authoritative(),
            truncated: header.truncated(),
            recursion_desired: header.recursion_desired(),
            recursion_available: header.recursion_available(),
            z: header.z(),
            authentic: header.flags & 0x0020 != 0,
            checking_disabled: header.flags & 0x0010 != 0,
            num_queries: header.questions,
            num_answers: header.answers,
            num_auth: header.authorities,
            num_addl: header.additionals,
            is_netbios,
        }
    }
}

impl<'a> Answer<'a> {
    fn of(record: &Record<'a>) -> Self {
        Answer {
            answer_type: section(record.section),
            query: record.name,
            qtype: record.rtype,
            qclass: record.class,
            ttl: seconds(record.ttl),
        }
    }
}

impl<'a> SoaRecord<'a> {
    fn of(soa: &rdata::Soa<'a>) -> Self {
        SoaRecord {
            mname: soa.mname,
            rname: soa.rname,
            serial: soa.serial,
            refresh: seconds(soa.refresh),
            retry: seconds(soa.retry),
            expire: seconds(soa.expire),
            minimum: seconds(soa.minimum),
        }
    }
}

impl<'a> EdnsRecord<'a> {
    fn of(record: &Record<'a>) -> Self {
        let [extended_rcode, version, high, low] = record.ttl.to_be_bytes();
        EdnsRecord {
            query: record.name,
            qtype: record.rtype,
            t: record.rtype,
            payload_size: record.class,
            extended_rcode,
            version,
            z_field: u16::from_be_bytes([high, low]),
            ttl: seconds(record.ttl),
            is_query: 0,
        }
    }
}

impl Found<'_, '_> {
    /// Raises the event that an entry of the question section is.
    pub(super) fn raise_question(
        &mut self,
        header: &Header,
        question: &Question<'_>,
        row: Option<&super::Row>,
    ) {
        let &Question { name: query, original: original_query, qtype, qclass } = question;
        let (c, msg) = (Conn, Msg::of(header, self.netbios));
        if !header.is_response() {
            self.raise(row, &Request { c, msg, query, qtype, qclass, original_query });
        } else if header.has_no_records() {
            self.raise(row, &Rejected { c, msg, query, qtype, qclass, original_query });
        } else {
            self.raise(row, &QueryReply { c, msg, query, qtype, qclass, original_query });
        }
    }

    /// Raises the event that a record is; there is none for some types.
    pub(super) fn raise_record(&mut self, header: &Header, record: &Record<'_>, row: Option<&super::Row>) {
        let (c, msg, ans) = (Conn, Msg::of(header, self.netbios), Answer::of(record));
        let v6 = |a| IpAddr::V6(Ipv6Addr::from(a));
        match record.data {
            Rdata::A(a) => self.raise(row, &A { c, msg, ans, a: IpAddr::V4(Ipv4Addr::from(a)) }),
            Rdata::Aaaa(a) => self.raise(row, &Aaaa { c, msg, ans, a: v6(a) }),
            Rdata::A6(a) => self.raise(row, &A6 { c, msg, ans, a: v6(a) }),
            Rdata::Ns(name) => self.raise(row, &Ns { c, msg, ans, name }),
            Rdata::Cname(name) => self.raise(row, &Cname { c, msg, ans, name }),
            Rdata::Ptr(name) => self.raise(row, &Ptr { c, msg, ans, name }),
            Rdata::Soa(soa) => self.raise(row, &Soa { c, msg, ans, soa: SoaRecord::of(&soa) }),
            Rdata::Mx { preference, exchange: name } => {
                self.raise(row, &Mx { c, msg, ans, name, preference });
            }
            Rdata::Txt(strs) => self.raise(row, &Txt { c, msg, ans, strs: Texts(strs) }),
            Rdata::Spf(strs) => self.raise(row, &Spf { c, msg, ans, strs: Texts(strs) }),
            Rdata::Srv { priority, weight, port: p, target } => {
                self.raise(row, &Srv { c, msg, ans, target, priority, weight, p });
            }
            Rdata::Hinfo { cpu, os } => self.raise(row, &Hinfo { c, msg, ans, cpu, os }),
            Rdata::Wks => self.raise(row, &Wks { c, msg, ans }),
            Rdata::Caa { flags, tag, value } => self.raise(row, &Caa { c, msg, ans, flags, tag, value }),
            Rdata::Opt(_) => self.raise(row, &Edns { c, msg, ans: EdnsRecord::of(record) }),
            Rdata::Sshfp { algorithm: algo, fingerprint_type: fptype, fingerprint } => {
                self.raise(row, &Sshfp { c, msg, ans, algo, fptype, fingerprint: Hex(fingerprint) });
            }
            Rdata::Svcb { priority: svc_priority, target: target_name } => {
                self.raise(row, &Svcb { c, msg, ans, svcb: SvcbRecord { svc_priority, target_name } });
            }
            Rdata::Https { priority: svc_priority, target: target_name } => {
                self.raise(row, &Https { c, msg, ans, https: SvcbRecord { svc_priority, target_name } });
            }
            Rdata::Unknown(_) => self.raise(row, &Unknown { c, msg, ans }),
            Rdata::Binds { algorithm, key_id, removal: removal_flag, complete } => {
                let Answer { query, answer_type, .. } = ans;
                let complete_flag = complete.first().copied().unwrap_or_default();
                let binds = BindsRecord {
                    query,
                    answer_type,
                    algorithm,
                    key_id,
                    removal_flag,
                    complete_flag,
                    is_query: 0,
                };
                self.raise(row, &Binds { c, msg, ans, binds });
            }
            Rdata::Loc(loc) => {
                let loc = LocRecord {
                    query: ans.query,
                    answer_type: ans.answer_type,
                    version: loc.version,
                    size: loc.size,
                    horiz_pre: loc.horizontal,
                    vert_pre: loc.vertical,
                    latitude: loc.latitude,
                    longitude: loc.longitude,
                    altitude: loc.altitude,
                    is_query: 0,
                };
                self.raise(row, &Loc { c, msg, ans, loc });
            }
            _ => self.raise_dnssec(msg, ans, record, row),
        }
    }

    /// The same of DNSSEC's records.
    fn raise_dnssec(&mut self, msg: Msg, ans: Answer<'_>, record: &Record<'_>, row: Option<&super::Row>) {
        let (c, Answer { query, answer_type, .. }, is_query) = (Conn, ans, 0);
        match record.data {
            Rdata::Nsec { next: next_name, types } => {
                self.raise(row, &Nsec { c, msg, ans, next_name, bitmaps: Bitmaps(types) });
            }
            Rdata::Rrsig(sig) => {
                let rrsig = RrsigRecord {
                    query,
                    answer_type,
                    type_covered: sig.type_covered,
                    algorithm: sig.algorithm,
                    labels: sig.labels,
                    orig_ttl: seconds(sig.original_ttl),
                    sig_exp: time(sig.expiration),
                    sig_incep: time(sig.inception),
                    key_tag: sig.key_tag,
                    signer_name: sig.signer,
                    signature: sig.signature,
                    is_query,
                };
                self.raise(row, &Rrsig { c, msg, ans, rrsig });
            }
            Rdata::Dnskey { flags, protocol, algorithm, key: public_key } => {
                let dnskey =
                    DnskeyRecord { query, answer_type, flags, protocol, algorithm, public_key, is_query };
                self.raise(row, &Dnskey { c, msg, ans, dnskey });
            }
            Rdata::Ds { key_tag, algorithm, digest_type, digest: digest_val } => {
                let ds =
                    DsRecord { query, answer_type, key_tag, algorithm, digest_type, digest_val, is_query };
                self.raise(row, &Ds { c, msg, ans, ds });
            }
            Rdata::Nsec3(nsec3) => {
                let nsec3 = Nsec3Record {
                    query,
                    answer_type,
                    nsec_flags: nsec3.flags,
                    nsec_hash_algo: nsec3.hash,
                    nsec_iter: nsec3.iterations,
                    nsec_salt_len: nsec3.salt.len() as u64,
                    nsec_salt: nsec3.salt,
                    nsec_hlen: nsec3.next_hashed.len() as u64,
                    nsec_hash: nsec3.next_hashed,
                    bitmaps: Bitmaps(nsec3.types),
                    is_query,
                };
                self.raise(row, &Nsec3 { c, msg, ans, nsec3 });
            }
            Rdata::Nsec3Param { hash, flags, iterations, salt } => {
                let nsec3param = Nsec3ParamRecord {
                    query,
                    answer_type,
                    nsec_flags: flags,
                    nsec_hash_algo: hash,
                    nsec_iter: iterations,
                    nsec_salt_len: salt.len() as u64,
                    nsec_salt: salt,
                    is_query,
                };
                self.raise(row, &Nsec3Param { c, msg, ans, nsec3param });
            }
            _ => {}
        }
    }
}

/// As `DNS_ANS`, `DNS_AUTH` and `DNS_ADDL`.
fn section(section: Section) -> u64 {
    match section {
        Section::Answer => 1,
        Section::Authority => 2,
        Section::Additional => 3,
    }
}

/// A time in seconds since 1970.
fn time(seconds: u32) -> Time {
    Time::from_nanos(i64::from(seconds) * 1_000_000_000)
}

fn seconds(seconds: u32) -> Interval {
    Interval::from_secs(seconds.into())
}
