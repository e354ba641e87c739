//! librdkafka: its settings, a connection, and finding out what is wrong with it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, NoCustomPartitioner, Producer as _, ProducerContext};

use crate::record::Schema;
use crate::sink::config;
use crate::sink::kafka::Routes;

/// What differs from librdkafka's own defaults. A configuration overrides each of them.
const DEFAULTS: &[(&str, &str)] = &[
    // Every row once and in order within its partition, whatever is sent again on the way.
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("compression.type", "lz4"),
    // Rows do not time out inside librdkafka: they wait for the brokers, and beyond its queue on disk.
    ("message.timeout.ms", "0"),
    ("linger.ms", "20"),
    // The ceiling on memory inside librdkafka.
    ("queue.buffering.max.messages", "100000"),
    ("queue.buffering.max.kbytes", "65536"),
    // A key's partition is that which Kafka's own client would choose.
    ("partitioner", "murmur2_random"),
    ("reconnect.backoff.max.ms", "5000"),
    ("client.software.name", "nightjar"),
];

#[derive(Clone, Debug)]
pub(super) struct Settings(ClientConfig);

impl Settings {
    pub fn new(config: &config::Kafka) -> Result<Settings, String> {
        let mut client = ClientConfig::new();
        for (name, value) in DEFAULTS {
            client.set(*name, *value);
        }
        client.set("client.id", format!("nightjar-{}", config.rows.sensor()));
        for (name, value) in &config.client {
            client.set(name, &value.0);
        }
        if !config.client.contains_key("bootstrap.servers")
            && !config.client.contains_key("metadata.broker.list")
        {
            return Err("[kafka.client] has no \"bootstrap.servers\"".to_owned());
        }
        client.set_log_level(RDKafkaLogLevel::Emerg);
        client.create_native_config().map_err(|error| wrong_setting(&error))?;
        Ok(Settings(client))
    }

    pub fn connect(&self) -> Result<Connection, String> {
        let producer = self.0.create_with_context(Context::default());
        Ok(Connection { producer: producer.map_err(|error| wrong_setting(&error))? })
    }

    /// A connection on which every row is a request of its own.
    pub fn connect_singly(&self) -> Result<Connection, String> {
        let mut singly = self.0.clone();
        singly.set("batch.num.messages", "1").set("linger.ms", "0");
        Settings(singly).connect()
    }
}

fn wrong_setting(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, reason, _, _) => format!("[kafka.client]: {reason}"),
        KafkaError::ClientCreation(reason) => format!("[kafka.client]: {reason}"),
        error => error.to_string(),
    }
}

pub(super) struct Connection {
    pub producer: BaseProducer<Context>,
}

/// Takes what librdkafka reports.
#[derive(Default)]
pub(super) struct Context {
    reports: Mutex<Vec<(u64, Option<Code>)>>,
    trouble: Mutex<Option<String>>,
}

impl Connection {
    /// Takes the reports that came.
    pub fn take(&self, reports: &mut Vec<(u64, Option<Code>)>) {
        let context = self.producer.context();
        std::mem::swap(reports, &mut lock(&context.reports));
        if reports.iter().any(|(_, error)| error.is_none()) {
            *lock(&context.trouble) = None;
        }
    }

    pub fn trouble(&self) -> Option<String> {
        lock(&self.producer.context().trouble).clone()
    }

    pub fn told(&self, trouble: String) {
        *lock(&self.producer.context().trouble) = Some(trouble);
    }
}

/// What is behind these locks is whole whenever they are let go.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for Context {
    /// Problems come as errors too.
    fn log(&self, _level: RDKafkaLogLevel, _facility: &str, _message: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let mut trouble = lock(&self.trouble);
        // That all are down follows the reason why.
        let follows = error.rdkafka_error_code() == Some(Code::AllBrokersDown) && trouble.is_some();
        if !follows {
            *trouble = Some(reason.to_owned());
        }
    }
}

impl ProducerContext<NoCustomPartitioner> for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, pos: usize) {
        let error = result.as_ref().err().map(|(error, _)| error);
        let code = error.map(|error| error.rdkafka_error_code().unwrap_or(Code::Fail));
        lock(&self.reports).push((pos as u64, code));
    }
}

/// How long brokers may take to answer a check.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the brokers for the topics that rows would go to. Says what there is, or in one sentence
/// what is wrong.
pub fn check(config: &config::Kafka, streams: &[&'static Schema]) -> Result<String, String> {
    let export = config.rows.export(config.key.into(), streams)?;
    let routes = Routes::new(config, streams)?;
    let connection = Settings::new(config)?.connect()?;
    let servers = config.client.get("bootstrap.servers").map_or("the brokers", |servers| &servers.0);
    let metadata = connection.producer.client().fetch_metadata(None, PATIENCE).map_err(|error| {
        connection.producer.poll(Duration::from_millis(100));
        let why = connection.trouble().unwrap_or_else(|| error.to_string());
        format!("cannot talk to {servers}: {why}")
    })?;
    let brokers = metadata.brokers().len();
    let topics = routes.all(&export.streams);
    let missing: Vec<&str> = topics
        .iter()
        .copied()
        .filter(|name| {
            !metadata.topics().iter().any(|topic| topic.name() == *name && topic.error().is_none())
        })
        .collect();
    if missing.is_empty() {
        return Ok(format!("{brokers} broker(s), {} topic(s) at {servers}", topics.len()));
    }
    Err(format!("{servers} has no topic {}, or these credentials may not see it", missing.join(", nor "),))
}
