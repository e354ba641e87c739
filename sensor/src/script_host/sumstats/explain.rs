//! Why a key crossed a threshold, or did not.

use std::collections::BTreeMap;
use std::fmt::Write;

use nightjar_script::value::Addr;

use crate::script_host::sumstats::{Inner, Rule};
use crate::sumstats::{Key, Spec, StatId};
use crate::time::Time;

/// What became of one key.
pub(super) struct Explain {
    wanted: String,
    host: Option<[u8; 16]>,
    told: BTreeMap<StatId, Told>,
}

/// In one SumStat.
#[derive(Default)]
pub(super) struct Told {
    /// Observations that counted, and when the first and the last came.
    observed: u64,
    first: Option<Time>,
    last: Option<Time>,
    /// Refused by `$pred`.
    pub rejected: u64,
    /// Not counted any more, as all thresholds were crossed.
    pub through: u64,
    /// What `$normalize_key` made of it.
    became: Vec<String>,
    value: Option<(Time, f64)>,
    /// The key's own threshold, of which the others are parts and multiples.
    own: Option<f64>,
    /// The greatest value that was below its threshold.
    nearest: Option<(Time, f64, f64)>,
    fired: u64,
    crossings: Vec<(Time, f64, f64)>,
}

/// Crossings that are listed; more are only counted.
const LISTED: usize = 20;

impl Explain {
    pub fn new(wanted: &str) -> Self {
        let host = Addr::parse(wanted).map(|addr| addr.0);
        Explain { wanted: wanted.to_owned(), host, told: BTreeMap::new() }
    }

    fn is_about(&self, key: &Key) -> bool {
        (self.host.is_some() && key.host == self.host)
            || key.text.as_deref().is_some_and(|text| text == self.wanted.as_bytes())
            || shown(key) == self.wanted
    }
}

impl Told {
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
                self.crossings.push((now, value, step));
            }
        } else if let Some(step) = next.filter(|step| value < *step)
            && self.nearest.is_none_or(|(_, best, of)| value / step > best / of)
        {
            self.nearest = Some((now, value, step));
        }
    }
}

impl Inner {
    /// The SumStat under which to note what becomes of this key, if it is to be explained. `given`: what the key
    /// was before it was normalized.
    pub(super) fn explains(&self, rule: &Rule, key: &Key, given: Option<Key>) -> Option<StatId> {
        let mut explain = self.explain.borrow_mut();
        let explain = explain.as_mut()?;
        let was = given.as_ref().is_some_and(|given| explain.is_about(given));
        if !was && !explain.is_about(key) {
            return None;
        }
        let told = explain.told.entry(rule.id).or_default();
        if was {
            let became = shown(key);
            if told.became.len() < LISTED && !told.became.contains(&became) {
                told.became.push(became);
            }
        }
        Some(rule.id)
    }

    pub(super) fn explained(&self, id: Option<StatId>, note: impl FnOnce(&mut Told)) {
        if let Some(id) = id
            && let Some(explain) = self.explain.borrow_mut().as_mut()
            && let Some(told) = explain.told.get_mut(&id)
        {
            note(told);
        }
    }

    pub(super) fn report(&self, explain: &Explain) -> String {
        let mut out = format!("SumStats for {}\n", explain.wanted);
        let engine = self.engine.borrow();
        let rules = self.rules.borrow();
        let mut others = Vec::new();
        for rule in rules.iter().flatten() {
            let Some(spec) = engine.spec(rule.id) else { continue };
            match explain.told.get(&rule.id) {
                // Writing to a text does not fail.
                Some(told) => drop(rule.describe(spec, told, &mut out)),
                None => others.push(spec.name.as_ref()),
            }
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
    fn describe(&self, spec: &Spec, told: &Told, out: &mut String) -> std::fmt::Result {
        writeln!(out, "{}", spec.name)?;
        match spec.window {
            Some(window) => writeln!(out, "  counts over the last {} s", plain(window.as_secs_f64()))?,
            None if self.epoch > 0.0 => writeln!(out, "  counts over epochs of {} s", plain(self.epoch))?,
            None => writeln!(out, "  counts over epochs that scripts end")?,
        }
        for became in &told.became {
            writeln!(out, "  counted as {became}")?;
        }
        match (told.first, told.last) {
            (Some(first), Some(last)) => {
                writeln!(out, "  observed: {} times, from {first} to {last}", told.observed)?;
            }
            _ => writeln!(out, "  observed: never counted")?,
        }
        if told.rejected > 0 {
            writeln!(out, "  refused by $pred: {}", told.rejected)?;
        }
        if told.through > 0 {
            writeln!(out, "  not counted any more after the crossing: {}", told.through)?;
        }
        let began = self.began.get();
        match (told.last, spec.window) {
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
        let own = told.own.unwrap_or(1.0);
        let steps: Vec<String> =
            spec.threshold.iter().chain(&spec.series).map(|step| plain(*step * own)).collect();
        writeln!(out, "  threshold: {}", steps.join(", "))?;
        if let Some((at, value)) = told.value {
            writeln!(out, "  last value: {} at {at}", plain(value))?;
        }
        if let Some((at, value, step)) = told.nearest {
            writeln!(out, "  nearest miss: {} of {} at {at}", plain(value), plain(step))?;
        }
        for (at, value, step) in &told.crossings {
            writeln!(out, "  crossed: {} at {at}, with {}", plain(*step), plain(*value))?;
        }
        match told.fired {
            0 => writeln!(out, "  crossed: never"),
            fired if fired > told.crossings.len() as u64 => writeln!(out, "  crossed {fired} times in all"),
            _ => Ok(()),
        }
    }
}

/// A number without needless decimals.
fn plain(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn shown(key: &Key) -> String {
    let host = key.host.map(|host| format!("host={}", Addr(host)));
    let text = key.text.as_ref().map(|text| format!("str={}", String::from_utf8_lossy(text)));
    let parts: Vec<String> = [host, text].into_iter().flatten().collect();
    format!("sumstats_key({})", parts.join(", "))
}
