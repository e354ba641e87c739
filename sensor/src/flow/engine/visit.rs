//! Flows that are asked for by their ends, whatever packets come.

use super::{Flows, Slot, hash_of};
use crate::config::Config;
use crate::event::Bus;
use crate::flow::key::Tuple;
use crate::flow::{Cx, Flow, Handler};
use crate::time::Time;

impl<H: Handler> Flows<H> {
    /// Calls `what` with the flow between these ends, if there is one.
    pub fn visit(
        &mut self,
        tuple: &Tuple,
        now: Time,
        config: &Config,
        bus: &mut Bus,
        what: impl FnOnce(&mut H, &mut Cx<'_>, &mut Flow, &mut H::State),
    ) {
        let Some(at) = self.find(tuple, hash_of(&self.hasher, &tuple.key())) else { return };
        let Some(Slot { flow, app, .. }) = self.slab.get_mut(at) else { return };
        self.current = Some(at);
        bus.mute(flow.shadow);
        bus.heartbeat().at_flow(flow.tuple.pack(), flow.ordinal);
        what(&mut self.handler, &mut Cx { now, stamp: now, config, bus }, flow, app);
        bus.mute(false);
        self.current = None;
        self.arm(at);
    }
}
