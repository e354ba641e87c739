//! Assigned numbers that more than one module needs.

/// EtherTypes (IEEE 802 numbers).
pub mod ethertype {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// RARP.
    pub const RARP: u16 = 0x8035;
    /// A frame of Ethernet.
    pub const TRANSPARENT_ETHERNET: u16 = 0x6558;
    /// 802.1Q.
    pub const VLAN: u16 = 0x8100;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
    /// MPLS.
    pub const MPLS: u16 = 0x8847;
    /// MPLS, to several.
    pub const MPLS_MULTICAST: u16 = 0x8848;
    /// PPPoE, once it is set up.
    pub const PPPOE_SESSION: u16 = 0x8864;
    /// 802.1ad service tag.
    pub const QINQ: u16 = 0x88a8;
    /// 802.1ah.
    pub const PBB: u16 = 0x88e7;
    /// Cisco's FabricPath.
    pub const FABRIC_PATH: u16 = 0x8903;
    /// Cisco's VN-Tag.
    pub const VNTAG: u16 = 0x8926;
    /// The service tag before 802.1ad gave it a number.
    pub const QINQ_OLD: u16 = 0x9100;
}

/// Values of the IPv4 Protocol and IPv6 Next Header fields (IANA).
pub mod ipproto {
    /// Hop-by-hop options of IPv6.
    pub const HOPOPTS: u8 = 0;
    /// ICMP.
    pub const ICMP: u8 = 1;
    /// IPv4 in IP.
    pub const IPV4: u8 = 4;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// IPv6 in IP.
    pub const IPV6: u8 = 41;
    /// A routing header of IPv6.
    pub const ROUTING: u8 = 43;
    /// A fragment header of IPv6.
    pub const FRAGMENT: u8 = 44;
    /// GRE.
    pub const GRE: u8 = 47;
    /// ESP: what follows is encrypted.
    pub const ESP: u8 = 50;
    /// An authentication header.
    pub const AH: u8 = 51;
    /// ICMPv6.
    pub const ICMPV6: u8 = 58;
    /// Nothing follows.
    pub const NO_NEXT: u8 = 59;
    /// Destination options of IPv6.
    pub const DSTOPTS: u8 = 60;
    /// SCTP.
    pub const SCTP: u8 = 132;
    /// Mobile IPv6.
    pub const MOBILITY: u8 = 135;
}

/// PPP protocol numbers (RFC 1661 §2, IANA).
pub mod ppp {
    /// IPv4.
    pub const IPV4: u16 = 0x0021;
    /// IPv6.
    pub const IPV6: u16 = 0x0057;
    /// MPLS.
    pub const MPLS: u16 = 0x0281;
}

/// Link types of capture files (`LINKTYPE_…`).
pub mod linktype {
    /// BSD's loopback.
    pub const NULL: u16 = 0;
    /// Ethernet.
    pub const ETHERNET: u16 = 1;
    /// PPP.
    pub const PPP: u16 = 9;
    /// FDDI.
    pub const FDDI: u16 = 10;
    /// PPP as on a serial line (RFC 1662).
    pub const PPP_SERIAL: u16 = 50;
    /// IP itself.
    pub const RAW: u16 = 101;
    /// 802.11.
    pub const IEEE802_11: u16 = 105;
    /// OpenBSD's loopback.
    pub const LOOP: u16 = 108;
    /// Linux "cooked", version 1.
    pub const LINUX_SLL: u16 = 113;
    /// 802.11 behind radiotap.
    pub const IEEE802_11_RADIOTAP: u16 = 127;
    /// NFLOG.
    pub const NFLOG: u16 = 239;
    /// Linux "cooked", version 2.
    pub const LINUX_SLL2: u16 = 276;
}
