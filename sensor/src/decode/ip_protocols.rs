//! Counts of IP packets by the protocol that they carry.

use std::borrow::Cow;
use std::fmt;

use crate::counters::{Metric, Numbers, Sample};

/// How many packets were seen of each IP protocol that is not analysed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IpProtocols([u64; 256]);

impl IpProtocols {
    pub const fn add(&mut self, protocol: u8) {
        self.0[protocol as usize] += 1;
    }

    /// Those that were seen, by number, with their names.
    pub fn seen(&self) -> impl Iterator<Item = (Cow<'static, str>, u64)> {
        let counts = (0..=u8::MAX).zip(self.0).filter(|(_, count)| *count > 0);
        counts.map(|(protocol, count)| (name(protocol), count))
    }
}

impl Numbers for IpProtocols {
    fn samples(&self, metric: &'static Metric, each: &mut dyn FnMut(Sample<'_>)) {
        self.seen().for_each(|(protocol, count)| each((metric, &protocol, count)));
    }

    fn merge(&mut self, other: &IpProtocols) {
        self.0.merge(&other.0);
    }
}

impl Default for IpProtocols {
    fn default() -> Self {
        IpProtocols([0; 256])
    }
}

impl fmt::Debug for IpProtocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.seen()).finish()
    }
}

impl fmt::Display for IpProtocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (name, count)) in self.seen().enumerate() {
            let comma = if nth == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {count}")?;
        }
        Ok(())
    }
}

/// IANA's keyword for a protocol number, of those that are met in networks.
fn name(protocol: u8) -> Cow<'static, str> {
    Cow::Borrowed(match protocol {
        0 => "hopopt",
        2 => "igmp",
        3 => "ggp",
        8 => "egp",
        9 => "igp",
        33 => "dccp",
        43 => "ipv6-route",
        44 => "ipv6-frag",
        46 => "rsvp",
        50 => "esp",
        51 => "ah",
        60 => "ipv6-opts",
        88 => "eigrp",
        89 => "ospf",
        94 => "ipip",
        97 => "etherip",
        98 => "encap",
        103 => "pim",
        108 => "ipcomp",
        112 => "vrrp",
        115 => "l2tp",
        124 => "isis",
        132 => "sctp",
        133 => "fc",
        135 => "mobility",
        136 => "udplite",
        137 => "mpls-in-ip",
        139 => "hip",
        140 => "shim6",
        255 => "reserved",
        other => return Cow::Owned(format!("protocol {other}")),
    })
}
