//! Workers of a replay that wait for each other, so that what one expects is known to the others at the same packet.
//!
//! A worker that waits has handed on all it said: whoever it waits for may itself wait for the ordered stage, and that
//! for this worker's reports.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::analyze::{Announcement, Others};
use crate::event::{Bus, Heartbeat, Order, Step};
use crate::pipeline::merge::Report;

/// One worker's part of it.
pub(super) struct Rendezvous {
    /// The others, whose places are seen by their heartbeats.
    others: Vec<(Arc<Heartbeat>, Sender<Announcement>)>,
    /// What they expect. A worker is ahead of another by a few blocks of packets at most, and so is what waits here.
    inbox: Receiver<Announcement>,
    reports: Sender<Report>,
    /// Who reads was told to end: a worker may hang, and is not waited for.
    stop: Arc<AtomicBool>,
}

/// So often another worker's place is looked at without giving up the processor, and then without sleeping.
const SPINS: u32 = 200;
const YIELDS: u32 = 2000;
const NAP: Duration = Duration::from_micros(50);

impl Rendezvous {
    /// For workers with these heartbeats, which report to these.
    pub fn among(
        workers: &[(Arc<Heartbeat>, Sender<Report>)],
        stop: &Arc<AtomicBool>,
    ) -> impl Iterator<Item = Rendezvous> {
        let lines: Vec<_> = workers.iter().map(|_| unbounded()).collect();
        let all: Vec<(Arc<Heartbeat>, Sender<Announcement>)> = workers
            .iter()
            .zip(&lines)
            .map(|((heartbeat, _), (to, _))| (heartbeat.clone(), to.clone()))
            .collect();
        let made: Vec<Rendezvous> = (workers.iter().zip(&lines).enumerate())
            .map(|(at, ((_, reports), (_, inbox)))| {
                let others = all.iter().enumerate().filter(|(other, _)| *other != at);
                Rendezvous {
                    others: others.map(|(_, other)| other.clone()).collect(),
                    inbox: inbox.clone(),
                    reports: reports.clone(),
                    stop: stop.clone(),
                }
            })
            .collect();
        made.into_iter()
    }
}

impl Others for Rendezvous {
    fn announce(&mut self, announcement: Announcement) {
        for (_, to) in &self.others {
            // Who has ended expects nothing any more.
            let _ = to.send(announcement);
        }
    }

    fn catch_up(&mut self, bus: &mut Bus, tell: &mut dyn FnMut(Announcement)) {
        let Order { packet, deadline, .. } = bus.order();
        // Of two that are at a packet's timers neither can wait for the other.
        let at_timer = deadline != Order::NO_TIMER;
        let behind = |heartbeat: &Heartbeat| {
            (if at_timer { heartbeat.packet() } else { heartbeat.past_timers() }) < packet
        };
        if self.others.iter().any(|(heartbeat, _)| behind(heartbeat)) {
            bus.heartbeat().at(Step::Between);
            let upto = Order::after_packet(packet.saturating_sub(1));
            let _ = self.reports.send(Report { batch: bus.take(), upto });
            for (heartbeat, _) in &self.others {
                let mut looks = 0;
                while behind(heartbeat) && !self.stop.load(Ordering::Relaxed) {
                    looks += 1;
                    match looks {
                        0..SPINS => std::hint::spin_loop(),
                        SPINS..YIELDS => thread::yield_now(),
                        _ => thread::sleep(NAP),
                    }
                }
            }
            bus.heartbeat().at(Step::Flow);
        }
        self.inbox.try_iter().for_each(tell);
    }
}
