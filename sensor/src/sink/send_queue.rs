//! A line of rows that are sent in order: on disk where there is a spool, and in memory those next to be sent.

use crate::export::rows;
use crate::sink::account::{Account, Reason};
use crate::sink::spool::{Appended, Loaded, Numbers, Origin, Spool};
use crate::sink::window::Window;

#[derive(Default)]
pub(super) struct SendQueue {
    pub spool: Option<Spool>,
    pub window: Window,
    /// The position of the next row, without a spool.
    next_pos: u64,
}

impl SendQueue {
    pub fn new(spool: Option<Spool>) -> SendQueue {
        SendQueue { spool, ..SendQueue::default() }
    }

    /// Whether rows are on disk that were not read.
    pub fn unread(&self) -> bool {
        self.spool.as_ref().is_some_and(Spool::unread)
    }

    pub fn is_empty(&self) -> bool {
        self.window.is_empty() && !self.unread()
    }

    /// Takes rows that are only in memory.
    pub fn push(&mut self, run: u64, numbers: Numbers, rows: u32, bytes: Vec<u8>) {
        let pos = match &mut self.spool {
            Some(spool) => {
                let pos = spool.skip(rows);
                spool.pass(pos + u64::from(rows));
                pos
            }
            None => self.next_pos,
        };
        self.next_pos += u64::from(rows);
        self.window.push(pos, numbers, run, bytes, |_| false);
    }

    /// The row at `pos` need not be sent any more.
    pub fn settle(&mut self, pos: u64) {
        if let Some(spool) = &mut self.spool {
            spool.settle(pos);
        }
    }

    /// Reads rows back from the spool until there are so many bytes in memory. Says how many rows that were,
    /// and how many of them were lost because they are damaged.
    pub fn read_back(&mut self, window_bytes: usize, account: &mut Account) -> std::io::Result<(u64, u64)> {
        let (mut read, mut lost) = (0, 0);
        while self.window.bytes() < window_bytes {
            let Some(loaded) = self.spool.as_mut().map(Spool::load).transpose()?.flatten() else { break };
            read += loaded.rows;
            if loaded.damaged {
                lost += self.give_up(&loaded, Reason::Damaged, account);
                continue;
            }
            let settled = |pos| self.spool.as_ref().is_some_and(|spool| spool.is_settled(pos));
            for (pos, (_, row)) in (loaded.pos..).zip(rows(&loaded.bytes).flatten()) {
                if !settled(pos) {
                    account.read_back(row.stream);
                }
            }
            self.window.push(loaded.pos, loaded.numbers, loaded.run, loaded.bytes, settled);
        }
        Ok((read, lost))
    }

    /// Rows on disk only will never be sent. Says how many that were.
    pub fn give_up(&mut self, loaded: &Loaded, reason: Reason, account: &mut Account) -> u64 {
        let Some(spool) = &mut self.spool else { return 0 };
        let mut streams = rows(&loaded.bytes).flatten().map(|(_, row)| row.stream);
        let mut lost = 0;
        for pos in loaded.pos..loaded.pos + loaded.rows {
            let stream = streams.next();
            if spool.is_settled(pos) {
                continue;
            }
            lost += 1;
            match stream {
                Some(stream) => account.dropped_from_spool(stream, reason),
                None => account.unreadable(),
            }
            spool.settle(pos);
        }
        lost
    }

    /// Counts what is left in memory at the end: it is on disk as well, or is written there now, or is lost.
    pub fn leave(&mut self, account: &mut Account) {
        for (pos, row) in self.window.unsettled() {
            let Some(spool) = &mut self.spool else {
                account.dropped(row.stream, Reason::Shutdown);
                continue;
            };
            let kept = !spool.is_settled(pos) || {
                let message = self.window.message(pos).zip(self.window.encoded(pos));
                message.is_some_and(|(message, bytes)| {
                    let numbers = Numbers::From(message.seq);
                    let origin = Origin { run: message.run, numbers, made: None };
                    matches!(spool.append(&origin, 1, bytes), Ok(Appended::At(_)))
                })
            };
            if kept {
                account.spooled(row.stream);
            } else {
                account.dropped(row.stream, Reason::Shutdown);
            }
        }
    }
}
