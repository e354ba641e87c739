//! What of a stream waits for the rest of its message.

/// What came of looking at the bytes of a stream that are not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes are done with; where that is more than there are, so are those of what follows.
    Took(u64),
    /// There is not enough to go on.
    NeedMore,
    /// All that is there is thrown away, and what comes next is looked at.
    Discard,
}

/// The bytes of a direction that were not read yet.
#[derive(Debug, Default)]
pub struct Pending {
    held: Vec<u8>,
    /// Bytes to come that nobody wants.
    skip: u64,
}

impl Pending {
    /// Bytes that are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Calls `step` with what is not read yet, until that needs more. What has arrived before is copied once for each
    /// piece that it is part of the same message as, and never looked at again by this.
    pub fn feed(&mut self, bytes: &[u8], mut step: impl FnMut(&[u8]) -> Step) {
        let mut bytes = bytes;
        if self.skip > 0 {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            self.skip -= skipped as u64;
            bytes = bytes.get(skipped..).unwrap_or_default();
        }
        let mut held = std::mem::take(&mut self.held);
        let all = if held.is_empty() {
            bytes
        } else {
            held.extend_from_slice(bytes);
            &held
        };
        let mut rest = all;
        while !rest.is_empty() {
            match step(rest) {
                Step::Took(taken) => {
                    debug_assert!(taken > 0, "each step takes something");
                    let taken = taken.max(1);
                    self.skip = taken.saturating_sub(rest.len() as u64);
                    rest =
                        usize::try_from(taken).ok().and_then(|taken| rest.get(taken..)).unwrap_or_default();
                }
                Step::NeedMore => break,
                Step::Discard => rest = &[],
            }
        }
        if !rest.is_empty() {
            let start = all.len() - rest.len();
            self.held = if held.is_empty() {
                rest.to_vec()
            } else {
                held.drain(..start);
                held
            };
        }
    }

    /// Takes what is held, and forgets what is to be skipped.
    pub fn take(&mut self) -> Vec<u8> {
        self.skip = 0;
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of a byte with their length and so many more, of which those over 4 are skipped.
    fn read(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut pending, mut read) = (Pending::default(), Vec::new());
        for piece in pieces {
            pending.feed(piece, |rest| {
                let len = usize::from(rest[0]);
                if len > 4 {
                    return Step::Took(len as u64 + 1);
                }
                let Some(message) = rest.get(1..=len) else { return Step::NeedMore };
                read.push(message.to_vec());
                Step::Took(len as u64 + 1)
            });
        }
        read
    }

    #[test]
    fn messages_are_the_same_however_they_are_cut_and_long_ones_are_skipped() {
        let stream = b"\x02ab\x06......\x00\x01c";
        let want: Vec<Vec<u8>> = [&b"ab"[..], b"", b"c"].map(<[u8]>::to_vec).into();
        assert_eq!(read(&[stream]), want);
        for at in 0..stream.len() {
            assert_eq!(read(&[&stream[..at], &stream[at..]]), want, "cut at {at}");
        }
        assert_eq!(read(&stream.chunks(1).collect::<Vec<_>>()), want);
    }
}
