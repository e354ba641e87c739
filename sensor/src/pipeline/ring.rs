//! A worker's thread on a live interface: packets out of its ring, reports to the logs.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::analyze::{Analysis, Command};
use crate::capture::Packet;
use crate::capture::live::{Polled, SeenPacket, Source};
use crate::config::Config;
use crate::event::{Batch, Order, Step};
use crate::flow::Key;
use crate::pipeline::crew::Cell;
use crate::pipeline::exchange::{Exchange, Peers};
use crate::pipeline::ledger::{RingCounts, RingLedger};
use crate::pipeline::live::Control;
use crate::pipeline::merge::Report;
use crate::pipeline::task::Task;
use crate::pipeline::worker::{Shard, Worker};
use crate::time::{Interval, Time};

pub(super) struct RingWorker<A: Analysis> {
    source: Source,
    worker: Worker<A>,
    control: Arc<Control>,
    /// What scripts tell analyzers to do.
    commands: Receiver<Command>,
    reports: Sender<Report>,
    ledger: Arc<Mutex<RingLedger>>,
    cell: Arc<Cell>,
    /// The processor it is to run on.
    core: Option<usize>,
    state: RingState,
}

/// Where a worker is to begin.
pub(super) struct Place {
    pub source: Source,
    pub config: Arc<Config>,
    pub control: Arc<Control>,
    pub reports: Sender<Report>,
    /// What those before it have counted is in it.
    pub ledger: Arc<Mutex<RingLedger>>,
    /// The processor it is to run on.
    pub core: Option<usize>,
    /// Packets are numbered from here on.
    pub first_number: u64,
    /// Flows that are not analysed.
    pub given_up: Vec<Key>,
    /// What joins it with the other workers of its interface.
    pub exchange: Option<Arc<Exchange>>,
}

/// Starts a worker's thread.
pub(super) fn start<A: Analysis + Send + 'static>(place: Place) -> io::Result<(Arc<Cell>, JoinHandle<()>)>
where
    A::State: Send,
{
    let Place { source, config, control, reports, ledger, core, first_number, given_up, exchange } = place;
    let before = ledger.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let peers = exchange.map(|exchange| Peers::new(exchange, before.worker));
    let mut worker =
        Worker::<A>::new(config, Shard { index: 0, count: 1 }).among(peers).sharing(control.expected.clone());
    worker.succeed(before.stats, before.unclaimed.clone(), given_up);
    let cell = Arc::new(Cell::new(worker.heartbeat().clone(), before.stats.emitted));
    let state = RingState {
        number: first_number,
        counts: before.counts,
        cut_off: before.cut_off,
        turns: before.turns,
        ..RingState::new()
    };
    let commands = control.commands();
    let ring =
        RingWorker { source, worker, control, commands, reports, ledger, cell: cell.clone(), core, state };
    let name = format!("worker {}", before.peer());
    let thread = thread::Builder::new().name(name).spawn(move || ring.run())?;
    Ok((cell, thread))
}

/// What it keeps for itself.
pub(super) struct RingState {
    number: u64,
    generation: u64,
    published: Instant,
    /// When it was last looked whether the interface is still the same.
    looked: Instant,
    counts: RingCounts,
    /// The interface is another, and its packets cannot be had.
    cut_off: bool,
    turns: u64,
}

impl RingState {
    pub fn new() -> Self {
        RingState {
            number: 0,
            generation: 0,
            published: Instant::now(),
            looked: Instant::now(),
            counts: RingCounts::default(),
            cut_off: false,
            turns: 0,
        }
    }
}

/// How long to wait for packets at a time; signals and settings are looked at in between.
const WAIT: Duration = Duration::from_millis(100);
/// How often it is looked whether a quiet interface is still the one that was opened.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);
/// How often rows go to the logs and counters to the ledger, however little there is.
const PUBLISH_EVERY: Duration = Duration::from_millis(200);
/// With so much to say, it is said without waiting for that.
const REPORT_BYTES: usize = 128 * 1024;
/// Where the logs do not keep up, so much is held, per worker, until room is made by dropping it. Stops
/// a slow disk from filling memory, and never holds up capture.
const MAX_UNSENT: usize = 64 << 20;
/// Stamps of packets may differ by little between processors. What lies further back than this came
/// after the clock was set.
pub(super) const CLOCK_STEP: Interval = Interval::from_secs(10);
/// An interface that is down is looked at again after this.
const DOWN_WAIT: Duration = Duration::from_millis(250);

impl<A: Analysis> RingWorker<A> {
    /// Runs until the sensor stops, or another worker has taken over. The worker may fail; it goes on with a
    /// new one on the same ring.
    fn run(mut self) {
        self.cell.task.get_or_init(Task::current);
        self.pin();
        while !self.control.is_stopping() && !self.cell.replaced() {
            let turned = catch_unwind(AssertUnwindSafe(|| self.turn()));
            if turned.is_err() {
                start_again(&mut self.worker, &mut self.state);
                // A fault that comes back at once must not keep the processor busy.
                thread::sleep(WAIT);
            }
        }
        // The socket, too, is the other's then.
        if self.cell.replaced() {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| self.finish())).is_err() {
            start_again(&mut self.worker, &mut self.state);
        }
        self.publish(true);
        // Wakes who waits for the last to end.
        let _ = self.reports.try_send(Report { batch: Batch::default(), upto: Order::default() });
    }

    fn pin(&self) {
        let Some(core) = self.core else { return };
        let mut cpus = nix::sched::CpuSet::new();
        let pinned =
            cpus.set(core).and_then(|()| nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &cpus));
        if let Err(error) = pinned {
            eprintln!("nightjar: cannot run a worker on core {core}: {error}; it runs wherever it may");
        }
    }

    fn turn(&mut self) {
        self.take_settings();
        while let Ok(command) = self.commands.try_recv() {
            self.worker.command(&command);
        }
        if let Some(peers) = self.worker.peers() {
            peers.receive();
        }
        let polled = self.poll(WAIT);
        if self.cell.replaced() {
            return;
        }
        let quiet = !matches!(polled, Ok(Polled::Packets(_)));
        match polled {
            Ok(Polled::Packets(_)) => {}
            Ok(Polled::Nothing) => self.idle(),
            Err(_) => {
                self.state.counts.interface_errors += 1;
                self.idle();
                thread::sleep(DOWN_WAIT);
            }
        }
        if quiet && self.state.looked.elapsed() >= FOLLOW_EVERY {
            self.follow();
        }
        self.state.turns += 1;
        self.worker.heartbeat().at(Step::Between);
        if self.worker.waiting() > REPORT_BYTES {
            self.report();
        }
        if self.state.published.elapsed() >= PUBLISH_EVERY {
            self.report();
            self.publish(false);
        }
    }

    /// The interface may have been removed, and one of its name made.
    fn follow(&mut self) {
        self.state.looked = Instant::now();
        match self.source.follow() {
            Ok(followed) => self.state.counts.followed += u64::from(followed),
            Err(_) => self.state.cut_off = true,
        }
    }

    fn take_settings(&mut self) {
        let generation = self.control.generation.load(Ordering::Acquire);
        if generation != self.state.generation {
            self.state.generation = generation;
            self.worker.set_config(self.control.settings());
        }
    }

    fn poll(&mut self, timeout: Duration) -> io::Result<Polled> {
        let RingWorker { source, worker, state, reports, cell, control, .. } = self;
        source.poll(timeout, |seen| {
            // The other worker has these packets, too.
            if !cell.replaced() {
                if let Some(dump) = &control.dump {
                    dump.write(&seen.packet);
                }
                take(worker, state, &Outlet { reports, cell }, seen);
            }
        })
    }

    /// Nothing comes: time goes on by the clock on the wall, behind which packets may still be waiting.
    fn idle(&mut self) {
        let lag = Interval::from_nanos(i64::try_from(self.source.lag().as_nanos()).unwrap_or(i64::MAX));
        let now = Time::from_nanos(wall().nanos().saturating_sub(lag.nanos()));
        if now + CLOCK_STEP < self.worker.now() {
            let outlet = Outlet { reports: &self.reports, cell: &self.cell };
            step_back(&mut self.worker, &mut self.state, &outlet);
        }
        parcels(&mut self.worker, &mut self.state, now);
        self.worker.idle(self.state.number, now);
    }

    fn report(&mut self) {
        let outlet = Outlet { reports: &self.reports, cell: &self.cell };
        offer(&mut self.worker, &mut self.state, &outlet);
    }

    fn publish(&mut self, ended: bool) {
        self.state.published = Instant::now();
        let counts = self.source.counts();
        let Some(_gate) = self.cell.open() else { return };
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(counts) = counts {
            ledger.source = counts;
        }
        ledger.index = self.source.index();
        ledger.stats = self.worker.stats();
        ledger.unclaimed = self.worker.unclaimed().clone();
        // Hangs are seen from outside.
        let (fragment_bytes, hangs) = (self.worker.fragment_bytes() as u64, ledger.counts.hangs);
        ledger.counts = RingCounts { fragment_bytes, hangs, ..self.state.counts };
        ledger.cut_off = self.state.cut_off;
        ledger.now = self.worker.now();
        ledger.turns = self.state.turns;
        ledger.ended = ended;
    }

    /// Takes what is still in the ring, and ends all flows.
    fn finish(&mut self) {
        // Should packets go on coming, there would be no end to it.
        if self.source.refuse().is_err() {
            self.state.counts.interface_errors += 1;
        }
        let lag = self.source.lag();
        let until = Instant::now() + 4 * lag;
        while Instant::now() < until && matches!(self.poll(lag), Ok(Polled::Packets(_))) {
            self.send();
        }
        self.take_last_parcels(4 * lag);
        let mut ending = self.worker.end();
        while self.worker.end_some(&mut ending) {
            self.send();
        }
        self.send();
    }

    /// Takes what others, too, find in the rest of their rings.
    fn take_last_parcels(&mut self, patience: Duration) {
        let until = Instant::now() + patience;
        let Some(peers) = self.worker.peers() else { return };
        peers.at_end();
        loop {
            let more = self.worker.peers().is_some_and(|peers| peers.wait(until));
            parcels(&mut self.worker, &mut self.state, Time::from_nanos(i64::MAX));
            self.send();
            if !more {
                break;
            }
        }
        if let Some(peers) = self.worker.peers() {
            peers.abandon();
        }
    }

    /// Hands on what there is to say, waiting for room. Nothing is left that could be held up.
    fn send(&mut self) {
        let Some(mut gate) = self.cell.open() else { return };
        let report = Report { batch: self.worker.take(), upto: Order::default() };
        gate.settled = self.worker.emitted();
        let items = report.batch.items.len() as u64;
        if self.reports.send(report).is_err() {
            self.state.counts.shed += items;
        }
    }
}

/// Where reports go, as long as the worker was not replaced.
struct Outlet<'a> {
    reports: &'a Sender<Report>,
    cell: &'a Cell,
}

fn take<A: Analysis>(
    worker: &mut Worker<A>,
    state: &mut RingState,
    outlet: &Outlet<'_>,
    seen: &SeenPacket<'_>,
) {
    // As in a replay.
    let packet = Packet { ts: seen.packet.ts.to_micros(), ..seen.packet };
    if packet.ts + CLOCK_STEP < worker.now() {
        step_back(worker, state, outlet);
    }
    if worker.peers().is_some_and(|peers| peers.is_waiting()) {
        parcels(worker, state, seen.packet.ts);
    }
    state.number += 1;
    if seen.checksums_pending {
        worker.packet_unfinished(state.number, &packet);
    } else {
        worker.packet(state.number, &packet);
    }
}

/// Takes what other workers have handed over and was stamped by then.
fn parcels<A: Analysis>(worker: &mut Worker<A>, state: &mut RingState, upto: Time) {
    while let Some(parcel) = worker.peers().and_then(|peers| peers.due(upto)) {
        state.number += 1;
        worker.parcel(state.number, parcel);
    }
}

/// Hands on what there is to say, if there is room; drops it only where too much waits already.
fn offer<A: Analysis>(worker: &mut Worker<A>, state: &mut RingState, outlet: &Outlet<'_>) {
    let waiting = worker.waiting();
    if waiting == 0 || outlet.reports.is_full() && waiting < MAX_UNSENT {
        return;
    }
    let Some(mut gate) = outlet.cell.open() else { return };
    let report = Report { batch: worker.take(), upto: Order::default() };
    gate.settled = worker.emitted();
    if let Err(TrySendError::Full(report) | TrySendError::Disconnected(report)) =
        outlet.reports.try_send(report)
    {
        state.counts.shed += report.batch.items.len() as u64;
    }
}

/// The worker failed outside of any one flow's analysis: its flows cannot be trusted any more.
fn start_again<A: Analysis>(worker: &mut Worker<A>, state: &mut RingState) {
    state.counts.restarts += 1;
    worker.restart();
}

/// The clock was set back. To wait until it is where it was would keep every flow open until then, so
/// all end now, and what goes on begins anew.
fn step_back<A: Analysis>(worker: &mut Worker<A>, state: &mut RingState, outlet: &Outlet<'_>) {
    state.counts.clock_steps += 1;
    let mut ending = worker.end();
    while worker.end_some(&mut ending) {
        offer(worker, state, outlet);
    }
    worker.restart();
}

/// The clock on the wall, to the microsecond.
pub(super) fn wall() -> Time {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    Time::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)).to_micros()
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{bounded, unbounded};

    use super::*;
    use crate::analyze::Sessions;
    use crate::event::Emitted;

    /// A UDP datagram of four bytes, its checksum left out.
    const FRAME: &[u8] = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0\
        \x45\0\0\x20\0\0\0\0\x40\x11\x66\xcb\x0a\0\0\x01\x0a\0\0\x02\
        \x30\x39\x30\x3a\0\x0c\0\0data";

    fn at(seconds: i64) -> Time {
        Time::from_nanos((1_700_000_000 + seconds) * 1_000_000_000)
    }

    fn seen(seconds: i64) -> SeenPacket<'static> {
        let packet = Packet { ts: at(seconds), link: 1, wire_len: FRAME.len() as u32, data: FRAME };
        SeenPacket { packet, checksums_pending: false }
    }

    fn worker() -> Worker<Sessions> {
        Worker::new(Arc::new(Config::default()), Shard { index: 0, count: 1 })
    }

    fn rows(report: &Report) -> usize {
        report.batch.items.iter().filter(|item| matches!(item.emitted, Emitted::Row { .. })).count()
    }

    #[test]
    fn a_clock_set_back_ends_flows_and_does_not_stop_their_timers() {
        let (mut worker, mut state) = (worker(), RingState::new());
        let cell = Cell::new(worker.heartbeat().clone(), 0);
        let (sender, reports) = unbounded();
        take(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell }, &seen(3600));
        take(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell }, &seen(3600));
        // Processors' stamps may be a little out of order.
        take(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell }, &seen(3599));
        assert_eq!((state.counts.clock_steps, worker.now()), (0, at(3600)));
        let finer = Packet { ts: at(3600) + Interval::from_nanos(1_999), ..seen(0).packet };
        let finer = SeenPacket { packet: finer, checksums_pending: false };
        take(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell }, &finer);
        assert_eq!(worker.now(), at(3600) + Interval::from_nanos(1_000));
        take(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell }, &seen(0));
        assert_eq!((state.counts.clock_steps, worker.now()), (1, at(0)));
        take(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell }, &seen(1));
        worker.idle(state.number, at(62));
        offer(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell });
        drop(sender);
        assert_eq!(reports.iter().map(|report| rows(&report)).sum::<usize>(), 2);
        assert_eq!(worker.stats().flow.lost, 0);
    }

    #[test]
    fn a_worker_started_again_goes_on_and_counts_what_it_lost() {
        let (mut worker, mut state) = (worker(), RingState::new());
        let cell = Cell::new(worker.heartbeat().clone(), 0);
        let (sender, reports) = unbounded();
        take(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell }, &seen(0));
        start_again(&mut worker, &mut state);
        take(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell }, &seen(1));
        worker.idle(state.number, at(100));
        offer(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell });
        drop(sender);
        let stats = worker.stats().flow;
        assert_eq!((stats.lost, stats.opened(), stats.open_by_proto), (1, 2, [0; 3]));
        assert_eq!(reports.iter().map(|report| rows(&report)).sum::<usize>(), 1);
        assert_eq!(state.counts.restarts, 1);
    }

    #[test]
    fn logs_that_do_not_keep_up_cost_no_packet_and_what_is_dropped_is_counted() {
        let (mut worker, mut state) = (worker(), RingState::new());
        let cell = Cell::new(worker.heartbeat().clone(), 0);
        let (sender, reports) = bounded(1);
        let mut begin = 0;
        // A flow ends every two minutes; nobody takes the reports.
        while state.counts.shed == 0 {
            begin += 120;
            take(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell }, &seen(begin));
            offer(&mut worker, &mut state, &Outlet { reports: &sender, cell: &cell });
            assert!(worker.waiting() <= MAX_UNSENT + REPORT_BYTES);
        }
        let taken = reports.recv().unwrap();
        let emitted = worker.stats().emitted;
        assert_eq!(emitted, taken.batch.items.len() as u64 + state.counts.shed);
        assert_eq!(state.number as i64, begin / 120);
    }
}
