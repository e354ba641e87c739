//! Live capture: a worker for every ring, and one stage that writes what they say as it arrives.
//!
//! Unlike in replay a worker owns all flows that it sees: the kernel deals packets out so that both
//! directions of a flow reach the same ring. Nothing is put in order between workers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};

use crate::analyze::{Command, Expected, Sessions};
use crate::capture::file::LiveDump;
use crate::capture::interface::Watched;
use crate::capture::live::{self, Kind, OpenError, Source};
use crate::config::Config;
use crate::config::options::Given;
use crate::event::Order;
use crate::log::{LogError, Logs, Rotation, Upkeep};
use crate::pipeline::crew::{Crew, Start};
use crate::pipeline::exchange::Exchange;
use crate::pipeline::ledger::{InterfaceLedger, Ledger, RingLedger, memory_bytes};
use crate::pipeline::loss::Loss;
use crate::pipeline::merge::Report;
use crate::pipeline::ring::{CLOCK_STEP, start, wall};
use crate::pipeline::supervisor::{Board, Supervisor, rings};
use crate::policy::{Events, Incident, IncidentKind, Policy, Reload};
use crate::sink::Accounts;
use crate::time::{Interval, Time};

/// What to capture on one interface, and where its workers run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceOptions {
    pub capture: live::LiveOptions,
    /// The processors its workers are bound to, in their order; none binds none.
    pub cores: Vec<usize>,
}

/// Settings that may change while the sensor runs.
#[derive(Clone, Debug)]
pub struct Changeable {
    pub config: Config,
    /// Logs are rotated, as the configuration and scripts say, and when they have grown to so many bytes.
    pub rotates: bool,
    pub rotate_at: Option<u64>,
    pub upkeep: Upkeep,
    /// What the configuration file says of options: scripts begin with it.
    pub given: Given,
}

/// Settings that are to be taken over, and who wants to know what came of the scripts' being read again; none
/// is told where none run.
struct Change {
    settings: Changeable,
    tell: Box<dyn FnOnce(Option<Reload>) + Send>,
}

/// How the sensor is told to stop, or to take over changed settings.
pub struct Control {
    stopping: AtomicBool,
    pub(super) generation: AtomicU64,
    settings: Mutex<Arc<Config>>,
    changed: Mutex<Option<Change>>,
    /// Configurations that were to be read again, and could not be: those not yet in the ledger.
    unreadable: AtomicU64,
    /// Connections that some worker expects, and any may have.
    pub(super) expected: Expected,
    /// To the workers, what scripts tell analyzers to do.
    commands: Mutex<Vec<Sender<Command>>>,
    commands_dropped: AtomicU64,
    /// Where workers write the packets that they see.
    pub(super) dump: Option<LiveDump>,
}

/// Opened interfaces, before anything runs.
pub struct Live {
    interfaces: Vec<Opened>,
    /// What the operator should know.
    pub notes: Vec<String>,
    exporters: Accounts,
    hang_after: Duration,
}

struct Opened {
    options: InterfaceOptions,
    name: Arc<str>,
    kind: Kind,
    watched: Watched,
    sources: Vec<Source>,
    /// Between its workers, where there are several.
    exchange: Option<Arc<Exchange>>,
}

#[derive(Debug)]
pub enum LiveError {
    Open(OpenError),
    /// A thread could not be started.
    Thread(std::io::Error),
}

impl std::fmt::Display for LiveError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LiveError::Open(error) => error.fmt(f),
            LiveError::Thread(error) => write!(f, "cannot start a thread: {error}"),
        }
    }
}

impl std::error::Error for LiveError {}

/// What came of a run.
#[derive(Debug)]
pub struct LiveSummary {
    pub ledger: Ledger,
    /// Every log was finished within the deadline.
    pub complete: bool,
    /// The first log that could not be written to its end.
    pub unfinished: Option<LogError>,
    /// It ended by itself, because a worker hung that could not be replaced.
    pub hung: bool,
}

/// Reports that may wait between the workers and the logs, for each worker.
const QUEUE_PER_WORKER: usize = 16;
/// What scripts tell analyzers to do and a worker has not looked at; it looks ten times a second. Stops a worker that
/// hangs from gathering more.
const MAX_COMMANDS: usize = 8192;
/// A packet takes microseconds.
pub const HANG_AFTER: Duration = Duration::from_secs(5);
/// Counters reach the ledger, and what is done now and then is done, this often.
const TICK: Duration = Duration::from_secs(1);
/// Rows reach the disk this often: with what it takes them to come here, a notice is to be read within a second
/// of the packet that caused it.
const FLUSH: Duration = Duration::from_millis(250);

impl Control {
    pub fn new(config: &Config) -> Self {
        Control {
            stopping: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            settings: Mutex::new(Arc::new(config.clone())),
            changed: Mutex::new(None),
            unreadable: AtomicU64::new(0),
            expected: Expected::default(),
            commands: Mutex::default(),
            commands_dropped: AtomicU64::new(0),
            dump: None,
        }
    }

    /// Lets workers write the packets that they see.
    pub fn writing(self, dump: Option<LiveDump>) -> Self {
        Control { dump, ..self }
    }

    /// What became of it, where packets were to be written.
    pub fn written(&self) -> Option<std::io::Result<u64>> {
        self.dump.as_ref().map(LiveDump::finish)
    }

    /// Ends the run in good order.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Reads the scripts again, and changes settings unless they do not compile. What a run fixes when it starts
    /// stays as it is. Of changes that are not carried out yet only the last is; others are not told of.
    pub fn change(&self, settings: Changeable, tell: impl FnOnce(Option<Reload>) + Send + 'static) {
        let change = Change { settings, tell: Box::new(tell) };
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }

    /// The configuration was to be read again, and could not be: it stays as it was.
    pub fn unreadable(&self) {
        self.unreadable.fetch_add(1, Ordering::Relaxed);
    }

    fn take_change(&self) -> Option<Change> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Lets the workers go on with other settings.
    fn set(&self, mut config: Config) {
        let now = self.settings();
        (config.seed, config.format) = (now.seed, now.format);
        config.exports = now.exports.clone();
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// What comes for a worker that begins.
    pub(super) fn commands(&self) -> Receiver<Command> {
        let (sender, commands) = bounded(MAX_COMMANDS);
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        commands
    }

    /// Passes on what scripts tell analyzers to do. Which worker has a connection is known to that worker alone.
    fn command(&self, command: Command) {
        let taken = match command {
            Command::Expect(expectation) => self.expected.expect(&expectation, wall(), Order::default()),
            Command::Disable { .. } => {
                let mut workers = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
                let mut taken = true;
                workers.retain(|worker| match worker.try_send(command) {
                    Ok(()) => true,
                    // It hangs, and has what waits there to itself.
                    Err(TrySendError::Full(_)) => {
                        taken = false;
                        true
                    }
                    Err(TrySendError::Disconnected(_)) => false,
                });
                taken
            }
        };
        self.commands_dropped.fetch_add(u64::from(!taken), Ordering::Relaxed);
    }

    pub(super) fn settings(&self) -> Arc<Config> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Live {
    /// Opens all interfaces. What needs privileges is done after this.
    pub fn open(interfaces: Vec<InterfaceOptions>) -> Result<Live, OpenError> {
        let mut opened = Vec::new();
        let mut notes = Vec::new();
        for options in interfaces {
            let name: Arc<str> = Arc::from(&options.capture.interface[..]);
            let live::Opened { sources, dealt, kind, notes: emitted } = live::open(&options.capture)?;
            let watched = Watched::new(sources.first().map_or(0, Source::index));
            notes.extend(emitted.into_iter().map(|note| format!("{name}: {note}")));
            opened.push(Opened { options, name, kind, watched, sources, exchange: dealt.map(Exchange::new) });
        }
        Ok(Live { interfaces: opened, notes, exporters: Accounts::default(), hang_after: HANG_AFTER })
    }

    /// Tells of exporters too.
    pub fn exporting(self, exporters: Accounts) -> Live {
        Live { exporters, ..self }
    }

    /// A worker that has not got on for this long is replaced.
    pub fn hanging_after(self, hang_after: Duration) -> Live {
        Live { hang_after, ..self }
    }

    /// Captures until told to stop. `watch` sees the ledger every second, from a thread that goes on when others do
    /// not.
    pub fn run(
        self,
        settings: &Changeable,
        control: &Arc<Control>,
        logs: Logs,
        events: Option<&mut dyn Events>,
        deadline: Duration,
        watch: impl FnMut(&Ledger) + Send,
    ) -> Result<LiveSummary, LiveError> {
        self.run_with(start::<Sessions>, settings, control, logs, events, deadline, watch)
    }

    /// With workers that are started so.
    #[allow(clippy::too_many_arguments, reason = "those of `run`, and one that only tests set otherwise")]
    pub(super) fn run_with(
        mut self,
        start: Start,
        settings: &Changeable,
        control: &Arc<Control>,
        mut logs: Logs,
        events: Option<&mut dyn Events>,
        deadline: Duration,
        watch: impl FnMut(&Ledger) + Send,
    ) -> Result<LiveSummary, LiveError> {
        let started = wall();
        let workers: usize = self.interfaces.iter().map(|opened| opened.sources.len()).sum();
        let (sender, reports) = bounded(QUEUE_PER_WORKER * workers);
        let mut crew = Crew::new(start, control, sender, self.hang_after);
        let mut number = 0;
        for opened in &mut self.interfaces {
            for (worker, source) in std::mem::take(&mut opened.sources).into_iter().enumerate() {
                let ledger =
                    RingLedger { index: source.index(), ..RingLedger::new(opened.name.clone(), worker) };
                let core = opened.options.cores.get(worker).copied();
                number += 1;
                // Packets are numbered by each worker, so each needs identifiers of its own.
                let config = own_seed(&settings.config, number);
                crew.begin(ledger, source, core, config, opened.exchange.clone())
                    .map_err(LiveError::Thread)?;
            }
        }
        let rings = crew.ledgers();
        let begun = Instant::now();
        let board = Arc::new(Board::new());
        let supervisor = Supervisor {
            board: board.clone(),
            crew,
            rings: rings.clone(),
            reports: reports.clone(),
            exporters: self.exporters.clone(),
            begun,
        };
        let mut stage = Stage {
            interfaces: self.interfaces,
            rings,
            reports,
            policy: Policy::new(events, &settings.config),
            logs: &mut logs,
            loss: Loss::new(settings.config.loss.clone(), started),
            ledger: Ledger::default(),
            exporters: self.exporters,
            emitted: Vec::new(),
            clock: (started, Instant::now()),
            begun,
            board,
            commands_dropped: 0,
        };
        let (finished, crew) = thread::scope(|scope| {
            let (stop, stopped) = bounded(0);
            let supervisor = thread::Builder::new()
                .name("supervisor".to_owned())
                .spawn_scoped(scope, move || supervisor.run(&stopped, watch))
                .map_err(LiveError::Thread)?;
            let finished = stage.run(control, deadline);
            drop(stop);
            Ok((finished, supervisor.join()))
        })?;
        let mut ledger = stage.finish();
        // Where not all have ended, they are not waited for.
        let (complete, hung) = match crew {
            Ok(crew) if finished => crew.join(),
            Ok(crew) => (false, crew.gave_up()),
            Err(_) => (false, false),
        };
        let until = Instant::now() + deadline;
        let closed = logs.close(wall());
        ledger.logs = logs.row_counts();
        logs.finish_archiving(until);
        Ok(LiveSummary { ledger, complete, unfinished: closed.err(), hung })
    }
}

/// The settings with a hash key that no other worker has.
fn own_seed(config: &Config, worker: usize) -> Arc<Config> {
    let seed = config.seed.wrapping_add((worker as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    Arc::new(Config { seed, ..config.clone() })
}

/// The one stage behind all workers.
struct Stage<'a, 'e> {
    interfaces: Vec<Opened>,
    rings: Vec<Arc<Mutex<RingLedger>>>,
    reports: Receiver<Report>,
    policy: Policy<'e>,
    logs: &'a mut Logs,
    loss: Loss,
    ledger: Ledger,
    exporters: Accounts,
    /// The times of what was taken since rows last went to the disk.
    emitted: Vec<Time>,
    /// What the clock showed when it was last looked at, and when that was.
    clock: (Time, Instant),
    begun: Instant,
    board: Arc<Board>,
    /// What scripts told analyzers to do, and no worker could take.
    commands_dropped: u64,
}

impl Stage<'_, '_> {
    /// True when every worker has ended and all it said was taken.
    fn run(&mut self, control: &Control, deadline: Duration) -> bool {
        self.update(wall());
        let mut next_tick = Instant::now() + TICK;
        let mut next_flush = Instant::now() + FLUSH;
        let mut stop_by = None;
        loop {
            self.board.round();
            match self.reports.recv_deadline(next_flush.min(next_tick)) {
                Ok(report) => {
                    self.take(report);
                    self.obey(control);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
            }
            if control.is_stopping() {
                // Nobody says anything more then; a thread that hangs would keep the queue open for ever.
                if rings(&self.rings).iter().all(|ring| ring.ended) && self.reports.is_empty() {
                    return true;
                }
                let by = *stop_by.get_or_insert_with(|| Instant::now() + deadline);
                if Instant::now() > by {
                    return false;
                }
            }
            if Instant::now() >= next_flush {
                next_flush = Instant::now() + FLUSH;
                self.logs.flush(wall());
                self.measure_lag();
            }
            if Instant::now() >= next_tick {
                next_tick = Instant::now() + TICK;
                self.ledger.counts.reload_failures += control.unreadable.swap(0, Ordering::Relaxed);
                if let Some(change) = control.take_change() {
                    self.change(change, control);
                }
                self.tick();
                self.obey(control);
            }
        }
    }

    /// Lets workers do what scripts have asked for.
    fn obey(&mut self, control: &Control) {
        if let Some(config) = self.policy.settings() {
            self.set(config, control);
        }
        self.policy.commands().into_iter().for_each(|command| control.command(command));
        self.commands_dropped = control.commands_dropped.load(Ordering::Relaxed);
    }

    /// Takes over scripts and settings, or neither.
    fn change(&mut self, Change { settings, tell }: Change, control: &Control) {
        let mut reload = self.policy.reload(settings.config.clone(), &settings.given, wall(), self.logs);
        if reload.as_ref().is_some_and(|reload| reload.config.is_none()) {
            self.ledger.counts.reload_failures += 1;
            return tell(reload);
        }
        self.ledger.counts.reloads += 1;
        let of_scripts = reload.as_mut().and_then(|reload| reload.config.clone());
        let config = of_scripts.unwrap_or(settings.config);
        let rotation = Rotation::of(&config, settings.rotates, settings.rotate_at);
        self.logs.reconfigure(rotation, settings.upkeep);
        self.set(config, control);
        if reload.as_ref().is_some_and(|reload| reload.written.is_err()) {
            self.ledger.counts.log_failures += 1;
        }
        tell(reload);
    }

    /// Lets all go on with other settings.
    fn set(&mut self, config: Config, control: &Control) {
        self.loss.set(config.loss.clone());
        control.set(config);
    }

    fn take(&mut self, report: Report) {
        let mut batch = report.batch;
        if let Some(last) = batch.items.last() {
            self.emitted.push(last.now);
        }
        // What a worker said before the clock was set back must not set time forward again.
        let latest = wall();
        for mut item in batch.items.drain(..) {
            item.now = item.now.min(latest);
            // Live logs report no failures: they count them.
            if self.policy.take(item, &batch.arena, self.logs).is_err() {
                self.ledger.counts.log_failures += 1;
            }
        }
        batch.give_back();
    }

    /// Looks whether the clock was set back.
    fn check_clock(&mut self, now: Time) {
        let (then, since) = std::mem::replace(&mut self.clock, (now, Instant::now()));
        let passed = i64::try_from(since.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let by = then + Interval::from_nanos(passed) - now;
        if by > CLOCK_STEP {
            let seconds = by.nanos() as f64 / 1e9;
            eprintln!("nightjar: the clock was set back by {seconds:.0} s; all flows end and begin anew");
            self.policy.set_back(by);
        }
    }

    fn tick(&mut self) {
        let now = wall();
        self.check_clock(now);
        if self.policy.tick(now, self.logs).is_err() {
            self.ledger.counts.log_failures += 1;
        }
        let before = std::mem::take(&mut self.ledger.rings);
        let called = std::mem::take(&mut self.ledger.interfaces);
        self.update(now);
        for (interface, before) in self.ledger.interfaces.iter().zip(&called) {
            if let Some(name) = interface.renamed.as_ref().filter(|_| interface.renamed != before.renamed) {
                eprintln!(
                    "nightjar: {}: the interface is called {name} now; capture goes on",
                    interface.name
                );
            }
        }
        for (ring, before) in self.ledger.rings.iter().zip(&before) {
            if ring.counts.followed > before.counts.followed {
                eprintln!("nightjar: {}: the interface was made anew; capture goes on with it", ring.peer());
            }
            if ring.cut_off && !before.cut_off {
                eprintln!("nightjar: {}: the interface was made anew; a restart is needed", ring.peer());
            }
        }
        for hang in self.board.take_incidents() {
            self.raise(&hang, now);
        }
        let incidents = self.loss.look(&self.ledger, self.logs);
        self.tell(&incidents, now);
        self.logs.tick(now);
        self.measure_lag();
    }

    /// How long rows took that have just reached the disk.
    fn measure_lag(&mut self) {
        let now = wall();
        for emitted in self.emitted.drain(..) {
            self.ledger.log_lag.add((now - emitted).nanos().max(0) as f64 / 1e9);
        }
    }

    fn update(&mut self, now: Time) {
        let ledger = &mut self.ledger;
        ledger.at = now;
        ledger.uptime = self.begun.elapsed();
        ledger.rings = rings(&self.rings);
        let rings = &ledger.rings;
        let interface = |opened: &mut Opened| {
            // Workers go over to an interface that was made anew one after the other.
            let its = rings.iter().filter(|ring| ring.interface == opened.name).map(|ring| ring.index);
            opened.watched.look(its.max().unwrap_or_default());
            let watched = &opened.watched;
            InterfaceLedger {
                name: opened.name.clone(),
                renamed: watched.name.clone().filter(|name| **name != *opened.name),
                kind: opened.kind,
                filtered: opened.options.capture.filter.is_some(),
                up: watched.is_up(),
                nic: watched.counted,
            }
        };
        ledger.interfaces = self.interfaces.iter_mut().map(interface).collect();
        ledger.logs = self.logs.row_counts();
        ledger.counts.log_failures = self.logs.failures();
        ledger.counts.archive = self.logs.archived();
        ledger.counts.weirds_suppressed = self.policy.weirds_suppressed();
        ledger.scripts = self.policy.script_counters();
        ledger.scripts.commands_dropped += self.commands_dropped;
        ledger.counts.queued_reports = self.reports.len() as u64;
        ledger.counts.queue_capacity = self.reports.capacity().unwrap_or(0) as u64;
        ledger.counts.memory_bytes = memory_bytes();
        ledger.exports = self.exporters.read();
        self.board.publish(ledger);
    }

    /// The last of stats.log and capture_loss.log, and the ledger as it stands then.
    fn finish(mut self) -> Ledger {
        self.update(wall());
        // A hang that nothing could be done about is what it ends for.
        for hang in self.board.take_incidents() {
            self.raise(&hang, wall());
        }
        let incidents = self.loss.last(&self.ledger, self.logs);
        self.tell(&incidents, wall());
        if self.policy.end(wall(), self.logs).is_err() {
            self.ledger.counts.log_failures += 1;
        }
        self.update(wall());
        self.ledger
    }

    /// Tells the operator, and as notices whoever reads those.
    fn tell(&mut self, incidents: &[Incident], now: Time) {
        for incident in incidents {
            // Exporters tell of theirs as it happens.
            if !matches!(incident.kind, IncidentKind::ExportStalled | IncidentKind::ExportLoss) {
                eprintln!("nightjar: {}: {}", incident.peer, incident.text);
            }
            self.raise(incident, now);
        }
    }

    /// Raises a notice.
    fn raise(&mut self, incident: &Incident, now: Time) {
        if self.policy.incident(incident, now, self.logs).is_err() {
            self.ledger.counts.log_failures += 1;
        }
    }
}
