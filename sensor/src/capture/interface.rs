//! What the system tells of a network interface, from `/sys/class/net`.

use std::io;
use std::path::PathBuf;

use crate::counters::{CounterSet, counter, counters};

/// All interfaces together, which only libpcap captures on.
pub const ANY: &str = "any";

/// The interface's number; 0 is of [`ANY`].
pub fn index(name: &str) -> io::Result<u32> {
    if name == ANY {
        return Ok(0);
    }
    nix::net::if_::if_nametoindex(name)
        .map_err(|_| io::Error::new(io::ErrorKind::NotFound, format!("there is no interface '{name}'")))
}

/// What the interface of this number is called now; none where it is gone.
pub fn name_of(index: u32) -> Option<String> {
    if index == 0 {
        return Some(ANY.to_owned());
    }
    nix::net::if_::if_indextoname(index).ok()?.into_string().ok()
}

/// `LINKTYPE_ETHERNET`.
pub(super) const ETHERNET: u16 = 1;
/// `LINKTYPE_RAW`: IP without a link header.
const RAW: u16 = 101;

/// The link type of its frames, where a packet socket shows them as they are.
pub fn link_type(name: &str) -> io::Result<u16> {
    match number(name, "type") {
        // ARPHRD_ETHER and ARPHRD_LOOPBACK.
        Some(1 | 772) => Ok(ETHERNET),
        // ARPHRD_PPP, ARPHRD_NONE (tun), ARPHRD_RAWIP.
        Some(512 | 0xfffe | 519) => Ok(RAW),
        Some(other) => Err(io::Error::other(format!("hardware type {other} has no plain packet socket"))),
        None => Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no interface '{name}'"))),
    }
}

/// How long the header of such a link is.
pub const fn header_len(link_type: u16) -> u32 {
    if link_type == ETHERNET { 14 } else { 0 }
}

/// How long its packets may be, without the link's header.
pub fn mtu(name: &str) -> Option<u64> {
    number(name, "mtu")
}

/// Whether it is administratively up and has a carrier.
pub fn is_up(name: &str) -> bool {
    const IFF_UP: u64 = 1;
    if name == ANY {
        return true;
    }
    flags(name).is_some_and(|flags| flags & IFF_UP != 0) && text(name, "carrier").as_deref() != Some("0")
}

fn flags(name: &str) -> Option<u64> {
    u64::from_str_radix(text(name, "flags")?.strip_prefix("0x")?, 16).ok()
}

/// How many queues the driver receives on.
pub fn receive_queues(name: &str) -> usize {
    let Ok(entries) = std::fs::read_dir(path(name, "queues")) else { return 1 };
    let queues = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("rx-"));
    queues.count().max(1)
}

counters! {
    /// What the NIC and its driver have counted since they were started.
    pub struct NicCounts {
        /// Frames that the NIC received.
        pub packets: u64 = counter("nic_packets_total"),
        /// Bytes of the frames that the NIC received.
        pub bytes: u64 = counter("nic_bytes_total"),
        /// Frames that the NIC lost for want of buffers.
        pub missed: u64 = counter("nic_missed_total").lost("frames lost by the NIC for want of buffers"),
        /// Frames that the system refused.
        pub dropped: u64 = counter("nic_dropped_total"),
        /// Frames that came damaged.
        pub errors: u64 = counter("nic_errors_total"),
    }
}

/// None where there is no such interface.
pub fn nic_counts(name: &str) -> Option<NicCounts> {
    let packets = number(name, "statistics/rx_packets")?;
    let count = |what: &str| number(name, &format!("statistics/{what}")).unwrap_or(0);
    Some(NicCounts {
        packets,
        bytes: count("rx_bytes"),
        missed: count("rx_missed_errors") + count("rx_fifo_errors"),
        dropped: count("rx_dropped"),
        errors: count("rx_errors"),
    })
}

impl NicCounts {
    /// What was counted after `earlier`; of a counter that was reset, what it shows.
    fn since(self, earlier: NicCounts) -> NicCounts {
        let less = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        NicCounts {
            packets: less(self.packets, earlier.packets),
            bytes: less(self.bytes, earlier.bytes),
            missed: less(self.missed, earlier.missed),
            dropped: less(self.dropped, earlier.dropped),
            errors: less(self.errors, earlier.errors),
        }
    }
}

/// An interface as it is watched: under whatever name, and made anew under another number, with counts that never fall.
#[derive(Debug)]
pub struct Watched {
    index: u32,
    /// What it is called; none where it is gone.
    pub name: Option<String>,
    /// What the system showed when it was last looked at.
    shown: NicCounts,
    /// Since the first look.
    pub counted: NicCounts,
}

impl Watched {
    pub fn new(index: u32) -> Watched {
        let name = name_of(index);
        let shown = name.as_deref().and_then(nic_counts).unwrap_or_default();
        Watched { index, name, shown, counted: NicCounts::default() }
    }

    /// Looks at it; `index` is the number of the interface that is captured on now.
    pub fn look(&mut self, index: u32) {
        if index != self.index {
            *self = Watched { index, name: None, shown: NicCounts::default(), counted: self.counted };
        }
        self.name = name_of(index);
        // Where it is renamed at this very moment, the next look tells.
        if let Some(now) = self.name.as_deref().and_then(nic_counts) {
            self.counted.merge(&now.since(self.shown));
            self.shown = now;
        }
    }

    /// It is there, administratively up, and has a carrier.
    pub fn is_up(&self) -> bool {
        self.name.as_deref().is_some_and(is_up)
    }
}

fn number(name: &str, what: &str) -> Option<u64> {
    text(name, what)?.parse().ok()
}

fn text(name: &str, what: &str) -> Option<String> {
    // The name is the operator's; one with a slash in it is no interface's.
    if name.contains('/') || name.is_empty() {
        return None;
    }
    Some(std::fs::read_to_string(path(name, what)).ok()?.trim().to_owned())
}

fn path(name: &str, what: &str) -> PathBuf {
    PathBuf::from("/sys/class/net").join(name).join(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_that_are_not_there_are_said_not_to_be() {
        for name in ["nosuchif", "", "../lo"] {
            assert!(link_type(name).is_err() && index(name).is_err() && !is_up(name), "{name}");
        }
    }

    #[test]
    fn a_counter_that_was_reset_counts_from_zero() {
        let at = |packets| NicCounts { packets, ..NicCounts::default() };
        assert_eq!(at(7).since(at(3)).packets, 4);
        assert_eq!(at(2).since(at(3)).packets, 2);
    }
}
