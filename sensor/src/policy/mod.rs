//! What needs a view of all connections: which weirds are worth a row, which tunnels are new.
//!
//! Everything workers say comes past here in the order of the capture, so that the outcome does not
//! depend on how many workers there were.

mod tunnel;
mod weird;

use crate::event::{Item, Said};
use crate::log::{LogError, Logs};
use crate::time::Time;

#[derive(Default)]
pub struct Policy {
    weirds: weird::Weirds,
    tunnels: tunnel::Tunnels,
    last: Time,
}

impl Policy {
    /// Takes the next thing said; rows point into `bytes`.
    #[inline]
    pub fn take(&mut self, item: Item, bytes: &[u8], logs: &mut Logs) -> Result<(), LogError> {
        let now = item.now;
        self.last = now;
        match item.said {
            Said::Row { schema, start, end } => logs.row(schema, &bytes[start..end], now),
            Said::Weird(weird) => self.weirds.take(&weird, now, logs),
            Said::Tunnels(tunnels) => self.tunnels.seen(&tunnels, now, logs),
            Said::TunnelEnd(id) => self.tunnels.ended(&id, now, logs),
        }
    }

    /// Oddities that repeated others and were not logged.
    pub fn weirds_suppressed(&self) -> u64 {
        self.weirds.suppressed()
    }
}
