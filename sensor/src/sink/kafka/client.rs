//! librdkafka: its settings, a connection, and finding out what is wrong with it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::DeliveryResult;
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, NoCustomPartitioner, Producer as _, ProducerContext};

use crate::sink::kafka::refusal;
use crate::sink::kafka::rows::{Record, Rows};
use crate::sink::{Mistake, config};

/// What differs from librdkafka's own defaults. A configuration overrides each of them.
const DEFAULTS: &[(&str, &str)] = &[
    // Every row once and in order within its partition, whatever is sent again on the way.
    ("enable.idempotence", "true"),
    ("acks", "all"),
    // A row that is refused stops those behind it, until it is known what becomes of it: else they would pass it.
    ("enable.gapless.guarantee", "true"),
    // With several under way librdkafka looks at each row again and again while a broker does not answer: half a
    // core, where this takes none. It bounds what goes to a broker far away (docs/export.md has figures).
    ("max.in.flight.requests.per.connection", "1"),
    // A topic that is not there is told of soon; its rows wait for it, however long that takes.
    ("topic.metadata.propagation.max.ms", "3000"),
    ("compression.type", "lz4"),
    // Rows do not time out inside librdkafka: they wait for the brokers, and beyond its queue on disk.
    ("message.timeout.ms", "0"),
    ("linger.ms", "10"),
    // The ceiling on memory inside librdkafka. More rows on their way would no longer fit the processor's cache,
    // where each costs half as much.
    ("queue.buffering.max.messages", "10000"),
    ("queue.buffering.max.kbytes", "65536"),
    ("batch.size", "262144"),
    // A key's partition is that which Kafka's own client would choose.
    ("partitioner", "murmur2_random"),
    ("reconnect.backoff.max.ms", "5000"),
    ("client.software.name", "nightjar"),
];

#[derive(Clone, Debug)]
pub(super) struct Settings(ClientConfig);

impl Settings {
    pub fn new(config: &config::Kafka) -> Result<Settings, Vec<Mistake>> {
        let mut wrong = Vec::new();
        let mut client = ClientConfig::new();
        for (name, value) in DEFAULTS {
            client.set(*name, *value);
        }
        client.set("client.id", format!("nightjar-{}", config.rows.sensor()));
        for (name, value) in &config.client {
            // librdkafka has two names for it.
            if IN_FLIGHT.contains(&&name[..]) {
                client.remove(IN_FLIGHT[0]);
            }
            client.set(name, &value.0);
        }
        keep_in_order(config, &mut client);
        if !config.client.contains_key("bootstrap.servers")
            && !config.client.contains_key("metadata.broker.list")
        {
            wrong.push(Mistake::at(&[], "[kafka.client] has no \"bootstrap.servers\"".to_owned()));
        }
        client.set_log_level(RDKafkaLogLevel::Info);
        // librdkafka tells of one thing at a time.
        while let Err(error) = client.create_native_config() {
            let what = wrong_setting(&error);
            match &error {
                KafkaError::ClientConfig(_, _, name, _) if client.get(name).is_some() => {
                    wrong.push(Mistake::at(&[name], what));
                    client.remove(name);
                }
                _ => {
                    wrong.push(Mistake::at(&[], what));
                    break;
                }
            }
        }
        if wrong.is_empty() { Ok(Settings(client)) } else { Err(wrong) }
    }

    pub fn connect(&self) -> Result<Connection, String> {
        let producer: BaseProducer<Context> =
            self.0.create_with_context(Context::default()).map_err(|error| wrong_setting(&error))?;
        let rows = Rows::new(producer).ok_or("librdkafka has no queue of events")?;
        Ok(Connection { rows })
    }

    /// The same, which believes any name in a broker's certificate. For finding out that this is what is wrong.
    pub fn of_any_name(&self) -> Settings {
        let mut client = self.0.clone();
        client.set("ssl.endpoint.identification.algorithm", "none");
        Settings(client)
    }

    /// Whether brokers make topics that they are asked for; `None` where they do not say.
    pub fn topics_are_made(&self, broker: i32) -> Option<bool> {
        const NAME: &str = "auto.create.topics.enable";
        if self.0.get("allow.auto.create.topics") == Some("false") {
            return Some(false);
        }
        let admin: AdminClient<_> = self.0.create().ok()?;
        let options = AdminOptions::new().request_timeout(Some(ATTEMPT * 5));
        let broker = ResourceSpecifier::Broker(broker);
        let asked = admin.describe_configs([&broker], &options);
        let answers = waited(asked, PATIENCE)?.ok()?;
        let settings = answers.into_iter().next()?.ok()?;
        settings.get(NAME)?.value.as_deref().map(|value| value == "true")
    }

    /// A connection on which every row is a request of its own.
    pub fn connect_singly(&self) -> Result<Connection, String> {
        let mut singly = self.0.clone();
        singly.set("batch.num.messages", "1").set("linger.ms", "0");
        // A row that is refused would make it unusable, and every second row of these may be.
        singly.set("enable.idempotence", "false").set("enable.gapless.guarantee", "false");
        Settings(singly).connect()
    }
}

/// Draws the conclusions from what gives up order.
fn keep_in_order(config: &config::Kafka, client: &mut ClientConfig) {
    if !is_idempotent(config) {
        client.set("enable.gapless.guarantee", "false");
    }
}

fn is_idempotent(config: &config::Kafka) -> bool {
    let setting = config.client.get("enable.idempotence");
    setting.is_none_or(|setting| matches!(&setting.0.to_ascii_lowercase()[..], "true" | "1" | "t" | "yes"))
}

const IN_FLIGHT: [&str; 2] = ["max.in.flight.requests.per.connection", "max.in.flight"];

/// What settings of librdkafka cost, in sentences for the operator.
pub(super) fn given_up(config: &config::Kafka) -> Vec<String> {
    let mut given_up = Vec::new();
    let acks = config.client.get("acks").or_else(|| config.client.get("request.required.acks"));
    if acks.is_some_and(|acks| acks.0.trim() == "1") {
        given_up.push("with acks = 1 rows are lost that only a broker had which fails".to_owned());
    }
    if !is_idempotent(config) {
        given_up.push("without enable.idempotence rows that are sent again may arrive twice".to_owned());
        let several = |name: &&str| config.client.get(*name).is_some_and(|value| value.0.trim() != "1");
        if let Some(name) = IN_FLIGHT.iter().find(|name| several(name)) {
            given_up.push(format!("with {name} above 1 rows of a key may arrive out of order"));
        }
    }
    given_up
}

fn wrong_setting(error: &KafkaError) -> String {
    match error {
        // What a name that is not known stands for may be a secret, misspelt.
        KafkaError::ClientConfig(_, reason, name, value) => {
            let shown = !reason.contains("No such configuration property") && !is_secret(name);
            let value = if shown { format!(" = \"{value}\"") } else { String::new() };
            let reason =
                if shown || value.is_empty() && !is_secret(name) { &reason[..] } else { "it cannot be used" };
            format!("[kafka.client] \"{name}\"{value}: {reason}")
        }
        KafkaError::ClientCreation(reason) => format!("[kafka.client]: {reason}"),
        error => error.to_string(),
    }
}

fn is_secret(name: &str) -> bool {
    ["password", "passphrase", "secret", "token", "jaas", "oauthbearer", ".pem", "key"]
        .iter()
        .any(|part| name.contains(part))
}

pub(super) struct Connection {
    rows: Rows,
}

/// Takes what librdkafka reports.
#[derive(Default)]
pub(super) struct Context {
    incident: Mutex<Option<String>>,
    /// Why a broker hung up, which is trouble only if none is left.
    hint: Mutex<Option<String>>,
}

impl Connection {
    pub fn producer(&self) -> &BaseProducer<Context> {
        self.rows.producer()
    }

    pub fn send(&mut self, record: &Record<'_>) -> Result<(), Code> {
        self.rows.send(record)
    }

    /// Asks the brokers about a topic anew: librdkafka would do so only after minutes.
    pub fn look_again(&mut self, topic: &str) {
        self.rows.forget(topic);
        // What is asked for is kept, however late it comes.
        let _ = self.producer().client().fetch_metadata(Some(topic), LOOK);
    }

    /// Takes the reports that came, and waits for some, but not longer than `wait`.
    pub fn poll(&self, wait: Duration, reports: &mut Vec<(u64, Option<Code>)>) {
        self.rows.poll(wait, reports);
        // What a broker refuses, it has answered.
        if reports.iter().any(|(_, error)| error.is_none_or(|code| refusal(code).is_some())) {
            *lock(&self.producer().context().incident) = None;
        }
    }

    /// What the brokers say of themselves, or why they do not.
    pub(super) fn metadata(&self) -> Result<Metadata, String> {
        let started = Instant::now();
        loop {
            let error = match self.producer().client().fetch_metadata(None, ATTEMPT) {
                Ok(metadata) => return Ok(metadata),
                Err(error) => error,
            };
            self.poll(Duration::from_millis(50), &mut Vec::new());
            let incident = self.incident();
            let patience = if incident.is_some() { PATIENCE_AFTER_ERROR } else { PATIENCE };
            if started.elapsed() >= patience {
                return Err(incident.unwrap_or_else(|| error.to_string()));
            }
        }
    }

    pub fn incident(&self) -> Option<String> {
        lock(&self.producer().context().incident).clone()
    }

    pub fn note_incident(&self, incident: String) {
        *lock(&self.producer().context().incident) = Some(incident);
    }
}

/// What is behind these locks is whole whenever they are let go.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "FAIL" {
            let kept =
                if level as i32 <= RDKafkaLogLevel::Error as i32 { &self.incident } else { &self.hint };
            *lock(kept) = Some(sentence(message));
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let mut incident = lock(&self.incident);
        if error.rdkafka_error_code() != Some(Code::AllBrokersDown) {
            *incident = Some(sentence(reason));
        } else if incident.is_none() {
            // That is known; why, is what was said before.
            *incident = Some(lock(&self.hint).take().unwrap_or_else(|| sentence(reason)));
        }
    }
}

/// A message without librdkafka's thread before it and its state after it.
fn sentence(message: &str) -> String {
    let message =
        message.strip_prefix("[thrd:").and_then(|rest| Some(rest.split_once("]: ")?.1)).unwrap_or(message);
    let message = message.split_once(" (after ").map_or(message, |(reason, _)| reason);
    // What librdkafka makes of a broker that takes connections and does not answer.
    if let Some((broker, _)) = message.split_once(": ApiVersionRequest failed") {
        return format!("{broker} accepts connections and does not answer");
    }
    // Brokers that old are not what it is.
    let message = [" or broker version", ": might be caused by broker version"]
        .iter()
        .find_map(|guess| Some(message.split_once(guess)?.0))
        .unwrap_or(message);
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl ProducerContext<NoCustomPartitioner> for Context {
    type DeliveryOpaque = usize;

    /// Reports are taken from librdkafka's queue, by [`Rows::poll`].
    fn delivery(&self, _: &DeliveryResult<'_>, _: usize) {}
}

/// How long brokers may take to answer a check …
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// … and when something is known to be wrong, which another of them may make good.
const PATIENCE_AFTER_ERROR: Duration = Duration::from_secs(3);
const ATTEMPT: Duration = Duration::from_secs(1);
/// How long the answer about a single topic is waited for.
const LOOK: Duration = Duration::from_millis(200);

/// A future's result, looked for now and then for so long.
pub fn waited<F: Future>(future: F, patience: Duration) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let started = Instant::now();
    while started.elapsed() < patience {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}
