//! The IPv6 header and its chain of extension headers (RFC 8200), as far as they change who talks
//! to whom: routing headers, Mobile IPv6 home addresses (RFC 6275), fragments, AH (RFC 4302).

use std::net::Ipv6Addr;

use etherparse::Ipv6HeaderSlice;

use super::numbers::ipproto;

/// Of the fixed part, in bytes.
pub const HEADER_LEN: usize = 40;
/// Of a fragment header (RFC 8200 §4.5).
pub const FRAGMENT_LEN: usize = 8;

/// The IPv6 header and what its extension headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Of what follows the fixed part, in bytes.
    pub payload_len: u16,
    /// Hops that are left.
    pub hop_limit: u8,
    /// The address that talks: the home address of a mobile node, else the header's source.
    pub src: Ipv6Addr,
    /// The last stop of a routing header with stops left, else the header's destination.
    pub dst: Ipv6Addr,
    /// Of the header and all extension headers found whole, in bytes.
    pub header_len: usize,
    /// The type of the last header of the chain; [`ipproto::IPV6`] where there is no other.
    pub last: u8,
    /// What the last header says of the bytes behind it.
    pub next: u8,
    /// Where the field stands that `next` was read from.
    pub next_at: usize,
    /// What the last fragment header says.
    pub fragment: Option<Fragment>,
}

/// A fragment header (RFC 8200 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// In bytes.
    pub offset: u16,
    /// Others follow.
    pub more: bool,
    /// The identification, the same in all fragments of a datagram.
    pub id: u32,
    /// Where the field stands that announced the fragment header.
    pub announced_at: usize,
}

/// Something out of order in an extension header, between the addresses known by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Zeek's weird name.
    pub name: &'static str,
    /// The routing header's type, for `unknown_routing_type`.
    pub routing_type: Option<u8>,
    /// Who talks.
    pub src: Ipv6Addr,
    /// To whom.
    pub dst: Ipv6Addr,
}

impl Header {
    /// Reads the header and walks its extensions. `None` where not even the fixed header is whole, or
    /// not of version 6; an extension header cut short ends the chain before it. `odd` hears of oddities.
    pub fn read(data: &[u8], odd: &mut dyn FnMut(Odd)) -> Option<Self> {
        let mut header = Header::fixed(data)?;
        let rest = data.get(HEADER_LEN..)?;
        if is_extension(header.next) {
            Chain { header: &mut header, routed: false, mobile: false, odd }.walk(rest);
        }
        Some(header)
    }

    /// Reads a header without extensions, what nearly all packets have. `None` where there are
    /// any, or where it is not whole.
    #[inline(always)]
    pub fn read_plain(data: &[u8]) -> Option<Self> {
        let header = Header::fixed(data)?;
        (!is_extension(header.next)).then_some(header)
    }

    #[inline(always)]
    fn fixed(data: &[u8]) -> Option<Self> {
        let header = Ipv6HeaderSlice::from_slice(data).ok()?;
        Some(Header {
            payload_len: header.payload_length(),
            hop_limit: header.hop_limit(),
            src: header.source_addr(),
            dst: header.destination_addr(),
            header_len: HEADER_LEN,
            last: ipproto::IPV6,
            next: header.next_header().0,
            next_at: 6,
            fragment: None,
        })
    }

    /// Header and payload, in bytes.
    pub const fn total_len(&self) -> u32 {
        self.payload_len as u32 + HEADER_LEN as u32
    }
}

#[inline]
const fn is_extension(kind: u8) -> bool {
    matches!(
        kind,
        ipproto::HOPOPTS
            | ipproto::ROUTING
            | ipproto::DSTOPTS
            | ipproto::FRAGMENT
            | ipproto::AH
            | ipproto::ESP
            | ipproto::MOBILITY
    )
}

/// The walk along the extension headers.
struct Chain<'h, 'o> {
    header: &'h mut Header,
    /// A routing header has set the destination.
    routed: bool,
    /// A home address option has set the source.
    mobile: bool,
    odd: &'o mut dyn FnMut(Odd),
}

impl Chain<'_, '_> {
    /// Ends at the first header that is no extension, is cut short, or has nothing to follow
    /// behind it: a fragment's piece, ESP's ciphertext, a mobility message.
    fn walk(&mut self, mut data: &[u8]) {
        while is_extension(self.header.next) {
            let kind = self.header.next;
            let [next, len, ..] = *data else { return };
            let size = match kind {
                ipproto::FRAGMENT | ipproto::ESP => 8,
                // AH alone counts words of four (RFC 4302 §2.2).
                ipproto::AH => 8 + 4 * usize::from(len),
                _ => 8 + 8 * usize::from(len),
            };
            let Some((body, rest)) = data.split_at_checked(size) else { return };
            let at = self.header.header_len;
            match kind {
                ipproto::ROUTING => self.routing(body),
                ipproto::DSTOPTS => self.destination_options(body),
                ipproto::FRAGMENT => self.header.fragment = fragment(body, self.header.next_at),
                _ => {}
            }
            self.header.last = kind;
            self.header.next = if kind == ipproto::ESP { ipproto::NO_NEXT } else { next };
            self.header.next_at = at;
            self.header.header_len += size;
            if matches!(kind, ipproto::FRAGMENT | ipproto::ESP | ipproto::MOBILITY) {
                return;
            }
            data = rest;
        }
    }

    fn routing(&mut self, body: &[u8]) {
        if self.routed {
            return self.report("multiple_routing_headers");
        }
        let [_, len, kind, segments_left, ..] = *body else { return };
        match kind {
            // Source routing, deprecated by RFC 5095: reported whenever seen.
            0 => {
                if segments_left > 0 && len >= 2 {
                    if len % 2 == 0 {
                        self.set_destination(body);
                    } else {
                        self.report("odd_routing0_len");
                    }
                }
                self.report("routing0_hdr");
            }
            // Mobile IPv6 (RFC 6275 §6.4).
            2 if segments_left > 0 => {
                if len == 2 {
                    self.set_destination(body);
                } else {
                    self.report("bad_routing2_len");
                }
            }
            2 => {}
            _ => self.emit("unknown_routing_type", Some(kind)),
        }
    }

    /// The address of the last stop ends the routing header.
    fn set_destination(&mut self, body: &[u8]) {
        if let Some(last) = body.last_chunk::<16>() {
            self.header.dst = Ipv6Addr::from(*last);
            self.routed = true;
        }
    }

    fn destination_options(&mut self, body: &[u8]) {
        const HOME_ADDRESS: u8 = 201;
        let mut rest = body.get(2..).unwrap_or_default();
        while let [kind, tail @ ..] = rest {
            // Pad1 is the one option without a length (RFC 8200 §4.2).
            if *kind == 0 {
                rest = tail;
                continue;
            }
            let option = tail.split_first().and_then(|(len, tail)| tail.split_at_checked(usize::from(*len)));
            let Some((value, tail)) = option else {
                return self.report("bad_ipv6_dest_opt_len");
            };
            if *kind == HOME_ADDRESS {
                match <[u8; 16]>::try_from(value) {
                    Ok(_) if self.mobile => self.report("multiple_home_addr_opts"),
                    Ok(home) => {
                        self.header.src = Ipv6Addr::from(home);
                        self.mobile = true;
                    }
                    Err(_) => self.report("bad_home_addr_len"),
                }
            }
            rest = tail;
        }
    }

    fn report(&mut self, name: &'static str) {
        self.emit(name, None);
    }

    fn emit(&mut self, name: &'static str, routing_type: Option<u8>) {
        (self.odd)(Odd { name, routing_type, src: self.header.src, dst: self.header.dst });
    }
}

fn fragment(body: &[u8], announced_at: usize) -> Option<Fragment> {
    let [_, _, o0, o1, id @ ..] = body.first_chunk::<FRAGMENT_LEN>()?;
    let field = u16::from_be_bytes([*o0, *o1]);
    Some(Fragment { offset: field & 0xfff8, more: field & 1 != 0, id: u32::from_be_bytes(*id), announced_at })
}
