//! Rows by HTTP: POST of JSON to MozDef's event endpoint and other collectors.
//!
//! Requests run on threads of their own, a few at a time; each carries rows with consecutive numbers,
//! which the header `Nightjar-Rows: RUN-FIRST-LAST` names, so that a receiver can tell what it gets
//! twice. An answer in 200–299 acknowledges all rows of a request.

mod request;

pub use request::check;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::sink::account::Reason;
use crate::sink::config::{self, Body};
use crate::sink::http::request::{Client, Verdict};
use crate::sink::transport::{Message, Offer, Outcome, Report, Transport};

pub struct Http {
    body: Body,
    max_rows: usize,
    max_bytes: usize,
    batch: Batch,
    requests: Sender<Batch>,
    answers: Receiver<(Vec<u64>, Verdict)>,
    under_way: usize,
    connections: usize,
    /// Rows that were refused together with others, and are sent one by one.
    alone: HashSet<u64>,
    /// Nothing is sent before this …
    pause: Option<Instant>,
    /// … and after the next failure not for so long.
    backoff: Duration,
    trouble: Option<String>,
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

/// Rows wait so long for others to go with.
const LINGER: Duration = Duration::from_millis(100);
const MIN_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// How long requests under way at the end may take to be answered.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// Threads, and connections.
const MAX_CONNECTIONS: usize = 64;

impl Http {
    pub fn new(config: &config::Http) -> Result<Self, String> {
        let client = Client::new(config)?;
        if !(1..=MAX_CONNECTIONS).contains(&config.connections) {
            return Err(format!("[http_sink] connections is not from 1 to {MAX_CONNECTIONS}"));
        }
        let (requests, taken) = bounded::<Batch>(config.connections);
        let (answered, answers) = bounded(config.connections);
        for _ in 0..config.connections {
            let (client, taken, answered) = (client.clone(), taken.clone(), answered.clone());
            let run = move || {
                for batch in taken {
                    let verdict = client.post(batch.run, batch.first, batch.rows.len(), &batch.bytes);
                    if answered.send((batch.rows, verdict)).is_err() {
                        return;
                    }
                }
            };
            let thread = std::thread::Builder::new().name("http sink".to_owned()).spawn(run);
            thread.map_err(|error| format!("cannot start a thread: {error}"))?;
        }
        Ok(Http {
            body: config.body,
            max_rows: if config.body == Body::Single { 1 } else { config.batch_rows.max(1) },
            max_bytes: usize::try_from(config.batch_bytes.0).unwrap_or(usize::MAX),
            batch: Batch::default(),
            requests,
            answers,
            under_way: 0,
            connections: config.connections,
            alone: HashSet::new(),
            pause: None,
            backoff: MIN_BACKOFF,
            trouble: None,
        })
    }

    /// Whether a row can go with those gathered.
    fn fits(&self, message: &Message<'_>) -> bool {
        let Batch { rows, run, first, bytes, .. } = &self.batch;
        let next = (message.run, message.seq) == (*run, first + rows.len() as u64);
        let alone =
            self.alone.contains(&message.pos) || rows.first().is_some_and(|pos| self.alone.contains(pos));
        rows.is_empty()
            || next
                && !alone
                && rows.len() < self.max_rows
                && bytes.len() + message.row.value.len() < self.max_bytes
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

    fn answered(&mut self, rows: Vec<u64>, verdict: Verdict, reports: &mut Vec<Report>) {
        self.under_way -= 1;
        let single = rows.len() == 1;
        let outcome = match verdict {
            Verdict::Accepted => {
                (self.trouble, self.backoff) = (None, MIN_BACKOFF);
                Outcome::Acked
            }
            Verdict::Refused(reason) if single => Outcome::Refused(reason),
            // Which of them is to blame shows when each is sent alone.
            Verdict::Refused(_) => {
                self.alone.extend(&rows);
                Outcome::Failed
            }
            Verdict::Later(trouble) => {
                self.trouble = Some(trouble);
                self.pause = Some(Instant::now() + self.backoff);
                self.backoff = (self.backoff * 2).min(MAX_BACKOFF);
                Outcome::Failed
            }
        };
        if outcome != Outcome::Failed {
            for pos in &rows {
                self.alone.remove(pos);
            }
        }
        reports.extend(rows.into_iter().map(|pos| Report { pos, outcome }));
    }
}

impl Transport for Http {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        if self.pause.is_some_and(|until| Instant::now() < until) {
            return Offer::Full;
        }
        self.pause = None;
        if u32::try_from(message.row.value.len()).is_err() {
            return Offer::Refused(Reason::TooLarge);
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
            (Body::Lines | Body::Single, _) => {}
        }
        bytes.extend_from_slice(message.row.value);
        if self.body == Body::Lines {
            bytes.push(b'\n');
        }
        rows.push(message.pos);
        Offer::Taken
    }

    fn poll(&mut self, wait: Duration, reports: &mut Vec<Report>) {
        if self.batch.since.is_some_and(|since| since.elapsed() >= LINGER) {
            self.send();
        }
        let mut wait = wait;
        while let Ok((rows, verdict)) = self.answers.recv_timeout(wait) {
            self.answered(rows, verdict, reports);
            wait = Duration::ZERO;
        }
    }

    fn abandon(&mut self, reports: &mut Vec<Report>) {
        let until = Instant::now() + LAST_ANSWERS;
        while self.under_way > 0 {
            let left = until.saturating_duration_since(Instant::now());
            let Ok((rows, verdict)) = self.answers.recv_timeout(left) else { return };
            self.answered(rows, verdict, reports);
        }
    }

    fn trouble(&mut self) -> Option<String> {
        self.trouble.clone()
    }
}

#[cfg(test)]
mod tests;
