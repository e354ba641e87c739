//! What a segment consists of: a head, then frames of rows, each with checksums.
//!
//! ```text
//! head:   "NJSPOOL2" · u64 run · i64 made (seconds since 1970) · u32 checksum of these
//! frame:  u32 length of the rows · u32 number of rows · u64 sequence number of the first
//!         u32 checksum of these · u32 checksum of the rows · the rows
//! ```
//! Numbers are little-endian, checksums CRC-32. A frame's own numbers have a checksum apart, so that
//! a frame with damaged rows is skipped and counted, and those after it are read.

pub(super) const MAGIC: &[u8; 8] = b"NJSPOOL2";
pub(super) const HEAD: usize = 28;
pub(super) const FRAME_HEAD: usize = 24;

/// The head of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub run: u64,
    pub made: i64,
}

impl Head {
    pub fn bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.run.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.made.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..24]);
        bytes[24..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Head> {
        let (numbers, sum) = bytes.get(..HEAD)?.split_at(24);
        if crc32fast::hash(numbers).to_le_bytes() != sum || !numbers.starts_with(MAGIC) {
            return None;
        }
        Some(Head { run: u64_at(numbers, 8)?, made: u64_at(numbers, 16)?.cast_signed() })
    }
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub len: u32,
    pub rows: u32,
    pub seq: u64,
    pub sum: u32,
}

impl FrameHead {
    pub fn bytes(self) -> [u8; FRAME_HEAD] {
        let mut bytes = [0; FRAME_HEAD];
        bytes[..4].copy_from_slice(&self.len.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.rows.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.seq.to_le_bytes());
        let own = crc32fast::hash(&bytes[..16]);
        bytes[16..20].copy_from_slice(&own.to_le_bytes());
        bytes[20..].copy_from_slice(&self.sum.to_le_bytes());
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<FrameHead> {
        let bytes = bytes.get(..FRAME_HEAD)?;
        if crc32fast::hash(&bytes[..16]) != u32_at(bytes, 16)? {
            return None;
        }
        Some(FrameHead {
            len: u32_at(bytes, 0)?,
            rows: u32_at(bytes, 4)?,
            seq: u64_at(bytes, 8)?,
            sum: u32_at(bytes, 20)?,
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
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

    /// A checksum, then a bit a row.
    pub fn bytes(&self) -> Vec<u8> {
        let bits: Vec<u8> = self.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut bytes = crc32fast::hash(&bits).to_le_bytes().to_vec();
        bytes.extend_from_slice(&bits);
        bytes
    }

    /// `None` where the bytes are damaged.
    pub fn read(bytes: &[u8]) -> Option<Settled> {
        let (sum, bits) = bytes.split_at_checked(4)?;
        if crc32fast::hash(bits).to_le_bytes() != sum {
            return None;
        }
        let words: Vec<u64> =
            bits.chunks_exact(8).filter_map(|word| Some(u64::from_le_bytes(*word.first_chunk()?))).collect();
        let count = words.iter().map(|word| u64::from(word.count_ones())).sum();
        Some(Settled { words, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_written_and_refused_with_any_bit_wrong() {
        let head = Head { run: 7, made: -1 };
        let frame = FrameHead { len: 1, rows: 2, seq: 3, sum: 4 };
        assert_eq!(Head::read(&head.bytes()), Some(head));
        assert_eq!(FrameHead::read(&frame.bytes()), Some(frame));
        for bit in 0..HEAD * 8 {
            let mut bytes = head.bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::read(&bytes), None, "bit {bit}");
        }
        for bit in 0..20 * 8 {
            let mut bytes = frame.bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(FrameHead::read(&bytes), None, "bit {bit}");
        }
    }

    #[test]
    fn settled_rows_are_kept_as_bits() {
        let mut settled = Settled::default();
        assert!([0, 63, 64, 200].iter().all(|row| settled.set(*row)) && !settled.set(63));
        let read = Settled::read(&settled.bytes()).unwrap();
        assert_eq!((read.count(), read.contains(200), read.contains(199)), (4, true, false));
        let mut bytes = settled.bytes();
        bytes[9] ^= 1;
        assert_eq!(Settled::read(&bytes), None);
    }
}
