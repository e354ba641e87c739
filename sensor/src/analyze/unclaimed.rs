//! Connections that carried something and that no analyzer took, by the port of their responder.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::event::Proto;

/// How many there were of each port. A copy shows what the original has counted since.
#[derive(Clone)]
pub struct Unclaimed(Arc<[Block]>);

/// Counts of neighbouring ports, made when the first of them is met.
type Block = OnceLock<Box<[AtomicU64]>>;

/// TCP's ports, then UDP's.
const PLACES: usize = 2 << 16;
const BLOCK: usize = 256;

/// So many ports are named, those with most.
const NAMED: usize = 8;

impl Unclaimed {
    pub(super) fn add(&self, proto: Proto, port: u16) {
        let place = match proto {
            Proto::Tcp => usize::from(port),
            Proto::Udp => (1 << 16) + usize::from(port),
            Proto::Icmp => return,
        };
        let Some(block) = self.0.get(place / BLOCK) else { return };
        let counts = block.get_or_init(|| (0..BLOCK).map(|_| AtomicU64::new(0)).collect());
        if let Some(count) = counts.get(place % BLOCK) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many there were in all.
    pub fn total(&self) -> u64 {
        let blocks = self.0.iter().filter_map(OnceLock::get);
        blocks.flat_map(|counts| counts.iter()).map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// All ports that were met, those with most first.
    pub fn of_all<'a>(all: impl Iterator<Item = &'a Unclaimed>) -> ByPort {
        let mut sums: Vec<u64> = vec![0; PLACES];
        for counts in all {
            for (sums, block) in sums.chunks_mut(BLOCK).zip(&*counts.0) {
                let counts = block.get().map_or(&[][..], |counts| counts);
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count.load(Ordering::Relaxed));
            }
        }
        let met = sums.into_iter().enumerate().filter(|(_, count)| *count > 0);
        let mut ports: Vec<(u64, usize)> = met.map(|(place, count)| (count, place)).collect();
        ports.sort_unstable_by_key(|(count, place)| (std::cmp::Reverse(*count), *place));
        ByPort(ports)
    }
}

impl Default for Unclaimed {
    fn default() -> Self {
        Unclaimed((0..PLACES / BLOCK).map(|_| Block::new()).collect())
    }
}

impl fmt::Debug for Unclaimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Unclaimed::of_all(std::iter::once(self)).fmt(f)
    }
}

/// Counts with their places, largest first.
#[derive(Debug)]
pub struct ByPort(Vec<(u64, usize)>);

impl ByPort {
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(count, _)| count).sum()
    }

    /// The ports with most, and the others together.
    pub fn named(&self) -> Vec<(String, u64)> {
        let name = |(count, place): &(u64, usize)| {
            (format!("{}/{}", place & 0xffff, if *place < 1 << 16 { "tcp" } else { "udp" }), *count)
        };
        let mut named: Vec<(String, u64)> = self.0.iter().take(NAMED).map(name).collect();
        if let Some(rest @ [_, ..]) = self.0.get(NAMED..) {
            named.push((format!("{} other ports", rest.len()), rest.iter().map(|(count, _)| count).sum()));
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_with_most_come_first_whatever_worker_saw_them() {
        let (one, two) = (Unclaimed::default(), Unclaimed::default());
        one.add(Proto::Tcp, 443);
        two.add(Proto::Tcp, 443);
        two.add(Proto::Udp, 443);
        one.add(Proto::Tcp, 22);
        one.add(Proto::Icmp, 8);
        let all = Unclaimed::of_all([&one, &two].into_iter());
        let told = |all: ByPort| {
            let parts = all.named().into_iter().map(|(port, count)| format!("{port} {count}"));
            parts.collect::<Vec<_>>().join(", ")
        };
        assert_eq!((all.total(), told(all)), (4, "443/tcp 2, 22/tcp 1, 443/udp 1".to_owned()));
        (1..=10).for_each(|port| one.add(Proto::Udp, port));
        let all = Unclaimed::of_all([&one, &two].into_iter());
        assert_eq!(
            told(all),
            "443/tcp 2, 22/tcp 1, 1/udp 1, 2/udp 1, 3/udp 1, 4/udp 1, 5/udp 1, 6/udp 1, 5 other ports 5"
        );
    }
}
