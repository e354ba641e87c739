//! What is wrong, told when it begins, while it goes on, and when it is over.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::sink::account::{Alarm, AlarmKind, Counts, Reason};
use crate::sink::exporter::Exporter;
use crate::sink::spool::Spool;
use crate::sink::transport::Transport;

/// A receiver that owes an answer for so long is silent.
const SILENT: Duration = Duration::from_secs(5);
/// The same thing is told again so soon at the earliest …
const TELL: Duration = Duration::from_secs(10);
/// … and while it goes on after so long, and then less and less often …
const REMIND: Duration = Duration::from_secs(60);
/// … down to this.
const MAX_REMIND: Duration = Duration::from_secs(15 * 60);
/// How long rows must not have been lost for that to be over.
const QUIET: Duration = Duration::from_secs(60);
/// A spool this full, in per cent, will be full soon …
const FILLS: u64 = 75;
/// … and has room again.
const HAS_ROOM: u64 = 50;

type Key = (AlarmKind, Box<str>);

pub(super) struct Alarms {
    tell: fn(&str),
    raised: Vec<Alarm>,
    reminders: HashMap<Key, Reminder>,
    /// What was found wrong with the spool since it was last looked at.
    spool: Option<String>,
    dead_letters: Option<String>,
    /// Rows were acknowledged since then.
    acked: bool,
    /// Since when the receiver owes no answer.
    answered: Instant,
    /// Destinations that take rows again, with rows that wait for them.
    again: Vec<(Box<str>, u64)>,
    /// How things stood when they were last looked at, and when rows were last lost.
    before: Counts,
    lost: Option<Instant>,
    died: Option<Instant>,
}

struct Reminder {
    at: Instant,
    next: Duration,
}

impl Alarms {
    pub fn new(tell: fn(&str)) -> Alarms {
        Alarms {
            tell,
            raised: Vec::new(),
            reminders: HashMap::new(),
            spool: None,
            dead_letters: None,
            acked: false,
            answered: Instant::now(),
            again: Vec::new(),
            before: Counts::default(),
            lost: None,
            died: None,
        }
    }

    pub fn acked(&mut self) {
        (self.acked, self.answered) = (true, Instant::now());
    }

    /// The spool cannot be used.
    pub fn spool(&mut self, sentence: String) {
        self.spool = Some(sentence);
    }

    /// The spool was written. Says whether that is new.
    pub fn spool_works(&mut self) -> bool {
        self.spool.take().is_some()
            || self.is_raised(AlarmKind::Spool)
            || self.is_raised(AlarmKind::SpoolFills)
    }

    pub fn dead_letters(&mut self, sentence: String) {
        self.dead_letters = Some(sentence);
    }

    /// A destination that was refused takes rows.
    pub fn taken_again(&mut self, destination: &str, rows: u64) {
        self.again.push((destination.into(), rows));
    }

    fn is_raised(&self, kind: AlarmKind) -> bool {
        self.raised.iter().any(|alarm| alarm.kind == kind)
    }

    /// Something is wrong: told if it is new, or has not been told for long.
    fn raise(&mut self, name: &str, kind: AlarmKind, about: &str, text: String) {
        let now = Instant::now();
        match self.raised.iter_mut().find(|alarm| alarm.kind == kind && &alarm.about[..] == about) {
            Some(alarm) => alarm.text = text.clone(),
            None => {
                let (about, text) = (about.into(), text.clone());
                self.raised.push(Alarm { kind, about, text, since: now, serious: false });
            }
        }
        let due = match self.reminders.get_mut(&(kind, about.into())) {
            Some(reminder) if now - reminder.at < reminder.next => false,
            Some(reminder) => {
                (reminder.at, reminder.next) = (now, (reminder.next * 2).clamp(REMIND, MAX_REMIND));
                true
            }
            None => {
                self.reminders.insert((kind, about.into()), Reminder { at: now, next: REMIND });
                true
            }
        };
        if due {
            (self.tell)(&format!("{name}: {text}"));
        }
    }

    /// It is over. Says whether it was so.
    fn lower(&mut self, kind: AlarmKind, about: &str) -> bool {
        let before = self.raised.len();
        self.raised.retain(|alarm| alarm.kind != kind || &alarm.about[..] != about);
        // If it begins again soon, that is told late.
        if let Some(reminder) = self.reminders.get_mut(&(kind, about.into())) {
            reminder.next = TELL;
        }
        self.raised.len() < before
    }
}

/// Rows that are counted by reason, as a text.
fn by_reason(now: &[u64; Reason::ALL.len()]) -> String {
    let reasons = Reason::ALL.iter().zip(now).filter(|(_, rows)| **rows > 0);
    reasons.map(|(reason, rows)| format!("{} {rows}", reason.name())).collect::<Vec<_>>().join(", ")
}

/// Why a destination takes no rows.
fn refusal(reason: Reason) -> &'static str {
    match reason {
        Reason::UnknownTopic => "there is no such topic, and the brokers have not made it",
        Reason::NotAuthorised => "the brokers do not let these credentials write there",
        _ => "the receiver refuses its rows",
    }
}

impl<T: Transport> Exporter<T> {
    /// Looks for what is wrong, tells it, and notes it in the account.
    pub(super) fn look_for_alarms(&mut self) {
        let name = self.behaviour.name;
        self.damage();
        self.receiver(name);
        self.refusals(name);
        self.spools(name);
        self.losses(name);
        let mut account = self.account.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for alarm in &mut self.alarms.raised {
            let lasted = alarm.since.elapsed() >= self.behaviour.not_ready_after;
            alarm.serious = match alarm.kind {
                AlarmKind::Receiver | AlarmKind::Refused | AlarmKind::Spool => lasted,
                AlarmKind::SpoolFills | AlarmKind::Loss => true,
                AlarmKind::DeadLetters => false,
            };
        }
        account.alarms.clone_from(&self.alarms.raised);
        account.counts.held_rows = self.holding.rows();
        account.spool_fill = self.main.spool.as_ref().map_or(0, Spool::fill);
    }

    fn damage(&mut self) {
        let mut sentences = Vec::new();
        let mut account = self.account.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for queue in std::iter::once(&mut self.main).chain(self.holding.all().map(|held| &mut held.queue)) {
            let Some(spool) = &mut queue.spool else { continue };
            account.damaged |= spool.damage.loss;
            sentences.extend(spool.damage.take());
        }
        drop(account);
        for sentence in sentences {
            (self.behaviour.tell)(&format!("{}: {sentence}", self.behaviour.name));
        }
    }

    fn receiver(&mut self, name: &str) {
        // A row that asks whether its topic is there is no sign of silence: librdkafka waits for the topic with it.
        let held = self.holding.all().filter(|held| held.refused.is_none());
        let in_flight =
            held.map(|held| held.queue.window.in_flight).sum::<u64>() + self.main.window.in_flight;
        let acked = std::mem::take(&mut self.alarms.acked);
        if in_flight == 0 {
            self.alarms.answered = Instant::now();
        }
        let silent = self.alarms.answered.elapsed();
        let wrong = self.transport.incident().or_else(|| {
            let text = || {
                let secs = silent.as_secs();
                format!(
                    "the receiver has not answered for {secs} s: {in_flight} rows wait to be acknowledged"
                )
            };
            (silent >= SILENT).then(text)
        });
        let nothing_waits = self.main.is_empty() && in_flight == 0;
        match wrong {
            // One of several brokers may be away while rows are delivered.
            Some(text) if !acked || self.queue.closed().is_some() => {
                self.alarms.raise(name, AlarmKind::Receiver, "", text)
            }
            _ if acked && self.alarms.lower(AlarmKind::Receiver, "") => {
                (self.behaviour.tell)(&format!("{name}: rows are delivered again"));
            }
            None if nothing_waits => drop(self.alarms.lower(AlarmKind::Receiver, "")),
            _ => {}
        }
    }

    fn refusals(&mut self, name: &str) {
        for (destination, rows) in std::mem::take(&mut self.alarms.again) {
            if self.alarms.lower(AlarmKind::Refused, &destination) {
                (self.behaviour.tell)(&format!(
                    "{name}: {destination} takes rows again; {rows} that waited for it follow"
                ));
            }
        }
        let mut refused = Vec::new();
        for held in self.holding.all() {
            if let Some(refusal) = &held.refused {
                refused.push((held.destination.clone(), refusal.reason, held.waiting()));
            }
        }
        for (destination, reason, rows) in refused {
            let text =
                format!("{destination}: {}: {rows} rows wait for that to be mended", self::refusal(reason));
            self.alarms.raise(name, AlarmKind::Refused, &destination, text);
        }
    }

    fn spools(&mut self, name: &str) {
        match self.alarms.spool.take() {
            Some(text) => self.alarms.raise(name, AlarmKind::Spool, "", text),
            None if self.retry.is_some_and(|retry| Instant::now() < retry) => {}
            None => {
                if self.alarms.lower(AlarmKind::Spool, "") {
                    (self.behaviour.tell)(&format!("{name}: the spool can be written again"));
                }
            }
        }
        let Some(spool) = &self.main.spool else { return };
        let fill = spool.fill();
        if fill >= FILLS {
            let text = format!("the spool is {fill} % full; what has no room in it will be lost");
            self.alarms.raise(name, AlarmKind::SpoolFills, "", text);
        } else if fill <= HAS_ROOM && self.alarms.lower(AlarmKind::SpoolFills, "") {
            (self.behaviour.tell)(&format!("{name}: the spool has room again ({fill} % full)"));
        }
    }

    fn losses(&mut self, name: &str) {
        let total = self.account().total();
        let now = Instant::now();
        let before = std::mem::replace(&mut self.alarms.before, total);
        if total.dropped_total() > before.dropped_total() {
            self.alarms.lost = Some(now);
            let text = format!("{} rows are lost ({})", total.dropped_total(), by_reason(&total.dropped));
            self.alarms.raise(name, AlarmKind::Loss, "", text);
        } else if self.alarms.lost.is_some_and(|lost| now - lost >= QUIET) {
            self.alarms.lower(AlarmKind::Loss, "");
        }
        let file = self.dead_letters.as_ref().map(|file| file.path().display().to_string());
        if let Some(text) = self.alarms.dead_letters.take() {
            self.alarms.died = Some(now);
            self.alarms.raise(name, AlarmKind::DeadLetters, "", text);
        } else if total.dead_total() > before.dead_total() {
            self.alarms.died = Some(now);
            let text = format!(
                "{} rows will never be taken and are in {} ({})",
                total.dead_total(),
                file.unwrap_or_default(),
                by_reason(&total.dead)
            );
            self.alarms.raise(name, AlarmKind::DeadLetters, "", text);
        } else if self.alarms.died.is_some_and(|died| now - died >= QUIET) {
            self.alarms.lower(AlarmKind::DeadLetters, "");
        }
    }

    /// At the end, whatever else is printed: rows that did not get through, and why.
    pub(super) fn tell_what_is_left(&self) {
        let mut account = self.account();
        let total = account.total();
        // How many rows are lost is told below, and by the account.
        account.alarms.retain(|alarm| alarm.kind != AlarmKind::Loss);
        let why: Vec<&str> = account.alarms.iter().map(|alarm| &alarm.text[..]).collect();
        let why = why.join("; ");
        let name = self.behaviour.name;
        if total.spooled > 0 {
            let why = if why.is_empty() { "the time for it was over" } else { &why };
            (self.behaviour.tell)(&format!(
                "{name}: {} rows are left in the spool for the next run: {why}",
                total.spooled
            ));
        }
        if total.dropped_total() > 0 {
            // What was wrong then may be over.
            let why = if why.is_empty() { why } else { format!(": {why}") };
            (self.behaviour.tell)(&format!(
                "{name}: {} rows are lost ({}){why}",
                total.dropped_total(),
                by_reason(&total.dropped)
            ));
        }
    }
}
