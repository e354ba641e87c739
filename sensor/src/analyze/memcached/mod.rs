//! memcached over TCP and UDP: memcached.log, and events of requests and answers.

pub mod events;
mod record;

use std::collections::VecDeque;

use nightjar_protocols::memcached::{self, Limits, PORT, Request, Response, Session};

use crate::analyze::memcached::record::{MemcachedRow, Waiting};
use crate::analyze::{Analyzer, Counted, Kind, Link, LogDecl, Named, Protocol, Signature, Spec};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    logs: &[LogDecl {
        schema: MemcachedRow::SCHEMA,
        info: "Memcached::Info",
        holder: None,
        event: Some("log_memcached"),
    }],
    script: Some(include_str!("memcached.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "MEMCACHED", service: "memcached" },
    ports: &[(Proto::Tcp, PORT), (Proto::Udp, PORT)],
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: memcached::probe },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: memcached::probe_answer },
    ],
    both: true,
    new,
};

/// What the analyzers of one worker share.
pub type Worker = Counted<Counters>;

counters! {
    /// What was not read of memcached.
    pub struct Counters {
        /// Requests logged before they were answered, because too many waited.
        pub pressed: u64 = counter("memcached_logged_early_total")
            .lost("memcached requests logged before they were answered because too many waited"),
    }
}

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Memcached { session: Session::new(Limits::default()), known: Known::default() })
}

/// One connection.
struct Memcached {
    session: Session,
    known: Known,
}

#[derive(Default)]
struct Known {
    /// What is not answered yet, in its order.
    waiting: VecDeque<Waiting>,
    /// Bytes of those.
    bytes: usize,
    /// Rows so far, which are told apart by it.
    rows: u64,
    /// An answer was read.
    is_sure: bool,
}

/// Bytes of requests that wait: beyond that all are logged as they are. Stops a client that is never answered.
const MAX_WAITING: usize = 256 << 10;

impl Analyzer for Memcached {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link, known: &mut self.known });
    }

    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        self.session.datagram(dir.is_orig(), payload, &mut Hears { link, known: &mut self.known });
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, dir: Dir, _: u64) {
        self.session.gap(dir.is_orig());
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        // Where nothing was answered, nobody knows that it was memcached.
        if self.known.is_sure {
            Hears { link, known: &mut self.known }.log_all();
        }
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    known: &'h mut Known,
}

impl Hears<'_, '_, '_> {
    fn log(&mut self, waiting: &Waiting) {
        let Link { cx, flow, .. } = &mut *self.link;
        let owner = Owner::next(flow.uid(), &mut self.known.rows);
        cx.bus.log(&waiting.row(flow), owner);
    }

    fn log_all(&mut self) {
        self.known.bytes = 0;
        for waiting in std::mem::take(&mut self.known.waiting) {
            self.log(&waiting);
        }
    }

    fn take(&mut self) -> Option<Waiting> {
        let waiting = self.known.waiting.pop_front()?;
        self.known.bytes = self.known.bytes.saturating_sub(waiting.bytes());
        Some(waiting)
    }
}

impl memcached::Handler for Hears<'_, '_, '_> {
    fn request(&mut self, request: &Request<'_>) {
        let Request { command, keys, .. } = *request;
        let (key, value_len) = (request.key.unwrap_or_default(), request.len.unwrap_or(0));
        self.link.flow.raise(self.link.cx, &events::RequestSent { c: Conn, command, key, keys, value_len });
        let waiting = Waiting::new(self.link.cx.now, request);
        if request.is_quiet && !request.is_binary {
            return self.log(&waiting);
        }
        self.known.bytes += waiting.bytes();
        self.known.waiting.push_back(waiting);
        if self.known.bytes > MAX_WAITING {
            self.link.shared.of.memcached.counters.pressed += self.known.waiting.len() as u64;
            self.log_all();
        }
    }

    fn response(&mut self, response: &Response<'_>) {
        self.link.confirm();
        self.known.is_sure = true;
        let Response { status, success, values, bytes: value_len, tag } = *response;
        self.link.flow.raise(self.link.cx, &events::Answered { c: Conn, status, success, values, value_len });
        let answers = |waiting: &Waiting| tag.is_none() || waiting.tag == tag;
        if !self.known.waiting.iter().any(answers) {
            return;
        }
        // Those before it were quiet, and are not answered.
        while let Some(mut waiting) = self.take() {
            let is_it = answers(&waiting);
            if is_it {
                waiting.answer(response);
            }
            self.log(&waiting);
            if is_it {
                return;
            }
        }
    }

    fn violation(&mut self, reason: &'static str) {
        self.link.violation(reason, None);
    }
}
