//! Values as text, read as they come.

use crate::redis::session::Limits;

/// What a value of a server's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An answer.
    Reply,
    /// An answer that something went wrong.
    Error,
    /// No answer: something happened.
    Push,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it is.
    pub kind: Kind,
    /// As text, of long ones the beginning.
    pub text: Vec<u8>,
    /// What is said about it, likewise.
    pub attributes: Option<Vec<u8>>,
    /// The protocol's version that has such values: 2 or 3.
    pub version: u8,
}

/// What several values are in.
#[derive(Clone, Copy, Debug)]
struct Frame {
    kind: u8,
    /// Values to come, and that came.
    left: u64,
    seen: u64,
    /// Where its text begins.
    start: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Line,
    /// Bytes of a text, and the two behind it.
    Bytes(u64),
    End(u8),
}

/// Reads one value after the other.
#[derive(Debug)]
pub(super) struct Values {
    limits: Limits,
    /// A line that is not whole.
    line: Vec<u8>,
    stage: Stage,
    frames: Vec<Frame>,
    text: Vec<u8>,
    attributes: Option<Vec<u8>>,
    kind: Option<Kind>,
    version: u8,
}

/// Values within values are no deeper than this; beyond that it is no Redis.
const MAX_DEPTH: usize = 32;

/// More elements than these are none, as in Zeek.
const MAX_ELEMENTS: i64 = 1 << 20;

/// Bytes of a text that is skipped may be any; they cost nothing.
const MAX_TEXT: i64 = 512 << 20;

/// What says that it is no value.
pub(super) struct Wrong;

impl Values {
    pub fn new(limits: Limits) -> Self {
        Values {
            limits,
            line: Vec::new(),
            stage: Stage::Line,
            frames: Vec::new(),
            text: Vec::new(),
            attributes: None,
            kind: None,
            version: 2,
        }
    }

    pub fn buffered(&self) -> usize {
        self.line.len() + self.text.len() + self.attributes.as_ref().map_or(0, Vec::len)
    }

    /// Takes what belongs to the value at hand; the value, once it is whole.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, Wrong> {
        while !input.is_empty() {
            let is_whole = match self.stage {
                Stage::Line => match take_line(&mut self.line, input, self.limits.line)? {
                    Some(line) => self.line(&line)?,
                    None => return Ok(None),
                },
                Stage::Bytes(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                    let (bytes, rest) = input.split_at_checked(here).unwrap_or((input, &[]));
                    *input = rest;
                    self.put(bytes);
                    let left = left - bytes.len() as u64;
                    self.stage = if left == 0 { Stage::End(b'\r') } else { Stage::Bytes(left) };
                    false
                }
                Stage::End(expected) => {
                    let Some((byte, rest)) = input.split_first() else { return Ok(None) };
                    *input = rest;
                    if *byte != expected {
                        return Err(Wrong);
                    }
                    self.stage = if expected == b'\r' { Stage::End(b'\n') } else { Stage::Line };
                    expected == b'\n' && self.whole()
                }
            };
            if is_whole {
                let kind = self.kind.take().unwrap_or(Kind::Reply);
                let (text, attributes) = (std::mem::take(&mut self.text), self.attributes.take());
                let version = std::mem::replace(&mut self.version, 2);
                return Ok(Some(Reply { kind, text, attributes, version }));
            }
        }
        Ok(None)
    }

    fn put(&mut self, bytes: &[u8]) {
        let room = self.limits.text.saturating_sub(self.text.len());
        self.text.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }

    /// A line; true where the outermost value is whole with it.
    fn line(&mut self, line: &[u8]) -> Result<bool, Wrong> {
        let (kind, rest) = line.split_first().ok_or(Wrong)?;
        if self.frames.is_empty() && *kind != b'|' {
            self.kind = Some(match kind {
                b'-' | b'!' => Kind::Error,
                b'>' => Kind::Push,
                _ => Kind::Reply,
            });
        }
        if matches!(kind, b'_' | b'#' | b',' | b'(' | b'!' | b'=' | b'%' | b'~' | b'>' | b'|') {
            self.version = 3;
        }
        match kind {
            b'+' | b'-' | b'(' | b',' => self.put(rest),
            b':' => {
                number(rest)?;
                self.put(rest);
            }
            b'_' => self.put(b"null"),
            b'#' => self.put(if rest == b"t" { b"T" } else { b"F" }),
            b'$' | b'!' | b'=' => match number(rest)? {
                ..0 => self.put(b"null"),
                len if len > MAX_TEXT => return Err(Wrong),
                0 => {
                    self.stage = Stage::End(b'\r');
                    return Ok(false);
                }
                len => {
                    self.stage = Stage::Bytes(len.unsigned_abs());
                    return Ok(false);
                }
            },
            b'*' | b'~' | b'>' | b'%' | b'|' => {
                let count = number(rest)?;
                if count > MAX_ELEMENTS || self.frames.len() >= MAX_DEPTH {
                    return Err(Wrong);
                }
                if count < 0 {
                    self.put(b"null");
                    return Ok(self.whole());
                }
                let pairs = matches!(kind, b'%' | b'|');
                let left = count.unsigned_abs() * if pairs { 2 } else { 1 };
                self.frames.push(Frame { kind: *kind, left, seen: 0, start: self.text.len() });
                self.put(if matches!(kind, b'*' | b'>') { b"[" } else { b"{" });
                if left > 0 {
                    return Ok(false);
                }
                return Ok(self.close());
            }
            _ => return Err(Wrong),
        }
        Ok(self.whole())
    }

    /// A value is whole; true where it is the outermost.
    fn whole(&mut self) -> bool {
        let Some(frame) = self.frames.last_mut() else { return true };
        frame.left = frame.left.saturating_sub(1);
        frame.seen += 1;
        let Frame { kind, left, seen, .. } = *frame;
        if left == 0 {
            return self.close();
        }
        let is_key = matches!(kind, b'%' | b'|') && seen % 2 == 1;
        self.put(if is_key { b": " } else { b", " });
        false
    }

    /// The innermost of what holds others is whole, and perhaps what it is in.
    fn close(&mut self) -> bool {
        let Some(frame) = self.frames.pop() else { return true };
        self.put(if matches!(frame.kind, b'*' | b'>') { b"]" } else { b"}" });
        if frame.kind != b'|' {
            return self.whole();
        }
        // What is said about the value that follows.
        let about = self.text.get(frame.start..).unwrap_or_default().to_vec();
        self.text.truncate(frame.start);
        if self.frames.is_empty() {
            self.attributes = Some(about);
        }
        false
    }
}

/// A number, as those of lengths.
pub(super) fn number(digits: &[u8]) -> Result<i64, Wrong> {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(Wrong)
}

/// The next line without its CRLF; of one that is not whole, what there is is held.
pub(super) fn take_line(
    held: &mut Vec<u8>,
    input: &mut &[u8],
    most: usize,
) -> Result<Option<Vec<u8>>, Wrong> {
    loop {
        let (piece, is_end) = match memchr::memchr(b'\n', input) {
            Some(at) => (input.get(..=at).unwrap_or_default(), true),
            None => (*input, false),
        };
        *input = input.get(piece.len()..).unwrap_or_default();
        if held.len() + piece.len() > most + 2 {
            return Err(Wrong);
        }
        held.extend_from_slice(piece);
        if !is_end {
            return Ok(None);
        }
        // A LF alone does not end it.
        if held.ends_with(b"\r\n") {
            let mut line = std::mem::take(held);
            line.truncate(line.len() - 2);
            return Ok(Some(line));
        }
        if input.is_empty() {
            return Ok(None);
        }
    }
}
