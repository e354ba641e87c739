//! Redis: redis.log as Zeek 8 has it, and events of commands and answers.

pub mod events;
mod record;
// settings.rs is a part of `config` (tools/lists).

use std::collections::{BTreeMap, BTreeSet};

use nightjar_protocols::redis::{self, Command, Limits, PORT, Reply, Session};

use crate::analyze::redis::record::{RedisRow, Waiting};
use crate::analyze::{Analyzer, Counted, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(RedisRow::SCHEMA),
    logs: &[LogDecl {
        schema: RedisRow::SCHEMA,
        info: "Redis::Info",
        holder: Some(("connection", "redis")),
        event: None,
    }],
    script: Some(include_str!("redis.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "REDIS", service: "redis" },
    ports: &over_tcp([PORT]),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: redis::probe },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: redis::probe_answer },
    ],
    both: true,
    new,
};

/// What the analyzers of one worker share.
pub type Worker = Counted<Counters>;

counters! {
    /// What was not read of Redis.
    pub struct Counters {
        /// Commands and answers of which only the beginning was kept, because they were too long.
        pub cut: u64 = counter("redis_values_cut_total").lost("Redis commands and answers too long to be kept whole"),
        /// Commands logged before they were answered, because too many waited.
        pub pressed: u64 = counter("redis_logged_early_total")
            .lost("Redis commands logged before they were answered because too many waited"),
    }
}

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Redis { session: Session::new(Limits::default()), known: Known::default() })
}

/// One connection.
struct Redis {
    session: Session,
    known: Known,
}

/// What is known of it. Commands and answers are numbered from 1, and belong together by their numbers.
#[derive(Default)]
struct Known {
    waiting: BTreeMap<u64, Waiting>,
    /// Bytes of those.
    bytes: usize,
    /// The numbers of the last.
    command: u64,
    reply: u64,
    /// Commands that are not answered: the first of several, and the first that is again, once it is known.
    silent: Vec<(u64, Option<u64>)>,
    /// Those that are not answered in turn, or not at all.
    skipped: BTreeSet<u64>,
    /// From the answer of this command on the server tells of what happens.
    subscribed: Option<u64>,
    is_resp3: bool,
    is_broken: bool,
    /// Rows so far, which are told apart by it.
    rows: u64,
}

/// Bytes of commands that wait: beyond that all are logged as they are. Stops a client that is never answered.
const MAX_WAITING: usize = 1 << 20;

/// Times a client may say that it wants no answers.
const MAX_SILENT: usize = 1000;

/// Commands that are answered by what the server tells as it happens.
const UNANSWERED: [&str; 6] =
    ["PSUBSCRIBE", "PUNSUBSCRIBE", "SSUBSCRIBE", "SUBSCRIBE", "SUNSUBSCRIBE", "UNSUBSCRIBE"];
const SUBSCRIBES: [&str; 3] = ["PSUBSCRIBE", "SSUBSCRIBE", "SUBSCRIBE"];

impl Analyzer for Redis {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link, known: &mut self.known });
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, dir: Dir, _: u64) {
        self.session.gap(dir.is_orig());
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        // As in Zeek: where nothing was ever answered, nobody knows that it was Redis.
        if !self.known.is_broken && self.known.reply != 0 {
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
    /// Raises an event with a command as `c$redis`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E, number: Option<u64>) {
        let Link { cx, flow, .. } = &mut *self.link;
        if !cx.bus.wants(E::ID) {
            return;
        }
        match number.and_then(|number| Some((number, self.known.waiting.get(&number)?))) {
            Some((number, waiting)) => {
                let row = waiting.row(flow);
                flow.raise_with(cx, event, number, &row);
            }
            None => flow.raise(cx, event),
        }
    }

    fn log(&mut self, waiting: &Waiting) {
        let Link { cx, flow, .. } = &mut *self.link;
        let owner = Owner::next(flow.uid(), &mut self.known.rows);
        cx.bus.log(&waiting.row(flow), owner);
    }

    fn log_all(&mut self) {
        self.known.bytes = 0;
        self.known.skipped.clear();
        for waiting in std::mem::take(&mut self.known.waiting).into_values() {
            self.log(&waiting);
        }
    }

    fn take(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.known.waiting.remove(&number)?;
        self.known.bytes = self.known.bytes.saturating_sub(waiting.bytes());
        Some(waiting)
    }

    fn wait(&mut self, number: u64, waiting: Waiting) {
        self.known.bytes += waiting.bytes();
        self.known.waiting.insert(number, waiting);
        if self.known.bytes > MAX_WAITING {
            self.link.shared.of.redis.counters.pressed += self.known.waiting.len() as u64;
            self.log_all();
        }
    }

    /// What a client says of whether it wants answers.
    fn wants_answers(&mut self, command: &Command) {
        let Known { silent, command: number, .. } = &mut *self.known;
        let Some(word) = command.word(2).filter(|_| command.count == 3 && silent.len() < MAX_SILENT) else {
            return;
        };
        let is_closed = silent.last().is_none_or(|(_, end)| end.is_some());
        match word.to_ascii_lowercase().as_slice() {
            b"on" => {
                if let Some((_, end @ None)) = silent.last_mut() {
                    *end = Some(*number);
                }
            }
            b"off" if is_closed => silent.push((*number, None)),
            // This one and the next.
            b"skip" if is_closed => silent.push((*number, Some(*number + 2))),
            _ => {}
        }
    }

    /// The number of the command that is answered next.
    fn next(&mut self) -> u64 {
        let Known { silent, skipped, reply, .. } = &mut *self.known;
        let next = *reply + 1;
        let mut answered = next;
        for (begin, end) in silent.iter() {
            if let Some(end) = end.filter(|end| (*begin..*end).contains(&next)) {
                answered = end;
            }
        }
        silent.retain(|(_, end)| end.is_none_or(|end| end > answered));
        while skipped.remove(&answered) {
            answered += 1;
        }
        answered
    }

    fn answered(&mut self, reply: &Reply, success: bool) {
        let number = self.next();
        self.known.reply = number;
        let before: Vec<u64> = self.known.waiting.range(..number).map(|(number, _)| *number).collect();
        for number in before {
            if let Some(waiting) = self.take(number).filter(|waiting| waiting.name.is_some()) {
                self.log(&waiting);
            }
        }
        let ts = self.link.cx.now;
        let mut waiting = self.take(number).unwrap_or_else(|| Waiting { ts, ..Waiting::default() });
        (waiting.success, waiting.reply) = (Some(success), Some(reply.text.as_slice().into()));
        if waiting.name.is_some() {
            self.log(&waiting);
        } else {
            self.wait(number, waiting);
        }
        if self.known.command == number {
            self.known.skipped.clear();
        }
    }
}

impl redis::Handler for Hears<'_, '_, '_> {
    fn command(&mut self, command: &Command) {
        let c = Conn;
        if command.is("SET")
            && self.link.cx.bus.wants(events::Set::ID)
            && let Some(set) = events::SetCommand::of(command)
        {
            self.raise(&events::Set { c, command: set }, None);
        }
        if command.is("GET")
            && let Some(key) = command.word(1)
        {
            self.raise(&events::Get { c, key }, None);
        }
        if command.is("AUTH")
            && let Some(first) = command.word(1)
        {
            let (username, password) = match command.word(2) {
                Some(second) => (Some(first), second),
                None => (None, first),
            };
            self.raise(&events::Auth { c, command: events::AuthCommand { username, password } }, None);
        }
        if command.is("HELLO") {
            let requested_resp_version = command.word(1);
            self.known.is_resp3 |= requested_resp_version == Some(b"3");
            self.raise(&events::Hello { c, command: events::HelloCommand { requested_resp_version } }, None);
        }
        if self.known.waiting.len() > self.link.cx.config.protocols.redis.max_pending {
            self.link.weird("Redis_excessive_pipelining", "");
            self.link.shared.of.redis.counters.pressed += self.known.waiting.len() as u64;
            self.log_all();
        }
        self.known.command += 1;
        let number = self.known.command;
        if command.number().is_some() {
            if !self.known.is_resp3 {
                let subscribes = SUBSCRIBES.iter().any(|name| command.is(name));
                let since = self.known.subscribed.unwrap_or(number);
                self.known.subscribed = subscribes.then_some(since);
            }
            if self.known.subscribed.is_some() || UNANSWERED.iter().any(|name| command.is(name)) {
                self.known.skipped.insert(number);
            }
            if command.is("CLIENT") {
                self.wants_answers(command);
            }
        }
        let waiting = Waiting {
            ts: self.link.cx.now,
            name: Some(command.name().into()),
            key: command.key().map(Into::into),
            value: command.value().map(Into::into),
            ..Waiting::default()
        };
        self.wait(number, waiting);
        self.raise(&events::CommandSent { c, cmd: events::Command::of(command) }, Some(number));
    }

    fn reply(&mut self, reply: &Reply) {
        self.link.confirm();
        let (c, data) = (Conn, events::ReplyData::of(reply));
        match reply.kind {
            redis::Kind::Push => self.raise(&events::Pushed { c, data }, None),
            redis::Kind::Error => {
                self.raise(&events::Failed { c, data }, None);
                self.answered(reply, false);
            }
            redis::Kind::Reply => {
                self.raise(&events::Replied { c, data }, None);
                if reply.version == 3 {
                    (self.known.is_resp3, self.known.subscribed) = (true, None);
                }
                // Zeek takes answers of earlier commands for what happens, too.
                let next = self.known.reply + 1;
                if self.known.subscribed.is_some_and(|since| next >= since) {
                    self.raise(&events::Pushed { c, data }, None);
                } else {
                    self.answered(reply, true);
                }
            }
        }
    }

    fn cut(&mut self) {
        self.link.shared.of.redis.counters.cut += 1;
    }

    fn violation(&mut self, reason: &'static str) {
        self.known.is_broken = true;
        self.link.violation(reason, None);
    }
}
