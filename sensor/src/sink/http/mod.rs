//! Rows by HTTP: POST of JSON to MozDef's event endpoint and other collectors.
//!
//! Requests run on threads of their own, a few at a time; each carries rows of one run, which the header
//! `Nightjar-Rows: RUN-FIRST-LAST` names, so that a receiver can tell what it gets twice. An answer in
//! 200–299 acknowledges all rows of a request, but those which the answer itself says failed.

mod request;

pub use request::check;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::export::ExportRow;
use crate::sink::account::Reason;
use crate::sink::config::{self, Body};
use crate::sink::first;
use crate::sink::http::request::{Answer, Client, Fate};
use crate::sink::transport::{Message, Offer, Outcome, Report, Transport};

pub struct Http {
    body: Body,
    max_rows: usize,
    /// Bytes of a request at most, as set …
    max_bytes: usize,
    /// … and as the receiver takes them.
    limit: Limit,
    batch: Batch,
    requests: Sender<Batch>,
    answers: Receiver<(Batch, Answer)>,
    under_way: usize,
    connections: usize,
    /// Rows that were refused together with others, and with how many they go next.
    together: HashMap<u64, Doubt>,
    /// Requests that were accepted, and how many had been when one was last refused.
    accepted: u64,
    accepted_before: u64,
    /// Nothing is sent before this …
    pause: Option<Instant>,
    /// … and after the next failure not for so long.
    backoff: Duration,
    incident: Option<String>,
}

/// The rows of one request.
#[derive(Default)]
struct Batch {
    rows: Vec<u64>,
    run: u64,
    first: u64,
    bytes: Vec<u8>,
    since: Option<Instant>,
}

/// A row that may be why a request was refused.
#[derive(Clone, Copy)]
struct Doubt {
    /// It goes with so many at most.
    rows: usize,
    /// Requests that had been accepted when it was refused alone.
    alone: Option<u64>,
}

/// How many bytes a receiver takes at once: halved when that was too much, and tried out again slowly.
struct Limit {
    bytes: usize,
    /// The most that it took.
    passed: usize,
    successes: u32,
}

/// Rows wait so long for others to go with.
const LINGER: Duration = Duration::from_millis(100);
const MIN_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// A receiver that asks for more time than this is asked again all the same.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);
/// How long requests under way at the end may take to be answered.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// Requests that pass before a larger one is tried.
const SUCCESSES: u32 = 64;

impl Limit {
    fn new(bytes: usize) -> Limit {
        Limit { bytes, passed: 0, successes: 0 }
    }

    fn refused(&mut self, bytes: usize) {
        self.bytes = (bytes / 2).max(1);
        (self.passed, self.successes) = (self.passed.min(self.bytes), 0);
    }

    fn took(&mut self, bytes: usize) {
        self.passed = self.passed.max(bytes);
        self.successes += 1;
        if self.successes >= SUCCESSES {
            self.successes = 0;
            self.bytes = self.bytes.saturating_add(self.bytes / 4);
        }
        self.bytes = self.bytes.max(self.passed);
    }
}

impl Http {
    pub fn new(config: &config::Http) -> Result<Self, String> {
        let client = Client::new(config).map_err(first)?;
        let (requests, taken) = bounded::<Batch>(config.connections);
        let (answered, answers) = bounded(config.connections);
        for _ in 0..config.connections {
            let (client, taken, answered) = (client.clone(), taken.clone(), answered.clone());
            let run = move || {
                for batch in taken {
                    let answer = client.post(batch.run, batch.first, batch.rows.len(), &batch.bytes);
                    if answered.send((batch, answer)).is_err() {
                        return;
                    }
                }
            };
            let thread = std::thread::Builder::new().name("http sink".to_owned()).spawn(run);
            thread.map_err(|error| format!("cannot start a thread: {error}"))?;
        }
        let max_bytes = usize::try_from(config.batch_bytes.0).unwrap_or(usize::MAX);
        Ok(Http {
            body: config.body,
            max_rows: if config.body == Body::Single { 1 } else { config.batch_rows.max(1) },
            max_bytes,
            limit: Limit::new(max_bytes),
            batch: Batch::default(),
            requests,
            answers,
            under_way: 0,
            connections: config.connections,
            together: HashMap::new(),
            accepted: 0,
            accepted_before: 0,
            pause: None,
            backoff: MIN_BACKOFF,
            incident: None,
        })
    }

    /// Whether a row can go with those gathered.
    fn fits(&self, message: &Message<'_>) -> bool {
        let Batch { rows, run, first, bytes, .. } = &self.batch;
        let Some(before) = rows.first() else { return true };
        let next = (message.run, message.seq) == (*run, first + rows.len() as u64);
        let doubt = |pos: &u64| self.together.get(pos).map_or(self.max_rows, |doubt| doubt.rows);
        next && rows.len() < self.max_rows.min(doubt(before)).min(doubt(&message.pos))
            && bytes.len() + message.row.value.len() < self.max_bytes.min(self.limit.bytes)
    }

    /// Sends what is gathered, if a connection is free.
    fn send(&mut self) -> bool {
        if self.under_way >= self.connections {
            return false;
        }
        let mut batch = std::mem::take(&mut self.batch);
        if self.body == Body::Array {
            batch.bytes.push(b']');
        }
        self.under_way += 1;
        // There is a thread for each.
        self.requests.send(batch).is_ok()
    }

    fn answered(&mut self, batch: &Batch, answer: Answer, reports: &mut Vec<Report>) {
        self.under_way -= 1;
        let rows = &batch.rows;
        if let Answer::Accepted(_) = answer {
            self.accepted += 1;
            (self.incident, self.backoff) = (None, MIN_BACKOFF);
            self.limit.took(batch.bytes.len());
        }
        let outcomes: Vec<Outcome> = match answer {
            Answer::Accepted(None) => vec![Outcome::Acked; rows.len()],
            Answer::Accepted(Some(fates)) => {
                if fates.contains(&Fate::Later) {
                    self.wait(None, "the receiver has no room for some rows of a request".to_owned());
                }
                let outcome = |fate: &Fate| match fate {
                    Fate::Accepted => Outcome::Acked,
                    Fate::Later => Outcome::Unsent,
                    Fate::Refused => Outcome::Never(Reason::Refused),
                };
                fates.iter().map(outcome).collect()
            }
            Answer::TooLarge if rows.len() == 1 => vec![Outcome::Never(Reason::TooLarge)],
            Answer::TooLarge => {
                self.limit.refused(batch.bytes.len());
                self.halve(rows);
                vec![Outcome::Unsent; rows.len()]
            }
            Answer::Refused(incident) => vec![self.refused(rows, incident); rows.len()],
            Answer::Later { incident, after, sent } => {
                self.wait(after, incident);
                vec![if sent { Outcome::Failed } else { Outcome::Unsent }; rows.len()]
            }
        };
        for (pos, outcome) in rows.iter().zip(outcomes) {
            if matches!(outcome, Outcome::Acked | Outcome::Never(_)) {
                self.together.remove(pos);
            }
            reports.push(Report { pos: *pos, outcome });
        }
    }

    /// Rows are refused as they are. Is one of them to blame, or would any be refused?
    fn refused(&mut self, rows: &[u64], incident: String) -> Outcome {
        if let [row] = rows {
            let accepted = self.accepted;
            let doubt = self.together.entry(*row).or_insert(Doubt { rows: 1, alone: None });
            match doubt.alone {
                // Others were taken meanwhile.
                Some(before) if accepted > before => return Outcome::Never(Reason::Refused),
                Some(_) => {}
                None => doubt.alone = Some(accepted),
            }
        } else {
            self.halve(rows);
        }
        // While it takes others, it is the rows.
        if std::mem::replace(&mut self.accepted_before, self.accepted) == self.accepted {
            self.wait(None, incident);
        }
        Outcome::Unsent
    }

    /// These rows go in two halves next.
    fn halve(&mut self, rows: &[u64]) {
        let half = rows.len().div_ceil(2);
        for pos in rows {
            let doubt = self.together.entry(*pos).or_insert(Doubt { rows: half, alone: None });
            doubt.rows = doubt.rows.min(half);
        }
    }

    /// Whether the receiver is to be left alone for now.
    fn is_paused(&mut self) -> bool {
        self.pause = self.pause.filter(|until| Instant::now() < *until);
        self.pause.is_some()
    }

    fn wait(&mut self, after: Option<Duration>, incident: String) {
        self.incident = Some(incident);
        let pause = after.map_or(self.backoff, |after| after.clamp(MIN_BACKOFF, MAX_RETRY_AFTER));
        // Of two answers the one that asks for more time counts.
        self.pause = self.pause.max(Some(Instant::now() + pause));
        self.backoff = (self.backoff * 2).min(MAX_BACKOFF);
    }
}

impl Transport for Http {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        if self.is_paused() {
            return Offer::Full;
        }
        if u32::try_from(message.row.value.len()).is_err() {
            return Offer::Reported(Outcome::Never(Reason::TooLarge));
        }
        if !self.fits(message) && !self.send() {
            return Offer::Full;
        }
        let Batch { rows, run, first, bytes, since } = &mut self.batch;
        if rows.is_empty() {
            (*run, *first, *since) = (message.run, message.seq, Some(Instant::now()));
        }
        match (self.body, rows.is_empty()) {
            (Body::Array, true) => bytes.push(b'['),
            (Body::Array, false) => bytes.push(b','),
            (Body::Bulk, _) => {
                let action = format!("{{\"create\":{{\"_id\":\"{:016x}-{}\"}}}}\n", message.run, message.seq);
                bytes.extend_from_slice(action.as_bytes());
            }
            (Body::Lines | Body::Single, _) => {}
        }
        bytes.extend_from_slice(message.row.value);
        if matches!(self.body, Body::Lines | Body::Bulk) {
            bytes.push(b'\n');
        }
        rows.push(message.pos);
        Offer::Accepted
    }

    fn poll(&mut self, wait: Duration, reports: &mut Vec<Report>) {
        if self.batch.since.is_some_and(|since| since.elapsed() >= LINGER) && !self.is_paused() {
            self.send();
        }
        let mut wait = wait;
        while let Ok((batch, answer)) = self.answers.recv_timeout(wait) {
            self.answered(&batch, answer, reports);
            wait = Duration::ZERO;
        }
    }

    fn abandon(&mut self, reports: &mut Vec<Report>) {
        let until = Instant::now() + LAST_ANSWERS;
        while self.under_way > 0 {
            let left = until.saturating_duration_since(Instant::now());
            let Ok((batch, answer)) = self.answers.recv_timeout(left) else { return };
            self.answered(&batch, answer, reports);
        }
    }

    /// All rows go to one place: where it refuses them, all of them wait.
    fn destination(&mut self, _: &ExportRow<'_>, _: &mut String) {}

    fn ask_again(&mut self, _: &str) {}

    fn incident(&mut self) -> Option<String> {
        self.incident.clone()
    }
}

#[cfg(test)]
mod tests;
