//! Bringing what several workers say back into the order of the capture.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, select};

use crate::analyze::Command;
use crate::config::Config;
use crate::event::{Batch, Order};
use crate::log::{LogError, Logs};
use crate::pipeline::watchdog::GivenUp;
use crate::policy::Policy;

/// What a worker said up to some place in the order.
pub(super) struct Report {
    pub batch: Batch,
    /// All that is still to be said comes after this.
    pub upto: Order,
}

/// What comes from one worker.
pub(super) struct Reports {
    pub reports: Receiver<Report>,
    /// Closed when nobody is to wait for the worker any more.
    pub given_up: GivenUp,
}

impl Reports {
    /// The next report; none where the worker has ended or was given up.
    fn next(&self) -> Option<Report> {
        select! {
            recv(self.reports) -> report => report.ok(),
            recv(self.given_up) -> _ => self.reports.try_recv().ok(),
        }
    }
}

/// One worker's reports that wait for the others'.
struct Inbox {
    reports: Reports,
    upto: Order,
    /// With the first of their items last.
    waiting: VecDeque<Batch>,
}

/// Takes one worker's reports until it ends, and answers each with the settings that scripts have changed meanwhile: the
/// worker waits for that before it goes on.
pub(super) fn in_step(
    reports: &Reports,
    answers: &Sender<Answer>,
    policy: &mut Policy<'_>,
    logs: &mut Logs,
) -> Result<(), LogError> {
    while let Some(Report { mut batch, .. }) = reports.next() {
        for item in batch.items.drain(..) {
            policy.take(item, &batch.arena, logs)?;
        }
        batch.give_back();
        // Who has ended takes no answer.
        let _ = answers.send(Answer { config: policy.settings().map(Arc::new), commands: policy.commands() });
    }
    Ok(())
}

/// What a worker is to go on with.
pub(super) struct Answer {
    /// Settings, where they have changed.
    pub config: Option<Arc<Config>>,
    pub commands: Vec<Command>,
}

/// Takes all workers' reports until they end, and hands every item on in order.
pub(super) fn merge(workers: Vec<Reports>, policy: &mut Policy<'_>, logs: &mut Logs) -> Result<(), LogError> {
    if let [reports] = &workers[..] {
        while let Some(Report { mut batch, .. }) = reports.next() {
            for item in batch.items.drain(..) {
                policy.take(item, &batch.arena, logs)?;
            }
            batch.give_back();
        }
        return Ok(());
    }
    let mut inboxes: Vec<Inbox> = workers
        .into_iter()
        .map(|reports| Inbox { reports, upto: Order::default(), waiting: VecDeque::new() })
        .collect();
    // Each time the worker that is furthest behind is waited for, so that nobody waits for a worker
    // whose reports we do not take.
    while let Some(behind) =
        inboxes.iter_mut().min_by_key(|inbox| inbox.upto).filter(|inbox| inbox.upto < Order::LAST)
    {
        match behind.reports.next() {
            Some(Report { mut batch, upto }) => {
                behind.upto = upto;
                batch.items.reverse();
                behind.waiting.push_back(batch);
            }
            // A worker that ends without having said so has nothing more to say, and of one that hangs nothing is taken.
            None => behind.upto = Order::LAST,
        }
        let upto = inboxes.iter().map(|inbox| inbox.upto).min().unwrap_or(Order::LAST);
        hand_on(&mut inboxes, upto, policy, logs)?;
    }
    Ok(())
}

/// Hands on all that is said up to `upto`.
fn hand_on(
    inboxes: &mut [Inbox],
    upto: Order,
    policy: &mut Policy<'_>,
    logs: &mut Logs,
) -> Result<(), LogError> {
    // A look at every worker for every item would take longer the more workers there are.
    let firsts = inboxes.iter_mut().enumerate();
    let mut firsts: BinaryHeap<_> =
        firsts.filter_map(|(at, inbox)| Some(Reverse((inbox.first()?, at)))).collect();
    while firsts.peek().is_some_and(|Reverse((order, _))| *order <= upto) {
        let Some(Reverse((_, at))) = firsts.pop() else { return Ok(()) };
        let second = firsts.peek().map_or(upto, |Reverse((order, _))| upto.min(*order));
        let Some(inbox) = inboxes.get_mut(at) else { return Ok(()) };
        inbox.take_through(second, policy, logs)?;
        firsts.extend(inbox.first().map(|order| Reverse((order, at))));
    }
    Ok(())
}

impl Inbox {
    fn first(&mut self) -> Option<Order> {
        loop {
            if let Some(item) = self.waiting.front()?.items.last() {
                return Some(item.order);
            }
            if let Some(taken) = self.waiting.pop_front() {
                taken.give_back();
            }
        }
    }

    /// Hands on what comes before `limit` or stands at it.
    fn take_through(
        &mut self,
        limit: Order,
        policy: &mut Policy<'_>,
        logs: &mut Logs,
    ) -> Result<(), LogError> {
        while self.first().is_some_and(|order| order <= limit) {
            let Some(Batch { items, arena, .. }) = self.waiting.front_mut() else { return Ok(()) };
            while let Some(item) = items.pop_if(|item| item.order <= limit) {
                policy.take(item, arena, logs)?;
            }
        }
        Ok(())
    }
}
