//! What is logged of a control connection: commands with their replies, paired as Zeek pairs them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::ftp::{DataEnd, address, path};
use crate::text;

/// What of it is logged, and how much.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// Commands that are logged.
    pub logged: BTreeSet<String>,
    /// Users whose passwords are none, in small letters.
    pub guests: BTreeSet<String>,
    /// Passwords of others are logged.
    pub passwords: bool,
    /// Commands that may wait for a reply; more are not followed. Stops endless commands.
    pub max_pending: usize,
    /// Bytes of a user's name.
    pub max_user: usize,
    /// Bytes of a password.
    pub max_password: usize,
    /// Bytes of an argument.
    pub max_arg: usize,
    /// Bytes of a reply.
    pub max_reply: usize,
}

impl Default for LogSettings {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        LogSettings {
            logged: texts(&["APPE", "DELE", "RETR", "STOR", "STOU", "ACCT", "PORT", "PASV", "EPRT", "EPSV"]),
            guests: texts(&["anonymous", "ftp", "ftpuser", "guest"]),
            passwords: false,
            max_pending: 20,
            max_user: 128,
            max_password: 128,
            max_arg: 4096,
            max_reply: 4096,
        }
    }
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// When it came, in nanoseconds.
    pub ts: u64,
    /// In upper case; `<init>` for what the greeting answers.
    pub name: Box<[u8]>,
    /// What follows it.
    pub arg: Box<[u8]>,
    /// Which of the connection's.
    pub seq: u64,
    /// The directory has followed it.
    followed: bool,
}

/// A data connection that is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// The client connects.
    pub passive: bool,
    /// Who connects.
    pub orig: IpAddr,
    /// To whom.
    pub resp: IpAddr,
    /// Where that listens.
    pub port: u16,
}

/// A row of ftp.log as far as it is known, and what goes on from row to row.
#[derive(Debug, Default)]
pub struct Row {
    /// In nanoseconds.
    pub ts: u64,
    /// None before there is one.
    pub user: Option<Box<[u8]>>,
    /// As it came, or what stands for it once a row was logged.
    pub password: Option<Box<[u8]>>,
    /// In upper case.
    pub command: Option<Box<[u8]>>,
    /// What follows it; of files as an URL.
    pub arg: Option<Box<[u8]>>,
    /// The file's size, as the server says it.
    pub file_size: Option<u64>,
    /// The last reply's code.
    pub reply_code: Option<u16>,
    /// Its text.
    pub reply_msg: Option<Box<[u8]>>,
    /// What it announces.
    pub channel: Option<Channel>,
}

/// Takes rows.
pub trait LogHandler {
    /// A command is over, with what came of it: to be logged, if it is one of those. What belongs to it alone is
    /// forgotten then.
    fn row(&mut self, row: &Row, logged: bool);

    /// A data connection is to come.
    fn expect(&mut self, channel: &Channel);

    /// A text has so many bytes, which are more than are logged of it.
    fn too_long(&mut self, weird: &'static str, len: usize);

    /// So many commands wait: the next is not followed.
    fn too_many(&mut self, pending: usize);
}

/// A control connection's commands and replies.
#[derive(Debug)]
pub struct Log {
    row: Row,
    pending: Vec<Command>,
    /// Commands so far.
    seq: u64,
    /// What was answered last.
    answered: Option<Command>,
    directory: Vec<u8>,
}

/// The ends of the control connection.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// The client.
    pub orig: IpAddr,
    /// The server.
    pub resp: IpAddr,
}

/// Bytes of a directory that are kept. Stops one that is entered from within itself.
const MAX_DIRECTORY: usize = 16 << 10;

/// What stands for a password.
const HIDDEN: &[u8] = b"<hidden>";

impl Log {
    /// Of a connection that begins; what the greeting answers is a command of its own.
    pub fn new(ts: u64) -> Self {
        let mut log = Log {
            row: Row { ts, ..Row::default() },
            pending: Vec::new(),
            seq: 0,
            answered: None,
            directory: b".".to_vec(),
        };
        log.add(ts, b"<init>", b"");
        log
    }

    /// The row as far as it is known.
    pub fn current(&self) -> &Row {
        &self.row
    }

    /// The command that was answered last.
    pub fn answered(&self) -> Option<&Command> {
        self.answered.as_ref()
    }

    /// Where the client is in the server's files.
    pub fn directory(&self) -> &[u8] {
        &self.directory
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        let texts = [&self.row.user, &self.row.password, &self.row.arg, &self.row.reply_msg];
        let texts = texts.into_iter().flatten().map(|text| text.len());
        let commands = self.pending.iter().chain(&self.answered).map(|command| command.arg.len());
        texts.chain(commands).sum::<usize>() + self.directory.len()
    }

    /// Lets go of what waits for a reply.
    pub fn forget(&mut self) {
        self.pending.clear();
        self.answered = None;
    }

    /// A command came.
    pub fn request(
        &mut self,
        ts: u64,
        (name, arg): (&[u8], &[u8]),
        ends: Ends,
        settings: &LogSettings,
        handler: &mut impl LogHandler,
    ) {
        // No more replies to the one before come.
        if self.row.reply_code.is_some() && self.take_answered() {
            self.message(ends, settings, handler);
        }
        if self.pending.len() < settings.max_pending {
            self.add(ts, name, arg);
        } else {
            handler.too_many(self.pending.len());
        }
        match name {
            b"USER" => {
                self.row.user = Some(shortened(arg, settings.max_user, "FTP_user_too_long", handler).into());
            }
            b"PASS" => {
                let weird = "FTP_password_too_long";
                self.row.password = Some(shortened(arg, settings.max_password, weird, handler).into());
            }
            b"PORT" => self.expect(address::port(arg), (false, ends.resp), None, handler),
            b"EPRT" => self.expect(address::extended_port(arg), (false, ends.resp), None, handler),
            _ => {}
        }
    }

    /// A line of a reply came.
    pub fn reply(
        &mut self,
        (code, text, continues): (u16, &[u8], bool),
        ends: Ends,
        now: u64,
        settings: &LogSettings,
        handler: &mut impl LogHandler,
    ) {
        // Lines within a reply say nothing of it. Some servers never end one, and go on with the next: what looks like
        // that is taken as such.
        if continues && code == 0 && self.row.reply_code.is_some() && !seems_reply(text) {
            return;
        }
        self.answered = Some(self.best_match(code, text).cloned().unwrap_or(Command {
            ts: now,
            name: b"<unknown>"[..].into(),
            arg: [][..].into(),
            seq: 0,
            followed: false,
        }));
        self.row.reply_code = Some(code);
        self.row.reply_msg = Some(text.into());
        if continues {
            return;
        }
        let Some(command) = &self.answered else { return };
        let (name, seq) = (&command.name[..], command.seq);
        match (name, code) {
            (b"RETR", 150) | (b"SIZE", 213) => self.row.file_size = Some(last_number(text)),
            (b"PASV" | b"EPSV", 227) => {
                self.expect(address::passive(text), (true, ends.orig), None, handler);
            }
            (b"PASV" | b"EPSV", 229) => {
                self.expect(address::extended_passive(text), (true, ends.orig), Some(ends.resp), handler);
            }
            _ => {}
        }
        self.follow(seq, code, text);
        // With others waiting it is told at once: their replies come before the next command.
        if self.pending.len() > 1 {
            self.take_answered();
            self.message(ends, settings, handler);
        }
    }

    /// The connection is over: what has no reply is logged without.
    pub fn finish(&mut self, ends: Ends, settings: &LogSettings, handler: &mut impl LogHandler) {
        for command in std::mem::take(&mut self.pending) {
            self.answered = Some(command);
            self.message(ends, settings, handler);
        }
    }

    fn add(&mut self, ts: u64, name: &[u8], arg: &[u8]) {
        self.seq += 1;
        let (name, arg) = (name.into(), arg.into());
        self.pending.push(Command { ts, name, arg, seq: self.seq, followed: false });
    }

    /// Takes the command that was answered last off those that wait; whether it was among them.
    fn take_answered(&mut self) -> bool {
        let Some(Command { seq, .. }) = self.answered else { return false };
        let before = self.pending.len();
        self.pending.retain(|command| command.seq != seq);
        self.pending.len() < before
    }

    /// The command that a reply answers: that which goes with its code, or else is named in its text; the first of
    /// those.
    fn best_match(&self, code: u16, text: &[u8]) -> Option<&Command> {
        let names = |what: &[u8]| what.is_empty() || text.windows(what.len()).any(|piece| piece == what);
        let score = |command: &Command| {
            let goes_with = code == 500 || answers(&command.name, code);
            100 * u32::from(goes_with)
                + 20 * u32::from(names(&command.name))
                + 10 * u32::from(names(&command.arg))
        };
        // Of several the last would be taken.
        self.pending.iter().rev().max_by_key(|command| score(command))
    }

    /// Goes where a command went or what its reply tells.
    fn follow(&mut self, seq: u64, code: u16, text: &[u8]) {
        let Some(command) = self.answered.as_mut().filter(|command| !command.followed) else { return };
        let directory = match (&command.name[..], code) {
            (b"CWD", 250) => path::within(&self.directory, &command.arg),
            (b"CDUP", 200 | 250) => path::within(&self.directory, b"/.."),
            (b"PWD" | b"XPWD", 257) => path::named_in(text),
            _ => return,
        };
        command.followed = true;
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.seq == seq) {
            pending.followed = true;
        }
        self.directory = directory;
        self.directory.truncate(MAX_DIRECTORY);
    }

    fn expect(
        &mut self,
        end: Option<DataEnd>,
        (passive, orig): (bool, IpAddr),
        own: Option<IpAddr>,
        handler: &mut impl LogHandler,
    ) {
        let Some(DataEnd { host, port }) = end else { return };
        let unspecified = IpAddr::from([0; 16]);
        let resp = match (host, own) {
            (Some(host), Some(own)) if host == unspecified => own,
            (Some(host), _) => host,
            (None, own) => own.unwrap_or(unspecified),
        };
        let channel = Channel { passive, orig, resp, port };
        self.row.channel = Some(channel);
        handler.expect(&channel);
    }

    /// The command that was answered last is over.
    fn message(&mut self, ends: Ends, settings: &LogSettings, handler: &mut impl LogHandler) {
        let (row, Some(command)) = (&mut self.row, &self.answered) else { return };
        row.ts = command.ts;
        let name = &command.name[..];
        let hides = !settings.passwords && !is_guest(row.user.as_deref(), &settings.guests);
        let url;
        let mut arg = match name {
            b"APPE" | b"CWD" | b"DELE" | b"MKD" | b"RETR" | b"RMD" | b"RNFR" | b"RNTO" | b"STOR"
            | b"STOU" | b"REST" | b"SIZE" | b"MDTM" => {
                url = url_of(ends.resp, &self.directory, &command.arg);
                &url[..]
            }
            _ => &command.arg[..],
        };
        arg = shortened(arg, settings.max_arg, "FTP_arg_too_long", handler);
        if let Some(text) = row.reply_msg.as_mut().filter(|text| text.len() > settings.max_reply) {
            *text = shortened(text, settings.max_reply, "FTP_reply_msg_too_long", handler).into();
        }
        if name == b"PASS" && hides {
            arg = HIDDEN;
        }
        row.arg = (!arg.is_empty()).then(|| arg.into());
        if let Some(password) = row.password.as_mut().filter(|_| hides) {
            *password = HIDDEN.into();
        }
        row.command = Some(command.name.clone());
        let logged = std::str::from_utf8(name).is_ok_and(|name| settings.logged.contains(name));
        handler.row(row, logged);
        (row.file_size, row.channel) = (None, None);
    }
}

fn is_guest(user: Option<&[u8]>, guests: &BTreeSet<String>) -> bool {
    let user = user.unwrap_or(b"<unknown>").to_ascii_lowercase();
    std::str::from_utf8(&user).is_ok_and(|user| guests.contains(user))
}

/// So much of a text as is logged.
fn shortened<'a>(
    text: &'a [u8],
    most: usize,
    weird: &'static str,
    handler: &mut impl LogHandler,
) -> &'a [u8] {
    match text.get(..most).filter(|_| text.len() > most) {
        Some(start) => {
            handler.too_long(weird, text.len());
            start
        }
        None => text,
    }
}

/// A file on the server.
fn url_of(server: IpAddr, directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut url = b"ftp://".to_vec();
    let is_v6 = server.is_ipv6();
    url.extend(is_v6.then_some(b'['));
    text::address(server, &mut url);
    url.extend(is_v6.then_some(b']'));
    let path = path::within(directory, name);
    if !path.starts_with(b"/") {
        url.push(b'/');
    }
    url.extend_from_slice(&path);
    url
}

/// The last number in a text; 0 where there is none.
fn last_number(text: &[u8]) -> u64 {
    let end = text.iter().rposition(u8::is_ascii_digit).map_or(0, |last| last + 1);
    let text = text.get(..end).unwrap_or_default();
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = text.get(end - digits..).unwrap_or_default();
    digits
        .iter()
        .fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

/// Whether a line within a reply looks as if it began one: a code and ten letters more.
fn seems_reply(text: &[u8]) -> bool {
    let printable = |byte: &u8| (b' '..=b'~').contains(byte);
    match text {
        [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', rest @ ..] => {
            rest.get(..10).is_some_and(|ten| ten.iter().all(printable))
        }
        _ => false,
    }
}

/// Whether a code may answer a command (RFC 959 §5.4, RFC 1639, RFC 2389, RFC 2428, RFC 3659, and what is in use).
fn answers(command: &[u8], code: u16) -> bool {
    let codes: &[u16] = match command {
        b"<init>" => &[0, 120, 220, 421],
        b"<missing>" => &[0],
        b"USER" => &[230, 331, 332, 421, 500, 501, 530],
        b"PASS" => &[202, 230, 332, 421, 500, 501, 503, 530],
        b"ACCT" => &[202, 230, 421, 500, 501, 503, 530],
        b"CWD" => &[250, 421, 500, 501, 502, 530, 550],
        b"CDUP" => &[200, 250, 421, 500, 501, 502, 530, 550],
        b"SMNT" => &[202, 250, 421, 500, 501, 502, 530, 550],
        b"REIN" => &[120, 220, 421, 500, 502],
        b"QUIT" => &[0, 221, 500],
        b"PORT" => &[200, 421, 500, 501, 530],
        b"PASV" => &[227, 421, 500, 501, 502, 530],
        b"MODE" => &[200, 421, 500, 501, 502, 504, 530],
        b"TYPE" | b"STRU" => &[200, 421, 500, 501, 504, 530],
        b"ALLO" => &[200, 202, 421, 500, 501, 504, 530],
        b"REST" => &[200, 350, 421, 500, 501, 502, 530],
        b"STOR" | b"STOU" => {
            &[110, 125, 150, 226, 250, 421, 425, 426, 450, 451, 452, 500, 501, 530, 532, 550, 551, 552, 553]
        }
        b"RETR" => &[110, 125, 150, 226, 250, 421, 425, 426, 450, 451, 500, 501, 530, 550],
        b"LIST" | b"NLST" => &[125, 150, 226, 250, 421, 425, 426, 450, 451, 500, 501, 502, 530, 550],
        b"APPE" => {
            &[125, 150, 226, 250, 421, 425, 426, 450, 451, 452, 500, 501, 502, 530, 532, 550, 551, 552, 553]
        }
        b"RNFR" => &[350, 421, 450, 500, 501, 502, 530, 550],
        b"RNTO" => &[250, 421, 500, 501, 502, 503, 530, 532, 553],
        b"DELE" => &[250, 421, 450, 500, 501, 502, 530, 550],
        b"RMD" => &[250, 421, 500, 501, 502, 530, 550],
        b"MKD" => &[257, 421, 500, 501, 502, 530, 550],
        b"PWD" => &[257, 421, 500, 501, 502, 550],
        b"ABOR" => &[225, 226, 421, 500, 501, 502],
        b"SYST" => &[215, 421, 500, 501, 502, 530],
        b"STAT" => &[211, 212, 213, 421, 450, 500, 501, 502, 530],
        b"HELP" => &[200, 211, 214, 421, 500, 501, 502],
        b"SITE" => &[200, 202, 214, 500, 501, 502, 530],
        b"NOOP" => &[200, 421, 500],
        b"LPRT" => &[500, 501, 521],
        b"FEAT" => &[211, 500, 502],
        b"OPTS" => &[200, 451, 501],
        b"EPSV" => &[229, 500, 501],
        b"EPRT" => &[200, 500, 501, 522],
        b"SIZE" | b"MDTM" => &[213, 500, 501, 550],
        b"MLST" | b"MLSD" => &[150, 226, 250, 500, 501, 550],
        b"CLNT" => &[200, 500],
        b"MACB" => &[200, 500, 550],
        _ => &[],
    };
    codes.contains(&code)
}
