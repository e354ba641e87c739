//! What a segment consists of: a head, then frames of rows, each with checksums.
//!
//! ```text
//! head:   "NJSPOOL3" · i64 made (seconds since 1970) · u32 checksum of these
//! frame:  marker · u32 length of the rows · u32 number of rows · u32 index of the first in the segment
//!         u64 run · u64 sequence number of the first · u32 checksum of these · u32 checksum of the rows · the rows
//! ```
//! Numbers are little-endian, checksums CRC-32. Where rows do not follow each other, a u64 for each with its
//! sequence number stands behind them, and the marker says so. A frame says all that is needed to read it: after damage the
//! next whole one is found by its marker, and its index tells how many rows are missing before it.

pub(super) const MAGIC: &[u8; 8] = b"NJSPOOL3";
pub(super) const HEAD: usize = 20;
pub(super) const FRAME_HEAD: usize = 40;
/// No UTF-8 has these bytes, so that nothing in a row can pass for a frame.
const MARKER: [u8; 4] = [0xf5, b'n', b'j', 0xff];
/// The same, of a frame whose rows have their numbers behind them.
const SPARSE: [u8; 4] = [0xf5, b's', b'j', 0xff];
/// What the checksum of a frame's head is of.
const SUMMED: usize = 32;

/// The head of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// When its oldest row was written, in seconds since 1970.
    pub made: i64,
}

impl Head {
    pub fn bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.made.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Head> {
        let (numbers, sum) = bytes.get(..HEAD)?.split_at(16);
        if crc32fast::hash(numbers).to_le_bytes() != sum || !numbers.starts_with(MAGIC) {
            return None;
        }
        Some(Head { made: u64_at(numbers, 8)?.cast_signed() })
    }
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// Each row has its number behind the rows.
    pub sparse: bool,
    pub len: u32,
    pub rows: u32,
    pub index: u32,
    pub run: u64,
    pub seq: u64,
    pub sum: u32,
}

impl FrameHead {
    pub fn bytes(self) -> [u8; FRAME_HEAD] {
        let mut bytes = [0; FRAME_HEAD];
        bytes[..4].copy_from_slice(if self.sparse { &SPARSE } else { &MARKER });
        bytes[4..8].copy_from_slice(&self.len.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.rows.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.index.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.run.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.seq.to_le_bytes());
        let own = crc32fast::hash(&bytes[..SUMMED]);
        bytes[32..36].copy_from_slice(&own.to_le_bytes());
        bytes[36..].copy_from_slice(&self.sum.to_le_bytes());
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<FrameHead> {
        let bytes = bytes.get(..FRAME_HEAD)?;
        if !is_marker(&bytes[..4]) || crc32fast::hash(&bytes[..SUMMED]) != u32_at(bytes, 32)? {
            return None;
        }
        Some(FrameHead {
            sparse: bytes.starts_with(&SPARSE),
            len: u32_at(bytes, 4)?,
            rows: u32_at(bytes, 8)?,
            index: u32_at(bytes, 12)?,
            run: u64_at(bytes, 16)?,
            seq: u64_at(bytes, 24)?,
            sum: u32_at(bytes, 36)?,
        })
    }
}

/// Whether a frame may begin with these bytes.
pub(super) fn is_marker(bytes: &[u8]) -> bool {
    bytes == MARKER || bytes == SPARSE
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Which rows of a segment need not be sent any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    words: Vec<u64>,
    count: u64,
}

impl Settled {
    /// True where it was not so before.
    pub fn set(&mut self, row: u64) -> bool {
        let (word, bit) = ((row / 64) as usize, 1 << (row % 64));
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.count += u64::from(new);
        new
    }

    pub fn contains(&self, row: u64) -> bool {
        self.words.get((row / 64) as usize).is_some_and(|word| word & 1 << (row % 64) != 0)
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The number after the last row that is settled.
    pub fn end(&self) -> u64 {
        let last = self.words.iter().rposition(|word| *word != 0);
        last.map_or(0, |at| (at as u64 + 1) * 64 - u64::from(self.words[at].leading_zeros()))
    }

    /// A checksum, the number of the segment that it is of, then a bit a row.
    pub fn bytes(&self, segment: u64) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        bytes.extend_from_slice(&segment.to_le_bytes());
        bytes.extend(self.words.iter().flat_map(|word| word.to_le_bytes()));
        let sum = crc32fast::hash(&bytes[4..]);
        bytes[..4].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// `None` where the bytes are damaged, or those of another segment.
    pub fn read(bytes: &[u8], segment: u64) -> Option<Settled> {
        let (sum, rest) = bytes.split_at_checked(4)?;
        if crc32fast::hash(rest).to_le_bytes() != sum || u64_at(rest, 0)? != segment {
            return None;
        }
        Some(Settled::of(rest.get(8..)?))
    }

    /// Those whose bits are set.
    pub fn of(bits: &[u8]) -> Settled {
        let words: Vec<u64> =
            bits.chunks_exact(8).filter_map(|word| Some(u64::from_le_bytes(*word.first_chunk()?))).collect();
        let count = words.iter().map(|word| u64::from(word.count_ones())).sum();
        Settled { words, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_written_and_refused_with_any_bit_wrong() {
        let head = Head { made: -1 };
        let frame = FrameHead { sparse: true, len: 1, rows: 2, index: 3, run: 4, seq: 5, sum: 6 };
        assert_eq!(Head::read(&head.bytes()), Some(head));
        assert_eq!(FrameHead::read(&frame.bytes()), Some(frame));
        for bit in 0..HEAD * 8 {
            let mut bytes = head.bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::read(&bytes), None, "bit {bit}");
        }
        for bit in 0..36 * 8 {
            let mut bytes = frame.bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(FrameHead::read(&bytes), None, "bit {bit}");
        }
    }

    #[test]
    fn settled_rows_are_kept_as_bits() {
        let mut settled = Settled::default();
        assert!([0, 63, 64, 200].iter().all(|row| settled.set(*row)) && !settled.set(63));
        let read = Settled::read(&settled.bytes(7), 7).unwrap();
        assert_eq!((read.count(), read.contains(200), read.contains(199), read.end()), (4, true, false, 201));
        assert_eq!((Settled::default().end(), Settled::read(&settled.bytes(7), 8)), (0, None));
        let mut bytes = settled.bytes(7);
        bytes[15] ^= 1;
        assert_eq!(Settled::read(&bytes, 7), None);
    }
}
