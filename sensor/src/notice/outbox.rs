//! Mails on their way out: a queue, and the thread that sends them.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::smtp::Relay;
use super::{Counters, program, smtp};

/// Mails that wait; more are dropped. A relay that is down must not fill memory while an attack raises notices.
const QUEUE: usize = 1_000;
/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pauses before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// For how long the end of a run waits for mails.
const AT_THE_END: Duration = Duration::from_secs(30);
/// Bytes of a mail; what is longer is cut.
const MAX_TEXT: usize = 4 << 20;

/// A mail to send.
#[derive(Debug)]
pub struct Parcel {
    pub via: Via,
    /// As in the header: names and addresses, commas between.
    pub from: String,
    pub to: String,
    pub text: Text,
}

#[derive(Debug)]
pub enum Via {
    Relay(Relay),
    /// A program and its arguments.
    Program(String),
}

#[derive(Debug)]
pub enum Text {
    /// Header, empty line, body.
    Whole(Vec<u8>),
    /// The header, and the file with the body, which is removed when the mail is out.
    File(Vec<u8>, PathBuf),
}

/// Why a mail is not out.
#[derive(Debug)]
pub(super) struct Failure {
    why: String,
    /// Another attempt would end the same way.
    pub lasts: bool,
}

impl Failure {
    pub fn passing(why: impl Display) -> Self {
        Failure { why: why.to_string(), lasts: false }
    }

    pub fn lasting(why: impl Display) -> Self {
        Failure { why: why.to_string(), lasts: true }
    }
}

/// What the thread tells.
#[derive(Default)]
struct Shared {
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    /// The last failure, until somebody asks.
    incident: Mutex<Option<String>>,
}

/// Takes mails and sends them in the order in which they came. The thread is there from the first mail on.
#[derive(Default)]
pub struct Outbox {
    shared: Arc<Shared>,
    worker: Option<Worker>,
}

struct Worker {
    parcels: Sender<Parcel>,
    /// Says by when the run has to end.
    end: Sender<Instant>,
    thread: JoinHandle<()>,
}

impl Outbox {
    /// Queues a mail; one that does not fit is dropped and counted.
    pub fn send(&mut self, parcel: Parcel) {
        if self.worker.is_none() {
            self.worker = start(self.shared.clone());
        }
        let queued = self.worker.as_ref().is_some_and(|worker| worker.parcels.try_send(parcel).is_ok());
        if !queued {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Adds what became of mails.
    pub fn count(&self, counters: &mut Counters) {
        counters.mails_sent = self.shared.sent.load(Ordering::Relaxed);
        counters.mails_failed = self.shared.failed.load(Ordering::Relaxed);
        counters.mails_dropped = self.shared.dropped.load(Ordering::Relaxed);
    }

    /// Why the last mail failed, if one did since the last call.
    pub fn incident(&self) -> Option<String> {
        self.shared.incident.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until all is out, but not for ever.
    pub fn finish(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        // The thread is gone only where it failed; then there is nothing to wait for.
        let _ = worker.end.send(Instant::now() + AT_THE_END);
        drop(worker.parcels);
        let _ = worker.thread.join();
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.finish();
    }
}

fn start(shared: Arc<Shared>) -> Option<Worker> {
    let (parcels, queue) = bounded(QUEUE);
    let (end, ended) = bounded(1);
    let sender = Courier { shared, ended, deadline: None };
    let thread = thread::Builder::new().name("mail".to_owned()).spawn(move || sender.run(&queue));
    Some(Worker { parcels, end, thread: thread.ok()? })
}

/// The thread's side.
struct Courier {
    shared: Arc<Shared>,
    ended: Receiver<Instant>,
    /// By when all has to be over, once the run ends.
    deadline: Option<Instant>,
}

impl Courier {
    fn run(mut self, queue: &Receiver<Parcel>) {
        for parcel in queue {
            if self.is_over() {
                self.shared.dropped.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            match self.deliver(&parcel) {
                Ok(()) => self.shared.sent.fetch_add(1, Ordering::Relaxed),
                Err(failure) => {
                    let whose = match &parcel.via {
                        Via::Relay(relay) => format!("mail over {} failed: {}", relay.address, failure.why),
                        Via::Program(_) => format!("mail failed: {}", failure.why),
                    };
                    *self.shared.incident.lock().unwrap_or_else(PoisonError::into_inner) = Some(whose);
                    self.shared.failed.fetch_add(1, Ordering::Relaxed)
                }
            };
        }
    }

    fn deliver(&mut self, parcel: &Parcel) -> Result<(), Failure> {
        let text = match &parcel.text {
            Text::Whole(text) => cut(text.clone()),
            Text::File(head, path) => {
                let body = std::fs::read(path);
                let body = body.map_err(|error| Failure::lasting(format!("{}: {error}", path.display())))?;
                cut([&head[..], b"\n", &body].concat())
            }
        };
        let mut pauses = PAUSES.iter();
        while let Err(failure) = self.attempt(parcel, &text) {
            match pauses.next() {
                Some(pause) if !failure.lasts && self.pause(*pause) => {}
                _ => return Err(failure),
            }
        }
        if let Text::File(_, path) = &parcel.text {
            // It is out; a file that stays does no harm.
            let _ = std::fs::remove_file(path);
        }
        Ok(())
    }

    fn attempt(&mut self, parcel: &Parcel, text: &[u8]) -> Result<(), Failure> {
        self.is_over();
        let deadline = Instant::now() + PATIENCE;
        let deadline = self.deadline.map_or(deadline, |end| deadline.min(end));
        match &parcel.via {
            Via::Program(line) => program::send(line, text, deadline),
            Via::Relay(relay) => {
                let (from, to) = (addresses(&parcel.from), addresses(&parcel.to));
                let [from, ..] = &from[..] else {
                    return Err(Failure::lasting(format!("no address to send from in {:?}", parcel.from)));
                };
                let host = host_name();
                // The relay adds nothing of this; a program like sendmail does.
                let text = [dated(&host).as_bytes(), text].concat();
                smtp::send(relay, &smtp::Mail { from, to: &to, text: &text, host: &host }, deadline)
            }
        }
    }

    /// Whether the run has ended and its patience with it.
    fn is_over(&mut self) -> bool {
        if let Ok(deadline) = self.ended.try_recv() {
            self.deadline = Some(deadline);
        }
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Waits before the next attempt, less when the run ends; `false` where there is no time for one.
    fn pause(&mut self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        match self.ended.recv_deadline(until) {
            Ok(deadline) => self.deadline = Some(deadline),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(until.saturating_duration_since(Instant::now()))
            }
        }
        !self.is_over()
    }
}

fn cut(mut text: Vec<u8>) -> Vec<u8> {
    if text.len() > MAX_TEXT {
        text.truncate(MAX_TEXT);
        text.extend_from_slice(b"\n[...]\n");
    }
    text
}

/// The addresses in a list such as `Zeek <zeek@localhost>, admin@example.net`. What could end a command of
/// SMTP early is none.
fn addresses(list: &str) -> Vec<String> {
    let address = |one: &str| match one.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default().trim().to_owned(),
        None => one.trim().to_owned(),
    };
    let fits = |one: &String| {
        !one.is_empty() && !one.contains(|c: char| c.is_control() || c.is_whitespace() || "<>".contains(c))
    };
    list.split(',').map(address).filter(fits).collect()
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String =
        name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || ".-".contains(*c)).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

/// The header fields that every mail has to have (RFC 5322 §3.6), and what its bytes are.
fn dated(host: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = jiff::Timestamp::now();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_string(&now).unwrap_or_default();
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    format!(
        "Date: {date}\nMessage-ID: <{}.{process}.{number}@{host}>\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
        now.as_microsecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_and_commands_are_not() {
        assert_eq!(addresses("Zeek <zeek@localhost>, b@x.org ,,"), ["zeek@localhost", "b@x.org"]);
        assert!(addresses("<a@b\r\nRCPT TO:c@d>").is_empty());
        assert!(addresses("x <a@b c@d>").is_empty());
    }
}
