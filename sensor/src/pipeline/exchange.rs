//! Fragments, and the datagrams made of them, on their way to the worker that has their flow.
//!
//! Fragments have no ports, so what deals packets out sends them elsewhere than the rest of their flow. Whoever gets
//! all of them puts the datagram together and hands it on. Where the NIC or the processor decides who gets a packet,
//! fragments of one datagram may come to different workers: each hands them to the one that their addresses choose,
//! which then asks one after the other for the flow, and keeps it if nobody knows it.
//!
//! What was handed over waits until its receiver has seen everything that was stamped before it: the request before the
//! reply.

use std::cmp::{Ordering as Compared, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::capture::deal::Dealt;
use crate::counters::{Metric, counter, counters};
use crate::event::Framing;
use crate::time::Time;

/// What may wait for one worker; beyond, it is dropped, and counted. Stops floods of fragments whose owner does not
/// keep up.
const MAX_PARCELS: usize = 65_536;
const MAX_BYTES: usize = 32 << 20;

/// Between the workers of one interface.
pub(super) struct Exchange {
    dealt: Arc<Dealt>,
    queues: Vec<Queue>,
    /// Parcels sent and not yet dealt with.
    under_way: AtomicUsize,
    /// Workers that have read all of their ring, at the end.
    at_end: AtomicUsize,
}

struct Queue {
    sender: Sender<Parcel>,
    receiver: Receiver<Parcel>,
    /// What waits there, and in the receiver's order of time.
    bytes: AtomicUsize,
    /// The worker that receives: the last one that took this place.
    receiving: AtomicUsize,
    /// Of that, what the receiver has taken in, and not dealt with.
    taken: AtomicUsize,
    taken_bytes: AtomicUsize,
}

/// What is handed over.
pub(super) struct Parcel {
    pub what: What,
    /// The stamp of its last packet.
    pub at: Time,
    /// An IP packet.
    pub bytes: Vec<u8>,
    /// How many workers it was sent to.
    pub hops: usize,
    /// How its last packet was framed, where scripts look at that.
    pub framing: Option<Framing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Fragment,
    Datagram,
}

counters! {
    /// What one worker has handed over.
    pub struct Handover {
        /// Fragments handed to the worker that gets all of their datagram.
        pub fragments: u64 = handed_over(&["fragment"]),
        /// Datagrams made of fragments handed to the worker of their flow.
        pub datagrams: u64 = handed_over(&["datagram"]),
        /// Those of them dropped because too much was waiting for their receiver.
        pub dropped: u64 = counter("handover_dropped_total")
            .lost("fragments and datagrams dropped on their way to another worker, too much waiting for it"),
    }
}

const fn handed_over(what: &'static [&'static str; 1]) -> Metric {
    counter("handed_over_total")
        .by("what", what)
        .of_family("Fragments, and datagrams made of them, that the worker handed to the one they belong to.")
}

impl Exchange {
    pub fn new(dealt: Arc<Dealt>) -> Arc<Exchange> {
        let queue = |_| {
            let (sender, receiver) = bounded(MAX_PARCELS);
            let none = || AtomicUsize::new(0);
            Queue { sender, receiver, bytes: none(), receiving: none(), taken: none(), taken_bytes: none() }
        };
        let queues = (0..dealt.workers()).map(queue).collect();
        Arc::new(Exchange { dealt, queues, under_way: AtomicUsize::new(0), at_end: AtomicUsize::new(0) })
    }
}

/// One worker's side of the exchange.
pub(super) struct Peers {
    exchange: Arc<Exchange>,
    own: usize,
    /// Which worker at this place it is.
    nth: usize,
    /// By time, and what came first first.
    waiting: BinaryHeap<Reverse<InTime>>,
    came: u64,
    counts: Handover,
}

struct InTime {
    parcel: Parcel,
    nth: u64,
}

impl Peers {
    /// For the worker that takes this place. What another had taken in there, which hangs, is given up.
    pub fn new(exchange: Arc<Exchange>, own: usize) -> Peers {
        let queue = &exchange.queues[own];
        let nth = queue.receiving.fetch_add(1, Ordering::AcqRel) + 1;
        let given_up = queue.taken.swap(0, Ordering::AcqRel);
        lessen(&queue.bytes, queue.taken_bytes.swap(0, Ordering::AcqRel));
        lessen(&exchange.under_way, given_up);
        let counts = Handover { dropped: given_up as u64, ..Handover::default() };
        Peers { exchange, own, nth, waiting: BinaryHeap::new(), came: 0, counts }
    }

    /// Where it is this worker's; none once another has taken its place.
    fn queue(&self) -> Option<&Queue> {
        let queue = &self.exchange.queues[self.own];
        (queue.receiving.load(Ordering::Acquire) == self.nth).then_some(queue)
    }

    pub fn counts(&self) -> Handover {
        self.counts
    }

    /// Whether fragments of one datagram may come to different workers.
    pub fn gathers(&self) -> bool {
        !self.exchange.dealt.by_hash()
    }

    /// The worker that an IP packet belongs to, if that is another one.
    pub fn other(&self, packet: &[u8]) -> Option<usize> {
        let worker = self.exchange.dealt.worker_of(packet);
        (worker != self.own).then_some(worker)
    }

    /// Whom to ask for the flow of a datagram that went through so many hands; none where all were asked.
    pub fn next_asked(&self, hops: usize) -> Option<usize> {
        let workers = self.exchange.queues.len();
        (hops < workers && workers > 1).then_some((self.own + 1) % workers)
    }

    /// Hands something over, or drops it where too much waits already.
    pub fn send(&mut self, to: usize, parcel: Parcel) {
        match parcel.what {
            What::Fragment => self.counts.fragments += 1,
            What::Datagram => self.counts.datagrams += 1,
        }
        let (size, queue) = (parcel.size(), &self.exchange.queues[to]);
        self.exchange.under_way.fetch_add(1, Ordering::AcqRel);
        let fits = queue.bytes.fetch_add(size, Ordering::AcqRel) + size <= MAX_BYTES;
        if !fits || queue.sender.try_send(parcel).is_err() {
            lessen(&queue.bytes, size);
            lessen(&self.exchange.under_way, 1);
            self.counts.dropped += 1;
        }
    }

    /// Takes in what others have sent.
    pub fn receive(&mut self) {
        while let Some(parcel) = self.queue().and_then(|queue| queue.receiver.try_recv().ok()) {
            self.take_in(parcel);
        }
    }

    fn take_in(&mut self, parcel: Parcel) {
        if let Some(queue) = self.queue() {
            queue.taken.fetch_add(1, Ordering::AcqRel);
            queue.taken_bytes.fetch_add(parcel.size(), Ordering::AcqRel);
        }
        self.came += 1;
        self.waiting.push(Reverse(InTime { parcel, nth: self.came }));
    }

    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What was stamped no later than this, the oldest first. Tell [`Peers::dealt_with`] when it is.
    pub fn due(&mut self, upto: Time) -> Option<Parcel> {
        self.waiting.peek().filter(|Reverse(first)| first.parcel.at <= upto)?;
        let Reverse(InTime { parcel, .. }) = self.waiting.pop()?;
        let (queue, size) = (self.queue()?, parcel.size());
        lessen(&queue.bytes, size);
        lessen(&queue.taken_bytes, size);
        Some(parcel)
    }

    pub fn dealt_with(&self) {
        if let Some(queue) = self.queue() {
            lessen(&queue.taken, 1);
            lessen(&self.exchange.under_way, 1);
        }
    }

    /// This worker reads no more packets.
    pub fn at_end(&self) {
        self.exchange.at_end.fetch_add(1, Ordering::AcqRel);
    }

    /// Waits for something to be handed over; false once nothing can come, or it takes too long.
    pub fn wait(&mut self, until: Instant) -> bool {
        /// So often it is looked whether all have ended.
        const STEP: Duration = Duration::from_millis(2);
        while Instant::now() < until {
            self.receive();
            if self.is_waiting() {
                return true;
            }
            let all = self.exchange.at_end.load(Ordering::Acquire) >= self.exchange.queues.len();
            if all && self.exchange.under_way.load(Ordering::Acquire) == 0 {
                return false;
            }
            let Some(queue) = self.queue() else { return false };
            if let Ok(parcel) = queue.receiver.recv_timeout(STEP) {
                self.take_in(parcel);
            }
        }
        self.receive();
        false
    }

    /// Counts as dropped what will not be dealt with any more.
    pub fn abandon(&mut self) {
        self.receive();
        while self.due(Time::from_nanos(i64::MAX)).is_some() {
            self.dealt_with();
            self.counts.dropped += 1;
        }
    }
}

/// Never below zero: a worker that was taken for hanging may come back at the wrong moment.
fn lessen(count: &AtomicUsize, by: usize) {
    // The closure never declines.
    let _ = count.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| Some(now.saturating_sub(by)));
}

impl Parcel {
    fn size(&self) -> usize {
        self.bytes.capacity() + size_of::<InTime>()
    }
}

impl PartialEq for InTime {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Compared::Equal
    }
}

impl Eq for InTime {}

impl PartialOrd for InTime {
    fn partial_cmp(&self, other: &Self) -> Option<Compared> {
        Some(self.cmp(other))
    }
}

impl Ord for InTime {
    fn cmp(&self, other: &Self) -> Compared {
        (self.parcel.at, self.nth).cmp(&(other.parcel.at, other.nth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::live::Fanout;

    fn pair(fanout: Option<Fanout>) -> [Peers; 2] {
        let exchange = Exchange::new(Arc::new(Dealt::new(2, fanout)));
        [0, 1].map(|own| Peers::new(exchange.clone(), own))
    }

    fn parcel(at: i64, len: usize) -> Parcel {
        Parcel { what: What::Datagram, at: Time::from_nanos(at), bytes: vec![0; len], hops: 1, framing: None }
    }

    #[test]
    fn what_is_handed_over_waits_for_its_time_and_comes_in_order() {
        let [mut one, mut other] = pair(Some(Fanout::Hash));
        for (at, len) in [(5, 1), (3, 2), (5, 3), (9, 4)] {
            one.send(1, parcel(at, len));
        }
        assert!(!other.is_waiting());
        other.receive();
        let due = |peers: &mut Peers, upto| {
            let parcels = std::iter::from_fn(|| peers.due(Time::from_nanos(upto)));
            let lengths: Vec<usize> = parcels.map(|parcel| parcel.bytes.len()).collect();
            lengths.iter().for_each(|_| peers.dealt_with());
            lengths
        };
        assert_eq!(due(&mut other, 2), [0; 0]);
        assert_eq!(due(&mut other, 5), [2, 1, 3]);
        one.at_end();
        other.at_end();
        let soon = || Instant::now() + Duration::from_secs(5);
        assert!(other.wait(soon()));
        assert_eq!(due(&mut other, i64::MAX), [4]);
        assert!(!other.wait(soon()) && !one.wait(soon()));
        assert_eq!(one.counts(), Handover { fragments: 0, datagrams: 4, dropped: 0 });
    }

    #[test]
    fn what_waits_is_bounded_and_what_does_not_fit_is_counted() {
        let [mut one, mut other] = pair(Some(Fanout::Hash));
        for _ in 0..40 {
            one.send(1, parcel(0, 1 << 20));
        }
        assert_eq!(one.counts().dropped, 9);
        other.receive();
        // What waits in the order of time waits all the same.
        one.send(1, parcel(0, 1 << 20));
        assert_eq!(one.counts().dropped, 10);
        while other.due(Time::default()).is_some() {}
        one.send(1, parcel(0, 1 << 20));
        assert_eq!(one.counts().dropped, 10);
        other.abandon();
        assert_eq!(other.counts().dropped, 1);
    }

    #[test]
    fn all_others_are_asked_where_nobody_knows() {
        let [one, other] = pair(None);
        assert!(one.gathers() && !pair(Some(Fanout::Tunnel))[0].gathers());
        assert_eq!((one.next_asked(0), other.next_asked(1), one.next_asked(2)), (Some(1), Some(0), None));
    }

    #[test]
    fn whoever_takes_the_place_of_a_worker_that_hangs_counts_what_is_lost() {
        let [mut one, mut hangs] = pair(Some(Fanout::Hash));
        for at in 0..3 {
            one.send(1, parcel(at, 1 << 20));
        }
        hangs.receive();
        assert!(hangs.due(Time::from_nanos(0)).is_some());
        one.send(1, parcel(3, 1 << 20));
        let exchange = one.exchange.clone();
        let mut next = Peers::new(exchange.clone(), 1);
        assert_eq!(next.counts().dropped, 3);
        // Should it come back, it is no longer asked.
        hangs.dealt_with();
        hangs.receive();
        assert!(hangs.due(Time::from_nanos(i64::MAX)).is_none());
        next.receive();
        assert!(next.due(Time::from_nanos(3)).is_some());
        next.dealt_with();
        assert_eq!(exchange.under_way.load(Ordering::Relaxed), 0);
        assert_eq!(exchange.queues[1].bytes.load(Ordering::Relaxed), 0);
    }
}
