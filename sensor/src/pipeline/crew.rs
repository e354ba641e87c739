//! The threads of the workers: starting them, noticing one that hangs, and putting another in its place.
//!
//! A thread cannot be ended from outside. One that hangs is cut off instead: from then on nothing that it says is
//! taken, and the ring is taken from it ([`Monitor::take_over`]), so that another worker goes on behind the packet
//! that it hangs at. The flow of that packet is given up, so that it does not happen again; the others in its table
//! are forgotten, and counted. Should the thread come back to life, it finds itself replaced and ends.

use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::capture::live::{Monitor, Source};
use crate::config::Config;
use crate::event::{Heartbeat, HeartbeatSeen};
use crate::flow::{Key, Tuple};
use crate::pipeline::exchange::Exchange;
use crate::pipeline::ledger::RingLedger;
use crate::pipeline::live::Control;
use crate::pipeline::merge::Report;
use crate::pipeline::pulse::Pulse;
use crate::pipeline::ring::Place;
use crate::pipeline::task::Task;
use crate::pipeline::whereabouts::Whereabouts;
use crate::policy::{Incident, IncidentKind};

/// What a worker's thread shares with those that watch it. Its successor has one of its own.
pub(super) struct Cell {
    pub heartbeat: Arc<Heartbeat>,
    /// Its thread, once that runs.
    pub task: OnceLock<Task>,
    /// Open while what the thread says is taken. Held while it is handed on, so that nothing is afterwards.
    gate: Mutex<Gate>,
    /// The same, for looking at it with every packet.
    replaced: AtomicBool,
}

pub(super) struct Gate {
    replaced: bool,
    /// Things it has said that were handed on, or counted as dropped.
    pub settled: u64,
}

impl Cell {
    /// Of a worker that is about to begin; those before it have said so many things.
    pub fn new(heartbeat: Arc<Heartbeat>, settled: u64) -> Self {
        let gate = Mutex::new(Gate { replaced: false, settled });
        Cell { heartbeat, task: OnceLock::new(), gate, replaced: AtomicBool::new(false) }
    }

    /// Keeps the worker from being replaced while it hands something on; none where it was.
    pub fn open(&self) -> Option<MutexGuard<'_, Gate>> {
        Some(locked(&self.gate)).filter(|gate| !gate.replaced)
    }

    /// Another worker has taken over: nothing is to be said or done any more.
    #[inline]
    pub fn replaced(&self) -> bool {
        self.replaced.load(Ordering::Acquire)
    }
}

/// All workers.
pub(super) struct Crew {
    members: Vec<Member>,
    /// Threads that were replaced, and may never end.
    parked: Vec<JoinHandle<()>>,
    start: Start,
    control: Arc<Control>,
    reports: Sender<Report>,
    hang_after: Duration,
    /// One hung that could not be replaced.
    gave_up: bool,
}

/// How a worker's thread is started.
pub(super) type Start = fn(Place) -> io::Result<(Arc<Cell>, JoinHandle<()>)>;

struct Member {
    ledger: Arc<Mutex<RingLedger>>,
    cell: Arc<Cell>,
    thread: JoinHandle<()>,
    /// None where the kind of capture can only be looked at by the worker itself.
    monitor: Option<Monitor>,
    core: Option<usize>,
    config: Arc<Config>,
    pulse: Pulse,
    /// It hangs, and nobody takes its place.
    lost: bool,
    /// Flows that hung.
    given_up: Vec<Key>,
    exchange: Option<Arc<Exchange>>,
}

/// So many threads may hang at a time, each of them with the memory that it has and with what processor time nobody
/// else wants; with one more the sensor ends, to be started again.
const MAX_PARKED: usize = 4;

impl Crew {
    pub fn new(start: Start, control: &Arc<Control>, reports: Sender<Report>, hang_after: Duration) -> Self {
        let (members, parked) = (Vec::new(), Vec::new());
        Crew { members, parked, start, control: control.clone(), reports, hang_after, gave_up: false }
    }

    /// Starts a worker on a source.
    pub fn begin(
        &mut self,
        ledger: RingLedger,
        source: Source,
        core: Option<usize>,
        config: Arc<Config>,
        exchange: Option<Arc<Exchange>>,
    ) -> io::Result<()> {
        let ledger = Arc::new(Mutex::new(ledger));
        let monitor = source.monitor();
        let (cell, thread) = (self.start)(Place {
            source,
            config: config.clone(),
            control: self.control.clone(),
            reports: self.reports.clone(),
            ledger: ledger.clone(),
            core,
            first_number: 0,
            given_up: Vec::new(),
            exchange: exchange.clone(),
        })?;
        self.members.push(Member {
            ledger,
            cell,
            thread,
            monitor,
            core,
            config,
            pulse: Pulse::new(),
            lost: false,
            given_up: Vec::new(),
            exchange,
        });
        Ok(())
    }

    /// The ledgers of all workers, in their order.
    pub fn ledgers(&self) -> Vec<Arc<Mutex<RingLedger>>> {
        self.members.iter().map(|member| member.ledger.clone()).collect()
    }

    /// Brings the ledgers up to date with what can be seen without the workers' help.
    pub fn count(&self) {
        for member in &self.members {
            if let Some(Ok(counts)) = member.monitor.as_ref().map(Monitor::counts) {
                locked(&member.ledger).source = counts;
            }
        }
    }

    /// Looks whether every worker gets on, and replaces those that do not. Gives back what is to be told.
    pub fn look(&mut self, now: Instant) -> Vec<Incident> {
        let mut incidents = Vec::new();
        for at in 0..self.members.len() {
            let Some(still) = self.members[at].hangs(self.hang_after, now) else { continue };
            if let Some((seen, lost)) = self.members[at].cut_off() {
                let replaced = self.replace(at, &seen);
                incidents.push(self.members[at].incident(&seen, still, lost, replaced));
            }
        }
        incidents
    }

    /// Puts another worker in the place of one that was cut off; an error says why there is none.
    fn replace(&mut self, at: usize, seen: &HeartbeatSeen) -> Result<(), String> {
        self.parked.retain(|thread| !thread.is_finished());
        let member = &mut self.members[at];
        member.lost = true;
        let replaced = || -> Result<_, String> {
            if self.control.is_stopping() {
                return Err("the sensor ends".to_owned());
            }
            let monitor = member.monitor.as_ref().ok_or("this kind of capture cannot be taken over")?;
            if self.parked.len() >= MAX_PARKED {
                return Err(format!("{MAX_PARKED} others hang already"));
            }
            let source = monitor.take_over().map_err(|error| format!("its ring cannot be had: {error}"))?;
            (self.start)(Place {
                source,
                config: member.config.clone(),
                control: self.control.clone(),
                reports: self.reports.clone(),
                ledger: member.ledger.clone(),
                core: member.core,
                first_number: seen.packet,
                given_up: member.given_up.clone(),
                exchange: member.exchange.clone(),
            })
            .map_err(|error| format!("no thread can be started: {error}"))
        };
        match replaced() {
            Ok((cell, thread)) => {
                self.parked.push(std::mem::replace(&mut member.thread, thread));
                (member.cell, member.pulse, member.lost) = (cell, Pulse::new(), false);
                Ok(())
            }
            Err(why) => {
                locked(&member.ledger).ended = true;
                if !self.control.is_stopping() {
                    self.gave_up = true;
                    self.control.stop();
                }
                Err(why)
            }
        }
    }

    /// The sensor ends because of a worker that could not be replaced.
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// Waits for those that did not hang. The first value is whether all ended well, the second whether the sensor
    /// ends because of one that did.
    pub fn join(self) -> (bool, bool) {
        let mut complete = true;
        for Member { thread, lost, .. } in self.members {
            // A ring's worker contains its faults; should one have ended by a panic after all, it was not complete.
            complete &= !lost && thread.join().is_ok();
        }
        (complete, self.gave_up)
    }
}

impl Member {
    /// For how long the worker has not got on, if it is to be called hanging.
    fn hangs(&mut self, after: Duration, now: Instant) -> Option<Duration> {
        let Cell { heartbeat, task, .. } = &*self.cell;
        let still = self.pulse.look(heartbeat, task.get(), after, now)?;
        (!self.lost && !locked(&self.ledger).ended).then_some(still)
    }

    /// Lets nothing more out of the worker; none where it is just handing something on, and does not hang. The second
    /// value is how many things it had said that nobody will see.
    fn cut_off(&mut self) -> Option<(HeartbeatSeen, u64)> {
        let mut gate = match self.cell.gate.try_lock() {
            Ok(gate) => gate,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        gate.replaced = true;
        self.cell.replaced.store(true, Ordering::Release);
        let settled = gate.settled;
        drop(gate);
        if let Some(task) = self.cell.task.get() {
            task.yield_processor();
        }
        let seen = self.cell.heartbeat.seen();
        let shed = seen.emitted.saturating_sub(settled);
        let mut ledger = locked(&self.ledger);
        if self.monitor.is_none() {
            // Nobody else can ask; so many at least there were.
            let source = &mut ledger.source;
            source.delivered = source.delivered.max(seen.packet);
            source.link = source.link.max(source.delivered + source.dropped);
        }
        ledger.counts.hangs += 1;
        ledger.counts.shed += shed;
        ledger.stats.emitted = seen.emitted;
        ledger.stats.flow.lost += seen.flows;
        ledger.forget();
        self.given_up.extend(Tuple::unpack(seen.flow).map(|tuple| tuple.key()));
        Some((seen, shed))
    }

    fn incident(
        &self,
        seen: &HeartbeatSeen,
        still: Duration,
        shed: u64,
        replaced: Result<(), String>,
    ) -> Incident {
        let mut text = format!("the worker has hung for {:.1} s ", still.as_secs_f64());
        let flow = Tuple::unpack(seen.flow);
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", Whereabouts { seen, seed: self.config.seed });
        if flow.is_some() {
            text.push_str("; that connection is given up");
        }
        let _ = write!(text, "; {} connections are forgotten", seen.flows);
        if shed > 0 {
            let _ = write!(text, " and {shed} rows and events lost");
        }
        let _ = match replaced {
            Ok(()) => write!(text, "; another worker goes on with its packets"),
            Err(why) => write!(text, "; nothing takes its place, because {why}"),
        };
        if self.monitor.is_none() {
            text.push_str("; what has come since is not counted");
        }
        Incident { kind: IncidentKind::Hang, peer: locked(&self.ledger).peer(), text }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
