//! What flows carry where there are signatures.

use crate::analyze::session::{Active, Session, Sessions, State};
use crate::analyze::{Shared, Spec};
use crate::event::Proto;
use crate::flow::{Cx, Dir, Flow};

impl Sessions {
    /// Calls analyzers, which may find texts that signatures look at.
    pub(super) fn with<T>(
        &mut self,
        state: &mut State,
        what: impl FnOnce(&mut Shared, &mut Session) -> T,
    ) -> T {
        let State { session, matching } = state;
        if matching.is_none() {
            return what(&mut self.shared, session);
        }
        self.shared.of.signatures.current = matching.take();
        let result = what(&mut self.shared, session);
        *matching = self.shared.of.signatures.current.take();
        result
    }

    /// A payload where there are signatures.
    #[cold]
    pub(super) fn matched(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        state: &mut State,
        dir: Dir,
        bytes: &[u8],
    ) {
        // As in Zeek, what is set on the connection already comes first. What signatures set on it has to see this.
        let sets = cx.config.signatures.as_ref().is_some_and(|signatures| signatures.enables);
        if sets {
            self.match_payload(cx, flow, state, dir, bytes);
        }
        self.with(state, |shared, session| {
            let is_stream = flow.proto() == Proto::Tcp;
            if session.begin(cx, flow, shared).is_none() && !shared.of.signatures.enabled.is_empty() {
                *session = Session::Active(Box::default());
            }
            let enabled = std::mem::take(&mut shared.of.signatures.enabled);
            let Some(active) = session.active() else { return };
            for spec in enabled {
                active.set(spec, is_stream, cx, flow, shared);
            }
            match is_stream {
                true => active.data(cx, flow, shared, dir, bytes),
                false => active.message(cx, flow, shared, dir, bytes),
            }
            session.settle();
        });
        if !sets {
            self.match_payload(cx, flow, state, dir, bytes);
        }
    }

    fn match_payload(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut State, dir: Dir, bytes: &[u8]) {
        if let Some(matching) = &mut state.matching {
            self.shared.of.signatures.payload(cx, flow, matching, dir, bytes);
        }
    }
}

impl Active {
    /// Sets an analyzer on the stream because a signature says so, and tells it what came before.
    fn set(
        &mut self,
        spec: &'static Spec,
        is_stream: bool,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        shared: &mut Shared,
    ) {
        let detection = self.detection.take();
        if let Some(slot) = self.started(spec, cx, flow, shared)
            && let Some(detection) =
                detection.as_ref().filter(|detection| detection.is_of_stream() == is_stream)
        {
            slot.catch_up(detection, cx, flow, shared);
        }
        self.detection = detection;
    }
}
