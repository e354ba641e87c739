//! What became of rows that were sent.

use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::sink::account::Reason;
use crate::sink::exporter::{Exporter, QUEUE_SHIFT};
use crate::sink::queue::Mode;
use crate::sink::transport::{Outcome, Report, Transport};

impl<T: Transport> Exporter<T> {
    pub(super) fn settle(&mut self, reports: &mut Vec<Report>) {
        if reports.is_empty() {
            return;
        }
        if reports.iter().any(|report| report.outcome == Outcome::Acked) {
            self.progress = Instant::now();
            self.queue.progress();
            self.alarms.acked();
        }
        for Report { pos, outcome } in reports.drain(..) {
            match ((pos >> QUEUE_SHIFT) as u16, pos & ((1 << QUEUE_SHIFT) - 1)) {
                (0, pos) => self.settle_main(pos, outcome),
                (queue, pos) => self.settle_held(queue, pos, outcome),
            }
        }
    }

    fn settle_main(&mut self, pos: u64, outcome: Outcome) {
        let refusal = matches!(outcome, Outcome::Refused(_) | Outcome::Crowded);
        if refusal || self.holding.draining() {
            match self.settle_draining(pos, outcome) {
                Some(true) => return,
                Some(false) => {}
                // Too many destinations are held already.
                None => return self.main.window.failed(pos),
            }
        }
        match outcome {
            Outcome::Acked => self.acked(pos),
            Outcome::Never(reason) => self.never(None, pos, reason),
            Outcome::Refused(reason) => self.dropped(pos, reason),
            Outcome::Failed => {
                self.account().counts.resent += 1;
                self.main.window.failed(pos);
            }
            Outcome::Unsent | Outcome::Crowded => self.main.window.failed(pos),
        }
    }

    /// Looks whether a row's destination is held, or is to be from here on. Says whether the row waits for that.
    fn settle_draining(&mut self, pos: u64, outcome: Outcome) -> Option<bool> {
        let Some(message) = self.main.window.message(pos) else { return Some(false) };
        self.destination.clear();
        self.transport.destination(&message.row, &mut self.destination);
        let mut id = self.holding.find(&self.destination);
        let refuses =
            matches!(outcome, Outcome::Refused(_)) && self.behaviour.hold || outcome == Outcome::Crowded;
        if id.is_none() && refuses {
            let (held, on_disk) = self.holding.hold(&self.destination);
            if let Err(error) = on_disk {
                self.alarms.spool(format!("the spool cannot be written: {error}"));
            }
            id = Some(held?);
            let mut name = String::new();
            let draining = self.main.window.sent_rows().filter(|row| {
                name.clear();
                self.transport.destination(row, &mut name);
                name == self.destination
            });
            let draining = draining.count() as u64;
            if let Some(held) = id.and_then(|id| self.holding.get(id)) {
                held.draining = draining;
            }
        }
        let Some(held) = id.and_then(|id| self.holding.get(id)) else { return Some(false) };
        match outcome {
            Outcome::Refused(reason) if self.behaviour.hold => held.refuse(reason),
            Outcome::Crowded => held.separate(),
            _ => {}
        }
        let sent = self.main.window.is_sent(pos);
        held.draining = held.draining.saturating_sub(u64::from(sent));
        match outcome {
            Outcome::Acked | Outcome::Never(_) => Some(false),
            Outcome::Refused(_) if !self.behaviour.hold => Some(false),
            _ => {
                self.main.window.park(pos);
                held.park(pos);
                Some(true)
            }
        }
    }

    fn acked(&mut self, pos: u64) {
        let now = self.now();
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = self.main.window.settle(pos, |row| {
            account.acked(row.stream);
            if let (Some(now), Ok(ts)) = (now, u64::try_from(row.ts.nanos())) {
                account.lag.add(now.saturating_sub(Duration::from_nanos(ts)));
            }
        });
        if settled.is_some() {
            self.main.settle(pos);
        }
    }

    /// Replayed packets are as old as their capture.
    fn now(&self) -> Option<Duration> {
        match self.behaviour.mode {
            Mode::Wait => None,
            Mode::Drop => SystemTime::now().duration_since(UNIX_EPOCH).ok(),
        }
    }

    fn dropped(&mut self, pos: u64, reason: Reason) {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        if self.main.window.settle(pos, |row| account.dropped(row.stream, reason)).is_some() {
            self.main.settle(pos);
        }
    }

    /// A row will never be taken: it goes to the dead-letter file, if there is one.
    fn never(&mut self, queue: Option<u16>, pos: u64, reason: Reason) {
        let Exporter { main, holding, dead_letters, transport, destination, account, alarms, .. } = self;
        let mut held = queue.and_then(|queue| holding.get(queue));
        let queue = held.as_mut().map_or(main, |held| &mut held.queue);
        let Some(message) = queue.window.message(pos) else { return };
        destination.clear();
        transport.destination(&message.row, destination);
        // What is lost for want of room would only fill the next file.
        let may = matches!(reason, Reason::TooLarge | Reason::Refused);
        let kept = match dead_letters.as_mut().filter(|_| may) {
            Some(file) => match file.write(&message, destination, reason) {
                Ok(()) => true,
                Err(wrong) => {
                    alarms.dead_letters(wrong);
                    false
                }
            },
            None => false,
        };
        let mut account = account.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = queue.window.settle(pos, |row| match kept {
            true => account.dead(row.stream, reason),
            false => account.dropped(row.stream, reason),
        });
        if settled.is_some() {
            queue.settle(pos);
            if let Some(held) = held {
                held.rows = held.rows.saturating_sub(1);
            }
        }
    }

    fn settle_held(&mut self, queue: u16, pos: u64, outcome: Outcome) {
        if let Outcome::Never(reason) = outcome {
            return self.never(Some(queue), pos, reason);
        }
        let now = self.now();
        let Some(held) = self.holding.get(queue) else { return };
        match outcome {
            Outcome::Acked => {
                if held.refused.take().is_some() {
                    self.alarms.taken_again(&held.destination, held.rows);
                }
                let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
                let settled = held.queue.window.settle(pos, |row| {
                    account.acked(row.stream);
                    if let (Some(now), Ok(ts)) = (now, u64::try_from(row.ts.nanos())) {
                        account.lag.add(now.saturating_sub(Duration::from_nanos(ts)));
                    }
                });
                if settled.is_some() {
                    held.queue.settle(pos);
                    held.rows = held.rows.saturating_sub(1);
                }
            }
            Outcome::Refused(reason) => {
                held.refuse(reason);
                held.queue.window.failed(pos);
            }
            Outcome::Crowded => {
                held.separate();
                held.queue.window.failed(pos);
            }
            Outcome::Failed | Outcome::Unsent | Outcome::Never(_) => {
                if let Some(refused) = &mut held.refused {
                    refused.asked = false;
                }
                held.queue.window.failed(pos);
                self.account().counts.resent += u64::from(outcome == Outcome::Failed);
            }
        }
    }
}
