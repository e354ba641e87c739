//! The dispatch table: which number in which header leads to which decoder.
//!
//! It follows `scripts/base/packet-protocols` of Zeek 7.0, with one difference: Zeek keeps a list
//! of EtherTypes per parent (Ethernet, VLAN, SNAP, SLL, 802.11 …), each a part of the list below.
//! Here all parents share the list, so that 802.1ad inside 802.1Q or a VLAN tag in a Linux SLL
//! capture is followed where Zeek stops.

use nightjar_protocols::wire::numbers::{ethertype, linktype, ppp};

/// What decodes the bytes at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Arp,
    Ethernet,
    Fddi,
    Ieee80211,
    Ieee80211Radiotap,
    Ip,
    LinuxSll,
    LinuxSll2,
    Llc,
    Mpls,
    Nflog,
    Novell,
    Null,
    Pbb,
    Ppp,
    PppSerial,
    Pppoe,
    Snap,
    Vlan,
    Vntag,
    /// A protocol that is not followed.
    Unknown,
}

impl Next {
    /// By the capture's link type (`LINKTYPE_…`).
    pub const fn of_link_type(link: u16) -> Next {
        match link {
            linktype::ETHERNET => Next::Ethernet,
            linktype::NULL | linktype::LOOP => Next::Null,
            linktype::PPP => Next::Ppp,
            linktype::FDDI => Next::Fddi,
            linktype::PPP_SERIAL => Next::PppSerial,
            linktype::IEEE802_11 => Next::Ieee80211,
            linktype::LINUX_SLL => Next::LinuxSll,
            linktype::IEEE802_11_RADIOTAP => Next::Ieee80211Radiotap,
            linktype::NFLOG => Next::Nflog,
            linktype::LINUX_SLL2 => Next::LinuxSll2,
            // Raw IP (12, 14, 101, 228, 229), and the guess for any other, which is Zeek's.
            _ => Next::Ip,
        }
    }

    /// By EtherType, under whatever header carries one.
    #[inline]
    pub const fn of_ethertype(ethertype: u16) -> Next {
        match ethertype {
            ethertype::IPV4 | ethertype::IPV6 => Next::Ip,
            ethertype::ARP | ethertype::RARP => Next::Arp,
            ethertype::VLAN | ethertype::QINQ | ethertype::QINQ_OLD => Next::Vlan,
            ethertype::MPLS | ethertype::MPLS_MULTICAST => Next::Mpls,
            ethertype::PPPOE_SESSION => Next::Pppoe,
            ethertype::PBB => Next::Pbb,
            ethertype::VNTAG => Next::Vntag,
            _ => Next::Unknown,
        }
    }

    /// By PPP protocol number, under PPP, its serial framing and PPPoE.
    pub const fn of_ppp(protocol: u16) -> Next {
        match protocol {
            ppp::IPV4 | ppp::IPV6 => Next::Ip,
            ppp::MPLS => Next::Mpls,
            _ => Next::Unknown,
        }
    }

    /// By the address family of a BSD null header. IPv6 has one number per BSD, and captures
    /// travel.
    pub const fn of_bsd_family(family: u32) -> Next {
        match family {
            2 | 24 | 28 | 30 => Next::Ip,
            _ => Next::Unknown,
        }
    }

    /// By Linux's address family, in NFLOG.
    pub const fn of_linux_family(family: u16) -> Next {
        match family {
            2 | 10 => Next::Ip,
            _ => Next::Unknown,
        }
    }

    /// By the protocol number of Geneve. Zeek 7.0 has 0x08dd here for IPv6, a slip for 0x86dd.
    pub const fn of_geneve(protocol: u16) -> Next {
        match protocol {
            ethertype::TRANSPARENT_ETHERNET => Next::Ethernet,
            ethertype::IPV4 | ethertype::IPV6 => Next::Ip,
            ethertype::ARP => Next::Arp,
            _ => Next::Unknown,
        }
    }

    /// The name of Zeek's analyzer, which is the `source` of its weirds.
    pub const fn source(self) -> &'static str {
        match self {
            Next::Arp => "ARP",
            Next::Ethernet => "ETHERNET",
            Next::Fddi => "FDDI",
            Next::Ieee80211 => "IEEE802_11",
            Next::Ieee80211Radiotap => "IEEE802_11_RADIO",
            Next::Ip => "IP",
            Next::LinuxSll => "LINUXSLL",
            Next::LinuxSll2 => "LINUXSLL2",
            Next::Llc => "LLC",
            Next::Mpls => "MPLS",
            Next::Nflog => "NFLOG",
            Next::Novell => "NOVELL_802_3",
            Next::Null => "NULL",
            Next::Pbb => "PBB",
            Next::Ppp => "PPP",
            Next::PppSerial => "PPPSERIAL",
            Next::Pppoe => "PPPOE",
            Next::Snap => "SNAP",
            Next::Vlan => "VLAN",
            Next::Vntag => "VNTAG",
            Next::Unknown => "ROOT",
        }
    }
}
