//! Whether the sensor does its work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::pipeline::Ledger;

/// The newest ledger and what follows from it; shared with those who look in from outside.
#[derive(Clone, Default)]
pub struct Latest(Arc<Mutex<(Arc<Ledger>, Health)>>);

/// Ready, if nothing is said against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// A worker stands still: a restart would help.
    pub stuck: bool,
    pub reasons: Vec<String>,
}

impl Default for Health {
    fn default() -> Self {
        Health { stuck: false, reasons: vec!["starting".to_owned()] }
    }
}

impl Latest {
    pub fn set(&self, ledger: &Ledger, health: Health) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Arc::new(ledger.clone()), health);
    }

    pub fn get(&self) -> (Arc<Ledger>, Health) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Follows whether workers move.
pub struct Pulse {
    max_lag: Duration,
    turns: Vec<(u64, Instant)>,
    /// Rows dropped for want of disk, and when the last ones were.
    dropped: u64,
    dropping: Option<Instant>,
}

/// A worker that does not come round in this time hangs: it does so ten times a second on an idle tap.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// Rows that were dropped for want of disk count against it for so long.
const DROPPING_FOR: Duration = Duration::from_secs(10);

impl Pulse {
    pub fn new(max_lag: Duration) -> Self {
        Pulse { max_lag, turns: Vec::new(), dropped: 0, dropping: None }
    }

    pub fn feel(&mut self, ledger: &Ledger, now: Instant) -> Health {
        let mut health = Health { stuck: false, reasons: Vec::new() };
        self.turns.resize(ledger.lanes.len(), (0, now));
        for (lane, (turns, since)) in ledger.lanes.iter().zip(&mut self.turns) {
            if *turns != lane.turns {
                (*turns, *since) = (lane.turns, now);
            } else if now - *since > STUCK_AFTER && !lane.ended {
                health.stuck = true;
                health.reasons.push(format!("worker {} stands still", lane.peer()));
            }
            if lane.cut_off && !lane.ended {
                health.stuck = true;
                let text = "its interface was made anew, which needs a restart";
                health.reasons.push(format!("worker {} sees nothing: {text}", lane.peer()));
            }
        }
        for interface in ledger.interfaces.iter().filter(|interface| !interface.up) {
            health.reasons.push(format!("interface {} is down", interface.name));
        }
        let lag = ledger.lag_seconds();
        if lag > self.max_lag.as_secs_f64() {
            health.reasons.push(format!("analysis is {lag:.0} s behind"));
        }
        let dropped: u64 = ledger.logs.iter().map(|log| log.dropped).sum();
        if dropped > self.dropped {
            (self.dropped, self.dropping) = (dropped, Some(now));
        }
        if self.dropping.is_some_and(|since| now - since < DROPPING_FOR) {
            health.reasons.push(format!("{dropped} rows were dropped because logs could not be written"));
        }
        health
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::LaneLedger;
    use crate::time::Time;

    #[test]
    fn a_worker_that_stands_still_is_noticed_and_so_is_lag() {
        let start = Instant::now();
        let mut pulse = Pulse::new(Duration::from_secs(30));
        let mut lane = LaneLedger::new("eth1".into(), 0);
        lane.now = Time::from_nanos(1_700_000_000_000_000_000);
        let mut ledger = Ledger { at: lane.now, lanes: vec![lane], ..Ledger::default() };
        assert_eq!(pulse.feel(&ledger, start), Health { stuck: false, reasons: vec![] });
        ledger.lanes[0].turns = 1;
        let later = start + Duration::from_secs(11);
        assert!(!pulse.feel(&ledger, later).stuck);
        ledger.at = Time::from_nanos(1_700_000_031_000_000_000);
        let health = pulse.feel(&ledger, later + Duration::from_secs(11));
        assert!(health.stuck);
        assert_eq!(health.reasons, ["worker eth1-0 stands still", "analysis is 31 s behind"]);
    }
}
