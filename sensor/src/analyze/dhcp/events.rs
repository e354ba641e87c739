//! DHCP's event and its arguments.

use std::net::{IpAddr, Ipv4Addr};

use nightjar_protocols::dhcp::{self, Message};

use crate::event::{ArgType, Argument, Conn, Part, arg_records, events, lists};
use crate::time::Interval;

events! { [crate::analyze::first::dhcp]
    /// A message.
    pub struct DhcpMessage<'a>: "dhcp_message" {
        c: Conn,
        is_orig: bool,
        msg: Msg<'a>,
        options: Options<'a>,
    }
}

arg_records! {
    /// A message's fields (RFC 2131 §2).
    pub struct Msg<'a>: "DHCP::Msg" {
        /// 1 of clients, 2 of servers.
        op: u8,
        /// Of option 53.
        m_type: u8,
        xid: u32,
        secs: Interval,
        flags: u16,
        ciaddr: IpAddr,
        yiaddr: IpAddr,
        siaddr: IpAddr,
        giaddr: IpAddr,
        chaddr: &'a str,
        sname: &'a [u8] => "&default=\"\"",
        file_n: &'a [u8] => "&default=\"\"",
    }
    /// Option 61.
    pub struct ClientId<'a>: "DHCP::ClientID" {
        hwtype: u8,
        hwaddr: &'a str,
    }
    /// Option 81.
    pub struct ClientFqdn<'a>: "DHCP::ClientFQDN" {
        flags: u8,
        rcode1: u8,
        rcode2: u8,
        domain_name: &'a [u8],
    }
    /// A sub-option of option 82.
    pub struct SubOpt<'a>: "DHCP::SubOpt" {
        code: u8,
        value: &'a [u8],
    }
    /// The options of a message that are read.
    pub struct Options<'a>: "DHCP::Options" {
        /// The codes of all that there were, in their order.
        options: Option<Codes<'a>>,
        subnet_mask: Option<IpAddr>,
        routers: Option<Addrs<'a>>,
        dns_servers: Option<Addrs<'a>>,
        host_name: Option<&'a [u8]>,
        domain_name: Option<&'a [u8]>,
        forwarding: Option<bool>,
        broadcast: Option<IpAddr>,
        /// Option 43.
        vendor: Option<&'a [u8]>,
        nbns: Option<Addrs<'a>>,
        addr_request: Option<IpAddr>,
        lease: Option<Interval>,
        serv_addr: Option<IpAddr>,
        param_list: Option<Codes<'a>>,
        message: Option<&'a [u8]>,
        max_msg_size: Option<u16>,
        renewal_time: Option<Interval>,
        rebinding_time: Option<Interval>,
        vendor_class: Option<&'a [u8]>,
        client_id: Option<ClientId<'a>>,
        user_class: Option<&'a [u8]>,
        client_fqdn: Option<ClientFqdn<'a>>,
        sub_opt: Option<SubOpts<'a>>,
        auto_config: Option<bool>,
        /// Option 252: where a proxy's settings are found.
        auto_proxy_config: Option<&'a [u8]>,
        time_offset: Option<i64>,
        time_servers: Option<Addrs<'a>>,
        name_servers: Option<Addrs<'a>>,
        ntp_servers: Option<Addrs<'a>>,
    }
}

lists! {
    /// Codes of options.
    Codes(&'a [u8]) as ArgType::Named("index_vec"), |codes, _arena| {
        codes.iter().map(|code| Part::Count(u64::from(*code))).collect()
    };
    /// Addresses of four bytes each.
    Addrs(&'a [u8]) as ArgType::Alias("DHCP::Addrs", &ArgType::Vector(&<IpAddr as Argument>::TYPE)), |list, _arena| {
        dhcp::addresses(list).map(|addr| Part::Addr(IpAddr::V4(addr))).collect()
    };
    /// What a relay has added.
    SubOpts(&'a [u8]) as ArgType::Alias("DHCP::SubOpts", &ArgType::Vector(&<SubOpt<'_> as Argument>::TYPE)), |list, arena| {
        dhcp::relay_agent(list).map(|(code, value)| SubOpt { code, value }.put(arena)).collect()
    };
}

/// Raises the event of a message.
pub(super) fn with<T>(message: &Message<'_>, is_orig: bool, raise: impl FnOnce(&DhcpMessage<'_>) -> T) -> T {
    let chaddr = mac(message.chaddr);
    let hwaddr = message.options.client_id.map(|(_, address)| mac(address)).unwrap_or_default();
    let msg = Msg {
        op: message.op,
        m_type: message.message_type,
        xid: message.xid,
        secs: seconds(message.secs.into()),
        flags: message.flags,
        ciaddr: message.ciaddr.into(),
        yiaddr: message.yiaddr.into(),
        siaddr: message.siaddr.into(),
        giaddr: message.giaddr.into(),
        chaddr: &chaddr,
        sname: message.server_name,
        file_n: message.file_name,
    };
    raise(&DhcpMessage { c: Conn, is_orig, msg, options: options(&message.options, &hwaddr) })
}

fn options<'a>(of: &'a dhcp::Options<'_>, hwaddr: &'a str) -> Options<'a> {
    let addr = |addr: Option<Ipv4Addr>| addr.map(IpAddr::V4);
    let list = |list: Option<&'a [u8]>| list.map(Addrs);
    Options {
        options: Some(Codes(&of.codes)),
        subnet_mask: addr(of.subnet_mask),
        routers: list(of.routers),
        dns_servers: list(of.dns_servers),
        host_name: of.host_name,
        domain_name: of.domain_name,
        forwarding: of.forwarding,
        broadcast: addr(of.broadcast),
        vendor: of.vendor,
        nbns: list(of.netbios_servers),
        addr_request: addr(of.addr_request),
        lease: of.lease.map(seconds),
        serv_addr: addr(of.server),
        param_list: of.param_list.map(Codes),
        message: of.message,
        max_msg_size: of.max_message_size,
        renewal_time: of.renewal_time.map(seconds),
        rebinding_time: of.rebinding_time.map(seconds),
        vendor_class: of.vendor_class,
        client_id: of.client_id.map(|(hwtype, _)| ClientId { hwtype, hwaddr }),
        user_class: of.user_class,
        client_fqdn: of.client_fqdn.map(|name| ClientFqdn {
            flags: name.flags,
            rcode1: name.rcode1,
            rcode2: name.rcode2,
            domain_name: name.domain_name,
        }),
        sub_opt: of.relay_agent.map(SubOpts),
        auto_config: of.auto_config,
        auto_proxy_config: of.auto_proxy_config,
        time_offset: of.time_offset.map(i64::from),
        time_servers: list(of.time_servers),
        name_servers: list(of.name_servers),
        ntp_servers: list(of.ntp_servers),
    }
}

fn seconds(seconds: u32) -> Interval {
    Interval::from_secs(seconds.into())
}

/// A hardware address as Zeek writes it: six bytes, or eight where there are as many that are not filled with zeroes.
/// Empty where there are fewer.
fn mac(bytes: &[u8]) -> String {
    let len = match bytes {
        [_, _, _, _, _, _] | [_, _, _, _, _, _, 0, 0, ..] => 6,
        [_, _, _, _, _, _, _, _, ..] => 8,
        _ => 0,
    };
    let digits: Vec<String> = bytes.iter().take(len).map(|byte| format!("{byte:02x}")).collect();
    digits.join(":")
}
