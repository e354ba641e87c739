//! One exporter: from the queue through the spool to the receiver, and the account of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::export::rows;
use crate::sink::account::{Account, Reason, UNREADABLE};
use crate::sink::queue::{Chunk, Mode, Queue};
use crate::sink::spool::{Appended, Loaded, Spool};
use crate::sink::transport::{Offer, Outcome, Report, Transport};
use crate::sink::window::Window;

/// Notes in the account what an earlier run left in the spool.
pub fn take_over(spool: &mut Spool, account: &mut Account) -> std::io::Result<()> {
    spool.survey(|spool, loaded| {
        let mut streams = rows(&loaded.bytes).flatten().map(|(_, row)| row.stream);
        for pos in loaded.pos..loaded.pos + loaded.rows {
            let stream = streams.next().unwrap_or(UNREADABLE);
            if !spool.is_settled(pos) {
                account.recovered(stream);
            }
        }
    })
}

/// How an exporter behaves.
#[derive(Clone, Debug)]
pub struct Behaviour {
    pub mode: Mode,
    /// Rows in memory between queue and receiver; what is beyond it stays on disk.
    pub window_bytes: usize,
    /// How long the end waits for acknowledgements; in replay, each of them makes it wait as long again.
    pub flush_timeout: Duration,
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
/// The operator is told so often at most.
const TELL: Duration = Duration::from_secs(10);
/// How long to wait for reports, or for rows, before looking at the other.
const WAIT: Duration = Duration::from_millis(10);

pub struct Exporter<T> {
    behaviour: Behaviour,
    queue: Arc<Queue>,
    spool: Option<Spool>,
    window: Window,
    transport: T,
    account: Arc<Mutex<Account>>,
    /// Rows for which there is no room yet.
    held: Option<Chunk>,
    next_seq: u64,
    /// The position of the next row, without a spool.
    next_pos: u64,
    looked_after: Instant,
    /// When a row was last acknowledged.
    progress: Instant,
    trouble: Option<String>,
    /// What the operator was last told is wrong, and when.
    told: Option<(String, Instant)>,
}

impl<T: Transport> Exporter<T> {
    pub fn new(
        behaviour: Behaviour,
        queue: Arc<Queue>,
        spool: Option<Spool>,
        transport: T,
        account: Arc<Mutex<Account>>,
    ) -> Self {
        Exporter {
            behaviour,
            queue,
            spool,
            window: Window::default(),
            transport,
            account,
            held: None,
            next_seq: 0,
            next_pos: 0,
            looked_after: Instant::now(),
            progress: Instant::now(),
            trouble: None,
            told: None,
        }
    }

    /// Sends rows until there are no more and all are settled, or the time for that is over.
    pub fn run(mut self) {
        let mut reports = Vec::new();
        loop {
            // Looked at first: what comes after the queue was found empty must not be taken for nothing.
            let closed = self.queue.closed().is_some();
            let mut busy = self.take() | self.read_back() | self.offer();
            let waiting = !busy && self.window.in_flight > 0;
            self.transport.poll(if waiting { WAIT } else { Duration::ZERO }, &mut reports);
            busy |= !reports.is_empty();
            self.settle(&mut reports);
            self.recycle();
            if self.looked_after.elapsed() >= UPKEEP {
                self.look_after();
            }
            if self.too_late() {
                break;
            }
            let unread = self.spool.as_ref().is_some_and(Spool::unread);
            if closed && !busy && self.held.is_none() && self.window.is_empty() && !unread {
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
            Mode::Wait => closed.max(self.progress),
            Mode::Drop => closed,
        };
        since.elapsed() >= self.behaviour.flush_timeout
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes rows from the queue. Says whether there were any.
    fn take(&mut self) -> bool {
        let mut any = false;
        for _ in 0..CHUNKS_AT_A_TIME {
            // Without a spool rows wait in the queue.
            if self.spool.is_none() && self.window.bytes() >= self.behaviour.window_bytes {
                break;
            }
            let held = self.held.take();
            let Some(chunk) = held.or_else(|| self.queue.take(&mut self.account())) else { break };
            if let Some(held) = self.admit(chunk) {
                self.held = Some(held);
                break;
            }
            any = true;
        }
        any
    }

    /// Writes rows to the spool, and keeps them in memory where they are next; gives them back when
    /// there is no room and they may wait.
    fn admit(&mut self, chunk: Chunk) -> Option<Chunk> {
        let rows_in = chunk.rows;
        let (seq, run) = (self.next_seq, self.behaviour.run);
        let Some(spool) = &mut self.spool else {
            self.window.push(self.next_pos, seq, run, chunk.bytes, |_| false);
            self.next_seq += u64::from(rows_in);
            self.next_pos += u64::from(rows_in);
            return None;
        };
        let room = self.window.bytes() < self.behaviour.window_bytes;
        let lost = match spool.append(seq, rows_in, &chunk.bytes) {
            Ok(Appended::At(pos)) => {
                self.next_seq += u64::from(rows_in);
                if spool.read_up_to(pos) && room {
                    spool.pass(pos + u64::from(rows_in));
                    self.window.push(pos, seq, run, chunk.bytes, |_| false);
                } else {
                    let mut account = self.account();
                    rows(&chunk.bytes).flatten().for_each(|(_, row)| account.spooled(row.stream));
                    drop(account);
                    self.queue.recycle(chunk.bytes);
                }
                return None;
            }
            Ok(Appended::Full) => Reason::SpoolFull,
            Err(error) => {
                self.trouble = Some(format!("the spool cannot be written: {error}"));
                Reason::SpoolFailed
            }
        };
        if self.behaviour.mode == Mode::Wait && !self.too_late() {
            return Some(chunk);
        }
        // Their numbers are used up, so that the receiver can see the gap.
        self.next_seq += u64::from(rows_in);
        let mut account = self.account();
        rows(&chunk.bytes).flatten().for_each(|(_, row)| account.dropped(row.stream, lost));
        None
    }

    /// Reads rows back from the spool while there is room for them. Says whether there were any.
    fn read_back(&mut self) -> bool {
        let mut any = false;
        while self.window.bytes() < self.behaviour.window_bytes {
            let loaded = match self.spool.as_mut().map(Spool::load) {
                Some(Ok(Some(loaded))) => loaded,
                Some(Err(error)) => {
                    self.trouble = Some(format!("the spool cannot be read: {error}"));
                    break;
                }
                None | Some(Ok(None)) => break,
            };
            any = true;
            if loaded.damaged {
                self.give_up(&loaded, Reason::Damaged);
                continue;
            }
            let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
            let settled = |pos| self.spool.as_ref().is_some_and(|spool| spool.is_settled(pos));
            for (pos, row) in (loaded.pos..).zip(rows(&loaded.bytes).flatten()) {
                if !settled(pos) {
                    account.read_back(row.1.stream);
                }
            }
            drop(account);
            self.window.push(loaded.pos, loaded.seq, loaded.run, loaded.bytes, settled);
        }
        any
    }

    /// Rows on disk only will never be sent.
    fn give_up(&mut self, loaded: &Loaded, reason: Reason) {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(spool) = &mut self.spool else { return };
        let mut streams = rows(&loaded.bytes).flatten().map(|(_, row)| row.stream);
        for pos in loaded.pos..loaded.pos + loaded.rows {
            let stream = streams.next();
            if spool.is_settled(pos) {
                continue;
            }
            match stream {
                Some(stream) => account.dropped_from_spool(stream, reason),
                None => account.unreadable(),
            }
            if let Err(error) = spool.settle(pos) {
                self.trouble = Some(format!("the spool cannot be written: {error}"));
            }
        }
    }

    /// Offers rows to the receiver. Says whether it took any.
    fn offer(&mut self) -> bool {
        for nth in 0..ROWS_AT_A_TIME {
            let Some(message) = self.window.next() else { return nth > 0 };
            let pos = message.pos;
            match self.transport.offer(&message) {
                Offer::Taken => self.window.sent(pos),
                Offer::Full => return nth > 0,
                Offer::Refused(reason) => {
                    self.settle(&mut vec![Report { pos, outcome: Outcome::Refused(reason) }]);
                }
            }
        }
        true
    }

    fn settle(&mut self, reports: &mut Vec<Report>) {
        if reports.is_empty() {
            return;
        }
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match self.behaviour.mode {
            // Replayed packets are as old as their capture.
            Mode::Wait => None,
            Mode::Drop => SystemTime::now().duration_since(UNIX_EPOCH).ok(),
        };
        if reports.iter().any(|report| report.outcome == Outcome::Acked) {
            self.progress = Instant::now();
        }
        for Report { pos, outcome } in reports.drain(..) {
            let settled = match outcome {
                Outcome::Acked => self.window.settle(pos, |row| {
                    account.acked(row.stream);
                    if let (Some(now), Ok(ts)) = (now, u64::try_from(row.ts.nanos())) {
                        account.lag.add(now.saturating_sub(Duration::from_nanos(ts)));
                    }
                }),
                Outcome::Refused(reason) => {
                    self.window.settle(pos, |row| account.dropped(row.stream, reason))
                }
                Outcome::Failed => {
                    account.resent += 1;
                    self.window.failed(pos);
                    None
                }
            };
            if settled.is_some()
                && let Some(Err(error)) = self.spool.as_mut().map(|spool| spool.settle(pos))
            {
                self.trouble = Some(format!("the spool cannot be written: {error}"));
            }
        }
    }

    /// Gives memory that is done with back to the queue.
    fn recycle(&mut self) {
        self.window.done.drain(..).for_each(|bytes| self.queue.recycle(bytes));
    }

    /// Looks after the spool, and tells what is wrong.
    fn look_after(&mut self) {
        self.looked_after = Instant::now();
        if let Some(spool) = &mut self.spool {
            if let Err(error) = spool.upkeep() {
                self.trouble = Some(format!("the spool cannot be written: {error}"));
            }
            while let Some(Ok(Some(old))) = self.spool.as_mut().map(Spool::expired) {
                self.give_up(&old, Reason::Expired);
            }
        }
        let trouble = self.transport.trouble().or_else(|| self.trouble.take());
        self.tell(trouble.as_deref());
        self.account().trouble = trouble;
    }

    /// Tells the operator what is wrong, when that changes, and when it is over.
    fn tell(&mut self, trouble: Option<&str>) {
        match (trouble, &self.told) {
            (None, None) => {}
            (None, Some((_, since))) if since.elapsed() < TELL => {}
            (None, Some(_)) => {
                (self.behaviour.tell)("rows are delivered again");
                self.told = None;
            }
            (Some(trouble), Some((told, since))) if told == trouble || since.elapsed() < TELL => {}
            (Some(trouble), _) => {
                (self.behaviour.tell)(trouble);
                self.told = Some((trouble.to_owned(), Instant::now()));
            }
        }
    }

    /// Ends: what is not acknowledged stays in the spool, or is lost where there is none.
    fn end(mut self, mut reports: Vec<Report>) {
        self.queue.abandon();
        // From now on rows go to the spool only.
        self.behaviour = Behaviour { mode: Mode::Drop, window_bytes: 0, ..self.behaviour };
        self.transport.abandon(&mut reports);
        reports.retain(|report| report.outcome != Outcome::Failed);
        self.settle(&mut reports);
        // No more than the queue holds.
        while let Some(chunk) = self.held.take().or_else(|| self.queue.take(&mut self.account())) {
            if self.spool.is_some() {
                self.admit(chunk);
                continue;
            }
            let mut account = self.account();
            rows(&chunk.bytes).flatten().for_each(|(_, row)| account.dropped(row.stream, Reason::Shutdown));
        }
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, row) in self.window.unsettled() {
            match self.spool {
                Some(_) => account.spooled(row.stream),
                None => account.dropped(row.stream, Reason::Shutdown),
            }
        }
        account.trouble = self.transport.trouble();
        if let Some(Err(error)) = self.spool.take().map(Spool::close) {
            account.trouble = Some(format!("the spool cannot be written: {error}"));
        }
    }
}

#[cfg(test)]
mod tests;
