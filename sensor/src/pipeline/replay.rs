//! Replaying a capture.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};

use crate::capture::file::{self, CaptureError, OpenError, Progress, ReadCounts, Reader};
use crate::config::Config;
use crate::event::Order;
use crate::log::{LogError, Logs, Outlet, Target};
use crate::pipeline::merge::{Report, merge};
use crate::pipeline::worker::{Shard, Worker, WorkerStats};
use crate::policy::{Events, Policy};
use crate::time::Time;

/// What to replay, and how.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    pub capture: PathBuf,
    pub filter: Option<String>,
    pub write: Option<PathBuf>,
    pub workers: usize,
    pub target: Target,
}

/// What came of a replay.
#[derive(Debug)]
pub struct Summary {
    pub read: ReadCounts,
    /// How the capture ended.
    pub end: Result<(), CaptureError>,
    pub workers: Vec<WorkerStats>,
    pub rows: Vec<(&'static str, u64)>,
    pub weirds_suppressed: u64,
    pub elapsed: Duration,
}

#[derive(Debug)]
pub enum ReplayError {
    Open(OpenError),
    Log(LogError),
    /// A thread could not be started.
    Thread(std::io::Error),
}

impl std::fmt::Display for ReplayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReplayError::Open(error) => error.fmt(f),
            ReplayError::Log(error) => error.fmt(f),
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
    let workers = options.workers.max(1);
    let config = Arc::new(config);
    let read_options = file::Options { filter: options.filter, write: options.write, workers };
    if let Target::Folder(folder) = &options.target {
        crate::log::prepare_folder(folder).map_err(ReplayError::Log)?;
    }
    let mut replay = file::open(&options.capture, read_options).map_err(ReplayError::Open)?;
    watch(&replay.progress);

    let mut logs = Logs::new(options.target, config.format).exporting(&config.exports, outlets);
    let mut policy = Policy::new(events);
    let (mut lanes, mut threads) = (Vec::new(), Vec::new());
    for (index, reader) in std::mem::take(&mut replay.readers).into_iter().enumerate() {
        let (sender, receiver) = bounded(QUEUE);
        lanes.push(receiver);
        let worker = Worker::new(config.clone(), Shard { index, count: workers });
        let thread = thread::Builder::new()
            .name(format!("worker {index}"))
            .spawn(move || run(worker, reader, &sender))
            .map_err(ReplayError::Thread)?;
        threads.push(thread);
    }
    let merged = merge(lanes, &mut policy, &mut logs);
    // A worker whose reports are not taken any more ends by itself, and so does the reader.
    let ended: Vec<(WorkerStats, Time)> =
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect();
    let read = replay.join();
    let last = ended.iter().map(|(_, last)| *last).max().unwrap_or_default();
    merged.and_then(|()| policy.end(last, &mut logs)).map_err(ReplayError::Log)?;
    logs.close(last).map_err(ReplayError::Log)?;
    Ok(Summary {
        read: read.counts,
        end: read.end,
        workers: ended.into_iter().map(|(stats, _)| stats).collect(),
        rows: logs.rows(),
        weirds_suppressed: policy.weirds_suppressed(),
        elapsed: started.elapsed(),
    })
}

/// A worker's thread: every block of the capture, then the end of all flows.
fn run(mut worker: Worker, mut reader: Reader, reports: &Sender<Report>) -> (WorkerStats, Time) {
    let (mut last, mut last_number) = (Time::default(), 0);
    while let Some(block) = reader.next_block() {
        for (number, packet) in block.packets() {
            worker.packet(number, &packet);
            last = last.max(packet.ts);
            last_number = number;
            if worker.waiting() > REPORT_BYTES {
                let upto = Order::after_packet(number);
                if reports.send(Report { batch: worker.take(), upto }).is_err() {
                    return (worker.stats(), last);
                }
            }
        }
        drop(block);
        if reports.send(Report { batch: worker.take(), upto: Order::after_packet(last_number) }).is_err() {
            return (worker.stats(), last);
        }
    }
    let mut ending = worker.end();
    let mut more = true;
    while more {
        more = worker.end_some(&mut ending);
        let upto = if more { worker.order() } else { Order::LAST };
        if reports.send(Report { batch: worker.take(), upto }).is_err() {
            break;
        }
    }
    (worker.stats(), last)
}
