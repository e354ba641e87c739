//! Requests that take long: slow senders hold a server's connections.

use crate::analyze::http::{Hears, events};
use crate::event::{Conn, Event as _};
use crate::time::{Interval, Time};

/// A request that is not complete.
#[derive(Clone, Copy)]
pub(super) struct Asking {
    since: Time,
    /// Which of the connection's requests.
    number: u32,
    bytes: u64,
    /// When it is told of that it lasts.
    tell_at: Time,
}

/// A request that takes longer is told of, and again each time that it has taken twice as long.
const LASTING: Interval = Interval::from_secs(10);

impl Hears<'_, '_, '_> {
    /// More of the originator's bytes have come; a request may be open still.
    pub(super) fn watch(&mut self, asking: bool, bytes: u64) {
        if !asking {
            self.log.asking = None;
            return;
        }
        let (now, number) = (self.link.cx.now, self.log.totals.requests);
        let before = self.log.asking.filter(|before| before.number == number);
        let mut asking = before.unwrap_or(Asking { since: now, number, bytes: 0, tell_at: now + LASTING });
        asking.bytes += bytes;
        self.log.asking = Some(asking);
        self.look_at_request();
    }

    /// Tells of a request that lasts, now that it is time to, and sees to it that it is looked at again: an attacker
    /// need send nothing more.
    pub(super) fn look_at_request(&mut self) {
        let Some(mut asking) = self.log.asking else { return };
        let now = self.link.cx.now;
        if asking.tell_at <= now {
            let Asking { since, bytes, .. } = asking;
            asking.tell_at = now + (now - since);
            self.log.asking = Some(asking);
            self.raise(&events::RequestLasts { c: Conn, since, bytes });
        }
        if self.link.cx.bus.wants(events::RequestLasts::ID) {
            self.link.flow.wake_by(asking.tell_at);
        }
    }

    /// More of the responder's bytes have come while the last request is not complete: nobody waits for it that has
    /// answered it.
    pub(super) fn answered(&mut self) {
        if self.log.answers >= self.log.totals.requests {
            self.log.asking = None;
        }
    }
}
