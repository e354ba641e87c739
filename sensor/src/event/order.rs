//! The place of everything a worker says, the same whatever the number of workers.

/// Sorts what was said as one worker alone would have said it.
///
/// A packet first fires the timers that it makes due, by their deadline, and is then analysed
/// itself. Flows are numbered by the packet that began them, and layers as they are decoded, which
/// no number of workers changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// The packet being handled, from 1; [`Order::END`] after the last.
    pub packet: u64,
    /// The deadline of the timer being fired, in nanoseconds; [`Order::NO_TIMER`] for the packet itself.
    pub deadline: i64,
    /// How far the packet's analysis has come, counted in layers and flows; of a timer, the ordinal
    /// of its flow.
    pub step: u64,
}

impl Order {
    pub const END: u64 = u64::MAX;
    pub const NO_TIMER: i64 = i64::MAX;
    /// After everything.
    pub const LAST: Order = Order { packet: Order::END, deadline: Order::NO_TIMER, step: u64::MAX };

    /// Whether workers that wait for each other at `later` know by then what was said here: of a packet's timers, only
    /// what was said before that packet.
    pub fn is_known_at(self, later: Order) -> bool {
        if later.deadline == Order::NO_TIMER { self < later } else { self.packet < later.packet }
    }

    /// After all that is said about a packet and those before it.
    pub const fn after_packet(packet: u64) -> Order {
        Order { packet, ..Order::LAST }
    }
}
