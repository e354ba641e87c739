//! What a file is, told from its first bytes: the MIME type Zeek 7.0 gives it.
//!
//! Zeek matches a set of signatures against the beginning of a file. Each has a MIME type and a strength;
//! the strongest that matches names the file, and among equally strong ones the name that sorts first
//! (`file_analysis::Manager::DetectMIME`: a map from strength to an ordered set of names).
//!
//! * [`table`] holds what is recognised by bytes at fixed places, and says how to read a row.
//! * [`markup`] holds HTML, XML and their kin, which comments and declarations may precede.
//! * [`text`] holds what needs more than a row: JSON, INI, plain text, tar.
//!
//! Rows are sorted by strength once; then the first byte of a file chooses the few dozen rows worth trying,
//! and the first that matches is the answer. Nothing is allocated and nothing read twice.

mod markup;
mod pattern;
mod table;
#[cfg(test)]
mod tests;
mod text;

use std::cmp::{Ordering, Reverse};
use std::sync::LazyLock;

use pattern::{Class, Elem, Probe, Search};

/// How much of a file's beginning is looked at (Zeek's `default_file_bof_buffer_size`).
pub const SNIFF_LEN: usize = 4096;

/// The MIME type of a file that starts with `data`, if any is known. What lies beyond [`SNIFF_LEN`] is
/// not looked at.
pub fn detect(data: &[u8]) -> Option<&'static str> {
    let data = data.get(..SNIFF_LEN).unwrap_or(data);
    let first = *data.first()?;
    let markup = if markup::can_start_with(first) { markup::strongest(data) } else { None };
    for (probe, rule) in INDEX.starting_with(first) {
        if markup.is_some_and(|found| found.cmp_rank(&rule.verdict) == Ordering::Less) {
            break;
        }
        if probe.is_none_or(|probe| probe.passes(data)) && rule.matches(data) {
            return Some(rule.verdict.mime);
        }
    }
    markup.map(|found| found.mime)
}

/// A name and how much it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Verdict {
    strength: i16,
    mime: &'static str,
}

impl Verdict {
    /// The better verdict sorts first: stronger, then by name.
    fn cmp_rank(&self, other: &Verdict) -> Ordering {
        (Reverse(self.strength), self.mime).cmp(&(Reverse(other.strength), other.mime))
    }
}

/// One row of the table.
struct Rule {
    verdict: Verdict,
    test: Test,
}

enum Test {
    /// `start` at the first byte, then each of `later` somewhere behind what came before.
    Pattern { start: &'static [Elem], later: &'static [&'static [Elem]] },
    /// What a pattern cannot say, for files that start with one of `first`.
    Function { first: &'static Class, test: fn(&[u8]) -> bool },
}

/// A row made ready to be matched.
struct Matcher {
    verdict: Verdict,
    test: &'static Test,
    later: Vec<Search>,
}

impl Matcher {
    fn new(rule: &'static Rule) -> Matcher {
        let later = match rule.test {
            Test::Pattern { later, .. } => later.iter().filter_map(|part| Search::new(part)).collect(),
            Test::Function { .. } => Vec::new(),
        };
        Matcher { verdict: rule.verdict, test: &rule.test, later }
    }

    fn matches(&self, data: &[u8]) -> bool {
        match self.test {
            Test::Pattern { start, .. } => {
                // The earliest place is always as good as any later one for what follows.
                let start = pattern::match_at(start, data, 0);
                self.later.iter().fold(start, |end, part| part.end_from(data, end?)).is_some()
            }
            Test::Function { test, .. } => test(data),
        }
    }

    fn probe(&self) -> Option<Probe> {
        match self.test {
            Test::Pattern { start, .. } => Probe::of(start),
            Test::Function { .. } => None,
        }
    }

    fn first_bytes(&self) -> Class {
        match self.test {
            Test::Pattern { start, .. } => pattern::first_bytes(start),
            Test::Function { first, .. } => (*first).clone(),
        }
    }
}

/// Every rule, best first, and which of them a first byte leaves possible.
struct Index {
    rules: Vec<Matcher>,
    /// A rule by its place in `rules`, and what to test before it.
    candidates: Vec<(Option<Probe>, usize)>,
    /// Those for byte value `b` are `candidates[bounds[b]..bounds[b + 1]]`.
    bounds: [usize; 257],
}

static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

impl Index {
    fn new() -> Index {
        let mut rules: Vec<Matcher> =
            table::RULES.iter().flat_map(|part| part.iter()).map(Matcher::new).collect();
        rules.sort_by(|a, b| a.verdict.cmp_rank(&b.verdict));
        let firsts: Vec<Class> = rules.iter().map(Matcher::first_bytes).collect();
        let mut candidates = Vec::new();
        let mut bounds = [0; 257];
        for (byte, end) in (0..=u8::MAX).zip(bounds.iter_mut().skip(1)) {
            let possible = rules.iter().zip(&firsts).enumerate().filter(|(_, (_, first))| first.has(byte));
            candidates.extend(possible.map(|(at, (rule, _))| (rule.probe(), at)));
            *end = candidates.len();
        }
        Index { rules, candidates, bounds }
    }

    fn starting_with(&self, byte: u8) -> impl Iterator<Item = (Option<&Probe>, &Matcher)> {
        let at = usize::from(byte);
        let bounds = self.bounds.get(at).zip(self.bounds.get(at + 1));
        let possible = bounds.and_then(|(from, to)| self.candidates.get(*from..*to)).unwrap_or_default();
        possible.iter().filter_map(|(probe, rule)| Some((probe.as_ref(), self.rules.get(*rule)?)))
    }
}

/// What must hold for any input; the fuzz target and a test over its corpus call this.
///
/// # Panics
/// When the answer is not the one that trying every rule gives, depends on what lies beyond [`SNIFF_LEN`],
/// or is lost as the file grows.
pub fn check_invariants(data: &[u8]) {
    let head = data.get(..SNIFF_LEN).unwrap_or(data);
    let all = INDEX.rules.iter().filter(|rule| rule.matches(head)).map(|rule| rule.verdict);
    let best = all.chain(markup::strongest(head)).min_by(Verdict::cmp_rank);
    assert_eq!(detect(data), best.map(|verdict| verdict.mime));
    if best.is_some() {
        let mut longer = head.to_vec();
        longer.resize(SNIFF_LEN, 0);
        assert!(detect(&longer).is_some(), "{best:?} was lost as the file grew");
    }
}
