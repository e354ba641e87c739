//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
struct Recorder {
    limits: Limits,
}

impl Handler for Recorder {
    fn connect(&mut self, connect: &Connect<'_>) {
        assert!(connect.will_qos < 4 && connect.client_id.len() <= self.limits.packet);
    }

    fn connack(&mut self, _: u8, _: bool) {}

    fn publish(&mut self, _: bool, publish: &Publish<'_>) {
        assert!(publish.payload.len() as u64 <= publish.payload_len && publish.qos < 4);
        assert!(publish.topic.len() + publish.payload.len() <= self.limits.packet);
        assert!(publish.qos > 0 || publish.id == 0);
    }

    fn ack(&mut self, _: bool, _: Ack, _: u16) {}

    fn subscribe(&mut self, _: u16, topics: &Topics<'_>) {
        assert!(topics.iter().all(|(_, qos)| qos.is_some()));
    }

    fn suback(&mut self, _: u16, _: u8) {}

    fn unsubscribe(&mut self, _: u16, topics: &Topics<'_>) {
        assert!(topics.iter().all(|(_, qos)| qos.is_none()));
    }

    fn pingreq(&mut self) {}
    fn pingresp(&mut self) {}
    fn disconnect(&mut self) {}
    fn cut(&mut self) {}

    fn violation(&mut self, reason: &str) {
        assert!(!reason.is_empty() && reason.len() < 200);
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { packet: 64 };
    let (mut session, mut trace, mut rest) = (Session::new(limits), Recorder { limits }, data);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 | 1 => session.gap(is_orig),
            _ => session.data(is_orig, piece, &mut trace),
        }
        rest = left;
        assert!(session.buffered() <= 2 * (limits.packet + 5));
    }
    assert!(Probe::is_steady(probe, data));
}
