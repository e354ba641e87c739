//! Events for scripts: what traffic did, with all that a handler may look at.
//!
//! Handlers run in the ordered stage, so what they see is taken along, for events that some script handles.

use std::net::IpAddr;

use crate::event::Span;
use crate::record::Uid;
use crate::time::{Interval, Time};

/// Declares the events there are, with Zeek's names.
macro_rules! events {
    ($($(#[doc = $about:literal])* $id:ident = $name:literal,)+) => {
        /// An event that scripts can handle.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventId { $($(#[doc = $about])* $id,)+ }

        impl EventId {
            pub const ALL: &'static [EventId] = &[$(EventId::$id,)+];

            pub const fn name(self) -> &'static str {
                match self { $(EventId::$id => $name,)+ }
            }
        }
    };
}

events! {
    NewConnection = "new_connection",
    NewPacket = "new_packet",
    ConnectionEstablished = "connection_established",
    ConnectionAttempt = "connection_attempt",
    ConnectionRejected = "connection_rejected",
    ConnectionReset = "connection_reset",
    ConnectionFinished = "connection_finished",
    ConnectionHalfFinished = "connection_half_finished",
    PartialConnection = "partial_connection",
    ConnectionTimeout = "connection_timeout",
    ConnectionPending = "connection_pending",
    ConnectionStateRemove = "connection_state_remove",
    /// Ours: the connection has grown by a step that a threshold may lie in.
    ConnectionGrew = "ConnThreshold::grew",
    HttpRequest = "http_request",
    HttpReply = "http_reply",
    HttpHeader = "http_header",
    /// Ours: a header that scripts named beforehand, so that others cost nothing.
    HttpHeaderOfInterest = "HTTP::header_of_interest",
    HttpAllHeaders = "http_all_headers",
    HttpContentType = "http_content_type",
    HttpBeginEntity = "http_begin_entity",
    HttpEntityData = "http_entity_data",
    HttpEndEntity = "http_end_entity",
    HttpMessageDone = "http_message_done",
    HttpStats = "http_stats",
    DnsMessage = "dns_message",
    DnsRequest = "dns_request",
    DnsQueryReply = "dns_query_reply",
    DnsRejected = "dns_rejected",
    DnsA = "dns_A_reply",
    DnsAaaa = "dns_AAAA_reply",
    DnsA6 = "dns_A6_reply",
    DnsNs = "dns_NS_reply",
    DnsCname = "dns_CNAME_reply",
    DnsPtr = "dns_PTR_reply",
    DnsSoa = "dns_SOA_reply",
    DnsWks = "dns_WKS_reply",
    DnsHinfo = "dns_HINFO_reply",
    DnsMx = "dns_MX_reply",
    DnsTxt = "dns_TXT_reply",
    DnsSpf = "dns_SPF_reply",
    DnsCaa = "dns_CAA_reply",
    DnsSrv = "dns_SRV_reply",
    DnsLoc = "dns_LOC",
    DnsSshfp = "dns_SSHFP",
    DnsSvcb = "dns_SVCB",
    DnsHttps = "dns_HTTPS",
    DnsRrsig = "dns_RRSIG",
    DnsDnskey = "dns_DNSKEY",
    DnsNsec = "dns_NSEC",
    DnsNsec3 = "dns_NSEC3",
    DnsNsec3Param = "dns_NSEC3PARAM",
    DnsDs = "dns_DS",
    DnsBinds = "dns_BINDS",
    DnsUnknown = "dns_unknown_reply",
    DnsEdns = "dns_EDNS_addl",
    DnsEnd = "dns_end",
    FileNew = "file_new",
    FileOverNewConnection = "file_over_new_connection",
    FileSniff = "file_sniff",
    /// Ours: some of a file's content, where scripts may ask for it.
    FileContent = "Files::content",
    FileHash = "file_hash",
    FileGap = "file_gap",
    FileTimeout = "file_timeout",
    FileStateRemove = "file_state_remove",
    AnalyzerConfirmation = "analyzer_confirmation_info",
    AnalyzerViolation = "analyzer_violation_info",
    ConnWeird = "conn_weird",
    FlowWeird = "flow_weird",
    NetWeird = "net_weird",
}

impl EventId {
    /// Whether it tells of a file.
    pub const fn is_of_file(self) -> bool {
        matches!(
            self,
            EventId::FileNew
                | EventId::FileOverNewConnection
                | EventId::FileSniff
                | EventId::FileContent
                | EventId::FileHash
                | EventId::FileGap
                | EventId::FileTimeout
                | EventId::FileStateRemove
        )
    }
}

/// The events that somebody listens to.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventSet(u128);

impl EventSet {
    pub fn insert(&mut self, id: EventId) {
        self.0 |= 1 << id as u128;
    }

    pub fn remove(&mut self, id: EventId) {
        self.0 &= !(1 << id as u128);
    }

    #[inline]
    pub const fn contains(self, id: EventId) -> bool {
        self.0 >> id as u128 & 1 == 1
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// An event that happened. What it is about lies in the batch's [`Taken`](crate::event::Taken).
#[derive(Clone, Copy, Debug)]
pub struct Raised {
    pub id: EventId,
    /// What [`Part::Conn`](crate::event::Part) stands for.
    pub conn: Option<u32>,
    /// What [`Part::File`](crate::event::Part) stands for.
    pub file: Option<u32>,
    pub args: Span,
    /// A bit for each handler that does nothing, of the scripts of this version.
    pub idle: u64,
    pub version: u32,
}

/// What a row belongs to: scripts that were shown it before find it again.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// A connection, or of files.log the file.
    pub uid: Uid,
    /// Tells the connection's rows of one log apart.
    pub nth: u64,
}

/// A value in a row that scripts wrote.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    Unset,
    Bool(bool),
    Count(u64),
    Int(i64),
    Double(f64),
    Time(Time),
    Interval(Interval),
    Bytes(Vec<u8>),
    Addr(IpAddr),
    Port(u16),
    List(Vec<Arg>),
}

impl Arg {
    pub fn text(text: &str) -> Arg {
        Arg::Bytes(text.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_bit_for_every_event() {
        assert!(EventId::ALL.len() <= 128);
        let mut set = EventSet::default();
        assert!(set.is_empty());
        set.insert(EventId::HttpReply);
        let contained: Vec<&str> =
            EventId::ALL.iter().filter(|id| set.contains(**id)).map(|id| id.name()).collect();
        assert_eq!(contained, ["http_reply"]);
    }
}
