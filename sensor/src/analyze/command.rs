//! What scripts tell analyzers to do, on its way from the ordered stage to the workers.
//!
//! A handler runs once the packet that it hears of was analysed. In a replay whose scripts give commands, each packet's
//! handlers have run before the next packet is analysed, and so the next is the first that a command is seen at,
//! whatever the number of workers that was asked for. Live it is seen as soon as the worker looks, which it does at least
//! ten times a second.

use crate::analyze::protocol::named;
use crate::analyze::{Expectation, Expected};
use crate::event::{ConnId, Order, Proto};
use crate::flow::{End, Tuple};
use crate::time::Time;

/// Something that a script tells analyzers to do.
#[derive(Clone, Copy, Debug)]
pub enum Command {
    /// Takes an analyzer off a connection (`disable_analyzer`).
    Disable {
        id: ConnId,
        proto: Proto,
        /// The analyzer's identifier.
        analyzer: u64,
        /// Content does not bring it back.
        prevent: bool,
    },
    /// A connection is to come (`Analyzer::schedule_analyzer`).
    Expect(Expectation),
}

/// An analyzer's name, where there is one of that name.
pub fn name_of_analyzer(name: &str) -> Option<&'static str> {
    named(name).map(|spec| spec.named.name)
}

/// A flow's ends as its packets have them.
pub fn tuple_of(id: &ConnId, proto: Proto) -> Tuple {
    let (src, dst) = (End::new(id.orig_h, id.orig_p), End::new(id.resp_h, id.resp_p));
    Tuple { src, dst, proto, one_way: false }
}

impl Expected {
    /// Expects a connection from now on; false where there are too many, or there is no such analyzer.
    pub fn expect(&self, expectation: &Expectation, now: Time, since: Order) -> bool {
        named(expectation.analyzer)
            .is_some_and(|spec| self.insert(expectation.announced(spec, None, now, since), now))
    }
}
