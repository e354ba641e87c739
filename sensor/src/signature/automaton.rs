//! Many patterns at once, over a stream that comes in pieces: an automaton whose states are made when they are first
//! reached.
//!
//! regex-automata compiles the patterns and has lazy automata of its own, but the states of those are forgotten whenever
//! their memory is full, and a stream that waits for its next segment would lose its place. Here a state that a stream
//! waits in stays.
//!
//! All patterns begin where the stream does, as in Zeek. What begins with `.*` may begin anywhere: such patterns are not
//! part of every state, but of what each byte begins anew.

use std::collections::HashMap;

use regex_automata::nfa::thompson::{self, NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

/// Memory for states, of each automaton of a worker; beyond it those that no stream waits in are made anew. Stops
/// streams that lead to ever new ones.
const MAX_BYTES: usize = 64 << 20;

/// Ceiling for what patterns are compiled to, all together.
const MAX_COMPILED: usize = 512 << 20;

/// A state that is to be looked at before going on: it accepts, or is none yet.
const SPECIAL: u32 = 1 << 31;
const UNKNOWN: u32 = u32::MAX;
/// From here nothing matches any more.
const DEAD: u32 = SPECIAL;
const START: u32 = 1;

/// Stands in the set of a state in which nothing has begun, and is none of the NFA's.
const IDLE: u32 = u32::MAX - 1;

type Set = Box<[u32]>;

/// The patterns of one kind, compiled. Shared by all workers.
pub struct Automaton {
    nfa: NFA,
    classes: Box<[u8; 256]>,
    /// A byte of each class.
    bytes: Vec<u8>,
    /// Bits of a class's number.
    shift: u32,
    /// Where patterns begin: those that begin with the stream, …
    anchored: Vec<StateID>,
    /// … and those that begin anywhere.
    floating: Vec<StateID>,
    /// With which bytes these begin.
    begins: Begins,
}

/// Bytes that something begins with.
enum Begins {
    /// One of a few, which are found fast.
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
    Many(Box<[bool; 256]>),
}

impl Begins {
    fn with(bytes: [bool; 256]) -> Begins {
        let of: Vec<u8> = (0..=255).zip(bytes).filter(|(_, begins)| *begins).map(|(byte, _)| byte).collect();
        match of[..] {
            [a] => Begins::One(a),
            [a, b] => Begins::Two(a, b),
            [a, b, c] => Begins::Three(a, b, c),
            _ => Begins::Many(Box::new(bytes)),
        }
    }

    /// Where the first of them is.
    fn find(&self, data: &[u8]) -> Option<usize> {
        match *self {
            Begins::One(a) => memchr::memchr(a, data),
            Begins::Two(a, b) => memchr::memchr2(a, b, data),
            Begins::Three(a, b, c) => memchr::memchr3(a, b, c, data),
            Begins::Many(ref bytes) => data.iter().position(|byte| bytes[usize::from(*byte)]),
        }
    }
}

/// A pattern, translated for regex-automata.
pub struct Source<'a> {
    pub regex: &'a str,
    /// It may begin anywhere.
    pub floats: bool,
}

impl Automaton {
    /// Compiles patterns, which are told by their places.
    pub fn new(sources: &[Source<'_>]) -> Result<Automaton, String> {
        let syntax =
            syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true).nest_limit(200);
        let config = thompson::Config::new()
            .utf8(false)
            .which_captures(thompson::WhichCaptures::None)
            .nfa_size_limit(Some(MAX_COMPILED));
        let texts: Vec<&str> = sources.iter().map(|source| source.regex).collect();
        let nfa = NFA::compiler().syntax(syntax).configure(config).build_many(&texts);
        let nfa = nfa.map_err(|error| error.to_string())?;
        let mut classes = Box::new([0; 256]);
        let mut bytes: Vec<u8> = Vec::new();
        for byte in 0..=255u8 {
            let class = nfa.byte_classes().get(byte);
            classes[usize::from(byte)] = class;
            if bytes.len() <= usize::from(class) {
                bytes.push(byte);
            }
        }
        let starts = |floats: bool| {
            let of = sources.iter().enumerate().filter(move |(_, source)| source.floats == floats);
            of.filter_map(|(at, _)| nfa.start_pattern(at.try_into().ok()?)).collect::<Vec<StateID>>()
        };
        let (anchored, floating) = (starts(false), starts(true));
        let shift = bytes.len().next_power_of_two().trailing_zeros();
        let begins = Begins::with([false; 256]);
        let mut automaton = Automaton { classes, bytes, shift, anchored, floating, begins, nfa };
        let mut cache = Cache::new(&automaton);
        let starts = cache.floating_starts(&automaton);
        let begins = |byte: u8| !moved(&automaton, starts.iter().copied(), byte).is_empty();
        automaton.begins = Begins::with(std::array::from_fn(|byte| begins(byte as u8)));
        Ok(automaton)
    }
}

/// What one worker has made of an [`Automaton`].
pub struct Cache {
    states: Vec<Made>,
    /// By state and class.
    table: Vec<u32>,
    index: HashMap<Set, u32, foldhash::fast::RandomState>,
    free: Vec<u32>,
    /// The state in which nothing has begun, where patterns may begin anywhere; [`UNKNOWN`] until it is reached.
    idle: u32,
    /// What each class begins of patterns that begin anywhere.
    begun: Vec<Option<Set>>,
    bytes: usize,
    /// Changes when places of before are none any more.
    generation: u32,
    seen: Vec<bool>,
    stack: Vec<StateID>,
    /// Streams that lost their place.
    pub lost: u64,
}

struct Made {
    /// States of the NFA, in order.
    set: Set,
    /// Patterns that match here.
    accepts: Set,
    /// Streams that wait here.
    held: u32,
}

/// Where a stream stands.
#[derive(Debug)]
pub struct Position {
    generation: u32,
    state: u32,
}

/// What comes next of a stream.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    pub data: &'a [u8],
    /// Nothing follows.
    pub last: bool,
}

impl Cache {
    pub fn new(automaton: &Automaton) -> Cache {
        let mut cache = Cache {
            states: Vec::new(),
            table: Vec::new(),
            index: HashMap::default(),
            free: Vec::new(),
            idle: UNKNOWN,
            begun: Vec::new(),
            bytes: 0,
            generation: 0,
            seen: vec![false; automaton.nfa.states().len()],
            stack: Vec::new(),
            lost: 0,
        };
        cache.begin(automaton);
        cache
    }

    fn begin(&mut self, automaton: &Automaton) {
        self.begun = vec![None; automaton.bytes.len()];
        self.add(automaton, Box::default());
        let all = automaton.anchored.iter().chain(&automaton.floating).copied();
        let mut set = self.closure(automaton, all, true, false);
        // Kept apart from a state that a stream may come to later.
        set.push(u32::MAX);
        self.add(automaton, set.into());
    }

    /// Goes on with a stream from where it stands, or from its beginning. `accept` is told the patterns that match, each
    /// with how much of the piece it took; one may be told several times.
    pub fn feed(
        &mut self,
        automaton: &Automaton,
        from: Option<Position>,
        piece: Piece<'_>,
        accept: &mut dyn FnMut(u32, usize),
    ) -> Position {
        let mut state = match from {
            None => {
                self.told(START, 0, accept);
                START
            }
            Some(position) if position.generation != self.generation => {
                self.lost += 1;
                DEAD
            }
            Some(position) => {
                self.let_go(position.state);
                position.state
            }
        };
        let (mut told, mut at) = (UNKNOWN, 0);
        while let Some(mut byte) = piece.data.get(at) {
            if state == self.idle {
                // Nothing happens until something begins.
                let rest = piece.data.get(at..).unwrap_or_default();
                let Some(skipped) = automaton.begins.find(rest) else { break };
                at += skipped;
                byte = rest.get(skipped).unwrap_or(byte);
            }
            at += 1;
            let class = automaton.classes[usize::from(*byte)];
            let row = ((state & !SPECIAL) as usize) << automaton.shift;
            let mut next = self.table.get(row + usize::from(class)).copied().unwrap_or(UNKNOWN);
            if next & SPECIAL != 0 {
                if next == UNKNOWN {
                    next = self.step(automaton, state, class);
                    // Numbers may have been given anew.
                    told = UNKNOWN;
                }
                if next == DEAD {
                    state = DEAD;
                    break;
                }
                if next & SPECIAL != 0 && next != told {
                    self.told(next, at, accept);
                    told = next;
                }
            }
            state = next;
        }
        if piece.last {
            let ids = self.ids(state);
            let mut end = self.closure(automaton, ids.into_iter(), false, true);
            end.retain(|id| matches!(automaton.nfa.states().get(*id as usize), Some(State::Match { .. })));
            for id in end {
                if let Some(State::Match { pattern_id }) = automaton.nfa.states().get(id as usize) {
                    accept(pattern_id.as_u32(), piece.data.len());
                }
            }
            state = DEAD;
        }
        if let Some(made) = self.states.get_mut((state & !SPECIAL) as usize) {
            made.held = made.held.saturating_add(1);
        }
        Position { generation: self.generation, state }
    }

    /// A stream is over.
    pub fn end(&mut self, position: &Position) {
        if position.generation == self.generation {
            self.let_go(position.state);
        }
    }

    fn let_go(&mut self, state: u32) {
        if let Some(made) = self.states.get_mut((state & !SPECIAL) as usize) {
            made.held = made.held.saturating_sub(1);
        }
    }

    fn told(&self, state: u32, at: usize, accept: &mut dyn FnMut(u32, usize)) {
        if let Some(made) = self.states.get((state & !SPECIAL) as usize) {
            made.accepts.iter().for_each(|pattern| accept(*pattern, at));
        }
    }

    /// The states of the NFA that a state is.
    fn ids(&self, state: u32) -> Vec<StateID> {
        let set = self.states.get((state & !SPECIAL) as usize).map_or(&[][..], |made| &made.set);
        set.iter().filter_map(|id| StateID::new(*id as usize).ok()).collect()
    }

    /// Makes the state that a class leads to.
    #[cold]
    fn step(&mut self, automaton: &Automaton, state: u32, class: u8) -> u32 {
        let byte = automaton.bytes.get(usize::from(class)).copied().unwrap_or_default();
        let ids = self.ids(state);
        let next = moved(automaton, ids.into_iter(), byte);
        let mut set = self.closure(automaton, next.into_iter(), false, false);
        if !automaton.floating.is_empty() {
            if self.begun.get(usize::from(class)).is_some_and(Option::is_none) {
                let next = moved(automaton, self.floating_starts(automaton).into_iter(), byte);
                let begun = self.closure(automaton, next.into_iter(), false, false);
                self.bytes += begun.len() * 4;
                self.begun[usize::from(class)] = Some(begun.into());
            }
            let begun = self.begun.get(usize::from(class)).and_then(Option::as_ref);
            set.extend(begun.into_iter().flatten());
            set.sort_unstable();
            set.dedup();
            // Alive even where nothing has begun.
            if set.is_empty() {
                set.push(IDLE);
            }
        }
        let set: Set = set.into();
        let known = self.index.get(&set).copied();
        let mut from = state;
        let target = match known {
            Some(target) => target,
            None => {
                if self.bytes > MAX_BYTES {
                    from = self.shrink(automaton, state);
                }
                self.add(automaton, set)
            }
        };
        let row = ((from & !SPECIAL) as usize) << automaton.shift;
        if let Some(entry) = self.table.get_mut(row + usize::from(class)).filter(|_| from != UNKNOWN) {
            *entry = target;
        }
        target
    }

    fn floating_starts(&mut self, automaton: &Automaton) -> Vec<StateID> {
        let all = self.closure(automaton, automaton.floating.iter().copied(), false, false);
        all.iter().filter_map(|id| StateID::new(*id as usize).ok()).collect()
    }

    /// Forgets states that no stream waits in. Returns what `state` is now; [`UNKNOWN`] where it is none any more.
    fn shrink(&mut self, automaton: &Automaton, state: u32) -> u32 {
        let Cache { states, index, free, table, bytes, .. } = self;
        table.fill(UNKNOWN);
        index.clear();
        free.clear();
        *bytes = self.begun.iter().flatten().map(|set| set.len() * 4).sum();
        let row = size_of::<u32>() << automaton.shift;
        for (at, made) in (0u32..).zip(states.iter_mut()) {
            if made.held > 0 || at <= START {
                *bytes += row + made.set.len() * 8 + size_of::<Made>();
                let special = if at == 0 || !made.accepts.is_empty() { SPECIAL } else { 0 };
                index.insert(made.set.clone(), at | special);
            } else {
                (made.set, made.accepts) = Default::default();
                free.push(at);
            }
        }
        if *bytes > MAX_BYTES / 2 {
            // All that streams wait in is too much: they lose their places.
            (*states, *table, *free) = Default::default();
            index.clear();
            self.bytes = 0;
            self.generation = self.generation.wrapping_add(1);
            self.idle = UNKNOWN;
            self.begin(automaton);
            return UNKNOWN;
        }
        let idle = states.get(self.idle as usize).is_some_and(|made| *made.set == [IDLE]);
        self.idle = if idle { self.idle } else { UNKNOWN };
        let held = states.get((state & !SPECIAL) as usize).is_some_and(|made| made.held > 0);
        if held || (state & !SPECIAL) <= START { state } else { UNKNOWN }
    }

    fn add(&mut self, automaton: &Automaton, set: Set) -> u32 {
        let mut accepts: Vec<u32> = Vec::new();
        for id in &set {
            if let Some(State::Match { pattern_id }) = automaton.nfa.states().get(*id as usize) {
                accepts.push(pattern_id.as_u32());
            }
        }
        let row = size_of::<u32>() << automaton.shift;
        self.bytes += row + set.len() * 8 + size_of::<Made>();
        let made = Made { set: set.clone(), accepts: accepts.into(), held: 0 };
        let special = if self.states.is_empty() || !made.accepts.is_empty() { SPECIAL } else { 0 };
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(slot) = self.states.get_mut(at as usize) {
                    *slot = made;
                }
                at
            }
            None => {
                self.states.push(made);
                let rows = self.states.len() << automaton.shift;
                self.table.resize(rows, UNKNOWN);
                (self.states.len() - 1) as u32
            }
        };
        if *set == [IDLE] {
            self.idle = at;
        }
        // The start's own set is never come to.
        self.index.insert(set, at | special);
        at | special
    }

    /// What may be reached without a byte: states that take one, that match, or that wait for the end.
    fn closure(
        &mut self,
        automaton: &Automaton,
        from: impl Iterator<Item = StateID>,
        at_start: bool,
        at_end: bool,
    ) -> Vec<u32> {
        let states = automaton.nfa.states();
        let mut touched: Vec<StateID> = Vec::new();
        let mut found = Vec::new();
        self.stack.extend(from);
        while let Some(id) = self.stack.pop() {
            match self.seen.get_mut(id.as_usize()) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            touched.push(id);
            match states.get(id.as_usize()) {
                Some(State::Look { look, next }) => match look {
                    Look::Start if at_start => self.stack.push(*next),
                    Look::End if at_end => self.stack.push(*next),
                    Look::End => found.push(id.as_u32()),
                    _ => {}
                },
                Some(State::Union { alternates }) => self.stack.extend(alternates.iter().copied()),
                Some(State::BinaryUnion { alt1, alt2 }) => self.stack.extend([*alt1, *alt2]),
                Some(State::Capture { next, .. }) => self.stack.push(*next),
                Some(State::Fail) | None => {}
                Some(_) => found.push(id.as_u32()),
            }
        }
        for id in touched {
            if let Some(seen) = self.seen.get_mut(id.as_usize()) {
                *seen = false;
            }
        }
        found.sort_unstable();
        found
    }
}

/// Where a byte leads.
fn moved(automaton: &Automaton, from: impl Iterator<Item = StateID>, byte: u8) -> Vec<StateID> {
    let states = automaton.nfa.states();
    from.filter_map(|id| match states.get(id.as_usize())? {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(sparse) => sparse.matches_byte(byte),
        State::Dense(dense) => dense.matches_byte(byte),
        _ => None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns and where each was first found.
    fn found(patterns: &[(&str, bool)], pieces: &[&[u8]], ends: bool) -> Vec<(u32, usize, usize)> {
        let sources: Vec<Source<'_>> =
            patterns.iter().map(|(regex, floats)| Source { regex, floats: *floats }).collect();
        let automaton = Automaton::new(&sources).unwrap();
        let mut cache = Cache::new(&automaton);
        let (mut position, mut found): (Option<Position>, Vec<(u32, usize, usize)>) = (None, Vec::new());
        for (nth, data) in pieces.iter().enumerate() {
            let last = ends && nth + 1 == pieces.len();
            let mut accept = |pattern: u32, at: usize| {
                if !found.iter().any(|(known, ..)| *known == pattern) {
                    found.push((pattern, nth, at));
                }
            };
            position = Some(cache.feed(&automaton, position.take(), Piece { data, last }, &mut accept));
        }
        cache.end(&position.unwrap());
        assert!(cache.states.iter().all(|made| made.held == 0));
        found
    }

    #[test]
    fn patterns_are_found_across_pieces_and_begin_where_the_stream_does() {
        let patterns = [("GET ", false), ("bar", false), ("bar", true), ("\\AG", false), ("x|\\z", false)];
        assert_eq!(
            found(&patterns, &[b"GE", b"T foob", b"ar"], false),
            [(3, 0, 1), (0, 1, 2), (2, 2, 2)],
            "only what floats begins later"
        );
        assert_eq!(found(&[("(?:AB)\\z", false)], &[b"AB"], true), [(0, 0, 2)]);
        assert_eq!(found(&[("(?:AB)\\z", false)], &[b"AB"], false), []);
        assert_eq!(found(&[("AB\\z", false)], &[b"AB", b""], true), [(0, 1, 0)]);
        assert_eq!(found(&[("AB\\z", false)], &[b"ABC", b""], true), []);
        assert_eq!(found(&[(".*", false)], &[b""], false), [(0, 0, 0)]);
        assert_eq!(found(&[("a\nb", true)], &[b"\n\na\n", b"b"], false), [(0, 1, 1)]);
    }

    #[test]
    fn a_stream_keeps_its_place_when_states_are_forgotten() {
        let sources = [Source { regex: "abc", floats: true }];
        let automaton = Automaton::new(&sources).unwrap();
        let mut cache = Cache::new(&automaton);
        let mut hits = Vec::new();
        let none = &mut |_: u32, _: usize| {};
        let waits = cache.feed(&automaton, None, Piece { data: b"xab", last: false }, none);
        cache.bytes = MAX_BYTES + 1;
        cache.feed(&automaton, None, Piece { data: b"zzabczzabzaab", last: false }, none);
        cache.feed(
            &automaton,
            Some(waits),
            Piece { data: b"c", last: false },
            &mut |pattern: u32, at: usize| {
                hits.push((pattern, at));
            },
        );
        assert_eq!(hits, [(0, 1)]);
        assert_eq!(cache.lost, 0);
    }
}
