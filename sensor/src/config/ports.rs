//! Sets of ports.

use crate::event::Proto;

/// TCP and UDP ports, one bit each.
#[derive(Clone, Debug)]
pub struct PortSet {
    tcp: Box<[u64; 1024]>,
    udp: Box<[u64; 1024]>,
}

impl Default for PortSet {
    fn default() -> Self {
        PortSet { tcp: Box::new([0; 1024]), udp: Box::new([0; 1024]) }
    }
}

impl PortSet {
    pub fn insert(&mut self, proto: Proto, port: u16) {
        let set = match proto {
            Proto::Tcp => &mut self.tcp,
            Proto::Udp => &mut self.udp,
            Proto::Icmp => return,
        };
        set[usize::from(port >> 6)] |= 1 << (port & 63);
    }

    #[inline]
    pub fn contains(&self, proto: Proto, port: u16) -> bool {
        let set = match proto {
            Proto::Tcp => &self.tcp,
            Proto::Udp => &self.udp,
            Proto::Icmp => return false,
        };
        set[usize::from(port >> 6)] >> (port & 63) & 1 == 1
    }

    /// All of them.
    pub fn ports(&self) -> impl Iterator<Item = (Proto, u16)> {
        let of = |proto| {
            (0..=u16::MAX).filter(move |port| self.contains(proto, *port)).map(move |port| (proto, port))
        };
        of(Proto::Tcp).chain(of(Proto::Udp))
    }

    /// The ports that Zeek's analyzers register as those of servers (`likely_server_ports`).
    pub fn likely_servers() -> Self {
        const TCP: &[u16] = &[
            21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 443, 445, 502, 563, 585, 587, 614, 631, 636, 989,
            990, 992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3306, 3389, 5222, 5223, 5269, 6666, 6667, 6668,
            6669, 8000, 8080, 8888, 20000,
        ];
        const UDP: &[u16] = &[
            53, 67, 88, 123, 137, 161, 162, 443, 514, 1812, 2123, 2152, 3544, 4011, 4754, 4789, 5060, 5072,
            5353, 5355, 6081, 20000,
        ];
        let mut set = PortSet::default();
        for &port in TCP {
            set.insert(Proto::Tcp, port);
        }
        for &port in UDP {
            set.insert(Proto::Udp, port);
        }
        set
    }
}
