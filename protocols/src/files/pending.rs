//! Pieces of a file that arrived before those they follow.

use std::collections::BTreeMap;

/// Pieces by where they belong; no two overlap.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pieces: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

/// What keeping a piece takes beside its bytes; many one-byte pieces must count as what they take.
const PIECE_COST: usize = 64;

impl Pending {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Bytes the pieces take up, what keeping each costs included.
    pub(super) fn held_bytes(&self) -> usize {
        self.bytes + self.pieces.len() * PIECE_COST
    }

    /// Where the first piece starts and the last one ends.
    pub(super) fn span(&self) -> Option<(u64, u64)> {
        self.start().zip(self.end())
    }

    /// Where the first piece starts.
    pub(super) fn start(&self) -> Option<u64> {
        self.pieces.first_key_value().map(|(at, _)| *at)
    }

    /// Where the last piece ends.
    pub(super) fn end(&self) -> Option<u64> {
        self.pieces.last_key_value().map(|(at, piece)| end_of(*at, piece))
    }

    /// The piece that starts at `next`.
    pub(super) fn take_at(&mut self, next: u64) -> Option<Vec<u8>> {
        let first = self.pieces.first_entry().filter(|first| *first.key() <= next)?;
        let piece = first.remove();
        self.bytes -= piece.len();
        Some(piece)
    }

    /// Keeps the parts of `data` that lie at or behind `next` and were not there before: as in Zeek, what
    /// came first stays. `offset + data.len()` must not overflow.
    pub(super) fn insert(&mut self, next: u64, offset: u64, data: &[u8]) {
        let end = end_of(offset, data);
        let mut from = offset.max(next);
        if let Some((at, piece)) = self.pieces.range(..=from).next_back() {
            from = from.max(end_of(*at, piece));
        }
        while from < end {
            // Up to the next piece, then on behind it.
            let following = self.pieces.range(from..end).next().map(|(at, piece)| (*at, end_of(*at, piece)));
            let (to, resume) = following.unwrap_or((end, end));
            let part = usize::try_from(from - offset).ok().zip(usize::try_from(to - offset).ok());
            if let Some(part) = part.and_then(|(a, b)| data.get(a..b)).filter(|part| !part.is_empty()) {
                self.bytes += part.len();
                self.pieces.insert(from, part.to_vec());
            }
            from = resume;
        }
    }
}

fn end_of(at: u64, piece: &[u8]) -> u64 {
    at.saturating_add(piece.len() as u64)
}
