//! Sets of networks.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};

/// Networks, to ask whether an address is in any of them.
#[derive(Clone, Debug)]
pub struct Nets {
    /// As they were put in.
    networks: Vec<IpNet>,
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
    /// For each first octet of an IPv4 address, whether any network holds such addresses.
    v4_octets: [bool; 256],
}

impl Nets {
    pub fn new(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let mut set = Nets { networks: Vec::new(), v4: Vec::new(), v6: Vec::new(), v4_octets: [false; 256] };
        for net in nets {
            set.insert(net);
        }
        set
    }

    fn insert(&mut self, net: IpNet) {
        self.networks.push(net);
        match net {
            IpNet::V4(net) => {
                self.v4.push((net.network().into(), net.netmask().into()));
                let (first, last) = (net.network().octets()[0], net.broadcast().octets()[0]);
                for octet in first..=last {
                    self.v4_octets[usize::from(octet)] = true;
                }
            }
            IpNet::V6(net) => self.v6.push((net.network().into(), net.netmask().into())),
        }
    }

    /// All of them.
    pub fn networks(&self) -> &[IpNet] {
        &self.networks
    }

    pub fn contains(&self, addr: IpAddr) -> bool {
        match addr {
            IpAddr::V4(addr) => {
                self.v4_octets[usize::from(addr.octets()[0])]
                    && self.v4.iter().any(|&(net, mask)| u32::from(addr) & mask == net)
            }
            IpAddr::V6(addr) => self.v6.iter().any(|&(net, mask)| u128::from(addr) & mask == net),
        }
    }

    /// Addresses that are not routed over the Internet, which Zeek takes for local by default
    /// (`Site::private_address_space`): IANA's special-purpose registries (RFC 6890), and the IPv4
    /// ones again as 6to4 prefixes (RFC 3056).
    pub fn private() -> Self {
        const V4: [&str; 14] = [
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "240.0.0.0/4",
            "255.255.255.255/32",
        ];
        const V6: [&str; 9] = [
            "::/128",
            "::1/128",
            "64:ff9b:1::/48",
            "100::/64",
            "2001::/23",
            "2001:2::/48",
            "2001:db8::/32",
            "fc00::/7",
            "fe80::/10",
        ];
        let plain: Vec<IpNet> = V4.iter().chain(&V6).filter_map(|net| net.parse().ok()).collect();
        let widened = |net: &IpNet| match net {
            IpNet::V4(net) => {
                let addr = 0x2002u128 << 112 | u128::from(u32::from(net.addr())) << 80;
                Ipv6Net::new(addr.into(), 16 + net.prefix_len()).ok().map(IpNet::V6)
            }
            IpNet::V6(_) => None,
        };
        Nets::new(plain.iter().copied().chain(plain.iter().filter_map(widened)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_space_is_local_and_the_rest_is_not() {
        let nets = Nets::private();
        for addr in [
            "10.1.2.3",
            "192.168.0.1",
            "172.31.255.255",
            "fe80::1",
            "fd00::1",
            "2002:0a01::1",
            "2002:c0a8:1::",
        ] {
            assert!(nets.contains(addr.parse().unwrap()), "{addr}");
        }
        for addr in
            ["8.8.8.8", "172.32.0.0", "224.0.0.251", "2600::1", "2002:0808::1", "2001:470::1", "ff02::fb"]
        {
            assert!(!nets.contains(addr.parse().unwrap()), "{addr}");
        }
    }
}
