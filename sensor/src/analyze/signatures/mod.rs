//! Signatures of users, matched against what connections carry.
//!
//! As in Zeek each direction has a state of its own, which begins with its first packet. A signature matches once all its
//! patterns have been found and all else that it asks for holds; it does so once a connection.

pub mod events;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::analyze::signatures::events::{SignatureFound, SignatureMatch, SignatureState};
use crate::analyze::{Protocol, Spec, protocol};
use crate::counters::{counter, counters};
use crate::event::{Conn, Proto};
use crate::flow::{Cx, Datagram, Dir, EndpointState, Flow};
use crate::signature::{
    Action, Automaton, Cache, Condition, Header, Kind, Piece, Position, Rule, Signatures, States,
};

pub const PROTOCOL: Protocol = Protocol { events: events::EVENTS, ..Protocol::NOTHING };

/// Bytes that are kept of what matched, of signatures that wait for something else; more are not. Stops streams that
/// match many signatures which never come to their end.
const MAX_KEPT: usize = 64 << 10;

counters! {
    /// What matching signatures gave up.
    pub struct Counters {
        /// Directions whose place in the patterns was forgotten because there were too many places.
        pub lost: u64 = counter("signature_places_lost_total")
            .lost("streams no longer searched for signatures because there were too many places in patterns"),
        /// Texts that matched and were not kept for signatures that wait.
        pub not_kept: u64 = counter("signature_texts_dropped_total")
            .lost("texts that matched signatures and were not kept"),
    }
}

/// What the flows of one worker share.
#[derive(Default)]
pub struct Worker {
    signatures: Option<Arc<Signatures>>,
    caches: [Option<Box<Cache>>; Kind::COUNT],
    counters: Counters,
    /// That of the flow that is at hand.
    pub current: Option<Box<Matching>>,
    /// Analyzers that signatures set on it, which is still to be done.
    pub enabled: SmallVec<[&'static Spec; 1]>,
}

impl protocol::Worker for Worker {
    type Counters = Counters;

    fn counters(&self) -> Counters {
        let lost = self.caches.iter().flatten().map(|cache| cache.lost).sum::<u64>();
        Counters { lost: self.counters.lost + lost, ..self.counters }
    }
}

/// What a flow has matched.
#[derive(Debug)]
pub struct Matching {
    /// The reading of the signatures that it is of.
    version: u64,
    sides: [Option<Box<Side>>; 2],
    /// Bytes and pieces of payload.
    seen: (usize, usize),
    over: bool,
}

/// A direction.
#[derive(Debug)]
struct Side {
    header: Header,
    payload_size: Option<u64>,
    positions: SmallVec<[(Kind, Position); 1]>,
    /// Patterns that were found, and how far into the piece they reach.
    accepted: SmallVec<[(u32, usize); 4]>,
    matched: SmallVec<[u32; 4]>,
    /// Signatures whose patterns were all found, with what was looked at then.
    waiting: Vec<(u32, Arc<[u8]>, usize)>,
    kept: usize,
}

/// A piece of what patterns are looked for in.
#[derive(Clone, Copy)]
pub struct Text<'t> {
    pub kind: Kind,
    pub dir: Dir,
    pub data: &'t [u8],
    /// It begins anew.
    pub first: bool,
    pub last: bool,
}

impl<'t> Text<'t> {
    /// All there is.
    pub fn whole(kind: Kind, dir: Dir, data: &'t [u8]) -> Text<'t> {
        Text { kind, dir, data, first: true, last: true }
    }
}

impl Worker {
    /// Whether texts of a kind of the flow that is at hand are looked at.
    #[inline]
    pub fn looks_at(&self, kind: Kind) -> bool {
        let known = |signatures: &Arc<Signatures>| signatures.kinds[kind as usize].is_some();
        self.current.is_some() && self.signatures.as_ref().is_some_and(known)
    }

    /// Looks at what there is to match, which scripts may have changed.
    fn settle(&mut self, cx: &Cx<'_>) -> Option<Arc<Signatures>> {
        let current = cx.config.signatures.as_ref()?;
        if self.signatures.as_ref().is_none_or(|known| known.version != current.version) {
            self.counters.lost += self.caches.iter().flatten().map(|cache| cache.lost).sum::<u64>();
            self.caches = Default::default();
            self.signatures = Some(current.clone());
        }
        self.signatures.clone()
    }

    /// A packet of the flow: the first of each direction is what conditions on headers are about.
    pub fn packet(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        matching: &mut Option<Box<Matching>>,
        dir: Dir,
        datagram: &Datagram<'_>,
    ) {
        let known = matching.as_ref().is_some_and(|matching| matching.sides[dir as usize].is_some());
        if known || datagram.bad_checksum || cx.bus.is_muted() {
            return;
        }
        let Some(signatures) = self.settle(cx) else { return };
        let (ip, transport) = signatures.depths;
        let header = Header {
            src: datagram.src,
            dst: datagram.dst,
            protocol: datagram.protocol,
            ip: datagram.header.get(..ip).unwrap_or(datagram.header).into(),
            transport: datagram.bytes.get(..transport).unwrap_or(datagram.bytes).into(),
        };
        let matching = matching.get_or_insert_with(|| {
            let version = signatures.version;
            Box::new(Matching { version, sides: [None, None], seen: (0, 0), over: false })
        });
        if matching.version != signatures.version {
            return;
        }
        matching.sides[dir as usize] = Some(Box::new(Side {
            header,
            payload_size: None,
            positions: SmallVec::new(),
            accepted: SmallVec::new(),
            matched: SmallVec::new(),
            waiting: Vec::new(),
            kept: 0,
        }));
        let mut run = Run { worker: self, signatures: &signatures, matching, cx, flow };
        for rule in &signatures.pure {
            run.purely(*rule, dir, None, false);
        }
        // Some match what is empty.
        run.text(&Text { kind: Kind::Payload, dir, data: &[], first: true, last: false });
    }

    /// Whether more of a stream matters.
    pub fn listens(matching: Option<&Matching>) -> bool {
        matching.is_some_and(|matching| !matching.over)
    }

    /// A payload.
    pub fn payload(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        matching: &mut Matching,
        dir: Dir,
        data: &[u8],
    ) {
        if matching.over || data.is_empty() {
            return;
        }
        let Some(signatures) = self.settle(cx).filter(|of| of.version == matching.version) else {
            matching.over = true;
            return;
        };
        let detection = &cx.config.detection;
        let (bytes, pieces) = &mut matching.seen;
        (*bytes, *pieces) = (bytes.saturating_add(data.len()), pieces.saturating_add(1));
        let ends = detection.only_beginning && (*bytes > detection.bytes || *pieces > detection.segments);
        let is_stream = flow.proto() == Proto::Tcp;
        let mut run = Run { worker: self, signatures: &signatures, matching, cx, flow };
        run.text(&Text { kind: Kind::Payload, dir, data, first: !is_stream, last: false });
        if !is_stream {
            run.clear(dir);
        }
        matching.over = ends;
    }

    /// A text that an analyzer has found, of the flow that is at hand.
    pub fn text(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, text: &Text<'_>) {
        let Some(mut matching) = self.current.take() else { return };
        let signatures = self.settle(cx).filter(|of| of.version == matching.version);
        if let Some(signatures) = signatures
            && signatures.kinds[text.kind as usize].is_some()
        {
            Run { worker: self, signatures: &signatures, matching: &mut matching, cx, flow }.text(text);
        }
        self.current = Some(matching);
    }

    /// The flow is over: what waits for that is decided.
    pub fn end(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, mut matching: Box<Matching>) {
        if let Some(signatures) = self.settle(cx).filter(|of| of.version == matching.version) {
            for dir in [Dir::Orig, Dir::Resp] {
                let mut run =
                    Run { worker: self, signatures: &signatures, matching: &mut matching, cx, flow };
                run.finish(dir);
            }
            for (kind, position) in matching.sides.iter().flatten().flat_map(|side| &side.positions) {
                if let Some(cache) = &mut self.caches[*kind as usize] {
                    cache.end(position);
                }
            }
        }
    }
}

/// Matching, of one flow.
struct Run<'r, 'c> {
    worker: &'r mut Worker,
    signatures: &'r Arc<Signatures>,
    matching: &'r mut Matching,
    cx: &'r mut Cx<'c>,
    flow: &'r mut Flow,
}

impl Run<'_, '_> {
    fn side(&mut self, dir: Dir) -> Option<&mut Side> {
        self.matching.sides[dir as usize].as_deref_mut()
    }

    /// Looks for patterns.
    fn text(&mut self, text: &Text<'_>) {
        let Run { worker, signatures, matching, .. } = &mut *self;
        let Some(side) = matching.sides[text.dir as usize].as_deref_mut() else { return };
        if text.kind == Kind::Payload {
            side.payload_size =
                Some(side.payload_size.filter(|size| *size > 0).unwrap_or(text.data.len() as u64));
        }
        let Some((automaton, places)) = &signatures.kinds[text.kind as usize] else { return };
        let cache = worker.caches[text.kind as usize].get_or_insert_with(|| Box::new(Cache::new(automaton)));
        if !look(automaton, places, cache, side, text) {
            return;
        }
        // Those of which all patterns were found, in their order.
        let mut found: SmallVec<[(u32, usize); 4]> = SmallVec::new();
        for (pattern, at) in &side.accepted {
            let Some(of) = signatures.patterns.get(*pattern as usize) else { continue };
            let Some(rule) = signatures.rules.get(of.rule as usize) else { continue };
            let fits = |pattern: &u32| {
                let depth = signatures.patterns.get(*pattern as usize).map_or(0, |of| of.depth);
                side.accepted.iter().any(|(known, _)| known == pattern)
                    && at.saturating_sub(1) as u64 <= depth
            };
            if rule.patterns.iter().all(fits) && !found.iter().any(|(known, _)| *known == of.rule) {
                found.push((of.rule, *at));
            }
        }
        found.sort_unstable();
        for (at, end) in found {
            self.pattern_rule(at, text, end);
        }
    }

    /// All patterns of a signature were found.
    fn pattern_rule(&mut self, at: u32, text: &Text<'_>, end: usize) {
        let signatures = self.signatures;
        let Some(rule) = signatures.rules.get(at as usize) else { return };
        let Some(side) = self.side(text.dir) else { return };
        if side.matched.contains(&at) || !rule.tests.iter().all(|test| test.holds(&side.header)) {
            return;
        }
        if !side.waiting.iter().any(|(known, ..)| *known == at) {
            // What needs nothing else is done with at once.
            let waits = !rule.requires.is_empty() || !rule.conditions.is_empty();
            if waits && side.kept + text.data.len() <= MAX_KEPT {
                side.kept += text.data.len();
                side.waiting.push((at, text.data.into(), end));
            } else if waits {
                self.worker.counters.not_kept += 1;
            }
        }
        if self.holds(rule, text.dir, false) {
            self.act(at, text.dir, text.data, end, false);
        }
    }

    /// Whether all that a signature asks for beside patterns and headers holds.
    fn holds(&self, rule: &Rule, dir: Dir, at_end: bool) -> bool {
        let side = |dir: Dir| self.matching.sides[dir as usize].as_deref();
        let required = rule.requires.iter().all(|required| {
            let of = side(if required.reverse { dir.other() } else { dir });
            let Some(of) = of else { return false };
            let matched = of.matched.contains(&required.rule);
            // That something does not match is known at the end alone.
            if required.not { at_end && !matched } else { matched }
        });
        let Some(own) = side(dir).filter(|_| required) else { return false };
        rule.conditions.iter().all(|condition| match condition {
            Condition::PayloadSize(how, size) => own
                .payload_size
                .is_some_and(|payload| payload > 0 && Condition::compares_size(*how, payload, *size)),
            Condition::TcpState(states) => {
                let both = self.flow.states.iter().all(|state| {
                    !matches!(
                        state,
                        EndpointState::Inactive | EndpointState::SynSent | EndpointState::SynAckSent
                    )
                });
                self.flow.proto() == Proto::Tcp && are(states, dir, both)
            }
            Condition::UdpState(states) => self.flow.proto() == Proto::Udp && are(states, dir, true),
            Condition::SameIp => own.header.src == own.header.dst,
            Condition::IpOptions => false,
        })
    }

    /// Tries a signature that has no patterns, or whose patterns were found before, in `text`.
    fn purely(&mut self, at: u32, dir: Dir, text: Option<(&Arc<[u8]>, usize)>, at_end: bool) {
        let signatures = self.signatures;
        let Some(rule) = signatures.rules.get(at as usize) else { return };
        let Some(side) = self.side(dir).filter(|side| !side.matched.contains(&at)) else { return };
        if rule.tests.iter().all(|test| test.holds(&side.header)) && self.holds(rule, dir, at_end) {
            let (data, end) = text.map_or((&[][..], 0), |(data, end)| (data, end));
            self.act(at, dir, data, end, at_end);
        }
    }

    /// A signature has matched.
    fn act(&mut self, at: u32, dir: Dir, data: &[u8], end: usize, at_end: bool) {
        let mut due: SmallVec<[(u32, Dir); 4]> = SmallVec::new();
        self.act_once(at, dir, data, end, &mut due);
        // Those that waited for it, and those that wait for them: each matches once, so that this ends.
        while let Some((at, dir)) = due.pop() {
            let signatures = self.signatures;
            let Some(rule) = signatures.rules.get(at as usize) else { continue };
            let Some(side) = self.side(dir).filter(|side| !side.matched.contains(&at)) else { continue };
            if !rule.tests.iter().all(|test| test.holds(&side.header)) {
                continue;
            }
            let waits = side.waiting.iter().find(|(known, ..)| *known == at);
            let text = waits.map(|(_, text, end)| (text.clone(), *end));
            if (text.is_some() || rule.patterns.is_empty()) && self.holds(rule, dir, at_end) {
                let (data, end) = text.unwrap_or_else(|| (Arc::from([]), 0));
                self.act_once(at, dir, &data, end, &mut due);
            }
        }
    }

    fn act_once(&mut self, at: u32, dir: Dir, data: &[u8], end: usize, due: &mut SmallVec<[(u32, Dir); 4]>) {
        let signatures = self.signatures;
        let Some(rule) = signatures.rules.get(at as usize) else { return };
        let other = self.matching.sides[dir.other() as usize].as_deref();
        if other.is_some_and(|side| side.matched.contains(&at)) {
            return;
        }
        let Some(side) = self.side(dir) else { return };
        side.matched.push(at);
        let payload_size = side.payload_size.unwrap_or(0);
        let state = SignatureState { sig_id: &rule.id, conn: Conn, is_orig: dir.is_orig(), payload_size };
        if rule.in_order {
            self.flow.raise(self.cx, &SignatureFound { state, data, end_of_match: end as u64 });
        }
        for action in &rule.actions {
            match action {
                Action::Event { name: None, message } if !rule.in_order => {
                    let msg = message.as_deref().unwrap_or_default();
                    self.flow.raise(self.cx, &SignatureMatch { state, msg, data });
                }
                Action::Enable(name) => self.worker.enabled.extend(protocol::named(name)),
                Action::Event { .. } | Action::Disable(_) | Action::Mime(..) => {}
            }
        }
        for dependent in rule.dependents.iter().rev() {
            due.push((*dependent, dir.other()));
            due.push((*dependent, dir));
        }
    }

    /// What was looked at is looked at no more: the next datagram is by itself.
    fn clear(&mut self, dir: Dir) {
        for rule in &self.signatures.clone().pure {
            self.purely(*rule, dir, None, true);
        }
        let Run { worker, matching, .. } = self;
        let Some(side) = matching.sides[dir as usize].as_deref_mut() else { return };
        side.payload_size = None;
        side.accepted.clear();
        for (kind, position) in side.positions.drain(..) {
            if let Some(cache) = &mut worker.caches[kind as usize] {
                cache.end(&position);
            }
        }
    }

    /// Nothing follows in a direction.
    fn finish(&mut self, dir: Dir) {
        self.text(&Text { kind: Kind::Payload, dir, data: &[], first: false, last: true });
        for rule in &self.signatures.clone().pure {
            self.purely(*rule, dir, None, true);
        }
        let waiting = self.side(dir).map(|side| std::mem::take(&mut side.waiting)).unwrap_or_default();
        for (rule, text, end) in &waiting {
            self.purely(*rule, dir, Some((text, *end)), true);
        }
    }
}

/// Goes on with a text; whether patterns were found that were not before.
fn look(automaton: &Automaton, places: &[u32], cache: &mut Cache, side: &mut Side, text: &Text<'_>) -> bool {
    let known = side.positions.iter().position(|(kind, _)| *kind == text.kind);
    let mut before = known.map(|at| side.positions.swap_remove(at).1);
    if let Some(position) = before.take_if(|_| text.first) {
        cache.end(&position);
    }
    let mut found = false;
    let accepted = &mut side.accepted;
    let piece = Piece { data: text.data, last: text.last };
    let position = cache.feed(automaton, before, piece, &mut |pattern, at| {
        let Some(pattern) = places.get(pattern as usize) else { return };
        if !accepted.iter().any(|(known, _)| known == pattern) {
            accepted.push((*pattern, at));
            found = true;
        }
    });
    side.positions.push((text.kind, position));
    found
}

/// Whether a direction of a connection, both of whose ends are there or not, is in one of the states.
fn are(states: &States, dir: Dir, established: bool) -> bool {
    states.stateless
        || !(states.originator && !dir.is_orig()
            || states.responder && dir.is_orig()
            || states.established && !established)
}
