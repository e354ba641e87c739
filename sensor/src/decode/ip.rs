//! The IP layer: headers verified, extension headers walked, fragments put together.

use std::net::IpAddr;

use nightjar_protocols::wire::numbers::ipproto;
use nightjar_protocols::wire::{checksum, ipv4, ipv6};

use super::fragment::Fragment;
use super::weird::{Weird, Weirds};
use super::{Decoder, Next, Piece};
use crate::event::TunnelType;
use crate::time::Time;

const SOURCE: &str = Next::Ip.source();

/// An IP datagram as the flow engine needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpPacket<'a> {
    /// Who talks: of IPv6 the home address of a mobile node (RFC 6275), where there is one.
    pub src: IpAddr,
    /// To whom: of IPv6 the last stop of a routing header with stops left, where there is one.
    pub dst: IpAddr,
    /// The transport protocol, behind all extension headers.
    pub proto: u8,
    /// TTL or hop limit.
    pub ttl: u8,
    /// The length in the IP header, headers included: what `orig_ip_bytes` counts. 0 where a
    /// sending card was to fill it in (IPv4 only).
    pub total_len: u32,
    /// The IP header with its options or extension headers.
    pub header: &'a [u8],
    /// Transport header and payload as far as captured, without the padding of the frame.
    pub payload: &'a [u8],
    /// How long the IP header says `payload` is; 0 where the header does not say (segmentation
    /// offload), and `payload` is then all that was captured.
    pub payload_len: u32,
    /// How many bytes of the frame the capture cut off.
    pub missing: u32,
    pub dont_fragment: bool,
    /// Put together from fragments.
    pub reassembled: bool,
    /// The innermost tunnel this packet is in.
    pub tunnel: Option<TunnelType>,
}

/// What became of an IP packet.
#[derive(Debug)]
pub enum Outcome<'a> {
    Packet(IpPacket<'a>),
    /// A fragment, kept until the rest comes.
    Held,
    /// The last missing fragment: give the datagram to [`Decoder::reassembled`].
    Reassembled(Datagram),
    Discarded(Discarded),
}

/// A datagram put together from fragments.
#[derive(Debug, PartialEq, Eq)]
pub struct Datagram {
    bytes: Vec<u8>,
    tunnel: Option<TunnelType>,
}

impl Datagram {
    /// Of its bytes, from the IP header on.
    pub const fn new(bytes: Vec<u8>, tunnel: Option<TunnelType>) -> Self {
        Datagram { bytes, tunnel }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The innermost tunnel it was in.
    pub const fn tunnel(&self) -> Option<TunnelType> {
        self.tunnel
    }
}

/// Whether an IP packet is a fragment, without verifying it.
pub fn is_fragment(packet: &[u8]) -> bool {
    match packet.first().map(|first| first >> 4) {
        Some(4) => ipv4::Header::read(packet).is_some_and(|header| header.is_fragment()),
        Some(6) => ipv6::Header::read(packet, &mut |_| ()).is_some_and(|header| header.fragment.is_some()),
        _ => false,
    }
}

/// Addresses, transport protocol and what it carries of a whole IP packet, without verifying it.
pub fn peek(packet: &[u8]) -> Option<(IpAddr, IpAddr, u8, &[u8])> {
    if packet.first()? >> 4 == 4 {
        let header = ipv4::Header::read(packet)?;
        let payload = packet.get(usize::from(header.header_len)..)?;
        return Some((header.src.into(), header.dst.into(), header.protocol, payload));
    }
    let header = ipv6::Header::read(packet, &mut |_| ())?;
    Some((header.src.into(), header.dst.into(), header.next, packet.get(header.header_len..)?))
}

/// Why an IP packet goes no further. Weirds, where there are any, have been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discarded {
    /// Damaged or cut short in its headers.
    Malformed,
    BadChecksum,
    /// A fragment that the capture cut short.
    CutFragment,
    /// IPv6 ESP: the rest is encrypted.
    Encrypted,
    /// A Mobile IPv6 message: signalling with nothing to follow.
    Mobility,
    /// The header says that nothing follows.
    NoNext,
}

/// Whether a packet's transport checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    Valid,
    Bad,
    /// Nobody wants it verified, or not all bytes are there to do so.
    Unchecked,
}

impl IpPacket<'_> {
    /// Fewer bytes were captured than the header says.
    #[inline]
    pub const fn is_truncated(&self) -> bool {
        (self.payload.len() as u64) < self.payload_len as u64
    }

    /// Whether `least` bytes of transport header are there; tells a weird where not. `source` is
    /// the transport's name in Zeek's spelling.
    #[inline]
    pub fn has_header(&self, least: usize, source: &'static str, weirds: &mut Weirds) -> bool {
        if self.payload.len() >= least {
            return true;
        }
        let says_less = self.payload_len != 0 && (self.payload_len as usize) < least;
        let name = if says_less { "truncated_header" } else { "internally_truncated_header" };
        weirds.push(self.weird(name, source));
        false
    }

    /// An oddity of this packet.
    pub fn weird(&self, name: &'static str, source: &'static str) -> Weird {
        Weird::net(name, source).between(self.src, self.dst).in_tunnel(self.tunnel.is_some())
    }
}

impl Decoder {
    /// An IP packet, from its header on.
    // Always inlined with its IPv4 path: returned by value through a call, the packet is copied
    // twice, which takes longer than decoding it.
    #[inline(always)]
    pub fn ip<'a>(&mut self, now: Time, piece: Piece<'a>, weirds: &mut Weirds) -> Outcome<'a> {
        let Some(head) = piece.bytes.first_chunk::<{ ipv4::MIN_LEN }>() else {
            return self.refuse("truncated_IP", piece, weirds);
        };
        match head[0] >> 4 {
            4 => self.v4(now, head, piece, weirds),
            6 => self.v6(now, piece, weirds),
            _ => self.refuse("unknown_ip_version", piece, weirds),
        }
    }

    #[inline(always)]
    fn v4<'a>(
        &mut self,
        now: Time,
        head: &[u8; ipv4::MIN_LEN],
        piece: Piece<'a>,
        weirds: &mut Weirds,
    ) -> Outcome<'a> {
        let Some(header) = ipv4::Header::read(piece.bytes) else {
            return self.v4_broken(head, piece, weirds);
        };
        let mut total_len = usize::from(header.total_len);
        if total_len == 0 {
            if let Some(refused) = self.length_left_out(piece, weirds) {
                return refused;
            }
            total_len = piece.bytes.len();
        }
        let header_len = usize::from(header.header_len);
        if piece.wire_len() < total_len as u64 {
            return self.refuse("truncated_IP_len", piece, weirds);
        }
        let Some(payload_len) = total_len.checked_sub(header_len) else {
            return self.refuse("invalid_IP_header_size", piece, weirds);
        };
        let Some((header_bytes, rest)) = piece.bytes.split_at_checked(header_len) else {
            return self.refuse("internally_truncated_header", piece, weirds);
        };
        if !self.config.ignore_checksums
            && !checksum::verify(header_bytes)
            && !self.config.ignore_checksums_nets.contains(header.src.into())
        {
            return self.bad_checksum(piece, &header, weirds);
        }
        let payload = rest.get(..payload_len).unwrap_or(rest);
        if header.is_fragment() || header.protocol == ipproto::NO_NEXT {
            let captured = piece.bytes.len() >= total_len;
            let packet = v4_packet(&header, header_bytes, payload, piece);
            return self.v4_special(now, &header, packet, captured, weirds);
        }
        self.counters.ip_packets += 1;
        Outcome::Packet(v4_packet(&header, header_bytes, payload, piece))
    }

    /// A header that is not whole or says that it is shorter than it can be: what is wrong, in Zeek's order.
    #[cold]
    fn v4_broken<'a>(
        &mut self,
        head: &[u8; ipv4::MIN_LEN],
        piece: Piece<'a>,
        weirds: &mut Weirds,
    ) -> Outcome<'a> {
        let lengths = ipv4::Lengths::read(head);
        let (header_len, mut total_len) = (usize::from(lengths.header), usize::from(lengths.total));
        if total_len == 0 {
            if let Some(refused) = self.length_left_out(piece, weirds) {
                return refused;
            }
            total_len = piece.bytes.len();
        }
        let name = if piece.wire_len() < total_len as u64 {
            "truncated_IP_len"
        } else if total_len < header_len {
            "invalid_IP_header_size"
        } else if piece.bytes.len() < header_len {
            "internally_truncated_header"
        } else {
            "IPv4_min_header_size"
        };
        self.refuse(name, piece, weirds)
    }

    #[inline(never)]
    fn v4_special<'a>(
        &mut self,
        now: Time,
        header: &ipv4::Header,
        packet: IpPacket<'a>,
        captured: bool,
        weirds: &mut Weirds,
    ) -> Outcome<'a> {
        if !header.is_fragment() {
            return self.finish(packet, weirds);
        }
        let fragment = Fragment {
            src: packet.src,
            dst: packet.dst,
            id: u32::from(header.id),
            header: packet.header,
            next: header.protocol,
            announced_at: 0,
            header_len: packet.header.len(),
            total_len: packet.total_len,
            offset: header.fragment_offset,
            more: header.more_fragments,
            dont_fragment: header.dont_fragment,
            payload: packet.payload,
        };
        self.fragment(now, packet, &fragment, captured, weirds)
    }

    /// Segmentation offload leaves length and checksum to the card: such a packet is read to the
    /// end of what was captured if nobody asks for its checksum, and refused otherwise.
    #[cold]
    fn length_left_out<'a>(&mut self, piece: Piece<'a>, weirds: &mut Weirds) -> Option<Outcome<'a>> {
        weirds.push(Weird::net("ip_hdr_len_zero", SOURCE).in_tunnel(piece.tunnel.is_some()));
        if self.config.ignore_checksums {
            return None;
        }
        self.counters.malformed += 1;
        Some(Outcome::Discarded(Discarded::Malformed))
    }

    #[inline(always)]
    fn v6<'a>(&mut self, now: Time, piece: Piece<'a>, weirds: &mut Weirds) -> Outcome<'a> {
        if let Some(header) = ipv6::Header::read_plain(piece.bytes)
            && header.next != ipproto::NO_NEXT
            && piece.wire_len() >= u64::from(header.total_len())
        {
            self.counters.ip_packets += 1;
            return Outcome::Packet(v6_packet(&header, piece));
        }
        self.v6_special(now, piece, weirds)
    }

    #[inline(never)]
    fn v6_special<'a>(&mut self, now: Time, piece: Piece<'a>, weirds: &mut Weirds) -> Outcome<'a> {
        let Some(header) = ipv6::Header::read(piece.bytes, &mut |odd| tell(odd, weirds)) else {
            return self.refuse("truncated_IP", piece, weirds);
        };
        if piece.wire_len() < u64::from(header.total_len()) {
            return self.refuse("truncated_IP_len", piece, weirds);
        }
        if header.header_len > header.total_len() as usize {
            return self.refuse("invalid_IP_header_size", piece, weirds);
        }
        let packet = v6_packet(&header, piece);
        let Some(fragment) = header.fragment else {
            return self.finish_v6(&header, packet, weirds);
        };
        let fragment = Fragment {
            src: packet.src,
            dst: packet.dst,
            id: fragment.id,
            header: packet.header.get(..header.header_len - ipv6::FRAGMENT_LEN).unwrap_or_default(),
            next: header.next,
            announced_at: fragment.announced_at,
            header_len: header.header_len,
            total_len: header.total_len(),
            offset: fragment.offset,
            more: fragment.more,
            dont_fragment: false,
            payload: packet.payload,
        };
        let captured = piece.bytes.len() >= header.total_len() as usize;
        self.fragment(now, packet, &fragment, captured, weirds)
    }

    fn fragment<'a>(
        &mut self,
        now: Time,
        packet: IpPacket<'a>,
        fragment: &Fragment<'a>,
        captured: bool,
        weirds: &mut Weirds,
    ) -> Outcome<'a> {
        if !captured {
            weirds.push(packet.weird("incompletely_captured_fragment", SOURCE));
            // The first one still has the transport header, which a capture of headers is after.
            if fragment.offset == 0 {
                return self.finish(packet, weirds);
            }
            self.fragments.counters_mut().incomplete_capture += 1;
            return Outcome::Discarded(Discarded::CutFragment);
        }
        match self.fragments.add(now, fragment, weirds) {
            Some(bytes) => Outcome::Reassembled(Datagram { bytes, tunnel: packet.tunnel }),
            None => Outcome::Held,
        }
    }

    /// A datagram put together from fragments. It never is [`Outcome::Held`] nor
    /// [`Outcome::Reassembled`].
    pub fn reassembled<'a>(&mut self, datagram: &'a Datagram, weirds: &mut Weirds) -> Outcome<'a> {
        let piece = Piece { bytes: &datagram.bytes, missing: 0, tunnel: datagram.tunnel };
        let Some(head) = piece.bytes.first_chunk::<{ ipv4::MIN_LEN }>() else {
            return self.refuse("truncated_IP", piece, weirds);
        };
        if head[0] >> 4 == 6 {
            return self.reassembled_v6(piece, weirds);
        }
        let Some(header) = ipv4::Header::read(piece.bytes) else {
            return self.refuse("truncated_IP", piece, weirds);
        };
        let header_len = usize::from(header.header_len);
        // The length field wraps where fragments reach beyond 65,535 bytes, in Zeek too.
        let fits = usize::from(header.total_len).checked_sub(header_len);
        let parts = piece.bytes.split_at_checked(header_len);
        let (Some(payload_len), Some((header_bytes, rest))) = (fits, parts) else {
            return self.oversized(piece, header.src.into(), header.dst.into(), weirds);
        };
        let payload = rest.get(..payload_len).unwrap_or(rest);
        let packet = v4_packet(&header, header_bytes, payload, piece);
        self.finish(IpPacket { reassembled: true, ..packet }, weirds)
    }

    fn reassembled_v6<'a>(&mut self, piece: Piece<'a>, weirds: &mut Weirds) -> Outcome<'a> {
        let Some(header) = ipv6::Header::read(piece.bytes, &mut |odd| tell(odd, weirds)) else {
            return self.refuse("truncated_IP", piece, weirds);
        };
        if header.header_len > header.total_len() as usize {
            return self.oversized(piece, header.src.into(), header.dst.into(), weirds);
        }
        let packet = IpPacket { reassembled: true, ..v6_packet(&header, piece) };
        self.finish_v6(&header, packet, weirds)
    }

    /// What IPv6 has and IPv4 has not at the end of its headers.
    fn finish_v6<'a>(
        &mut self,
        header: &ipv6::Header,
        packet: IpPacket<'a>,
        weirds: &mut Weirds,
    ) -> Outcome<'a> {
        match header.last {
            ipproto::ESP => {
                self.counters.esp += 1;
                Outcome::Discarded(Discarded::Encrypted)
            }
            ipproto::MOBILITY => self.mobility(header, packet, weirds),
            // A fragment of a fragment: no stack sends one. Only a whole one is followed.
            ipproto::FRAGMENT if header.fragment.is_some_and(|f| f.offset != 0 || f.more) => {
                self.fragments.counters_mut().malformed += 1;
                Outcome::Discarded(Discarded::Malformed)
            }
            _ => self.finish(packet, weirds),
        }
    }

    fn finish<'a>(&mut self, packet: IpPacket<'a>, weirds: &mut Weirds) -> Outcome<'a> {
        if packet.proto == ipproto::NO_NEXT {
            self.counters.no_next += 1;
            // In Teredo it is a bubble, which keeps a NAT open (RFC 4380 §2.8).
            if packet.tunnel != Some(TunnelType::Teredo) {
                weirds.push(packet.weird("ipv6_no_next", SOURCE));
            }
            return Outcome::Discarded(Discarded::NoNext);
        }
        self.counters.ip_packets += 1;
        Outcome::Packet(packet)
    }

    fn mobility<'a>(
        &mut self,
        header: &ipv6::Header,
        packet: IpPacket<'a>,
        weirds: &mut Weirds,
    ) -> Outcome<'a> {
        self.counters.mobility += 1;
        let message = packet.header.get(header.next_at..).unwrap_or_default();
        let intact = checksum::verify_transport(packet.src, packet.dst, ipproto::MOBILITY, message);
        if !self.config.ignore_checksums && !intact && !self.config.ignore_checksums_nets.contains(packet.src)
        {
            weirds.push(packet.weird("bad_MH_checksum", SOURCE));
            return Outcome::Discarded(Discarded::BadChecksum);
        }
        if header.next != ipproto::NO_NEXT {
            weirds.push(packet.weird("mobility_piggyback", SOURCE));
        }
        Outcome::Discarded(Discarded::Mobility)
    }

    #[cold]
    fn refuse<'a>(&mut self, name: &'static str, piece: Piece<'a>, weirds: &mut Weirds) -> Outcome<'a> {
        self.malformed(Weird::net(name, SOURCE).in_tunnel(piece.tunnel.is_some()), weirds);
        Outcome::Discarded(Discarded::Malformed)
    }

    #[cold]
    fn oversized<'a>(
        &mut self,
        piece: Piece<'a>,
        src: IpAddr,
        dst: IpAddr,
        weirds: &mut Weirds,
    ) -> Outcome<'a> {
        let weird = Weird::net("invalid_IP_header_size", SOURCE).between(src, dst);
        self.malformed(weird.in_tunnel(piece.tunnel.is_some()), weirds);
        Outcome::Discarded(Discarded::Malformed)
    }

    #[cold]
    fn bad_checksum<'a>(
        &mut self,
        piece: Piece<'a>,
        header: &ipv4::Header,
        weirds: &mut Weirds,
    ) -> Outcome<'a> {
        self.counters.bad_ip_checksum += 1;
        let weird = Weird::net("bad_IP_checksum", SOURCE).between(header.src.into(), header.dst.into());
        weirds.push(weird.in_tunnel(piece.tunnel.is_some()));
        Outcome::Discarded(Discarded::BadChecksum)
    }

    /// Verifies the checksum of a TCP, UDP or ICMP packet. Call it with the header present.
    #[inline]
    pub fn transport_checksum(&self, packet: &IpPacket<'_>) -> Checksum {
        if self.config.ignore_checksums || packet.is_truncated() {
            return Checksum::Unchecked;
        }
        let valid = match packet.proto {
            ipproto::ICMP => checksum::verify(packet.payload),
            ipproto::UDP => {
                let checked = self.udp_checksum(packet);
                if checked != Checksum::Bad {
                    return checked;
                }
                false
            }
            proto => checksum::verify_transport(packet.src, packet.dst, proto, packet.payload),
        };
        match valid {
            true => Checksum::Valid,
            false if self.config.ignore_checksums_nets.contains(packet.src) => Checksum::Unchecked,
            false => Checksum::Bad,
        }
    }

    fn udp_checksum(&self, packet: &IpPacket<'_>) -> Checksum {
        /// UDP, VXLAN and Ethernet headers.
        const VXLAN_LEN: usize = 8 + 8 + 14;
        let &[_, _, d0, d1, _, _, c0, c1, ref data @ ..] = packet.payload else {
            return Checksum::Unchecked;
        };
        if packet.missing > 0 {
            return Checksum::Unchecked;
        }
        let absent = c0 == 0 && c1 == 0;
        if absent && packet.src.is_ipv4() {
            // RFC 768: the sender made none.
            return Checksum::Valid;
        }
        let vxlan = packet.payload.len() > VXLAN_LEN
            && data.first().is_some_and(|flags| flags & 0x08 != 0)
            && self.config.vxlan_ports.contains(&u16::from_be_bytes([d0, d1]));
        if vxlan && (absent || !self.config.validate_vxlan_checksums) {
            // RFC 7348 §5: it should be zero, over IPv6 too, and need not be verified.
            return Checksum::Unchecked;
        }
        match checksum::verify_transport(packet.src, packet.dst, ipproto::UDP, packet.payload) {
            true => Checksum::Valid,
            false => Checksum::Bad,
        }
    }
}

/// The packet behind a header whose lengths have been checked.
#[inline(always)]
fn v4_packet<'a>(
    header: &ipv4::Header,
    header_bytes: &'a [u8],
    payload: &'a [u8],
    piece: Piece<'a>,
) -> IpPacket<'a> {
    let payload_len = u32::from(header.total_len).saturating_sub(u32::from(header.header_len));
    IpPacket {
        src: IpAddr::V4(header.src),
        dst: IpAddr::V4(header.dst),
        proto: header.protocol,
        ttl: header.ttl,
        total_len: u32::from(header.total_len),
        header: header_bytes,
        payload,
        payload_len,
        missing: piece.missing,
        dont_fragment: header.dont_fragment,
        reassembled: false,
        tunnel: piece.tunnel,
    }
}

/// The packet behind a header whose lengths have been checked.
#[inline(always)]
fn v6_packet<'a>(header: &ipv6::Header, piece: Piece<'a>) -> IpPacket<'a> {
    let (header_bytes, rest) = piece.bytes.split_at_checked(header.header_len).unwrap_or((piece.bytes, &[]));
    let payload_len = (header.total_len() as usize).saturating_sub(header.header_len);
    // As with IPv4, a length of zero leaves it to the card (or to a jumbogram's option).
    let payload = if header.payload_len == 0 { rest } else { rest.get(..payload_len).unwrap_or(rest) };
    IpPacket {
        src: header.src.into(),
        dst: header.dst.into(),
        proto: header.next,
        ttl: header.hop_limit,
        total_len: header.total_len(),
        header: header_bytes,
        payload,
        payload_len: payload_len as u32,
        missing: piece.missing,
        dont_fragment: false,
        reassembled: false,
        tunnel: piece.tunnel,
    }
}

fn tell(odd: ipv6::Odd, weirds: &mut Weirds) {
    let weird = Weird::flow(odd.name, odd.src.into(), odd.dst.into());
    let addl = odd.routing_type.map(|kind| kind.to_string()).unwrap_or_default();
    weirds.push(Weird { addl, ..weird });
}
