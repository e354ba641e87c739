//! A line of a log: when, where and by what it was written.
//!
//! RFC 3164 §4.1 and RFC 5424 §6, as programs write them into files too, and the beginnings of lines that programs
//! without syslog write: dates with and without a zone, seconds since the epoch, the dates of web servers.

use crate::syslog::Message;

/// What stands in front of a message's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line<'a> {
    /// `<PRI>`, see [`Message`].
    pub priority: Option<u16>,
    /// When it was written.
    pub stamp: Option<Stamp>,
    /// The host that wrote it, as it calls itself.
    pub host: Option<&'a [u8]>,
    /// What RFC 3164 has in its tag and RFC 5424 as the name of the application.
    pub program: Option<&'a [u8]>,
    /// The number of its process.
    pub pid: Option<u64>,
    /// What it says.
    pub text: &'a [u8],
}

/// When a message was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Nanoseconds since the Unix epoch: it names its zone, or counts seconds.
    Instant(i64),
    /// By the clock on some wall.
    Local(Local),
}

/// A date without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// None in RFC 3164.
    pub year: Option<u16>,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 86,400, with a leap second.
    pub second: u32,
    /// Nanoseconds of the second.
    pub nanos: u32,
}

impl Local {
    /// Nanoseconds since the epoch on that wall, in this year; none where there is no such day.
    pub fn nanos_in(&self, year: i64) -> Option<i64> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(1..=12).contains(&self.month) || !(1..=days).contains(&self.day) {
            return None;
        }
        // Days from civil: years begin in March, so that a leap day is the last.
        let (year, month) = match self.month {
            1 | 2 => (year - 1, i64::from(self.month) + 9),
            _ => (year, i64::from(self.month) - 3),
        };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        let seconds = days.checked_mul(86_400)?.checked_add(i64::from(self.second))?;
        seconds.checked_mul(1_000_000_000)?.checked_add(i64::from(self.nanos))
    }
}

/// Program names and hosts are no longer (RFC 5424 §6 has 48 and 255); what is, is text.
const MAX_PROGRAM: usize = 64;
const MAX_HOST: usize = 255;
/// How far into a line of a web server's access log its date may be.
const MAX_BEFORE_DATE: usize = 512;

impl<'a> Line<'a> {
    /// Reads a line, without what ends it. Everything is a line: what is in front of no text that can be told is
    /// its text.
    pub fn parse(line: &'a [u8]) -> Line<'a> {
        let Message { priority, text } = Message::parse(line);
        let whole = Line { priority, text, ..Line::default() };
        let mut at = Cursor(text);
        if priority.is_some()
            && at.literal(b"1 ")
            && let Some(line) = rfc5424(at, priority)
        {
            return line;
        }
        let mut at = Cursor(text);
        let Some((stamp, kind)) = at.stamp() else {
            let stamp = clf(text).or_else(|| audit(text));
            // A priority alone: RFC 3164 §4.3.2, where the tag comes first.
            let tagged = priority.and_then(|_| Cursor(text).tag());
            return match tagged {
                Some((program, pid, text)) => Line { program: Some(program), pid, text, stamp, ..whole },
                None => Line { stamp, ..whole },
            };
        };
        let whole = Line { stamp: Some(stamp), text: at.0, ..whole };
        if kind == Kind::Plain {
            return whole;
        }
        // `host program[pid]: text`; some leave the host out.
        let mut rest = at;
        let host = rest.word(MAX_HOST).filter(|_| rest.literal(b" "));
        let named = host.filter(|host| !host.ends_with(b":"));
        if let (Some(host), Some((program, pid, text))) = (named, rest.tag()) {
            return Line { host: Some(host), program: Some(program), pid, text, ..whole };
        }
        if let Some((program, pid, text)) = at.tag() {
            return Line { program: Some(program), pid, text, ..whole };
        }
        match named {
            // A file of syslog's: `host text`.
            Some(_) if kind == Kind::Syslog && priority.is_none() => Line { host, text: rest.0, ..whole },
            _ => whole,
        }
    }
}

/// `TIMESTAMP HOST APP PROCID MSGID SD MSG`; a dash stands for what is not there.
fn rfc5424<'a>(mut at: Cursor<'a>, priority: Option<u16>) -> Option<Line<'a>> {
    let mut line = Line { priority, ..Line::default() };
    if !at.literal(b"- ") {
        line.stamp = Some(at.rfc3339()?);
        at.literal(b" ").then_some(())?;
    }
    let mut field = |max| {
        let word = at.word(max)?;
        at.literal(b" ").then_some(())?;
        Some(Some(word).filter(|word| *word != b"-"))
    };
    line.host = field(MAX_HOST)?;
    line.program = field(MAX_PROGRAM)?;
    line.pid = field(128)?.and_then(number);
    field(64)?;
    line.text = at.structured_data()?;
    line.text = line.text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line.text);
    Some(line)
}

/// The date of an access log: `1.2.3.4 - - [30/Nov/2026:12:00:00 +0100] "GET …`.
fn clf(line: &[u8]) -> Option<Stamp> {
    let head = line.get(..MAX_BEFORE_DATE.min(line.len()))?;
    let open = memchr::memchr_iter(b'[', head).find(|at| line.get(at + 3) == Some(&b'/'))?;
    let mut at = Cursor(line.get(open + 1..)?);
    let day = at.digits(2)?;
    at.literal(b"/").then_some(())?;
    let month = at.month()?;
    at.literal(b"/").then_some(())?;
    let year = at.digits(4)?;
    at.literal(b":").then_some(())?;
    let second = at.clock()?;
    at.literal(b" ").then_some(())?;
    let local =
        Local { year: u16::try_from(year).ok(), month, day: u8::try_from(day).ok()?, second, nanos: 0 };
    at.zoned(local, i64::from(year))
}

/// The time of Linux' audit records: `type=… msg=audit(1700000000.123:45): …`.
fn audit(line: &[u8]) -> Option<Stamp> {
    let head = line.get(..128.min(line.len()))?;
    let begins = memchr::memmem::find(head, b"audit(")?;
    Cursor(line.get(begins + 6..)?).epoch()
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whose way to write a date it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Syslog's, behind which host and program stand.
    Syslog,
    /// As syslog writes it, and others too.
    Either,
    /// Others'.
    Plain,
}

/// What is not read yet.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn literal(&mut self, text: &[u8]) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn advance(&mut self, by: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(by).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }

    /// Up to a blank.
    fn word(&mut self, max: usize) -> Option<&'a [u8]> {
        let head = self.0.get(..max.saturating_add(1).min(self.0.len()))?;
        let len = memchr::memchr(b' ', head).or((head.len() <= max).then_some(head.len()))?;
        (len > 0).then(|| self.advance(len))
    }

    /// Exactly so many digits.
    fn digits(&mut self, count: usize) -> Option<u32> {
        let digits = self.0.get(..count)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.advance(count);
        Some(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    fn month(&mut self) -> Option<u8> {
        const MONTHS: [&[u8; 3]; 12] =
            [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
        let name = self.0.first_chunk::<3>()?;
        let month = (1..).zip(MONTHS).find(|(_, month)| *month == name)?.0;
        self.advance(3);
        Some(month)
    }

    /// `hh:mm:ss`
    fn clock(&mut self) -> Option<u32> {
        let hour = self.digits(2).filter(|hour| *hour < 24)?;
        self.literal(b":").then_some(())?;
        let minute = self.digits(2).filter(|minute| *minute < 60)?;
        self.literal(b":").then_some(())?;
        let second = self.digits(2).filter(|second| *second <= 60)?;
        Some(hour * 3600 + minute * 60 + second)
    }

    /// `.123456`, or `,123`.
    fn fraction(&mut self) -> u32 {
        let [b'.' | b',', rest @ ..] = self.0 else { return 0 };
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return 0;
        }
        let taken = self.advance(digits + 1);
        let mut nanos = 0;
        for at in 1..=9 {
            nanos = nanos * 10 + taken.get(at).map_or(0, |digit| u32::from(digit - b'0'));
        }
        nanos
    }

    /// The zone of a date, `+0100`, `+01:00` or `Z`, and the instant that it makes of it.
    fn zoned(&mut self, local: Local, year: i64) -> Option<Stamp> {
        let wall = local.nanos_in(year)?;
        if self.literal(b"Z") || self.literal(b"z") {
            return Some(Stamp::Instant(wall));
        }
        let before = *self;
        let sign = match self.advance(1) {
            b"+" => 1,
            b"-" => -1,
            _ => {
                *self = before;
                return Some(Stamp::Local(local));
            }
        };
        let offset = (|| {
            let hours = self.digits(2)?;
            self.literal(b":");
            Some(hours * 3600 + self.digits(2)? * 60)
        })();
        let Some(offset) = offset else {
            *self = before;
            return Some(Stamp::Local(local));
        };
        wall.checked_sub(sign * i64::from(offset) * 1_000_000_000).map(Stamp::Instant)
    }

    /// `2026-11-30T12:00:00.123+01:00` (RFC 3339).
    fn rfc3339(&mut self) -> Option<Stamp> {
        self.date(b"-").filter(|(_, parted)| *parted == b'T').map(|(stamp, _)| stamp)
    }

    /// A date that begins with its year, and what stands before its time.
    fn date(&mut self, between: &[u8]) -> Option<(Stamp, u8)> {
        let year = self.digits(4)?;
        self.literal(between).then_some(())?;
        let month = self.digits(2)?;
        self.literal(between).then_some(())?;
        let day = self.digits(2)?;
        let parted = match self.advance(1) {
            b"T" | b"t" => b'T',
            b" " => b' ',
            _ => return None,
        };
        let second = self.clock()?;
        let nanos = self.fraction();
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        let local = Local { year: u16::try_from(year).ok(), month, day, second, nanos };
        // `2026-11-30 12:00:00 +0100`
        if let [b' ', b'+' | b'-', digit, ..] = self.0
            && digit.is_ascii_digit()
        {
            self.advance(1);
        }
        Some((self.zoned(local, i64::from(year))?, parted))
    }

    /// Seconds since the epoch, of this century.
    fn epoch(&mut self) -> Option<Stamp> {
        let seconds = self.digits(10)?;
        if self.0.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        Some(Stamp::Instant(i64::from(seconds) * 1_000_000_000 + i64::from(self.fraction())))
    }

    /// The date that a line begins with, and the blank behind it.
    fn stamp(&mut self) -> Option<(Stamp, Kind)> {
        let found = match self.0.first()? {
            b'0'..=b'9' => self.stamp_of_digits(),
            b'[' => self.stamp_in_brackets(),
            _ => self.stamp_of_bsd(),
        };
        if found.is_some() {
            self.literal(b" ");
        }
        found
    }

    fn stamp_of_digits(&mut self) -> Option<(Stamp, Kind)> {
        let begin = *self;
        for between in [b"-", b"/"] {
            *self = begin;
            if let Some((stamp, parted)) = self.date(between) {
                return Some((stamp, if parted == b'T' { Kind::Either } else { Kind::Plain }));
            }
        }
        *self = begin;
        let stamp = self.epoch()?;
        matches!(self.0.first(), Some(b' ' | b':')).then_some((stamp, Kind::Plain))
    }

    /// `[Mon Nov 30 12:00:00.123456 2026]`, as Apache, and `[2026-11-30 12:00:00]`.
    fn stamp_in_brackets(&mut self) -> Option<(Stamp, Kind)> {
        self.advance(1);
        if self.0.first()?.is_ascii_digit() {
            let (stamp, _) = self.date(b"-")?;
            return self.literal(b"]").then_some((stamp, Kind::Plain));
        }
        self.advance(4);
        let month = self.month()?;
        self.literal(b" ").then_some(())?;
        let day = u8::try_from(self.digits(2)?).ok()?;
        self.literal(b" ").then_some(())?;
        let second = self.clock()?;
        let nanos = self.fraction();
        self.literal(b" ").then_some(())?;
        let year = u16::try_from(self.digits(4)?).ok();
        let stamp = Stamp::Local(Local { year, month, day, second, nanos });
        self.literal(b"]").then_some((stamp, Kind::Plain))
    }

    /// `Oct 11 22:14:15` (RFC 3164 §4.1.2), the day padded with a blank; some put the year behind it. Others write as C's
    /// `ctime` does, `Mon Oct 11 22:14:15 2026`.
    fn stamp_of_bsd(&mut self) -> Option<(Stamp, Kind)> {
        let mut named = *self;
        named.advance(4);
        let month = match self.month() {
            Some(month) => month,
            None => {
                *self = named;
                self.month()?
            }
        };
        self.literal(b" ").then_some(())?;
        let day = match self.literal(b" ") {
            true => self.digits(1)?,
            false => self.digits(2).or_else(|| self.digits(1))?,
        };
        self.literal(b" ").then_some(())?;
        let before = *self;
        let year = self.digits(4).filter(|_| self.literal(b" "));
        if year.is_none() {
            *self = before;
        }
        let second = self.clock()?;
        let nanos = self.fraction();
        let mut behind = *self;
        let last = Some(behind.literal(b" ")).filter(|blank| *blank).and_then(|_| behind.digits(4));
        let plain = last.filter(|_| matches!(behind.0.first(), None | Some(b' '))).is_some();
        if plain {
            *self = behind;
        }
        let year = year.or(last.filter(|_| plain)).and_then(|year| u16::try_from(year).ok());
        let local = Local { year, month, day: u8::try_from(day).ok()?, second, nanos };
        Some((Stamp::Local(local), if plain { Kind::Plain } else { Kind::Syslog }))
    }

    /// `program[pid]: text`, also without the number, and without the blank.
    fn tag(mut self) -> Option<(&'a [u8], Option<u64>, &'a [u8])> {
        let head = self.0.get(..MAX_PROGRAM.min(self.0.len()))?;
        let len = memchr::memchr3(b'[', b':', b' ', head)?;
        let program = self.advance(len);
        if program.is_empty() {
            return None;
        }
        let mut pid = None;
        if self.literal(b"[") {
            let digits = self.0.iter().take(20).take_while(|byte| **byte != b']').count();
            pid = number(self.advance(digits));
            self.literal(b"]").then_some(())?;
        }
        self.literal(b":").then_some(())?;
        self.literal(b" ");
        Some((program, pid, self.0))
    }

    /// Passes over structured data (RFC 5424 §6.3) and the blank behind it; the message is left.
    fn structured_data(&mut self) -> Option<&'a [u8]> {
        if !self.literal(b"-") {
            while self.literal(b"[") {
                let (mut quoted, mut escaped, mut len) = (false, false, None);
                for (at, byte) in self.0.iter().enumerate() {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' if quoted => escaped = true,
                        b'"' => quoted = !quoted,
                        b']' if !quoted => {
                            len = Some(at);
                            break;
                        }
                        _ => {}
                    }
                }
                self.advance(len? + 1);
            }
        }
        match self.literal(b" ") || self.0.is_empty() {
            true => Some(self.0),
            false => None,
        }
    }
}
