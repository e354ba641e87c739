//! An aggregator's connections to Kafka: its place in the group, its transactions, and what was kept of a partition.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Headers, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use siphasher::sip::SipHasher13;

use crate::aggregate::STREAM;
use crate::aggregate::keeping::{Kept, Restored, State};
use crate::sink::{Aggregate, waited};

/// Why counting cannot go on, for now.
#[derive(Debug)]
pub struct Trouble(pub String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<KafkaError> for Trouble {
    fn from(error: KafkaError) -> Trouble {
        Trouble(error.to_string())
    }
}

/// How long brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A transaction that its owner does not end in so long is ended by the brokers; a successor waits for that.
const TRANSACTION: Duration = Duration::from_secs(10);
/// An owner that is not heard for so long loses its partitions: the least that brokers allow by default.
const SESSION: Duration = Duration::from_secs(6);
const POLL: Duration = Duration::from_millis(50);

/// What the group has decided, for whoever polls to carry out.
#[derive(Debug)]
pub(super) enum Change {
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
}

#[derive(Default)]
pub(super) struct Context {
    changes: Mutex<Vec<Change>>,
    /// Nobody carries changes out any more.
    leaving: AtomicBool,
}

impl ClientContext for Context {}

impl ConsumerContext for Context {
    /// Partitions are taken and given up outside of this call: there is something to be done before.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        error: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let assigned = error == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.leaving.load(Ordering::Relaxed) {
            // What is assigned is given back with the rest.
            let done = if assigned {
                consumer.incremental_assign(partitions)
            } else {
                consumer.incremental_unassign(partitions)
            };
            return done.unwrap_or_default();
        }
        let partitions = partitions.elements().iter().map(|element| element.partition()).collect();
        let change = if assigned { Change::Assigned(partitions) } else { Change::Revoked(partitions) };
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }
}

pub(super) struct Group {
    topic: String,
    state: String,
    rows: String,
    up: Option<String>,
    /// Tells what this group reports from what others do.
    run: u64,
    consumer: BaseConsumer<Context>,
    producer: BaseProducer,
    /// Sees what is committed only, and all that was written.
    committed: BaseConsumer,
    all: BaseConsumer,
}

/// The settings of a connection.
fn client(settings: &Aggregate, more: &[(&str, &str)]) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("client.id", format!("nightjar-{}", settings.sensor()));
    client.set("client.software.name", "nightjar");
    for (name, value) in more {
        client.set(*name, *value);
    }
    for (name, value) in &settings.client {
        client.set(name, &value.0);
    }
    client
}

impl Group {
    /// Connects, makes the topics that are not there, and joins the group.
    pub fn join(settings: &Aggregate) -> Result<Group, Trouble> {
        let (topic, state, rows) = (settings.topic.clone(), settings.state_topic(), settings.rows_topic());
        make_topics(settings)?;
        let group = &settings.group[..];
        let session = SESSION.as_millis().to_string();
        let reading = [("enable.auto.commit", "false"), ("auto.offset.reset", "earliest")];
        let consumer: BaseConsumer<Context> = client(
            settings,
            &[
                &reading[..],
                &[
                    ("group.id", group),
                    ("session.timeout.ms", &session),
                    ("heartbeat.interval.ms", "1000"),
                    ("partition.assignment.strategy", "cooperative-sticky"),
                    ("fetch.wait.max.ms", "100"),
                    ("queued.max.messages.kbytes", "65536"),
                ],
            ]
            .concat(),
        )
        .create_with_context(Context::default())?;
        let reader = format!("{group}-reader");
        let read = |level: &str| -> Result<BaseConsumer, KafkaError> {
            let more =
                [("group.id", &reader[..]), ("isolation.level", level), ("enable.partition.eof", "true")];
            client(settings, &[&reading[..], &more].concat()).create()
        };
        let mut hasher = std::hash::RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        // Of this process: whoever takes over is kept apart by the group's generation.
        let id = format!("{group}-{:016x}", hasher.finish());
        let ends = TRANSACTION.as_millis().to_string();
        let producer: BaseProducer = client(
            settings,
            &[
                ("transactional.id", &id),
                ("transaction.timeout.ms", &ends),
                ("compression.type", "lz4"),
                ("partitioner", "murmur2_random"),
                ("linger.ms", "0"),
                ("queue.buffering.max.messages", "1000000"),
            ],
        )
        .create()?;
        producer.init_transactions(PATIENCE * 3)?;
        let group = Group {
            topic,
            state,
            rows,
            up: settings.up.clone(),
            run: run_of(group),
            consumer,
            producer,
            committed: read("read_committed")?,
            all: read("read_uncommitted")?,
        };
        group.check_partitions()?;
        group.consumer.subscribe(&[&group.topic])?;
        Ok(group)
    }

    /// Both topics must have the same partitions.
    fn check_partitions(&self) -> Result<(), Trouble> {
        let count = |topic: &str| -> Result<usize, Trouble> {
            let metadata = self.all.fetch_metadata(Some(topic), PATIENCE)?;
            Ok(metadata.topics().first().map_or(0, |topic| topic.partitions().len()))
        };
        let (observations, state) = (count(&self.topic)?, count(&self.state)?);
        if observations == 0 || observations != state {
            return Err(Trouble(format!(
                "the topic {} has {observations} partitions and {} has {state}: they must be as many",
                self.topic, self.state
            )));
        }
        Ok(())
    }

    /// Gives the next record to `take`, if one comes within so long: partition, offset, id and value. False where none
    /// has come.
    pub fn poll(
        &self,
        wait: Duration,
        mut take: impl FnMut(i32, i64, Option<(u64, u64)>, &[u8]) -> Result<(), Trouble>,
    ) -> Result<bool, Trouble> {
        match self.consumer.poll(wait) {
            None => Ok(false),
            Some(Ok(message)) => {
                let id = message.headers().and_then(id_of);
                take(message.partition(), message.offset(), id, message.payload().unwrap_or_default())?;
                Ok(true)
            }
            Some(Err(error)) if passes(&error) => Ok(false),
            Some(Err(error)) => Err(error.into()),
        }
    }

    pub fn changes(&self) -> Vec<Change> {
        let mut changes = self.consumer.context().changes.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut changes)
    }

    /// Whether partitions were lost, and others may have them already.
    pub fn lost(&self) -> bool {
        self.consumer.assignment_lost()
    }

    /// Takes partitions, each to be read from an offset.
    pub fn take(&self, partitions: &[(i32, i64)]) -> Result<(), Trouble> {
        let mut list = TopicPartitionList::new();
        for (partition, from) in partitions {
            list.add_partition_offset(&self.topic, *partition, Offset::Offset(*from))?;
        }
        Ok(self.consumer.incremental_assign(&list)?)
    }

    pub fn give_up(&self, partitions: &[i32]) -> Result<(), Trouble> {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&self.topic, *partition);
        }
        Ok(self.consumer.incremental_unassign(&list)?)
    }

    /// The first record there is of a partition.
    pub fn first(&self, partition: i32) -> Result<i64, Trouble> {
        Ok(self.all.fetch_watermarks(&self.topic, partition, PATIENCE)?.0)
    }

    /// What was kept of a partition, once what its last owner began has ended.
    pub fn restore(&self, partition: i32) -> Result<State, Trouble> {
        let until = Instant::now() + TRANSACTION * 3;
        let upto = loop {
            let (_, all) = self.all.fetch_watermarks(&self.state, partition, PATIENCE)?;
            let (_, committed) = self.committed.fetch_watermarks(&self.state, partition, PATIENCE)?;
            if committed >= all {
                break all;
            }
            if Instant::now() >= until {
                return Err(Trouble(format!("a transaction on {} does not end", self.state)));
            }
            std::thread::sleep(POLL);
        };
        let mut restored = Restored::default();
        if upto == 0 {
            return Ok(restored.finish());
        }
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.state, partition, Offset::Beginning)?;
        self.committed.assign(&list)?;
        let mut heard = Instant::now();
        loop {
            match self.committed.poll(POLL) {
                Some(Ok(message)) => {
                    heard = Instant::now();
                    restored.take(message.key().unwrap_or_default(), message.payload());
                }
                Some(Err(KafkaError::PartitionEOF(_))) => break,
                Some(Err(error)) if !passes(&error) => return Err(error.into()),
                Some(Err(_)) | None if heard.elapsed() > TRANSACTION * 3 => {
                    return Err(Trouble(format!("{} cannot be read", self.state)));
                }
                Some(Err(_)) | None => {}
            }
        }
        self.committed.unassign()?;
        Ok(restored.finish())
    }

    pub fn begin(&self) -> Result<(), Trouble> {
        Ok(self.producer.begin_transaction()?)
    }

    pub fn keep(&self, partition: i32, (key, value): &Kept) -> Result<(), Trouble> {
        let record = || {
            let record = BaseRecord::<[u8], [u8]>::to(&self.state).partition(partition).key(&key[..]);
            match value {
                Some(value) => record.payload(&value[..]),
                None => record,
            }
        };
        self.send(record)
    }

    pub fn tell(&self, row: &[u8]) -> Result<(), Trouble> {
        self.send(|| BaseRecord::<[u8], [u8]>::to(&self.rows).payload(row))
    }

    /// Reports a batch of a slice upward.
    pub fn report(&self, partition: i32, slice: u8, number: u64, batch: &[u8]) -> Result<(), Trouble> {
        let Some(up) = &self.up else { return Ok(()) };
        let key = [b'0' + slice / 10, b'0' + slice % 10];
        // The same for whoever owns the partition.
        let id = format!("{:016x}-{number}", self.run ^ partition as u64);
        let headers = || {
            let headers = OwnedHeaders::new();
            let of = |key, value| rdkafka::message::Header { key, value: Some(value) };
            headers.insert(of("stream", STREAM)).insert(of("id", &id[..]))
        };
        self.send(|| BaseRecord::<[u8], [u8]>::to(up).key(&key[..]).payload(batch).headers(headers()))
    }

    fn send<'r>(&self, record: impl Fn() -> BaseRecord<'r, [u8], [u8]>) -> Result<(), Trouble> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.producer.send(record()) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), _)) if Instant::now() < until => {
                    self.producer.poll(POLL);
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }

    /// Ends a transaction: all that was sent since its beginning is kept, and these are the offsets to go on from.
    pub fn commit(&self, offsets: &BTreeMap<i32, i64>) -> Result<(), Trouble> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in offsets {
            list.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset))?;
        }
        let group = self.consumer.group_metadata().ok_or_else(|| Trouble("there is no group".to_owned()))?;
        again(|| self.producer.send_offsets_to_transaction(&list, &group, PATIENCE))?;
        again(|| self.producer.commit_transaction(PATIENCE))
    }

    /// Nothing of a transaction that was begun is kept.
    pub fn abort(&self) -> Result<(), Trouble> {
        again(|| self.producer.abort_transaction(PATIENCE))
    }
}

impl Drop for Group {
    /// The group is left: others may have the partitions at once.
    fn drop(&mut self) {
        self.consumer.context().leaving.store(true, Ordering::Relaxed);
        for change in self.changes() {
            // The group waits for these.
            let _ = match change {
                Change::Assigned(partitions) => {
                    let from: Vec<_> = partitions.into_iter().map(|partition| (partition, 0)).collect();
                    self.take(&from)
                }
                Change::Revoked(partitions) => self.give_up(&partitions),
            };
        }
    }
}

/// Tries again what can be.
fn again(what: impl Fn() -> Result<(), KafkaError>) -> Result<(), Trouble> {
    let until = Instant::now() + TRANSACTION;
    loop {
        match what() {
            Ok(()) => return Ok(()),
            Err(KafkaError::Transaction(error)) if error.is_retriable() && Instant::now() < until => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Errors that librdkafka mends by itself.
fn passes(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::AllBrokersDown
                | Code::BrokerTransportFailure
                | Code::Resolve
                | Code::OperationTimedOut
                | Code::UnknownTopicOrPartition
                | Code::AutoOffsetReset
                | Code::PollExceeded
        )
    ) || matches!(error, KafkaError::PartitionEOF(_))
}

/// A record's id: the sensor's run, and its number in that.
fn id_of(headers: &impl Headers) -> Option<(u64, u64)> {
    let id = headers.iter().find(|header| header.key == "id")?;
    let (run, number) = std::str::from_utf8(id.value?).ok()?.split_once('-')?;
    Some((u64::from_str_radix(run, 16).ok()?, number.parse().ok()?))
}

/// The same for all of a group.
fn run_of(group: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(group.as_bytes());
    hasher.finish()
}

fn make_topics(settings: &Aggregate) -> Result<(), Trouble> {
    let admin: AdminClient<_> = client(settings, &[]).create()?;
    let metadata = admin.inner().fetch_metadata(None, PATIENCE)?;
    let there = |topic: &str| {
        let found = metadata.topics().iter().find(|known| known.name() == topic && known.error().is_none());
        found.map(|topic| topic.partitions().len())
    };
    let partitions = there(&settings.topic).unwrap_or(usize::from(settings.partitions)) as i32;
    let state = settings.state_topic();
    let rows = settings.rows_topic();
    let mut wanted = vec![
        NewTopic::new(&settings.topic, partitions, TopicReplication::Fixed(-1)),
        NewTopic::new(&state, partitions, TopicReplication::Fixed(-1)).set("cleanup.policy", "compact"),
        NewTopic::new(&rows, 1, TopicReplication::Fixed(-1)),
    ];
    let up = settings.up.iter().map(|up| NewTopic::new(up, partitions, TopicReplication::Fixed(-1)));
    wanted.extend(up);
    let missing: Vec<_> = wanted.iter().filter(|topic| there(topic.name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let made = waited(admin.create_topics(missing, &AdminOptions::new()), PATIENCE * 2);
    for made in made.ok_or_else(|| Trouble("topics cannot be made".to_owned()))?? {
        match made {
            // Somebody else was faster.
            Ok(_) | Err((_, Code::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(Trouble(format!("the topic {topic} cannot be made: {code}"))),
        }
    }
    Ok(())
}
