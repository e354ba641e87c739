//! From a captured frame to a transport packet.
//!
//! A frame goes through [`Decoder::link`], which peels link headers until an IP packet shows, and
//! [`Decoder::ip`], which verifies it, walks extension headers and puts fragments together. A
//! packet that carries another goes through [`Decoder::ip_tunnel`] or [`Decoder::udp_tunnel`], and
//! what is inside starts again at [`Decoder::inner`]. The flow engine drives this, because depth,
//! confirmation and `tunnel_parents` are facts of flows.
//!
//! Nothing is copied or allocated, fragments aside: a [`Piece`] borrows from the frame. Which
//! number leads where is in [`dispatch`]; what each header looks like in `nightjar_protocols::wire`.

use nightjar_protocols::wire::numbers::ipproto;

use crate::capture::Packet;
use crate::config::Nets;
use crate::counters::{Metric, counter, counters};
use crate::event::TunnelType;

pub mod dispatch;
mod fragment;
mod ip;
mod ip_protocols;
mod link;
mod tunnel;
pub mod weird;

#[cfg(test)]
mod tests;

pub use dispatch::Next;
pub use fragment::Limits;
pub use ip::{Checksum, Datagram, Discarded, IpPacket, Outcome, is_fragment, peek};
pub use ip_protocols::IpProtocols;
pub use link::{Facts, Frame, LinkOutcome, Subframes};
pub use tunnel::{Inner, IpTunnel, OverUdp, TunnelContext, UdpTunnel, UdpTunnelKind, Verdict};
pub use weird::{Weird, Weirds};

use fragment::Fragments;

/// What the operator can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Accept packets with wrong checksums (`-C`, `ignore_checksums`).
    pub ignore_checksums: bool,
    /// The same of those whose source is here (`ignore_checksums_nets`).
    pub ignore_checksums_nets: Nets,
    /// How many tunnels are followed into each other (`Tunnel::max_depth`).
    pub max_tunnel_depth: usize,
    /// UDP ports whose datagrams may leave the checksum to the inner packet
    /// (`PacketAnalyzer::VXLAN::vxlan_ports`).
    pub vxlan_ports: Vec<u16>,
    /// Verify the outer checksum of VXLAN where there is one (`Tunnel::validate_vxlan_checksums`).
    pub validate_vxlan_checksums: bool,
    pub fragments: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            ignore_checksums: false,
            ignore_checksums_nets: Nets::new([]),
            max_tunnel_depth: 4,
            vxlan_ports: vec![4789],
            validate_vxlan_checksums: true,
            fragments: Limits::default(),
        }
    }
}

/// Packets that go no further, for one of many reasons.
pub const fn discarded(reason: &'static [&'static str; 1]) -> Metric {
    counter("decode_discarded_total")
        .by("reason", reason)
        .of_family("Packets that were not analysed further, by reason.")
}

counters! {
    /// What was seen and given up, per worker.
    pub struct Counters {
        /// IP packets that were passed on, inner ones and reassembled ones included.
        pub ip_packets: u64 = counter("ip_packets_total"),
        pub arp: u64 = discarded(&["arp"]).lost("ARP packets not analysed"),
        /// Frames of protocols that are not followed.
        pub unknown_protocol: u64 =
            discarded(&["unknown_protocol"]).lost("packets of protocols that are not analysed"),
        /// IP packets of protocols that are not analysed, ESP aside; which ones [`IpProtocols`] tells.
        pub unknown_ip_protocol: u64 = discarded(&["unknown_ip_protocol"]),
        /// Frames and packets whose headers are damaged or cut short.
        pub malformed: u64 = discarded(&["malformed"]).lost("packets damaged or cut short in their headers"),
        pub bad_ip_checksum: u64 = discarded(&["bad_ip_checksum"]).lost("packets with a wrong IP checksum"),
        /// 802.11 frames that are encrypted or carry no data.
        pub wlan_without_data: u64 =
            discarded(&["wlan_without_data"]).lost("wireless frames without readable data"),
        /// Encrypted packets, of IPv4 and IPv6.
        pub esp: u64 = discarded(&["esp"]).lost("encrypted IP packets (ESP)"),
        pub mobility: u64 = discarded(&["mobility"]).lost("mobility signalling packets"),
        /// IP packets that say nothing follows.
        pub no_next: u64 = discarded(&["no_next"]).lost("IP packets that say that nothing follows"),
        /// Packets in tunnels that do not fit what their outer header says.
        pub bad_inner: u64 =
            discarded(&["bad_inner"]).lost("packets in tunnels that contradict their outer header"),
        pub too_deep: u64 = discarded(&["too_deep"]).lost("packets in too many tunnels"),
        pub fragments: fragment::Counters,
    }
}

/// Bytes at some layer of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    pub bytes: &'a [u8],
    /// How many more bytes there were on the wire behind these, which the capture cut off.
    pub missing: u32,
    /// The innermost tunnel around these bytes.
    pub tunnel: Option<TunnelType>,
}

impl<'a> Piece<'a> {
    #[inline]
    pub fn of(packet: &Packet<'a>) -> Self {
        let have = u32::try_from(packet.data.len()).unwrap_or(u32::MAX);
        Piece { bytes: packet.data, missing: packet.wire_len.saturating_sub(have), tunnel: None }
    }

    /// What is left behind a header.
    #[inline]
    pub const fn behind(self, bytes: &'a [u8]) -> Self {
        Piece { bytes, ..self }
    }

    /// How long this was on the wire.
    #[inline]
    pub const fn wire_len(&self) -> u64 {
        self.bytes.len() as u64 + self.missing as u64
    }
}

/// The decoder of one worker.
#[derive(Debug)]
pub struct Decoder {
    config: Config,
    fragments: Fragments,
    counters: Counters,
    ip_protocols: IpProtocols,
}

impl Decoder {
    pub fn new(config: Config) -> Self {
        let fragments = Fragments::new(config.fragments);
        Decoder { config, fragments, counters: Counters::default(), ip_protocols: IpProtocols::default() }
    }

    /// Goes on with other settings; what is held stays.
    pub fn set_config(&mut self, config: Config) {
        self.fragments.set_limits(config.fragments);
        self.config = config;
    }

    pub const fn counters(&self) -> Counters {
        Counters { fragments: self.fragments.counters(), ..self.counters }
    }

    /// Puts the counters back to what they were: what was decoded since is another worker's to count.
    pub const fn set_counters(&mut self, counters: Counters) {
        self.counters = counters;
        *self.fragments.counters_mut() = counters.fragments;
    }

    /// What is behind [`Counters::unknown_ip_protocol`].
    pub const fn ip_protocols(&self) -> &IpProtocols {
        &self.ip_protocols
    }

    /// Counts an IP packet that no analyzer takes, for its protocol.
    #[cold]
    pub fn not_analysed(&mut self, protocol: u8) {
        if protocol == ipproto::ESP {
            self.counters.esp += 1;
        } else {
            self.counters.unknown_ip_protocol += 1;
            self.ip_protocols.add(protocol);
        }
    }

    /// The ceilings on what is held for fragments.
    pub const fn limits(&self) -> &Limits {
        &self.config.fragments
    }

    /// Bytes held for datagrams that are not complete.
    pub const fn fragment_bytes(&self) -> usize {
        self.fragments.bytes()
    }

    fn malformed(&mut self, weird: Weird, weirds: &mut Weirds) {
        self.counters.malformed += 1;
        weirds.push(weird);
    }
}
