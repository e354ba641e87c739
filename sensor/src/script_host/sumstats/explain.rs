//! Why a key crossed a threshold, or did not.

use std::collections::HashMap;
use std::fmt::Write;

use nightjar_script::value::Addr;

use crate::script_host::sumstats::{Inner, Rule};
use crate::sumstats::{Key, Spec, StatId};
use crate::time::Time;

/// What became of the keys that have an address or a text.
pub(super) struct Explain {
    wanted: String,
    /// Of a subnet, its first address: that is the key of a block.
    host: Option<[u8; 16]>,
    traces: Vec<KeyTrace>,
    /// Where it is told of a key.
    places: HashMap<(StatId, Key), usize>,
    /// Keys of which nothing is told, because there are too many.
    untraced: u64,
}

/// In one SumStat.
#[derive(Default)]
pub(super) struct KeyTrace {
    rule: StatId,
    /// The key, where there is more to it than what is to be explained.
    key: Option<String>,
    /// Observations that counted, and when the first and the last came.
    observed: u64,
    first: Option<Time>,
    last: Option<Time>,
    /// Refused by `$pred`.
    pub rejected: u64,
    /// Not counted any more, as all thresholds were crossed.
    pub through: u64,
    /// What `$normalize_key` made of it.
    became: Option<String>,
    value: Option<(Time, f64)>,
    /// The key's own threshold, of which the others are parts and multiples.
    own: Option<f64>,
    /// The greatest value that was below its threshold.
    nearest: Option<(Time, f64, f64)>,
    fired: u64,
    crossings: Vec<Crossing>,
    /// Crossings whose notice was suppressed.
    suppressed: u64,
}

struct Crossing {
    at: Time,
    value: f64,
    step: f64,
    /// The notice was not told, because it had been a while before.
    suppressed: bool,
}

/// Crossings that are listed; more are only counted.
const LISTED: usize = 20;

/// Keys that are told of.
const MAX_KEYS: usize = 1000;

impl Explain {
    pub fn new(wanted: &str) -> Self {
        let address = match wanted.split_once('/') {
            Some((first, length)) if length.parse::<u8>().is_ok() => first,
            _ => wanted,
        };
        let host = Addr::parse(address).map(|addr| addr.0);
        Explain { wanted: wanted.to_owned(), host, traces: Vec::new(), places: HashMap::new(), untraced: 0 }
    }

    fn is_about(&self, key: &Key) -> bool {
        (self.host.is_some() && key.host == self.host)
            || key.text.as_deref().is_some_and(|text| text == self.wanted.as_bytes())
            || shown(key) == self.wanted
            || parts(key) == self.wanted
    }

    /// Where it is told of a key.
    fn place(&mut self, rule: StatId, key: &Key) -> Option<usize> {
        if let Some(at) = self.places.get(&(rule, key.clone())) {
            return Some(*at);
        }
        if self.traces.len() >= MAX_KEYS {
            self.untraced += 1;
            return None;
        }
        let whole = key.host.is_some() != key.text.is_some();
        self.traces.push(KeyTrace { rule, key: (!whole).then(|| parts(key)), ..KeyTrace::default() });
        self.places.insert((rule, key.clone()), self.traces.len() - 1);
        Some(self.traces.len() - 1)
    }
}

impl KeyTrace {
    pub fn counted(&mut self, now: Time) {
        self.observed += 1;
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// The value was compared with the threshold `next`, for a key whose own is `own`.
    pub fn compared(&mut self, now: Time, value: f64, own: f64, next: Option<f64>, crossed: Option<f64>) {
        (self.value, self.own) = (Some((now, value)), Some(own));
        let (next, crossed) = (next.map(|step| step * own), crossed.map(|step| step * own));
        if let Some(step) = crossed {
            self.fired += 1;
            if self.crossings.len() < LISTED {
                self.crossings.push(Crossing { at: now, value, step, suppressed: false });
            }
        } else if let Some(step) = next.filter(|step| value < *step)
            && self.nearest.is_none_or(|(_, best, of)| value / step > best / of)
        {
            self.nearest = Some((now, value, step));
        }
    }
}

impl KeyTrace {
    /// The last crossing led to a notice that was not told.
    pub fn suppressed(&mut self) {
        self.suppressed += 1;
        // Beyond those that are listed it is not the last of them.
        let listed = self.fired == self.crossings.len() as u64;
        if let Some(last) = self.crossings.last_mut().filter(|_| listed) {
            last.suppressed = true;
        }
    }
}

impl Inner {
    /// Where to note what becomes of this key, if it is to be explained. `given`: what the key was before it was
    /// normalized.
    pub(super) fn explains(&self, rule: &Rule, key: &Key, given: Option<Key>) -> Option<usize> {
        let mut explain = self.explain.borrow_mut();
        let explain = explain.as_mut()?;
        let was = given.as_ref().is_some_and(|given| explain.is_about(given));
        if !was && !explain.is_about(key) {
            return None;
        }
        let place = explain.place(rule.id, key)?;
        if was {
            explain.traces[place].became = Some(shown(key));
        }
        Some(place)
    }

    pub(super) fn explained(&self, place: Option<usize>, note: impl FnOnce(&mut KeyTrace)) {
        if let Some(place) = place
            && let Some(explain) = self.explain.borrow_mut().as_mut()
            && let Some(trace) = explain.traces.get_mut(place)
        {
            note(trace);
        }
    }

    pub(super) fn report(&self, explain: &Explain) -> String {
        let mut out = format!("SumStats for {}\n", explain.wanted);
        let engine = self.engine.borrow();
        let rules = self.rules.borrow();
        let mut others = Vec::new();
        for rule in rules.iter().flatten() {
            let Some(spec) = engine.spec(rule.id) else { continue };
            let mut known = false;
            for trace in explain.traces.iter().filter(|trace| trace.rule == rule.id) {
                known = true;
                // Writing to a text does not fail.
                let _ = rule.describe(spec, trace, &mut out);
            }
            if !known {
                others.push(spec.name.as_ref());
            }
        }
        if explain.untraced > 0 {
            let _ = writeln!(out, "observations of more than {MAX_KEYS} keys: {}", explain.untraced);
        }
        if !others.is_empty() {
            let _ = writeln!(out, "never a key of: {}", others.join(", "));
        }
        if rules.iter().flatten().next().is_none() {
            out.push_str("  no SumStat was created\n");
        }
        let counters = engine.counters();
        if counters.evicted > 0 {
            let _ = writeln!(out, "  {} keys were dropped at a ceiling; this may be one", counters.evicted);
        }
        out
    }
}

impl Rule {
    fn describe(&self, spec: &Spec, trace: &KeyTrace, out: &mut String) -> std::fmt::Result {
        match &trace.key {
            Some(key) => writeln!(out, "{}, key {key}", spec.name)?,
            None => writeln!(out, "{}", spec.name)?,
        }
        match spec.window {
            Some(window) => writeln!(out, "  counts over the last {} s", plain(window.as_secs_f64()))?,
            None if self.epoch > 0.0 => writeln!(out, "  counts over epochs of {} s", plain(self.epoch))?,
            None => writeln!(out, "  counts over epochs that scripts end")?,
        }
        if let Some(became) = &trace.became {
            writeln!(out, "  counted as {became}")?;
        }
        match (trace.first, trace.last) {
            (Some(first), Some(last)) => {
                writeln!(out, "  observed: {} times, from {first} to {last}", trace.observed)?;
            }
            _ => writeln!(out, "  observed: never counted")?,
        }
        if trace.rejected > 0 {
            writeln!(out, "  refused by $pred: {}", trace.rejected)?;
        }
        if trace.through > 0 {
            writeln!(out, "  not counted any more after the crossing: {}", trace.through)?;
        }
        let began = self.began.get();
        match (trace.last, spec.window) {
            (Some(last), Some(window)) => {
                let from = Time::from_nanos(last.nanos().saturating_sub(window.nanos()));
                writeln!(out, "  last window: {from} to {last}")?;
            }
            (Some(_), None) if began > Time::default() => writeln!(out, "  last epoch: from {began}")?,
            _ => {}
        }
        if !spec.has_threshold() {
            return writeln!(out, "  threshold: none");
        }
        let own = trace.own.unwrap_or(1.0);
        let steps: Vec<String> =
            spec.threshold.iter().chain(&spec.series).map(|step| plain(*step * own)).collect();
        writeln!(out, "  threshold: {}", steps.join(", "))?;
        if let Some((at, value)) = trace.value {
            writeln!(out, "  last value: {} at {at}", plain(value))?;
        }
        if let Some((at, value, step)) = trace.nearest {
            writeln!(out, "  nearest miss: {} of {} at {at}", plain(value), plain(step))?;
        }
        for Crossing { at, value, step, suppressed } in &trace.crossings {
            let then =
                if *suppressed { "; its notice was suppressed, as it had been told before" } else { "" };
            writeln!(out, "  crossed: {} at {at}, with {}{then}", plain(*step), plain(*value))?;
        }
        if trace.fired > trace.crossings.len() as u64 && trace.suppressed > 0 {
            writeln!(out, "  notices suppressed: {}", trace.suppressed)?;
        }
        match trace.fired {
            0 => writeln!(out, "  crossed: never"),
            fired if fired > trace.crossings.len() as u64 => writeln!(out, "  crossed {fired} times in all"),
            _ => Ok(()),
        }
    }
}

/// A number without needless decimals.
fn plain(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The key as a person writes it.
fn parts(key: &Key) -> String {
    let host = key.host.map(|host| Addr(host).to_string());
    let text = key.text.as_ref().map(|text| String::from_utf8_lossy(text).into_owned());
    let parts: Vec<String> = [host, text].into_iter().flatten().collect();
    parts.join(" ")
}

/// The key as Zeek shows it.
fn shown(key: &Key) -> String {
    let host = key.host.map(|host| format!("host={}", Addr(host)));
    let text = key.text.as_ref().map(|text| format!("str={}", String::from_utf8_lossy(text)));
    let parts: Vec<String> = [host, text].into_iter().flatten().collect();
    format!("sumstats_key({})", parts.join(", "))
}
