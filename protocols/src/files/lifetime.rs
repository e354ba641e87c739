//! When a file was first and last heard of, and when it is given up.

/// A file's clock, in nanoseconds of packet time.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    first: i64,
    last: i64,
    timed_out: bool,
}

/// What to do when a file's timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerVerdict {
    /// Nothing came for the whole interval: end the file.
    TimedOut,
    /// Look again at this moment.
    CheckAt(i64),
}

impl Lifetime {
    /// Zeek's `default_file_timeout_interval`.
    pub const DEFAULT_INTERVAL: i64 = 120_000_000_000;

    /// Of a file that was seen first at this time.
    pub fn new(now: i64) -> Lifetime {
        Lifetime { first: now, last: now, timed_out: false }
    }

    /// The `ts` of the row.
    pub fn first(&self) -> i64 {
        self.first
    }

    /// When something of the file last came.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// The `duration` of the row: to the last bytes, gap or announced size. The end of a file does not
    /// count (Zeek's `Manager::EndOfFile` leaves the last activity as it was).
    pub fn duration(&self) -> i64 {
        self.last.saturating_sub(self.first)
    }

    /// The `timedout` of the row.
    pub fn timed_out(&self) -> bool {
        self.timed_out
    }

    /// Something of the file came.
    pub fn touch(&mut self, now: i64) {
        self.last = now;
    }

    /// The timer fired: it is first set one interval after the file was seen, then as told here.
    pub fn timer(&mut self, now: i64, interval: i64) -> TimerVerdict {
        if now.saturating_sub(self.last) >= interval {
            self.expire();
            return TimerVerdict::TimedOut;
        }
        TimerVerdict::CheckAt(now.saturating_add(interval))
    }

    /// The file is given up: its timer ran out or the capture ends before it does.
    pub fn expire(&mut self) {
        self.timed_out = true;
    }
}
