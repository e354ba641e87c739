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
    /// The same, of a line of a body that was too long to be held: see [`Lines::take_buffer`].
    BufferedPlain,
}

/// Of a line of a head that is too long, so much of its end is kept behind its beginning: a version, or
/// the end of a value.
const TAIL: usize = 64;

#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of a line whose end has not come. Ceiling: [`super::Limits::max_line`] and [`TAIL`].
    buffer: Vec<u8>,
    long: Long,
    line_end: LineEnd,
    /// The last line ended at a CR that was the last byte of the input: a LF next belongs to it.
    after_cr: bool,
    /// How many bytes to pass on unread before lines begin again.
    plain: u64,
    /// Of a body that is read as lines, bytes that its announced length leaves for the segments to come. As
    /// in Zeek the segment that told of it does not count, and a line still open is ended where a segment
    /// ends just there, but goes on into what follows if not.
    expected: Option<u64>,
    /// Nothing is read any more.
    skip: bool,
    flaws: Flaws,
}

/// How a line that is too long goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Long {
    #[default]
    No,
    /// Of a head: its beginning and its last bytes are kept, what is between them is lost.
    Cut,
    /// Of a body: it is content, and passed on as it comes. Only a CR that may be half of its end is held.
    Passed,
}

/// Oddities met since the last [`Lines::take_flaws`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaws {
    pub single_cr: bool,
    pub line_too_long: bool,
}

impl Lines {
    /// As new, with what it has allocated.
    pub fn reset(&mut self) {
        *self = Lines { buffer: emptied(&mut self.buffer), ..Lines::default() };
    }

    pub fn set_line_end(&mut self, line_end: LineEnd) {
        self.line_end = line_end;
    }

    pub fn set_plain(&mut self, len: u64) {
        self.plain = len;
    }

    /// The body that begins is said to have this length; `None`: nothing is expected to end.
    pub fn expect(&mut self, len: Option<u64>) {
        self.expected = len;
    }

    /// This segment comes.
    pub fn begin_segment(&mut self, segment: &[u8]) {
        if let Some(left @ 1..) = self.expected {
            // The LF may be that of the head.
            let of_head = self.after_cr && segment.first() == Some(&b'\n');
            self.expected = left.checked_sub((segment.len() - usize::from(of_head)) as u64);
        }
    }

    /// The segment was read. Whether the body is to end with it, and leaves a line open that ends there too
    /// ([`take_buffer`](Self::take_buffer) has it).
    pub fn end_segment(&mut self) -> bool {
        let ends = self.expected == Some(0);
        if ends {
            self.expected = None;
            self.long = Long::No;
        }
        ends && !self.buffer.is_empty() && !self.skip
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
            && self.long == Long::No
            && !self.skip
    }

    pub fn take_flaws(&mut self) -> Flaws {
        std::mem::take(&mut self.flaws)
    }

    /// What [`Piece::Buffered`] or [`Piece::BufferedPlain`] stands for; [`give_back`](Self::give_back) its
    /// allocation.
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
        self.long = Long::No;
        ended && !self.skip
    }

    /// The next piece of `input`, which moves past it. `None` when more input is needed. A line that would
    /// hold more than `max_line` bytes is passed on as content if it is one of a body (`in_body`), and loses
    /// its middle if not: what comes behind it must not be taken for a line of its own.
    pub fn next<'a>(&mut self, input: &mut &'a [u8], max_line: usize, in_body: bool) -> Option<Piece<'a>> {
        if self.skip {
            *input = &[];
            return None;
        }
        if self.after_cr {
            let (&first, rest) = input.split_first()?;
            self.after_cr = false;
            if first == b'\n' {
                *input = rest;
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
            return Some(Piece::Plain(plain));
        }
        match self.long {
            Long::Passed => self.passed(input),
            Long::No | Long::Cut => self.line(input, max_line, in_body),
        }
    }

    fn line<'a>(&mut self, input: &mut &'a [u8], max_line: usize, in_body: bool) -> Option<Piece<'a>> {
        let whole = *input;
        let (line, consumed, ended) = match self.find_end(whole) {
            Some((len, consumed)) => (whole.get(..len).unwrap_or(whole), consumed, true),
            None => (whole, whole.len(), false),
        };
        let half_end = !ended && self.line_end == LineEnd::CrLf && line.last() == Some(&b'\r');
        let over = self.buffer.len() + line.len() > max_line + usize::from(half_end);
        let behind = whole.get(consumed..).unwrap_or_default();
        if ended && self.buffer.is_empty() && !over {
            *input = behind;
            return Some(Piece::Line(line));
        }
        if over && self.long == Long::No {
            self.flaws.line_too_long = true;
            if in_body && !(ended && line.is_empty()) {
                self.long = Long::Passed;
                self.after_cr = false;
                return self.passed(input);
            }
            self.long = Long::Cut;
        }
        *input = behind;
        match self.long {
            Long::Cut => self.cut(line, max_line),
            _ => self.buffer.extend_from_slice(line),
        }
        if ended {
            self.long = Long::No;
        }
        ended.then_some(Piece::Buffered)
    }

    /// Adds to a line that is too long, keeping its beginning and its end.
    fn cut(&mut self, line: &[u8], max_line: usize) {
        let room = max_line.saturating_sub(self.buffer.len());
        let (begins, rest) = line.split_at_checked(room).unwrap_or((line, &[]));
        self.buffer.extend_from_slice(begins);
        self.buffer.extend_from_slice(rest.get(rest.len().saturating_sub(TAIL)..).unwrap_or_default());
        let tail = self.buffer.len().saturating_sub(TAIL);
        if tail > max_line {
            self.buffer.drain(max_line..tail);
        }
    }

    /// Goes on with a line whose bytes are passed on.
    fn passed<'a>(&mut self, input: &mut &'a [u8]) -> Option<Piece<'a>> {
        let whole = *input;
        let end = self.find_end(whole);
        if let (Some((0, consumed)), true) = (end, self.buffer.is_empty()) {
            *input = whole.get(consumed..).unwrap_or_default();
            self.long = Long::No;
            return Some(Piece::Line(&[]));
        }
        // What is held, be it a CR, is content after all.
        if !self.buffer.is_empty() {
            self.after_cr = false;
            return Some(Piece::BufferedPlain);
        }
        let half = self.line_end == LineEnd::CrLf && whole.last() == Some(&b'\r');
        let len = match end {
            Some((len, _)) => {
                // Its end is found again when this was passed on.
                self.after_cr = false;
                *input = whole.get(len..).unwrap_or_default();
                len
            }
            None => {
                *input = &[];
                if half {
                    self.buffer.push(b'\r');
                }
                whole.len() - usize::from(half)
            }
        };
        whole.get(..len).filter(|plain| !plain.is_empty()).map(Piece::Plain)
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
                while let Some(at) = memchr(b'\n', data.get(from..)?).map(|at| from + at) {
                    if at > 0 && data.get(at - 1) == Some(&b'\r') {
                        return Some((at - 1, at + 1));
                    }
                    from = at + 1;
                }
                None
            }
        }
    }
}
