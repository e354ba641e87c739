//! Running patterns, and what that costs.
//!
//! A pattern is looked for in one pass over the text. But to look for all its matches, one behind the other, may take
//! such a pass for each (`/a.*b|a/` in a text of `a`), and where a text leads to more and more states of the automaton
//! each byte costs as much as the pattern has states. Texts come from the wire, so both are counted and have an end.

use std::cell::{Cell, RefCell};

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input, MatchKind};

use super::pattern::{DFA_CACHE_LIMIT, NFA_LIMIT, syntax_config};

thread_local! {
    static WORK: Cell<u64> = const { Cell::new(0) };
}

/// Steps of the instruction budget after which nothing more is looked for, until they are charged.
const MAX_WORK: u64 = 50_000_000;
/// Bytes that an automaton looks at in the time of a step.
const BYTES_PER_STEP: u64 = 16;
/// To make the states of an automaton takes the time of a step for so many bytes of them.
const MADE_PER_STEP: usize = 2;
/// So many bytes are gone through between two looks at what they cost.
const STRIDE: usize = 1024;

/// The steps that were done since the last call, to be charged. Of too many there are more than any budget has.
pub fn take_work() -> u64 {
    let work = WORK.with(Cell::take);
    if work > MAX_WORK { u64::MAX - 1 } else { work }
}

/// Counts bytes that were looked at.
pub(super) fn looked_at(bytes: usize) {
    add(bytes as u64 / BYTES_PER_STEP);
}

/// So much was done that nothing more is looked for: what is found then is not the answer.
pub(super) fn is_too_much() -> bool {
    WORK.with(Cell::get) > MAX_WORK
}

fn add(steps: u64) {
    WORK.with(|work| work.set(work.get().saturating_add(steps)));
}

/// The automata that find where a pattern matches.
pub(super) struct Automata {
    /// Finds where the leftmost match ends, of those that begin there the one that is written first.
    forward: Automaton,
    /// From such an end finds where the match begins.
    reverse: Automaton,
    /// Finds the longest match at a place.
    longest: Automaton,
}

impl Automata {
    pub fn new(regex: &str) -> Option<Automata> {
        Some(Automata {
            forward: Automaton::new(regex)?,
            reverse: Automaton::with(regex, MatchKind::All, true)?,
            longest: Automaton::with(regex, MatchKind::All, false)?,
        })
    }

    /// Where the leftmost match begins.
    pub fn first_start(&self, text: &[u8]) -> Option<usize> {
        let end = self.forward.last_end(text, 0, Anchored::No, false)?;
        self.reverse.first_start(text, end)
    }

    /// Where the longest match ends that begins at `at`.
    pub fn longest_end(&self, text: &[u8], at: usize) -> Option<usize> {
        self.longest.last_end(text, at, Anchored::Yes, false)
    }
}

/// An automaton whose states are made as they are needed.
pub(super) struct Automaton {
    dfa: DFA,
    cache: RefCell<Cache>,
}

impl Automaton {
    pub fn new(regex: &str) -> Option<Automaton> {
        Automaton::with(regex, MatchKind::LeftmostFirst, false)
    }

    fn with(regex: &str, kind: MatchKind, reverse: bool) -> Option<Automaton> {
        let config = thompson::Config::new()
            .utf8(false)
            .reverse(reverse)
            .which_captures(thompson::WhichCaptures::None)
            .nfa_size_limit(Some(NFA_LIMIT));
        let nfa = thompson::Compiler::new().syntax(syntax_config()).configure(config).build(regex).ok()?;
        let config = DFA::config().match_kind(kind).cache_capacity(DFA_CACHE_LIMIT);
        let config = config.skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        let cache = RefCell::new(dfa.create_cache());
        Some(Automaton { dfa, cache })
    }

    pub fn is_match(&self, text: &[u8]) -> bool {
        self.last_end(text, 0, Anchored::No, true).is_some()
    }

    /// The end of the last match that is seen before there can be no other, or of the first.
    fn last_end(&self, text: &[u8], at: usize, anchored: Anchored, first: bool) -> Option<usize> {
        let mut cache = self.cache.borrow_mut();
        let input = Input::new(text).anchored(anchored).range(at..);
        let mut state = self.dfa.start_state_forward(&mut cache, &input).ok()?;
        let (mut last, mut place) = (None, at);
        for stride in text.get(at..)?.chunks(STRIDE) {
            let before = made(&cache);
            for &byte in stride {
                state = self.dfa.next_state(&mut cache, state, byte).ok()?;
                if state.is_match() {
                    // It is seen with the byte behind it.
                    last = Some(place);
                }
                if state.is_dead() || first && last.is_some() {
                    looked_at(place - at);
                    return last;
                }
                place += 1;
            }
            add((made(&cache).saturating_sub(before) / MADE_PER_STEP) as u64);
            if is_too_much() {
                return None;
            }
        }
        looked_at(place - at);
        state = self.dfa.next_eoi_state(&mut cache, state).ok()?;
        if state.is_match() { Some(text.len()) } else { last }
    }

    /// Where the longest match begins that ends at `end`.
    fn first_start(&self, text: &[u8], end: usize) -> Option<usize> {
        let mut cache = self.cache.borrow_mut();
        let before = made(&cache);
        let input = Input::new(text).anchored(Anchored::Yes).range(..end);
        let start = self.dfa.try_search_rev(&mut cache, &input).ok()??.offset();
        looked_at(end - start);
        add((made(&cache).saturating_sub(before) / MADE_PER_STEP) as u64);
        Some(start)
    }
}

/// Bytes of states that were made up to now, those that are forgotten included.
fn made(cache: &Cache) -> usize {
    cache.clear_count() * DFA_CACHE_LIMIT + cache.memory_usage()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Modifiers, Pattern};

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text.as_bytes(), Modifiers::default()).unwrap()
    }

    #[test]
    fn the_longest_match_at_the_leftmost_place_is_found() {
        for (text, of, found) in [
            ("b|ab|abc", "xabcd", Some((1, 3))),
            ("a*", "baa", Some((0, 0))),
            ("c|a.*d", "abcd", Some((0, 4))),
            ("c|a.*e", "abcd", Some((2, 1))),
            ("^b|c$", "abc", Some((2, 1))),
            ("bc$|b", "abc", Some((1, 2))),
            ("x", "abc", None),
            ("", "", Some((0, 0))),
        ] {
            assert_eq!(pattern(text).find(of.as_bytes()), found, "{text} in {of}");
        }
    }

    #[test]
    fn long_texts_match_as_short_ones_do() {
        let filler = "z".repeat(5000);
        for (text, of) in [("ab+c", "abbc"), ("c$", "c"), ("^a", "a"), ("^z.*a$", "a"), ("a|^$", "b")] {
            let (pattern, long) = (pattern(text), format!("{filler}{of}"));
            let long = long.as_bytes();
            assert_eq!(pattern.found_in(long), pattern.searcher().unwrap().is_match(long), "{text} in");
            assert_eq!(pattern.matches(long), pattern.whole().unwrap().is_match(long), "{text} ==");
        }
        take_work();
    }

    #[test]
    fn what_would_take_long_is_given_up() {
        take_work();
        add(MAX_WORK - 200_000);
        let (pattern, text) = (pattern("a.*b|a"), "a".repeat(20_000));
        let mut rest = text.as_bytes();
        while let Some((at, len)) = pattern.find(rest) {
            rest = &rest[at + len..];
        }
        assert!(rest.len() > 10_000 && is_too_much());
        assert_eq!(take_work(), u64::MAX - 1);
        assert!(!is_too_much());
    }
}
