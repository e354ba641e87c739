//! Replaying a capture.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::analyze::{Unclaimed, protocols};
use crate::capture::file::{
    self, CaptureError, FileReader, OpenError, Progress, ReadCounts, ReadSummary, Replay,
};
use crate::config::Config;
use crate::event::{Heartbeat, Order, Step};
use crate::log::{LogError, Logs, Outlet, RowCounts, Target};
use crate::pipeline::merge::{Answer, Report, Reports, in_step, merge};
use crate::pipeline::rendezvous::Rendezvous;
use crate::pipeline::watchdog::{Charge, Hang, Watchdog};
use crate::pipeline::worker::{Shard, Worker, WorkerStats};
use crate::policy::{Events, Policy, ScriptCounters};
use crate::time::Time;

/// What to replay, and how.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    pub capture: PathBuf,
    pub filter: Option<String>,
    pub write: Option<PathBuf>,
    pub workers: usize,
    pub target: Target,
    /// Of the logs that the engine writes by itself, those that scripts ask for; all, where that is not said.
    pub asked_logs: Option<BTreeSet<String>>,
    /// Set by who wants it to end before the capture does: what was read until then is finished in good order.
    pub stop: Arc<AtomicBool>,
    /// Handlers change settings that the engine obeys, or tell analyzers what to do: one worker analyses, and waits after
    /// each packet that something is said of until that was handled. The next packet is analysed with what it changed.
    pub in_step: bool,
    /// A worker that has not got on for this long hangs: the replay ends, without what that worker had not said.
    pub hang_after: Duration,
}

/// What came of a replay.
#[derive(Debug)]
pub struct Summary {
    pub read: ReadCounts,
    /// How the capture ended.
    pub end: Result<(), CaptureError>,
    /// It was told to end before the capture did.
    pub stopped: bool,
    /// Workers that hung: it ended for them. The counts of each are only those that could be seen from outside.
    pub hangs: Vec<Hang>,
    pub workers: Vec<WorkerStats>,
    /// Connections that no analyzer took, by port, for each worker.
    pub unclaimed: Vec<Unclaimed>,
    pub rows: Vec<(&'static str, u64)>,
    /// Rows that were dropped because no file can have the name of their log, or there are too many logs.
    pub rows_refused: u64,
    pub weirds_suppressed: u64,
    pub scripts: ScriptCounters,
    pub elapsed: Duration,
}

#[derive(Debug)]
pub enum ReplayError {
    Open(OpenError),
    /// Nothing was read, and no log touched.
    Folder(LogError),
    /// A log could not be written. Logs end with the last row that found room.
    Log {
        error: LogError,
        rows: Vec<RowCounts>,
    },
    /// A thread could not be started.
    Thread(std::io::Error),
}

impl std::fmt::Display for ReplayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReplayError::Open(error) => error.fmt(f),
            ReplayError::Folder(error) => error.fmt(f),
            ReplayError::Log { error, rows } => {
                writeln!(f, "{error}")?;
                let written = |counts: &RowCounts| {
                    format!(
                        "{} {} of {}",
                        counts.log,
                        counts.rows.saturating_sub(counts.dropped),
                        counts.rows
                    )
                };
                let rows: Vec<String> = rows.iter().map(written).collect();
                write!(
                    f,
                    "rows written until then: {}; the rest of the capture was given up",
                    rows.join(", ")
                )
            }
            ReplayError::Thread(error) => write!(f, "cannot start a thread: {error}"),
        }
    }
}

impl std::error::Error for ReplayError {}

/// Reports that may wait between a worker and the logs.
const QUEUE: usize = 4;
/// With so much to say, it is said before the block of packets ends: what is read soon is still near the processor.
const REPORT_BYTES: usize = 1 << 20;

/// Replays a capture into logs, the rows that `config.exports` asks for to `outlets`, and events to
/// `events`. `watch` is given the reading progress before it starts.
pub fn replay(
    options: ReplayOptions,
    config: Config,
    outlets: Vec<Box<dyn Outlet>>,
    events: Option<&mut dyn Events>,
    watch: impl FnOnce(&Arc<Progress>),
) -> Result<Summary, ReplayError> {
    let started = Instant::now();
    let workers = if options.in_step { 1 } else { options.workers.max(1) };
    let config = Arc::new(config);
    let stop = options.stop.clone();
    let read_options =
        file::FileOptions { filter: options.filter, write: options.write, workers, stop: stop.clone() };
    let mut logs =
        Logs::new(options.target, config.format).only(options.asked_logs).exporting(&config.exports, outlets);
    logs.hold().map_err(ReplayError::Folder)?;
    let mut replay = match file::open(&options.capture, read_options) {
        Ok(replay) => Some(replay),
        // Nothing came until it was told to end.
        Err(_) if stop.load(Ordering::Relaxed) => None,
        Err(error) => return Err(ReplayError::Open(error)),
    };
    let mut policy = Policy::new(events, &config);
    let (mut inboxes, mut starts, mut unclaimed) = (Vec::new(), Vec::new(), Vec::new());
    let readers = replay.as_mut().map(|replay| {
        watch(&replay.progress);
        std::mem::take(&mut replay.readers)
    });
    let (answer, answers) = bounded(1);
    let mut answers = options.in_step.then_some(answers);
    for (index, reader) in readers.into_iter().flatten().enumerate() {
        let (sender, receiver) = bounded(QUEUE);
        inboxes.push(receiver);
        let worker = Worker::new(config.clone(), Shard { index, count: workers });
        unclaimed.push(worker.unclaimed().clone());
        let charge = Charge::new(worker.heartbeat().clone());
        starts.push((worker, reader, Line { reports: sender, answers: answers.take(), charge }));
    }
    if workers > 1 && protocols().iter().any(|protocol| protocol.expects) {
        let of = |(worker, _, line): &(Worker, _, Line)| (worker.heartbeat().clone(), line.reports.clone());
        let all: Vec<_> = starts.iter().map(of).collect();
        for ((worker, ..), rendezvous) in starts.iter_mut().zip(Rendezvous::among(&all, &stop)) {
            worker.beside(Box::new(rendezvous));
        }
    }
    let charges = starts.iter().map(|(.., line)| line.charge.clone()).collect();
    let (watchdog, given_up) = Watchdog::start(charges, config.seed, options.hang_after, stop.clone())
        .map_err(ReplayError::Thread)?;
    let mut threads = Vec::new();
    for (index, (worker, reader, line)) in starts.into_iter().enumerate() {
        let thread = thread::Builder::new()
            .name(format!("worker {index}"))
            .spawn(move || run(worker, reader, &line))
            .map_err(ReplayError::Thread)?;
        threads.push(thread);
    }
    let mut inboxes: Vec<Reports> =
        inboxes.into_iter().zip(given_up).map(|(reports, given_up)| Reports { reports, given_up }).collect();
    let merged = match inboxes.pop() {
        Some(reports) if options.in_step => in_step(&reports, &answer, &mut policy, &mut logs),
        last => {
            inboxes.extend(last);
            merge(inboxes, &mut policy, &mut logs)
        }
    };
    drop(answer);
    // A worker whose reports are not taken any more ends by itself, and so does the reader. One that hangs stays where
    // it is until the process ends.
    let hangs = watchdog.end();
    let hung = |worker: &usize| hangs.iter().any(|hang| hang.worker == *worker);
    let running = threads.into_iter().enumerate().filter(|(worker, _)| !hung(worker));
    let mut ended: Vec<(WorkerStats, Time)> = running.filter_map(|(_, thread)| thread.join().ok()).collect();
    ended.extend(hangs.iter().map(Hang::counted));
    let read = replay.map_or_else(ReadSummary::stopped, Replay::join);
    let last = ended.iter().map(|(_, last)| *last).max().unwrap_or_default();
    let written = merged.and_then(|()| policy.end(last, &mut logs));
    // What there is room for is written, whatever went wrong.
    let closed = logs.close(last);
    if let Err(error) = written.and(closed) {
        return Err(ReplayError::Log { error, rows: logs.row_counts() });
    }
    Ok(Summary {
        read: read.counts,
        end: read.end,
        stopped: read.stopped,
        hangs,
        workers: ended.into_iter().map(|(stats, _)| stats).collect(),
        unclaimed,
        rows: logs.rows(),
        rows_refused: logs.refused(),
        weirds_suppressed: policy.weirds_suppressed(),
        scripts: policy.script_counters(),
        elapsed: started.elapsed(),
    })
}

/// The line from a worker to the logs.
struct Line {
    reports: Sender<Report>,
    /// What it is to go on with, where each report is answered.
    answers: Option<Receiver<Answer>>,
    charge: Arc<Charge>,
}

impl Line {
    /// Reports what the worker said; false where nobody listens any more.
    fn report(&self, worker: &mut Worker, upto: Order) -> bool {
        loop {
            worker.heartbeat().at(Step::Between);
            if self.reports.send(Report { batch: worker.take(), upto }).is_err() {
                return false;
            }
            self.charge.settle(worker.emitted());
            let Some(answers) = &self.answers else { return true };
            let Ok(Answer { config, commands }) = answers.recv() else { return false };
            if let Some(config) = config {
                worker.set_config(config);
            }
            commands.iter().for_each(|command| worker.command(command));
            // What comes of them is handled before the next packet, too.
            if commands.is_empty() || worker.waiting() == 0 {
                return true;
            }
        }
    }
}

/// Says when it is dropped, however that comes, that the worker has ended.
struct Ended(Arc<Heartbeat>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// A worker's thread: every block of the capture, then the end of all flows.
fn run(mut worker: Worker, mut reader: FileReader, line: &Line) -> (WorkerStats, Time) {
    line.charge.begin();
    let _ended = Ended(worker.heartbeat().clone());
    let (mut last, mut last_number) = (Time::default(), 0);
    while let Some(block) = reader.next_block() {
        for (number, packet) in block.packets() {
            worker.packet(number, &packet);
            last = last.max(packet.ts);
            last_number = number;
            let much = if line.answers.is_some() { 0 } else { REPORT_BYTES };
            if worker.waiting() > much && !line.report(&mut worker, Order::after_packet(number)) {
                return (worker.stats(), last);
            }
        }
        drop(block);
        if !line.report(&mut worker, Order::after_packet(last_number)) {
            return (worker.stats(), last);
        }
    }
    let mut ending = worker.end();
    let mut more = true;
    while more {
        more = worker.end_some(&mut ending);
        let upto = if more { worker.order() } else { Order::LAST };
        if !line.report(&mut worker, upto) {
            break;
        }
    }
    (worker.stats(), last)
}
