//! Whether a thread gets on: by what it shows of itself, and by what the kernel says of it.

use std::time::{Duration, Instant};

use crate::event::Heartbeat;
use crate::pipeline::supervisor::Still;
use crate::pipeline::task::Task;

/// What was last seen of a worker's thread.
pub(super) struct Pulse {
    still: Still,
    /// Processor time that the thread had had when it was last seen to get on.
    cpu: Duration,
}

/// A thread that computes is said to hang only if it got this share of the time: others may have the processor.
const SHARE: u32 = 10;

impl Pulse {
    pub fn new() -> Self {
        Pulse { still: Still::new(), cpu: Duration::ZERO }
    }

    /// For how long the thread has not got on, if that is `after` or longer and it hangs. To be called several times
    /// a second.
    pub fn look(
        &mut self,
        heartbeat: &Heartbeat,
        task: Option<&Task>,
        after: Duration,
        now: Instant,
    ) -> Option<Duration> {
        let still = self.still.look(heartbeat.beats(), now);
        let activity = task?.activity()?;
        if still.is_zero() {
            self.cpu = activity.cpu;
        }
        // It may wait for a lock or a disk, or compute; if it does neither, it is others that keep it from working.
        let hangs = !activity.runs || activity.cpu.saturating_sub(self.cpu) >= still / SHARE;
        (still >= after && hangs).then_some(still)
    }
}
