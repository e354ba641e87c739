//! EDNS options (RFC 6891 §6.1.2).

use super::{Place, Rdata, Read, bytes2, short};
use crate::dns::weird::Weird;
use crate::reader::Reader;

/// Options of an EDNS record (RFC 6891 §6.1.2): those that are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdnsOptions<'a>(&'a [u8]);

impl<'a> EdnsOptions<'a> {
    /// Option code and data, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut r = Reader::new(self.0);
        std::iter::from_fn(move || edns_option(&mut r))
    }
}

fn edns_option<'m>(r: &mut Reader<'m>) -> Option<(u16, &'m [u8])> {
    // Less than a code and a length is left alone, and so seen to be left.
    if r.remaining() < 4 {
        return None;
    }
    let (code, len) = (r.u16("option code").ok()?, r.u16("option length").ok()?);
    Some((code, r.take(usize::from(len), "option").ok()?))
}

/// Reads options to the end of the message: Zeek expects an OPT record to be the last.
pub(super) fn read<'m>(place: Place<'_>, r: &mut Reader<'m>, weird: &mut impl FnMut(Weird)) -> Read<'m> {
    let data = r.rest();
    let mut whole = 0;
    let mut options = *r;
    let start = r.position();
    while let Some((code, option)) = edns_option(&mut options) {
        whole = options.position() - start;
        check_option(place, code, option, weird);
    }
    // Of an option that is cut off, its code and length were read.
    let left = options.remaining();
    let _ = r.skip(data.len(), "options");
    if left > 0 {
        weird(Weird::EdnsTruncatedOption);
    }
    Read { data: Some(Rdata::Opt(EdnsOptions(data.get(..whole).unwrap_or(data)))), go_on: left == 0 }
}

fn check_option(place: Place<'_>, code: u16, option: &[u8], weird: &mut impl FnMut(Weird)) {
    /// Client subnet (RFC 7871 §6).
    const ECS: u16 = 8;
    /// TCP keepalive (RFC 7828 §3.1), not to be sent over UDP (§3.2.1).
    const TCP_KEEPALIVE: u16 = 11;
    match code {
        ECS => check_client_subnet(option, weird),
        TCP_KEEPALIVE if place.over_udp && matches!(option.len(), 0 | 2) => weird(Weird::KeepaliveOverUdp),
        _ => {}
    }
}

fn check_client_subnet(option: &[u8], weird: &mut impl FnMut(Weird)) {
    let mut r = Reader::new(option);
    let (family, [prefix, _scope]) = (short(&mut r), bytes2(&mut r));
    if option.len() <= 4 {
        weird(Weird::EcsShort);
        return;
    }
    let have = r.remaining() as u32 * 8;
    let short = u32::from(prefix) > have;
    // Families of RFC 7871 §6: IANA's address family numbers.
    match family {
        1 if prefix > 32 => weird(Weird::EcsV4Prefix(prefix)),
        1 if short => weird(Weird::EcsV4Short { need: prefix, have }),
        2 if prefix > 128 => weird(Weird::EcsV6Prefix(prefix)),
        2 if short => weird(Weird::EcsV6Short { need: prefix, have }),
        _ => {}
    }
}
