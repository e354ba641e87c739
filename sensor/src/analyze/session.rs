//! The analyzers of one flow: which ones there are, and what they are told.

use smallvec::SmallVec;

use crate::analyze::conn::events::{
    AnalyzerConfirmation, AnalyzerViolation, ConfirmationInfo, Tag, ViolationInfo,
};
use crate::analyze::conn::{self, events};
use crate::analyze::detect::Detection;
use crate::analyze::{AnalyzeStats, Analyzer, Link, SPECS, Shared, Spec, Verdict};
use crate::event::{Conn, Order, Proto};
use crate::flow::{Cx, Dir, Flow, Handler, Tcp, TcpEvent};

/// Hands what the flow engine tells to the analyzers, and writes conn.log.
#[derive(Default)]
pub struct Sessions {
    shared: Shared,
}

impl Sessions {
    pub fn stats(&self) -> AnalyzeStats {
        self.shared.stats()
    }
}

/// What is known of a flow's protocol.
#[derive(Default)]
pub enum Session {
    /// It has carried nothing yet.
    #[default]
    Fresh,
    Active(Box<Active>),
    /// It is nothing that we know.
    Unknown,
}

/// The analyzers of one stream or sequence of datagrams, and detection while there may be more.
#[derive(Default)]
pub struct Active {
    slots: SmallVec<[Slot; 1]>,
    detection: Option<Detection>,
    outer: Outer,
}

struct Slot {
    spec: &'static Spec,
    analyzer: Box<dyn Analyzer>,
    confirmed: bool,
    violations: u32,
    /// It was found not to be the right one.
    dropped: bool,
    inner: Inner,
}

/// Stands where an analyzer was dropped.
struct Nothing;

impl Analyzer for Nothing {}

/// What an analyzer handed its stream over to.
#[derive(Default)]
pub(super) struct Inner {
    active: Option<Box<Active>>,
    pub outer: Outer,
}

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

/// Violations further into a connection are ignored (`DPD::ignore_violations_after`).
const IGNORE_VIOLATIONS_AFTER: u64 = 10 * 1024;
/// An analyzer that was never confirmed is dropped after more than this many (`DPD::max_violations`).
const MAX_VIOLATIONS: u32 = 5;

impl Slot {
    fn new(spec: &'static Spec, outer: Outer, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) -> Self {
        let analyzer = (spec.new)(cx.config, flow);
        let inner = Inner { active: None, outer };
        let mut slot = Slot { spec, analyzer, confirmed: false, violations: 0, dropped: false, inner };
        slot.call(cx, flow, shared, |analyzer, link| analyzer.begin(link));
        slot
    }

    /// Calls the analyzer and draws the consequences of what it found out.
    fn call<T>(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
        what: impl FnOnce(&mut dyn Analyzer, &mut Link<'_, '_>) -> T,
    ) -> T {
        let inner = &mut self.inner;
        let mut link = Link { cx, flow, shared, verdict: Verdict::default(), inner };
        let result = what(&mut *self.analyzer, &mut link);
        let Verdict { confirmed, violations } = link.verdict;
        if confirmed && !self.confirmed {
            self.confirmed = true;
            flow.add_service(self.spec.service);
            let info = ConfirmationInfo { c: Some(Conn), f: None, aid: Some(flow.ordinal) };
            flow.raise(cx, &AnalyzerConfirmation { atype: Tag(self.spec.service), info });
        }
        for _ in 0..violations {
            let reason = "the protocol's rules were broken";
            let info = ViolationInfo { reason, c: Some(Conn), f: None, aid: Some(flow.ordinal), data: None };
            flow.raise(cx, &AnalyzerViolation { atype: Tag(self.spec.service), info });
            self.violated(flow);
        }
        if self.dropped {
            self.finish(cx, flow, shared);
            // From now on it is told nothing, and holds nothing.
            self.analyzer = Box::new(Nothing);
        }
        result
    }

    /// Lets the analyzer tell what it has still to tell, and those of streams within its own.
    fn finish(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) {
        let verdict = Verdict::default();
        self.analyzer.done(&mut Link { cx, flow, shared, verdict, inner: &mut self.inner });
        if let Some(mut inner) = self.inner.active.take() {
            let left = inner.slots.iter_mut().filter(|slot| !slot.dropped);
            left.for_each(|slot| slot.finish(cx, flow, shared));
        }
    }

    fn violated(&mut self, flow: &mut Flow) {
        let listed = flow.remove_service(self.spec.service);
        if flow.sizes[0] + flow.sizes[1] > IGNORE_VIOLATIONS_AFTER {
            return;
        }
        self.violations += 1;
        if listed || self.violations > MAX_VIOLATIONS {
            self.dropped = true;
        }
    }
}

impl Session {
    /// Starts the analyzers that the flow's port suggests, and detection by content.
    fn begin(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) -> Option<&mut Active> {
        if matches!(self, Session::Fresh) {
            let (place, outer) = ((flow.proto(), flow.resp_port()), Outer::default());
            let hinted = SPECS.iter().filter(|spec| spec.ports.contains(&place));
            let slots: SmallVec<[Slot; 1]> =
                hinted.map(|spec| Slot::new(spec, outer, cx, flow, shared)).collect();
            let stream = flow.proto() == Proto::Tcp;
            let others = |spec: &&Spec| {
                spec.probe.is_some() && !slots.iter().any(|slot| slot.spec.service == spec.service)
            };
            let detection =
                (stream && SPECS.iter().copied().any(|spec| others(&spec))).then(Detection::default);
            *self = if slots.is_empty() && detection.is_none() {
                Session::Unknown
            } else {
                Session::Active(Box::new(Active { slots, detection, outer }))
            };
        }
        self.active()
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
            && active.slots.iter().all(|slot| slot.dropped)
        {
            *self = Session::Unknown;
        }
    }
}

impl Active {
    fn each(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
        mut what: impl FnMut(&mut dyn Analyzer, &mut Link<'_, '_>),
    ) {
        for slot in self.slots.iter_mut().filter(|slot| !slot.dropped) {
            slot.call(cx, flow, shared, |analyzer, link| what(analyzer, link));
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
        for slot in self.slots.iter_mut().filter(|slot| !slot.dropped) {
            slot.call(cx, flow, shared, |analyzer, link| what(analyzer, link));
            if let Some(inner) = &mut slot.inner.active {
                inner.each_within(cx, flow, shared, what);
            }
        }
    }

    fn data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared, dir: Dir, bytes: &[u8]) {
        self.each(cx, flow, shared, |analyzer, link| analyzer.data(link, dir, bytes));
        if self.detection.is_some() {
            self.detect(cx, flow, shared, dir, bytes);
        }
    }

    fn gap(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared, dir: Dir, len: u64) {
        self.each(cx, flow, shared, |analyzer, link| analyzer.gap(link, dir, len));
        if let Some(detection) = &mut self.detection {
            detection.gap(dir, len);
            if detection.is_over() {
                self.detection = None;
            }
        }
    }

    /// Sets an analyzer on the stream whose content looks like it, and tells it what came before.
    fn detect(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared, dir: Dir, bytes: &[u8]) {
        let Some(detection) = &mut self.detection else { return };
        detection.add(dir, bytes);
        let heads = detection.heads();
        for spec in SPECS.iter().copied() {
            let absent = !self.slots.iter().any(|slot| slot.spec.service == spec.service);
            if absent && spec.probe.is_some_and(|probe| probe(&heads)) {
                let mut slot = Slot::new(spec, self.outer, cx, flow, shared);
                detection.replay(|dir, piece| {
                    slot.call(cx, flow, shared, |analyzer, link| match piece {
                        Ok(bytes) => analyzer.data(link, dir, bytes),
                        Err(gap) => analyzer.gap(link, dir, gap),
                    });
                });
                self.slots.push(slot);
            }
        }
        let undecided = |spec: &&&Spec| {
            spec.probe.is_some() && !self.slots.iter().any(|slot| slot.spec.service == spec.service)
        };
        if detection.is_over() || !SPECS.iter().any(|spec| undecided(&spec)) {
            self.detection = None;
        }
    }

    fn flipped(&mut self) {
        for slot in &mut self.slots {
            slot.analyzer.flipped();
            if let Some(inner) = &mut slot.inner.active {
                inner.flipped();
            }
        }
    }
}

impl Inner {
    /// Begins detection; false where that is one stream in a stream too many.
    pub fn begin(&mut self, transactions: u64) -> bool {
        let begins = self.outer.depth < MAX_DEPTH && self.active.is_none();
        if begins {
            let outer = Outer { depth: self.outer.depth + 1, transactions };
            let detection = Some(Detection::default());
            self.active = Some(Box::new(Active { slots: SmallVec::new(), detection, outer }));
        }
        begins
    }

    pub fn data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared, dir: Dir, bytes: &[u8]) {
        if let Some(active) = &mut self.active {
            active.data(cx, flow, shared, dir, bytes);
        }
    }

    pub fn gap(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared, dir: Dir, len: u64) {
        if let Some(active) = &mut self.active {
            active.gap(cx, flow, shared, dir, len);
        }
    }
}

impl Handler for Sessions {
    type State = Session;

    fn opened(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session) {
        flow.raise(cx, &events::NewConnection { c: Conn });
        // Datagram protocols have timers of their own from the first packet on.
        if flow.proto() == Proto::Udp {
            session.begin(cx, flow, &mut self.shared);
        }
    }

    fn listens(&self, session: &Session) -> bool {
        !matches!(session, Session::Unknown)
    }

    fn datagram(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        session: &mut Session,
        dir: Dir,
        payload: &[u8],
    ) {
        if let Some(active) = session.begin(cx, flow, &mut self.shared) {
            active.each(cx, flow, &mut self.shared, |analyzer, link| analyzer.datagram(link, dir, payload));
        }
    }

    fn data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session, dir: Dir, bytes: &[u8]) {
        let Some(active) = session.begin(cx, flow, &mut self.shared) else { return };
        active.data(cx, flow, &mut self.shared, dir, bytes);
        session.settle();
    }

    fn gap(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session, dir: Dir, len: u64) {
        let Some(active) = session.begin(cx, flow, &mut self.shared) else { return };
        active.gap(cx, flow, &mut self.shared, dir, len);
        session.settle();
    }

    fn end_of_data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session, dir: Dir) {
        if let Some(active) = session.active() {
            let tell =
                &mut |analyzer: &mut dyn Analyzer, link: &mut Link<'_, '_>| analyzer.end_of_data(link, dir);
            active.each_within(cx, flow, &mut self.shared, tell);
        }
    }

    fn tcp_event(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session, event: TcpEvent) {
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
        if let Some(active) = session.active() {
            let tell =
                &mut |analyzer: &mut dyn Analyzer, link: &mut Link<'_, '_>| analyzer.tcp_event(link, event);
            active.each_within(cx, flow, &mut self.shared, tell);
        }
    }

    fn timed_out(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, _: &mut Session) {
        flow.raise(cx, &events::ConnectionTimeout { c: Conn });
    }

    fn timer(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session) -> bool {
        let Some(active) = session.active() else { return false };
        let mut over = false;
        let tell = &mut |analyzer: &mut dyn Analyzer, link: &mut Link<'_, '_>| over |= analyzer.timer(link);
        active.each_within(cx, flow, &mut self.shared, tell);
        over
    }

    fn flipped(&mut self, session: &mut Session) {
        if let Some(active) = session.active() {
            active.flipped();
        }
    }

    fn removed(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, tcp: &Tcp, session: &mut Session) {
        if let Some(active) = session.active() {
            for slot in active.slots.iter_mut().filter(|slot| !slot.dropped) {
                slot.finish(cx, flow, &mut self.shared);
            }
        }
        if flow.proto() == Proto::Tcp && cx.bus.order().packet == Order::END {
            flow.raise(cx, &events::ConnectionPending { c: Conn });
        }
        conn::log(cx, flow, tcp);
    }
}
