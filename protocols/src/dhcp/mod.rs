//! DHCP for IPv4 (RFC 2131, options of RFC 2132 and later).
//!
//! Options are read as Zeek reads them: those whose values have a fixed length take that many bytes, whatever length
//! stands before them.

pub mod fuzz;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use crate::bounds::{Cursor, Result};
use crate::probe::Probe;

/// Where servers listen, clients, and servers that only tell where to boot from.
pub const PORTS: [u16; 3] = [67, 68, 4011];

/// What stands before the options (RFC 2131 §3).
pub const COOKIE: u32 = 0x6382_5363;
/// Bytes before the cookie.
const FIXED: usize = 236;

/// A message.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// 1 from a client, 2 from a server.
    pub op: u8,
    /// Of the first option 53; 0 where there is none.
    pub message_type: u8,
    /// The transaction's number.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// The highest bit asks for broadcast answers.
    pub flags: u16,
    /// The client's address, where it has one.
    pub ciaddr: Ipv4Addr,
    /// The address that the client is given.
    pub yiaddr: Ipv4Addr,
    /// The server to boot from.
    pub siaddr: Ipv4Addr,
    /// The relay.
    pub giaddr: Ipv4Addr,
    /// The client's hardware address, with what fills the field.
    pub chaddr: &'a [u8],
    /// The server's name up to its last byte that is not 0; empty where that is the first at most.
    pub server_name: &'a [u8],
    /// The name of the file to boot, likewise.
    pub file_name: &'a [u8],
    /// What stands before the options; [`COOKIE`] in all messages of DHCP.
    pub cookie: u32,
    /// The options.
    pub options: Options<'a>,
}

/// Options, each as it was last seen in the message.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// The codes of all, in their order, without the one that ends them.
    pub codes: Vec<u8>,
    /// 1.
    pub subnet_mask: Option<Ipv4Addr>,
    /// 2.
    pub time_offset: Option<i32>,
    /// 3; lists of addresses are of four bytes each.
    pub routers: Option<&'a [u8]>,
    /// 4.
    pub time_servers: Option<&'a [u8]>,
    /// 5.
    pub name_servers: Option<&'a [u8]>,
    /// 6.
    pub dns_servers: Option<&'a [u8]>,
    /// 12.
    pub host_name: Option<&'a [u8]>,
    /// 15, up to its last byte that is not 0; empty where that is the first at most.
    pub domain_name: Option<&'a [u8]>,
    /// 19.
    pub forwarding: Option<bool>,
    /// 28.
    pub broadcast: Option<Ipv4Addr>,
    /// 42.
    pub ntp_servers: Option<&'a [u8]>,
    /// 43.
    pub vendor: Option<&'a [u8]>,
    /// 44.
    pub netbios_servers: Option<&'a [u8]>,
    /// 50.
    pub addr_request: Option<Ipv4Addr>,
    /// 51, seconds.
    pub lease: Option<u32>,
    /// 54.
    pub server: Option<Ipv4Addr>,
    /// 55.
    pub param_list: Option<&'a [u8]>,
    /// 56.
    pub message: Option<&'a [u8]>,
    /// 57.
    pub max_message_size: Option<u16>,
    /// 58, seconds.
    pub renewal_time: Option<u32>,
    /// 59, seconds.
    pub rebinding_time: Option<u32>,
    /// 60.
    pub vendor_class: Option<&'a [u8]>,
    /// 61: the hardware's type, and its address.
    pub client_id: Option<(u8, &'a [u8])>,
    /// 77.
    pub user_class: Option<&'a [u8]>,
    /// 81.
    pub client_fqdn: Option<ClientFqdn<'a>>,
    /// 82 (RFC 3046): code, length and value of each.
    pub relay_agent: Option<&'a [u8]>,
    /// 116.
    pub auto_config: Option<bool>,
    /// 252, without the end of line that may follow.
    pub auto_proxy_config: Option<&'a [u8]>,
}

/// Option 81 (RFC 4702).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientFqdn<'a> {
    /// Who updates the names.
    pub flags: u8,
    /// No longer used.
    pub rcode1: u8,
    /// No longer used.
    pub rcode2: u8,
    /// As it stands there, encoded as the flags say.
    pub domain_name: &'a [u8],
}

/// What is carried on from one message of a direction to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Carried {
    /// Zeek adds up the lengths of sub-options (82) over all messages of a direction, so that it finds the end of those
    /// of the first message alone. We follow it: the messages after it break the rules in its eyes, too.
    sub_options: u8,
}

impl<'a> Message<'a> {
    /// Reads a datagram.
    pub fn parse(datagram: &'a [u8], carried: &mut Carried) -> Result<Message<'a>> {
        let mut cursor = Cursor::new(datagram);
        cursor.need(FIXED + 4, "DHCP_Message:cookie")?;
        let [op, _htype, _hlen, _hops] = cursor.array("DHCP_Message:hops")?;
        let xid = cursor.u32("DHCP_Message:xid")?;
        let (secs, flags) = (cursor.u16("DHCP_Message:secs")?, cursor.u16("DHCP_Message:flags")?);
        let [ciaddr, yiaddr, siaddr, giaddr] = [(); 4].map(|()| addr(&mut cursor, "DHCP_Message:giaddr"));
        let chaddr = cursor.take(16, "DHCP_Message:chaddr")?;
        let server_name = without_zeroes(cursor.take(64, "DHCP_Message:sname")?);
        let file_name = without_zeroes(cursor.take(128, "DHCP_Message:file_n")?);
        let cookie = cursor.u32("DHCP_Message:cookie")?;
        let mut options = Options::default();
        let message_type = options.read(&mut cursor, carried)?.unwrap_or(0);
        Ok(Message {
            op,
            message_type,
            xid,
            secs,
            flags,
            ciaddr: ciaddr?,
            yiaddr: yiaddr?,
            siaddr: siaddr?,
            giaddr: giaddr?,
            chaddr,
            server_name,
            file_name,
            cookie,
            options,
        })
    }
}

impl<'a> Options<'a> {
    /// Reads all, up to the one that ends them. Gives back the first type of message.
    fn read(&mut self, cursor: &mut Cursor<'a>, carried: &mut Carried) -> Result<Option<u8>> {
        let mut message_type = None;
        loop {
            match cursor.record(|cursor| cursor.u8("Option:code"))? {
                255 => return Ok(message_type),
                0 => self.codes.push(0),
                53 => {
                    length(cursor)?;
                    let value = cursor.record(|cursor| cursor.u8("OptionValue:msg_type"))?;
                    message_type = message_type.or(Some(value));
                    self.codes.push(53);
                }
                code => {
                    let length = length(cursor)?;
                    cursor.record(|cursor| self.value(code, length, cursor, carried))?;
                    self.codes.push(code);
                }
            }
        }
    }

    fn value(
        &mut self,
        code: u8,
        length: usize,
        cursor: &mut Cursor<'a>,
        carried: &mut Carried,
    ) -> Result<()> {
        let mut text = |field| cursor.take(length, field).map(Some);
        match code {
            12 => self.host_name = text("OptionValue:host_name")?,
            15 => self.domain_name = text("OptionValue:domain_name")?.map(without_zeroes),
            43 => self.vendor = text("OptionValue:vendor_specific")?,
            55 => self.param_list = text("OptionValue:par_req_list")?,
            56 => self.message = text("OptionValue:message")?,
            60 => self.vendor_class = text("OptionValue:vendor_class")?,
            77 => self.user_class = text("OptionValue:user_class")?,
            252 => {
                let value = text("OptionValue:auto_proxy_config")?;
                self.auto_proxy_config = value.map(|value| value.strip_suffix(b"\n").unwrap_or(value));
            }
            3 => self.routers = addrs(cursor, length, "OptionValue:router_list")?,
            4 => self.time_servers = addrs(cursor, length, "OptionValue:timeserver_list")?,
            5 => self.name_servers = addrs(cursor, length, "OptionValue:nameserver_list")?,
            6 => self.dns_servers = addrs(cursor, length, "OptionValue:dns_server_list")?,
            42 => self.ntp_servers = addrs(cursor, length, "OptionValue:ntpserver_list")?,
            44 => self.netbios_servers = addrs(cursor, length, "OptionValue:nbns")?,
            1 => self.subnet_mask = Some(addr(cursor, "OptionValue:subnet")?),
            28 => self.broadcast = Some(addr(cursor, "OptionValue:broadcast_address")?),
            50 => self.addr_request = Some(addr(cursor, "OptionValue:addr_request")?),
            54 => self.server = Some(addr(cursor, "OptionValue:serv_addr")?),
            2 => self.time_offset = Some(cursor.u32("OptionValue:time_offset")?.cast_signed()),
            51 => self.lease = Some(cursor.u32("OptionValue:lease")?),
            58 => self.renewal_time = Some(cursor.u32("OptionValue:renewal_time")?),
            59 => self.rebinding_time = Some(cursor.u32("OptionValue:rebinding_time")?),
            57 => self.max_message_size = Some(cursor.u16("OptionValue:max_msg_size")?),
            19 => self.forwarding = Some(cursor.u8("OptionValue:forwarding")? != 0),
            116 => self.auto_config = Some(cursor.u8("OptionValue:auto_config")? != 0),
            61 => {
                let hardware = cursor.u8("Client_Identifier:hwtype")?;
                let address = cursor.up_to(length, "Client_Identifier:hwaddr")?;
                self.client_id = Some((hardware, address));
            }
            81 => {
                let [flags, rcode1, rcode2] = cursor.array("Client_FQDN:rcode2")?;
                let domain_name = cursor.up_to(length, "Client_FQDN:domain_name")?;
                self.client_fqdn = Some(ClientFqdn { flags, rcode1, rcode2, domain_name });
            }
            82 => self.relay_agent = Some(sub_options(cursor, length as u8, carried)?),
            _ => _ = text("OptionValue:other")?,
        }
        Ok(())
    }
}

/// The length of an option's value.
fn length(cursor: &mut Cursor<'_>) -> Result<usize> {
    cursor.record(|cursor| cursor.u8("OptionValueWrapper:length")).map(usize::from)
}

fn addr(cursor: &mut Cursor<'_>, field: &'static str) -> Result<Ipv4Addr> {
    cursor.u32(field).map(Ipv4Addr::from_bits)
}

/// As many addresses as fit into a length.
fn addrs<'a>(cursor: &mut Cursor<'a>, length: usize, field: &'static str) -> Result<Option<&'a [u8]>> {
    cursor.take(length / 4 * 4, field).map(Some)
}

/// Up to the last byte that is not 0, if it is not the first.
fn without_zeroes(field: &[u8]) -> &[u8] {
    let last = field.iter().rposition(|byte| *byte != 0).unwrap_or(0);
    if last == 0 { &[] } else { field.get(..=last).unwrap_or(field) }
}

fn sub_options<'a>(cursor: &mut Cursor<'a>, total: u8, carried: &mut Carried) -> Result<&'a [u8]> {
    let all = cursor.rest();
    loop {
        let length = cursor.record(|cursor| {
            let [_code, length] = cursor.array("Relay_Agent_SubOption:length")?;
            cursor.take(length.into(), "Relay_Agent_SubOption:value").map(|_| length)
        })?;
        carried.sub_options = carried.sub_options.wrapping_add(length).wrapping_add(2);
        if carried.sub_options == total {
            let len = all.len() - cursor.remaining();
            return Ok(all.get(..len).unwrap_or(all));
        }
    }
}

/// The sub-options of [`Options::relay_agent`]: code and value.
pub fn relay_agent(options: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = options;
    std::iter::from_fn(move || {
        let [code, length, after @ ..] = rest else { return None };
        let (value, next) = after.split_at_checked(usize::from(*length))?;
        rest = next;
        Some((*code, value))
    })
}

/// The addresses of a list, such as [`Options::routers`].
pub fn addresses(list: &[u8]) -> impl Iterator<Item = Ipv4Addr> {
    list.chunks_exact(4).filter_map(|addr| addr.first_chunk()).map(|addr: &[u8; 4]| Ipv4Addr::from(*addr))
}

/// Whether a datagram is a message: it has the cookie where it belongs.
pub fn probe(datagram: &[u8]) -> Probe {
    match (datagram.first(), datagram.get(FIXED..).and_then(<[u8]>::first_chunk)) {
        (Some(1 | 2), None) if datagram.len() < FIXED + 4 => Probe::NeedMore,
        (Some(1 | 2), Some(cookie)) if u32::from_be_bytes(*cookie) == COOKIE => Probe::Match,
        _ => Probe::NoMatch,
    }
}
