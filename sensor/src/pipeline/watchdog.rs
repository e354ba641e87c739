//! Noticing that a worker of a replay hangs, so that the replay ends.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::event::{Heartbeat, HeartbeatSeen, Step};
use crate::flow::FlowStats;
use crate::pipeline::pulse::Pulse;
use crate::pipeline::supervisor::LOOK;
use crate::pipeline::task::Task;
use crate::pipeline::whereabouts::Whereabouts;
use crate::pipeline::worker::WorkerStats;
use crate::time::Time;

/// A worker that hung in a replay.
#[derive(Clone, Debug)]
pub struct Hang {
    /// Which of the workers.
    pub worker: usize,
    pub(super) seen: HeartbeatSeen,
    /// For how long it had not got on.
    still: Duration,
    /// Things it had said that nobody will see.
    shed: u64,
    seed: u64,
}

impl Hang {
    /// What can be said of the worker's work, and how far it had come.
    pub(super) fn counted(&self) -> (WorkerStats, Time) {
        let HeartbeatSeen { flows, emitted, now, .. } = self.seen;
        let flow = FlowStats { lost: flows, ..FlowStats::default() };
        (WorkerStats { flow, emitted, ..WorkerStats::default() }, now)
    }
}

impl fmt::Display for Hang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hang { seen, still, shed, seed, .. } = self;
        let place = Whereabouts { seen, seed: *seed };
        write!(f, "the analysis has hung for {:.1} s {place}; ", still.as_secs_f64())?;
        write!(f, "{} connections that were open with it are lost", seen.flows)?;
        if *shed > 0 { write!(f, ", and {shed} rows and events") } else { Ok(()) }
    }
}

/// What a worker's thread shares with the watchdog.
pub(super) struct Charge {
    heartbeat: Arc<Heartbeat>,
    /// Its thread, once that runs.
    task: OnceLock<Task>,
    /// Things it has said that were handed on.
    settled: AtomicU64,
}

impl Charge {
    pub fn new(heartbeat: Arc<Heartbeat>) -> Arc<Self> {
        Arc::new(Charge { heartbeat, task: OnceLock::new(), settled: AtomicU64::new(0) })
    }

    /// To be called by the worker's thread, first.
    pub fn begin(&self) {
        self.task.get_or_init(Task::current);
    }

    /// All of what the worker has said was handed on.
    pub fn settle(&self, emitted: u64) {
        self.settled.store(emitted, Ordering::Relaxed);
    }

    fn hang(&self, worker: usize, still: Duration, seed: u64) -> Hang {
        let seen = self.heartbeat.seen();
        let shed = seen.emitted.saturating_sub(self.settled.load(Ordering::Relaxed));
        Hang { worker, seen, still, shed, seed }
    }
}

/// The thread that watches.
pub(super) struct Watchdog {
    /// Dropped to end it.
    stop: Sender<()>,
    thread: JoinHandle<Vec<Hang>>,
}

/// Nothing is sent: it is dropped when the worker is given up.
pub(super) type GivenUp = Receiver<()>;

impl Watchdog {
    /// Watches over workers until [`Watchdog::end`]. If one does not get on for `hang_after`, reading is told to end,
    /// and nobody is to wait for that worker any more.
    pub fn start(
        charges: Vec<Arc<Charge>>,
        seed: u64,
        hang_after: Duration,
        reading: Arc<AtomicBool>,
    ) -> io::Result<(Watchdog, Vec<GivenUp>)> {
        let (stop, stopped) = bounded(0);
        let (lines, given_up): (Vec<_>, Vec<_>) = charges.iter().map(|_| bounded(0)).unzip();
        let of_lines = charges.into_iter().zip(lines).enumerate();
        let watched = |(worker, (charge, line))| Watched { worker, charge, pulse: Pulse::new(), line };
        let mut watched: Vec<Watched> = of_lines.map(watched).collect();
        let watch = move || {
            let mut hangs = Vec::new();
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let now = Instant::now();
                watched.retain_mut(|one| match one.hangs(hang_after, now) {
                    Some(still) => {
                        reading.store(true, Ordering::Relaxed);
                        hangs.push(one.charge.hang(one.worker, still, seed));
                        false
                    }
                    None => true,
                });
            }
            hangs
        };
        let thread = thread::Builder::new().name("watchdog".to_owned()).spawn(watch)?;
        Ok((Watchdog { stop, thread }, given_up))
    }

    /// Those that hung.
    pub fn end(self) -> Vec<Hang> {
        drop(self.stop);
        self.thread.join().unwrap_or_default()
    }
}

struct Watched {
    worker: usize,
    charge: Arc<Charge>,
    pulse: Pulse,
    /// Whoever waits for the worker waits for this to be dropped, too.
    #[expect(dead_code, reason = "it is there to be dropped")]
    line: Sender<()>,
}

impl Watched {
    fn hangs(&mut self, after: Duration, now: Instant) -> Option<Duration> {
        let Charge { heartbeat, task, .. } = &*self.charge;
        // Between packets it waits for the capture, or for the logs.
        self.pulse.look(heartbeat, task.get(), after, now).filter(|_| heartbeat.seen().step != Step::Between)
    }
}
