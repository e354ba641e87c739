//! The queue in memory between the logs and an exporter: bounded in bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::export::rows;
use crate::log::Outlet;
use crate::sink::account::{Account, Reason};

/// What happens when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Replay: whoever brings rows waits, but not longer than the receiver has time to take some.
    Wait,
    /// Live capture never waits: rows are dropped and counted.
    Drop,
}

/// A number of rows, as many as are handled at a time.
#[derive(Debug, Default)]
pub struct Chunk {
    pub bytes: Vec<u8>,
    pub rows: u32,
}

/// A new chunk is begun when one has this many bytes.
const CHUNK: usize = 256 * 1024;
/// Chunks' memory kept for others.
const SPARE: usize = 64;

#[derive(Debug)]
pub struct Queue {
    mode: Mode,
    max_bytes: usize,
    /// How long a replay waits for the receiver to take rows before it goes on without.
    patience: Duration,
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
    account: Arc<Mutex<Account>>,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    bytes: usize,
    /// Memory of chunks that are done with, to be used again.
    spare: Vec<Vec<u8>>,
    /// When nothing more will come, and since when.
    closed: Option<Instant>,
    /// Nobody takes rows any more: what comes is lost.
    abandoned: bool,
    /// The exporter sleeps until something comes.
    sleeping: bool,
    /// When rows were last delivered.
    progress: Option<Instant>,
    /// Nobody waits any more, until rows are delivered again.
    gave_up: bool,
    /// Why there is no room, if not because rows come too fast.
    full: Option<Reason>,
}

impl Queue {
    pub fn new(mode: Mode, max_bytes: usize, patience: Duration, account: Arc<Mutex<Account>>) -> Self {
        let (filled, emptied) = (Condvar::new(), Condvar::new());
        Queue { mode, max_bytes, patience, state: Mutex::default(), filled, emptied, account }
    }

    /// A thread that panicked while holding the lock left the state whole: every change is one step.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, row: &[u8]) {
        let mut state = self.state();
        let mut since = None;
        // A row longer than the whole queue passes when the queue is empty.
        while state.bytes > 0 && state.bytes + row.len() > self.max_bytes && !state.abandoned {
            if self.mode == Mode::Drop {
                let why = state.full.unwrap_or(Reason::QueueFull);
                drop(state);
                return self.lose(row, why);
            }
            let since = *since.get_or_insert_with(Instant::now);
            let waited = state.progress.map_or(since, |progress| progress.max(since)).elapsed();
            if state.gave_up || waited >= self.patience {
                state.gave_up = true;
                let why = state.full.unwrap_or(Reason::Deadline);
                drop(state);
                return self.lose(row, why);
            }
            let left = self.patience - waited;
            (state, _) = self.emptied.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        if state.abandoned {
            drop(state);
            return self.lose(row, Reason::Shutdown);
        }
        state.bytes += row.len();
        match state.chunks.back_mut().filter(|chunk| chunk.bytes.len() < CHUNK) {
            Some(chunk) => {
                chunk.bytes.extend_from_slice(row);
                chunk.rows += 1;
            }
            None => {
                let mut bytes = state.spare.pop().unwrap_or_default();
                bytes.reserve(CHUNK + row.len());
                bytes.extend_from_slice(row);
                state.chunks.push_back(Chunk { bytes, rows: 1 });
            }
        }
        if std::mem::take(&mut state.sleeping) {
            self.filled.notify_one();
        }
    }

    fn lose(&self, row: &[u8], reason: Reason) {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, row) in rows(row).flatten() {
            account.offered(row.stream, 1);
            account.dropped(row.stream, reason);
        }
    }

    /// The oldest rows, if there are any. They are offered from here on.
    pub fn take(&self, account: &mut Account) -> Option<Chunk> {
        let chunk = {
            let mut state = self.state();
            let chunk = state.chunks.pop_front()?;
            state.bytes -= chunk.bytes.len();
            chunk
        };
        self.emptied.notify_one();
        for (_, row) in rows(&chunk.bytes).flatten() {
            account.offered(row.stream, 1);
        }
        Some(chunk)
    }

    /// Takes back the memory of a chunk.
    pub fn recycle(&self, mut bytes: Vec<u8>) {
        let mut state = self.state();
        // That of an unusually long row is not kept.
        if state.spare.len() < SPARE && bytes.capacity() <= 2 * CHUNK {
            bytes.clear();
            state.spare.push(bytes);
        }
    }

    /// Sleeps until there are rows, or no more will come, or for `at_most`.
    pub fn sleep(&self, at_most: Duration) {
        let mut state = self.state();
        if state.chunks.is_empty() && state.closed.is_none() {
            state.sleeping = true;
            let (mut state, _) =
                self.filled.wait_timeout(state, at_most).unwrap_or_else(PoisonError::into_inner);
            state.sleeping = false;
        }
    }

    /// Nothing more will come.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed.get_or_insert_with(Instant::now);
        self.filled.notify_one();
    }

    /// Since when nothing more comes.
    pub fn closed(&self) -> Option<Instant> {
        self.state().closed
    }

    /// Rows were delivered: who waits may wait as long again.
    pub fn progress(&self) {
        if self.mode == Mode::Wait {
            let mut state = self.state();
            (state.progress, state.gave_up) = (Some(Instant::now()), false);
        }
    }

    /// Whether a replay waited for so long that it does not wait any more.
    pub fn gave_up(&self) -> bool {
        self.state().gave_up
    }

    /// Says why there will be no room, or that there will be.
    pub fn full(&self, why: Option<Reason>) {
        self.state().full = why;
    }

    /// Nothing will be taken any more; nobody waits for it.
    pub fn abandon(&self) {
        self.state().abandoned = true;
        self.emptied.notify_all();
    }
}

/// The end that the logs have.
pub struct Inlet(pub Arc<Queue>);

impl Outlet for Inlet {
    fn row(&mut self, row: &[u8]) {
        self.0.put(row);
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::testing::encoded;

    fn queue(mode: Mode, max_bytes: usize) -> (Arc<Queue>, Arc<Mutex<Account>>) {
        let account = Arc::<Mutex<Account>>::default();
        (Arc::new(Queue::new(mode, max_bytes, Duration::from_secs(10), account.clone())), account)
    }

    #[test]
    fn live_capture_drops_and_counts_what_has_no_room() {
        let row = encoded("conn", "12345");
        let (queue, account) = queue(Mode::Drop, 2 * row.len());
        let mut inlet = Inlet(queue.clone());
        (0..5).for_each(|_| inlet.row(&row));
        let mut account = account.lock().unwrap();
        assert_eq!(account.total().dropped[Reason::QueueFull as usize], 3);
        assert_eq!(queue.take(&mut account).unwrap().bytes.len(), 2 * row.len());
        assert_eq!((account.total().offered, account.total().in_flight), (5, 2));
        assert!(queue.take(&mut account).is_none() && account.total().balanced());
    }

    #[test]
    fn a_row_longer_than_the_queue_passes_alone() {
        let (queue, account) = queue(Mode::Drop, 4);
        queue.put(&encoded("conn", "a long row"));
        assert!(queue.take(&mut account.lock().unwrap()).is_some());
    }

    #[test]
    fn replay_waits_for_room_and_stops_waiting_when_nobody_takes_rows() {
        let row = encoded("conn", "12345");
        let (queue, account) = queue(Mode::Wait, row.len());
        let bringing = {
            let (queue, row) = (queue.clone(), row.clone());
            std::thread::spawn(move || (0..4).for_each(|_| queue.put(&row)))
        };
        for _ in 0..2 {
            queue.sleep(Duration::from_secs(10));
            assert!(queue.take(&mut account.lock().unwrap()).is_some());
        }
        queue.sleep(Duration::from_secs(10));
        queue.abandon();
        bringing.join().unwrap();
        assert_eq!(account.lock().unwrap().total().dropped[Reason::Shutdown as usize], 1);
    }

    #[test]
    fn replay_does_not_wait_without_end() {
        let row = encoded("conn", "12345");
        let account = Arc::<Mutex<Account>>::default();
        let queue = Queue::new(Mode::Wait, row.len(), Duration::from_millis(20), account.clone());
        (0..1000).for_each(|_| queue.put(&row));
        assert!(queue.gave_up());
        assert_eq!(account.lock().unwrap().total().dropped[Reason::Deadline as usize], 999);
        queue.progress();
        assert!(!queue.gave_up() && queue.take(&mut account.lock().unwrap()).is_some());
    }

    #[test]
    fn rows_are_gathered_in_chunks_and_the_end_is_told() {
        let (queue, account) = queue(Mode::Wait, 10 << 20);
        let row = encoded("conn", &"x".repeat(1000));
        let mut inlet = Inlet(queue.clone());
        (0..1000).for_each(|_| inlet.row(&row));
        assert!(queue.closed().is_none());
        drop(inlet);
        assert!(queue.closed().is_some());
        let mut account = account.lock().unwrap();
        let sizes: Vec<_> = std::iter::from_fn(|| queue.take(&mut account)).map(|c| c.bytes.len()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 1000 * row.len());
        assert!(sizes.len() == 4 && sizes.iter().all(|size| *size < CHUNK + 2 * row.len()), "{sizes:?}");
    }
}
