//! One direction of the stream as lines and runs of plain bytes: Zeek's ContentLine.
//!
//! A line ends at CR, LF or CRLF. While the body of a multipart part is read only CRLF ends a
//! line, because there CR and LF alone are content. Lines that lie whole in the input are borrowed
//! from it; only a line split between two inputs is copied.

use memchr::{memchr, memchr2};

use super::session::emptied;

/// What ends a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// CR, LF or CRLF.
    #[default]
    Any,
    /// CRLF only.
    CrLf,
}

/// One piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A whole line without its end, borrowed from the input.
    Line(&'a [u8]),
    /// A whole line that came in several inputs: see [`Lines::take_buffer`].
    Buffered,
    /// Bytes passed on unread.
    Plain(&'a [u8]),
}

#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of a line whose end has not come. Ceiling: [`super::Limits::max_line`].
    buffer: Vec<u8>,
    line_end: LineEnd,
    /// The last line ended at a CR that was the last byte of the input: a LF next belongs to it.
    after_cr: bool,
    /// That LF belongs to the head and is not counted as body.
    lf_of_head: bool,
    /// How many bytes to pass on unread before lines begin again.
    plain: u64,
    /// Bytes of body left, where its length is known and it is read as lines: a line still open
    /// at its end is ended there.
    body_left: Option<u64>,
    /// Nothing is read any more.
    skip: bool,
    flaws: Flaws,
}

/// Oddities met since the last [`Lines::take_flaws`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaws {
    pub single_cr: bool,
    pub line_too_long: bool,
    pub no_crlf: bool,
}

impl Lines {
    /// As new, with what it has allocated.
    pub fn reset(self) -> Lines {
        Lines { buffer: emptied(self.buffer), ..Lines::default() }
    }

    pub fn set_line_end(&mut self, line_end: LineEnd) {
        self.line_end = line_end;
    }

    pub fn set_plain(&mut self, len: u64) {
        self.plain = len;
    }

    pub fn set_body_left(&mut self, len: Option<u64>) {
        self.body_left = len.filter(|&len| len > 0);
        self.lf_of_head = self.after_cr;
    }

    pub fn stop(&mut self) {
        self.skip = true;
        self.buffer = Vec::new();
    }

    /// Steps over the LF of a CRLF whose CR ended the last line.
    pub fn skip_line_end(&mut self, input: &mut &[u8]) {
        if std::mem::take(&mut self.after_cr)
            && let Some((b'\n', rest)) = input.split_first()
        {
            *input = rest;
        }
    }

    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Between two lines, with nothing pending: whole heads may be read from the input.
    pub fn at_line_start(&self) -> bool {
        self.buffer.is_empty()
            && !self.after_cr
            && self.plain == 0
            && self.line_end == LineEnd::Any
            && !self.skip
    }

    pub fn take_flaws(&mut self) -> Flaws {
        std::mem::take(&mut self.flaws)
    }

    /// The line of the last [`Piece::Buffered`]; [`give_back`](Self::give_back) its allocation.
    pub fn take_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    pub fn give_back(&mut self, mut buffer: Vec<u8>) {
        // A line longer than most is rare; holding its memory for the connection's life is not worth it.
        if self.buffer.capacity() == 0 && buffer.capacity() <= 4096 {
            buffer.clear();
            self.buffer = buffer;
        }
    }

    /// The stream ended: whether that ends an open line ([`take_buffer`](Self::take_buffer) has it).
    pub fn end(&mut self) -> bool {
        let ended = match self.line_end {
            LineEnd::Any => !self.buffer.is_empty(),
            LineEnd::CrLf => self.buffer.last() == Some(&b'\r'),
        };
        if ended && self.line_end == LineEnd::CrLf {
            self.buffer.pop();
        }
        ended && !self.skip
    }

    /// The next piece of `input`, which moves past it. `None` when more input is needed.
    pub fn next<'a>(&mut self, input: &mut &'a [u8], max_line: usize) -> Option<Piece<'a>> {
        if self.skip {
            *input = &[];
            return None;
        }
        if self.after_cr {
            let (&first, rest) = input.split_first()?;
            self.after_cr = false;
            let of_head = std::mem::take(&mut self.lf_of_head);
            if first == b'\n' {
                *input = rest;
                self.count(if of_head { 0 } else { 1 });
                self.forget_body_end();
            } else if self.plain == 0 && self.line_end == LineEnd::Any && first != b'\r' {
                self.flaws.single_cr = true;
            }
        }
        if input.is_empty() {
            return None;
        }
        if self.plain > 0 {
            let len = usize::try_from(self.plain).unwrap_or(usize::MAX).min(input.len());
            let (plain, rest) = input.split_at(len);
            *input = rest;
            self.plain -= len as u64;
            self.count(len);
            self.forget_body_end();
            return Some(Piece::Plain(plain));
        }
        self.line(input, max_line)
    }

    fn line<'a>(&mut self, input: &mut &'a [u8], max_line: usize) -> Option<Piece<'a>> {
        let window = self.body_left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        let whole = *input;
        let seen = whole.get(..window).filter(|_| window > 0).unwrap_or(whole);
        let (line, consumed, ended) = match self.find_end(seen) {
            Some((len, consumed)) => (&seen[..len], consumed, true),
            None => (seen, seen.len(), false),
        };
        let room = max_line.saturating_sub(self.buffer.len());
        if line.len() > room {
            let (line, rest) = whole.split_at(room);
            *input = rest;
            self.count(room);
            self.flaws.line_too_long = true;
            return Some(self.emit(line));
        }
        *input = &whole[consumed..];
        self.count(consumed);
        if ended {
            return Some(self.emit(line));
        }
        self.buffer.extend_from_slice(line);
        if self.body_left == Some(0) {
            self.body_left = None;
            self.flaws.no_crlf = true;
            return Some(Piece::Buffered);
        }
        None
    }

    /// Length of the line and of the line with its end, if the end is in `data`.
    fn find_end(&mut self, data: &[u8]) -> Option<(usize, usize)> {
        match self.line_end {
            LineEnd::Any => {
                let at = memchr2(b'\r', b'\n', data)?;
                if data.get(at) == Some(&b'\n') {
                    return Some((at, at + 1));
                }
                match data.get(at + 1) {
                    Some(b'\n') => Some((at, at + 2)),
                    _ => {
                        self.after_cr = true;
                        Some((at, at + 1))
                    }
                }
            }
            LineEnd::CrLf => {
                if data.first() == Some(&b'\n') && self.buffer.last() == Some(&b'\r') {
                    self.buffer.pop();
                    return Some((0, 1));
                }
                let mut from = 0;
                while let Some(at) = memchr(b'\n', &data[from..]).map(|at| from + at) {
                    if at > 0 && data.get(at - 1) == Some(&b'\r') {
                        return Some((at - 1, at + 1));
                    }
                    from = at + 1;
                }
                None
            }
        }
    }

    fn emit<'a>(&mut self, line: &'a [u8]) -> Piece<'a> {
        self.forget_body_end();
        if self.buffer.is_empty() {
            return Piece::Line(line);
        }
        self.buffer.extend_from_slice(line);
        Piece::Buffered
    }

    /// The body ended where no line stood open.
    fn forget_body_end(&mut self) {
        self.body_left = self.body_left.filter(|&left| left > 0);
    }

    fn count(&mut self, len: usize) {
        if let Some(left) = &mut self.body_left {
            *left = left.saturating_sub(len as u64);
        }
    }
}
