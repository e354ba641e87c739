//! What connections carry: the protocols' analyzers, and finding the right one.
//!
//! A protocol is one [`Spec`] and one line in [`SPECS`]. Ports are a hint; content decides: several
//! analyzers may try a flow, and those that it turns out not to be are dropped.

mod conn;
mod detect;
mod dns;
mod session;

pub use session::Sessions;

use crate::config::Config;
use crate::event::Proto;
use crate::flow::{Cx, Dir, Flow, TcpEvent};

/// Every protocol there is.
static SPECS: &[&Spec] = &[&dns::SPEC];

/// What the analyzers of one worker share, by protocol: buffers that would otherwise be allocated for
/// every flow.
#[derive(Default)]
pub struct Shared {
    dns: dns::Workspace,
}

/// A protocol, to whoever sets analyzers on flows.
pub struct Spec {
    /// As `service` in conn.log.
    pub service: &'static str,
    /// Where it is usually found: analyzers start here without having seen anything.
    pub ports: &'static [(Proto, u16)],
    /// Whether a stream's first bytes look like it.
    pub probe: Option<fn(&Heads<'_>) -> bool>,
    pub new: fn(&Config, &Flow) -> Box<dyn Analyzer>,
}

/// The first bytes of both directions of a stream, as far as they came.
pub struct Heads<'a> {
    pub orig: &'a [u8],
    pub resp: &'a [u8],
}

/// An analyzer of one flow, trying to be it in one protocol.
pub trait Analyzer: Send {
    /// It was set on a flow.
    fn begin(&mut self, _link: &mut Link<'_, '_>) {}

    /// A datagram's payload.
    fn datagram(&mut self, _link: &mut Link<'_, '_>, _dir: Dir, _payload: &[u8]) {}

    /// The next bytes of a stream.
    fn data(&mut self, _link: &mut Link<'_, '_>, _dir: Dir, _bytes: &[u8]) {}

    /// Missing bytes of a stream.
    fn gap(&mut self, _link: &mut Link<'_, '_>, _dir: Dir, _len: u64) {}

    /// A stream's sender has closed it and all of it was delivered.
    fn end_of_data(&mut self, _link: &mut Link<'_, '_>, _dir: Dir) {}

    fn tcp_event(&mut self, _link: &mut Link<'_, '_>, _event: TcpEvent) {}

    /// The deadline set with [`Flow::set_app_deadline`] has come; true ends the flow.
    fn timer(&mut self, _link: &mut Link<'_, '_>) -> bool {
        false
    }

    /// Originator and responder were found to be the other way round.
    fn flipped(&mut self) {}

    /// The flow is over.
    fn done(&mut self, _link: &mut Link<'_, '_>) {}
}

/// What an analyzer has at hand while it is called.
pub struct Link<'a, 'c> {
    pub cx: &'a mut Cx<'c>,
    pub flow: &'a mut Flow,
    pub shared: &'a mut Shared,
    verdict: Verdict,
}

/// What an analyzer has found out about whether it is the right one.
#[derive(Clone, Copy, Debug, Default)]
struct Verdict {
    confirmed: bool,
    violations: u32,
}

impl Link<'_, '_> {
    /// The flow is what the analyzer takes it for.
    pub fn confirm(&mut self) {
        self.verdict.confirmed = true;
    }

    /// The flow broke the protocol's rules.
    pub fn violation(&mut self) {
        self.verdict.violations += 1;
    }

    pub fn weird(&mut self, name: &'static str, source: &'static str) {
        self.flow.weird(self.cx, name, source);
    }

    pub fn weird_about(&mut self, name: &'static str, source: &'static str, addl: String) {
        self.flow.weird_about(self.cx, name, source, addl);
    }
}
