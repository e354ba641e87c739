//! The rows in memory that are being sent.

use std::collections::VecDeque;

use crate::export::{ExportRow, rows};
use crate::sink::spool::Numbers;
use crate::sink::transport::{Message, Via};

/// Chunks of rows in the order of their positions, each kept until all its rows are settled.
#[derive(Default)]
pub(super) struct Window {
    chunks: VecDeque<Loaded>,
    bytes: usize,
    /// Where to look for the next row that was not sent.
    cursor: u64,
    /// Rows that failed, to be sent before all others, in order.
    again: VecDeque<u64>,
    /// Rows sent and not reported on.
    pub in_flight: u64,
    /// The memory of chunks whose rows are all settled.
    pub done: Vec<Vec<u8>>,
}

struct Loaded {
    pos: u64,
    numbers: Numbers,
    run: u64,
    bytes: Vec<u8>,
    rows: Vec<Place>,
    unsettled: usize,
}

impl Loaded {
    fn end(&self) -> u64 {
        self.pos + self.rows.len() as u64
    }
}

struct Place {
    offset: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Sent,
    /// Waiting for others to be reported on; it is not offered.
    Parked,
    Settled,
}

impl Window {
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Adds rows behind all others; those for which `settled` says so need not be sent.
    pub fn push(
        &mut self,
        pos: u64,
        numbers: Numbers,
        run: u64,
        bytes: Vec<u8>,
        settled: impl Fn(u64) -> bool,
    ) {
        let place = |(nth, (offset, _)): (usize, (usize, ExportRow<'_>))| {
            let state = if settled(pos + nth as u64) { State::Settled } else { State::Waiting };
            Place { offset: offset as u32, state }
        };
        let rows: Vec<Place> = rows(&bytes).flatten().enumerate().map(place).collect();
        let unsettled = rows.iter().filter(|place| place.state == State::Waiting).count();
        self.bytes += bytes.len();
        self.chunks.push_back(Loaded { pos, numbers, run, bytes, rows, unsettled });
        self.forget_settled();
    }

    /// The next row to be sent.
    pub fn next(&mut self) -> Option<Message<'_>> {
        if let Some(&pos) = self.again.front() {
            return self.message(pos);
        }
        loop {
            let at = self.chunks.partition_point(|chunk| chunk.end() <= self.cursor);
            let chunk = self.chunks.get(at)?;
            let from = self.cursor.saturating_sub(chunk.pos);
            let rest = chunk.rows.get(from as usize..)?;
            match rest.iter().position(|place| place.state == State::Waiting) {
                Some(skip) => {
                    self.cursor = chunk.pos + from + skip as u64;
                    return self.message(self.cursor);
                }
                None => self.cursor = chunk.end(),
            }
        }
    }

    /// The row that [`Window::next`] gave was taken.
    pub fn sent(&mut self, pos: u64) {
        if self.again.front() == Some(&pos) {
            self.again.pop_front();
        }
        if let Some((chunk, nth)) = self.find(pos) {
            chunk.rows[nth].state = State::Sent;
            self.in_flight += 1;
            self.cursor = self.cursor.max(pos + 1);
        }
    }

    /// A row that was sent can be sent again.
    pub fn failed(&mut self, pos: u64) {
        if let Some((chunk, nth)) = self.find(pos)
            && chunk.rows[nth].state == State::Sent
        {
            chunk.rows[nth].state = State::Waiting;
            // Sent again in the order of their positions, whatever order they failed in.
            let at = self.again.partition_point(|other| *other < pos);
            self.again.insert(at, pos);
            self.in_flight -= 1;
        }
    }

    /// A row is not offered until it is settled. It was to be sent, or was sent.
    pub fn park(&mut self, pos: u64) {
        if self.again.front() == Some(&pos) {
            self.again.pop_front();
        }
        if let Some((chunk, nth)) = self.find(pos) {
            let was = std::mem::replace(&mut chunk.rows[nth].state, State::Parked);
            self.in_flight -= u64::from(was == State::Sent);
        }
    }

    pub fn is_sent(&self, pos: u64) -> bool {
        let state = |at: usize| Some(self.chunks[at].rows.get((pos - self.chunks[at].pos) as usize)?.state);
        self.index(pos).and_then(state) == Some(State::Sent)
    }

    /// Every row that was sent and not reported on.
    pub fn sent_rows(&self) -> impl Iterator<Item = ExportRow<'_>> {
        self.chunks.iter().flat_map(|chunk| {
            let sent = chunk.rows.iter().filter(|place| place.state == State::Sent);
            sent.filter_map(|place| Some(ExportRow::read(chunk.bytes.get(place.offset as usize..)?).ok()?.0))
        })
    }

    /// A row need not be kept any more; gives it for the last time, unless that was so before.
    pub fn settle<T>(&mut self, pos: u64, last: impl FnOnce(&ExportRow<'_>) -> T) -> Option<T> {
        if self.again.front() == Some(&pos) {
            self.again.pop_front();
        }
        let (chunk, nth) = self.find(pos)?;
        let was = std::mem::replace(&mut chunk.rows[nth].state, State::Settled);
        if was == State::Settled {
            return None;
        }
        chunk.unsettled -= 1;
        let (row, _) = ExportRow::read(&chunk.bytes[chunk.rows[nth].offset as usize..]).ok()?;
        let said = last(&row);
        self.in_flight -= u64::from(was == State::Sent);
        self.forget_settled();
        Some(said)
    }

    /// Every row that is not settled, with its position.
    pub fn unsettled(&self) -> impl Iterator<Item = (u64, ExportRow<'_>)> {
        self.chunks.iter().flat_map(|chunk| {
            let rows = (chunk.pos..).zip(&chunk.rows).filter(|(_, place)| place.state != State::Settled);
            rows.filter_map(|(pos, place)| {
                Some((pos, ExportRow::read(chunk.bytes.get(place.offset as usize..)?).ok()?.0))
            })
        })
    }

    /// A row that was parked may be sent.
    pub fn unpark(&mut self, pos: u64) {
        if let Some((chunk, nth)) = self.find(pos)
            && chunk.rows[nth].state == State::Parked
        {
            chunk.rows[nth].state = State::Waiting;
            let at = self.again.partition_point(|other| *other < pos);
            self.again.insert(at, pos);
        }
    }

    /// The row at a position, where it is still kept.
    pub fn message(&self, pos: u64) -> Option<Message<'_>> {
        let at = self.index(pos)?;
        let chunk = &self.chunks[at];
        let nth = pos - chunk.pos;
        let (row, _) = ExportRow::read(&chunk.bytes[chunk.rows[nth as usize].offset as usize..]).ok()?;
        Some(Message { row, run: chunk.run, seq: chunk.numbers.get(nth), pos, via: Via::Main })
    }

    /// A row as it is encoded.
    pub fn encoded(&self, pos: u64) -> Option<&[u8]> {
        let chunk = &self.chunks[self.index(pos)?];
        let rest = &chunk.bytes[chunk.rows[(pos - chunk.pos) as usize].offset as usize..];
        rest.get(..ExportRow::read(rest).ok()?.1)
    }

    fn index(&self, pos: u64) -> Option<usize> {
        let at = self.chunks.partition_point(|chunk| chunk.end() <= pos);
        self.chunks.get(at).filter(|chunk| chunk.pos <= pos).map(|_| at)
    }

    fn find(&mut self, pos: u64) -> Option<(&mut Loaded, usize)> {
        let at = self.index(pos)?;
        let chunk = &mut self.chunks[at];
        let nth = (pos - chunk.pos) as usize;
        Some((chunk, nth))
    }

    fn forget_settled(&mut self) {
        while self.chunks.front().is_some_and(|chunk| chunk.unsettled == 0) {
            let bytes = self.chunks.pop_front().map(|chunk| chunk.bytes).unwrap_or_default();
            self.bytes -= bytes.len();
            self.done.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::testing::encoded;

    fn chunk(values: &[&str]) -> Vec<u8> {
        values.iter().flat_map(|value| encoded("conn", value)).collect()
    }

    fn next(window: &mut Window) -> Option<(u64, u64, String)> {
        let message = window.next()?;
        Some((message.pos, message.seq, String::from_utf8_lossy(message.row.value).into_owned()))
    }

    fn send(window: &mut Window) -> Option<u64> {
        let (pos, ..) = next(window)?;
        window.sent(pos);
        Some(pos)
    }

    #[test]
    fn rows_are_sent_in_order_and_kept_until_they_are_settled() {
        let mut window = Window::default();
        window.push(10, Numbers::From(100), 1, chunk(&["a", "b"]), |_| false);
        window.push(12, Numbers::From(200), 2, chunk(&["c", "d"]), |pos| pos == 12);
        assert_eq!(next(&mut window), Some((10, 100, "a".to_owned())));
        assert_eq!((send(&mut window), send(&mut window)), (Some(10), Some(11)));
        assert_eq!(next(&mut window), Some((13, 201, "d".to_owned())));
        window.sent(13);
        assert_eq!((next(&mut window), window.in_flight), (None, 3));
        assert_eq!(window.settle(11, |row| row.value.to_vec()), Some(b"b".to_vec()));
        assert_eq!(window.settle(11, |_| ()), None);
        assert_eq!(window.unsettled().map(|(pos, _)| pos).collect::<Vec<_>>(), [10, 13]);
        assert!(window.settle(13, |_| ()).is_some() && window.settle(10, |_| ()).is_some());
        assert_eq!((window.is_empty(), window.bytes(), window.in_flight), (true, 0, 0));
        assert_eq!(window.settle(10, |_| ()), None);
    }

    #[test]
    fn rows_that_failed_are_sent_again_first_and_in_order() {
        let mut window = Window::default();
        window.push(0, Numbers::From(0), 1, chunk(&["a", "b", "c", "d"]), |_| false);
        (0..3).for_each(|pos| assert_eq!(send(&mut window), Some(pos)));
        window.failed(2);
        window.failed(0);
        window.failed(0);
        let order: Vec<_> = std::iter::from_fn(|| send(&mut window)).collect();
        assert_eq!(order, [0, 2, 3]);
        assert_eq!(window.in_flight, 4);
    }
}
