//! Reading messages: a line each, or journald's export format.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nightjar_protocols::syslog::{Line, Stamp};

use crate::capture::file::{OpenError, open_bytes};
use crate::time::Time;

/// The longest line; of a longer one the rest is left out. Stops a file without line ends.
pub const MAX_LINE: usize = 64 << 10;
const READ: usize = 1 << 20;

/// Where lines come from.
pub type Source = Box<dyn Read + Send>;

/// Opens a file, decompressed where it is compressed, or standard input for `-`; with the time that it was last written.
pub fn open(path: &Path, stop: &Arc<AtomicBool>) -> Result<(Source, Option<Time>), OpenError> {
    let source = open_bytes(path, stop)?;
    let written = std::fs::metadata(path).and_then(|found| found.modified()).ok();
    let written = written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let written = written.and_then(|since| i64::try_from(since.as_nanos()).ok());
    Ok((source, written.map(Time::from_nanos)))
}

/// Why there are no more.
#[derive(Debug)]
pub struct LinesError(pub io::Error);

/// The lines of a source.
pub struct Lines {
    source: Source,
    buffer: Vec<u8>,
    /// What of it is read and not yet taken.
    begin: usize,
    end: usize,
    /// The rest of a line that was cut is passed over.
    passing: bool,
    ended: bool,
    journal: Option<Entry>,
    pub cut: u64,
}

impl Lines {
    pub fn new(source: Source) -> Lines {
        Lines {
            source,
            buffer: vec![0; READ],
            begin: 0,
            end: 0,
            passing: false,
            ended: false,
            journal: None,
            cut: 0,
        }
    }

    /// Calls `each` with the next line, read; false at the end. What is empty is no line.
    pub fn next(&mut self, each: &mut dyn FnMut(&Line<'_>)) -> Result<bool, LinesError> {
        if self.journal.is_none() && self.begin == 0 && self.end == 0 {
            while self.end < CURSOR.len() && self.read()? {}
            let begins = self.buffer.get(..self.end).unwrap_or_default();
            if begins.starts_with(CURSOR) {
                self.journal = Some(Entry::default());
            }
        }
        if self.journal.is_some() {
            return self.next_entry(each);
        }
        loop {
            let Some((begin, end)) = self.line()? else { return Ok(false) };
            let line = self.buffer.get(begin..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                each(&Line::parse(line));
                return Ok(true);
            }
        }
    }

    /// Where the next line is, without what ends it.
    fn line(&mut self) -> Result<Option<(usize, usize)>, LinesError> {
        let mut looked = 0;
        loop {
            let at_hand = self.buffer.get(self.begin + looked..self.end).unwrap_or_default();
            if let Some(len) = memchr::memchr(b'\n', at_hand) {
                let (begin, end) = (self.begin, self.begin + looked + len);
                self.begin = end + 1;
                if std::mem::take(&mut self.passing) {
                    looked = 0;
                    continue;
                }
                let kept = end.min(begin + MAX_LINE);
                self.cut += u64::from(kept < end);
                return Ok(Some((begin, kept)));
            }
            looked = self.end - self.begin;
            if self.passing {
                (self.begin, looked) = (self.end, 0);
            } else if looked >= MAX_LINE {
                let begin = self.begin;
                (self.begin, self.passing) = (self.end, true);
                self.cut += 1;
                return Ok(Some((begin, begin + MAX_LINE)));
            }
            if !self.read()? {
                let (begin, end) = (self.begin, self.end);
                self.begin = self.end;
                let is_line = begin < end && !std::mem::take(&mut self.passing);
                return Ok(is_line.then_some((begin, end)));
            }
        }
    }

    /// Reads once, behind what is not taken yet. False at the end.
    fn read(&mut self) -> Result<bool, LinesError> {
        if self.ended {
            return Ok(false);
        }
        if self.begin > 0 && (self.begin == self.end || self.buffer.len() - self.end < MAX_LINE) {
            self.buffer.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let n = loop {
            match self.source.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(LinesError)?,
            }
        };
        self.end += n;
        self.ended = n == 0;
        Ok(n > 0)
    }

    /// An entry of `journalctl -o export`: `NAME=value` lines, and where a value has line ends `NAME`, its length in
    /// eight bytes, and the value; an empty line ends it.
    fn next_entry(&mut self, each: &mut dyn FnMut(&Line<'_>)) -> Result<bool, LinesError> {
        loop {
            let mut entry = self.journal.take().unwrap_or_default();
            let read = self.fields(&mut entry);
            let complete = !entry.message.is_empty();
            if complete {
                each(&entry.line());
            }
            entry.clear();
            self.journal = Some(entry);
            match read {
                Ok(more) if complete || !more => return Ok(complete),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The fields up to an empty line; false where the source ends.
    fn fields(&mut self, entry: &mut Entry) -> Result<bool, LinesError> {
        loop {
            let Some((begin, end)) = self.line()? else { return Ok(false) };
            if begin == end {
                return Ok(true);
            }
            let line = self.buffer.get(begin..end).unwrap_or_default();
            if let Some(equals) = memchr::memchr(b'=', line) {
                let (name, value) = line.split_at_checked(equals).unwrap_or((line, &[]));
                entry.set(name, value.get(1..).unwrap_or_default());
                continue;
            }
            let name = line.to_vec();
            let mut length = [0; 8];
            if !self.exact(8, &mut |at, bytes| {
                if let Some(to) = length.get_mut(at..at + bytes.len()) {
                    to.copy_from_slice(bytes);
                }
            })? {
                return Ok(false);
            }
            let mut value = Vec::new();
            // A line end follows.
            let length = u64::from_le_bytes(length).saturating_add(1);
            let whole = self.exact(length, &mut |_, bytes| {
                let room = MAX_LINE.saturating_sub(value.len());
                value.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
            })?;
            self.cut += u64::from(length > MAX_LINE as u64);
            entry.set(&name, value.strip_suffix(b"\n").unwrap_or(&value));
            if !whole {
                return Ok(false);
            }
        }
    }

    /// Takes so many bytes, piece by piece; false where the source ends before.
    fn exact(&mut self, count: u64, each: &mut dyn FnMut(usize, &[u8])) -> Result<bool, LinesError> {
        let mut taken = 0;
        while taken < count {
            if self.begin == self.end && !self.read()? {
                return Ok(false);
            }
            let at_hand = self.buffer.get(self.begin..self.end).unwrap_or_default();
            let piece = usize::try_from(count - taken).unwrap_or(usize::MAX).min(at_hand.len());
            each(taken as usize, at_hand.get(..piece).unwrap_or_default());
            self.begin += piece;
            taken += piece as u64;
        }
        Ok(true)
    }
}

/// What entries of journald's export begin with.
const CURSOR: &[u8] = b"__CURSOR=";

/// What is wanted of an entry.
#[derive(Default)]
struct Entry {
    message: Vec<u8>,
    host: Vec<u8>,
    program: Vec<u8>,
    pid: Option<u64>,
    facility: Option<u16>,
    severity: Option<u16>,
    /// Microseconds; the writer's own where it has told.
    time: Option<i64>,
}

impl Entry {
    fn set(&mut self, name: &[u8], value: &[u8]) {
        let number = || std::str::from_utf8(value).ok()?.parse::<u64>().ok();
        let text = |field: &mut Vec<u8>| {
            field.clear();
            field.extend_from_slice(value.get(..MAX_LINE.min(value.len())).unwrap_or_default());
        };
        match name {
            b"MESSAGE" => text(&mut self.message),
            b"_HOSTNAME" => text(&mut self.host),
            b"SYSLOG_IDENTIFIER" => text(&mut self.program),
            b"_COMM" if self.program.is_empty() => text(&mut self.program),
            b"SYSLOG_PID" => self.pid = number(),
            b"_PID" => self.pid = self.pid.or_else(number),
            b"SYSLOG_FACILITY" => self.facility = number().and_then(|number| u16::try_from(number).ok()),
            b"PRIORITY" => self.severity = number().and_then(|number| u16::try_from(number).ok()),
            b"_SOURCE_REALTIME_TIMESTAMP" => self.time = number().map(|micros| micros as i64),
            b"__REALTIME_TIMESTAMP" => self.time = self.time.or_else(|| number().map(|micros| micros as i64)),
            _ => {}
        }
    }

    fn line(&self) -> Line<'_> {
        let given = |field: &&[u8]| !field.is_empty();
        Line {
            priority: self.severity.map(|severity| self.facility.unwrap_or(1).min(127) << 3 | severity & 7),
            stamp: self.time.and_then(|micros| micros.checked_mul(1_000)).map(Stamp::Instant),
            host: Some(&self.host[..]).filter(given),
            program: Some(&self.program[..]).filter(given),
            pid: self.pid,
            text: &self.message,
        }
    }

    fn clear(&mut self) {
        self.message.clear();
        self.host.clear();
        self.program.clear();
        (self.pid, self.facility, self.severity, self.time) = (None, None, None, None);
    }
}
