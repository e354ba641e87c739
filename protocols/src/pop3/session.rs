//! Both directions of a connection.

use std::collections::VecDeque;

use crate::lines::{Flaw, Lines, Piece};
use crate::mime::base64::Base64Decoder;
use crate::mime::mail::{self, Mail};
use crate::pop3::handler::Handler;

/// What bounds what a session holds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a line that are held; what is longer comes in parts (RFC 2449 §4 allows 512).
    pub max_line: usize,
    /// Commands that wait for those before them; with one more the oldest is forgotten (Zeek's
    /// `POP3::max_pending_commands`).
    pub max_pending: usize,
    /// Of a mail.
    pub mail: mail::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_line: 64 << 10, max_pending: 10, mail: mail::Limits::default() }
    }
}

/// Zeek's name for the analyzer, in weirds.
const SOURCE: &str = "POP3";

/// RFC 1939 §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Start,
    Authorization,
    Transaction,
    /// Behind QUIT.
    Over,
}

/// Commands, by Zeek's words; the first two are a server's.
const WORDS: [&str; 19] = [
    "OK", "ERR", "USER", "PASS", "APOP", "AUTH", "STAT", "LIST", "RETR", "DELE", "RSET", "NOOP", "LAST",
    "QUIT", "TOP", "CAPA", "UIDL", "STLS", "XSENDER",
];

/// How a client answers challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Login,
    Plain,
    CramMd5,
    Other,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    /// Of the originator and the responder.
    lines: [Lines; 2],
    phase: Phase,
    /// The command whose reply comes next; "" before the first.
    asked: &'static str,
    method: Method,
    /// A command that needs a login came without one that was seen: if it succeeds there was one.
    guess: Option<&'static str>,
    /// The client's next lines answer challenges.
    in_auth: bool,
    auth_lines: u32,
    /// The reply is to have more lines than one, if it is not an error.
    wants_more: bool,
    /// It has.
    in_reply: bool,
    user: Vec<u8>,
    password: Vec<u8>,
    /// The commands that have no reply, the first of which was dealt with. Ceiling: [`Limits::max_pending`].
    pending: VecDeque<Vec<u8>>,
    mail: Option<Mail>,
    tls: bool,
}

impl Session {
    /// A connection that has just begun.
    pub fn new(limits: Limits) -> Self {
        Session {
            limits,
            lines: [Lines::new(limits.max_line), Lines::new(limits.max_line)],
            phase: Phase::Start,
            asked: "",
            method: Method::Other,
            guess: None,
            in_auth: false,
            auth_lines: 0,
            wants_more: false,
            in_reply: false,
            user: Vec::new(),
            password: Vec::new(),
            pending: VecDeque::new(),
            mail: None,
            tls: false,
        }
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.lines.iter().map(Lines::buffered).sum::<usize>()
            + self.pending.iter().map(Vec::len).sum::<usize>()
            + self.mail.as_ref().map_or(0, Mail::buffered)
    }

    /// Whether all that follows is TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The next bytes of a direction.
    pub fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        let side = usize::from(!is_orig);
        let Some(place) = self.lines.get_mut(side) else { return };
        let mut lines = std::mem::take(place);
        let mut input = data;
        while !self.tls && !input.is_empty() {
            let Some(piece) = lines.next(&mut input) else { break };
            let (line, whole) = match piece {
                Piece::Line(line) => (line, true),
                Piece::Part(line) | Piece::Plain(line) => (line, false),
            };
            self.line(is_orig, line, whole, h);
            report_flaws(&mut lines, h);
        }
        report_flaws(&mut lines, h);
        if self.tls {
            lines.skip_lf(&mut input);
        }
        if let Some(place) = self.lines.get_mut(side) {
            *place = lines;
        }
        if self.tls && !input.is_empty() {
            h.passed_on(is_orig, input);
        }
    }

    /// A direction has ended.
    pub fn end<H: Handler>(&mut self, is_orig: bool, h: &mut H) {
        let Some(place) = self.lines.get_mut(usize::from(!is_orig)) else { return };
        let mut lines = std::mem::take(place);
        if let Some(line) = lines.end().filter(|_| !self.tls) {
            self.line(is_orig, line, true, h);
        }
        if let Some(place) = self.lines.get_mut(usize::from(!is_orig)) {
            *place = lines;
        }
    }

    /// The connection is over: a mail that has not ended does.
    pub fn close<H: Handler>(&mut self, h: &mut H) {
        if let Some(mail) = self.mail.take() {
            mail.end(h);
            h.end_mail();
        }
    }

    /// Originator and responder are the other way round.
    pub fn flip(&mut self) {
        self.lines.reverse();
    }

    fn line<H: Handler>(&mut self, is_orig: bool, line: &[u8], whole: bool, h: &mut H) {
        if is_orig {
            self.sent(text(line), h);
        } else {
            self.replied(line, whole, h);
        }
    }

    fn sent<H: Handler>(&mut self, line: &[u8], h: &mut H) {
        if line.is_empty() {
            return;
        }
        if self.in_auth {
            return self.answer(line, h);
        }
        self.pending.push_back(line.to_vec());
        if self.pending.len() == 1 {
            self.command(h);
        } else if self.pending.len() > self.limits.max_pending {
            h.weird("pop3_client_too_many_pending_commands", b"", SOURCE);
            // The next of them is dealt with as if the first had its reply.
            self.finish(h);
        }
    }

    /// A line in answer to a challenge.
    fn answer<H: Handler>(&mut self, line: &[u8], h: &mut H) {
        self.auth_lines += 1;
        let (mut decoded, mut decoder) = (Vec::new(), Base64Decoder::default());
        decoder.decode(line, &mut decoded, |_| {});
        decoder.finish(&mut decoded, |_| {});
        match self.method {
            Method::Login if self.auth_lines == 1 => self.user = text(&decoded).to_vec(),
            Method::Login if self.auth_lines == 2 => self.password = text(&decoded).to_vec(),
            Method::Login | Method::Other => {}
            Method::Plain => {
                // RFC 4616: the identity to act as, the user, the password.
                let mut parts = decoded.splitn(3, |byte| *byte == 0).skip(1);
                match (parts.next(), parts.next()) {
                    (Some(user), Some(password)) if !password.is_empty() => {
                        (self.user, self.password) = (user.to_vec(), password.to_vec());
                    }
                    _ => h.weird("pop3_malformed_auth_plain", b"", SOURCE),
                }
            }
            Method::CramMd5 => {
                let user = text(&decoded).split(|byte| matches!(byte, b' ' | b'\t')).next();
                (self.user, self.password) = (user.unwrap_or_default().to_vec(), Vec::new());
            }
        }
    }

    /// Deals with the first command that waits.
    fn command<H: Handler>(&mut self, h: &mut H) {
        let Some(line) = self.pending.front() else { return };
        let line = squeezed(line);
        let (word, arg) = split(&line);
        let Some(command) = known(word) else {
            if !self.in_auth {
                h.weird("pop3_client_command_unknown", word, SOURCE);
            }
            return;
        };
        match command {
            "OK" | "ERR" => h.weird("pop3_client_sending_server_commands", b"", SOURCE),
            "USER" | "PASS" | "APOP" | "AUTH" => self.login_command(command, arg, h),
            "CAPA" | "STLS" => {
                self.wants_more |= command == "CAPA";
                self.ask(command, arg, h);
            }
            "QUIT" => match self.phase {
                Phase::Over => self.not_in(command, "LAST", "transaction", h),
                _ => self.ask(command, arg, h),
            },
            _ => {
                let all = matches!(command, "LIST" | "UIDL") && arg.is_empty();
                self.wants_more |= all || matches!(command, "RETR" | "TOP");
                match self.phase {
                    Phase::Transaction => {
                        self.ask(command, arg, h);
                        if command == "XSENDER" {
                            self.asked = "LAST";
                        }
                    }
                    _ if command == "STAT" => {
                        h.unexpected(true, command, b"not allowed in other state than 'transaction'");
                    }
                    _ => self.not_in(command, command, "transaction", h),
                }
            }
        }
    }

    fn login_command<H: Handler>(&mut self, command: &'static str, arg: &[u8], h: &mut H) {
        const ORDER: &[u8] = b"pass must follow the command 'USER'";
        if self.phase != Phase::Authorization {
            let why: &[u8] = match command {
                "AUTH" => ORDER,
                _ => b"not allowed in other state than 'authorization'",
            };
            return h.unexpected(true, command, why);
        }
        if command == "PASS" && self.asked != "USER" {
            return h.unexpected(true, command, ORDER);
        }
        self.ask(command, arg, h);
        match command {
            "USER" => self.user = arg.to_vec(),
            "PASS" => self.password = arg.to_vec(),
            "APOP" => {
                let user = arg.split(|byte| matches!(byte, b' ' | b'\t')).next();
                self.user = user.unwrap_or_default().to_vec();
            }
            _ if arg.is_empty() => self.wants_more = true,
            _ => {
                let names = |method: &[u8]| memchr::memmem::find(arg, method).is_some();
                self.method = match () {
                    () if names(b"LOGIN") => Method::Login,
                    () if names(b"PLAIN") => Method::Plain,
                    () if names(b"CRAM-MD5") => Method::CramMd5,
                    () => {
                        h.unexpected(true, command, &[b"unknown AUTH method ", arg].concat());
                        Method::Other
                    }
                };
                (self.in_auth, self.auth_lines) = (true, 0);
            }
        }
    }

    fn ask<H: Handler>(&mut self, command: &'static str, arg: &[u8], h: &mut H) {
        h.request(command, arg);
        self.asked = command;
    }

    /// A command came in the wrong phase; if it succeeds the phase was another one.
    fn not_in<H: Handler>(&mut self, command: &'static str, guess: &'static str, phase: &str, h: &mut H) {
        self.guess = Some(guess);
        h.unexpected(true, command, format!("not allowed in other state than '{phase}'").as_bytes());
    }

    /// The first command that waits has its reply.
    fn finish<H: Handler>(&mut self, h: &mut H) {
        if self.pending.pop_front().is_some() {
            self.command(h);
        }
    }

    /// A line of the server's.
    fn replied<H: Handler>(&mut self, line: &[u8], whole: bool, h: &mut H) {
        if self.in_reply {
            if line == b"." {
                (self.wants_more, self.in_reply) = (false, false);
                self.close(h);
                return self.finish(h);
            }
            if let Some(mail) = self.mail.as_mut().filter(|_| matches!(self.asked, "RETR" | "TOP")) {
                mail.line(line, whole, h);
            }
            return h.data(&squeezed(text(line)));
        }
        let squeezed = squeezed(text(line));
        let (word, msg) = split(&squeezed);
        match known(word) {
            Some("OK") => self.succeeded(line, whole, msg, h),
            Some("ERR") => self.failed(msg, h),
            Some(_) => h.weird("pop3_server_sending_client_commands", b"", SOURCE),
            None if self.in_auth => {}
            None => {
                let shown: &[u8] = if word.is_empty() { b"???" } else { word };
                let reason = format!("unknown server command ({})", String::from_utf8_lossy(shown));
                h.violation(&reason, line);
                h.weird("pop3_server_command_unknown", shown, SOURCE);
            }
        }
    }

    fn succeeded<H: Handler>(&mut self, line: &[u8], whole: bool, msg: &[u8], h: &mut H) {
        if let Some(guess) = self.guess.take() {
            (self.phase, self.asked) = (Phase::Transaction, guess);
            h.unexpected(false, "OK", b"no auth required -> state changed to 'transaction'");
        }
        match self.asked {
            "" => self.phase = Phase::Authorization,
            "USER" => {
                self.phase = Phase::Authorization;
                h.confirmed();
            }
            "PASS" | "APOP" | "NOOP" | "LAST" | "STAT" | "RSET" | "DELE" | "XSENDER" => {
                if self.phase == Phase::Authorization {
                    self.logged_in(true, h);
                }
                self.phase = Phase::Transaction;
            }
            "AUTH" => {
                self.in_reply |= self.wants_more;
                if std::mem::take(&mut self.in_auth) {
                    self.phase = Phase::Transaction;
                }
                self.logged_in(true, h);
            }
            "TOP" | "RETR" => {
                let limits = self.limits.mail;
                if self.mail.is_none() {
                    h.begin_mail();
                    self.mail = Some(Mail::begin(limits, h));
                }
                // Zeek takes this line for the mail's first.
                if let Some(mail) = &mut self.mail {
                    mail.line(line, whole, h);
                }
                self.in_reply |= self.wants_more;
            }
            "CAPA" => {
                h.confirmed();
                self.in_reply |= self.wants_more;
            }
            "UIDL" | "LIST" => self.in_reply |= self.wants_more,
            "STLS" => {
                h.confirmed();
                self.tls = true;
                return h.starttls();
            }
            "QUIT" => self.phase = Phase::Over,
            _ => {}
        }
        h.reply("OK", msg);
        if !self.in_reply {
            self.finish(h);
        }
    }

    fn failed<H: Handler>(&mut self, msg: &[u8], h: &mut H) {
        (self.in_reply, self.wants_more, self.guess, self.in_auth) = (false, false, None, false);
        match self.asked {
            "" | "CAPA" | "STLS" => {}
            "USER" | "PASS" | "APOP" | "AUTH" => {
                (self.phase, self.asked) = (Phase::Authorization, "");
                self.logged_in(false, h);
            }
            "QUIT" => self.phase = Phase::Over,
            _ => self.phase = Phase::Transaction,
        }
        h.reply("ERR", msg);
        self.finish(h);
    }

    fn logged_in<H: Handler>(&mut self, success: bool, h: &mut H) {
        if !self.user.is_empty() {
            h.login(success, &self.user, &self.password);
        }
    }
}

fn report_flaws<H: Handler>(lines: &mut Lines, h: &mut H) {
    for flaw in lines.take_flaws() {
        h.weird(flaw.weird(), b"", Flaw::SOURCE);
    }
}

/// Zeek reads texts up to a zero byte.
fn text(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Without blanks around it, and with one where there are several.
fn squeezed(line: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(line.len());
    for byte in line {
        if *byte != b' ' || out.last().is_some_and(|last| *last != b' ') {
            out.push(*byte);
        }
    }
    if out.last() == Some(&b' ') {
        out.pop();
    }
    let tabs = out.iter().take_while(|byte| **byte == b'\t').count();
    out.drain(..tabs);
    out
}

/// The first word, and what is behind it.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', line).and_then(|at| line.split_at_checked(at)) {
        Some((word, rest)) => (word, rest.get(1..).unwrap_or_default()),
        None => (line, &[]),
    }
}

/// A command or a reply's first word, whatever the case; a sign may stand before it.
fn known(word: &[u8]) -> Option<&'static str> {
    let word = word.strip_prefix(b"+").or_else(|| word.strip_prefix(b"-")).unwrap_or(word);
    WORDS.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(word))
}
