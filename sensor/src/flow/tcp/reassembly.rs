//! Putting one direction of a TCP connection back in order.
//!
//! Bytes are handed on as soon as they are in order. Bytes behind a hole wait until the hole is
//! filled, or until the other side acknowledges them: then what is missing was lost on the way to
//! us, not to the receiver, and becomes a gap. What came first stands (Zeek, and most receivers).

use std::collections::BTreeMap;

/// Bytes that all streams of a worker hold back together.
#[derive(Debug, Default)]
pub struct BufferedTotal {
    pub bytes: usize,
    /// How many bytes were given up because a ceiling was reached.
    pub given_up: u64,
    /// Acknowledgements of new data on established connections …
    pub acks: u64,
    /// … and those of them for data of which some was never seen.
    pub gaps: u64,
}

/// What comes out of a stream.
pub(super) enum Piece<'a> {
    Data(&'a [u8]),
    /// So many bytes are missing.
    Gap(u64),
    /// So many bytes came, behind a hole, while nobody listened, and were not kept.
    Unread(u64),
}

/// Sequence numbers here are relative: the first byte after the SYN is 1.
#[derive(Debug)]
pub(super) struct Stream {
    /// The next byte to hand on.
    next: u64,
    /// All before this was acknowledged.
    trimmed: u64,
    pending: Option<Box<Pending>>,
    skipping: bool,
    pub did_end: bool,
}

/// Segments behind a hole: by sequence number, not overlapping.
#[derive(Debug, Default)]
struct Pending {
    blocks: BTreeMap<u64, Block>,
    bytes: u64,
}

#[derive(Debug)]
struct Block {
    len: u32,
    /// The bytes, unless nobody was listening when they came: then only their place matters.
    data: Box<[u8]>,
}

/// What holding a block costs beside its bytes; many one-byte segments must count as what they take.
const BLOCK_COST: usize = 64;

impl Stream {
    pub const fn new() -> Self {
        Stream { next: 1, trimmed: 1, pending: None, skipping: false, did_end: false }
    }

    pub fn next(&self) -> u64 {
        self.next
    }

    pub fn trimmed(&self) -> u64 {
        self.trimmed
    }

    /// The stream is not followed any further.
    pub fn is_skipping(&self) -> bool {
        self.skipping
    }

    /// Whether bytes were seen that are not acknowledged yet, delivered or not.
    pub fn holds_data(&self) -> bool {
        self.pending.is_some() || self.next > self.trimmed
    }

    /// Bytes that wait behind a hole, the hole included.
    pub fn undelivered(&self) -> u64 {
        let Some(pending) = &self.pending else { return 0 };
        let end = pending.blocks.last_key_value().map_or(0, |(seq, block)| seq + u64::from(block.len));
        end.saturating_sub(self.next)
    }

    /// Bytes that Zeek would hold: delivered but not acknowledged, and those behind a hole.
    pub fn unacknowledged(&self) -> u64 {
        self.next.saturating_sub(self.trimmed) + self.pending.as_ref().map_or(0, |pending| pending.bytes)
    }

    /// Gives the stream up: what waits is dropped, what comes is not looked at.
    pub fn skip(&mut self, total: &mut BufferedTotal) {
        total.given_up += self.clear(total);
        self.skipping = true;
    }

    /// Drops what waits, and tells how many bytes that were.
    pub fn clear(&mut self, total: &mut BufferedTotal) -> u64 {
        let Some(pending) = self.pending.take() else { return 0 };
        for block in pending.blocks.values() {
            total.bytes = total.bytes.saturating_sub(block.data.len() + BLOCK_COST);
        }
        pending.bytes
    }

    /// Takes a segment's payload in. `keep` tells whether bytes behind a hole are worth keeping.
    pub fn insert(
        &mut self,
        mut seq: u64,
        mut data: &[u8],
        keep: bool,
        total: &mut BufferedTotal,
        out: &mut dyn FnMut(Piece<'_>),
    ) {
        let start = self.next.max(self.trimmed);
        if seq < start {
            let Some(rest) = data.get((start - seq) as usize..) else { return };
            (seq, data) = (start, rest);
        }
        if data.is_empty() {
            return;
        }
        if self.pending.is_none() && seq == self.next {
            self.next += data.len() as u64;
            return out(Piece::Data(data));
        }
        while !data.is_empty() {
            let (free, covered) = self.free_at(seq, data.len() as u64);
            let (fresh, rest) = data.split_at(free as usize);
            if !fresh.is_empty() {
                if seq == self.next {
                    self.next += free;
                    out(Piece::Data(fresh));
                } else {
                    self.hold(seq, fresh, keep, total);
                }
            }
            self.deliver_ready(total, out);
            let step = (free + covered).min(data.len() as u64);
            data = rest.get(covered as usize..).unwrap_or_default();
            seq += step;
        }
    }

    /// From `seq` on: how many bytes no waiting block has, and how many the block after them has.
    fn free_at(&self, seq: u64, len: u64) -> (u64, u64) {
        let Some(pending) = &self.pending else { return (len, 0) };
        if let Some((&begin, block)) = pending.blocks.range(..=seq).next_back() {
            let end = begin + u64::from(block.len);
            if end > seq {
                return (0, end - seq);
            }
        }
        match pending.blocks.range(seq..).next() {
            Some((&begin, block)) if begin < seq + len => (begin - seq, u64::from(block.len)),
            _ => (len, 0),
        }
    }

    fn hold(&mut self, seq: u64, data: &[u8], keep: bool, total: &mut BufferedTotal) {
        let pending = self.pending.get_or_insert_default();
        let block = Block { len: data.len() as u32, data: if keep { data.into() } else { Box::default() } };
        total.bytes += block.data.len() + BLOCK_COST;
        pending.bytes += data.len() as u64;
        pending.blocks.insert(seq, block);
    }

    /// Hands on waiting blocks that are next in order.
    fn deliver_ready(&mut self, total: &mut BufferedTotal, out: &mut dyn FnMut(Piece<'_>)) {
        while let Some(block) = self.take_first(|seq, next| seq == next) {
            self.deliver(block, total, out);
        }
    }

    fn deliver(&mut self, block: Block, total: &mut BufferedTotal, out: &mut dyn FnMut(Piece<'_>)) {
        total.bytes = total.bytes.saturating_sub(block.data.len() + BLOCK_COST);
        self.next += u64::from(block.len);
        if block.data.is_empty() {
            out(Piece::Unread(u64::from(block.len)))
        } else {
            out(Piece::Data(&block.data))
        }
    }

    fn take_first(&mut self, wanted: impl Fn(u64, u64) -> bool) -> Option<Block> {
        let next = self.next;
        let pending = self.pending.as_mut()?;
        let entry = pending.blocks.first_entry()?;
        if !wanted(*entry.key(), next) {
            return None;
        }
        let block = entry.remove();
        pending.bytes -= u64::from(block.len);
        if pending.blocks.is_empty() {
            self.pending = None;
        }
        Some(block)
    }

    /// All before `seq` was acknowledged: what of it is missing is a gap.
    pub fn trim(
        &mut self,
        seq: u64,
        ignore_start: bool,
        total: &mut BufferedTotal,
        out: &mut dyn FnMut(Piece<'_>),
    ) {
        // On a partial connection the sequence numbers are made up, and the first acknowledgement
        // may be for a byte that never was (a keep-alive).
        if seq > self.next && !(seq <= 2 && ignore_start) {
            while let Some(begin) = self.first_pending().filter(|&begin| begin < seq) {
                if begin > self.next && !self.skipping {
                    out(Piece::Gap(begin - self.next));
                }
                self.next = self.next.max(begin);
                self.deliver_ready(total, out);
            }
            if seq > self.next {
                if !self.skipping {
                    out(Piece::Gap(seq - self.next));
                }
                self.next = seq;
            }
        }
        self.deliver_ready(total, out);
        self.trimmed = self.trimmed.max(seq);
    }

    fn first_pending(&self) -> Option<u64> {
        self.pending.as_ref()?.blocks.first_key_value().map(|(&seq, _)| seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reassembler hands on for these inserts and trims: data as text, a gap as `<n>`.
    fn run(steps: &[Step]) -> String {
        let (mut stream, mut total, mut text) = (Stream::new(), BufferedTotal::default(), String::new());
        for step in steps {
            let mut out = |piece: Piece<'_>| match piece {
                Piece::Data(data) => text.push_str(std::str::from_utf8(data).unwrap()),
                Piece::Gap(len) => text.push_str(&format!("<{len}>")),
                Piece::Unread(len) => panic!("{len} bytes were not kept"),
            };
            match *step {
                Step::Data(seq, data) => stream.insert(seq, data.as_bytes(), true, &mut total, &mut out),
                Step::Ack(seq) => stream.trim(seq, false, &mut total, &mut out),
            }
        }
        if stream.pending.is_none() {
            assert_eq!(total.bytes, 0, "every byte taken in is given back");
        }
        text
    }

    enum Step {
        Data(u64, &'static str),
        Ack(u64),
    }
    use Step::{Ack, Data};

    #[test]
    fn order_is_restored() {
        assert_eq!(run(&[Data(1, "abc"), Data(4, "def")]), "abcdef");
        assert_eq!(run(&[Data(4, "def"), Data(1, "abc")]), "abcdef");
        assert_eq!(run(&[Data(7, "g"), Data(4, "def"), Data(1, "abc")]), "abcdefg");
    }

    #[test]
    fn what_came_first_stands() {
        assert_eq!(run(&[Data(1, "abc"), Data(2, "XYZ")]), "abcZ");
        assert_eq!(run(&[Data(3, "cd"), Data(1, "ABCDEF")]), "ABcdEF");
        assert_eq!(run(&[Data(3, "cd"), Data(6, "f"), Data(1, "ABCDEFG")]), "ABcdEfG");
        assert_eq!(run(&[Data(3, "cde"), Data(4, "XXXX"), Data(1, "ab")]), "abcdeXX");
        assert_eq!(run(&[Data(1, "abc"), Data(1, "XYZ")]), "abc");
    }

    #[test]
    fn acknowledged_holes_are_gaps() {
        assert_eq!(run(&[Data(1, "ab"), Data(5, "ef"), Ack(7)]), "ab<2>ef");
        assert_eq!(run(&[Data(5, "ef"), Ack(3)]), "<2>");
        assert_eq!(run(&[Data(5, "ef"), Ack(3), Data(3, "cd")]), "<2>cdef");
        assert_eq!(run(&[Data(5, "ef"), Ack(6)]), "<4>ef");
        assert_eq!(run(&[Ack(11), Data(5, "late"), Data(11, "on")]), "<10>on");
    }

    #[test]
    fn every_order_of_segments_gives_the_same_bytes() {
        let parts = [(1, "ab"), (3, "cde"), (6, "f"), (7, "gh")];
        for seed in 0..24 {
            let mut order: Vec<usize> = (0..4).collect();
            let (mut steps, mut n) = (Vec::new(), seed);
            while !order.is_empty() {
                let (seq, data) = parts[order.remove(n % order.len())];
                n = n / 4 + seed;
                steps.push(Data(seq, data));
            }
            assert_eq!(run(&steps), "abcdefgh", "order {seed}");
        }
    }

    #[test]
    fn a_stream_given_up_holds_nothing() {
        let (mut stream, mut total) = (Stream::new(), BufferedTotal::default());
        stream.insert(100, b"behind a hole", true, &mut total, &mut |_| panic!("nothing is in order"));
        assert!(total.bytes > 13 && stream.undelivered() == 112);
        stream.skip(&mut total);
        assert_eq!((total.bytes, total.given_up, stream.undelivered()), (0, 13, 0));
    }
}
