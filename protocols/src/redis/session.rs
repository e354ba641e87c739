//! A connection: commands one way, values the other.

use crate::redis::command::Command;
use crate::redis::value::{Reply, Values, Wrong, number, take_line};

/// Ceilings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a line; one that is longer is none.
    pub line: usize,
    /// Bytes of a command that is not in RESP, likewise.
    pub inline: usize,
    /// Words of a command that are told.
    pub words: usize,
    /// Bytes of each of them.
    pub word: usize,
    /// Bytes of a value that are told.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { line: 64 << 10, inline: 1024, words: 64, word: 4096, text: 4096 }
    }
}

/// Hears what a session reads.
pub trait Handler {
    /// A command.
    fn command(&mut self, command: &Command);

    /// A value of the server's.
    fn reply(&mut self, reply: &Reply);

    /// Of a command or a value only the beginning was kept.
    fn cut(&mut self) {}

    /// It is not Redis; nothing more of this direction is read.
    fn violation(&mut self, reason: &'static str);
}

/// What comes next of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Its first line.
    Begin,
    /// The length of a word.
    Length,
    /// Bytes of one.
    Bytes(u64),
    /// CRLF.
    End(u8),
}

/// The client's direction.
#[derive(Debug)]
struct Client {
    line: Vec<u8>,
    stage: Stage,
    /// Words to come.
    left: u64,
    command: Command,
    is_over: bool,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    client: Client,
    values: Values,
    /// Nothing more of the server is read.
    is_over: bool,
}

/// More words than these are none, as in Zeek.
const MAX_WORDS: i64 = 1 << 20;

impl Session {
    /// At a connection's beginning.
    pub fn new(limits: Limits) -> Self {
        let client = Client {
            line: Vec::new(),
            stage: Stage::Begin,
            left: 0,
            command: Command::default(),
            is_over: false,
        };
        Session { limits, client, values: Values::new(limits), is_over: false }
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.client.line.len() + self.client.command.bytes() + self.values.buffered()
    }

    /// The next bytes of a direction.
    pub fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        if is_orig {
            self.client_data(data, h);
        } else {
            self.server_data(data, h);
        }
    }

    /// Bytes of a direction are missing: nothing more of it is read.
    pub fn gap(&mut self, is_orig: bool) {
        if is_orig {
            self.client.is_over = true;
            (self.client.line, self.client.command) = Default::default();
        } else {
            self.is_over = true;
            self.values = Values::new(self.limits);
        }
    }

    fn server_data<H: Handler>(&mut self, data: &[u8], h: &mut H) {
        let mut input = data;
        while !self.is_over && !input.is_empty() {
            match self.values.next(&mut input) {
                Ok(Some(reply)) => {
                    if reply.text.len() >= self.limits.text {
                        h.cut();
                    }
                    h.reply(&reply);
                }
                Ok(None) => {}
                Err(Wrong) => {
                    self.gap(false);
                    h.violation("error while parsing RESP server data");
                }
            }
        }
    }

    fn client_data<H: Handler>(&mut self, data: &[u8], h: &mut H) {
        let (mut input, limits) = (data, self.limits);
        let client = &mut self.client;
        while !client.is_over && !input.is_empty() {
            if client.step(&mut input, &limits, h).is_err() {
                client.is_over = true;
                (client.line, client.command) = Default::default();
                h.violation("error while parsing RESP client data");
            }
        }
    }
}

impl Client {
    fn step<H: Handler>(&mut self, input: &mut &[u8], limits: &Limits, h: &mut H) -> Result<(), Wrong> {
        match self.stage {
            Stage::Begin => {
                let is_inline = self.line.first().or(input.first()).is_some_and(|first| *first != b'*');
                let most = if is_inline { limits.inline } else { limits.line };
                let Some(line) = take_line(&mut self.line, input, most)? else { return Ok(()) };
                if is_inline {
                    self.command = Command::inline(&line, limits.words);
                    // Of an empty line nothing is told.
                    return self.whole(limits, h);
                }
                let count = number(line.get(1..).unwrap_or_default())?;
                if count > MAX_WORDS {
                    return Err(Wrong);
                }
                self.left = u64::try_from(count).unwrap_or(0);
                self.command.count = self.left;
                self.word(limits, h)
            }
            Stage::Length => {
                let Some(line) = take_line(&mut self.line, input, limits.line)? else { return Ok(()) };
                let len = number(line.strip_prefix(b"$").ok_or(Wrong)?)?;
                self.left = self.left.saturating_sub(1);
                if self.command.words.len() < limits.words {
                    self.command.words.push(Vec::new());
                }
                self.stage = match u64::try_from(len) {
                    Ok(0) => Stage::End(b'\r'),
                    Ok(len) => Stage::Bytes(len),
                    // There is none.
                    Err(_) => return self.word(limits, h),
                };
                Ok(())
            }
            Stage::Bytes(left) => {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                let (bytes, rest) = input.split_at_checked(here).unwrap_or((input, &[]));
                *input = rest;
                let is_told = self.command.count - self.left <= limits.words as u64;
                if let Some(word) = self.command.words.last_mut().filter(|_| is_told) {
                    let room = limits.word.saturating_sub(word.len());
                    word.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
                }
                let left = left - bytes.len() as u64;
                self.stage = if left == 0 { Stage::End(b'\r') } else { Stage::Bytes(left) };
                Ok(())
            }
            Stage::End(expected) => {
                let (byte, rest) = input.split_first().ok_or(Wrong)?;
                *input = rest;
                if *byte != expected {
                    return Err(Wrong);
                }
                if expected == b'\r' {
                    self.stage = Stage::End(b'\n');
                    return Ok(());
                }
                self.word(limits, h)
            }
        }
    }

    /// A word is over, or the first line.
    fn word<H: Handler>(&mut self, limits: &Limits, h: &mut H) -> Result<(), Wrong> {
        self.stage = Stage::Length;
        if self.left == 0 { self.whole(limits, h) } else { Ok(()) }
    }

    fn whole<H: Handler>(&mut self, limits: &Limits, h: &mut H) -> Result<(), Wrong> {
        self.stage = Stage::Begin;
        let command = std::mem::take(&mut self.command);
        if command.words.is_empty() {
            return Ok(());
        }
        let is_cut = command.count > command.words.len() as u64;
        if is_cut || command.words.iter().any(|word| word.len() >= limits.word) {
            h.cut();
        }
        h.command(&command);
        Ok(())
    }
}
