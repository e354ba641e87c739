//! smtp.log: one row for every message, when its end was answered, the next begins or the connection is over.

use std::net::IpAddr;

use nightjar_protocols::smtp::{Message, Texts};

use crate::flow::Flow;
use crate::record::{Field, Items, Type, Value, Vector, record};
use crate::time::Time;

record! {
    /// A message.
    pub struct SmtpRow<'a> in "smtp" of conn {
        /// When its first command came.
        ts,
        /// Which message of the connection this is, from 1.
        trans_depth: u64 = "trans_depth" as "count",
        /// The argument of EHLO or HELO.
        helo: Option<&'a [u8]> = "helo",
        /// The address in MAIL FROM.
        mailfrom: Option<&'a [u8]> = "mailfrom",
        /// The addresses in RCPT TO.
        rcptto: Option<SetOf<'a>> = "rcptto",
        /// The Date header.
        date: Option<&'a [u8]> = "date",
        /// The From header.
        from: Option<&'a [u8]> = "from",
        /// The mailboxes in To headers.
        to: Option<SetOf<'a>> = "to",
        /// The mailboxes in Cc headers.
        cc: Option<SetOf<'a>> = "cc",
        /// The Reply-To header.
        reply_to: Option<&'a [u8]> = "reply_to",
        /// The Message-ID header.
        msg_id: Option<&'a [u8]> = "msg_id",
        /// The In-Reply-To header.
        in_reply_to: Option<&'a [u8]> = "in_reply_to",
        /// The Subject header.
        subject: Option<&'a [u8]> = "subject",
        /// The address in the X-Originating-IP header.
        x_originating_ip: Option<IpAddr> = "x_originating_ip",
        /// The last Received header, which the first server wrote.
        first_received: Option<&'a [u8]> = "first_received",
        /// The Received header before it.
        second_received: Option<&'a [u8]> = "second_received",
        /// The server's last reply.
        last_reply: Option<&'a [u8]> = "last_reply",
        /// The hosts that the message went through, by its headers, from the connection's to the first.
        path: Option<Vector<'a, IpAddr>> = "path",
        /// What the client says it is, in X-Mailer, User-Agent or X-User-Agent.
        user_agent: Option<&'a [u8]> = "user_agent",
        /// Whether the connection went on under TLS.
        tls: bool = "tls",
        /// The parts of the message, as files.
        fuids: FileIds<'a> = "fuids" as "vector of string &default=vector()",
    }
}

/// Texts that are each there once.
#[derive(Clone, Copy, Debug)]
pub struct SetOf<'a>(&'a Texts);

impl Field for SetOf<'_> {
    const TYPE: Type = Type::Set(&Type::String);

    fn value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl Items for SetOf<'_> {
    fn count(&self) -> usize {
        self.0.items().len()
    }

    fn item(&self, index: usize) -> Value<'_> {
        self.0.items().get(index).map_or(Value::Unset, |text| Value::Bytes(text))
    }
}

/// The identifiers of files.
#[derive(Clone, Copy, Debug)]
pub struct FileIds<'a>(&'a [Box<[u8]>]);

impl Field for FileIds<'_> {
    const TYPE: Type = Type::Vector(&Type::String);

    fn value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl Items for FileIds<'_> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn item(&self, index: usize) -> Value<'_> {
        self.0.get(index).map_or(Value::Unset, |text| Value::Bytes(text))
    }
}

/// The row as far as it is filled.
pub(super) fn of<'a>(flow: &mut Flow, message: &'a Message) -> SmtpRow<'a> {
    SmtpRow {
        conn: flow.columns(Time::from_nanos(message.ts_ns)),
        trans_depth: message.trans_depth,
        helo: message.helo.as_deref(),
        mailfrom: message.mailfrom.as_deref(),
        rcptto: message.rcptto.as_ref().map(SetOf),
        date: message.date.as_deref(),
        from: message.from.as_deref(),
        to: message.to.as_ref().map(SetOf),
        cc: message.cc.as_ref().map(SetOf),
        reply_to: message.reply_to.as_deref(),
        msg_id: message.msg_id.as_deref(),
        in_reply_to: message.in_reply_to.as_deref(),
        subject: message.subject.as_deref(),
        x_originating_ip: message.x_originating_ip,
        first_received: message.first_received.as_deref(),
        second_received: message.second_received.as_deref(),
        last_reply: message.last_reply.as_deref(),
        path: Some(Vector(&message.path)),
        user_agent: message.user_agent.as_deref(),
        tls: message.tls,
        fuids: FileIds(&message.files),
    }
}
