//! Settings that change what is analysed and how it is written.

pub mod file;
mod nets;
mod ports;

pub use nets::Nets;
pub use ports::PortSet;

use std::sync::Arc;

use nightjar_protocols::files::Hashing;

use crate::event::Interest;
use crate::export::Exports;
use crate::record::Format;
use crate::time::Interval;

#[derive(Clone, Debug)]
pub struct Config {
    pub format: Format,
    /// Which rows exporters want, and in what shape.
    pub exports: Exports,
    /// What scripts look at.
    pub interest: Arc<Interest>,
    /// Keys the hash that identifiers are made of. Fixed in replay: the same capture gives the same bytes.
    pub seed: u64,
    /// `ignore_checksums`, `-C`.
    pub ignore_checksums: bool,
    /// `Site::local_nets`, the private address space included.
    pub local_nets: Nets,
    /// `likely_server_ports`: which end of a flow seen from the middle is the responder.
    pub likely_servers: PortSet,
    /// Digests of files.
    pub file_hashing: Hashing,
    /// `HTTP::default_capture_password`.
    pub capture_passwords: bool,
    pub timeouts: Timeouts,
    pub limits: Limits,
}

/// How long things are waited for, in packet time; named and valued as in Zeek.
#[derive(Clone, Debug)]
pub struct Timeouts {
    pub tcp_inactivity: Interval,
    pub udp_inactivity: Interval,
    pub icmp_inactivity: Interval,
    pub tcp_syn_timeout: Interval,
    pub tcp_session_timer: Interval,
    pub tcp_connection_linger: Interval,
    pub tcp_attempt_delay: Interval,
    pub tcp_close_delay: Interval,
    pub dns_session: Interval,
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

impl Default for Config {
    fn default() -> Self {
        Config {
            format: Format::Tsv,
            exports: Exports::default(),
            interest: Arc::default(),
            seed: 0,
            ignore_checksums: false,
            local_nets: Nets::private(),
            likely_servers: PortSet::likely_servers(),
            file_hashing: Hashing::NONE,
            capture_passwords: false,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
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
            tcp_syn_timeout: secs(5),
            tcp_session_timer: secs(6),
            tcp_connection_linger: secs(5),
            tcp_attempt_delay: secs(5),
            tcp_close_delay: secs(5),
            dns_session: secs(10),
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
            inflating: 8192,
        }
    }
}
