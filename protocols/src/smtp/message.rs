//! The row of smtp.log: what Zeek's scripts gather of a message.

use std::net::IpAddr;

use crate::mime::filename;
use crate::smtp::addresses::{first_mail_address, ip_addresses, mail_addresses, mailboxes};
use crate::smtp::{Command, Reply};

/// What bounds what a row holds. 0 is no bound of its own.
#[derive(Clone, Copy, Debug)]
pub struct MessageLimits {
    /// Addresses in `rcptto`, as Zeek's `SMTP::max_rcptto_addresses`.
    pub max_rcptto: usize,
    /// Mailboxes in `to`, as `SMTP::max_to_addresses`.
    pub max_to: usize,
    /// Mailboxes in `cc`, as `SMTP::max_cc_addresses`.
    pub max_cc: usize,
    /// Hosts in `path`, as `SMTP::max_path_length`.
    pub max_path: usize,
    /// Commands out of their order are told of (`SMTP::mail_transaction_validation`).
    pub validates: bool,
    /// With more of those nothing more is read (`SMTP::max_invalid_mail_transactions`).
    pub max_invalid: u64,
    /// Bytes of all texts of a row; what does not fit is left out, and counted.
    pub max_text: usize,
}

impl Default for MessageLimits {
    fn default() -> Self {
        MessageLimits {
            max_rcptto: 1000,
            max_to: 1000,
            max_cc: 1000,
            max_path: 1000,
            validates: true,
            max_invalid: 25,
            max_text: 256 << 10,
        }
    }
}

/// A text of a row.
pub type Text = Box<[u8]>;

/// Texts, each once, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    items: Vec<Text>,
    /// The places of all in the order of the texts.
    sorted: Vec<usize>,
}

impl Texts {
    /// In the order in which they came.
    pub fn items(&self) -> &[Text] {
        &self.items
    }

    fn add(&mut self, text: &[u8]) {
        let of = |place: &usize| self.items.get(*place).map(|known| &**known).unwrap_or_default();
        if let Err(at) = self.sorted.binary_search_by(|place| of(place).cmp(text)) {
            self.sorted.insert(at, self.items.len());
            self.items.push(text.into());
        }
    }
}

/// What is known of a message; its fields are smtp.log's columns.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// Tells it from the connection's others, which may have the same depth.
    pub number: u64,
    /// When it was begun, in nanoseconds since 1970.
    pub ts_ns: i64,
    /// Which message of the connection it is, from 1.
    pub trans_depth: u64,
    /// EHLO's or HELO's argument.
    pub helo: Option<Text>,
    /// The address in MAIL.
    pub mailfrom: Option<Text>,
    /// The addresses in RCPT.
    pub rcptto: Option<Texts>,
    /// The Date header.
    pub date: Option<Text>,
    /// The From header.
    pub from: Option<Text>,
    /// The mailboxes in To headers.
    pub to: Option<Texts>,
    /// The mailboxes in Cc headers.
    pub cc: Option<Texts>,
    /// The Reply-To header.
    pub reply_to: Option<Text>,
    /// The Message-ID header.
    pub msg_id: Option<Text>,
    /// The In-Reply-To header.
    pub in_reply_to: Option<Text>,
    /// The Subject header.
    pub subject: Option<Text>,
    /// The first address in X-Originating-IP.
    pub x_originating_ip: Option<IpAddr>,
    /// The last Received header, which the first server wrote.
    pub first_received: Option<Text>,
    /// The one before it.
    pub second_received: Option<Text>,
    /// The server's last reply, with its code.
    pub last_reply: Option<Text>,
    /// The hosts that it went through, from the connection's to the first.
    pub path: Vec<IpAddr>,
    /// X-Mailer, User-Agent or X-User-Agent.
    pub user_agent: Option<Text>,
    /// Whether the connection went on under TLS.
    pub tls: bool,
    /// Names of its parts, for whoever has files of them.
    pub files: Vec<Text>,
    /// The name that the headers of the current entity give it.
    pub filename: Option<Vec<u8>>,
    entities: u64,
    /// Received headers are no longer followed.
    path_ends: bool,
    /// The client did something that makes it a message.
    active: bool,
    text: usize,
}

impl Message {
    /// The headers are the mail's own, and not those of a part.
    fn is_in_head(&self) -> bool {
        self.entities <= 1
    }
}

/// Hears of messages, and of what is odd in them.
pub trait Sink {
    /// A message is as far as it will be.
    fn message(&mut self, message: &Message);

    /// An oddity that Zeek has a weird for, and the analyzer that Zeek says has seen it.
    fn weird(&mut self, name: &'static str, addl: &str, source: &'static str);

    /// Whether a host in Received is one whose path is followed on.
    fn is_followed(&mut self, host: IpAddr) -> bool;

    /// A text did not fit into its row.
    fn left_out(&mut self);
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// There is more to come.
    GoesOn,
    /// So much was out of order that nothing more is to be read.
    GivenUp,
}

/// The messages of a connection.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    limits: MessageLimits,
    /// The connection's responder and originator, with which each path begins.
    ends: Vec<IpAddr>,
    current: Option<Message>,
    helo: Option<Text>,
    transferred: u64,
    begun: u64,
    /// Entities of all mails so far, Zeek's `mime_depth`.
    pub entities: u64,
    mail_from_seen: bool,
    rcpt_to_seen: bool,
    last_chunk_seen: bool,
    invalid: u64,
}

impl Messages {
    /// Those of a connection of these two.
    pub fn new(limits: MessageLimits, [orig, resp]: [IpAddr; 2]) -> Self {
        Messages { limits, ends: vec![resp, orig], ..Messages::default() }
    }

    /// The message that goes on.
    pub fn current(&self) -> Option<&Message> {
        self.current.as_ref()
    }

    /// Bytes of texts held.
    pub fn held_bytes(&self) -> usize {
        self.current.as_ref().map_or(0, |message| message.text)
    }

    fn fresh(&mut self, now_ns: i64) -> Message {
        self.begun += 1;
        Message {
            number: self.begun,
            ts_ns: now_ns,
            trans_depth: self.transferred + 1,
            helo: self.helo.clone(),
            path: self.ends.clone(),
            ..Message::default()
        }
    }

    fn begin(&mut self, now_ns: i64) {
        if self.current.is_none() {
            self.current = Some(self.fresh(now_ns));
        }
    }

    /// Writes the message that goes on, and begins another, if the client has done anything for it.
    fn flush<S: Sink>(&mut self, now_ns: i64, sink: &mut S) {
        if let Some(message) = self.current.as_ref().filter(|message| message.active) {
            sink.message(message);
            self.current = Some(self.fresh(now_ns));
        }
    }

    /// A command.
    pub fn request<S: Sink>(
        &mut self,
        now_ns: i64,
        command: Option<Command>,
        arg: &[u8],
        sink: &mut S,
    ) -> Received {
        self.begin(now_ns);
        let begins =
            |word: &[u8]| arg.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        match command {
            Some(Command::Helo | Command::Ehlo) => {
                self.helo = Some(arg.into());
                self.set(arg, |message| &mut message.helo, sink);
            }
            Some(Command::Rcpt) if begins(b"TO:") => {
                let addresses: Vec<Vec<u8>> = mail_addresses(arg).collect();
                self.recipients(&addresses, sink);
                self.rcpt_to_seen = true;
                if !self.mail_from_seen {
                    return self.invalid("rcpt to missing mail from", sink);
                }
            }
            Some(Command::Mail) if begins(b"FROM:") => {
                // The server's word on the last one may have been missed.
                self.flush(now_ns, sink);
                if let Some(address) = first_mail_address(arg) {
                    self.set(&address, |message| &mut message.mailfrom, sink);
                }
                if let Some(message) = &mut self.current {
                    message.active = true;
                }
                (self.mail_from_seen, self.rcpt_to_seen) = (true, false);
            }
            Some(Command::Data | Command::Bdat) => {
                let had_recipient = self.rcpt_to_seen;
                if command == Some(Command::Bdat) && arg.ends_with(b" LAST") {
                    (self.mail_from_seen, self.rcpt_to_seen, self.last_chunk_seen) = (false, false, true);
                }
                if !had_recipient {
                    return self.invalid("data missing rcpt to", sink);
                }
            }
            Some(Command::EndOfData) => (self.mail_from_seen, self.rcpt_to_seen) = (false, false),
            _ => {}
        }
        Received::GoesOn
    }

    fn recipients<S: Sink>(&mut self, addresses: &[Vec<u8>], sink: &mut S) {
        let (most, max_text) = (self.limits.max_rcptto, self.limits.max_text);
        let Some(message) = &mut self.current else { return };
        message.active = true;
        let rcptto = message.rcptto.get_or_insert_default();
        for address in addresses {
            if most > 0 && rcptto.items.len() >= most {
                sink.weird("smtp_too_many_rcptto_addresses", "", "");
                break;
            }
            add(rcptto, &without_type(address), &mut message.text, max_text, sink);
        }
    }

    fn invalid<S: Sink>(&mut self, addl: &'static str, sink: &mut S) -> Received {
        if !self.limits.validates {
            return Received::GoesOn;
        }
        sink.weird("smtp_mail_transaction_invalid", addl, "SMTP");
        self.invalid += 1;
        if self.limits.max_invalid == 0 || self.invalid <= self.limits.max_invalid {
            return Received::GoesOn;
        }
        sink.weird("smtp_excessive_invalid_mail_transactions", "", "SMTP");
        Received::GivenUp
    }

    /// A line of a reply, before scripts are told of it.
    pub fn reply<S: Sink>(&mut self, now_ns: i64, reply: &Reply<'_>, sink: &mut S) {
        self.begin(now_ns);
        let code = reply.code.to_string();
        let text = [code.as_bytes(), b" ", reply.msg].concat();
        self.set(&text, |message| &mut message.last_reply, sink);
    }

    /// After they were told.
    pub fn replied<S: Sink>(&mut self, now_ns: i64, reply: &Reply<'_>, sink: &mut S) {
        let ends = match reply.command {
            Some(Command::EndOfData) => true,
            Some(Command::Bdat) => !reply.continues && self.last_chunk_seen,
            _ => false,
        };
        if ends {
            self.transferred += 1;
            self.last_chunk_seen = false;
            self.flush(now_ns, sink);
            self.current = Some(self.fresh(now_ns));
        }
    }

    /// The mail, or a part of it, begins.
    pub fn begin_entity(&mut self) {
        self.entities += 1;
        if let Some(message) = &mut self.current {
            message.entities += 1;
            message.filename = None;
        }
    }

    /// It has ended.
    pub fn end_entity(&mut self) {
        if let Some(message) = &mut self.current {
            message.filename = None;
        }
    }

    /// That entity is a file of this name. Under TLS there are none that are the message's.
    pub fn file<S: Sink>(&mut self, name: &[u8], sink: &mut S) {
        let max_text = self.limits.max_text;
        let Some(message) = self.current.as_mut().filter(|message| !message.tls) else { return };
        if message.text + name.len() > max_text {
            return sink.left_out();
        }
        message.text += name.len();
        message.files.push(name.into());
    }

    /// A header of the entity that began last.
    pub fn header<S: Sink>(&mut self, name: &[u8], value: &[u8], sink: &mut S) {
        let Some(message) = &mut self.current else { return };
        let named = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let filename = match () {
            () if named("CONTENT-DISPOSITION") => filename::from_content_disposition(value),
            () if named("CONTENT-TYPE") => filename::from_content_type(value),
            () => None,
        };
        if filename.is_some() {
            message.filename = filename;
        }
        if !message.is_in_head() {
            return;
        }
        type Column = fn(&mut Message) -> &mut Option<Text>;
        const COLUMNS: &[(&str, Column)] = &[
            ("MESSAGE-ID", |message| &mut message.msg_id),
            ("IN-REPLY-TO", |message| &mut message.in_reply_to),
            ("SUBJECT", |message| &mut message.subject),
            ("FROM", |message| &mut message.from),
            ("REPLY-TO", |message| &mut message.reply_to),
            ("DATE", |message| &mut message.date),
            ("X-MAILER", |message| &mut message.user_agent),
            ("USER-AGENT", |message| &mut message.user_agent),
            ("X-USER-AGENT", |message| &mut message.user_agent),
        ];
        if let Some((_, column)) = COLUMNS.iter().find(|(known, _)| named(known)) {
            self.set(value, *column, sink);
        } else if named("RECEIVED") {
            self.received(value, sink);
        } else if named("TO") || named("CC") {
            self.addressees(named("TO"), value, sink);
        } else if named("X-ORIGINATING-IP")
            && let Some(address) = ip_addresses(value, false).next()
        {
            message.x_originating_ip = Some(address);
        }
    }

    fn received<S: Sink>(&mut self, value: &[u8], sink: &mut S) {
        let Some(message) = &mut self.current else { return };
        message.second_received = message.first_received.take();
        self.set(value, |message| &mut message.first_received, sink);
        let Some(message) = self.current.as_mut().filter(|message| !message.path_ends) else { return };
        // Of two the second is where it came from by the server's own word.
        let mut addresses = ip_addresses(value, true);
        let Some(host) = addresses.next().map(|first| addresses.next().unwrap_or(first)) else { return };
        message.path_ends = !sink.is_followed(host);
        if message.path.last() == Some(&host) {
            return;
        }
        if self.limits.max_path > 0 && message.path.len() >= self.limits.max_path {
            return sink.weird("smtp_max_path_length_exceeded", "", "");
        }
        message.path.push(host);
    }

    fn addressees<S: Sink>(&mut self, is_to: bool, value: &[u8], sink: &mut S) {
        let MessageLimits { max_to, max_cc, max_text, .. } = self.limits;
        let Some(message) = &mut self.current else { return };
        let (texts, most, weird) = match is_to {
            true => (&mut message.to, max_to, "smtp_too_many_to_addresses"),
            false => (&mut message.cc, max_cc, "smtp_too_many_cc_addresses"),
        };
        let texts = texts.get_or_insert_default();
        for mailbox in mailboxes(value) {
            if most > 0 && texts.items.len() >= most {
                sink.weird(weird, "", "");
                break;
            }
            add(texts, mailbox, &mut message.text, max_text, sink);
        }
    }

    /// Both directions go on under TLS.
    pub fn starttls(&mut self) {
        if let Some(message) = &mut self.current {
            (message.tls, message.active) = (true, true);
        }
    }

    /// The connection is over.
    pub fn finish<S: Sink>(&mut self, sink: &mut S) {
        if let Some(message) = self.current.take().filter(|message| message.active) {
            sink.message(&message);
        }
    }

    fn set<S: Sink>(&mut self, text: &[u8], column: fn(&mut Message) -> &mut Option<Text>, sink: &mut S) {
        let max_text = self.limits.max_text;
        let Some(message) = &mut self.current else { return };
        let before = column(message).take().map_or(0, |before| before.len());
        message.text = message.text.saturating_sub(before);
        if message.text + text.len() > max_text {
            return sink.left_out();
        }
        message.text += text.len();
        *column(message) = Some(text.into());
    }
}

fn add<S: Sink>(texts: &mut Texts, text: &[u8], held: &mut usize, max_text: usize, sink: &mut S) {
    if *held + text.len() > max_text {
        return sink.left_out();
    }
    let before = texts.items.len();
    texts.add(text);
    if texts.items.len() > before {
        *held += text.len();
    }
}

/// An address of RCPT without the name of its type (RFC 3461 §4.2), as Zeek leaves it out.
fn without_type(address: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"ORCPT=rfc822";
    let (mut out, mut rest) = (Vec::with_capacity(address.len()), address);
    while let Some((first, behind)) = rest.split_first() {
        match rest.strip_prefix(NAME) {
            Some(behind) => rest = behind.strip_prefix(b";").unwrap_or(behind),
            None => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    out
}
