//! What ICMP messages carry: the packets that they are about, and options of neighbour discovery.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};
use nightjar_protocols::wire::numbers::ipproto;

use crate::analyze::icmp::events::{Context, Ends, NdOption, PrefixInfo};
use crate::event::{PortOf, Proto};
use crate::flow::icmp_ports;
use crate::time::Interval;

/// Options that one message tells of. A packet of the largest size holds no more.
const MAX_OPTIONS: usize = 8192;
/// Extension headers of a packet that a message is about.
const MAX_EXTENSIONS: usize = 16;

/// A message's fields; those that are not there are 0.
pub(super) struct Reading<'r>(&'r [u8]);

impl<'r> Reading<'r> {
    pub fn new(bytes: &'r [u8]) -> Reading<'r> {
        Reading(bytes)
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((array, rest)) => {
                self.0 = rest;
                *array
            }
            None => {
                self.0 = &[];
                [0; N]
            }
        }
    }

    pub fn number(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    pub fn addr(&mut self) -> IpAddr {
        IpAddr::V6(Ipv6Addr::from(self.array::<16>()))
    }

    pub fn rest(&self) -> &'r [u8] {
        self.0
    }
}

/// A context of which too little is there.
fn short(ends: Option<(IpAddr, IpAddr)>, len: u64) -> Context {
    let nobody = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let (orig_h, resp_h) = ends.unwrap_or((nobody, nobody));
    let none = PortOf { number: 0, proto: None };
    Context {
        id: Ends { orig_h, orig_p: none, resp_h, resp_p: none },
        len,
        proto: 0,
        frag_offset: 0,
        bad_hdr_len: true,
        bad_checksum: false,
        mf: false,
        df: false,
    }
}

/// Zeek's numbers of transport protocols.
fn transport(protocol: u8, bytes: &[u8]) -> (u64, Option<Proto>, u16, u16) {
    let ports = bytes.first_chunk::<4>();
    let ports =
        ports.map_or((0, 0), |[a, b, c, d]| (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])));
    match protocol {
        ipproto::TCP => (1, Some(Proto::Tcp), ports.0, ports.1),
        ipproto::UDP => (2, Some(Proto::Udp), ports.0, ports.1),
        ipproto::ICMP | ipproto::ICMPV6 => {
            let [kind, code, ..] = *bytes else { return (3, Some(Proto::Icmp), 0, 0) };
            let (orig, resp, _) = icmp_ports(protocol, kind, code);
            (3, Some(Proto::Icmp), orig, resp)
        }
        _ => (0, None, 0, 0),
    }
}

/// The IPv4 packet that an error is about.
pub(super) fn context4(bytes: &[u8]) -> Context {
    let Some(header) = bytes.first_chunk::<20>() else { return short(None, 0) };
    let hl = usize::from(header[0] & 0x0f) * 4;
    let src = IpAddr::V4(Ipv4Addr::new(header[12], header[13], header[14], header[15]));
    let dst = IpAddr::V4(Ipv4Addr::new(header[16], header[17], header[18], header[19]));
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    let (df, mf, frag_offset) =
        (fragment & 0x4000 != 0, fragment & 0x2000 != 0, u64::from(fragment & 0x1fff) * 8);
    let len = u64::from(u16::from_be_bytes([header[2], header[3]]));
    let read = Ipv4HeaderSlice::from_slice(bytes).ok();
    let bad_checksum =
        read.is_some_and(|read| read.to_header().calc_header_checksum() != read.header_checksum());
    let Some(rest) = bytes.get(hl..).filter(|rest| rest.len() >= 4) else {
        return Context { bad_checksum, df, mf, frag_offset, ..short(Some((src, dst)), len) };
    };
    let (proto, of, orig, resp) = transport(header[9], rest);
    let port = |number| PortOf { number, proto: of };
    let id = Ends { orig_h: src, orig_p: port(orig), resp_h: dst, resp_p: port(resp) };
    Context { id, len, proto, frag_offset, bad_hdr_len: false, bad_checksum, mf, df }
}

/// The IPv6 packet that an error is about.
pub(super) fn context6(bytes: &[u8]) -> Context {
    let Ok(header) = Ipv6HeaderSlice::from_slice(bytes) else { return short(None, 0) };
    let (src, dst) = (IpAddr::V6(header.source_addr()), IpAddr::V6(header.destination_addr()));
    let len = u64::from(header.payload_length()) + 40;
    let (mut next, mut at) = (header.next_header().0, 40);
    let (mut frag_offset, mut mf) = (0, false);
    for _ in 0..MAX_EXTENSIONS {
        // RFC 8200 §4: hop-by-hop, routing, fragment, destination, authentication, mobility.
        if !matches!(next, 0 | 43 | 44 | 60 | 51 | 135) {
            break;
        }
        let Some([following, units, a, b, ..]) = bytes.get(at..) else { break };
        if next == 44 {
            let field = u16::from_be_bytes([*a, *b]);
            (frag_offset, mf) = (u64::from(field & 0xfff8), field & 1 != 0);
        }
        at += match next {
            44 => 8,
            51 => (usize::from(*units) + 2) * 4,
            _ => (usize::from(*units) + 1) * 8,
        };
        next = *following;
    }
    let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= 4) else {
        return Context { frag_offset, mf, ..short(Some((src, dst)), len) };
    };
    let (proto, of, orig, resp) = transport(next, rest);
    let port = |number| PortOf { number, proto: of };
    let id = Ends { orig_h: src, orig_p: port(orig), resp_h: dst, resp_p: port(resp) };
    Context { id, len, proto, frag_offset, bad_hdr_len: false, bad_checksum: false, mf, df: false }
}

/// The options of a message (RFC 4861 §4.6); false where one of length 0 ends them.
pub(super) fn options(bytes: &[u8]) -> (Vec<NdOption<'_>>, bool) {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while let ([otype, len, content @ ..], true) = (rest, found.len() < MAX_OPTIONS) {
        if *len == 0 {
            return (found, false);
        }
        let length = usize::from(*len) * 8 - 2;
        let whole = content.get(..length);
        let mut option = NdOption {
            otype: *otype,
            len: *len,
            link_address: None,
            prefix: None,
            redirect: None,
            mtu: None,
            payload: None,
        };
        match (*otype, whole) {
            (1 | 2, Some(whole)) => option.link_address = Some(whole),
            (3, _) if content.len() >= 30 => option.prefix = Some(prefix(content)),
            (4, Some(whole)) => option.redirect = Some(context6(whole.get(6..).unwrap_or_default())),
            (5, _) if content.len() >= 6 => {
                let mut fields = Reading::new(content.get(2..).unwrap_or_default());
                option.mtu = Some(fields.number());
            }
            _ => option.payload = Some(whole.unwrap_or(content)),
        }
        found.push(option);
        rest = content.get(length..).unwrap_or_default();
    }
    (found, true)
}

fn prefix(content: &[u8]) -> PrefixInfo {
    let mut fields = Reading::new(content);
    let [prefix_len, flags] = fields.array();
    let mut seconds = || Interval::from_secs(i64::from(fields.number()));
    let (valid_lifetime, preferred_lifetime) = (seconds(), seconds());
    fields.number();
    PrefixInfo {
        prefix_len,
        l_flag: flags & 0x80 != 0,
        a_flag: flags & 0x40 != 0,
        valid_lifetime,
        preferred_lifetime,
        prefix: fields.addr(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_read_as_far_as_they_are_there() {
        let mut packet = vec![0x45, 0, 0, 32, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        packet.extend([0x30, 0x39, 0, 53, 0, 12, 0, 0]);
        let context = context4(&packet);
        assert_eq!((context.id.orig_p.number, context.id.resp_p.number, context.proto), (12345, 53, 2));
        assert!(context.df && !context.mf && !context.bad_hdr_len && context.bad_checksum);
        assert!(context4(&packet[..23]).bad_hdr_len);
        assert_eq!(context4(&packet[..19]).len, 0);
        let mut six = vec![0x60, 0, 0, 0, 0, 16, 44, 64];
        six.extend([0; 32]);
        six.extend([17, 0, 0, 9, 0, 0, 0, 1, 0, 1, 0, 2, 0, 8, 0, 0]);
        let context = context6(&six);
        assert_eq!((context.frag_offset, context.mf, context.proto, context.len), (8, true, 2, 56));
        assert!(context6(&six[..39]).bad_hdr_len && context6(&six[..47]).bad_hdr_len);
    }

    #[test]
    fn options_end_where_one_has_no_length() {
        let bytes = [1, 1, 1, 2, 3, 4, 5, 6, 5, 1, 0, 0, 0, 0, 5, 220, 9, 2, 7];
        let (found, well) = options(&bytes);
        assert!(well);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].link_address, Some(&[1, 2, 3, 4, 5, 6][..]));
        assert_eq!(found[1].mtu, Some(1500));
        assert_eq!(found[2].payload, Some(&[7][..]));
        assert!(!options(&[1, 0, 1]).1);
    }
}
