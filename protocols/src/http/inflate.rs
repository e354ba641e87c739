//! gzip and deflate bodies (RFC 9110 §8.4.1), decoded as they come.

use flate2::{Decompress, FlushDecompress, Status};

/// Output is handed on in pieces of this size. Zeek's too: what a corrupt stream gave before its
/// error is the same number of bytes.
const PIECE: usize = 4096;

/// Why a body is not decoded any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InflateError {
    /// Zeek's weird `inflate_failed`.
    Corrupt,
    /// More output than [`super::Limits`] allows for the input: a decompression bomb.
    TooLarge,
}

enum State {
    /// The first byte, kept until the second tells which wrapping this is.
    Start(Option<u8>),
    Running(Decompress),
    /// Ended or failed: the rest of the body is stepped over.
    Over,
}

pub struct Inflater {
    state: State,
    piece: Box<[u8; PIECE]>,
}

/// How many bytes may still be put out. One budget serves a whole connection: many small bodies that grow
/// large cost as much as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    earned: u64,
    spent: u64,
}

impl Budget {
    /// Of `len` bytes of input come `ratio` bytes of output each.
    pub fn earn(&mut self, len: usize, ratio: u16) {
        self.earned = self.earned.saturating_add((len as u64).saturating_mul(ratio.into()));
    }

    /// Takes `len` bytes of output, if there are so many beyond the `allowance`. What is refused is not spent.
    pub fn spend(&mut self, len: usize, allowance: u32) -> bool {
        let spent = self.spent.saturating_add(len as u64);
        let may = spent <= self.earned.saturating_add(allowance.into());
        if may {
            self.spent = spent;
        }
        may
    }
}

impl Inflater {
    pub fn new() -> Self {
        Inflater { state: State::Start(None), piece: Box::new([0; PIECE]) }
    }

    /// Feeds `input`, giving each piece of output to `out`, until that refuses one.
    pub fn feed(&mut self, input: &[u8], mut out: impl FnMut(&[u8]) -> bool) -> Result<(), InflateError> {
        let mut held = None;
        if let State::Start(first) = &mut self.state {
            let (one, two) = match (*first, input) {
                (None, [one]) => {
                    *first = Some(*one);
                    return Ok(());
                }
                (None, [one, two, ..]) => (*one, *two),
                (Some(one), [two, ..]) => (one, *two),
                (_, []) => return Ok(()),
            };
            held = *first;
            self.state = State::Running(decoder(one, two));
        }
        if let Some(byte) = held {
            self.run(&[byte], &mut out)?;
        }
        self.run(input, &mut out)
    }

    fn run(&mut self, mut input: &[u8], out: &mut impl FnMut(&[u8]) -> bool) -> Result<(), InflateError> {
        let State::Running(decoder) = &mut self.state else { return Ok(()) };
        loop {
            let (before_in, before_out) = (decoder.total_in(), decoder.total_out());
            let status = decoder.decompress(input, self.piece.as_mut_slice(), FlushDecompress::None);
            let Ok(status) = status else {
                self.state = State::Over;
                return Err(InflateError::Corrupt);
            };
            let read = usize::try_from(decoder.total_in() - before_in).unwrap_or(input.len());
            let written = usize::try_from(decoder.total_out() - before_out).unwrap_or(PIECE);
            input = input.get(read..).unwrap_or_default();
            if written > 0 && !out(self.piece.get(..written).unwrap_or_default()) {
                self.state = State::Over;
                return Err(InflateError::TooLarge);
            }
            match status {
                Status::StreamEnd => {
                    self.state = State::Over;
                    return Ok(());
                }
                _ if read == 0 && written == 0 => return Ok(()),
                Status::Ok | Status::BufError => {}
            }
        }
    }
}

/// gzip by its magic (RFC 1952 §2.3.1), zlib by its header check (RFC 1950 §2.2), else raw deflate:
/// some servers leave the header out.
fn decoder(one: u8, two: u8) -> Decompress {
    let word = u16::from_be_bytes([one, two]);
    if word == 0x1f8b {
        Decompress::new_gzip(15)
    } else {
        Decompress::new(one & 0x0f == 8 && one >> 4 <= 7 && word.is_multiple_of(31))
    }
}
