//! Settings that change what is analysed and how it is written.

pub mod file;
mod nets;
pub mod options;
mod ports;
pub mod protocols;

pub use nets::Nets;
pub use ports::PortSet;
pub use protocols::Protocols;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::IpNet;
use nightjar_protocols::files::Hashing;

use crate::event::{Interest, Proto};
use crate::export::Exports;
use crate::record::{Format, JsonTime};
use crate::signature::Signatures;
use crate::time::Interval;

/// What each of these is for stands with the option that sets it, in [`options`].
#[derive(Clone, Debug)]
pub struct Config {
    /// As `json` and `json_time` say ([`Config::settle_format`]).
    pub format: Format,
    pub json: bool,
    pub json_time: JsonTime,
    /// Empty: nobody said.
    pub log_folder: String,
    /// How often a sensor rotates its logs, counted from this time of the day; zero is never.
    pub rotate_every: Interval,
    pub rotate_from: Interval,
    /// Which rows exporters want, and in what shape.
    pub exports: Exports,
    /// What scripts look at.
    pub interest: Arc<Interest>,
    /// Keys the hash that identifiers are made of. Fixed in replay: the same capture gives the same bytes.
    pub seed: u64,
    pub ignore_checksums: bool,
    pub ignore_checksums_nets: Nets,
    pub site: Site,
    /// All that is local, as `site` says ([`Config::settle_site`]).
    pub local_nets: Nets,
    /// Which end of a flow seen from the middle is the responder.
    pub likely_servers: PortSet,
    pub packet_filter: PacketFilter,
    /// Digests of files.
    pub file_hashing: Hashing,
    pub capture_passwords: bool,
    pub protocols: Protocols,
    pub detection: Detection,
    /// Signatures of users, if there are any.
    pub signatures: Option<Arc<Signatures>>,
    /// What scripts say of analyzers; none where they say nothing.
    pub analyzers: Option<Arc<Analyzers>>,
    /// Of which connections scripts are told what they carry; none where of none.
    pub contents: Option<Arc<Contents>>,
    pub violations: Violations,
    pub streams: Streams,
    pub tunnels: Tunnels,
    pub timeouts: Timeouts,
    pub limits: Limits,
    pub loss: Loss,
}

/// Whose networks are whose.
#[derive(Clone, Debug)]
pub struct Site {
    pub local_nets: Vec<IpNet>,
    pub private: Vec<IpNet>,
    pub private_is_local: bool,
}

/// Zeek's packet filter: BPF expressions, by the names that scripts give them.
#[derive(Clone, Debug)]
pub struct PacketFilter {
    pub capture: BTreeMap<String, String>,
    pub restrict: BTreeMap<String, String>,
    pub default_capture: String,
    pub unrestricted: String,
}

/// How protocols are found.
#[derive(Clone, Copy, Debug)]
pub struct Detection {
    /// By content alone.
    pub ignores_ports: bool,
    /// Bytes of a stream, of both directions, that are looked at, …
    pub bytes: usize,
    /// … and segments.
    pub segments: usize,
    /// Signatures look no further either.
    pub only_beginning: bool,
    /// What is looked at is kept to the end of that: signatures may set analyzers on it.
    pub kept: bool,
}

/// Which analyzers are set on connections beside what they say themselves, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analyzers {
    /// Those that are not.
    pub disabled: BTreeSet<String>,
    /// Those that are set on ports, too.
    pub ports: BTreeMap<(Proto, u16), Vec<String>>,
    /// Those that are set on files of a type, too.
    pub file_types: BTreeMap<String, Vec<String>>,
    /// Those that are not taken off a connection for what breaks their rules.
    pub kept: BTreeSet<String>,
    /// Those that analyzer.log does not tell of.
    pub unlogged: BTreeSet<String>,
    /// How often an analyzer that was never confirmed may break its rules, of those for which scripts say.
    pub max_violations: BTreeMap<String, u64>,
}

/// Of which connections scripts are told what they carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// All, by transport (TCP, UDP) and sender (originator, responder).
    pub all: [[bool; 2]; 2],
    /// The same by the port that is sent to.
    pub ports: [[BTreeMap<u16, bool>; 2]; 2],
    /// Both sides, by either port.
    pub of_either: BTreeSet<u16>,
    /// With UDP, the responder's port counts whoever sends.
    pub by_responder: bool,
}

impl Contents {
    /// Whether a TCP stream's are told.
    pub fn of_stream(&self, is_orig: bool, resp_port: u16) -> bool {
        self.tells(0, is_orig, resp_port)
    }

    /// Whether a datagram's are.
    pub fn of_datagram(&self, is_orig: bool, ports: (u16, u16), resp_port: u16) -> bool {
        let either = self.of_either.contains(&ports.0) || self.of_either.contains(&ports.1);
        either || self.tells(1, is_orig, if self.by_responder { resp_port } else { ports.1 })
    }

    fn tells(&self, transport: usize, is_orig: bool, port: u16) -> bool {
        let side = usize::from(!is_orig);
        self.all[transport][side] || self.ports[transport][side].get(&port) == Some(&true)
    }
}

/// What is made of protocols whose rules a connection breaks.
#[derive(Clone, Debug)]
pub struct Violations {
    /// Bytes of a connection beyond which its analyzers stay whatever it does; 0 for never.
    pub ignored_after: u64,
    /// Bytes of the data that analyzer.log shows; 0 for all.
    pub max_data: usize,
    /// analyzer.log is written.
    pub log: bool,
    /// Confirmations have rows in analyzer.log too.
    pub log_confirmations: bool,
    /// And so have analyzers that are taken off a connection.
    pub log_disabling: bool,
}

impl Default for Violations {
    fn default() -> Self {
        Violations {
            ignored_after: 10 * 1024,
            max_data: 40,
            log: true,
            log_confirmations: false,
            log_disabling: false,
        }
    }
}

/// Which TCP connections are followed, and when a stream is given up for want of acknowledgements: bytes, 0 for never.
#[derive(Clone, Debug)]
pub struct Streams {
    pub max_initial_window: u64,
    pub max_above_hole: u64,
    pub max_unacknowledged: u64,
    /// Connections whose beginning was not seen are followed, …
    pub partial: bool,
    /// … and those of which a SYN-ACK is the first that is seen.
    pub answers: bool,
    /// So many FINs or RSTs, each within this time after the last packet, are a storm.
    pub storm: u16,
    pub storm_pause: Interval,
}

#[derive(Clone, Debug)]
pub struct Tunnels {
    pub max_depth: usize,
    pub delay_teredo_confirmation: bool,
    pub delay_gtp_confirmation: bool,
    pub ip_timeout: Interval,
    /// tunnel.log takes a tunnel for over that carried nothing new for so long.
    pub expiration: Interval,
    pub validate_vxlan_checksums: bool,
}

/// How long things are waited for, in packet time; named and valued as in Zeek.
#[derive(Clone, Debug)]
pub struct Timeouts {
    pub tcp_inactivity: Interval,
    pub udp_inactivity: Interval,
    pub icmp_inactivity: Interval,
    /// Instead of `tcp_inactivity`, by the server's port. Few.
    pub by_port: Vec<((Proto, u16), Interval)>,
    pub tcp_syn_timeout: Interval,
    pub tcp_session_timer: Interval,
    pub tcp_connection_linger: Interval,
    pub tcp_attempt_delay: Interval,
    pub tcp_close_delay: Interval,
    pub dns_session: Interval,
    pub file: Interval,
    /// Zero is no end.
    pub fragments: Interval,
}

/// How often loss is measured, and when it is too much.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    pub stats_interval: Interval,
    pub loss_interval: Interval,
    pub first_loss_interval: Interval,
    pub too_much_percent: f64,
    pub minimum_acks: u64,
    /// More than this of a worker's packets dropped by the kernel is too much.
    pub dropped_percent: f64,
    /// More than this of flows, rows or stream data given up is too much.
    pub given_up_percent: f64,
    /// More than this of connections seen from one side is too much.
    pub one_sided_percent: f64,
    /// A worker should get no more than so many times the average.
    pub skew: u64,
}

/// Ceilings on what is held in memory, each per worker.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open flows; beyond it the one unused for longest ends early. Stops SYN floods and scans.
    pub flows: usize,
    /// Bytes waiting behind holes in TCP streams, all streams together; beyond it the stream that
    /// adds to them is given up. Stops connections that leave a hole and send on.
    pub reassembly_bytes: usize,
    /// Files open in one connection; with more the oldest ends early. Stops a server that answers with
    /// ever new pieces of ever new files.
    pub open_files: usize,
    /// Bytes held for files, all together: beginnings, and pieces that wait for what comes before them.
    /// Beyond it a file takes its pieces as they are, the holes counted. Stops ranges sent backwards.
    pub file_bytes: usize,
    /// Bytes of text held for HTTP, all connections together: rows that wait for their reply and lines
    /// that wait for their end. Beyond it connections may only hold little. Stops heads without end and
    /// requests without replies on many connections.
    pub http_bytes: usize,
    /// Bytes held of handshakes of TLS, and as many of QUIC, that are not whole, all connections of a worker together.
    /// Beyond it the one that adds to them is given up. Stops hellos that never end on many connections.
    pub handshake_bytes: usize,
    /// Bodies being inflated, about 40 KB each; more are logged as they were sent. Stops connections
    /// that begin a gzip body each and go no further.
    pub inflating: usize,
}

impl Config {
    /// The digests to make of files: those asked for, or all where a script may ask for some.
    pub fn hashing(&self) -> Hashing {
        match self.interest.digests {
            true => Hashing { md5: true, sha1: true, sha256: true },
            false => self.file_hashing,
        }
    }
}

impl Config {
    /// Draws the conclusion from `json` and `json_time`.
    fn settle_format(&mut self) {
        self.format = if self.json { Format::Json(self.json_time) } else { Format::Tsv };
    }

    /// Draws the conclusion from `site`.
    fn settle_site(&mut self) {
        let private: &[IpNet] = if self.site.private_is_local { &self.site.private } else { &[] };
        self.local_nets = Nets::new(private.iter().chain(&self.site.local_nets).copied());
    }

    /// Whether an address is this site's; nobody knows where no network is.
    #[inline]
    pub fn is_local(&self, addr: std::net::IpAddr) -> Option<bool> {
        (!self.local_nets.networks().is_empty()).then(|| self.local_nets.contains(addr))
    }
}

impl Timeouts {
    /// How long an established connection to a port may be without packets.
    #[inline]
    pub fn established(&self, proto: Proto, port: u16) -> Interval {
        let by_port = self.by_port.iter().find(|(of, _)| *of == (proto, port));
        by_port.map_or(self.tcp_inactivity, |(_, timeout)| *timeout)
    }
}

impl PacketFilter {
    /// The one expression that all of them make, if they leave anything out: one of `capture`, and all of `restrict`,
    /// or `unrestricted` (Zeek's base/frameworks/packet-filter).
    pub fn expression(&self) -> Option<String> {
        let joined = |filters: &BTreeMap<String, String>, with: &str| {
            let filters = filters.values().filter(|filter| !filter.trim().is_empty());
            filters.map(|filter| format!("({filter})")).collect::<Vec<_>>().join(with)
        };
        let mut capture = joined(&self.capture, " or ");
        if capture.is_empty()
            && self.default_capture != DEFAULT_CAPTURE
            && !self.default_capture.trim().is_empty()
        {
            capture = format!("({})", self.default_capture);
        }
        let both = [capture, joined(&self.restrict, " and ")];
        let both: Vec<String> = both
            .into_iter()
            .filter(|filter| !filter.is_empty())
            .map(|filter| format!("({filter})"))
            .collect();
        let both = both.join(" and ");
        match self.unrestricted.trim() {
            _ if both.is_empty() => None,
            "" => Some(both),
            unrestricted => Some(format!("({unrestricted}) or ({both})")),
        }
    }
}

/// Zeek's `PacketFilter::default_capture_filter`: everything.
const DEFAULT_CAPTURE: &str = "ip or not ip";

impl Default for Config {
    fn default() -> Self {
        let site = Site {
            local_nets: Vec::new(),
            private: Nets::private().networks().to_vec(),
            private_is_local: true,
        };
        Config {
            format: Format::Tsv,
            json: false,
            json_time: JsonTime::Epoch,
            log_folder: String::new(),
            rotate_every: Interval::ZERO,
            rotate_from: Interval::ZERO,
            exports: Exports::default(),
            interest: Arc::default(),
            seed: 0,
            ignore_checksums: false,
            ignore_checksums_nets: Nets::new([]),
            local_nets: Nets::private(),
            site,
            likely_servers: PortSet::likely_servers(),
            packet_filter: PacketFilter::default(),
            file_hashing: Hashing::NONE,
            capture_passwords: false,
            protocols: Protocols::default(),
            detection: Detection::default(),
            signatures: None,
            analyzers: None,
            contents: None,
            violations: Violations::default(),
            streams: Streams::default(),
            tunnels: Tunnels::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            loss: Loss::default(),
        }
    }
}

impl Default for PacketFilter {
    fn default() -> Self {
        PacketFilter {
            capture: BTreeMap::new(),
            restrict: BTreeMap::new(),
            default_capture: DEFAULT_CAPTURE.to_owned(),
            unrestricted: String::new(),
        }
    }
}

impl Default for Detection {
    fn default() -> Self {
        Detection { ignores_ports: false, bytes: 1024, segments: 100, only_beginning: true, kept: false }
    }
}

impl Default for Streams {
    fn default() -> Self {
        Streams {
            max_initial_window: 16384,
            max_above_hole: 16384,
            max_unacknowledged: 10 << 20,
            partial: true,
            answers: true,
            storm: 1000,
            storm_pause: Interval::from_secs(1),
        }
    }
}

impl Default for Tunnels {
    fn default() -> Self {
        Tunnels {
            max_depth: 4,
            delay_teredo_confirmation: true,
            delay_gtp_confirmation: false,
            ip_timeout: Interval::from_secs(24 * 60 * 60),
            expiration: Interval::from_secs(60 * 60),
            validate_vxlan_checksums: true,
        }
    }
}

impl Default for Loss {
    fn default() -> Self {
        Loss {
            stats_interval: Interval::from_secs(5 * 60),
            loss_interval: Interval::from_secs(15 * 60),
            first_loss_interval: Interval::from_secs(60),
            too_much_percent: 10.0,
            minimum_acks: 1,
            dropped_percent: 0.0,
            given_up_percent: 1.0,
            one_sided_percent: 50.0,
            skew: 4,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        let secs = Interval::from_secs;
        Timeouts {
            tcp_inactivity: secs(5 * 60),
            udp_inactivity: secs(60),
            icmp_inactivity: secs(60),
            by_port: [21, 22, 23, 513].map(|port| ((Proto::Tcp, port), secs(3600))).to_vec(),
            tcp_syn_timeout: secs(5),
            tcp_session_timer: secs(6),
            tcp_connection_linger: secs(5),
            tcp_attempt_delay: secs(5),
            tcp_close_delay: secs(5),
            dns_session: secs(10),
            file: secs(2 * 60),
            fragments: secs(5 * 60),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            flows: 4_000_000,
            reassembly_bytes: 512 << 20,
            open_files: 256,
            file_bytes: 256 << 20,
            http_bytes: 256 << 20,
            handshake_bytes: 64 << 20,
            inflating: 8192,
        }
    }
}
