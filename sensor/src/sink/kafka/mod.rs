//! Kafka, through librdkafka.

mod check;
mod client;
mod permission;
mod routes;
mod rows;

pub use check::check;
pub use client::waited;
pub use routes::Routes;

use std::ffi::CStr;
use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::producer::{Producer as _, PurgeConfig};

use crate::export::ExportRow;
use crate::sink::account::Reason;
use crate::sink::kafka::client::{Connection, Settings};
use crate::sink::kafka::rows::Record;
use crate::sink::queue::Mode;
use crate::sink::transport::{Message, Offer, Outcome, Report, Transport, Via};
use crate::sink::{Known, config, first};

pub struct Kafka {
    settings: Settings,
    routes: Routes,
    sensor: String,
    /// Records have the time of their rows.
    own_time: bool,
    main: Connection,
    /// Rows for topics that were refused, which must not hold up the others, …
    apart: Option<Connection>,
    /// … and those that go one by one: brokers refused them together with others as too large.
    singly: Option<Connection>,
    /// Nothing is sent before this: a failure was just reported.
    pause: Option<Instant>,
    /// How long the next pause is.
    backoff: Duration,
    reports: Vec<(u64, Option<Code>)>,
}

/// After a failure that librdkafka gave up on, rows are not sent again at once.
const MIN_PAUSE: Duration = Duration::from_millis(500);
const MAX_PAUSE: Duration = Duration::from_secs(15);
/// How long messages that were given up may take to come back to us.
const PURGE: Duration = Duration::from_secs(2);

impl Kafka {
    pub fn new(config: &config::Kafka, streams: &Known, mode: Mode, tell: fn(&str)) -> Result<Self, String> {
        rows::prepare_memory();
        client::given_up(config).iter().for_each(|sentence| tell(&format!("kafka: {sentence}")));
        let settings = Settings::new(config).map_err(first)?;
        let main = settings.connect()?;
        Ok(Kafka {
            settings,
            routes: Routes::new(config, streams).map_err(first)?,
            sensor: config.rows.sensor(),
            // Records as old as a capture would be gone with the next cleaning of the topic.
            own_time: match (config.timestamp, mode) {
                (Some(timestamp), _) => timestamp == config::Timestamp::Row,
                (None, Mode::Drop) => true,
                (None, Mode::Wait) => false,
            },
            main,
            apart: None,
            singly: None,
            pause: None,
            backoff: MIN_PAUSE,
            reports: Vec::new(),
        })
    }

    /// The connection that rows go by, made when it is first needed.
    fn connection(&mut self, via: Via) -> Result<&mut Connection, Code> {
        let slot = match via {
            Via::Main => return Ok(&mut self.main),
            Via::Apart => &mut self.apart,
            Via::Singly => &mut self.singly,
        };
        if slot.is_none() {
            let made =
                if via == Via::Singly { self.settings.connect_singly() } else { self.settings.connect() };
            *slot = Some(made.map_err(|_| Code::Fail)?);
        }
        slot.as_mut().ok_or(Code::Fail)
    }

    fn open(&mut self, via: Via) -> Option<&mut Connection> {
        match via {
            Via::Main => Some(&mut self.main),
            Via::Apart => self.apart.as_mut(),
            Via::Singly => self.singly.as_mut(),
        }
    }

    /// A row carries beside its value who made it, what it is, and its identity.
    fn send(&mut self, message: &Message<'_>) -> Result<(), Code> {
        let row = &message.row;
        self.connection(message.via)?;
        self.routes.meet(row.stream);
        let (id, mut version) = (Id::new(message), [0; 8]);
        hexadecimal(row.version.into(), &mut version);
        let headers: &[(&CStr, &[u8])] = &[
            (c"stream", row.stream.as_bytes()),
            (c"sensor", self.sensor.as_bytes()),
            (c"schema", &version),
            (c"id", id.text()),
        ];
        let topic = self.routes.topic(row);
        let timestamp = if self.own_time { row.own.nanos() / 1_000_000 } else { 0 };
        let record = Record { topic, key: row.key, value: row.value, headers, timestamp, pos: message.pos };
        match message.via {
            Via::Main => self.main.send(&record),
            Via::Apart => self.apart.as_mut().map_or(Err(Code::Fail), |apart| apart.send(&record)),
            Via::Singly => self.singly.as_mut().map_or(Err(Code::Fail), |singly| singly.send(&record)),
        }
    }

    /// What became of a row, as reported by a connection.
    fn outcome(&mut self, error: Option<Code>, via: Via) -> Outcome {
        let Some(code) = error else {
            self.backoff = MIN_PAUSE;
            return Outcome::Acked;
        };
        match code {
            // A broker refuses a batch as a whole, though only one row in it may be to blame, or
            // none: Kafka's own client splits such batches, librdkafka does not.
            Code::MessageSizeTooLarge | Code::MessageBatchTooLarge if via == Via::Singly => {
                Outcome::Never(Reason::TooLarge)
            }
            Code::InvalidRecord | Code::PolicyViolation | Code::InvalidMessage | Code::InvalidTimestamp
                if via == Via::Singly =>
            {
                Outcome::Never(Reason::Refused)
            }
            Code::MessageSizeTooLarge
            | Code::MessageBatchTooLarge
            | Code::InvalidRecord
            | Code::PolicyViolation
            | Code::InvalidMessage
            | Code::InvalidTimestamp => Outcome::Crowded,
            Code::PurgeQueue => Outcome::Unsent,
            Code::PurgeInflight => Outcome::Failed,
            code => match refusal(code) {
                Some(reason) => Outcome::Refused(reason),
                None => {
                    self.wait_a_while();
                    Outcome::Failed
                }
            },
        }
    }

    fn wait_a_while(&mut self) {
        if self.pause.is_none_or(|until| until <= Instant::now()) {
            self.pause = Some(Instant::now() + self.backoff);
            self.backoff = (self.backoff * 2).min(MAX_PAUSE);
        }
    }

    fn take_reports(&mut self, via: Via, wait: Duration, reports: &mut Vec<Report>) {
        let mut raw = std::mem::take(&mut self.reports);
        if let Some(connection) = self.open(via) {
            connection.poll(wait, &mut raw);
        }
        for (pos, error) in raw.drain(..) {
            let outcome = self.outcome(error, via);
            reports.push(Report { pos, outcome });
        }
        self.reports = raw;
    }

    /// An idempotent producer that could not keep the order of its rows any more sends nothing from then on: one
    /// was refused, or its sequence is broken. A new one takes over what it had.
    fn replace_if_broken(&mut self, via: Via, reports: &mut Vec<Report>) {
        let fatal = self.open(via).and_then(|connection| connection.producer().client().fatal_error());
        let Some((code, why)) = fatal else { return };
        // What is under way may still be acknowledged, and need not be sent twice then.
        self.give_up(via, PurgeConfig::default().queue(), reports);
        self.give_up(via, PurgeConfig::default().queue().inflight(), reports);
        if via != Via::Main {
            // The next row makes another.
            match via {
                Via::Apart => self.apart = None,
                _ => self.singly = None,
            }
        } else {
            match self.settings.connect() {
                Ok(connection) => self.main = connection,
                Err(error) => self.main.note_incident(error),
            }
        }
        if code != Code::GaplessGuarantee {
            self.main.note_incident(why);
            self.wait_a_while();
        }
    }

    fn give_up(&mut self, via: Via, what: PurgeConfig, reports: &mut Vec<Report>) {
        let Some(connection) = self.open(via) else { return };
        connection.producer().purge(what);
        let mut in_flight = connection.producer().in_flight_count();
        let until = Instant::now() + PURGE;
        while in_flight > 0 && Instant::now() < until {
            self.take_reports(via, Duration::from_millis(5), reports);
            in_flight = self.open(via).map_or(0, |connection| connection.producer().in_flight_count());
        }
    }
}

/// All ways that rows go.
const WAYS: [Via; 3] = [Via::Main, Via::Apart, Via::Singly];

/// `RUN-NUMBER`, which tells a row from all others.
struct Id {
    text: [u8; 40],
    length: usize,
}

impl Id {
    fn new(message: &Message<'_>) -> Id {
        let mut text = [b'-'; 40];
        hexadecimal(message.run, &mut text[..16]);
        let mut number = itoa::Buffer::new();
        let number = number.format(message.seq).as_bytes();
        let length = 17 + number.len();
        text[17..length].copy_from_slice(number);
        Id { text, length }
    }

    fn text(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// Writes the last digits of a number, as many as there is room for.
fn hexadecimal(number: u64, out: &mut [u8]) {
    for (place, digit) in out.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * place) & 15) as usize];
    }
}

/// Why a topic takes no rows, which somebody may mend.
fn refusal(code: Code) -> Option<Reason> {
    match code {
        Code::TopicAuthorizationFailed => Some(Reason::NotAuthorised),
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::InvalidTopic | Code::UnknownPartition => {
            Some(Reason::UnknownTopic)
        }
        _ => None,
    }
}

impl Transport for Kafka {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        if self.pause.is_some_and(|until| Instant::now() < until) {
            return Offer::Full;
        }
        self.pause = None;
        match self.send(message) {
            Ok(()) => Offer::Accepted,
            Err(Code::QueueFull | Code::Fatal) => Offer::Full,
            // librdkafka's own limit, message.max.bytes.
            Err(Code::MessageSizeTooLarge) => Offer::Reported(Outcome::Never(Reason::TooLarge)),
            Err(code) => match refusal(code) {
                Some(reason) => Offer::Reported(Outcome::Refused(reason)),
                None => {
                    self.main.note_incident(code.to_string());
                    self.wait_a_while();
                    Offer::Full
                }
            },
        }
    }

    fn poll(&mut self, wait: Duration, reports: &mut Vec<Report>) {
        self.take_reports(Via::Main, wait, reports);
        self.take_reports(Via::Apart, Duration::ZERO, reports);
        self.take_reports(Via::Singly, Duration::ZERO, reports);
        WAYS.into_iter().for_each(|via| self.replace_if_broken(via, reports));
    }

    fn abandon(&mut self, reports: &mut Vec<Report>) {
        for via in WAYS {
            self.give_up(via, PurgeConfig::default().queue().inflight(), reports);
        }
    }

    fn destination(&mut self, row: &ExportRow<'_>, into: &mut String) {
        self.routes.meet(row.stream);
        into.push_str(self.routes.topic(row));
    }

    fn ask_again(&mut self, topic: &str) {
        for via in WAYS {
            if let Some(connection) = self.open(via) {
                connection.look_again(topic);
            }
        }
    }

    fn incident(&mut self) -> Option<String> {
        self.main.incident()
    }
}
