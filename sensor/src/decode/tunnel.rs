//! Packets in packets: what IP and UDP payloads carry, by the rules of Zeek's tunnel analyzers.
//!
//! Confirmed or violated, and how deep a packet is, are facts of flows: the flow engine passes
//! them in and acts on the [`Verdict`].

use std::borrow::Cow;

use nightjar_protocols::wire::numbers::{ipproto, linktype};
use nightjar_protocols::wire::{ayiya, geneve, gre, gtpv1, teredo, vxlan};

use super::ip::IpPacket;
use super::weird::{Weird, Weirds};
use super::{Decoder, Next, Piece};
use crate::event::TunnelType;

/// What a tunnel carries: give it to [`Decoder::inner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner<'a> {
    pub next: Next,
    pub piece: Piece<'a>,
    pub tunnel: TunnelType,
}

/// What an IP packet's protocol number led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpTunnel<'a> {
    /// No tunnel: a transport protocol, or one that is not followed.
    None,
    Inner(Inner<'a>),
    /// A tunnel whose content is not followed. Weirds, where there are any, have been told.
    Discarded,
}

/// The tunnels over UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UdpTunnelKind {
    Ayiya,
    Geneve,
    Gtpv1,
    Teredo,
    Vxlan,
}

impl UdpTunnelKind {
    pub const ALL: [UdpTunnelKind; 5] = [
        UdpTunnelKind::Ayiya,
        UdpTunnelKind::Geneve,
        UdpTunnelKind::Gtpv1,
        UdpTunnelKind::Teredo,
        UdpTunnelKind::Vxlan,
    ];

    pub const fn tunnel(self) -> TunnelType {
        match self {
            UdpTunnelKind::Ayiya => TunnelType::Ayiya,
            UdpTunnelKind::Geneve => TunnelType::Geneve,
            UdpTunnelKind::Gtpv1 => TunnelType::Gtpv1,
            UdpTunnelKind::Teredo => TunnelType::Teredo,
            UdpTunnelKind::Vxlan => TunnelType::Vxlan,
        }
    }

    /// As `service` in conn.log.
    pub const fn service(self) -> &'static str {
        match self {
            UdpTunnelKind::Ayiya => "ayiya",
            UdpTunnelKind::Geneve => "geneve",
            UdpTunnelKind::Gtpv1 => "gtpv1",
            UdpTunnelKind::Teredo => "teredo",
            UdpTunnelKind::Vxlan => "vxlan",
        }
    }

    /// The name of Zeek's analyzer, which is the `source` of its weirds.
    pub const fn source(self) -> &'static str {
        match self {
            UdpTunnelKind::Ayiya => "AYIYA",
            UdpTunnelKind::Geneve => "GENEVE",
            UdpTunnelKind::Gtpv1 => "GTPV1",
            UdpTunnelKind::Teredo => "TEREDO",
            UdpTunnelKind::Vxlan => "VXLAN",
        }
    }

    /// By content, for a datagram on a port that is nobody's: Zeek's `DetectProtocol`.
    #[inline]
    pub fn probe(payload: &[u8]) -> Option<Self> {
        if ayiya::probe(payload) {
            Some(UdpTunnelKind::Ayiya)
        } else if teredo::probe(payload) {
            Some(UdpTunnelKind::Teredo)
        } else {
            None
        }
    }
}

/// What a UDP datagram may carry by its responder's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverUdp {
    /// GRE (RFC 8086): a tunnel between two hosts, as if it were directly in IP, and not one of the
    /// connection.
    Gre,
    Kind(UdpTunnelKind),
}

impl OverUdp {
    /// By the responder's port, as Zeek registers them.
    pub const fn of_port(port: u16) -> Option<Self> {
        Some(OverUdp::Kind(match port {
            2123 | 2152 => UdpTunnelKind::Gtpv1,
            3544 => UdpTunnelKind::Teredo,
            4754 => return Some(OverUdp::Gre),
            4789 => UdpTunnelKind::Vxlan,
            5072 => UdpTunnelKind::Ayiya,
            6081 => UdpTunnelKind::Geneve,
            _ => return None,
        }))
    }
}

/// What the flow engine knows of the packet whose payload is tried as a tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TunnelContext {
    /// How many tunnels the packet is in already.
    pub depth: usize,
    /// The connection has been confirmed as this kind of tunnel.
    pub confirmed: bool,
}

/// What a datagram says of its connection being the tunnel that it was tried as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is one.
    Confirmed,
    /// It is not, for this reason in Zeek's words.
    Violation(Cow<'static, str>),
    /// No evidence.
    Undecided,
    /// Not looked at, for being in too many tunnels. Zeek puts an `X` into the history, GTP aside.
    TooDeep,
}

/// What became of a datagram that was tried as a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpTunnel<'a> {
    pub verdict: Verdict,
    pub inner: Option<Inner<'a>>,
    /// An oddity to tell of the connection, with the analyzer as its source.
    pub conn_weird: Option<&'static str>,
}

impl UdpTunnel<'_> {
    const fn of(verdict: Verdict) -> Self {
        UdpTunnel { verdict, inner: None, conn_weird: None }
    }
}

impl Decoder {
    /// The packet inside an IP packet, by its protocol number: IP in IP and GRE. `depth` is how
    /// many tunnels the packet is in already.
    pub fn ip_tunnel<'a>(
        &mut self,
        packet: &IpPacket<'a>,
        depth: usize,
        weirds: &mut Weirds,
    ) -> IpTunnel<'a> {
        let payload = packet.payload;
        match packet.proto {
            ipproto::IPV4 | ipproto::IPV6 => {
                self.ip_in_ip(packet, depth, (TunnelType::Ip, packet.proto, payload), weirds)
            }
            ipproto::GRE => self.gre(packet, payload, depth, weirds),
            _ => IpTunnel::None,
        }
    }

    /// The packet inside GRE, which begins with `payload`: that of an IP packet or of a UDP datagram.
    pub fn gre<'a>(
        &mut self,
        packet: &IpPacket<'a>,
        payload: &'a [u8],
        depth: usize,
        weirds: &mut Weirds,
    ) -> IpTunnel<'a> {
        let gre = match gre::parse(payload) {
            Ok(gre) => gre,
            Err(reject) => {
                let weird = Weird::of(reject, "GRE").between(packet.src, packet.dst);
                self.malformed(weird.in_tunnel(packet.tunnel.is_some()), weirds);
                return IpTunnel::Discarded;
            }
        };
        let next = match gre.inner {
            gre::Inner::Pptp(version) => {
                return self.ip_in_ip(packet, depth, (TunnelType::Gre, version, gre.payload), weirds);
            }
            gre::Inner::Ip => Next::Ip,
            gre::Inner::Ethernet => Next::Ethernet,
            gre::Inner::Ieee80211 => Next::of_link_type(linktype::IEEE802_11),
        };
        if self.is_too_deep(packet, depth, weirds) {
            return IpTunnel::Discarded;
        }
        // Zeek takes what was captured for all there was.
        let piece = Piece { bytes: gre.payload, missing: 0, tunnel: Some(TunnelType::Gre) };
        IpTunnel::Inner(Inner { next, piece, tunnel: TunnelType::Gre })
    }

    /// An IP packet that must fill its place exactly.
    fn ip_in_ip<'a>(
        &mut self,
        packet: &IpPacket<'a>,
        depth: usize,
        (tunnel, version, payload): (TunnelType, u8, &'a [u8]),
        weirds: &mut Weirds,
    ) -> IpTunnel<'a> {
        if self.is_too_deep(packet, depth, weirds) {
            return IpTunnel::Discarded;
        }
        match check_inner(version, payload) {
            Ok(()) => {}
            Err(BadInner::Version) => {
                self.counters.bad_inner += 1;
                weirds.push(packet.weird("invalid_inner_IP_version", "IPTUNNEL"));
                return IpTunnel::Discarded;
            }
            // Zeek 7.0 has weirds for these, but its comparisons never let them out.
            Err(BadInner::TooShort | BadInner::TooLong) => {
                self.counters.bad_inner += 1;
                return IpTunnel::Discarded;
            }
        }
        let piece = Piece { bytes: payload, missing: 0, tunnel: Some(tunnel) };
        IpTunnel::Inner(Inner { next: Next::Ip, piece, tunnel })
    }

    fn is_too_deep(&mut self, packet: &IpPacket<'_>, depth: usize, weirds: &mut Weirds) -> bool {
        let too_deep = depth >= self.config.max_tunnel_depth;
        if too_deep {
            self.counters.too_deep += 1;
            weirds.push(packet.weird("exceeded_tunnel_max_depth", "IPTUNNEL"));
        }
        too_deep
    }

    /// Tries the payload of a UDP datagram as a tunnel.
    pub fn udp_tunnel<'a>(
        &mut self,
        kind: UdpTunnelKind,
        packet: &IpPacket<'a>,
        payload: &'a [u8],
        context: TunnelContext,
        weirds: &mut Weirds,
    ) -> UdpTunnel<'a> {
        if kind != UdpTunnelKind::Gtpv1 && context.depth >= self.config.max_tunnel_depth {
            self.counters.too_deep += 1;
            weirds.push(packet.weird("exceeded_tunnel_max_depth", kind.source()));
            return UdpTunnel::of(Verdict::TooDeep);
        }
        match kind {
            UdpTunnelKind::Vxlan => vxlan_packet(packet, payload, weirds),
            UdpTunnelKind::Geneve => geneve_packet(packet, payload, weirds),
            UdpTunnelKind::Ayiya => ayiya_packet(packet, payload, weirds),
            UdpTunnelKind::Teredo => teredo_packet(packet, payload, context.confirmed),
            UdpTunnelKind::Gtpv1 => self.gtp_packet(packet, payload, context.depth, weirds),
        }
    }

    fn gtp_packet<'a>(
        &mut self,
        packet: &IpPacket<'a>,
        payload: &'a [u8],
        depth: usize,
        weirds: &mut Weirds,
    ) -> UdpTunnel<'a> {
        let kind = UdpTunnelKind::Gtpv1;
        let violation = |reason: Cow<'static, str>| UdpTunnel::of(Verdict::Violation(reason));
        let message = match gtpv1::parse(payload) {
            Ok(message) => message,
            Err(reason) => return violation(reason),
        };
        if depth >= self.config.max_tunnel_depth {
            self.counters.too_deep += 1;
            weirds.push(Weird::net("tunnel_depth", kind.source()));
            return UdpTunnel::of(Verdict::TooDeep);
        }
        if packet.tunnel == Some(TunnelType::Gtpv1) {
            // Nobody tunnels GTP in GTP: an ordinary packet on its port.
            return violation("GTP-in-GTP".into());
        }
        match message.content() {
            Err(reason) => violation(reason.into()),
            Ok(gtpv1::Content::Nothing) => UdpTunnel::of(Verdict::Undecided),
            Ok(gtpv1::Content::Packet { protocol, inner }) => match check_inner(protocol, inner) {
                Ok(()) => carried(kind, packet, Next::Ip, inner),
                Err(BadInner::Version) => violation("Invalid IP version in wrapped packet".into()),
                Err(BadInner::TooShort) => violation("Truncated GTPv1".into()),
                Err(BadInner::TooLong) => violation("GTPv1 payload length".into()),
            },
        }
    }
}

fn vxlan_packet<'a>(packet: &IpPacket<'a>, payload: &'a [u8], weirds: &mut Weirds) -> UdpTunnel<'a> {
    match vxlan::parse(payload) {
        Err(reason) => UdpTunnel::of(Verdict::Violation(reason.into())),
        Ok(vxlan) if vxlan.inner.is_empty() => {
            empty(packet, UdpTunnelKind::Vxlan, "vxlan_empty_packet", weirds)
        }
        Ok(vxlan) => carried(UdpTunnelKind::Vxlan, packet, Next::Ethernet, vxlan.inner),
    }
}

fn geneve_packet<'a>(packet: &IpPacket<'a>, payload: &'a [u8], weirds: &mut Weirds) -> UdpTunnel<'a> {
    let kind = UdpTunnelKind::Geneve;
    match geneve::parse(payload) {
        Err(geneve::Refused::Violation(reason)) => UdpTunnel::of(Verdict::Violation(reason.into())),
        Err(geneve::Refused::Weird(reject)) => {
            let weird = packet.weird(reject.name, kind.source());
            weirds.push(Weird { addl: reject.addl(), ..weird });
            UdpTunnel::of(Verdict::Undecided)
        }
        Ok(geneve) if geneve.inner.is_empty() => empty(packet, kind, "geneve_empty_packet", weirds),
        Ok(geneve) => carried(kind, packet, Next::of_geneve(geneve.protocol), geneve.inner),
    }
}

fn ayiya_packet<'a>(packet: &IpPacket<'a>, payload: &'a [u8], weirds: &mut Weirds) -> UdpTunnel<'a> {
    let kind = UdpTunnelKind::Ayiya;
    match ayiya::parse(payload) {
        Err(reason) => UdpTunnel::of(Verdict::Violation(reason.into())),
        Ok(ayiya::Ayiya::Other) => UdpTunnel::of(Verdict::Undecided),
        Ok(ayiya::Ayiya::Forward { inner: [], .. }) => empty(packet, kind, "ayiya_empty_packet", weirds),
        Ok(ayiya::Ayiya::Forward { protocol, inner }) => {
            let next = match protocol {
                ipproto::IPV4 | ipproto::IPV6 => Next::Ip,
                _ => Next::Unknown,
            };
            carried(kind, packet, next, inner)
        }
    }
}

fn teredo_packet<'a>(packet: &IpPacket<'a>, payload: &'a [u8], confirmed: bool) -> UdpTunnel<'a> {
    match teredo::parse(payload) {
        Err(refused) => UdpTunnel {
            // Before that, anything on the port would be told as odd.
            conn_weird: refused.weird.filter(|_| confirmed),
            ..UdpTunnel::of(Verdict::Violation(refused.violation.into()))
        },
        Ok(teredo) => UdpTunnel {
            conn_weird: teredo.payload_in_bubble.then_some("Teredo_bubble_with_payload"),
            ..carried(UdpTunnelKind::Teredo, packet, Next::Ip, teredo.inner)
        },
    }
}

fn carried<'a>(kind: UdpTunnelKind, packet: &IpPacket<'a>, next: Next, bytes: &'a [u8]) -> UdpTunnel<'a> {
    let tunnel = kind.tunnel();
    let piece = Piece { bytes, missing: packet.missing, tunnel: Some(tunnel) };
    UdpTunnel { inner: Some(Inner { next, piece, tunnel }), ..UdpTunnel::of(Verdict::Confirmed) }
}

/// A header that stands alone confirms the tunnel and is odd.
fn empty<'a>(
    packet: &IpPacket<'a>,
    kind: UdpTunnelKind,
    name: &'static str,
    weirds: &mut Weirds,
) -> UdpTunnel<'a> {
    weirds.push(packet.weird(name, kind.source()));
    UdpTunnel::of(Verdict::Confirmed)
}

/// Why bytes are not one IP packet and nothing else.
enum BadInner {
    Version,
    TooShort,
    TooLong,
}

/// Whether the bytes are one IP packet of the version that the IP protocol number names.
fn check_inner(version: u8, bytes: &[u8]) -> Result<(), BadInner> {
    let is = |wanted| bytes.first().is_some_and(|first| first >> 4 == wanted);
    let total_len = match (version, bytes) {
        (ipproto::IPV6, &[_, _, _, _, l0, l1, ..]) if bytes.len() >= 40 => {
            if !is(6) {
                return Err(BadInner::Version);
            }
            40 + usize::from(u16::from_be_bytes([l0, l1]))
        }
        (ipproto::IPV6, _) => return Err(BadInner::TooShort),
        (_, &[_, _, l0, l1, ..]) if bytes.len() >= 20 && is(4) => usize::from(u16::from_be_bytes([l0, l1])),
        _ => return Err(BadInner::Version),
    };
    match bytes.len().cmp(&total_len) {
        std::cmp::Ordering::Less => Err(BadInner::TooShort),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(BadInner::TooLong),
    }
}
