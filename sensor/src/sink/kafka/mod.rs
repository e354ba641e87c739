//! Kafka, through librdkafka.

mod client;
mod permission;
mod routes;
mod rows;

pub use client::check;
pub use routes::Routes;

use std::collections::HashSet;
use std::ffi::CStr;
use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::producer::{Producer as _, PurgeConfig};

use crate::sink::account::Reason;
use crate::sink::kafka::client::{Connection, Settings};
use crate::sink::kafka::rows::Record;
use crate::sink::transport::{Message, Offer, Outcome, Report, Transport};
use crate::sink::{Known, config};

pub struct Kafka {
    settings: Settings,
    routes: Routes,
    sensor: String,
    main: Connection,
    /// Sends rows one by one that a broker refused together with others as too large.
    singly: Option<Connection>,
    /// The rows to be sent that way.
    alone: HashSet<u64>,
    /// Nothing is sent before this: a failure was just reported.
    pause: Option<Instant>,
    reports: Vec<(u64, Option<Code>)>,
}

/// After a failure that librdkafka gave up on, rows are not sent again at once.
const PAUSE: Duration = Duration::from_millis(500);
/// How long messages that were given up may take to come back to us.
const PURGE: Duration = Duration::from_secs(2);

impl Kafka {
    pub fn new(config: &config::Kafka, streams: &Known) -> Result<Self, String> {
        rows::prepare_memory();
        let settings = Settings::new(config)?;
        let main = settings.connect()?;
        Ok(Kafka {
            settings,
            routes: Routes::new(config, streams)?,
            sensor: config.rows.sensor(),
            main,
            singly: None,
            alone: HashSet::new(),
            pause: None,
            reports: Vec::new(),
        })
    }

    /// A row carries beside its value who made it, what it is, and its identity.
    fn send(&mut self, message: &Message<'_>) -> Result<(), Code> {
        let row = &message.row;
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
        let record = Record { topic, key: row.key, value: row.value, headers, pos: message.pos };
        match &mut self.singly {
            Some(singly) if self.alone.contains(&message.pos) => singly.send(&record),
            _ => self.main.send(&record),
        }
    }

    /// What became of a row, as reported by the connection that sends singly or by the other.
    fn outcome(&mut self, pos: u64, error: Option<Code>, singly: bool) -> Outcome {
        let Some(code) = error else {
            self.alone.remove(&pos);
            return Outcome::Acked;
        };
        match refusal(code) {
            // A broker refuses a batch as a whole, though only one row in it may be too large, or
            // none: Kafka's own client splits such batches, librdkafka does not.
            Some(Reason::TooLarge) if !singly => {
                self.alone.insert(pos);
                Outcome::Failed
            }
            Some(reason) => {
                self.alone.remove(&pos);
                Outcome::Refused(reason)
            }
            None => {
                if !matches!(code, Code::PurgeQueue | Code::PurgeInflight) {
                    self.pause = Some(Instant::now() + PAUSE);
                }
                Outcome::Failed
            }
        }
    }

    fn take_reports(&mut self, singly: bool, wait: Duration, reports: &mut Vec<Report>) {
        let connection = if singly { self.singly.as_ref() } else { Some(&self.main) };
        let Some(connection) = connection else { return };
        let mut raw = std::mem::take(&mut self.reports);
        connection.poll(wait, &mut raw);
        for (pos, error) in raw.drain(..) {
            let outcome = self.outcome(pos, error, singly);
            reports.push(Report { pos, outcome });
        }
        self.reports = raw;
        if !self.alone.is_empty() && self.singly.is_none() {
            self.singly = self.settings.connect_singly().ok();
        }
    }

    /// An idempotent producer that found its sequence broken sends nothing any more. A new one
    /// takes over what it had.
    fn replace_if_broken(&mut self, reports: &mut Vec<Report>) {
        if self.main.producer.client().fatal_error().is_none() {
            return;
        }
        self.give_up(false, reports);
        match self.settings.connect() {
            Ok(connection) => self.main = connection,
            Err(error) => self.main.told(error),
        }
        self.pause = Some(Instant::now() + PAUSE);
    }

    fn give_up(&mut self, singly: bool, reports: &mut Vec<Report>) {
        let connection = if singly { self.singly.as_ref() } else { Some(&self.main) };
        let Some(connection) = connection else { return };
        connection.producer.purge(PurgeConfig::default().queue().inflight());
        let mut in_flight = connection.producer.in_flight_count();
        let until = Instant::now() + PURGE;
        while in_flight > 0 && Instant::now() < until {
            self.take_reports(singly, Duration::from_millis(5), reports);
            let connection = if singly { self.singly.as_ref() } else { Some(&self.main) };
            in_flight = connection.map_or(0, |connection| connection.producer.in_flight_count());
        }
    }
}

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

/// Why a row will never be taken; `None` where it may be later.
fn refusal(code: Code) -> Option<Reason> {
    match code {
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge => Some(Reason::TooLarge),
        Code::TopicAuthorizationFailed => Some(Reason::NotAuthorised),
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::InvalidTopic | Code::UnknownPartition => {
            Some(Reason::UnknownTopic)
        }
        Code::InvalidRecord | Code::PolicyViolation | Code::InvalidMessage => Some(Reason::Refused),
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
            Ok(()) => Offer::Taken,
            Err(Code::QueueFull) => Offer::Full,
            Err(code) => match refusal(code) {
                Some(reason) => Offer::Refused(reason),
                None => {
                    self.main.told(code.to_string());
                    self.pause = Some(Instant::now() + PAUSE);
                    Offer::Full
                }
            },
        }
    }

    fn poll(&mut self, wait: Duration, reports: &mut Vec<Report>) {
        self.take_reports(false, wait, reports);
        self.take_reports(true, Duration::ZERO, reports);
        self.replace_if_broken(reports);
    }

    fn abandon(&mut self, reports: &mut Vec<Report>) {
        self.give_up(false, reports);
        self.give_up(true, reports);
    }

    fn trouble(&mut self) -> Option<String> {
        self.main.trouble()
    }
}
