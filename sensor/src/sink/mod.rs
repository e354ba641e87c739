//! Exporters: rows to a SIEM, with an account of each.
//!
//! ```text
//! logs ─► queue (memory) ─► spool (disk) ─► window (memory) ─► transport: Kafka, HTTP
//!                               └──────── read back ──┘  ▲            │ reports
//!                                                        └────────────┘
//! ```
//! A row is offered when it enters the queue. From then on it is in exactly one place of the
//! [`Account`]: in memory, on disk, acknowledged, or dropped for a reason.

pub mod account;
mod config;
mod dead_letter;
mod exporter;
mod http;
mod kafka;
mod quantity;
mod queue;
mod room;
mod send_queue;
mod spool;
#[cfg(test)]
mod testing;
mod transport;
mod uplink;
mod window;

pub use account::{Account, Alarm, AlarmKind, Counts, ExporterCounts, Histogram, Reason};
pub use config::Config;
pub use kafka::waited;
pub use queue::Mode;
pub use uplink::{AGGREGATE, Aggregate};

use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::export::{Exports, KeyBy};
use crate::log::Outlet;
use crate::record::Schema;
use crate::sink::dead_letter::DeadLetters;
use crate::sink::exporter::{Behaviour, Exporter, Store};
use crate::sink::queue::{Inlet, Queue};
use crate::sink::transport::Transport;

/// All exporters of a run.
pub struct Sinks {
    exports: Exports,
    running: Vec<Running>,
    /// Takes observations, and no rows of logs.
    uplink: Option<Running>,
}

/// The way that observations leave by.
pub struct Uplink {
    pub outlet: Box<dyn Outlet>,
    pub account: Arc<Mutex<Account>>,
}

struct Running {
    name: &'static str,
    queue: Arc<Queue>,
    account: Arc<Mutex<Account>>,
    thread: JoinHandle<()>,
}

/// What became of the rows of one exporter.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// `kafka`, `http_sink` or `aggregate`.
    pub name: &'static str,
    pub account: Account,
}

impl Delivery {
    /// Whether every row was acknowledged, and nothing of the spool is damaged.
    pub fn complete(&self) -> bool {
        let total = self.account.total();
        total.acked == total.offered + total.recovered && !self.account.damaged
    }
}

/// The streams there are, for finding names in a configuration that are of none.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub schemas: Vec<&'static Schema>,
    /// Streams that some scripts make, which may not be loaded.
    pub others: Vec<&'static str>,
    /// Scripts may make more, and did not run yet.
    pub open: bool,
}

impl Known {
    /// The forms that a stream comes in, none where it is not loaded; an error says which streams there are.
    fn find(&self, name: &str) -> Result<Vec<&'static Schema>, String> {
        let schemas: Vec<_> = self.schemas.iter().filter(|schema| schema.path == name).copied().collect();
        if self.open || self.others.contains(&name) || !schemas.is_empty() {
            return Ok(schemas);
        }
        let mut known: Vec<&str> = self.schemas.iter().map(|schema| schema.path).collect();
        known.extend(&self.others);
        known.sort_unstable();
        known.dedup();
        Err(format!("there is no stream {name}; there are {}", known.join(", ")))
    }
}

impl Sinks {
    /// Starts the exporters that are configured. `tell` takes sentences for the operator.
    pub fn start(config: &Config, streams: &Known, mode: Mode, tell: fn(&str)) -> Result<Sinks, String> {
        let run = run_id();
        let (mut exports, mut running) = (Vec::new(), Vec::new());
        if let Some(kafka) = &config.kafka {
            let export = kafka.rows.export(kafka.key.0.clone(), streams).map_err(first)?;
            let transport = kafka::Kafka::new(kafka, streams, mode, tell)?;
            let (delivery, spool) = (&kafka.delivery, kafka.spool.as_ref());
            let behaviour = behaviour("kafka", mode, delivery, spool, run, tell);
            running.push(start(behaviour, delivery, spool, transport)?);
            exports.push(export);
        }
        if let Some(http) = &config.http_sink {
            let export = http.rows.export(KeyBy::None, streams).map_err(first)?;
            let (delivery, spool) = (&http.delivery, http.spool.as_ref());
            let behaviour = behaviour("http_sink", mode, delivery, spool, run, tell);
            running.push(start(behaviour, delivery, spool, http::Http::new(http)?)?);
            exports.push(export);
        }
        let uplink = match &config.aggregate {
            Some(up) => {
                let kafka = up.kafka();
                let transport =
                    kafka::Kafka::new(&kafka, &Known { open: true, ..Known::default() }, mode, tell)?;
                let (delivery, spool) = (&kafka.delivery, kafka.spool.as_ref());
                let behaviour = behaviour(AGGREGATE, mode, delivery, spool, run, tell);
                Some(start(behaviour, delivery, spool, transport)?)
            }
            None => None,
        };
        Ok(Sinks { exports: Exports(exports.into()), running, uplink })
    }

    /// What rows are to be made; [`Sinks::outlets`] take them in the same order.
    pub fn exports(&self) -> Exports {
        self.exports.clone()
    }

    pub fn outlets(&self) -> Vec<Box<dyn Outlet>> {
        let outlet = |running: &Running| Box::new(Inlet(running.queue.clone())) as Box<dyn Outlet>;
        self.running.iter().map(outlet).collect()
    }

    /// Where observations go, if that is configured.
    pub fn uplink(&self) -> Option<Uplink> {
        let Running { queue, account, .. } = self.uplink.as_ref()?;
        Some(Uplink { outlet: Box::new(Inlet(queue.clone())), account: account.clone() })
    }

    /// Tells how things stand for as long as they run.
    pub fn accounts(&self) -> Accounts {
        let all = self.running.iter().chain(&self.uplink);
        Accounts(all.map(|running| (running.name, running.account.clone())).collect())
    }

    /// Waits until all rows are delivered, or the time for that is over.
    pub fn finish(self) -> Vec<Delivery> {
        self.running.iter().chain(&self.uplink).for_each(|running| running.queue.close());
        let ended = |Running { name, account, thread, .. }: Running| {
            // An exporter that panicked leaves its rows in flight in the account, and on disk.
            let _ = thread.join();
            delivery(name, &account)
        };
        self.running.into_iter().chain(self.uplink).map(ended).collect()
    }
}

/// The accounts of all exporters, as they are kept.
#[derive(Clone, Default)]
pub struct Accounts(Arc<[Named]>);

/// An exporter's account.
type Named = (&'static str, Arc<Mutex<Account>>);

impl Accounts {
    /// How things stand.
    pub fn read(&self) -> Vec<Delivery> {
        self.0.iter().map(|(name, account)| delivery(name, account)).collect()
    }
}

fn delivery(name: &'static str, account: &Mutex<Account>) -> Delivery {
    Delivery { name, account: account.lock().unwrap_or_else(PoisonError::into_inner).clone() }
}

/// How an exporter behaves, as its settings say.
fn behaviour(
    name: &'static str,
    mode: Mode,
    delivery: &config::Delivery,
    spool: Option<&config::Spool>,
    run: u64,
    tell: fn(&str),
) -> Behaviour {
    let options = spool.map(config::Spool::options);
    Behaviour {
        name,
        mode,
        window_bytes: usize::try_from(delivery.memory.0 / 2).unwrap_or(usize::MAX),
        flush_timeout: delivery.flush_timeout.0,
        not_ready_after: delivery.not_ready_after.0,
        hold: delivery.refused == config::Refused::Hold,
        max_bytes: options.as_ref().map_or(0, |options| options.max_bytes),
        slack: options.as_ref().map_or(0, |options| options.segment_bytes),
        tell,
        run,
    }
}

fn start(
    behaviour: Behaviour,
    delivery: &config::Delivery,
    spool: Option<&config::Spool>,
    transport: impl Transport + Send + 'static,
) -> Result<Running, String> {
    let (name, account) = (behaviour.name, Arc::<Mutex<Account>>::default());
    let queue = Queue::new(behaviour.mode, behaviour.window_bytes, behaviour.flush_timeout, account.clone());
    let queue = Arc::new(queue);
    let store = match spool {
        Some(spool) => {
            let mut account = account.lock().unwrap_or_else(PoisonError::into_inner);
            Store::open(spool.options(), &mut account).map_err(|error| error.to_string())?
        }
        None => Store::default(),
    };
    let dead_letters =
        delivery.dead_letter_file(spool).map(|path| DeadLetters::new(path, delivery.dead_letter_bytes.0));
    let exporter = Exporter::new(behaviour, queue.clone(), store, dead_letters, transport, account.clone());
    let thread = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || exporter.run())
        .map_err(|error| format!("cannot start a thread: {error}"))?;
    Ok(Running { name, queue, account, thread })
}

/// What a check found of one exporter.
#[derive(Debug, Default)]
pub struct Checked {
    /// Of `kafka` or `http_sink`.
    pub name: &'static str,
    /// What there is, in sentences.
    pub found: Vec<String>,
    /// What is wrong.
    pub wrong: Vec<Mistake>,
}

/// Something wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The keys that lead to it in the file, from the table's name on.
    pub at: Vec<String>,
    pub what: String,
}

impl Mistake {
    fn at(keys: &[&str], what: String) -> Mistake {
        Mistake { at: keys.iter().map(|key| (*key).to_owned()).collect(), what }
    }
}

/// What is wrong, for who can be told of one thing only.
fn first(mistakes: Vec<Mistake>) -> String {
    mistakes.into_iter().next().map(|mistake| mistake.what).unwrap_or_default()
}

impl Checked {
    fn of(name: &'static str) -> Checked {
        Checked { name, ..Checked::default() }
    }

    /// Notes what is wrong with a setting.
    fn wrong(&mut self, keys: &[&str], what: String) {
        let mut at = vec![self.name];
        at.extend(keys);
        self.wrong.push(Mistake::at(&at, what));
    }

    /// Notes what a part of the check says of a table of this exporter.
    fn note<T>(&mut self, table: &[&str], said: Result<T, Vec<Mistake>>) -> Option<T> {
        let mistakes = match said {
            Ok(found) => return Some(found),
            Err(mistakes) => mistakes,
        };
        for Mistake { at, what } in mistakes {
            let keys: Vec<&str> = table.iter().copied().chain(at.iter().map(|key| &key[..])).collect();
            self.wrong(&keys, what);
        }
        None
    }
}

/// Finds out, without sending anything, whether rows could be delivered, and all that is wrong.
pub fn check(config: &Config, streams: &Known) -> Vec<Checked> {
    let mut all = Vec::new();
    if let Some(kafka) = &config.kafka {
        let mut checked = Checked::of("kafka");
        room::check(&kafka.delivery, kafka.spool.as_ref(), &mut checked);
        kafka::check(kafka, streams, &mut checked);
        all.push(checked);
    }
    if let Some(http) = &config.http_sink {
        let mut checked = Checked::of("http_sink");
        room::check(&http.delivery, http.spool.as_ref(), &mut checked);
        checked.note(&["rows"], http.rows.export(KeyBy::None, streams));
        if let Some(found) = checked.note(&[], http::check(http)) {
            checked.found.push(found);
        }
        all.push(checked);
    }
    if let Some(up) = &config.aggregate {
        let mut checked = Checked::of(AGGREGATE);
        let kafka = up.kafka();
        room::check(&kafka.delivery, kafka.spool.as_ref(), &mut checked);
        kafka::check(&kafka, &Known { open: true, ..Known::default() }, &mut checked);
        all.push(checked);
    }
    all
}

/// Tells runs apart.
fn run_id() -> u64 {
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}
