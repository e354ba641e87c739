//! The thread that watches the others: it sees what they have counted and whether they come round, and goes on
//! seeing it when one of them hangs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::pipeline::crew::Crew;
use crate::pipeline::ledger::{Ledger, RingLedger, Stalled, memory_bytes};
use crate::pipeline::merge::Report;
use crate::pipeline::ring::wall;
use crate::pipeline::task::Task;
use crate::policy::Incident;
use crate::sink::Accounts;

/// What the stage behind the workers shares with the supervisor.
pub(super) struct Board {
    /// As the stage last published it.
    ledger: Mutex<Ledger>,
    /// Goes up whenever the stage comes round.
    rounds: AtomicU64,
    /// The stage's thread.
    task: OnceLock<Task>,
    /// What the stage is to raise notices of.
    incidents: Mutex<Vec<Incident>>,
}

pub(super) struct Supervisor {
    pub board: Arc<Board>,
    pub crew: Crew,
    pub rings: Vec<Arc<Mutex<RingLedger>>>,
    /// Only to see how many wait.
    pub reports: Receiver<Report>,
    pub exporters: Accounts,
    pub begun: Instant,
}

/// How often it is looked whether the others come round.
pub(super) const LOOK: Duration = Duration::from_millis(250);
/// How often the ledger is shown.
const SHOW: Duration = Duration::from_secs(1);

impl Board {
    pub fn new() -> Self {
        Board {
            ledger: Mutex::default(),
            rounds: AtomicU64::new(0),
            task: OnceLock::new(),
            incidents: Mutex::default(),
        }
    }

    /// To be called by the stage's thread, first and whenever it comes round.
    pub fn round(&self) {
        self.task.get_or_init(Task::current);
        self.rounds.fetch_add(1, Ordering::Relaxed);
    }

    pub fn publish(&self, ledger: &Ledger) {
        *self.ledger.lock().unwrap_or_else(PoisonError::into_inner) = ledger.clone();
    }

    /// What was found wrong since the last call, and told on standard error already.
    pub fn take_incidents(&self) -> Vec<Incident> {
        std::mem::take(&mut self.incidents.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn published(&self) -> Ledger {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Supervisor {
    /// Looks after all until `stop` is dropped, and shows the ledger every second.
    pub fn run(mut self, stop: &Receiver<()>, mut show: impl FnMut(&Ledger)) -> Crew {
        let mut stage = Still::new();
        let mut next_show = Instant::now() + SHOW;
        while stop.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            let now = Instant::now();
            let still = stage.look(self.board.rounds.load(Ordering::Relaxed), now);
            for incident in self.crew.look(now) {
                eprintln!("nightjar: {}: {}", incident.peer, incident.text);
                self.board.incidents.lock().unwrap_or_else(PoisonError::into_inner).push(incident);
            }
            if now >= next_show {
                next_show = now + SHOW;
                self.crew.count();
                show(&self.ledger(still));
            }
        }
        self.crew
    }

    /// What all have counted up to now, whether or not the stage comes round.
    fn ledger(&self, still: Duration) -> Ledger {
        let mut ledger = self.board.published();
        ledger.at = wall();
        ledger.uptime = self.begun.elapsed();
        ledger.rings = rings(&self.rings);
        ledger.counts.queued_reports = self.reports.len() as u64;
        ledger.counts.queue_capacity = self.reports.capacity().unwrap_or(0) as u64;
        ledger.counts.memory_bytes = memory_bytes();
        ledger.exports = self.exporters.read();
        let activity = self.board.task.get().and_then(|task| task.activity());
        ledger.stalled = Stalled {
            time: still,
            runs: activity.is_some_and(|activity| activity.runs),
            waits_for_disk: activity.is_some_and(|activity| activity.waits_for_disk),
        };
        ledger
    }
}

/// What every ring has counted.
pub(super) fn rings(rings: &[Arc<Mutex<RingLedger>>]) -> Vec<RingLedger> {
    rings.iter().map(|ring| ring.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
}

/// How long a number has not changed.
///
/// Time in which we did not look ourselves, because the whole process was stopped or had no processor, says nothing
/// of the others and does not count.
pub(super) struct Still {
    number: u64,
    time: Duration,
    looked: Instant,
}

impl Still {
    pub fn new() -> Self {
        Still { number: 0, time: Duration::ZERO, looked: Instant::now() }
    }

    pub fn look(&mut self, number: u64, now: Instant) -> Duration {
        let since = now.saturating_duration_since(std::mem::replace(&mut self.looked, now));
        self.time = if number == self.number { self.time + since.min(2 * LOOK) } else { Duration::ZERO };
        self.number = number;
        self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_change_is_timed_but_not_while_we_were_stopped() {
        let (mut still, start) = (Still::new(), Instant::now());
        let mut at = |number, millis| still.look(number, start + Duration::from_millis(millis)).as_millis();
        assert_eq!(at(7, 250), 0);
        assert_eq!(at(7, 500), 250);
        assert_eq!(at(7, 90_000), 750);
        assert_eq!(at(8, 90_250), 0);
    }
}
