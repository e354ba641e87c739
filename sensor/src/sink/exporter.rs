//! One exporter: from the queue through the spool to the receiver, and the account of it.

mod alarms;
mod holding;
mod reports;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::export::rows;
use crate::sink::account::{Account, Reason, UNREADABLE};
use crate::sink::dead_letter::DeadLetters;
use crate::sink::exporter::alarms::Alarms;
use crate::sink::exporter::holding::{Holding, Moved};
use crate::sink::queue::{Chunk, Mode, Queue};
use crate::sink::send_queue::SendQueue;
use crate::sink::spool::{
    Appended, Held as SpoolLock, Numbers, Origin, Spool, SpoolError, SpoolOptions, hold,
};
use crate::sink::transport::{Message, Offer, Outcome, Report, Transport};

/// What an exporter has on disk.
#[derive(Default)]
pub struct Store {
    spool: Option<Spool>,
    holding: Holding,
    /// Held while it runs.
    _lock: Option<SpoolLock>,
}

impl Store {
    /// Opens a spool, and notes in the account what earlier runs left in it.
    pub fn open(options: SpoolOptions, account: &mut Account) -> Result<Store, SpoolError> {
        let failed = |error| SpoolError::Io(options.dir.clone(), error);
        let lock = hold(&options.dir)?;
        let mut spool = Spool::open(options.clone()).map_err(failed)?;
        take_over(&mut spool, account).map_err(failed)?;
        let mut holding = Holding::open(Some(options.clone())).map_err(failed)?;
        for held in holding.all() {
            if let Some(spool) = &mut held.queue.spool {
                held.rows = take_over(spool, account).map_err(failed)?;
            }
        }
        Ok(Store { spool: Some(spool), holding, _lock: Some(lock) })
    }
}

/// Notes what an earlier run left in a spool. Says how many rows that are.
fn take_over(spool: &mut Spool, account: &mut Account) -> std::io::Result<u64> {
    let mut found = 0;
    spool.survey(|spool, loaded| {
        let mut streams = rows(&loaded.bytes).flatten().map(|(_, row)| row.stream);
        for pos in loaded.pos..loaded.pos + loaded.rows {
            let stream = streams.next().unwrap_or(UNREADABLE);
            if !spool.is_settled(pos) {
                account.recovered(stream);
                found += 1;
            }
        }
    })?;
    account.counts.unreadable_bytes += spool.damage.bytes;
    account.damaged |= spool.damage.loss;
    Ok(found)
}

/// How an exporter behaves.
#[derive(Clone, Debug)]
pub struct Behaviour {
    pub name: &'static str,
    pub mode: Mode,
    /// Rows in memory between queue and receiver; what is beyond it stays on disk.
    pub window_bytes: usize,
    /// How long the end waits for acknowledgements; in replay, each of them makes it wait as long again.
    pub flush_timeout: Duration,
    /// What is wrong for so long speaks against the sensor's being ready.
    pub not_ready_after: Duration,
    /// Rows for a destination that takes none wait for it; or else they are dropped.
    pub hold: bool,
    /// All that may be on disk.
    pub max_bytes: u64,
    /// How much of the disk may be taken for a while beyond that, when rows move.
    pub slack: u64,
    /// Takes a sentence for the operator.
    pub tell: fn(&str),
    /// The run, which with a row's sequence number identifies it.
    pub run: u64,
}

/// Chunks moved from the queue to the spool before the receiver is looked after again.
const CHUNKS_AT_A_TIME: usize = 16;
/// Rows offered before reports are taken.
const ROWS_AT_A_TIME: usize = 8192;
/// How often the spool is looked after, and problems are told of.
const UPKEEP: Duration = Duration::from_secs(1);
/// How long to wait for reports, or for rows, before looking at the other.
const WAIT: Duration = Duration::from_millis(10);
/// A spool that could not be written is tried again so often.
const RETRY: Duration = Duration::from_millis(200);
/// Rows that move to the queue of a held destination go together up to so many bytes.
const MOVED: usize = 64 * 1024;
/// Rows of queues are reported on with the queue's number before their position there.
const QUEUE_SHIFT: u32 = 48;

pub struct Exporter<T> {
    behaviour: Behaviour,
    queue: Arc<Queue>,
    main: SendQueue,
    holding: Holding,
    _lock: Option<SpoolLock>,
    dead_letters: Option<DeadLetters>,
    transport: T,
    account: Arc<Mutex<Account>>,
    /// Rows for which there is no room yet.
    kept: Option<Chunk>,
    /// When the spool may be tried again, after it could not be written.
    retry: Option<Instant>,
    next_seq: u64,
    looked_after: Instant,
    /// When a row was last acknowledged.
    progress: Instant,
    alarms: Alarms,
    /// Where names of destinations are put.
    destination: String,
}

impl<T: Transport> Exporter<T> {
    pub fn new(
        behaviour: Behaviour,
        queue: Arc<Queue>,
        store: Store,
        dead_letters: Option<DeadLetters>,
        transport: T,
        account: Arc<Mutex<Account>>,
    ) -> Self {
        let Store { spool, holding, _lock } = store;
        Exporter {
            alarms: Alarms::new(behaviour.tell),
            behaviour,
            queue,
            main: SendQueue::new(spool),
            holding,
            _lock,
            dead_letters,
            transport,
            account,
            kept: None,
            retry: None,
            next_seq: 0,
            looked_after: Instant::now(),
            progress: Instant::now(),
            destination: String::new(),
        }
    }

    /// Sends rows until there are no more and all are settled, or the time for that is over.
    pub fn run(mut self) {
        let mut reports = Vec::new();
        self.look_after();
        loop {
            // Looked at first: what comes after the queue was found empty must not be taken for nothing.
            let closed = self.queue.closed().is_some();
            let mut busy = self.take() | self.read_back() | self.offer() | self.offer_held(&mut reports);
            let in_flight = self.in_flight() > 0;
            let waiting = !busy && in_flight;
            self.transport.poll(if waiting { WAIT } else { Duration::ZERO }, &mut reports);
            busy |= !reports.is_empty();
            self.settle(&mut reports);
            self.move_parked();
            self.recycle();
            if self.looked_after.elapsed() >= UPKEEP {
                self.look_after();
            }
            if self.too_late() {
                break;
            }
            if closed && !busy && self.kept.is_none() && self.main.is_empty() && self.holding.is_idle() {
                break;
            }
            if !busy && !waiting {
                // What waits on a receiver that takes nothing waits here as well.
                if closed { std::thread::sleep(WAIT) } else { self.queue.sleep(WAIT) }
            }
        }
        self.end(reports);
    }

    /// Whether the end has waited long enough.
    fn too_late(&self) -> bool {
        let Some(closed) = self.queue.closed() else { return false };
        let since = match self.behaviour.mode {
            // It waited before that.
            Mode::Wait if self.queue.gave_up() => return true,
            Mode::Wait => closed.max(self.progress),
            Mode::Drop => closed,
        };
        since.elapsed() >= self.behaviour.flush_timeout
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows sent and not reported on.
    fn in_flight(&mut self) -> u64 {
        self.main.window.in_flight + self.holding.all().map(|held| held.queue.window.in_flight).sum::<u64>()
    }

    /// Takes rows from the queue. Says whether there were any.
    fn take(&mut self) -> bool {
        let room = self.main.window.bytes() < self.behaviour.window_bytes && !self.main.unread();
        if !room && self.retry.is_some_and(|retry| Instant::now() < retry) {
            return false;
        }
        let mut any = false;
        for _ in 0..CHUNKS_AT_A_TIME {
            // Without a spool rows wait in the queue.
            if self.main.spool.is_none() && self.main.window.bytes() >= self.behaviour.window_bytes {
                break;
            }
            let kept = self.kept.take();
            let Some(chunk) = kept.or_else(|| self.queue.take(&mut self.account())) else { break };
            if let Some(kept) = self.admit(chunk) {
                self.kept = Some(kept);
                break;
            }
            any = true;
        }
        any
    }

    /// Writes rows to the spool, and keeps them in memory where they are next; gives them back when
    /// there is no room for them.
    fn admit(&mut self, chunk: Chunk) -> Option<Chunk> {
        self.make_safe();
        let rows_in = chunk.rows;
        let origin = Origin { run: self.behaviour.run, numbers: Numbers::From(self.next_seq), made: None };
        let room = self.main.window.bytes() < self.behaviour.window_bytes;
        let elsewhere = self.holding.bytes();
        let Some(spool) = &mut self.main.spool else {
            self.next_seq += u64::from(rows_in);
            self.main.push(origin.run, origin.numbers, rows_in, chunk.bytes);
            return None;
        };
        spool.elsewhere = elsewhere;
        let why = match spool.append(&origin, rows_in, &chunk.bytes) {
            Ok(Appended::At(pos)) => {
                self.next_seq += u64::from(rows_in);
                if spool.read_up_to(pos) && room {
                    spool.pass(pos + u64::from(rows_in));
                    self.main.window.push(pos, origin.numbers, origin.run, chunk.bytes, |_| false);
                } else {
                    let mut account = self.account();
                    rows(&chunk.bytes).flatten().for_each(|(_, row)| account.spooled(row.stream));
                    drop(account);
                    self.queue.recycle(chunk.bytes);
                }
                if self.alarms.spool_works() {
                    self.queue.full(None);
                }
                return None;
            }
            Ok(Appended::Full) => Reason::SpoolFull,
            Err(error) => {
                self.alarms.spool(format!("the spool cannot be written: {error}"));
                self.retry = Some(Instant::now() + RETRY);
                Reason::SpoolFailed
            }
        };
        // They can be sent all the same, if nothing must go before them.
        if room && !spool.unread() {
            self.next_seq += u64::from(rows_in);
            self.main.push(origin.run, origin.numbers, rows_in, chunk.bytes);
            return None;
        }
        self.queue.full(Some(why));
        if !self.too_late() {
            return Some(chunk);
        }
        // Their numbers are used up, so that the receiver can see the gap.
        self.next_seq += u64::from(rows_in);
        self.lose(&chunk.bytes, why);
        None
    }

    /// Rows from the queue are lost.
    fn lose(&self, bytes: &[u8], reason: Reason) {
        let mut account = self.account();
        rows(bytes).flatten().for_each(|(_, row)| account.dropped(row.stream, reason));
    }

    /// What moved to other queues survives a power failure before it goes from where it was.
    fn make_safe(&mut self) {
        if !self.main.spool.as_ref().is_some_and(Spool::has_settled) {
            return;
        }
        for held in self.holding.all().filter(|held| held.unsynced) {
            match held.queue.spool.as_mut().map_or(Ok(()), Spool::sync) {
                Ok(()) => held.unsynced = false,
                Err(error) => self.alarms.spool(format!("the spool cannot be written: {error}")),
            }
        }
    }

    /// Reads rows back from the spool while there is room for them. Says whether there were any.
    fn read_back(&mut self) -> bool {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        match self.main.read_back(self.behaviour.window_bytes, &mut account) {
            Ok((read, _)) => read > 0,
            Err(error) => {
                self.alarms.spool(format!("the spool cannot be read: {error}"));
                false
            }
        }
    }

    /// Offers rows to the receiver. Says whether any could be.
    fn offer(&mut self) -> bool {
        for nth in 0..ROWS_AT_A_TIME {
            let Some(message) = self.main.window.next() else { return nth > 0 };
            let pos = message.pos;
            if !self.holding.is_empty() {
                self.destination.clear();
                self.transport.destination(&message.row, &mut self.destination);
                if let Some(held) = self.holding.find(&self.destination).and_then(|id| self.holding.get(id)) {
                    held.park(pos);
                    self.main.window.park(pos);
                    continue;
                }
            }
            match self.transport.offer(&message) {
                Offer::Accepted => self.main.window.sent(pos),
                Offer::Full => return nth > 0,
                Offer::Reported(outcome) => self.settle(&mut vec![Report { pos, outcome }]),
            }
        }
        true
    }

    /// Offers rows that were held. Says whether any could be.
    fn offer_held(&mut self, reports: &mut Vec<Report>) -> bool {
        let mut any = false;
        for id in self.holding.ids() {
            let Some(held) = self.holding.get(id) else { continue };
            let may = held.may_send().min(ROWS_AT_A_TIME);
            if may == 0 {
                continue;
            }
            let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
            match held.queue.read_back(self.behaviour.window_bytes / 2, &mut account) {
                Ok((_, lost)) => held.rows = held.rows.saturating_sub(lost),
                Err(error) => self.alarms.spool(format!("the spool cannot be read: {error}")),
            }
            drop(account);
            let via = held.via();
            for _ in 0..may {
                let Some(message) = held.queue.window.next() else { break };
                if let Some(refused) = held.refused.as_mut().filter(|refused| !refused.asked) {
                    refused.asked = true;
                    self.transport.ask_again(&held.destination);
                }
                let pos = message.pos;
                match self.transport.offer(&Message {
                    via,
                    pos: pos | u64::from(id) << QUEUE_SHIFT,
                    ..message
                }) {
                    Offer::Accepted => held.queue.window.sent(pos),
                    Offer::Full => break,
                    Offer::Reported(outcome) => {
                        held.queue.window.sent(pos);
                        reports.push(Report { pos: pos | u64::from(id) << QUEUE_SHIFT, outcome });
                    }
                }
                any = true;
            }
        }
        any
    }

    /// Moves rows for held destinations to their queues, in order, once none of them is under way.
    fn move_parked(&mut self) {
        for id in self.holding.ids() {
            // What takes rows again, and has had all that went before these, gets them with the others.
            if let Some(held) = self.holding.get(id).filter(|held| held.is_open()) {
                for pos in held.parked.drain(..) {
                    self.main.window.unpark(pos);
                }
            }
            while let Some(held) = self.holding.get(id).filter(|held| held.draining == 0) {
                let Some((mut moved, mut positions)) = gather(&self.main, &held.parked, MOVED) else { break };
                let length = moved.bytes.len();
                if !self.room_to_move(length) {
                    if self.queue.gave_up() || self.behaviour.mode == Mode::Drop || self.too_late() {
                        self.drop_parked(id, &positions, self.no_room());
                        continue;
                    }
                    break;
                }
                let gave_up = self.queue.gave_up() || self.too_late();
                let Some(held) = self.holding.get(id) else { break };
                let mut on_disk = self.main.spool.is_some();
                if !on_disk {
                    held.keep(moved);
                } else if let Err(error) = held.write(&moved) {
                    self.alarms.spool(format!("the spool cannot be written: {error}"));
                    if gave_up {
                        self.drop_parked(id, &positions, Reason::SpoolFailed);
                        continue;
                    }
                    // One row is enough to ask whether it is taken; the others are still on disk where they are.
                    if !held.queue.is_empty() {
                        break;
                    }
                    let Some(first) = gather(&self.main, &held.parked, 0) else { break };
                    (moved, positions) = first;
                    held.keep(moved);
                    on_disk = false;
                }
                held.parked.drain(..positions.len());
                let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
                for pos in positions {
                    self.main.window.settle(pos, |row| {
                        if on_disk {
                            account.spooled(row.stream);
                        }
                    });
                    self.main.settle(pos);
                }
            }
        }
        if let Err(error) = self.holding.release() {
            self.alarms.spool(format!("the spool cannot be written: {error}"));
        }
    }

    /// Whether so many bytes may move to the queue of a held destination.
    fn room_to_move(&self, bytes: usize) -> bool {
        match &self.main.spool {
            Some(spool) => {
                let taken = spool.bytes() + self.holding.bytes() + bytes as u64;
                taken <= self.behaviour.max_bytes + self.behaviour.slack
            }
            None => self.holding.window_bytes() + bytes <= self.behaviour.window_bytes / 2,
        }
    }

    /// Why rows for a held destination are lost where there is no room for them.
    fn no_room(&self) -> Reason {
        if self.main.spool.is_some() { Reason::SpoolFull } else { Reason::QueueFull }
    }

    fn drop_parked(&mut self, id: u16, positions: &[u64], reason: Reason) {
        if let Some(held) = self.holding.get(id) {
            held.parked.drain(..positions.len());
        }
        for pos in positions {
            self.settle(&mut vec![Report { pos: *pos, outcome: Outcome::Never(reason) }]);
        }
    }

    /// Gives memory that is done with back to the queue.
    fn recycle(&mut self) {
        self.main.window.done.drain(..).for_each(|bytes| self.queue.recycle(bytes));
        self.holding.all().for_each(|held| held.queue.window.done.clear());
    }

    /// Looks after the spool, and tells what is wrong.
    fn look_after(&mut self) {
        self.looked_after = Instant::now();
        self.make_safe();
        let mut failed = None;
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        for queue in std::iter::once(&mut self.main).chain(self.holding.all().map(|held| &mut held.queue)) {
            if let Some(Err(error)) = queue.spool.as_mut().map(Spool::upkeep) {
                failed = Some(error);
            }
            while let Some(Ok(Some(old))) = queue.spool.as_mut().map(Spool::expired) {
                queue.give_up(&old, Reason::Expired, &mut account);
            }
        }
        drop(account);
        if let Some(Err(error)) = self.dead_letters.as_ref().map(DeadLetters::sync) {
            failed = Some(error);
        }
        if let Some(error) = failed {
            self.alarms.spool(format!("the spool cannot be written: {error}"));
        }
        self.look_for_alarms();
    }

    /// Ends: what is not acknowledged stays in the spool, or is lost where there is none.
    fn end(mut self, mut reports: Vec<Report>) {
        self.queue.abandon();
        // From now on rows go to the spool only.
        self.behaviour = Behaviour { mode: Mode::Drop, window_bytes: 0, ..self.behaviour };
        self.transport.abandon(&mut reports);
        reports.retain(|report| matches!(report.outcome, Outcome::Acked | Outcome::Never(_)));
        self.settle(&mut reports);
        // No more than the queue holds.
        while let Some(chunk) = self.kept.take().or_else(|| self.queue.take(&mut self.account())) {
            if self.main.spool.is_none() {
                self.lose(&chunk.bytes, Reason::Shutdown);
            } else if let Some(chunk) = self.admit(chunk) {
                self.lose(&chunk.bytes, Reason::Shutdown);
            }
        }
        self.look_for_alarms();
        let mut failed = None;
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        self.main.leave(&mut account);
        for mut held in self.holding.take() {
            held.queue.leave(&mut account);
            failed = held.close().err().or(failed);
        }
        drop(account);
        self.tell_what_is_left();
        failed = self.main.spool.take().and_then(|spool| spool.close().err()).or(failed);
        failed = self.dead_letters.and_then(|file| file.sync().err()).or(failed);
        if let Some(error) = failed {
            (self.behaviour.tell)(&format!("{}: the spool cannot be written: {error}", self.behaviour.name));
        }
    }
}

/// The first of these rows, one at least and so many bytes at most, to be moved together, and their positions.
fn gather(main: &SendQueue, parked: &[u64], most: usize) -> Option<(Moved, Vec<u64>)> {
    let first = main.window.message(*parked.first()?)?;
    let (mut bytes, mut numbers, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    for pos in parked {
        let (Some(message), Some(row)) = (main.window.message(*pos), main.window.encoded(*pos)) else {
            break;
        };
        if message.run != first.run || !positions.is_empty() && bytes.len() >= most {
            break;
        }
        bytes.extend_from_slice(row);
        numbers.push(message.seq);
        positions.push(*pos);
    }
    let made = main.spool.as_ref().and_then(|spool| spool.made(first.pos));
    let origin = Origin { run: first.run, numbers: Numbers::Each(numbers.into()), made };
    Some((Moved { origin, rows: positions.len() as u32, bytes }, positions))
}

#[cfg(test)]
mod tests;
