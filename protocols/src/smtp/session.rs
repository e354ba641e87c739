//! Both directions of a connection.

use std::collections::VecDeque;

use crate::lines::{Flaw, Lines, Piece};
use crate::mime::mail::{self, Mail};
use crate::mime::text::is_space;
use crate::smtp::Command;
use crate::smtp::bdat::{self, Bdat};
use crate::smtp::command::UNKNOWN;
use crate::smtp::handler::{Detail, Handler, Reply};
use crate::smtp::state::{Action, State, step};

/// What bounds what a session holds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a line that are held; what is longer comes in parts (RFC 5321 §4.5.3.1.6 allows 1000).
    pub max_line: usize,
    /// Bytes of a line in a chunk, as Zeek's `SMTP::bdat_max_line_length`.
    pub max_bdat_line: usize,
    /// Commands without a reply, which clients send ahead; with one more all are forgotten, as in Zeek.
    pub max_pending: usize,
    /// Of a mail.
    pub mail: mail::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_line: 64 << 10, max_bdat_line: 4096, max_pending: 1000, mail: mail::Limits::default() }
    }
}

/// Zeek's name for the analyzer, in weirds.
const SOURCE: &str = "SMTP";

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    state: State,
    /// Of the originator and the responder.
    lines: [Lines; 2],
    /// Bytes of both directions so far, missing ones too.
    seen: [u64; 2],
    /// Client and server have changed places (TURN).
    turned: bool,
    /// The command whose reply comes next.
    first: Option<Command>,
    /// Those behind it. Ceiling: [`Limits::max_pending`].
    pending: VecDeque<Command>,
    last_replied: Option<Command>,
    /// The code of a reply whose next line is to come.
    continued: Option<u16>,
    mail: Option<Mail>,
    bdat: Option<Bdat>,
}

impl Session {
    /// A connection that has just begun.
    pub fn new(limits: Limits) -> Self {
        let lines = || Lines::new(limits.max_line).drop_nul();
        Session {
            limits,
            // The greeting is to come.
            state: State::Initiated,
            lines: [lines(), lines()],
            seen: [0; 2],
            turned: false,
            first: Some(Command::Connect),
            pending: VecDeque::new(),
            last_replied: None,
            continued: None,
            mail: None,
            bdat: None,
        }
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.lines.iter().map(Lines::buffered).sum::<usize>()
            + self.mail.as_ref().map_or(0, Mail::buffered)
            + self.bdat.as_ref().map_or(0, Bdat::buffered)
    }

    /// Whether all that follows is TLS.
    pub fn is_tls(&self) -> bool {
        self.state == State::InTls
    }

    /// The next bytes of a direction.
    pub fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        let side = usize::from(!is_orig);
        let Some(place) = self.lines.get_mut(side) else { return };
        let mut lines = std::mem::take(place);
        let mut input = data;
        while !self.is_tls() && !input.is_empty() {
            let Some(piece) = lines.next(&mut input) else { break };
            let plain = self.piece(is_orig, piece, h);
            if let Some(len) = plain {
                lines.set_plain(len);
            }
            report_flaws(&mut lines, h);
        }
        report_flaws(&mut lines, h);
        if self.is_tls() {
            lines.skip_lf(&mut input);
        }
        if let Some(seen) = self.seen.get_mut(side) {
            *seen += data.len() as u64;
        }
        if let Some(place) = self.lines.get_mut(side) {
            *place = lines;
        }
        if self.is_tls() && !input.is_empty() {
            h.passed_on(is_orig, input);
        }
    }

    /// So many bytes of a direction are missing.
    pub fn gap<H: Handler>(&mut self, is_orig: bool, len: u64, h: &mut H) {
        let Some(seen) = self.seen.get_mut(usize::from(!is_orig)) else { return };
        let seq = *seen + 1;
        *seen += len;
        if self.is_tls() {
            return;
        }
        h.unexpected(is_orig, "content gap", &Detail::Gap { seq, len });
        // As in Zeek 7.0, not in a chunk: what is left of it is still to come.
        if self.state == State::InData {
            if self.mail.is_some() {
                h.mail_gap(len);
            }
            self.end_data(h);
        }
        self.pending.clear();
        (self.first, self.last_replied) = (None, None);
        self.state = State::AfterGap;
    }

    /// A direction has ended.
    pub fn end<H: Handler>(&mut self, is_orig: bool, h: &mut H) {
        let Some(place) = self.lines.get_mut(usize::from(!is_orig)) else { return };
        let mut lines = std::mem::take(place);
        if let Some(line) = lines.end().filter(|_| self.state != State::InTls) {
            self.line(is_orig, line, true, h);
        }
        if let Some(place) = self.lines.get_mut(usize::from(!is_orig)) {
            *place = lines;
        }
    }

    /// The connection is over: a mail that has not ended does.
    pub fn close<H: Handler>(&mut self, h: &mut H) {
        if self.mail.is_some() {
            self.end_data(h);
        }
    }

    /// Originator and responder are the other way round.
    pub fn flip(&mut self) {
        self.lines.reverse();
        self.seen.reverse();
    }

    fn is_sender(&self, is_orig: bool) -> bool {
        is_orig != self.turned
    }

    /// Returns how many bytes that follow are no lines, where that is news.
    fn piece<H: Handler>(&mut self, is_orig: bool, piece: Piece<'_>, h: &mut H) -> Option<u64> {
        let (mut bytes, whole) = match piece {
            Piece::Line(bytes) => (bytes, true),
            Piece::Part(bytes) | Piece::Plain(bytes) => (bytes, false),
        };
        let had = self.bdat.is_some();
        if had && self.is_sender(is_orig) && !bytes.is_empty() {
            let (chunk, behind) = self.split_chunk(bytes);
            self.chunk(chunk, h);
            let over = self.bdat.as_ref().is_some_and(|bdat| bdat.is_last && bdat.remaining == 0);
            if over {
                self.update(Some(Command::EndOfData), 0, is_orig, h);
            }
            bytes = behind;
            if bytes.is_empty() {
                return None;
            }
        }
        self.line(is_orig, bytes, whole, h);
        match &self.bdat {
            Some(bdat) if self.is_sender(is_orig) => Some(bdat.remaining),
            // What was left of a mail that has ended is lines again.
            None if had => Some(0),
            _ => None,
        }
    }

    fn split_chunk<'a>(&self, bytes: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let remaining = self.bdat.as_ref().map_or(0, |bdat| bdat.remaining);
        let len = usize::try_from(remaining).unwrap_or(usize::MAX);
        bytes.split_at_checked(len).unwrap_or((bytes, &[]))
    }

    fn chunk<H: Handler>(&mut self, chunk: &[u8], h: &mut H) {
        let (Some(bdat), Some(mail)) = (&mut self.bdat, &mut self.mail) else { return };
        if !chunk.is_empty() {
            bdat.data(chunk, |line| deliver(mail, line, h));
        }
    }

    fn line<H: Handler>(&mut self, is_orig: bool, line: &[u8], whole: bool, h: &mut H) {
        if self.is_sender(is_orig) {
            self.sent(is_orig, line, whole, h);
        } else {
            self.replied(is_orig, line, h);
        }
    }

    /// A line of the client's.
    fn sent<H: Handler>(&mut self, is_orig: bool, line: &[u8], whole: bool, h: &mut H) {
        match self.state {
            // It may be a command or of a mail.
            State::AfterGap => {}
            State::InData if line == b"." => {
                self.new_command(Command::EndOfData, h);
                self.update(Some(Command::EndOfData), 0, is_orig, h);
                self.request(Some(Command::EndOfData), b".", b"", h);
                self.without_last_chunk(h);
            }
            State::InData => {
                let line = line.strip_prefix(b".").unwrap_or(line);
                if self.mail.is_none() {
                    self.begin_data(is_orig, State::InData, h);
                }
                if let Some(mail) = &mut self.mail {
                    mail.line(line, whole, h);
                }
                h.data(is_orig, line);
            }
            State::InAuth => {
                self.new_command(Command::AuthAnswer, h);
                self.request(Some(Command::AuthAnswer), b"**", line, h);
                self.without_last_chunk(h);
                self.update(Some(Command::AuthAnswer), 0, is_orig, h);
            }
            _ => self.command(is_orig, line, h),
        }
    }

    fn command<H: Handler>(&mut self, is_orig: bool, line: &[u8], h: &mut H) {
        let end = line.iter().position(|byte| is_space(*byte)).unwrap_or(line.len());
        let (word, arg) = line.split_at_checked(end).unwrap_or((line, &[]));
        let blanks = arg.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let arg = arg.get(blanks..).unwrap_or_default();
        let Some(command) = Command::parse(word) else {
            return h.unexpected(!self.turned, "unknown command", &Detail::Text(word));
        };
        self.new_command(command, h);
        let upper = word.to_ascii_uppercase();
        self.request(Some(command), &upper, arg, h);
        if command == Command::Bdat {
            if !self.begin_chunk(is_orig, arg, h) {
                return;
            }
        } else {
            self.without_last_chunk(h);
        }
        self.update(Some(command), 0, is_orig, h);
    }

    fn begin_chunk<H: Handler>(&mut self, is_orig: bool, arg: &[u8], h: &mut H) -> bool {
        let (size, is_last) = match bdat::argument(arg) {
            Ok(chunk) => chunk,
            Err(reason) => {
                h.weird("smtp_invalid_bdat_command", reason, SOURCE);
                return false;
            }
        };
        if i64::try_from(size).is_err() {
            h.weird("smtp_huge_bdat_chunk", &size.to_string(), SOURCE);
            return false;
        }
        if self.bdat.is_none() {
            self.begin_data(is_orig, State::InBdat, h);
        }
        let max_line = self.limits.max_bdat_line;
        self.bdat.get_or_insert_with(|| Bdat::new(max_line)).chunk(size, is_last);
        true
    }

    /// Another command came where the last chunk was to come.
    fn without_last_chunk<H: Handler>(&mut self, h: &mut H) {
        if self.bdat.is_some() {
            h.weird("smtp_missing_bdat_last_chunk", "", SOURCE);
            self.end_data(h);
        }
    }

    fn request<H: Handler>(&mut self, command: Option<Command>, word: &[u8], arg: &[u8], h: &mut H) {
        h.confirmed();
        h.request(!self.turned, command, word, arg);
    }

    fn new_command<H: Handler>(&mut self, command: Command, h: &mut H) {
        if self.first.is_none() {
            self.first = Some(command);
            return;
        }
        if self.pending.len() >= self.limits.max_pending {
            h.weird("smtp_excessive_pending_cmds", "", SOURCE);
            self.pending.clear();
        }
        self.pending.push_back(command);
    }

    /// A line of the server's.
    fn replied<H: Handler>(&mut self, is_orig: bool, line: &[u8], h: &mut H) {
        let Some(code) = reply_code(line) else {
            self.unexpected_from(is_orig, "reply code out of range", line, h);
            return h.violation("reply code -1 out of range", line);
        };
        if self.continued.is_some_and(|continued| continued != code) {
            self.unexpected_from(is_orig, "reply code does not match the continuing reply", line, h);
            self.continued = None;
        }
        if self.continued.is_none() {
            self.new_reply(code, is_orig, h);
        }
        let continues = line.get(3) == Some(&b'-');
        self.continued = continues.then_some(code);
        let msg = line.get(3 + usize::from(continues)..).unwrap_or_default();
        let blanks = msg.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let msg = msg.get(blanks..).unwrap_or_default();
        h.reply(is_orig, &Reply { code, command: self.last_replied, msg, continues });
    }

    fn unexpected_from<H: Handler>(&self, is_orig: bool, msg: &'static str, line: &[u8], h: &mut H) {
        h.unexpected(is_orig, msg, &Detail::Text(line));
    }

    fn new_reply<H: Handler>(&mut self, code: u16, is_orig: bool, h: &mut H) {
        if self.state == State::AfterGap {
            self.state = State::GapRecovery;
            self.request(None, UNKNOWN.as_bytes(), b"", h);
        }
        let command = self.first;
        self.last_replied = command;
        self.first = self.pending.pop_front();
        self.update(command, code, is_orig, h);
    }

    fn update<H: Handler>(&mut self, command: Option<Command>, reply: u16, is_orig: bool, h: &mut H) {
        let state = self.state;
        let of_command = Detail::Command { command, reply, state };
        if state == State::Quit && reply == 0 {
            h.unexpected(!self.turned, "unexpected command", &of_command);
        }
        let step = step(command, reply, state);
        if step.unexpected {
            use Command as C;
            // Zeek says of these that the command does not fit, also when the reply comes.
            let waits =
                matches!(command, Some(C::Auth | C::AuthAnswer | C::Turn | C::StartTls | C::AnonymousTls));
            let (msg, detail) = match reply == 0 || waits {
                true => ("unexpected command", of_command),
                false => ("unexpected reply", Detail::Reply { command, reply, state }),
            };
            h.unexpected(!self.turned, msg, &detail);
        }
        match step.action {
            Action::None => {}
            Action::BeginData => self.begin_data(is_orig, State::InData, h),
            Action::EndData => self.end_data(h),
            Action::StartTls => h.starttls(),
            Action::Turn => self.turned = !self.turned,
        }
        if let Some(state) = step.state {
            self.state = state;
        }
    }

    fn begin_data<H: Handler>(&mut self, is_orig: bool, state: State, h: &mut H) {
        self.state = state;
        if let Some(mail) = self.mail.take() {
            h.weird("smtp_nested_mail_transaction", "", SOURCE);
            mail.end(h);
            h.end_mail();
        }
        h.begin_mail(is_orig);
        self.mail = Some(Mail::begin(self.limits.mail, h));
    }

    fn end_data<H: Handler>(&mut self, h: &mut H) {
        if let Some(mut bdat) = self.bdat.take() {
            if bdat.remaining > 0 {
                h.weird("smtp_bdat_remaining_at_end_data", "", SOURCE);
            }
            if let Some(mail) = &mut self.mail {
                bdat.rest(Some(("smtp_bdat_undelivered_at_done", None)), |line| deliver(mail, line, h));
            }
            // No more of the chunk is waited for.
            self.lines.iter_mut().for_each(|lines| lines.set_plain(0));
        }
        match self.mail.take() {
            Some(mail) => {
                mail.end(h);
                h.end_mail();
            }
            None => h.weird("smtp_unmatched_end_of_data", "", SOURCE),
        }
    }
}

/// Tells a mail of a line of a chunk.
fn deliver<H: Handler>(mail: &mut Mail, line: bdat::Line<'_>, h: &mut H) {
    if let Some((name, bytes)) = line.weird {
        h.weird(name, &bytes.map(|bytes| bytes.to_string()).unwrap_or_default(), "SMTP_BDAT");
    }
    mail.line(line.text, line.crlf, h);
}

fn report_flaws<H: Handler>(lines: &mut Lines, h: &mut H) {
    for flaw in lines.take_flaws() {
        h.weird(flaw.weird(), "", Flaw::SOURCE);
    }
}

/// 100 to 599 (RFC 5321 §4.2.1).
fn reply_code(line: &[u8]) -> Option<u16> {
    let digits = line.first_chunk::<3>().filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    (100..=599).contains(&code).then_some(code)
}
