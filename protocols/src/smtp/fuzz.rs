//! What must hold for any bytes: a fuzz target calls [`check`], and so does a test.

use std::net::{IpAddr, Ipv4Addr};

use crate::mime::mail;
use crate::probe::Probe;
use crate::smtp::{
    Command, Detail, Handler, Limits, Message, MessageLimits, Messages, Reply, Session, Sink, probe_client,
    probe_server,
};

/// Counts what begins and ends, and gathers messages.
struct Recorder {
    messages: Messages,
    open: usize,
    mail: bool,
    given: usize,
    content: usize,
}

impl mail::Handler for Recorder {
    fn begin_entity(&mut self) {
        self.open += 1;
        self.messages.begin_entity();
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        let mut messages = std::mem::take(&mut self.messages);
        messages.header(name, value, self);
        self.messages = messages;
    }

    fn content(&mut self, data: &[u8]) {
        assert!(self.open > 0 && !data.is_empty());
        self.content += data.len();
    }

    fn end_entity(&mut self) {
        assert!(self.open > 0, "what ends has begun");
        self.open -= 1;
        self.messages.end_entity();
    }
}

impl Handler for Recorder {
    fn request(&mut self, _: bool, command: Option<Command>, _: &[u8], arg: &[u8]) {
        let mut messages = std::mem::take(&mut self.messages);
        messages.request(0, command, arg, self);
        self.messages = messages;
    }

    fn reply(&mut self, _: bool, reply: &Reply<'_>) {
        assert!((100..600).contains(&reply.code));
        let mut messages = std::mem::take(&mut self.messages);
        messages.reply(0, reply, self);
        messages.replied(0, reply, self);
        self.messages = messages;
    }

    fn unexpected(&mut self, _: bool, _: &'static str, detail: &Detail<'_>) {
        assert!(detail.text().len() <= self.given + 100);
    }

    fn begin_mail(&mut self, _: bool) {
        assert!(!std::mem::replace(&mut self.mail, true), "mails do not overlap");
    }

    fn end_mail(&mut self) {
        assert!(std::mem::take(&mut self.mail) && self.open == 0, "a mail ends with its parts");
    }
}

impl Sink for Recorder {
    fn message(&mut self, message: &Message) {
        assert!(message.path.len() >= 2);
    }

    fn weird(&mut self, _: &'static str, _: &str, _: &'static str) {}

    fn is_followed(&mut self, _: IpAddr) -> bool {
        true
    }

    fn left_out(&mut self) {}
}

/// Reads these bytes as both directions of a connection: each piece begins with a byte that says whose it is, whether
/// it is missing, and how long.
pub fn check(data: &[u8]) {
    let mail = mail::Limits { max_depth: 5, max_header: 64 };
    let limits = Limits { max_line: 64, max_bdat_line: 16, max_pending: 8, mail };
    let ends = [IpAddr::V4(Ipv4Addr::LOCALHOST); 2];
    let message_limits = MessageLimits { max_text: 256, ..MessageLimits::default() };
    let messages = Messages::new(message_limits, ends);
    let mut trace = Recorder { messages, open: 0, mail: false, given: data.len(), content: 0 };
    let (mut session, mut rest) = (Session::new(limits), data);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 2).min(after.len()));
        match control & 2 {
            0 => session.data(is_orig, piece, &mut trace),
            _ => session.gap(is_orig, piece.len() as u64 + 1, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 3 * 64 + 18 + 128 + 5 * 64 && trace.messages.held_bytes() <= 256);
    }
    session.end(true, &mut trace);
    session.end(false, &mut trace);
    session.close(&mut trace);
    let mut messages = std::mem::take(&mut trace.messages);
    messages.finish(&mut trace);
    assert!(!trace.mail && trace.open == 0);
    assert!(trace.content <= 3 * data.len() + 2, "content is no longer than its lines");
    for probe in [probe_client, probe_server] {
        assert!(Probe::is_steady(probe, data));
    }
}
