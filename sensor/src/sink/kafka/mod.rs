//! Kafka, through librdkafka.

mod client;
mod routes;

pub use client::check;
pub use routes::Routes;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, PurgeConfig};

use crate::export::schema_version;
use crate::record::Schema;
use crate::sink::account::Reason;
use crate::sink::config;
use crate::sink::kafka::client::{Connection, Settings};
use crate::sink::transport::{Message, Offer, Outcome, Report, Transport};

pub struct Kafka {
    settings: Settings,
    routes: Routes,
    sensor: String,
    /// A stream's schema version, for the header.
    versions: HashMap<&'static str, String>,
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
/// Reports are taken in so many portions at a time.
const PORTIONS: usize = 64;

impl Kafka {
    pub fn new(config: &config::Kafka, streams: &[&'static Schema]) -> Result<Self, String> {
        let settings = Settings::new(config)?;
        let main = settings.connect()?;
        Ok(Kafka {
            settings,
            routes: Routes::new(config, streams)?,
            sensor: config.rows.sensor(),
            versions: streams.iter().map(|schema| (schema.path, schema_version(schema))).collect(),
            main,
            singly: None,
            alone: HashSet::new(),
            pause: None,
            reports: Vec::new(),
        })
    }

    /// What a row carries beside its value: who made it, what it is, and its identity.
    fn headers(&self, message: &Message<'_>) -> OwnedHeaders {
        use std::io::Write;
        let mut id = [0; 40];
        let mut rest = &mut id[..];
        // 16 hexadecimal digits, a dash and at most 20 decimal ones.
        let _ = write!(rest, "{:016x}-{}", message.run, message.seq);
        let unused = rest.len();
        let id = &id[..id.len() - unused];
        let header = |key, value| Header { key, value: Some(value) };
        let headers = OwnedHeaders::new_with_capacity(4)
            .insert(header("stream", message.row.stream.as_bytes()))
            .insert(header("sensor", self.sensor.as_bytes()));
        let headers = match self.versions.get(message.row.stream) {
            Some(version) => headers.insert(header("schema", version.as_bytes())),
            None => headers,
        };
        headers.insert(header("id", id))
    }

    fn send(&mut self, message: &Message<'_>) -> Result<(), KafkaError> {
        self.routes.meet(message.row.stream);
        let headers = self.headers(message);
        let connection = match &self.singly {
            Some(singly) if self.alone.contains(&message.pos) => singly,
            _ => &self.main,
        };
        let topic = self.routes.topic(&message.row);
        let mut record = BaseRecord::with_opaque_to(topic, message.pos as usize)
            .payload(message.row.value)
            .headers(headers);
        if !message.row.key.is_empty() {
            record = record.key(message.row.key);
        }
        connection.producer.send(record).map_err(|(error, _)| error)
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

    fn take_reports(&mut self, singly: bool, reports: &mut Vec<Report>) {
        let connection = if singly { self.singly.as_ref() } else { Some(&self.main) };
        let Some(connection) = connection else { return };
        let mut raw = std::mem::take(&mut self.reports);
        connection.take(&mut raw);
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
        let until = Instant::now() + PURGE;
        while connection.producer.in_flight_count() > 0 && Instant::now() < until {
            connection.producer.poll(Duration::from_millis(5));
        }
        self.take_reports(singly, reports);
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
            Err(KafkaError::MessageProduction(Code::QueueFull)) => Offer::Full,
            Err(KafkaError::MessageProduction(code)) => match refusal(code) {
                Some(reason) => Offer::Refused(reason),
                None => {
                    self.main.told(code.to_string());
                    self.pause = Some(Instant::now() + PAUSE);
                    Offer::Full
                }
            },
            // A topic's name with a zero in it; routes are checked at start.
            Err(_) => Offer::Refused(Reason::UnknownTopic),
        }
    }

    fn poll(&mut self, wait: Duration, reports: &mut Vec<Report>) {
        self.main.producer.poll(wait);
        self.take_reports(false, reports);
        // Each call takes one portion; while there are any, there may be more.
        let mut seen = 0;
        for _ in 0..PORTIONS {
            if reports.len() == seen {
                break;
            }
            seen = reports.len();
            self.main.producer.poll(Duration::ZERO);
            self.take_reports(false, reports);
        }
        if let Some(singly) = &self.singly {
            singly.producer.poll(Duration::ZERO);
            self.take_reports(true, reports);
        }
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
