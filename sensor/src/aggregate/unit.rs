//! One partition: its observations in order of their packet time, and the scripts that count them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::aggregate::batch::{Batch, Filling, Observation, Origin};
use crate::aggregate::keeping::{self, Kept, POSITION, Position, ROWS, State};
use crate::config::Config;
use crate::log::{LogError, Logs};
use crate::script_host::{Counted, HeldRow, Scripts};
use crate::sumstats::{Key, Obs};
use crate::time::{Interval, Time};

/// What holds for all partitions.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Sensors that are waited for from the beginning.
    pub sensors: Vec<String>,
    /// How long a sensor is waited for that says nothing.
    pub wait: Duration,
    /// Bytes of observations that may wait in one partition.
    pub memory: usize,
    /// The name under which it is reported upward what is counted.
    pub up: Option<String>,
}

/// A batch of a slice that is reported upward, with its number.
pub(super) struct Upward {
    pub slice: u8,
    pub number: u64,
    pub batch: Vec<u8>,
}

/// Sensors that were not announced have so long to be heard of before counting begins.
const GATHER: Duration = Duration::from_secs(2);
/// Runs of sensors whose numbers are kept.
const MAX_RUNS: usize = 4096;

/// What was counted of a partition.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UnitCounts {
    pub observations: u64,
    pub late: u64,
    pub too_late: u64,
    pub repeated: u64,
    pub unreadable: u64,
    pub unknown: u64,
    pub forced: u64,
}

pub(super) struct Unit {
    pub partition: i32,
    scripts: Box<Scripts>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// Records of which observations wait, and how many.
    open: BTreeMap<i64, u32>,
    bytes: usize,
    /// All before this is counted.
    clock: Time,
    /// The next record to be read; those before `before` were read by the owner before.
    read: i64,
    before: i64,
    repeated: BTreeSet<i64>,
    sources: HashMap<(Rc<str>, u8), Source>,
    heard: HashSet<Rc<str>>,
    names: HashSet<Rc<str>>,
    runs: HashMap<u64, (u64, i64)>,
    /// What lasts, by its end.
    lasting: BTreeSet<(Time, Vec<u8>)>,
    stats: HashMap<Rc<str>, Vec<u8>>,
    /// What was decided that lasts, since the last checkpoint.
    decided: Vec<Kept>,
    /// What is to be reported upward, by slice, and the number of the next batch.
    upward: BTreeMap<u8, Filling>,
    number: u64,
    /// Slices that were reported, up to which time, and from when on there is something to report.
    known: BTreeSet<u8>,
    reported: Option<Time>,
    anchor: Time,
    /// Rows of the last checkpoint, which are written by now.
    rows_kept: bool,
    begun: Instant,
    /// The first time that was heard of, until counting begins.
    first: Option<Time>,
    /// What is counted is reported upward.
    pub reports: bool,
    /// Nobody has counted here before.
    fresh: bool,
    changed: bool,
    pub counts: UnitCounts,
}

/// A sensor's slice.
struct Source {
    mark: Time,
    heard: Instant,
    ended: bool,
}

/// An observation that waits for its turn: by time, then as it came.
struct Waiting {
    at: (Time, i64, u32),
    slice: u8,
    what: Box<(Rc<str>, Observation)>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// What is to be kept of a partition, and told, in one step.
pub(super) struct Checkpoint {
    pub partition: i32,
    /// Where the next owner begins to read.
    pub from: i64,
    pub kept: Vec<Kept>,
    pub rows: Vec<HeldRow>,
    pub upward: Vec<Upward>,
}

impl Unit {
    pub fn new(
        partition: i32,
        mut scripts: Box<Scripts>,
        state: State,
        rows_kept: bool,
        start: i64,
        config: Config,
    ) -> Unit {
        let fresh = state.position.is_none();
        let position = state.position.unwrap_or(Position { from: start, read: start, ..Position::default() });
        let clock = Time::from_nanos(position.clock);
        scripts.begin_counting(state.saved, &state.lasting, clock, config);
        let names: Vec<Rc<str>> = position.sensors.iter().map(|name| Rc::from(&name[..])).collect();
        let source = |(sensor, slice, mark, ended): (u32, u8, i64, bool)| {
            let name = names.get(sensor as usize)?.clone();
            let source = Source { mark: Time::from_nanos(mark), heard: Instant::now(), ended };
            Some(((name, slice), source))
        };
        let reported = position.sources.iter().filter(|_| position.number > 0);
        let known = reported.map(|(_, slice, ..)| *slice).collect();
        let lasting =
            state.lasting.iter().map(|(what, until)| (*until, keeping::lasting_kept(what, *until).0));
        Unit {
            partition,
            scripts,
            waiting: BinaryHeap::new(),
            open: BTreeMap::new(),
            bytes: 0,
            clock,
            read: position.from,
            before: position.read,
            repeated: position.repeated.into_iter().collect(),
            sources: position.sources.into_iter().filter_map(source).collect(),
            heard: names.iter().cloned().collect(),
            names: names.into_iter().collect(),
            runs: position.runs.into_iter().map(|(run, seq, at)| (run, (seq, at))).collect(),
            lasting: lasting.collect(),
            stats: HashMap::new(),
            rows_kept,
            decided: Vec::new(),
            upward: BTreeMap::new(),
            number: position.number,
            known,
            reported: position.reported.map(Time::from_nanos),
            anchor: Time::default(),
            begun: Instant::now(),
            first: position.first.map(Time::from_nanos),
            reports: false,
            fresh,
            changed: false,
            counts: UnitCounts::default(),
        }
    }

    /// The record to read next.
    pub fn next(&self) -> i64 {
        self.read
    }

    /// Takes a record: at which offset, which number of which run, and what it says.
    pub fn take(
        &mut self,
        offset: i64,
        id: Option<(u64, u64)>,
        value: &[u8],
        logs: &mut Logs,
    ) -> Result<(), LogError> {
        if offset < self.read {
            return Ok(());
        }
        self.read = offset + 1;
        self.changed = true;
        let again = offset < self.before;
        if again && self.repeated.contains(&offset) {
            return Ok(());
        }
        if !again && let Some((run, seq)) = id {
            if self.runs.get(&run).is_some_and(|(last, _)| seq <= *last) {
                self.counts.repeated += 1;
                self.repeated.insert(offset);
                return Ok(());
            }
            self.runs.insert(run, (seq, offset));
        }
        let Some(batch) = Batch::read(value) else {
            self.counts.unreadable += u64::from(!again);
            return Ok(());
        };
        let names: Vec<Rc<str>> = batch.names.iter().map(|name| self.name(name)).collect();
        let slice = batch.slice;
        for (index, seen) in batch.observations.into_iter().enumerate() {
            let Some(name) = names.get(seen.name as usize) else { continue };
            if seen.time < self.clock {
                // It was counted by the owner before, in its turn or late.
                if !again {
                    self.count_late(name, &seen, slice, logs)?;
                }
                continue;
            }
            self.bytes += cost(&seen);
            *self.open.entry(offset).or_default() += 1;
            let at = (seen.time, offset, index as u32);
            self.waiting.push(Reverse(Waiting { at, slice, what: Box::new((name.clone(), seen)) }));
        }
        if self.clock == Time::default() {
            self.first = Some(self.first.map_or(batch.mark, |first| first.min(batch.mark)));
        }
        let sensor = self.name(batch.sensor);
        self.heard.insert(sensor.clone());
        let source = Source { mark: batch.mark, heard: Instant::now(), ended: batch.last };
        if !again {
            self.sources.insert((sensor, batch.slice), source);
        }
        Ok(())
    }

    /// A name, once for all that have it.
    fn name(&mut self, name: &str) -> Rc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let fresh: Rc<str> = Rc::from(name);
        self.names.insert(fresh.clone());
        fresh
    }

    /// Counts all that nothing can come before any more.
    pub fn release(&mut self, rules: &Rules, logs: &mut Logs) -> Result<(), LogError> {
        let mut upto = self.watermark(rules).unwrap_or(self.clock).max(self.clock);
        if upto > self.clock
            && let Some(first) = self.first.take()
        {
            // Epochs begin as they would for one who sees all.
            self.scripts.pass_time(first, logs)?;
            self.anchor = first;
        }
        while let Some(Reverse(first)) = self.waiting.peek() {
            let (time, ..) = first.at;
            if time >= upto {
                // Too much waits: time goes on without those who were waited for.
                if self.bytes <= rules.memory {
                    break;
                }
                upto = after(time);
                self.counts.forced += 1;
            }
            let Some(Reverse(next)) = self.waiting.pop() else { break };
            let ((time, offset, _), (name, seen)) = (next.at, *next.what);
            self.bytes = self.bytes.saturating_sub(cost(&seen));
            if let Some(left) = self.open.get_mut(&offset) {
                *left -= 1;
                if *left == 0 {
                    self.open.remove(&offset);
                }
            }
            self.count(&name, &seen, next.slice, (time, None), logs)?;
        }
        if upto > self.clock {
            self.scripts.pass_time(upto, logs)?;
            self.clock = upto;
            self.changed = true;
        }
        Ok(())
    }

    /// The time before which nothing can come any more, from those who are heard.
    fn watermark(&self, rules: &Rules) -> Option<Time> {
        let waited = self.begun.elapsed();
        let missing = rules.sensors.iter().any(|sensor| !self.heard.contains(&sensor[..]));
        if missing && waited < rules.wait
            || rules.sensors.is_empty() && self.fresh && waited < GATHER.min(rules.wait)
        {
            return None;
        }
        let mut last = None;
        let mut first: Option<Time> = None;
        let mut all_ended = true;
        for source in self.sources.values() {
            last = last.max(Some(source.mark));
            if source.ended {
                continue;
            }
            all_ended = false;
            if source.heard.elapsed() < rules.wait {
                first = Some(first.map_or(source.mark, |first| first.min(source.mark)));
            }
        }
        if all_ended { last.map(after) } else { first }
    }

    fn count_late(
        &mut self,
        name: &Rc<str>,
        seen: &Observation,
        slice: u8,
        logs: &mut Logs,
    ) -> Result<(), LogError> {
        self.counts.late += 1;
        self.count(name, seen, slice, (self.clock, Some(seen.time)), logs)
    }

    fn count(
        &mut self,
        name: &Rc<str>,
        seen: &Observation,
        slice: u8,
        (at, own): (Time, Option<Time>),
        logs: &mut Logs,
    ) -> Result<(), LogError> {
        let what: (&Key, &Obs, Option<Origin>) = (&seen.key, &seen.obs, seen.origin);
        let stat_reducer = seen.reducer as usize;
        let stat = (name.as_bytes(), stat_reducer);
        match self.scripts.count((at, own), stat, what, logs)? {
            Counted::Yes => {
                self.counts.observations += 1;
                if self.reports {
                    let filling = self.upward.entry(slice).or_default();
                    // Names are kept once, so where one is tells which it is.
                    let stat = (Rc::as_ptr(name).cast::<u8>().addr(), &name[..]);
                    match &seen.origin {
                        Some(origin) => {
                            filling.add_from(stat, stat_reducer, seen.time, (&seen.key, &seen.obs), origin);
                        }
                        None => filling.add(stat, stat_reducer, seen.time, &seen.key, &seen.obs),
                    }
                }
            }
            Counted::TooLate => self.counts.too_late += 1,
            Counted::Unknown => self.counts.unknown += 1,
        }
        self.changed = true;
        Ok(())
    }

    /// Notes what was decided that lasts, since the last call for any that share notices.
    pub fn take_lasting(&mut self) {
        for (what, until) in self.scripts.take_lasting() {
            let (key, value) = keeping::lasting_kept(&what, until);
            self.lasting.insert((until, key.clone()));
            self.decided.push((key, Some(value)));
        }
    }

    /// What has changed since the last checkpoint, if anything has.
    pub fn checkpoint(&mut self, rules: &Rules) -> Option<Checkpoint> {
        if !std::mem::take(&mut self.changed) && !self.rows_kept {
            return None;
        }
        let from = self.open.keys().next().copied().unwrap_or(self.read);
        self.repeated = self.repeated.split_off(&from);
        self.forget_runs();
        let mut kept = std::mem::take(&mut self.decided);
        while let Some((_, key)) = self.lasting.first().filter(|(until, _)| *until <= self.clock).cloned() {
            self.lasting.pop_first();
            // Unless it was made longer.
            if !self.lasting.iter().any(|(_, other)| *other == key) {
                kept.push((key, None));
            }
        }
        let changes = self.scripts.take_changes();
        for (name, stat) in changes.stats {
            if self.stats.get(&name) != Some(&stat) {
                kept.push((keeping::stat_key(&name), Some(stat.clone())));
                self.stats.insert(name, stat);
            }
        }
        kept.extend(
            changes.keys.into_iter().map(|(name, key, held)| (keeping::results_key(&name, &key), held)),
        );
        let rows = self.scripts.take_rows();
        match (rows.is_empty(), self.rows_kept) {
            (false, _) => kept.push((ROWS.to_vec(), Some(keeping::rows_kept(&rows)))),
            (true, true) => kept.push((ROWS.to_vec(), None)),
            (true, false) => {}
        }
        self.rows_kept = !rows.is_empty();
        let upward = rules.up.as_ref().map(|name| self.report(name)).unwrap_or_default();
        kept.push((POSITION.to_vec(), Some(self.position(from).bytes())));
        Some(Checkpoint { partition: self.partition, from, kept, rows, upward })
    }

    /// What is reported upward: of each slice what was counted, and how far it is. Slices that were not reported yet
    /// are told of before, so that nobody goes on without what comes of them.
    fn report(&mut self, name: &str) -> Vec<Upward> {
        if self.clock == Time::default() {
            return Vec::new();
        }
        let slices: BTreeSet<u8> = self.sources.keys().map(|(_, slice)| *slice).collect();
        let before = self.reported.replace(self.clock).unwrap_or(self.anchor);
        let mut all = Vec::new();
        for slice in slices.difference(&self.known) {
            let mut batch = Vec::new();
            Filling::default().finish(name, *slice, before, false, &mut batch);
            all.push(Upward { slice: *slice, number: self.number, batch });
            self.number += 1;
        }
        for slice in &slices {
            let mut batch = Vec::new();
            self.upward.entry(*slice).or_default().finish(name, *slice, self.clock, false, &mut batch);
            all.push(Upward { slice: *slice, number: self.number, batch });
            self.number += 1;
        }
        self.known = slices;
        all
    }

    fn position(&self, from: i64) -> Position {
        let mut sensors: Vec<Rc<str>> = Vec::new();
        let mut sources = Vec::new();
        for ((sensor, slice), source) in &self.sources {
            let known = sensors.iter().position(|known| known == sensor);
            let at = known.unwrap_or_else(|| {
                sensors.push(sensor.clone());
                sensors.len() - 1
            });
            sources.push((at as u32, *slice, source.mark.nanos(), source.ended));
        }
        Position {
            clock: self.clock.nanos(),
            first: self.first.map(Time::nanos),
            number: self.number,
            reported: self.reported.map(Time::nanos),
            read: self.read.max(self.before),
            from,
            repeated: self.repeated.iter().copied().collect(),
            sensors: sensors.iter().map(|name| name.to_string()).collect(),
            sources,
            runs: self.runs.iter().map(|(run, (seq, at))| (*run, *seq, *at)).collect(),
            ..Position::default()
        }
    }

    /// Keeps the runs that were heard last.
    fn forget_runs(&mut self) {
        if self.runs.len() > MAX_RUNS {
            let mut offsets: Vec<i64> = self.runs.values().map(|(_, at)| *at).collect();
            offsets.sort_unstable();
            let least = offsets[offsets.len() - MAX_RUNS / 2];
            self.runs.retain(|_, (_, at)| *at >= least);
        }
    }

    /// Whether rows were told in the last checkpoint, which the next is to say are written.
    pub fn tells(&self) -> bool {
        self.rows_kept
    }

    pub fn scripts(&self) -> &Scripts {
        &self.scripts
    }

    /// Observations that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How far counting is behind the sensor that is furthest, in packet time.
    pub fn lag(&self) -> Interval {
        let marks = self.sources.values().map(|source| source.mark);
        marks.max().map_or(Interval::default(), |mark| (mark - self.clock.min(mark)).max(Interval::default()))
    }
}

fn after(time: Time) -> Time {
    Time::from_nanos(time.nanos().saturating_add(1))
}

/// About what it costs to have an observation wait.
fn cost(seen: &Observation) -> usize {
    const ALONE: usize = size_of::<Waiting>() + size_of::<(Rc<str>, Observation)>();
    let text = |text: &Option<Rc<[u8]>>| text.as_ref().map_or(0, |text| text.len());
    ALONE + text(&seen.key.text) + text(&seen.obs.text)
}
