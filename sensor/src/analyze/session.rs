//! The analyzers of one flow: which ones there are, and what they are told.

mod matching;

use smallvec::SmallVec;

use crate::analyze::confirm::disabled;
use crate::analyze::conn::events::AnalyzerTag;
use crate::analyze::conn::{self, events};
use crate::analyze::detect::Detection;
use crate::analyze::detect::{is_looked_for, may_begin};
use crate::analyze::expect::Found;
use crate::analyze::icmp;
use crate::analyze::protocol::{named, stays, suggests_expecting};
use crate::analyze::signatures::{self, Matching};
use crate::analyze::{
    Analysis, AnalyzeStats, Analyzer, Expectation, Expected, Link, Named, Others, Shared, Spec, Unclaimed,
    suggested,
};
use crate::config::Config;
use crate::event::{Conn, Order, Proto};
use crate::flow::{Cx, Datagram, Dir, Flow, Handler, Tcp, TcpEvent, Tuple};
use crate::time::{Interval, Time};

/// Hands what the flow engine tells to the analyzers, and writes conn.log.
#[derive(Default)]
pub struct Sessions {
    shared: Shared,
    /// Whether others may expect connections is looked for.
    watches: bool,
    /// Others may expect connections: they are waited for before one is opened.
    waits: bool,
}

impl Sessions {
    /// Sets on a flow that has just been opened what was expected of it.
    #[cold]
    fn apply_expected(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session) {
        let Shared { expected, others, expected_refused, .. } = &mut self.shared;
        if let Some(others) = others.as_mut().filter(|_| self.waits) {
            let (bus, now) = (&mut *cx.bus, cx.now);
            others.catch_up(bus, &mut |announcement| {
                *expected_refused += u64::from(!expected.insert(announcement, now));
            });
        }
        let found = expected.find(&flow.id(), flow.proto(), cx.now, cx.bus.order());
        if found.is_empty() {
            return;
        }
        for spec in &found {
            flow.raise(cx, &events::ScheduledAnalyzerApplied { c: Conn, a: AnalyzerTag(&spec.named) });
        }
        session.start(found.iter().copied(), cx, flow, &mut self.shared);
    }
}

impl Analysis for Sessions {
    fn stats(&self) -> AnalyzeStats {
        self.shared.stats()
    }

    fn unclaimed(&self) -> &Unclaimed {
        &self.shared.unclaimed
    }

    fn go_on_counting(&mut self, unclaimed: Unclaimed) {
        self.shared.unclaimed = unclaimed;
    }

    fn share(&mut self, expected: Expected) {
        self.shared.expected = expected;
        self.shared.shares_expected = true;
    }

    fn beside(&mut self, others: Box<dyn Others>) {
        self.shared.others = Some(others);
        self.watches = true;
    }

    fn disable(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut State, analyzer: u64, prevent: bool) {
        self.with(state, |shared, session| {
            if let Some(active) = session.active()
                && active.disable(analyzer, prevent, cx, flow, shared)
            {
                session.settle();
            }
        });
    }

    fn expect(&mut self, expectation: &Expectation, now: Time, since: Order) {
        let taken = self.shared.expected.expect(expectation, now, since);
        self.shared.expected_refused += u64::from(!taken);
    }

    #[inline]
    fn watches(&self) -> bool {
        self.watches
    }

    fn watch(&mut self, tuple: &Tuple, payload: &[u8]) {
        let by_port = |port| suggests_expecting(tuple.proto, port);
        if by_port(tuple.dst.port) || by_port(tuple.src.port) || may_begin(tuple.proto, payload) {
            (self.watches, self.waits) = (false, true);
        }
    }
}

/// What is kept for a flow.
#[derive(Default)]
pub struct State {
    session: Session,
    /// What it has matched of signatures, where there are any.
    matching: Option<Box<Matching>>,
}

/// What is known of a flow's protocol.
#[derive(Default)]
pub enum Session {
    /// It has carried nothing yet.
    #[default]
    Fresh,
    /// The same, and its ends were found to be the other way round than its first packet said.
    FreshFlipped,
    Active(Box<Active>),
    /// It is nothing that we know.
    Unknown,
}

/// The analyzers of one stream or sequence of datagrams, and detection while there may be more.
#[derive(Default)]
pub struct Active {
    slots: SmallVec<[Slot; 1]>,
    detection: Option<Box<Detection>>,
    outer: Outer,
}

struct Slot {
    /// Its number in the connection.
    number: u32,
    spec: &'static Spec,
    /// None where it was taken off the flow and has nothing left to tell.
    analyzer: Option<Box<dyn Analyzer>>,
    standing: Standing,
    inner: Inner,
}

/// What an analyzer has found out about whether it is the right one, and what came of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Standing {
    pub confirmed: bool,
    pub violations: u32,
    /// With the packet of this number it was taken off the flow: it is given the rest of that packet only.
    ends_with: Option<u64>,
    stopped: bool,
    /// It wants no more of the flow.
    left: bool,
}

/// The analyzers inside one that is itself set on a flow.
#[derive(Default)]
pub(super) struct Inner {
    children: Vec<Within>,
    /// How many were begun: each has a number of its own.
    begun: u32,
    pub outer: Outer,
}

/// What an analyzer passes on, and who reads it.
struct Within {
    child: Child,
    active: Active,
}

/// One of the analyzers inside another, or what detection finds there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child(u32);

/// What a stream is inside of.
#[derive(Clone, Copy, Default)]
pub(super) struct Outer {
    /// How many other streams.
    depth: u8,
    /// What they numbered so far; what is inside goes on from there.
    pub transactions: u64,
}

/// Streams in streams. Each costs its analyzers and a frame of the stack for every call: a CONNECT through
/// a proxy through a proxy is seen, endless ones are an attack.
const MAX_DEPTH: u8 = 4;

/// Analyzers inside one at a time: a session of SMB has one for every pipe that is open, endless ones are an attack.
const MAX_CHILDREN: usize = 64;

/// An analyzer that was never confirmed is dropped after more than this many, unless `DPD::max_violations` says
/// otherwise.
const MAX_VIOLATIONS: u64 = 5;

/// Whether an analyzer is set on flows at all.
pub(super) fn is_enabled(config: &Config, spec: &Spec) -> bool {
    config.analyzers.as_deref().is_none_or(|own| !own.disabled.contains(spec.named.name))
}

impl Standing {
    /// The analyzer broke its protocol's rules. True where it is taken off the flow for it.
    pub fn violated(&mut self, cx: &Cx<'_>, flow: &Flow, analyzer: &Named, was_confirmed: bool) -> bool {
        let own = cx.config.analyzers.as_deref();
        if own.map_or_else(|| stays(analyzer.name), |own| own.kept.contains(analyzer.name)) {
            return false;
        }
        let ignored_after = cx.config.violations.ignored_after;
        if ignored_after > 0 && flow.sizes[0].saturating_add(flow.sizes[1]) > ignored_after {
            return false;
        }
        self.violations += 1;
        let most = own.and_then(|own| own.max_violations.get(analyzer.name)).copied();
        let too_many = u64::from(self.violations) > most.unwrap_or(MAX_VIOLATIONS);
        let ends = (was_confirmed || too_many) && self.ends_with.is_none();
        if ends {
            self.ends_with = Some(cx.bus.order().packet);
        }
        ends
    }

    /// The analyzer wants no more.
    pub fn leave(&mut self) {
        self.left = true;
    }
}

impl Slot {
    fn new(spec: &'static Spec, outer: Outer, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) -> Self {
        let analyzer = Some((spec.new)(cx.config, flow));
        let inner = Inner::within(outer);
        let number = flow.next_analyzer();
        let mut slot = Slot { number, spec, analyzer, standing: Standing::default(), inner };
        slot.call(cx, flow, shared, |analyzer, link| analyzer.begin(link));
        slot
    }

    /// Content says that it is this protocol after all: begins again, with what it remembers.
    fn begin_again(&mut self, outer: Outer, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) {
        shared.taken_up_again += 1;
        self.number = flow.next_analyzer();
        self.standing = Standing::default();
        self.finish_inner(cx, flow, shared);
        self.inner = Inner::within(outer);
        if self.analyzer.is_none() {
            self.analyzer = Some((self.spec.new)(cx.config, flow));
        }
        self.call(cx, flow, shared, |analyzer, link| analyzer.begin(link));
    }

    fn is_running(&self) -> bool {
        !self.standing.stopped
    }

    /// Calls the analyzer, unless it was taken off the flow.
    fn call(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
        what: impl FnOnce(&mut dyn Analyzer, &mut Link<'_, '_>),
    ) {
        if self.standing.stopped {
            return;
        }
        if self.standing.ends_with.is_some_and(|packet| packet != cx.bus.order().packet) {
            return self.stop(cx, flow, shared);
        }
        self.tell(cx, flow, shared, what);
    }

    /// Tells the analyzer what came before it.
    fn catch_up(&mut self, detection: &Detection, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) {
        let is_stream = detection.is_of_stream();
        detection.replay(|dir, piece| self.read(is_stream, dir, piece, cx, flow, shared));
    }

    /// A piece of data, or a gap of so many bytes.
    fn read(
        &mut self,
        is_stream: bool,
        dir: Dir,
        piece: Result<&[u8], u64>,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
    ) {
        self.call(cx, flow, shared, |analyzer, link| match piece {
            Ok(bytes) if is_stream => analyzer.data(link, dir, bytes),
            Ok(datagram) => analyzer.datagram(link, dir, datagram),
            Err(gap) => analyzer.gap(link, dir, gap),
        });
    }

    /// Takes the analyzer off the flow.
    fn stop(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) {
        self.standing.stopped = true;
        let tells = &mut |analyzer: &mut dyn Analyzer, link: &mut Link<'_, '_>| analyzer.stop(link);
        if self.tell(cx, flow, shared, tells) != Some(true) {
            self.analyzer = None;
        }
        self.finish_inner(cx, flow, shared);
    }

    fn tell<T>(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
        what: impl FnOnce(&mut dyn Analyzer, &mut Link<'_, '_>) -> T,
    ) -> Option<T> {
        let Slot { number, spec, analyzer, standing, inner } = self;
        let analyzer = analyzer.as_deref_mut()?;
        let outer = cx.bus.heartbeat().at_analyzer(spec.address());
        let around = std::mem::replace(&mut flow.analyzer, *number);
        let result = what(analyzer, &mut Link { cx, flow, shared, spec, standing, inner });
        flow.analyzer = around;
        cx.bus.heartbeat().at_analyzer(outer);
        if self.standing.left {
            self.standing.stopped = true;
            self.analyzer = None;
        }
        Some(result)
    }

    /// Lets the analyzer tell what it has still to tell, and those of streams within its own.
    fn finish(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) {
        self.tell(cx, flow, shared, |analyzer, link| analyzer.done(link));
        self.finish_inner(cx, flow, shared);
    }

    fn finish_inner(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) {
        for mut within in std::mem::take(&mut self.inner.children) {
            within.active.finish(cx, flow, shared);
        }
    }
}

impl Session {
    /// Starts the analyzers that the flow's port suggests, and detection by content.
    fn begin(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) -> Option<&mut Active> {
        let port = match self {
            Session::Fresh => flow.resp_port(),
            // The ports were looked at with the first packet, as in Zeek.
            Session::FreshFlipped => flow.orig_port(),
            Session::Active(_) | Session::Unknown => return self.active(),
        };
        let (ignored, proto) = (cx.config.detection.ignores_ports, flow.proto());
        let suggested = suggested(proto, port).iter().copied().filter(|_| !ignored);
        match cx.config.analyzers.as_deref().and_then(|own| own.ports.get(&(proto, port))) {
            None => self.start(suggested, cx, flow, shared),
            Some(more) => {
                let mut specs: Found = suggested.collect();
                let more = more.iter().filter_map(|name| named(name)).filter(|_| !ignored);
                more.for_each(|spec| {
                    if !specs.iter().any(|known| known.named == spec.named) {
                        specs.push(spec);
                    }
                });
                self.start(specs.iter().copied(), cx, flow, shared);
            }
        }
        self.active()
    }

    /// Starts these analyzers, and detection by content.
    fn start(
        &mut self,
        specs: impl Iterator<Item = &'static Spec>,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
    ) {
        let outer = Outer::default();
        let most = cx.config.detection;
        let enabled: Found = specs.filter(|spec| is_enabled(cx.config, spec)).collect();
        let slots: SmallVec<[Slot; 1]> =
            enabled.iter().map(|spec| Slot::new(spec, outer, cx, flow, shared)).collect();
        let over = flow.proto();
        let detection = is_looked_for(over).then(|| shared.detections.take(over, most));
        *self = if slots.is_empty() && detection.is_none() {
            Session::Unknown
        } else {
            Session::Active(Box::new(Active { slots, detection, outer }))
        };
    }

    fn active(&mut self) -> Option<&mut Active> {
        match self {
            Session::Active(active) => Some(active),
            _ => None,
        }
    }

    /// Forgets a session from which nothing more can come.
    fn settle(&mut self) {
        if let Session::Active(active) = self
            && active.detection.is_none()
            && active.slots.iter().all(|slot| slot.analyzer.is_none())
        {
            *self = Session::Unknown;
        }
    }
}

impl Active {
    /// Whether more of the stream is wanted.
    fn listens(&self) -> bool {
        self.detection.is_some() || self.slots.iter().any(Slot::is_running)
    }

    fn each(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
        mut what: impl FnMut(&mut dyn Analyzer, &mut Link<'_, '_>),
    ) {
        for slot in &mut self.slots {
            slot.call(cx, flow, shared, &mut what);
        }
    }

    /// Tells all analyzers, those of streams within this one too.
    fn each_within(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
        what: &mut dyn FnMut(&mut dyn Analyzer, &mut Link<'_, '_>),
    ) {
        for slot in &mut self.slots {
            slot.call(cx, flow, shared, &mut *what);
            for within in &mut slot.inner.children {
                within.active.each_within(cx, flow, shared, what);
            }
        }
    }

    pub fn message(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
        dir: Dir,
        payload: &[u8],
    ) {
        self.each(cx, flow, shared, |analyzer, link| analyzer.datagram(link, dir, payload));
        if self.detection.is_some() {
            self.detect(cx, flow, shared, dir, payload);
        }
    }

    pub fn data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared, dir: Dir, bytes: &[u8]) {
        self.each(cx, flow, shared, |analyzer, link| {
            #[cfg(debug_assertions)]
            crate::analyze::fault::at(bytes);
            analyzer.data(link, dir, bytes);
        });
        if self.detection.is_some() {
            self.detect(cx, flow, shared, dir, bytes);
        }
    }

    pub fn gap(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared, dir: Dir, len: u64) {
        self.each(cx, flow, shared, |analyzer, link| analyzer.gap(link, dir, len));
        if let Some(detection) = &mut self.detection {
            detection.gap(dir, len);
        }
    }

    /// Sets an analyzer on the stream whose content looks like it, and tells it what came before.
    fn detect(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared, dir: Dir, bytes: &[u8]) {
        let Some(mut detection) = self.detection.take() else { return };
        for spec in detection.look(dir, bytes) {
            let Some(slot) = self.started(spec, cx, flow, shared) else { continue };
            slot.catch_up(&detection, cx, flow, shared);
            slot.read(detection.is_of_stream(), dir, Ok(bytes), cx, flow, shared);
        }
        if detection.is_over() {
            shared.detections.give_back(detection);
        } else {
            detection.keep(dir, bytes);
            self.detection = Some(detection);
        }
    }

    /// Starts the analyzer of a protocol that content shows. None where it is running already, or wants no more.
    fn started(
        &mut self,
        spec: &'static Spec,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
    ) -> Option<&mut Slot> {
        if !is_enabled(cx.config, spec) {
            return None;
        }
        let known = self.slots.iter().position(|slot| slot.spec.named == spec.named);
        let at = known.unwrap_or(self.slots.len());
        match known.and_then(|at| self.slots.get_mut(at)) {
            Some(slot) if slot.is_running() || slot.standing.left => return None,
            Some(slot) => slot.begin_again(self.outer, cx, flow, shared),
            None => self.slots.push(Slot::new(spec, self.outer, cx, flow, shared)),
        }
        self.slots.get_mut(at)
    }

    /// Takes the analyzer with an identifier off the stream, be it inside others. True where it was running.
    fn disable(
        &mut self,
        analyzer: u64,
        prevent: bool,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
    ) -> bool {
        self.slots.iter_mut().any(|slot| {
            if flow.analyzer_id(slot.number) == analyzer && slot.is_running() {
                disabled(cx, flow, &slot.spec.named, slot.standing.violations);
                slot.stop(cx, flow, shared);
                slot.standing.left = prevent;
                return true;
            }
            let mut inside = slot.inner.children.iter_mut();
            inside.any(|within| within.active.disable(analyzer, prevent, cx, flow, shared))
        })
    }

    fn flipped(&mut self) {
        if let Some(detection) = &mut self.detection {
            detection.flipped();
        }
        for slot in &mut self.slots {
            if let Some(analyzer) = &mut slot.analyzer {
                analyzer.flipped();
            }
            slot.inner.children.iter_mut().for_each(|within| within.active.flipped());
        }
    }

    /// The flow is over: lets all tell what they have still to tell.
    fn finish(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) {
        self.slots.iter_mut().for_each(|slot| slot.finish(cx, flow, shared));
        if let Some(detection) = self.detection.take() {
            shared.detections.give_back(detection);
        }
    }
}

impl Inner {
    /// Whether the analyzer reads the flow itself, and not what another one passes on.
    pub fn is_outermost(&self) -> bool {
        self.outer.depth == 0
    }

    fn within(outer: Outer) -> Inner {
        Inner { children: Vec::new(), begun: 0, outer }
    }

    /// Makes room for what is passed on; None where that would be one in another too many.
    pub fn begin(&mut self, transactions: u64) -> Option<Child> {
        if self.outer.depth >= MAX_DEPTH || self.children.len() >= MAX_CHILDREN {
            return None;
        }
        self.begun = self.begun.wrapping_add(1);
        let child = Child(self.begun);
        let outer = Outer { depth: self.outer.depth + 1, transactions };
        self.children.push(Within { child, active: Active { outer, ..Active::default() } });
        Some(child)
    }

    /// Lets content decide what reads it.
    pub fn detect(&mut self, child: Child, detection: Box<Detection>) {
        if let Some(active) = self.child(child) {
            active.detection = Some(detection);
        }
    }

    /// Sets an analyzer on it.
    pub fn start(
        &mut self,
        child: Child,
        spec: &'static Spec,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
    ) {
        if let Some(active) = self.child(child) {
            active.slots.push(Slot::new(spec, active.outer, cx, flow, shared));
        }
    }

    pub fn child(&mut self, child: Child) -> Option<&mut Active> {
        self.children.iter_mut().find(|within| within.child == child).map(|within| &mut within.active)
    }

    pub fn all(&mut self) -> impl Iterator<Item = &mut Active> {
        self.children.iter_mut().map(|within| &mut within.active)
    }

    /// Nothing more is passed on to it.
    pub fn end(&mut self, child: Child, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) {
        if let Some(at) = self.children.iter().position(|within| within.child == child) {
            self.children.remove(at).active.finish(cx, flow, shared);
        }
    }
}

impl Handler for Sessions {
    type State = State;

    fn opened(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut State) {
        let session = &mut state.session;
        if (self.waits || !self.shared.expected.is_empty())
            && flow.proto() != Proto::Icmp
            && !cx.bus.is_muted()
        {
            self.apply_expected(cx, flow, session);
        }
        flow.raise(cx, &events::NewConnection { c: Conn });
        if let Some(duration) = cx.bus.interest().next_duration(Interval::ZERO) {
            flow.look_for(duration);
        }
        // Datagram protocols have timers of their own from the first packet on.
        if flow.proto() == Proto::Udp {
            session.begin(cx, flow, &mut self.shared);
        }
    }

    #[inline]
    fn packet(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        state: &mut State,
        dir: Dir,
        datagram: &Datagram<'_>,
    ) {
        if cx.config.signatures.is_some() {
            self.shared.of.signatures.packet(cx, flow, &mut state.matching, dir, datagram);
        }
    }

    fn icmp(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, message: &Datagram<'_>) {
        icmp::message(cx, flow, message);
    }

    fn listens(&self, state: &State) -> bool {
        let listens = match &state.session {
            Session::Fresh | Session::FreshFlipped => true,
            Session::Active(active) => active.listens(),
            Session::Unknown => false,
        };
        listens || signatures::Worker::listens(state.matching.as_deref())
    }

    fn datagram(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut State, dir: Dir, payload: &[u8]) {
        if state.matching.is_some() {
            return self.matched(cx, flow, state, dir, payload);
        }
        let session = &mut state.session;
        if let Some(active) = session.begin(cx, flow, &mut self.shared) {
            active.message(cx, flow, &mut self.shared, dir, payload);
            session.settle();
        }
    }

    fn data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut State, dir: Dir, bytes: &[u8]) {
        if state.matching.is_some() {
            return self.matched(cx, flow, state, dir, bytes);
        }
        let session = &mut state.session;
        // Workers that share what they expect are not in step: it may have been said since the connection was opened.
        let fresh = matches!(session, Session::Fresh | Session::FreshFlipped);
        if fresh && self.shared.shares_expected && !self.shared.expected.is_empty() && !cx.bus.is_muted() {
            self.apply_expected(cx, flow, session);
        }
        let Some(active) = session.begin(cx, flow, &mut self.shared) else { return };
        active.data(cx, flow, &mut self.shared, dir, bytes);
        session.settle();
    }

    fn gap(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut State, dir: Dir, len: u64) {
        self.with(state, |shared, session| {
            let Some(active) = session.begin(cx, flow, shared) else { return };
            active.gap(cx, flow, shared, dir, len);
            session.settle();
        });
    }

    fn end_of_data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut State, dir: Dir) {
        self.with(state, |shared, session| {
            if let Some(active) = session.active() {
                let tell = &mut |analyzer: &mut dyn Analyzer, link: &mut Link<'_, '_>| {
                    analyzer.end_of_data(link, dir)
                };
                active.each_within(cx, flow, shared, tell);
            }
        });
    }

    fn tcp_event(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut State, event: TcpEvent) {
        let c = Conn;
        match event {
            TcpEvent::Established => flow.raise(cx, &events::ConnectionEstablished { c }),
            TcpEvent::Unanswered => flow.raise(cx, &events::ConnectionAttempt { c }),
            TcpEvent::HalfOpen => flow.raise(cx, &events::ConnectionHalfOpen { c }),
            TcpEvent::Rejected => flow.raise(cx, &events::ConnectionRejected { c }),
            TcpEvent::Partial => flow.raise(cx, &events::PartialConnection { c }),
            TcpEvent::Reset => flow.raise(cx, &events::ConnectionReset { c }),
            TcpEvent::Finished { half: true } => flow.raise(cx, &events::ConnectionHalfFinished { c }),
            TcpEvent::Finished { half: false } => flow.raise(cx, &events::ConnectionFinished { c }),
            TcpEvent::RstPacket => {}
        }
        self.with(state, |shared, session| {
            if let Some(active) = session.active() {
                let tell = &mut |analyzer: &mut dyn Analyzer, link: &mut Link<'_, '_>| {
                    analyzer.tcp_event(link, event)
                };
                active.each_within(cx, flow, shared, tell);
            }
        });
    }

    fn timed_out(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, _: &mut State) {
        flow.raise(cx, &events::ConnectionTimeout { c: Conn });
    }

    fn timer(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut State) -> bool {
        if flow.has_lasted(cx.now) {
            conn::lasts(cx, flow);
        }
        self.with(state, |shared, session| {
            let Some(active) = session.active() else { return false };
            let mut over = false;
            let tell =
                &mut |analyzer: &mut dyn Analyzer, link: &mut Link<'_, '_>| over |= analyzer.timer(link);
            active.each_within(cx, flow, shared, tell);
            over
        })
    }

    fn flipped(&mut self, state: &mut State) {
        // What was matched stays with the side that it was matched for, as in Zeek.
        let session = &mut state.session;
        match session {
            Session::Fresh => *session = Session::FreshFlipped,
            Session::FreshFlipped => *session = Session::Fresh,
            Session::Active(active) => active.flipped(),
            Session::Unknown => {}
        }
    }

    fn removed(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, tcp: &Tcp, state: &mut State) {
        flow.end_kept(cx);
        self.with(state, |shared, session| {
            if let Some(active) = session.active() {
                active.finish(cx, flow, shared);
            }
        });
        if let Some(matching) = state.matching.take() {
            self.shared.of.signatures.end(cx, flow, matching);
        }
        if flow.proto() == Proto::Tcp && tcp.is_pending() && cx.bus.order().packet == Order::END {
            flow.raise(cx, &events::ConnectionPending { c: Conn });
        }
        if !flow.was_claimed() && flow.sizes != [0, 0] && !cx.bus.is_muted() {
            self.shared.unclaimed.add(flow.proto(), flow.resp_port());
        }
        conn::log(cx, flow, tcp);
    }
}
