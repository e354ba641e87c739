//! Packets from a network interface.
//!
//! [`open`] gives one [`Source`] for each worker: rings of `AF_PACKET` sockets, `AF_XDP` where that is wanted and
//! possible, or libpcap where packet sockets are refused or not wanted. Each source counts what it handed on and what the kernel dropped before it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::af_packet::{self, Ring, RingMonitor};
use super::af_xdp::{self, XdpSource};
use super::deal::Dealt;
use super::live_pcap::PcapSource;
use super::{Packet, filter};
use crate::counters::{counter, counters};

/// What to capture, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    pub interface: String,
    pub kind: Kind,
    /// How many sources to make; of libpcap there is always one.
    pub workers: usize,
    pub fanout: Fanout,
    /// Memory shared with the kernel, for each source.
    pub ring_bytes: usize,
    /// The pieces in which it changes hands.
    pub block_bytes: usize,
    /// After so long a block is handed over although it is not full.
    pub block_timeout: Duration,
    pub promiscuous: bool,
    /// Leave out what this host itself sends.
    pub ignore_outgoing: bool,
    /// Only what this libpcap expression selects.
    pub filter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    AfPacket,
    AfXdp,
    Pcap,
}

/// How packets are dealt out among the workers of one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fanout {
    /// By a hash of the flow, the same for both directions.
    Hash,
    /// By a hash of the flow, too, but where that is a tunnel over UDP, by its ends' addresses.
    Tunnel,
    /// By the queue the NIC put them into.
    Queue,
    /// By the processor that received them.
    Cpu,
}

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions {
            interface: String::new(),
            kind: Kind::AfPacket,
            workers: 1,
            fanout: Fanout::Hash,
            ring_bytes: 64 << 20,
            block_bytes: 1 << 20,
            block_timeout: Duration::from_millis(20),
            promiscuous: true,
            ignore_outgoing: false,
            filter: None,
        }
    }
}

/// A packet as a source shows it.
#[derive(Clone, Copy, Debug)]
pub struct SeenPacket<'a> {
    pub packet: Packet<'a>,
    /// The transport checksum was left for the NIC to fill in: the packet is this host's own.
    pub checksums_pending: bool,
}

/// What became of waiting for packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    Packets(u64),
    /// None came; all that were stamped before the source's [`Source::lag`] have been seen.
    Nothing,
}

counters! {
    /// What one source has counted.
    pub struct Counts {
        /// Packets that reached the socket behind its filter, those dropped included.
        pub link: u64 = counter("ring_packets_total"),
        /// Packets that the kernel dropped because the ring was full.
        pub dropped: u64 = counter("ring_dropped_total"),
        /// How often the ring was full.
        pub freezes: u64 = counter("ring_full_total"),
        /// Packets analysed.
        pub delivered: u64 = counter("packets_total"),
        /// Bytes on the wire of the packets analysed.
        pub bytes: u64 = counter("bytes_total"),
        /// Packets captured without their end.
        pub cut: u64 = counter("packets_cut_total").lost("packets captured without their end"),
    }
}

/// One worker's packets.
pub struct Source {
    inner: Inner,
    interface: String,
    /// Its number when it was opened.
    index: u32,
    lag: Duration,
}

enum Inner {
    Ring(Ring),
    Xdp(XdpSource),
    Pcap(PcapSource),
}

/// A look at a source from another thread than the one that it hands packets to.
pub struct Monitor {
    ring: RingMonitor,
    interface: String,
    index: u32,
    lag: Duration,
}

/// What was opened.
pub struct Opened {
    pub sources: Vec<Source>,
    /// How packets are dealt out among them, where there are several.
    pub dealt: Option<Arc<Dealt>>,
    /// Which kind it became.
    pub kind: Kind,
    /// What the operator should know of it.
    pub notes: Vec<String>,
}

/// An interface that could not be opened in any way.
#[derive(Debug)]
pub struct OpenError {
    pub interface: String,
    pub reason: String,
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot capture on {}: {}", self.interface, self.reason)
    }
}

impl std::error::Error for OpenError {}

/// The step of opening at which a mistake in the filter shows, in every kind of capture.
pub(super) const FILTER: &str = "compiling the filter";

/// Whether a filter compiles for what the interface carries; for Ethernet where there is none of that name, or it is not
/// known. The error says why not.
pub fn check_filter(options: &LiveOptions, expression: &str) -> Result<(), String> {
    let link = super::interface::link_type(&options.interface).unwrap_or(super::interface::ETHERNET);
    match options.kind {
        Kind::Pcap => filter::program(link, expression).map(drop),
        Kind::AfPacket | Kind::AfXdp => filter::compile(link, expression).map(drop),
    }
}

/// Opens an interface; where AF_XDP is refused, with packet sockets, and where those are, with libpcap.
pub fn open(options: &LiveOptions) -> Result<Opened, OpenError> {
    let error = |reason| OpenError { interface: options.interface.clone(), reason };
    // Both would only say it less clearly.
    let index = super::interface::index(&options.interface).map_err(|refused| error(refused.to_string()))?;
    let source = |inner, lag| Source { inner, interface: options.interface.clone(), index, lag };
    let mut notes = Vec::new();
    let any = options.interface == super::interface::ANY;
    if any {
        notes.push(
            "libpcap captures on all interfaces together, and does not tell whose checksums are still to be filled in: \
             packets of this host itself are refused without -C"
                .to_owned(),
        );
    }
    if options.kind == Kind::AfXdp && !any {
        match af_xdp::open(options) {
            Ok((sources, granted)) => {
                notes.extend(granted);
                let dealt = (sources.len() > 1).then(|| Arc::new(Dealt::new(sources.len(), None)));
                let sources = sources.into_iter().map(|inner| source(Inner::Xdp(inner), SCHEDULING));
                return Ok(Opened { sources: sources.collect(), dealt, kind: Kind::AfXdp, notes });
            }
            Err(refused) if refused.step == FILTER => {
                return Err(error(format!("filter: {}", refused.error)));
            }
            Err(refused) => notes
                .push(format!("AF_XDP was refused ({}: {}); trying AF_PACKET", refused.step, refused.error)),
        }
    }
    if options.kind != Kind::Pcap && !any {
        match af_packet::open(options) {
            Ok((rings, dealt, granted)) => {
                notes.extend(granted);
                // A block is looked at by a timer of this period, and may just have missed it.
                let lag = 2 * options.block_timeout + SCHEDULING;
                let sources = rings.into_iter().map(|ring| source(Inner::Ring(ring), lag));
                return Ok(Opened { sources: sources.collect(), dealt, kind: Kind::AfPacket, notes });
            }
            // A mistake of the operator's would be the same with libpcap.
            Err(refused) if refused.step == FILTER => {
                return Err(error(format!("filter: {}", refused.error)));
            }
            Err(refused) => notes.push(format!(
                "AF_PACKET was refused ({}: {}); trying libpcap, with one worker",
                refused.step, refused.error
            )),
        }
    }
    match PcapSource::open(options) {
        Ok(opened) => {
            if options.workers > 1 {
                notes.push("libpcap has one worker per interface".to_owned());
            }
            let lag = 2 * super::live_pcap::READ_TIMEOUT + SCHEDULING;
            let sources = vec![source(Inner::Pcap(opened), lag)];
            Ok(Opened { sources, dealt: None, kind: Kind::Pcap, notes })
        }
        Err(reason) => {
            notes.push(format!("libpcap: {reason}"));
            Err(error(notes.join("; ")))
        }
    }
}

/// Beyond the kernel's own timers, how late a thread may look.
const SCHEDULING: Duration = Duration::from_millis(60);

impl Source {
    /// Hands on packets that have come, waiting up to `timeout` for the first. An error is the
    /// interface's; it may pass, and the source stays usable.
    pub fn poll(&mut self, timeout: Duration, each: impl FnMut(&SeenPacket<'_>)) -> io::Result<Polled> {
        match &mut self.inner {
            Inner::Ring(ring) => ring.poll(timeout, each),
            Inner::Xdp(source) => source.poll(timeout, each),
            Inner::Pcap(source) => source.poll(timeout, each),
        }
    }

    /// When nothing comes, the packets seen are all up to so long ago.
    pub fn lag(&self) -> Duration {
        self.lag
    }

    /// Goes over to another interface of the same name, if the one it was opened on is no more. To be called when
    /// nothing comes. True if it did; an error says that it cannot, and gets nothing any more.
    pub fn follow(&mut self) -> io::Result<bool> {
        if let Inner::Ring(ring) = &mut self.inner {
            return ring.follow();
        }
        match super::interface::index(&self.interface) {
            Ok(now) if now != self.index => Err(io::Error::other("this kind of capture cannot follow it")),
            // Where there is none, there may be one later.
            _ => Ok(false),
        }
    }

    /// The number of the interface that it captures on.
    pub fn index(&self) -> u32 {
        match &self.inner {
            Inner::Ring(ring) => ring.index(),
            Inner::Xdp(_) | Inner::Pcap(_) => self.index,
        }
    }

    /// For looking at it from another thread, where the kind of capture allows that.
    pub fn monitor(&self) -> Option<Monitor> {
        let Inner::Ring(ring) = &self.inner else { return None };
        let (ring, interface) = (ring.monitor(), self.interface.clone());
        Some(Monitor { ring, interface, index: self.index, lag: self.lag })
    }

    /// Lets nothing more in; what has come already is still to be read.
    pub fn refuse(&self) -> io::Result<()> {
        match &self.inner {
            Inner::Ring(ring) => ring.refuse(),
            Inner::Xdp(source) => {
                source.refuse();
                Ok(())
            }
            Inner::Pcap(_) => Ok(()),
        }
    }

    pub fn counts(&mut self) -> io::Result<Counts> {
        match &mut self.inner {
            Inner::Ring(ring) => ring.counts(),
            Inner::Xdp(source) => source.counts(),
            Inner::Pcap(source) => source.counts(),
        }
    }
}

impl Monitor {
    /// What the source has counted, whether or not its thread gets on.
    pub fn counts(&self) -> io::Result<Counts> {
        self.ring.counts()
    }

    /// Goes on where a thread that hangs has come to, behind the packet that it has begun. Nothing is lost for it, and
    /// what that thread may still do reaches nobody's packets; it has to have been kept from handing on what it saw.
    pub fn take_over(&self) -> io::Result<Source> {
        let inner = Inner::Ring(self.ring.take_over()?);
        Ok(Source { inner, interface: self.interface.clone(), index: self.index, lag: self.lag })
    }
}
