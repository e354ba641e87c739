//! One of those who count for all sensors: its partitions, and their state and rows in one transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use crate::aggregate::group::Trouble;
use crate::aggregate::group::{Change, Group};
use crate::aggregate::unit::{Checkpoint, Rules, Unit, Upward};
use crate::config::Config;
use crate::counters::{CounterSet as _, counter, counters, gauge};
use crate::export::{Export, Exports, rows};
use crate::log::{LogError, Logs, Outlet, Target};
use crate::policy::{Events as _, ScriptCounters};
use crate::record::{Format, JsonTime};
use crate::script_host::{HeldRow, Scripts};
use crate::sink::Aggregate;
use crate::time::Time;

counters! {
    /// What an aggregator has done.
    pub struct Counters {
        /// Partitions that it owns.
        pub partitions: u64 = gauge("aggregate_partitions"),
        /// Times that partitions came to it or left it.
        pub rebalances: u64 = counter("aggregate_rebalances_total"),
        /// Milliseconds that the last partitions took to be taken over.
        pub takeover: u64 = gauge("aggregate_takeover_milliseconds"),
        /// Observations counted.
        pub observations: u64 = counter("aggregate_observations_total"),
        /// Observations that wait for those of other sensors.
        pub waiting: u64 = gauge("aggregate_waiting_observations"),
        /// Milliseconds of packet time by which counting is behind the sensor that is furthest.
        pub lag: u64 = gauge("aggregate_lag_milliseconds"),
        /// Those of them that came after others' time was past theirs.
        pub late: u64 = counter("aggregate_late_observations_total"),
        /// Observations not counted, because they came later than their SumStat allows.
        pub too_late: u64 = counter("aggregate_too_late_observations_total").lost("observations that came too late"),
        /// Observations not counted, because no SumStat of these scripts is meant.
        pub unknown: u64 = counter("aggregate_unknown_observations_total").lost("observations of SumStats not known here"),
        /// Observations counted before those of sensors that were waited for, because too many waited.
        pub forced: u64 = counter("aggregate_forced_observations_total"),
        /// Records that had come before.
        pub repeated: u64 = counter("aggregate_repeated_records_total"),
        /// Records that cannot be read.
        pub unreadable: u64 = counter("aggregate_unreadable_records_total").lost("records of observations that cannot be read"),
        /// Transactions committed, …
        pub commits: u64 = counter("aggregate_commits_total"),
        /// … and times that counting began anew from what was kept.
        pub restarts: u64 = counter("aggregate_restarts_total"),
    }
}

/// How it stands.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// When that was.
    pub at: Time,
    pub counters: Counters,
    pub scripts: ScriptCounters,
}

/// Records taken before time is looked at.
const RECORDS_AT_A_TIME: usize = 256;
/// How long records are waited for.
const WAIT: Duration = Duration::from_millis(20);
/// A group that changes takes nothing for so long at most.
const REFUSED: Duration = Duration::from_secs(60);
/// What was told is known to be written so soon.
const SOON: Duration = Duration::from_millis(50);
/// After trouble it is tried again so soon.
const AGAIN: Duration = Duration::from_secs(1);

pub struct Aggregator<'a> {
    settings: &'a Aggregate,
    rules: Rules,
    /// What each partition's scripts are made from.
    scripts: &'a Scripts,
    config: Config,
    logs: &'a mut Logs,
    /// Makes rows for the topic.
    serializer: Logs,
    serialized: Arc<Mutex<Vec<Vec<u8>>>>,
    units: BTreeMap<i32, Unit>,
    /// What is to be kept, and was not taken yet, and since when that is so.
    offered: Vec<Checkpoint>,
    refused: Option<Instant>,
    /// What partitions counted that are gone.
    before: Counters,
    scripts_before: ScriptCounters,
    told: bool,
}

/// Keeps what would be exported.
struct Keep(Arc<Mutex<Vec<Vec<u8>>>>);

impl Outlet for Keep {
    fn row(&mut self, row: &[u8]) {
        let values = rows(row).flatten().map(|(_, row)| row.value.to_vec());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(values);
    }
}

impl<'a> Aggregator<'a> {
    pub fn new(settings: &'a Aggregate, scripts: &'a Scripts, config: Config, logs: &'a mut Logs) -> Self {
        let exports = Exports([Export::plain(settings.sensor())].into());
        let serialized = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let outlets: Vec<Box<dyn Outlet>> = vec![Box::new(Keep(serialized.clone()))];
        let nowhere = Logs::new(Target::Stdout(String::new()), Format::Json(JsonTime::Epoch));
        Aggregator {
            settings,
            rules: Rules {
                sensors: settings.sensors.clone(),
                wait: settings.wait.0,
                memory: usize::try_from(settings.memory.0).unwrap_or(usize::MAX),
                up: settings.up.is_some().then(|| settings.group.clone()),
            },
            scripts,
            config: Config { exports: exports.clone(), ..config },
            logs,
            serializer: nowhere.exporting(&exports, outlets),
            serialized,
            units: BTreeMap::new(),
            offered: Vec::new(),
            refused: None,
            before: Counters::default(),
            scripts_before: ScriptCounters::default(),
            told: true,
        }
    }

    /// Counts until `stop` says so. `tell` takes sentences for the operator, `publish` how it stands.
    pub fn run(
        mut self,
        stop: impl Fn() -> bool,
        tell: impl Fn(&str),
        mut publish: impl FnMut(&Status, Option<&str>),
    ) -> Result<Status, LogError> {
        while !stop() {
            let trouble = match self.count(&stop, &tell, &mut publish) {
                Ok(()) => break,
                Err(Failed::Log(error)) => return Err(error),
                Err(Failed::Kafka(trouble)) => trouble,
            };
            if std::mem::replace(&mut self.told, false) {
                tell(&format!("aggregate: {trouble}; counting goes on from what was kept"));
            }
            let gone: Vec<i32> = self.units.keys().copied().collect();
            self.drop_units(&gone);
            (self.offered, self.refused) = (Vec::new(), None);
            self.before.restarts += 1;
            publish(&self.status(), Some(&trouble.0));
            let until = Instant::now() + AGAIN;
            while Instant::now() < until && !stop() {
                std::thread::sleep(WAIT);
            }
        }
        Ok(self.status())
    }

    fn count(
        &mut self,
        stop: &impl Fn() -> bool,
        tell: &impl Fn(&str),
        publish: &mut impl FnMut(&Status, Option<&str>),
    ) -> Result<(), Failed> {
        let group = Group::join(self.settings)?;
        tell(&format!("aggregate: in the group {}", self.settings.group));
        let (mut committed, mut published) = (Instant::now(), Instant::now());
        while !stop() {
            self.take_records(&group)?;
            for change in group.changes() {
                self.before.rebalances += 1;
                match change {
                    Change::Assigned(partitions) => self.take_over(&group, &partitions, tell)?,
                    Change::Revoked(partitions) => {
                        // What was offered before, and what has changed since.
                        if !group.lost() && self.commit(&group)? {
                            self.commit(&group)?;
                        }
                        self.drop_units(&partitions);
                        group.give_up(&partitions)?;
                    }
                }
            }
            for unit in self.units.values_mut() {
                unit.release(&self.rules, self.logs)?;
                unit.take_lasting();
            }
            // What was told is to be known as written soon.
            let tells = self.units.values().any(Unit::tells) && committed.elapsed() >= SOON;
            if tells || committed.elapsed() >= self.settings.commit_every.0 {
                self.commit(&group)?;
                committed = Instant::now();
            }
            if published.elapsed() >= AGAIN {
                published = Instant::now();
                self.logs.tick(clock());
                publish(&self.status(), None);
            }
        }
        // What was offered before, what has changed since, and that what these told is written.
        for _ in 0..3 {
            self.commit(&group)?;
        }
        Ok(())
    }

    fn take_records(&mut self, group: &Group) -> Result<(), Failed> {
        let (units, logs) = (&mut self.units, &mut *self.logs);
        let mut failed = None;
        for nth in 0..RECORDS_AT_A_TIME {
            let wait = if nth == 0 { WAIT } else { Duration::ZERO };
            let any = group.poll(wait, |partition, offset, id, value| {
                if let Some(unit) = units.get_mut(&partition) {
                    failed = failed.take().or(unit.take(offset, id, value, logs).err());
                }
                Ok(())
            })?;
            if !any {
                break;
            }
        }
        failed.map_or(Ok(()), |error| Err(Failed::Log(error)))
    }

    fn take_over(&mut self, group: &Group, partitions: &[i32], tell: &impl Fn(&str)) -> Result<(), Failed> {
        let begun = Instant::now();
        let (mut from, mut keys) = (Vec::new(), 0);
        for partition in partitions {
            let mut state = group.restore(*partition)?;
            keys += state.keys;
            self.before.unreadable += state.damaged;
            // The owner before may not have come to write them.
            for row in &state.rows {
                self.write(row)?;
            }
            if !state.rows.is_empty() {
                self.logs.tick(clock());
            }
            let first = if state.position.is_none() { group.first(*partition)? } else { 0 };
            let scripts = self.scripts.another().map_err(|_| Trouble("scripts do not compile".to_owned()))?;
            let rows = std::mem::take(&mut state.rows);
            let kept = !rows.is_empty();
            let mut unit = Unit::new(*partition, Box::new(scripts), state, kept, first, self.config.clone());
            unit.reports = self.rules.up.is_some();
            from.push((*partition, unit.next()));
            self.units.insert(*partition, unit);
        }
        group.take(&from)?;
        if !partitions.is_empty() {
            let took = begun.elapsed().as_millis() as u64;
            self.before.takeover = took;
            tell(&format!("aggregate: took {} partitions with {keys} keys in {took} ms", partitions.len()));
        }
        self.told = true;
        Ok(())
    }

    fn drop_units(&mut self, partitions: &[i32]) {
        // Who has them next counts again what is not kept.
        self.offered.retain(|point| !partitions.contains(&point.partition));
        for unit in partitions.iter().filter_map(|partition| self.units.remove(partition)) {
            add(&mut self.before, &unit);
            let mut counters = unit.scripts().counters();
            counters.forget_gauges();
            self.scripts_before.merge(&counters);
        }
    }

    /// Keeps what has changed, with how far it was read and what is told of it, in one step. While the group changes it
    /// may not take that: then it is offered again. Says whether all is kept.
    fn commit(&mut self, group: &Group) -> Result<bool, Failed> {
        if self.offered.is_empty() {
            let rules = &self.rules;
            self.offered = self.units.values_mut().filter_map(|unit| unit.checkpoint(rules)).collect();
        }
        if self.offered.is_empty() {
            return Ok(true);
        }
        let offered = std::mem::take(&mut self.offered);
        group.begin()?;
        let offsets = offered.iter().map(|point| (point.partition, point.from)).collect();
        let sent = self.send(group, &offered);
        if let Err(error) = sent {
            group.abort()?;
            return Err(error);
        }
        if let Err(trouble) = group.commit(&offsets) {
            group.abort()?;
            if self.refused.get_or_insert_with(Instant::now).elapsed() > REFUSED {
                return Err(trouble.into());
            }
            self.offered = offered;
            return Ok(false);
        }
        self.refused = None;
        self.before.commits += 1;
        let mut any = false;
        for row in offered.iter().flat_map(|point| &point.rows) {
            self.write(row)?;
            any = true;
        }
        if any {
            self.logs.tick(clock());
        }
        Ok(true)
    }

    fn send(&mut self, group: &Group, checkpoints: &[Checkpoint]) -> Result<(), Failed> {
        for point in checkpoints {
            for kept in &point.kept {
                group.keep(point.partition, kept)?;
            }
            for Upward { slice, number, batch } in &point.upward {
                group.report(point.partition, *slice, *number, batch)?;
            }
            for HeldRow { script_log, row, values, exported, at } in &point.rows {
                self.serializer.script_log_row(script_log, row, (values, *exported), *at)?;
            }
        }
        let serialized = std::mem::take(&mut *self.serialized.lock().unwrap_or_else(PoisonError::into_inner));
        for row in serialized {
            group.tell(&row)?;
        }
        Ok(())
    }

    fn write(&mut self, held: &HeldRow) -> Result<(), LogError> {
        let HeldRow { script_log, row, values, exported, at } = held;
        self.logs.script_log_row(script_log, row, (values, *exported), *at)
    }

    fn status(&self) -> Status {
        let mut status = Status { at: clock(), counters: self.before, scripts: self.scripts_before };
        status.counters.partitions = self.units.len() as u64;
        for unit in self.units.values() {
            add(&mut status.counters, unit);
            let lag = (unit.lag().nanos() / 1_000_000).unsigned_abs();
            status.counters.lag = status.counters.lag.max(lag);
            status.counters.waiting += unit.waiting() as u64;
            status.scripts.merge(&unit.scripts().counters());
        }
        // Notices are counted by all together.
        if let Some(unit) = self.units.values().next() {
            status.scripts.notices = unit.scripts().counters().notices;
        }
        status
    }
}

fn add(counters: &mut Counters, unit: &Unit) {
    counters.observations += unit.counts.observations;
    counters.late += unit.counts.late;
    counters.too_late += unit.counts.too_late;
    counters.unknown += unit.counts.unknown;
    counters.forced += unit.counts.forced;
    counters.repeated += unit.counts.repeated;
    counters.unreadable += unit.counts.unreadable;
}

/// What the clock says.
pub fn clock() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// What ends counting for now, or for good.
enum Failed {
    Kafka(Trouble),
    Log(LogError),
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Failed {
        Failed::Kafka(trouble)
    }
}

impl From<LogError> for Failed {
    fn from(error: LogError) -> Failed {
        Failed::Log(error)
    }
}
