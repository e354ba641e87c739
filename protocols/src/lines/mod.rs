//! One direction of a stream as lines, for protocols that are made of them: Zeek's ContentLine.
//!
//! A line ends at CR, LF or CRLF. One that lies whole in what came is borrowed from it; only what is split between two
//! inputs is copied. [`crate::http`] has lines of its own, in which bodies are content.

#[cfg(test)]
mod tests;

use memchr::{memchr, memchr2};

/// A piece of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line without its end.
    Line(&'a [u8]),
    /// As much of a line as may be held, and more follows.
    Part(&'a [u8]),
    /// Bytes that are no lines: see [`Lines::set_plain`].
    Plain(&'a [u8]),
}

/// An oddity of lines, named as Zeek's weird; each but the last is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A CR with no LF behind it.
    SingleCr,
    /// A zero byte, which was left out.
    Nul,
    /// A line longer than may be held.
    TooLong,
}

impl Flaw {
    /// What Zeek names as the analyzer that saw it.
    pub const SOURCE: &'static str = "CONTENTLINE";

    /// Its name in weird.log.
    pub const fn weird(self) -> &'static str {
        match self {
            Flaw::SingleCr => "line_terminated_with_single_CR",
            Flaw::Nul => "NUL_in_line",
            Flaw::TooLong => "contentline_size_exceeded",
        }
    }
}

/// Cuts a direction into lines.
#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of a line whose end has not come. Ceiling: `max`.
    buffer: Vec<u8>,
    /// What is in the buffer was told.
    flushed: bool,
    /// The last line ended at a CR: a LF next belongs to it.
    after_cr: bool,
    /// Bytes to pass on before lines begin again.
    plain: u64,
    max: usize,
    /// The first zero byte is left out.
    drops_nul: bool,
    single_cr_told: bool,
    flaws: [Option<Flaw>; 3],
}

impl Lines {
    /// Lines of which no more than `max` bytes are held.
    pub fn new(max: usize) -> Self {
        Lines { max, ..Lines::default() }
    }

    /// The first zero byte is an oddity, and left out of its line.
    pub fn drop_nul(self) -> Self {
        Lines { drops_nul: true, ..self }
    }

    /// The next `len` bytes are no lines; 0 ends such a run.
    pub fn set_plain(&mut self, len: u64) {
        self.plain = len;
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        if self.flushed { 0 } else { self.buffer.len() }
    }

    /// The oddities since this was called last.
    pub fn take_flaws(&mut self) -> impl Iterator<Item = Flaw> + use<> {
        std::mem::take(&mut self.flaws).into_iter().flatten()
    }

    /// The next piece of `input`, which moves past it; `None` where more has to come.
    pub fn next<'a, 'i: 'a>(&'a mut self, input: &mut &'i [u8]) -> Option<Piece<'a>> {
        if std::mem::take(&mut self.flushed) {
            self.buffer.clear();
        }
        let (&first, behind) = input.split_first()?;
        if std::mem::take(&mut self.after_cr) {
            if first == b'\n' {
                *input = behind;
            } else if self.plain == 0 && first != b'\r' && !std::mem::replace(&mut self.single_cr_told, true)
            {
                self.flaw(Flaw::SingleCr);
            }
            if input.is_empty() {
                return None;
            }
        }
        if self.plain > 0 {
            let len = usize::try_from(self.plain).unwrap_or(usize::MAX).min(input.len());
            let (plain, rest) = input.split_at(len);
            *input = rest;
            self.plain -= len as u64;
            return Some(Piece::Plain(plain));
        }
        self.line(input)
    }

    /// Passes over the LF that belongs to the last line, before what is no line any more.
    pub fn skip_lf(&mut self, input: &mut &[u8]) {
        if !input.is_empty() && std::mem::take(&mut self.after_cr) {
            *input = input.strip_prefix(b"\n").unwrap_or(input);
        }
    }

    /// The sender has closed: the line that is left, if there is one.
    pub fn end(&mut self) -> Option<&[u8]> {
        if std::mem::replace(&mut self.flushed, true) {
            self.buffer.clear();
        }
        Some(&self.buffer[..]).filter(|line| !line.is_empty())
    }

    fn flaw(&mut self, flaw: Flaw) {
        if let Some(place) = self.flaws.iter_mut().find(|place| place.is_none_or(|known| known == flaw)) {
            *place = Some(flaw);
        }
    }

    fn line<'a, 'i: 'a>(&'a mut self, input: &mut &'i [u8]) -> Option<Piece<'a>> {
        let whole = *input;
        // Each piece takes something along.
        let room = self.max.max(1).saturating_sub(self.buffer.len());
        let end = memchr2(b'\r', b'\n', whole);
        let len = end.unwrap_or(whole.len());
        if len > room {
            let (part, rest) = whole.split_at(room);
            *input = rest;
            self.flaw(Flaw::TooLong);
            return Some(Piece::Part(self.joined(part)));
        }
        let (line, rest) = whole.split_at(len);
        let Some(ending) = rest.first() else {
            *input = rest;
            self.hold(line);
            return None;
        };
        self.after_cr = *ending == b'\r';
        *input = rest.get(1..).unwrap_or_default();
        // What was passed over is not to be seen as single when its LF lies in the same input.
        if self.after_cr && input.first() == Some(&b'\n') {
            self.after_cr = false;
            *input = input.get(1..).unwrap_or_default();
        }
        Some(Piece::Line(self.joined(line)))
    }

    /// What is held with this behind it.
    fn joined<'a>(&'a mut self, line: &'a [u8]) -> &'a [u8] {
        let has_nul = self.drops_nul && memchr(0, line).is_some();
        if self.buffer.is_empty() && !has_nul {
            return line;
        }
        self.hold(line);
        self.flushed = true;
        &self.buffer
    }

    fn hold(&mut self, line: &[u8]) {
        match memchr(0, line).filter(|_| self.drops_nul) {
            Some(at) => {
                let (front, back) = line.split_at(at);
                self.drops_nul = false;
                self.flaw(Flaw::Nul);
                self.buffer.extend_from_slice(front);
                self.buffer.extend_from_slice(back.get(1..).unwrap_or_default());
            }
            None => self.buffer.extend_from_slice(line),
        }
    }
}
