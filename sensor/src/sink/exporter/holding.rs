//! Rows for destinations that the receiver takes none for at the moment: a topic that is not there yet, or that
//! we may not write to. They wait in a queue of their own, so that all others go on, and keep their order.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::sink::account::Reason;
use crate::sink::send_queue::SendQueue;
use crate::sink::spool::{Origin, Spool, SpoolOptions};
use crate::sink::transport::Via;

/// A refused destination is asked again so soon …
const MIN_BACKOFF: Duration = Duration::from_millis(500);
/// … and, while it goes on refusing, less and less often.
const MAX_BACKOFF: Duration = Duration::from_secs(15);
/// A destination whose batches were too large for it gets rows one by one for so long.
const SINGLY: Duration = Duration::from_secs(60);
/// Destinations held apart; each has files of its own.
const MAX_HELD: usize = 100;
/// The folder of their queues, in the spool's.
const FOLDER: &str = "held";

/// All destinations that are held.
#[derive(Default)]
pub(super) struct Holding {
    /// As the spool; none where there is none.
    options: Option<SpoolOptions>,
    held: BTreeMap<u16, Held>,
    next: u16,
}

/// A destination and the rows that wait for it.
pub(super) struct Held {
    pub destination: Box<str>,
    pub queue: SendQueue,
    /// Rows for it that were sent with the others and not reported on: until they are, nothing may pass them.
    pub draining: u64,
    /// Rows for it that wait among the others meanwhile, in order.
    pub parked: Vec<u64>,
    pub refused: Option<Refused>,
    /// Rows go one by one until then.
    singly: Option<Instant>,
    /// What was written to the spool is not safe from a power failure yet.
    pub unsynced: bool,
    /// Rows that wait here.
    pub rows: u64,
}

/// Why a destination takes no rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    pub reason: Reason,
    /// When to ask again.
    next: Instant,
    backoff: Duration,
    /// A row was sent to see whether it is taken.
    pub asked: bool,
}

impl Holding {
    /// Finds what earlier runs left.
    pub fn open(options: Option<SpoolOptions>) -> std::io::Result<Holding> {
        let mut holding = Holding { options, ..Holding::default() };
        let Some(folder) = holding.folder() else { return Ok(holding) };
        let mut names = Vec::new();
        match std::fs::read_dir(&folder) {
            Ok(entries) => {
                for entry in entries {
                    let entry = entry?;
                    if entry.file_type()?.is_dir() {
                        names.extend(entry.file_name().into_string());
                    }
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        names.sort_unstable();
        for name in names {
            holding.add(&name)?;
        }
        Ok(holding)
    }

    fn folder(&self) -> Option<PathBuf> {
        self.options.as_ref().map(|options| options.dir.join(FOLDER))
    }

    fn add(&mut self, destination: &str) -> std::io::Result<u16> {
        let spool = self.options.as_ref().map(|options| {
            let dir = options.dir.join(FOLDER).join(destination);
            // Room is asked for by whoever moves rows here.
            Spool::open(SpoolOptions { dir, max_bytes: u64::MAX, ..options.clone() })
        });
        Ok(self.insert(destination, spool.transpose()?))
    }

    fn insert(&mut self, destination: &str, spool: Option<Spool>) -> u16 {
        while self.next == 0 || self.held.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let held = Held {
            destination: destination.into(),
            queue: SendQueue::new(spool),
            draining: 0,
            parked: Vec::new(),
            refused: None,
            singly: None,
            unsynced: false,
            rows: 0,
        };
        self.held.insert(id, held);
        id
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub fn find(&self, destination: &str) -> Option<u16> {
        self.held.iter().find(|(_, held)| &held.destination[..] == destination).map(|(id, _)| *id)
    }

    /// The destination, held from here on; `None` where there are too many. An error tells why its rows cannot be
    /// on disk.
    pub fn hold(&mut self, destination: &str) -> (Option<u16>, std::io::Result<()>) {
        match self.find(destination) {
            Some(id) => (Some(id), Ok(())),
            None if self.held.len() >= MAX_HELD => (None, Ok(())),
            None => match self.add(destination) {
                Ok(id) => (Some(id), Ok(())),
                Err(error) => (Some(self.insert(destination, None)), Err(error)),
            },
        }
    }

    pub fn get(&mut self, id: u16) -> Option<&mut Held> {
        self.held.get_mut(&id)
    }

    pub fn ids(&self) -> Vec<u16> {
        self.held.keys().copied().collect()
    }

    pub fn all(&mut self) -> impl Iterator<Item = &mut Held> {
        self.held.values_mut()
    }

    /// Whether all that waited was sent.
    pub fn is_idle(&self) -> bool {
        self.held.values().all(Held::is_idle)
    }

    /// Rows that wait for destinations which take none.
    pub fn rows(&self) -> u64 {
        self.held.values().filter(|held| held.refused.is_some()).map(Held::waiting).sum()
    }

    /// Whether rows sent with the others are still to be told apart.
    pub fn draining(&self) -> bool {
        self.held.values().any(|held| held.draining > 0)
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.held.values().filter_map(|held| held.queue.spool.as_ref()).map(Spool::bytes).sum()
    }

    /// Bytes in memory.
    pub fn window_bytes(&self) -> usize {
        self.held.values().map(|held| held.queue.window.bytes()).sum()
    }

    /// Forgets those that take rows again and have all they waited for.
    pub fn release(&mut self) -> std::io::Result<()> {
        let done: Vec<u16> = self.held.iter().filter(|(_, held)| held.done()).map(|(id, _)| *id).collect();
        for id in done {
            let Some(held) = self.held.remove(&id) else { continue };
            let folder = self.folder().map(|folder| folder.join(&held.destination[..]));
            held.close()?;
            if let Some(folder) = folder {
                // What is damaged is kept there.
                let _ = std::fs::remove_dir(folder);
            }
        }
        Ok(())
    }

    pub fn take(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held).into_values().collect()
    }
}

impl Held {
    /// How its rows are sent.
    pub fn via(&self) -> Via {
        if self.singly.is_some() { Via::Singly } else { Via::Apart }
    }

    /// The receiver refuses rows for it.
    pub fn refuse(&mut self, reason: Reason) {
        let now = Instant::now();
        match &mut self.refused {
            Some(refused) if refused.asked => {
                refused.backoff = (refused.backoff * 2).min(MAX_BACKOFF);
                (refused.reason, refused.asked, refused.next) = (reason, false, now + refused.backoff);
            }
            Some(_) => {}
            None => {
                let next = now + MIN_BACKOFF;
                self.refused = Some(Refused { reason, next, backoff: MIN_BACKOFF, asked: false });
            }
        }
    }

    /// A row of it was refused together with others.
    pub fn separate(&mut self) {
        self.singly = Some(Instant::now() + SINGLY);
    }

    /// How many rows may be offered now.
    pub fn may_send(&self) -> usize {
        match &self.refused {
            _ if self.draining > 0 => 0,
            None => usize::MAX,
            Some(refused) if self.queue.window.in_flight == 0 && Instant::now() >= refused.next => 1,
            Some(_) => 0,
        }
    }

    /// Whether it takes rows, and none are left.
    fn done(&self) -> bool {
        self.parked.is_empty() && self.is_open()
    }

    fn is_idle(&self) -> bool {
        self.parked.is_empty() && self.has_sent_all()
    }

    /// Whether it takes rows as any other destination, and none are left that must go first.
    pub fn is_open(&self) -> bool {
        self.singly.is_none_or(|until| Instant::now() >= until) && self.has_sent_all()
    }

    fn has_sent_all(&self) -> bool {
        self.refused.is_none() && self.draining == 0 && self.queue.is_empty()
    }

    /// Rows that wait for it.
    pub fn waiting(&self) -> u64 {
        self.rows + self.parked.len() as u64
    }

    /// A row for it waits among the others.
    pub fn park(&mut self, pos: u64) {
        let at = self.parked.partition_point(|other| *other < pos);
        self.parked.insert(at, pos);
    }

    /// Takes rows over to disk.
    pub fn write(&mut self, moved: &Moved) -> std::io::Result<()> {
        let Some(spool) = &mut self.queue.spool else {
            return Err(std::io::Error::other("the queue could not be made"));
        };
        spool.append(&moved.origin, moved.rows, &moved.bytes)?;
        self.unsynced = true;
        self.rows += u64::from(moved.rows);
        Ok(())
    }

    /// Takes rows over in memory.
    pub fn keep(&mut self, moved: Moved) {
        let Moved { origin, rows, bytes } = moved;
        self.queue.push(origin.run, origin.numbers, rows, bytes);
        self.rows += u64::from(rows);
    }

    pub fn close(self) -> std::io::Result<()> {
        self.queue.spool.map_or(Ok(()), Spool::close)
    }
}

/// Rows that move to a queue.
pub(super) struct Moved {
    pub origin: Origin,
    pub rows: u32,
    pub bytes: Vec<u8>,
}
