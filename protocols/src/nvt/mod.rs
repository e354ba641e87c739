//! The network virtual terminal (RFC 854): lines, and the telnet options between them.
//!
//! Control connections of FTP are read by it, too (RFC 959 §3.1).

#[cfg(test)]
mod tests;

/// What begins a command (RFC 854).
const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;
/// WILL, WONT, DO and DONT.
const VERBS: std::ops::RangeInclusive<u8> = 251..=254;

/// A direction of a stream as lines, which end at LF or CRLF.
#[derive(Debug)]
pub struct Lines {
    /// What there is of a line.
    held: Vec<u8>,
    /// What there is of a subnegotiation.
    within: Vec<u8>,
    /// So many bytes of either are held. Stops lines that never end.
    most: usize,
    last: u8,
    option: Option<Stage>,
    /// The line is longer than may be held: what is beyond is lost.
    cut: bool,
    /// A NUL was told of; others are content, as in Zeek.
    nul_told: bool,
    /// What is held was given away as a line.
    given: bool,
}

/// How much there is of an option.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// IAC was seen.
    Begun,
    /// One of [`VERBS`] was seen.
    Negotiation(u8),
    /// Within a subnegotiation; the last byte may have been IAC.
    Within { iac: bool },
}

/// What the stream is made of.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line without its end.
    Line(&'a [u8]),
    /// What one side says of an option: WILL, WONT, DO or DONT, and the option's number.
    Negotiation {
        /// 251 to 254.
        verb: u8,
        /// As IANA numbers them.
        option: u8,
    },
    /// What is said of an option (RFC 855).
    Subnegotiation {
        /// Its number, and what is said.
        bytes: &'a [u8],
        /// It ended with IAC SE, as it should.
        whole: bool,
    },
    /// An oddity, in Zeek's words.
    Weird(&'static str),
}

impl Lines {
    /// None of them is held beyond `most` bytes.
    pub fn new(most: usize) -> Self {
        Lines {
            held: Vec::new(),
            within: Vec::new(),
            most,
            last: 0,
            option: None,
            cut: false,
            nul_told: false,
            given: false,
        }
    }

    /// Whether a line has begun.
    pub fn is_partial(&self) -> bool {
        !self.given && !self.held.is_empty()
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.held.len() + self.within.len()
    }

    /// Lets go of what is held.
    pub fn forget(&mut self) {
        (self.held, self.within) = (Vec::new(), Vec::new());
        (self.option, self.cut) = (None, false);
    }

    /// The next piece that ends within the input, of which that much is taken off.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Piece<'_>> {
        if std::mem::take(&mut self.given) {
            self.held.clear();
        }
        loop {
            if let Some(stage) = self.option {
                match self.scan(stage, input)? {
                    Scanned::Nothing => continue,
                    Scanned::Negotiation { verb, option } => {
                        return Some(Piece::Negotiation { verb, option });
                    }
                    Scanned::Subnegotiation { whole } => {
                        return Some(Piece::Subnegotiation { bytes: &self.within, whole });
                    }
                }
            }
            let special = input.iter().position(|byte| matches!(*byte, b'\r' | b'\n' | 0 | IAC));
            let (run, rest) = input.split_at(special.unwrap_or(input.len()));
            if let Some(last) = run.last() {
                *input = rest;
                let before = std::mem::replace(&mut self.last, *last);
                if self.hold(run) {
                    return Some(Piece::Weird("contentline_size_exceeded"));
                }
                if before == b'\r' {
                    return Some(Piece::Weird("line_terminated_with_single_CR"));
                }
            }
            let (special, rest) = input.split_first()?;
            *input = rest;
            if *special == IAC {
                self.option = Some(Stage::Begun);
                continue;
            }
            let before = std::mem::replace(&mut self.last, *special);
            match *special {
                b'\n' => {
                    if before == b'\r' && !self.cut {
                        self.held.pop();
                    }
                    self.cut = false;
                    self.given = true;
                    return Some(Piece::Line(&self.held));
                }
                // Telnet servers send it behind a CR (RFC 854).
                0 if before == b'\r' => continue,
                0 if !self.nul_told => {
                    self.nul_told = true;
                    return Some(Piece::Weird("NUL_in_line"));
                }
                byte => _ = self.hold(&[byte]),
            }
            if before == b'\r' {
                return Some(Piece::Weird("line_terminated_with_single_CR"));
            }
        }
    }

    /// The sender has closed: what there is of a line is one.
    pub fn end(&mut self) -> Option<&[u8]> {
        if !self.is_partial() {
            return None;
        }
        if self.last == b'\r' && !self.cut {
            self.held.pop();
        }
        self.given = true;
        Some(&self.held)
    }

    /// Takes a part of a line; true where it is the first that does not fit.
    fn hold(&mut self, run: &[u8]) -> bool {
        let room = self.most.saturating_sub(self.held.len());
        self.held.extend_from_slice(run.get(..room).unwrap_or(run));
        run.len() > room && !std::mem::replace(&mut self.cut, true)
    }

    /// Reads on in an option; None where the input ends within it.
    fn scan(&mut self, stage: Stage, input: &mut &[u8]) -> Option<Scanned> {
        let (byte, rest) = input.split_first()?;
        match stage {
            Stage::Begun => {
                *input = rest;
                self.option = match *byte {
                    SB => {
                        self.within.clear();
                        Some(Stage::Within { iac: false })
                    }
                    verb if VERBS.contains(&verb) => Some(Stage::Negotiation(verb)),
                    other => {
                        if other == IAC {
                            // It stands for itself.
                            self.last = IAC;
                            self.hold(&[IAC]);
                        }
                        None
                    }
                };
                Some(Scanned::Nothing)
            }
            Stage::Negotiation(verb) => {
                *input = rest;
                self.option = None;
                Some(Scanned::Negotiation { verb, option: *byte })
            }
            Stage::Within { iac: false } => {
                let end = input.iter().position(|byte| *byte == IAC);
                let (text, rest) = input.split_at(end.unwrap_or(input.len()));
                let room = self.most.saturating_sub(self.within.len());
                self.within.extend_from_slice(text.get(..room).unwrap_or(text));
                *input = rest.get(1..).unwrap_or_default();
                self.option = Some(Stage::Within { iac: end.is_some() });
                Some(Scanned::Nothing)
            }
            Stage::Within { iac: true } => {
                if *byte == IAC {
                    *input = rest;
                    if self.within.len() < self.most {
                        self.within.push(IAC);
                    }
                    self.option = Some(Stage::Within { iac: false });
                    return Some(Scanned::Nothing);
                }
                let whole = *byte == SE;
                if whole {
                    *input = rest;
                }
                // Otherwise what was taken for its end begins another, as BSD's telnet has it.
                self.option = (!whole).then_some(Stage::Begun);
                Some(Scanned::Subnegotiation { whole })
            }
        }
    }
}

enum Scanned {
    Nothing,
    Negotiation { verb: u8, option: u8 },
    Subnegotiation { whole: bool },
}
