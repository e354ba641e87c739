//! Whether the sensor does its work.
//!
//! [`CONDITIONS`] is the one list of what can speak against it: `/healthz`, `nightjar status`, the metric
//! `nightjar_condition` and the watchdog follow from it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::pipeline::{Ledger, Stalled};
use crate::service::metrics::{self, Dialect};
use crate::sink::{AlarmKind, Delivery};

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

/// How the sensor is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// What speaks against its being ready.
    found: Vec<Found>,
    /// For each interface, how long no packet has come: which by itself is no fault of the sensor's.
    pub silent: Vec<(Arc<str>, Duration)>,
}

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
        name: "aggregate",
        help: "Of `nightjar aggregate`: it cannot count, because of the brokers or of its scripts.",
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
        name: "no_capture",
        help: "An interface without a filter receives frames, and for 10 seconds none has reached the sensor.",
        restart: false,
        check: Pulse::missing,
    },
    Condition {
        name: "cut_off",
        help: "An interface was made anew, and capture cannot follow it.",
        restart: true,
        check: |_, ledger, _| {
            let cut_off = ledger.rings.iter().filter(|ring| ring.cut_off && !ring.ended);
            let text = "its interface was made anew, which needs a restart";
            cut_off.map(|ring| format!("worker {} sees nothing: {text}", ring.peer())).collect()
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
        name: "logs_stalled",
        help: "No row was written for 5 seconds, because the disk does not answer or scripts do not come to an end; \
               rows wait in memory, and are dropped and counted when there is no more room.",
        restart: false,
        check: |_, ledger, _| {
            let Stalled { time, runs, waits_for_disk } = ledger.stalled;
            let why = match (waits_for_disk, runs) {
                (true, _) => "the disk does not answer",
                (_, true) => "scripts or too many rows keep their thread busy",
                _ => "what is written to does not take it",
            };
            let text = || format!("no log was written for {:.0} s: {why}", time.as_secs_f64());
            (time > STALLED_AFTER).then(text).into_iter().collect()
        },
    },
    Condition {
        name: "logs_stuck",
        help: "The same for a minute, and not for want of a disk that answers.",
        restart: true,
        check: |_, ledger, _| {
            let stuck = ledger.stalled.time > STUCK_LOGS_AFTER && !ledger.stalled.waits_for_disk;
            stuck.then(|| "a restart is needed".to_owned()).into_iter().collect()
        },
    },
    Condition {
        name: "rows_dropped",
        help: "Rows were dropped in the last 10 seconds because logs could not be written.",
        restart: false,
        check: Pulse::dropping,
    },
    Condition {
        name: "export_stalled",
        help: "A receiver has taken no rows, or none for one of its topics, for longer than `delivery.not_ready_after`, or the spool could not be used for so long.",
        restart: false,
        check: |_, ledger, _| alarms(ledger, &[AlarmKind::Receiver, AlarmKind::Refused, AlarmKind::Spool]),
    },
    Condition {
        name: "export_spool_fills",
        help: "An exporter's spool was more than 75 % full, and more than half of it still is.",
        restart: false,
        check: |_, ledger, _| alarms(ledger, &[AlarmKind::SpoolFills]),
    },
    Condition {
        name: "export_loses",
        help: "An exporter lost rows in the last minute.",
        restart: false,
        check: |_, ledger, _| alarms(ledger, &[AlarmKind::Loss]),
    },
];

/// What exporters say is wrong for so long, or so much, that it counts.
fn alarms(ledger: &Ledger, kinds: &[AlarmKind]) -> Vec<String> {
    let mut texts = Vec::new();
    for Delivery { name, account } in &ledger.exports {
        let serious = account.alarms.iter().filter(|alarm| alarm.serious && kinds.contains(&alarm.kind));
        texts.extend(serious.map(|alarm| format!("{name}: {}", alarm.text)));
    }
    texts
}

/// A worker that does not come round in this time hangs: it does so ten times a second on an idle tap.
const STUCK_AFTER: Duration = Duration::from_secs(10);
/// Rows that were dropped for want of disk count against it for so long.
const DROPPING_FOR: Duration = Duration::from_secs(10);
/// Logs are written every 250 ms.
const STALLED_AFTER: Duration = Duration::from_secs(5);
const STUCK_LOGS_AFTER: Duration = Duration::from_secs(60);
/// So many frames have to be missing for so long: a few are not for hosts, such as those that pause a sender.
const MISSING: u64 = 100;
const MISSING_FOR: Duration = Duration::from_secs(10);
/// Frames that a NIC counts within this time after the last packet may be that packet, and those before it.
const COUNTS_SETTLE: Duration = Duration::from_secs(5);
/// The state is taken every second; what is older than this says nothing of now.
const OLD_AFTER: Duration = Duration::from_secs(5);

/// Follows the ledger over time.
pub struct Pulse {
    max_lag: Duration,
    turns: Vec<(u64, Instant)>,
    interfaces: Vec<Seen>,
    /// Rows dropped for want of disk, and when the last ones were.
    dropped: u64,
    dropping: Option<Instant>,
}

/// What came by an interface up to the last packet that reached the sensor.
struct Seen {
    /// Packets that have reached it.
    packets: u64,
    /// Frames that the NIC had received then.
    frames: u64,
    at: Instant,
}

impl Pulse {
    pub fn new(max_lag: Duration) -> Self {
        let (turns, interfaces) = (Vec::new(), Vec::new());
        Pulse { max_lag, turns, interfaces, dropped: 0, dropping: None }
    }

    /// Looks for every condition.
    pub fn feel(&mut self, ledger: &Ledger, now: Instant) -> Health {
        let silent = self.see(ledger, now);
        let mut found = Vec::new();
        for condition in CONDITIONS {
            let texts = (condition.check)(self, ledger, now);
            found.extend(texts.into_iter().map(|text| Found::of(condition, text)));
        }
        Health { found, silent }
    }

    /// Notes what came; gives back how long nothing has.
    fn see(&mut self, ledger: &Ledger, now: Instant) -> Vec<(Arc<str>, Duration)> {
        let mut silent = Vec::new();
        for (nth, interface) in ledger.interfaces.iter().enumerate() {
            let rings = ledger.rings.iter().filter(|ring| ring.interface == interface.name);
            let seen = Seen {
                packets: rings.map(|ring| ring.source.link).sum(),
                frames: interface.nic.packets,
                at: now,
            };
            match self.interfaces.get_mut(nth) {
                // The NIC's counts are older than ours.
                Some(last) if last.packets == seen.packets => {
                    if now - last.at <= COUNTS_SETTLE {
                        last.frames = last.frames.max(seen.frames);
                    }
                }
                Some(last) => *last = seen,
                None => self.interfaces.push(seen),
            }
            silent.push((interface.name.clone(), now - self.interfaces[nth].at));
        }
        silent
    }

    fn missing(&mut self, ledger: &Ledger, now: Instant) -> Vec<String> {
        let mut missing = Vec::new();
        for (interface, last) in ledger.interfaces.iter().zip(&self.interfaces) {
            let frames = interface.nic.packets.saturating_sub(last.frames);
            if frames >= MISSING && now - last.at >= MISSING_FOR && !interface.filtered {
                missing.push(format!(
                    "interface {} received {frames} frames in {:.0} s of which none was seen",
                    interface.name,
                    (now - last.at).as_secs_f64()
                ));
            }
        }
        missing
    }

    fn stuck(&mut self, ledger: &Ledger, now: Instant) -> Vec<String> {
        let mut stuck = Vec::new();
        self.turns.resize(ledger.rings.len(), (0, now));
        for (ring, (turns, since)) in ledger.rings.iter().zip(&mut self.turns) {
            if *turns != ring.turns {
                (*turns, *since) = (ring.turns, now);
            } else if now - *since > STUCK_AFTER && !ring.ended {
                stuck.push(format!("worker {} stands still", ring.peer()));
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
    /// Of one that counts for all sensors, and what keeps it from that.
    pub fn of_aggregator(trouble: Option<&str>) -> Health {
        let health = Health::default();
        trouble.into_iter().fold(health, |health, text| health.and("aggregate", text.to_owned()))
    }

    pub fn ready(&self) -> bool {
        self.found.is_empty()
    }

    /// Something does that only a restart mends.
    pub fn needs_restart(&self) -> bool {
        self.found.iter().any(|found| found.restart)
    }

    pub fn found(&self) -> &[Found] {
        &self.found
    }

    pub fn is(&self, condition: &str) -> bool {
        self.found.iter().any(|found| found.condition == condition)
    }

    /// Everything found, in a line.
    pub fn reasons(&self) -> String {
        let texts: Vec<&str> = self.found.iter().map(|found| &found.text[..]).collect();
        texts.join("; ")
    }

    /// With one more condition, which is none that a ledger shows.
    fn and(mut self, name: &str, text: String) -> Health {
        let condition = CONDITIONS.iter().find(|condition| condition.name == name);
        self.found.extend(condition.map(|condition| Found::of(condition, text)));
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
    use crate::capture::interface::NicCounts;
    use crate::capture::live::Kind;
    use crate::pipeline::{InterfaceLedger, RingLedger};
    use crate::sink::{Account, Alarm};
    use crate::time::Time;

    #[test]
    fn a_worker_that_stands_still_is_noticed_and_so_is_lag() {
        let start = Instant::now();
        let mut pulse = Pulse::new(Duration::from_secs(30));
        let mut ring = RingLedger::new("eth1".into(), 0);
        ring.now = Time::from_nanos(1_700_000_000_000_000_000);
        let mut ledger = Ledger { at: ring.now, rings: vec![ring], ..Ledger::default() };
        assert!(pulse.feel(&ledger, start).ready());
        ledger.rings[0].turns = 1;
        let later = start + Duration::from_secs(11);
        assert!(!pulse.feel(&ledger, later).needs_restart());
        ledger.at = Time::from_nanos(1_700_000_031_000_000_000);
        let health = pulse.feel(&ledger, later + Duration::from_secs(11));
        assert!(health.needs_restart() && health.is("worker_stuck") && health.is("behind"));
        assert_eq!(health.reasons(), "worker eth1-0 stands still; analysis is 31 s behind");
    }

    fn interface(frames: u64) -> InterfaceLedger {
        InterfaceLedger {
            name: "eth1".into(),
            renamed: None,
            kind: Kind::AfPacket,
            filtered: false,
            up: true,
            nic: NicCounts { packets: frames, ..NicCounts::default() },
        }
    }

    #[test]
    fn no_traffic_is_told_apart_from_no_capture() {
        let start = Instant::now();
        let mut pulse = Pulse::new(Duration::from_secs(30));
        let rings = vec![RingLedger::new("eth1".into(), 0)];
        let mut ledger = Ledger { rings, interfaces: vec![interface(500)], ..Ledger::default() };
        let mut after = |ledger: &mut Ledger, seconds| {
            ledger.rings[0].turns += 1;
            pulse.feel(ledger, start + Duration::from_secs(seconds))
        };
        assert!(after(&mut ledger, 0).ready());
        // A minute of silence.
        let health = after(&mut ledger, 60);
        assert!(health.ready());
        assert_eq!(health.silent, [("eth1".into(), Duration::from_secs(60))]);
        // Frames that pass the sensor by.
        ledger.interfaces[0] = interface(800);
        let reasons = after(&mut ledger, 61).reasons();
        assert_eq!(reasons, "interface eth1 received 300 frames in 61 s of which none was seen");
        ledger.interfaces[0].filtered = true;
        assert!(after(&mut ledger, 62).ready());
        ledger.interfaces[0].filtered = false;
        ledger.rings[0].source.link = 1;
        assert!(after(&mut ledger, 63).ready());
        // Counted by the NIC a little later than seen.
        ledger.interfaces[0] = interface(1_500);
        assert!(after(&mut ledger, 65).ready() && after(&mut ledger, 120).ready());
    }

    #[test]
    fn logs_that_are_not_written_are_noticed() {
        let mut pulse = Pulse::new(Duration::from_secs(30));
        let mut found = |seconds, runs, waits_for_disk| {
            let stalled = Stalled { time: Duration::from_secs(seconds), runs, waits_for_disk };
            let health = pulse.feel(&Ledger { stalled, ..Ledger::default() }, Instant::now());
            (health.reasons(), health.needs_restart())
        };
        assert_eq!(found(4, false, true), (String::new(), false));
        let disk = "no log was written for 90 s: the disk does not answer".to_owned();
        assert_eq!(found(90, false, true), (disk, false));
        assert!(found(90, true, false).1);
    }

    #[test]
    fn what_exporters_say_counts_once_it_is_serious() {
        let alarm = |kind, serious| Alarm {
            kind,
            about: "".into(),
            text: "it is down".to_owned(),
            since: Instant::now(),
            serious,
        };
        let ledger = |kind, serious| {
            let mut account = Account::default();
            account.alarms.push(alarm(kind, serious));
            Ledger { exports: vec![Delivery { name: "kafka", account }], ..Ledger::default() }
        };
        let mut pulse = Pulse::new(Duration::from_secs(30));
        for (kind, condition) in [
            (AlarmKind::Receiver, "export_stalled"),
            (AlarmKind::Refused, "export_stalled"),
            (AlarmKind::SpoolFills, "export_spool_fills"),
            (AlarmKind::Loss, "export_loses"),
        ] {
            assert!(pulse.feel(&ledger(kind, false), Instant::now()).ready());
            let health = pulse.feel(&ledger(kind, true), Instant::now());
            assert!(health.is(condition) && health.reasons() == "kafka: it is down", "{kind:?}");
        }
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
