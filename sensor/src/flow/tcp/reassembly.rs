//! Putting one direction of a TCP connection back in order.
//!
//! Bytes are handed on as soon as they are in order. Bytes behind a hole wait until the hole is
//! filled, or until the other side acknowledges them: then what is missing was lost on the way to
//! us, not to the receiver, and becomes a gap. What came first stands (Zeek, and most receivers).

mod model;

use std::collections::BTreeMap;
use std::ops::Bound;

pub use model::check;

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

/// Debug builds look at so many blocks after every operation; with thousands that would take quadratic time.
const CHECKED_BLOCKS: usize = 512;

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
        total.give_back(pending.blocks.values().map(Block::cost).sum());
        pending.bytes
    }

    /// Takes a segment's payload in. `keep` tells whether bytes behind a hole are worth keeping.
    pub fn insert(
        &mut self,
        seq: u64,
        data: &[u8],
        keep: bool,
        total: &mut BufferedTotal,
        out: &mut dyn FnMut(Piece<'_>),
    ) {
        let mut rest = Run { seq, data };
        rest.skip_to(self.next.max(self.trimmed));
        if self.pending.is_none() && rest.seq == self.next && !rest.is_empty() {
            self.next = rest.end();
            return out(Piece::Data(rest.data));
        }
        while !rest.is_empty() {
            let before = rest.data.len();
            if let Some(end) = self.held_from(rest.seq) {
                rest.skip_to(end);
            } else {
                let fresh = rest.take_to(self.first_held_after(rest.seq));
                if fresh.seq == self.next {
                    self.next = fresh.end();
                    out(Piece::Data(fresh.data));
                    // What waited may reach past the next free place: a block may follow another at once.
                    self.deliver_ready(total, out);
                    rest.skip_to(self.next);
                } else {
                    self.hold(fresh, keep, total);
                }
            }
            debug_assert!(rest.data.len() < before, "each round uses some of the segment up");
        }
        self.assert_consistent(total);
    }

    /// The end of the waiting block that has the byte at `seq`.
    fn held_from(&self, seq: u64) -> Option<u64> {
        let (&begin, block) = self.pending.as_ref()?.blocks.range(..=seq).next_back()?;
        Some(begin + u64::from(block.len)).filter(|&end| end > seq)
    }

    /// Where the first block begins that waits behind `seq`; the end of all numbers where none does.
    fn first_held_after(&self, seq: u64) -> u64 {
        let behind = (Bound::Excluded(seq), Bound::Unbounded);
        self.pending
            .as_ref()
            .and_then(|pending| pending.blocks.range(behind).next())
            .map_or(u64::MAX, |(&begin, _)| begin)
    }

    fn hold(&mut self, run: Run<'_>, keep: bool, total: &mut BufferedTotal) {
        let pending = self.pending.get_or_insert_default();
        let data = if keep { run.data.into() } else { Box::default() };
        let block = Block { len: run.data.len() as u32, data };
        total.bytes += block.cost();
        pending.bytes += u64::from(block.len);
        pending.blocks.insert(run.seq, block);
    }

    /// Hands on waiting blocks that are next in order.
    fn deliver_ready(&mut self, total: &mut BufferedTotal, out: &mut dyn FnMut(Piece<'_>)) {
        while let Some((_, block)) = self.take_first_below(self.next + 1, total) {
            self.deliver(&block, out);
        }
    }

    fn deliver(&mut self, block: &Block, out: &mut dyn FnMut(Piece<'_>)) {
        self.next += u64::from(block.len);
        if block.data.is_empty() {
            out(Piece::Unread(u64::from(block.len)))
        } else {
            out(Piece::Data(&block.data))
        }
    }

    /// Takes the first waiting block out, if it begins below `limit`.
    fn take_first_below(&mut self, limit: u64, total: &mut BufferedTotal) -> Option<(u64, Block)> {
        let pending = self.pending.as_mut()?;
        let entry = pending.blocks.first_entry().filter(|entry| *entry.key() < limit)?;
        let (begin, block) = entry.remove_entry();
        pending.bytes -= u64::from(block.len);
        total.give_back(block.cost());
        if pending.blocks.is_empty() {
            self.pending = None;
        }
        Some((begin, block))
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
            while let Some((begin, block)) = self.take_first_below(seq, total) {
                self.miss_to(begin, out);
                self.deliver(&block, out);
            }
            self.miss_to(seq, out);
        }
        self.deliver_ready(total, out);
        self.trimmed = self.trimmed.max(seq);
        self.assert_consistent(total);
    }

    /// What is missing before `seq` will not come.
    fn miss_to(&mut self, seq: u64, out: &mut dyn FnMut(Piece<'_>)) {
        if seq > self.next {
            if !self.skipping {
                out(Piece::Gap(seq - self.next));
            }
            self.next = seq;
        }
    }

    /// In debug builds: what must hold between operations does.
    #[inline]
    fn assert_consistent(&self, total: &BufferedTotal) {
        let blocks = self.pending.as_ref().map_or(0, |pending| pending.blocks.len());
        if cfg!(debug_assertions) && blocks <= CHECKED_BLOCKS {
            let held = self.check();
            assert!(total.bytes >= held, "{held} bytes held back, {} counted", total.bytes);
        }
    }

    /// Asserts what must hold between operations. Returns what the stream takes of
    /// [`BufferedTotal::bytes`].
    pub(super) fn check(&self) -> usize {
        let Some(pending) = &self.pending else { return 0 };
        assert!(!self.skipping, "a stream that was given up holds nothing");
        assert!(!pending.blocks.is_empty(), "what is pending has blocks");
        let (mut reached, mut bytes, mut cost) = (self.next + 1, 0, 0);
        for (&begin, block) in &pending.blocks {
            assert!(begin >= reached, "a block at {begin}, though all before {reached} is told or held");
            assert!(block.len > 0 && (block.data.is_empty() || block.data.len() == block.len as usize));
            reached = begin + u64::from(block.len);
            bytes += u64::from(block.len);
            cost += block.cost();
        }
        assert_eq!(bytes, pending.bytes, "the blocks' bytes add up");
        cost
    }
}

impl Block {
    fn cost(&self) -> usize {
        self.data.len() + BLOCK_COST
    }
}

impl BufferedTotal {
    fn give_back(&mut self, bytes: usize) {
        debug_assert!(self.bytes >= bytes, "{bytes} bytes given back of {}", self.bytes);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// Bytes and where they belong.
#[derive(Clone, Copy)]
struct Run<'a> {
    seq: u64,
    data: &'a [u8],
}

impl<'a> Run<'a> {
    fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    fn end(&self) -> u64 {
        self.seq + self.data.len() as u64
    }

    /// Drops what lies before `seq`.
    fn skip_to(&mut self, seq: u64) {
        self.take_to(seq);
    }

    /// Splits off what lies before `seq`.
    fn take_to(&mut self, seq: u64) -> Run<'a> {
        let len = seq.saturating_sub(self.seq).min(self.data.len() as u64);
        let (data, rest) = self.data.split_at(len as usize);
        let arena = Run { seq: self.seq, data };
        *self = Run { seq: self.seq + len, data: rest };
        arena
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
        assert_eq!(total.bytes, stream.check(), "every byte taken in is given back");
        text
    }

    #[derive(Clone, Copy)]
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
    fn a_segment_may_cover_a_hole_and_all_that_waits_behind_it() {
        let (c, d) = (Data(3, "c"), Data(4, "d"));
        assert_eq!(run(&[c, d, Data(1, "ABCD"), Ack(5)]), "ABcd");
        assert_eq!(run(&[c, d, Data(1, "ABCDEF"), Ack(7)]), "ABcdEF");
        assert_eq!(run(&[c, d, Data(6, "f"), Data(1, "ABCDEFG"), Ack(8)]), "ABcdEfG");
        assert_eq!(run(&[c, d, Data(6, "f"), Data(2, "BCDEFG"), Ack(8)]), "<1>BcdEfG");
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
