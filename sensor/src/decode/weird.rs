//! Oddities, collected per packet and named as in Zeek's `weird.log`.

use std::net::IpAddr;

use nightjar_protocols::wire::Reject;

/// One oddity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weird {
    /// Zeek's name for it, without the suffix for tunnels.
    pub name: &'static str,
    /// It was met inside a tunnel, which Zeek's name tells by a suffix.
    pub in_tunnel: bool,
    /// More about it; empty for most.
    pub addl: String,
    /// What found it, in Zeek's spelling; `None` where Zeek gives none.
    pub source: Option<&'static str>,
    /// The packet's addresses where they were known by then: Zeek's `flow_weird` and not its
    /// `net_weird`.
    pub flow: Option<(IpAddr, IpAddr)>,
}

impl Weird {
    /// An oddity of a packet whose addresses are not known.
    pub const fn net(name: &'static str, source: &'static str) -> Self {
        Weird { name, in_tunnel: false, addl: String::new(), source: Some(source), flow: None }
    }

    /// An oddity between two addresses, from a place where Zeek names no source.
    pub const fn flow(name: &'static str, src: IpAddr, dst: IpAddr) -> Self {
        Weird { name, in_tunnel: false, addl: String::new(), source: None, flow: Some((src, dst)) }
    }

    pub fn of(reject: Reject, source: &'static str) -> Self {
        Weird { addl: reject.addl(), ..Weird::net(reject.name, source) }
    }

    pub fn from_source(self, source: &'static str) -> Self {
        Weird { source: Some(source), ..self }
    }

    pub fn between(self, src: IpAddr, dst: IpAddr) -> Self {
        Weird { flow: Some((src, dst)), ..self }
    }

    pub fn in_tunnel(self, in_tunnel: bool) -> Self {
        Weird { in_tunnel, ..self }
    }

    /// The name as it is logged.
    pub fn full_name(&self) -> String {
        if self.in_tunnel { format!("{}_in_tunnel", self.name) } else { self.name.to_owned() }
    }
}

/// The oddities of the packet at hand. One collector is used for all packets, so that it allocates
/// only until it has seen its worst packet.
#[derive(Debug, Default)]
pub struct Weirds {
    list: Vec<Weird>,
    /// How many were left out, over all packets, because one packet had too many.
    pub suppressed: u64,
}

impl Weirds {
    /// The most oddities kept of one packet. One fragment can overlap thousands of others, each an
    /// oddity; without this ceiling a few packets fill the log.
    pub const MAX_PER_PACKET: usize = 64;

    pub fn push(&mut self, weird: Weird) {
        if self.list.len() < Self::MAX_PER_PACKET {
            self.list.push(weird);
        } else {
            self.suppressed += 1;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Weird> {
        self.list.iter()
    }

    /// Takes the oddities out, in the order they were met.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Weird> {
        self.list.drain(..)
    }
}
