//! Mails in chunks (RFC 3030 §2).

/// BDAT's argument: how long the chunk is, and whether it is the last.
///
/// # Errors
///
/// In Zeek's words, where it is none.
pub(super) fn argument(arg: &[u8]) -> Result<(u64, bool), &'static str> {
    if arg.is_empty() || arg.len() > "18446744073709551615 LAST".len() {
        return Err("BDAT argument bad length");
    }
    let digits = arg.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = arg.split_at(digits);
    if number.is_empty() {
        return Err("BDAT not followed by a valid chunk-size");
    }
    // Zeek's reading ends at a zero byte.
    if !matches!(rest.first(), None | Some(b' ' | 0)) {
        return Err("BDAT chunk-size not valid");
    }
    let value = |size: Option<u64>, digit: &u8| size?.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    let size = number.iter().fold(Some(0), value).ok_or("BDAT chunk-size too large")?;
    match rest {
        [] => Ok((size, false)),
        rest if rest.eq_ignore_ascii_case(b" LAST") => Ok((size, true)),
        _ => Err("BDAT chunk-size followed by junk"),
    }
}

/// A weird of Zeek's, and how many bytes it says there were.
pub(super) type Weird = (&'static str, Option<usize>);

/// A line of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub text: &'a [u8],
    /// A line end followed, which is not in the text.
    pub crlf: bool,
    /// The weird that Zeek has for it.
    pub weird: Option<Weird>,
}

/// A mail that comes in chunks, as lines.
#[derive(Debug, Default)]
pub(super) struct Bdat {
    /// What has come of a line. Ceiling: `max_line` and 2.
    buffer: Vec<u8>,
    pub remaining: u64,
    pub is_last: bool,
    max_line: usize,
}

impl Bdat {
    pub fn new(max_line: usize) -> Self {
        Bdat { max_line: max_line.max(1), ..Bdat::default() }
    }

    pub fn chunk(&mut self, size: u64, is_last: bool) {
        (self.remaining, self.is_last) = (size, is_last);
    }

    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// The next bytes of the chunk, no more of them than remain. A CR alone ends no line; Zeek ends one there when a
    /// segment ends there too.
    pub fn data(&mut self, mut data: &[u8], mut tell: impl FnMut(Line<'_>)) {
        self.remaining = self.remaining.saturating_sub(data.len() as u64);
        let all = self.buffer.len() + data.len();
        while !data.is_empty() {
            let end = memchr::memchr(b'\n', data);
            let until = end.unwrap_or(data.len());
            let before = match until.checked_sub(1) {
                Some(at) => data.get(at),
                None => self.buffer.last(),
            };
            // A CR may be the line's end.
            let text = self.buffer.len() + until - usize::from(before == Some(&b'\r'));
            if text > self.max_line {
                let room = self.max_line.saturating_sub(self.buffer.len());
                let (part, rest) = data.split_at_checked(room).unwrap_or((data, &[]));
                data = rest;
                let text = joined(&mut self.buffer, part);
                tell(Line { text, crlf: false, weird: Some(("smtp_bdat_line_too_long", Some(all))) });
                self.buffer.clear();
                continue;
            }
            let Some(end) = end else {
                self.buffer.extend_from_slice(data);
                break;
            };
            let (line, rest) = data.split_at_checked(end + 1).unwrap_or((data, &[]));
            data = rest;
            let text = joined(&mut self.buffer, line);
            match text.strip_suffix(b"\r\n") {
                Some(text) => tell(Line { text, crlf: true, weird: None }),
                None => tell(Line { text, crlf: false, weird: Some(("smtp_bdat_line_lf_only", None)) }),
            }
            self.buffer.clear();
        }
        if self.is_last && self.remaining == 0 {
            self.rest(None, tell);
        }
    }

    /// Tells what is left, which nothing will follow.
    pub fn rest(&mut self, weird: Option<Weird>, mut tell: impl FnMut(Line<'_>)) {
        if !self.buffer.is_empty() {
            tell(Line { text: &self.buffer, crlf: false, weird });
            self.buffer.clear();
        }
    }
}

/// These bytes with those that are held before them.
fn joined<'a>(buffer: &'a mut Vec<u8>, bytes: &'a [u8]) -> &'a [u8] {
    if buffer.is_empty() {
        return bytes;
    }
    buffer.extend_from_slice(bytes);
    buffer
}
