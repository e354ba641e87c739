//! The reassembler against a plain map of bytes.

use std::collections::BTreeMap;

use super::{BufferedTotal, Piece, Stream};

/// Plays operations that `input` spells out on two streams that share a total, and on models of them. Panics
/// where they tell different things or disagree about what waits. Returns how many operations that were.
pub fn check(input: &[u8]) -> u64 {
    let mut total = BufferedTotal::default();
    let mut pairs = [0; 2].map(|_| (Stream::new(), Model::new()));
    let mut given_up = 0;
    let mut operations = 0;
    for (step, [kind, place, len, fill]) in input.as_chunks().0.iter().enumerate() {
        let (stream, model) = &mut pairs[usize::from(kind >> 7)];
        given_up += play(stream, model, &mut total, [*kind, *place, *len, *fill]);
        operations += 1;
        assert_eq!((stream.next(), stream.trimmed()), (model.next, model.trimmed), "after step {step}");
        assert_eq!(stream.undelivered(), model.undelivered(), "behind a hole after step {step}");
        assert_eq!(stream.unacknowledged(), model.unacknowledged(), "not acknowledged after step {step}");
        assert_eq!(stream.is_skipping(), model.skipping);
        let held: usize = pairs.iter().map(|(stream, _)| stream.check()).sum();
        assert_eq!((held, given_up), (total.bytes, total.given_up), "the total after step {step}");
    }
    for (stream, model) in &mut pairs {
        assert_eq!(stream.clear(&mut total), model.waiting.len() as u64);
    }
    assert_eq!(total.bytes, 0, "every byte taken in is given back");
    operations
}

/// One operation on both. Returns how many bytes it gave up.
fn play(stream: &mut Stream, model: &mut Model, total: &mut BufferedTotal, step: [u8; 4]) -> u64 {
    let [kind, place, len, fill] = step;
    // Mostly near what is next, as far before it as behind it; now and then far away.
    let far = if kind & 0x60 == 0x60 { u64::from(fill) << 12 } else { 0 };
    let seq = (model.next + u64::from(place % 64) + far).saturating_sub(u64::from(place / 64) * 8);
    let mut told = Vec::new();
    let mut out = |piece: Piece<'_>| match piece {
        Piece::Data(data) => data.iter().for_each(|byte| told.push((Delivered::Byte(*byte), 1))),
        Piece::Gap(len) => told.push((Delivered::Gap, len)),
        Piece::Unread(len) => told.push((Delivered::Unread, len)),
    };
    let (mut expected, mut dropped) = (Vec::new(), 0);
    match kind & 0x1f {
        // Whoever gave a stream up brings it no data.
        0..=21 if !model.skipping => {
            let data: Vec<u8> = (0..len % 32).map(|at| fill.wrapping_add(at)).collect();
            let keep = !fill.is_multiple_of(8);
            stream.insert(seq, &data, keep, total, &mut out);
            model.insert(seq, &data, keep, &mut expected);
        }
        0..=29 => {
            let ignore_start = fill.is_multiple_of(4);
            stream.trim(seq, ignore_start, total, &mut out);
            model.trim(seq, ignore_start, &mut expected);
        }
        30 => {
            let cleared = stream.clear(total);
            assert_eq!(cleared, model.waiting.len() as u64, "what is cleared");
            model.waiting.clear();
        }
        // Not so often that nothing happens on streams that are followed.
        _ if fill < 16 => {
            stream.skip(total);
            dropped = model.waiting.len() as u64;
            model.waiting.clear();
            model.skipping = true;
        }
        _ => {
            stream.clear(total);
            (*stream, *model) = (Stream::new(), Model::new());
        }
    }
    assert_eq!(merged(told), merged(expected), "what {step:?} tells");
    dropped
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivered {
    Byte(u8),
    Gap,
    Unread,
}

/// The same where blocks that follow each other are told of as one.
fn merged(told: Vec<(Delivered, u64)>) -> Vec<(Delivered, u64)> {
    let mut merged: Vec<(Delivered, u64)> = Vec::new();
    for (delivered, len) in told {
        match merged.last_mut() {
            Some((last, so_far)) if *last == delivered && !matches!(delivered, Delivered::Byte(_)) => {
                *so_far += len
            }
            _ => merged.push((delivered, len)),
        }
    }
    merged
}

/// What a stream is to do, a byte at a time.
struct Model {
    next: u64,
    trimmed: u64,
    /// Bytes behind a hole; `None` where nobody listened when they came.
    waiting: BTreeMap<u64, Option<u8>>,
    skipping: bool,
}

impl Model {
    fn new() -> Self {
        Model { next: 1, trimmed: 1, waiting: BTreeMap::new(), skipping: false }
    }

    fn undelivered(&self) -> u64 {
        self.waiting.last_key_value().map_or(0, |(last, _)| last + 1 - self.next)
    }

    fn unacknowledged(&self) -> u64 {
        self.next.saturating_sub(self.trimmed) + self.waiting.len() as u64
    }

    fn insert(&mut self, seq: u64, data: &[u8], keep: bool, told: &mut Vec<(Delivered, u64)>) {
        for (&byte, seq) in data.iter().zip(seq..) {
            if seq < self.next.max(self.trimmed) || self.waiting.contains_key(&seq) {
                continue;
            }
            if seq == self.next {
                told.push((Delivered::Byte(byte), 1));
                self.next += 1;
                self.tell_ready(told);
            } else {
                self.waiting.insert(seq, keep.then_some(byte));
            }
        }
    }

    fn tell_ready(&mut self, told: &mut Vec<(Delivered, u64)>) {
        while let Some(byte) = self.waiting.remove(&self.next) {
            told.push((byte.map_or(Delivered::Unread, Delivered::Byte), 1));
            self.next += 1;
        }
    }

    fn trim(&mut self, seq: u64, ignore_start: bool, told: &mut Vec<(Delivered, u64)>) {
        while seq > self.next && !(seq <= 2 && ignore_start) {
            let first = self.waiting.first_key_value().map_or(seq, |(first, _)| seq.min(*first));
            if first > self.next && !self.skipping {
                told.push((Delivered::Gap, first - self.next));
            }
            self.next = first;
            self.tell_ready(told);
        }
        self.tell_ready(told);
        self.trimmed = self.trimmed.max(seq);
    }
}

#[cfg(test)]
mod tests {
    /// `make fuzz` has the long form: ten million, which take a minute.
    #[test]
    fn random_operations_do_what_a_plain_map_of_bytes_does() {
        let wanted = std::env::var("REASSEMBLY_OPERATIONS").map_or(200_000, |text| text.parse().unwrap());
        let mut state = 13u64;
        let mut operations = 0;
        while operations < wanted {
            let input: Vec<u8> = std::iter::repeat_with(|| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 33).to_le_bytes()
            })
            .flat_map(|[a, b, ..]| [a, b])
            .take(4 * 1000)
            .collect();
            operations += super::check(&input);
        }
        println!("{operations} operations");
    }
}
