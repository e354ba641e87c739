//! Whether the sensor does its work.
//!
//! [`CONDITIONS`] is the one list of what can speak against it: `/healthz`, `nightjar status`, the metric
//! `nightjar_condition` and the watchdog follow from it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::pipeline::Ledger;
use crate::service::metrics::{self, Dialect};

/// The newest state, shared with those who look in from outside.
#[derive(Clone)]
pub struct Latest(Arc<Mutex<Arc<Snapshot>>>);

/// The state at one moment.
pub struct Snapshot {
    pub ledger: Ledger,
    health: Health,
    taken: Instant,
    /// The ledger as text, in either dialect, once somebody has asked.
    text: [OnceLock<String>; 2],
}

/// What was found to speak against the sensor's being ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health(Vec<Found>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub condition: &'static str,
    /// For a person: what is wrong with what.
    pub text: String,
    restart: bool,
}

/// Something that can speak against the sensor's being ready.
pub struct Condition {
    pub name: &'static str,
    pub help: &'static str,
    /// It stays until the sensor is started again, so the service manager's watchdog is not told that all is well.
    pub restart: bool,
    /// What there is of it, in words; called once for every ledger.
    check: fn(&mut Pulse, &Ledger, Instant) -> Vec<String>,
}

/// Every condition there is.
pub const CONDITIONS: &[Condition] = &[
    Condition {
        name: "starting",
        help: "Nothing was counted yet.",
        restart: false,
        check: |_, _, _| Vec::new(),
    },
    Condition {
        name: "state_old",
        help: "What is served is older than 5 seconds: the sensor does not come round to counting.",
        restart: false,
        check: |_, _, _| Vec::new(),
    },
    Condition {
        name: "worker_stuck",
        help: "A worker does not come round.",
        restart: true,
        check: Pulse::stuck,
    },
    Condition {
        name: "interface_down",
        help: "An interface is not there or is down: nothing can be captured on it.",
        restart: false,
        check: |_, ledger, _| {
            let down = ledger.interfaces.iter().filter(|interface| !interface.up);
            down.map(|interface| format!("interface {} is down", interface.name)).collect()
        },
    },
    Condition {
        name: "cut_off",
        help: "An interface was made anew, and capture cannot follow it.",
        restart: true,
        check: |_, ledger, _| {
            let cut_off = ledger.lanes.iter().filter(|lane| lane.cut_off && !lane.ended);
            let text = "its interface was made anew, which needs a restart";
            cut_off.map(|lane| format!("worker {} sees nothing: {text}", lane.peer())).collect()
        },
    },
    Condition {
        name: "behind",
        help: "Analysis is behind the clock by more than `service.max_lag`.",
        restart: false,
        check: |pulse, ledger, _| {
            let lag = ledger.lag_seconds();
            let behind = lag > pulse.max_lag.as_secs_f64();
            behind.then(|| format!("analysis is {lag:.0} s behind")).into_iter().collect()
        },
    },
    Condition {
        name: "rows_dropped",
        help: "Rows were dropped in the last 10 seconds because logs could not be written.",
        restart: false,
        check: Pulse::dropping,
    },
];

/// A worker that does not come round in this time hangs: it does so ten times a second on an idle tap.
const STUCK_AFTER: Duration = Duration::from_secs(10);
/// Rows that were dropped for want of disk count against it for so long.
const DROPPING_FOR: Duration = Duration::from_secs(10);
/// The state is taken every second; what is older than this says nothing of now.
const OLD_AFTER: Duration = Duration::from_secs(5);

/// Follows the ledger over time.
pub struct Pulse {
    max_lag: Duration,
    turns: Vec<(u64, Instant)>,
    /// Rows dropped for want of disk, and when the last ones were.
    dropped: u64,
    dropping: Option<Instant>,
}

impl Pulse {
    pub fn new(max_lag: Duration) -> Self {
        Pulse { max_lag, turns: Vec::new(), dropped: 0, dropping: None }
    }

    /// Looks for every condition.
    pub fn feel(&mut self, ledger: &Ledger, now: Instant) -> Health {
        let mut found = Vec::new();
        for condition in CONDITIONS {
            let texts = (condition.check)(self, ledger, now);
            found.extend(texts.into_iter().map(|text| Found::of(condition, text)));
        }
        Health(found)
    }

    fn stuck(&mut self, ledger: &Ledger, now: Instant) -> Vec<String> {
        let mut stuck = Vec::new();
        self.turns.resize(ledger.lanes.len(), (0, now));
        for (lane, (turns, since)) in ledger.lanes.iter().zip(&mut self.turns) {
            if *turns != lane.turns {
                (*turns, *since) = (lane.turns, now);
            } else if now - *since > STUCK_AFTER && !lane.ended {
                stuck.push(format!("worker {} stands still", lane.peer()));
            }
        }
        stuck
    }

    fn dropping(&mut self, ledger: &Ledger, now: Instant) -> Vec<String> {
        let dropped: u64 = ledger.logs.iter().map(|log| log.dropped).sum();
        if dropped > self.dropped {
            (self.dropped, self.dropping) = (dropped, Some(now));
        }
        let lately = self.dropping.is_some_and(|since| now - since < DROPPING_FOR);
        let text = || format!("{dropped} rows were dropped because logs could not be written");
        lately.then(text).into_iter().collect()
    }
}

impl Found {
    fn of(condition: &Condition, text: String) -> Found {
        Found { condition: condition.name, text, restart: condition.restart }
    }
}

impl Health {
    /// Nothing speaks against it.
    pub fn ready(&self) -> bool {
        self.0.is_empty()
    }

    /// Something does that only a restart mends.
    pub fn needs_restart(&self) -> bool {
        self.0.iter().any(|found| found.restart)
    }

    pub fn found(&self) -> &[Found] {
        &self.0
    }

    pub fn is(&self, condition: &str) -> bool {
        self.0.iter().any(|found| found.condition == condition)
    }

    /// Everything found, in a line.
    pub fn reasons(&self) -> String {
        let texts: Vec<&str> = self.0.iter().map(|found| &found.text[..]).collect();
        texts.join("; ")
    }

    /// With one more condition, which is none that a ledger shows.
    fn and(mut self, name: &str, text: String) -> Health {
        let condition = CONDITIONS.iter().find(|condition| condition.name == name);
        self.0.extend(condition.map(|condition| Found::of(condition, text)));
        self
    }
}

impl Default for Latest {
    fn default() -> Self {
        let health = Health::default().and("starting", "starting".to_owned());
        Latest(Arc::new(Mutex::new(Arc::new(Snapshot::new(Ledger::default(), health)))))
    }
}

impl Latest {
    pub fn set(&self, ledger: &Ledger, health: Health) {
        let snapshot = Arc::new(Snapshot::new(ledger.clone(), health));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }

    pub fn get(&self) -> Arc<Snapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Snapshot {
    fn new(ledger: Ledger, health: Health) -> Self {
        Snapshot { ledger, health, taken: Instant::now(), text: Default::default() }
    }

    pub fn age(&self) -> Duration {
        self.taken.elapsed()
    }

    /// As it was found to be, and whether that still says something.
    pub fn health(&self) -> Health {
        let age = self.age();
        let health = self.health.clone();
        if age <= OLD_AFTER || health.is("starting") {
            return health;
        }
        health.and("state_old", format!("what is known is {:.0} s old", age.as_secs_f64()))
    }

    /// The ledger's metrics.
    pub fn metrics(&self, dialect: Dialect) -> &str {
        let [prometheus, openmetrics] = &self.text;
        let text = if dialect == Dialect::Prometheus { prometheus } else { openmetrics };
        text.get_or_init(|| metrics::text(&self.ledger, dialect))
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
        assert!(pulse.feel(&ledger, start).ready());
        ledger.lanes[0].turns = 1;
        let later = start + Duration::from_secs(11);
        assert!(!pulse.feel(&ledger, later).needs_restart());
        ledger.at = Time::from_nanos(1_700_000_031_000_000_000);
        let health = pulse.feel(&ledger, later + Duration::from_secs(11));
        assert!(health.needs_restart() && health.is("worker_stuck") && health.is("behind"));
        assert_eq!(health.reasons(), "worker eth1-0 stands still; analysis is 31 s behind");
    }

    #[test]
    fn what_is_old_is_not_ready() {
        let mut snapshot = Snapshot::new(Ledger::default(), Health::default());
        assert!(snapshot.health().ready());
        snapshot.taken = Instant::now().checked_sub(Duration::from_secs(7)).unwrap();
        assert_eq!(snapshot.health().reasons(), "what is known is 7 s old");
    }

    #[test]
    fn the_documented_conditions_are_these() {
        let documented = include_str!("../../../docs/metrics.md");
        for Condition { name, help, .. } in CONDITIONS {
            assert!(documented.contains(&format!("\n| `{name}` | {help} |\n")), "{name}");
        }
    }
}
