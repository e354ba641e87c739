//! DNS over TCP: messages behind two bytes of length (RFC 1035 §4.2.2).

/// Cuts one direction of a stream into messages.
///
/// A message that lies whole in what it is fed is passed on as it is; others are gathered. The
/// buffer grows with the bytes that come, to 64 KB at most, and not with the length announced: two
/// bytes on each of many connections cost nothing.
#[derive(Debug, Default)]
pub struct StreamParser {
    state: State,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Length,
    /// The first byte of the length.
    LengthLow(u8),
    /// The body, of this length, of which the buffer holds the first part.
    Body(u16),
    /// A body with a hole, of which so many bytes are still to come: it is lost.
    Skip(usize),
    /// A length fell into a hole: where the next message begins is anyone's guess.
    Lost,
}

impl StreamParser {
    /// Takes the next bytes and passes on the messages they complete. An empty message is passed
    /// on when something follows it, as in Zeek.
    pub fn data(&mut self, mut data: &[u8], mut message: impl FnMut(&[u8])) {
        while let Some((&first, behind)) = data.split_first() {
            match self.state {
                State::Length => {
                    self.state = State::LengthLow(first);
                    data = behind;
                }
                State::LengthLow(high) => {
                    self.state = State::Body(u16::from_be_bytes([high, first]));
                    data = behind;
                }
                State::Body(len) => data = self.body(usize::from(len), data, &mut message),
                State::Skip(left) => {
                    let (_, rest) = data.split_at_checked(left).unwrap_or((data, &[]));
                    self.skipped(left, data.len());
                    data = rest;
                }
                State::Lost => return,
            }
        }
    }

    /// `len` bytes are missing from the stream. A message that lost some is not passed on: Zeek
    /// closes the hole up and reads what never stood together, which we do not follow.
    pub fn gap(&mut self, len: usize) {
        match self.state {
            _ if len == 0 => {}
            State::Body(total) => {
                let left = usize::from(total).saturating_sub(self.buffer.len());
                self.release();
                self.skipped(left, len);
                // A hole that ends with the message leaves nothing in doubt; one byte more does.
                if len > left {
                    self.state = State::Lost;
                }
            }
            State::Skip(left) if len <= left => self.skipped(left, len),
            State::Length | State::LengthLow(_) | State::Skip(_) | State::Lost => {
                self.release();
                self.state = State::Lost;
            }
        }
    }

    /// The stream has ended: passes on what there is of an unfinished message.
    pub fn end(&mut self, partial: impl FnOnce(&[u8])) {
        if matches!(self.state, State::Body(_)) && !self.buffer.is_empty() {
            partial(&self.buffer);
        }
        self.release();
        self.state = State::Lost;
    }

    /// What there is of an unfinished message.
    pub fn unfinished(&self) -> &[u8] {
        &self.buffer
    }

    /// Bytes of memory held for an unfinished message.
    pub fn buffered(&self) -> usize {
        self.buffer.capacity()
    }

    /// Takes from `data` what belongs to the body of `len` bytes and gives the rest.
    fn body<'d>(&mut self, len: usize, data: &'d [u8], message: &mut impl FnMut(&[u8])) -> &'d [u8] {
        let missing = len - self.buffer.len().min(len);
        let Some((tail, rest)) = data.split_at_checked(missing) else {
            self.buffer.extend_from_slice(data);
            return &[];
        };
        if self.buffer.is_empty() {
            message(tail);
        } else {
            self.buffer.extend_from_slice(tail);
            message(&self.buffer);
            self.release();
        }
        self.state = State::Length;
        rest
    }

    fn skipped(&mut self, left: usize, skipped: usize) {
        self.state = if skipped < left { State::Skip(left - skipped) } else { State::Length };
    }

    /// Gives the buffer's memory back: most connections carry one message, and idle ones are many.
    fn release(&mut self) {
        self.buffer = Vec::new();
    }
}
