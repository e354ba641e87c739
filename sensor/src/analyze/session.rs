//! The analyzers of one flow: which ones there are, and what they are told.

use smallvec::SmallVec;

use crate::analyze::conn;
use crate::analyze::detect::Detection;
use crate::analyze::{Analyzer, Link, SPECS, Shared, Spec, Verdict};
use crate::event::Proto;
use crate::flow::{Cx, Dir, Flow, Handler, Tcp, TcpEvent};

/// Hands what the flow engine tells to the analyzers, and writes conn.log.
#[derive(Default)]
pub struct Sessions {
    shared: Shared,
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

#[derive(Default)]
pub struct Active {
    slots: SmallVec<[Slot; 1]>,
    detection: Option<Detection>,
}

struct Slot {
    spec: &'static Spec,
    analyzer: Box<dyn Analyzer>,
    confirmed: bool,
    violations: u32,
    /// It was found not to be the right one; it still gets to finish what it has to tell.
    dropped: bool,
}

/// Violations further into a connection are ignored (`DPD::ignore_violations_after`).
const IGNORE_VIOLATIONS_AFTER: u64 = 10 * 1024;
/// An analyzer that was never confirmed is dropped after more than this many (`DPD::max_violations`).
const MAX_VIOLATIONS: u32 = 5;

impl Slot {
    fn new(spec: &'static Spec, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared) -> Self {
        let analyzer = (spec.new)(cx.config, flow);
        let mut slot = Slot { spec, analyzer, confirmed: false, violations: 0, dropped: false };
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
        let mut link = Link { cx, flow, shared, verdict: Verdict::default() };
        let result = what(&mut *self.analyzer, &mut link);
        let Verdict { confirmed, violations } = link.verdict;
        if confirmed && !self.confirmed {
            self.confirmed = true;
            flow.add_service(self.spec.service);
        }
        for _ in 0..violations {
            self.violated(flow);
        }
        result
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
            let place = (flow.proto(), flow.resp_port());
            let hinted = SPECS.iter().filter(|spec| spec.ports.contains(&place));
            let slots: SmallVec<[Slot; 1]> = hinted.map(|spec| Slot::new(spec, cx, flow, shared)).collect();
            let stream = flow.proto() == Proto::Tcp;
            let others = |spec: &&Spec| {
                spec.probe.is_some() && !slots.iter().any(|slot| slot.spec.service == spec.service)
            };
            let detection =
                (stream && SPECS.iter().copied().any(|spec| others(&spec))).then(Detection::default);
            *self = if slots.is_empty() && detection.is_none() {
                Session::Unknown
            } else {
                Session::Active(Box::new(Active { slots, detection }))
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
            && active.slots.is_empty()
            && active.detection.is_none()
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

    /// Sets an analyzer on the flow whose content looks like it, and tells it what came before.
    fn detect(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, shared: &mut Shared, dir: Dir, bytes: &[u8]) {
        let Some(detection) = &mut self.detection else { return };
        detection.add(dir, bytes);
        let heads = detection.heads();
        for spec in SPECS.iter().copied() {
            let absent = !self.slots.iter().any(|slot| slot.spec.service == spec.service);
            if absent && spec.probe.is_some_and(|probe| probe(&heads)) {
                let mut slot = Slot::new(spec, cx, flow, shared);
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
}

impl Handler for Sessions {
    type State = Session;

    fn opened(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session) {
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
        active.each(cx, flow, &mut self.shared, |analyzer, link| analyzer.data(link, dir, bytes));
        if active.detection.is_some() {
            active.detect(cx, flow, &mut self.shared, dir, bytes);
            session.settle();
        }
    }

    fn gap(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session, dir: Dir, len: u64) {
        let Some(active) = session.begin(cx, flow, &mut self.shared) else { return };
        active.each(cx, flow, &mut self.shared, |analyzer, link| analyzer.gap(link, dir, len));
        if let Some(detection) = &mut active.detection {
            detection.gap(dir, len);
            if detection.is_over() {
                active.detection = None;
                session.settle();
            }
        }
    }

    fn end_of_data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session, dir: Dir) {
        if let Some(active) = session.active() {
            active.each(cx, flow, &mut self.shared, |analyzer, link| analyzer.end_of_data(link, dir));
        }
    }

    fn tcp_event(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session, event: TcpEvent) {
        if let Some(active) = session.active() {
            active.each(cx, flow, &mut self.shared, |analyzer, link| analyzer.tcp_event(link, event));
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, session: &mut Session) -> bool {
        let Some(active) = session.active() else { return false };
        let mut over = false;
        for slot in active.slots.iter_mut().filter(|slot| !slot.dropped) {
            over |= slot.call(cx, flow, &mut self.shared, |analyzer, link| analyzer.timer(link));
        }
        over
    }

    fn flipped(&mut self, session: &mut Session) {
        if let Some(active) = session.active() {
            active.slots.iter_mut().for_each(|slot| slot.analyzer.flipped());
        }
    }

    fn removed(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, tcp: &Tcp, session: &mut Session) {
        if let Some(active) = session.active() {
            for slot in &mut active.slots {
                slot.call(cx, flow, &mut self.shared, |analyzer, link| analyzer.done(link));
            }
        }
        conn::log(cx, flow, tcp);
    }
}
