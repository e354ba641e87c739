//! Packets travel in blocks: one recycled buffer of capture bytes and an index of the packets in it.
//!
//! A block is shared by all workers (`Arc<Block>`), read only. When the last of them lets go, its buffer
//! returns to the pool it came from, so that a replay allocates [`MAX_BUFFERS`] buffers and no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::Packet;
use crate::time::Time;

/// The size of a buffer: large enough for the largest record a capture may hold and for few system calls,
/// small enough that the blocks in flight stay in the processor's cache.
pub(super) const BUFFER_SIZE: usize = 512 * 1024;

/// Buffers in existence at once, so a reader runs at most this far ahead of the slowest worker. With their
/// indexes they come to 12 MiB at most, when every packet is empty.
pub(super) const MAX_BUFFERS: usize = 8;

/// Where one packet lies in its block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub ts: i64,
    pub offset: u32,
    pub len: u32,
    pub wire_len: u32,
    pub link: u16,
}

/// What is recycled: the bytes and the index, both with their capacity.
#[derive(Default)]
pub(super) struct Buffer {
    pub bytes: Box<[u8]>,
    pub index: Vec<Entry>,
}

impl Buffer {
    fn new() -> Self {
        Buffer { bytes: vec![0; BUFFER_SIZE].into_boxed_slice(), index: Vec::new() }
    }
}

/// A run of consecutive packets of a capture.
pub struct Block {
    /// Taken only when the block is dropped.
    buffer: Option<Buffer>,
    first: u64,
    home: Sender<Buffer>,
}

impl Block {
    /// How many packets there are.
    pub fn len(&self) -> usize {
        self.index().len()
    }

    pub fn is_empty(&self) -> bool {
        self.index().is_empty()
    }

    /// The number of the first packet. Packets are numbered from 1 through the whole capture, leaving out
    /// those that the filter refused.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The packets in capture order, each with its number.
    pub fn packets(&self) -> Packets<'_> {
        let bytes = self.buffer.as_ref().map_or(&[][..], |b| &b.bytes);
        Packets { bytes, entries: self.index().iter(), number: self.first }
    }

    fn index(&self) -> &[Entry] {
        self.buffer.as_ref().map_or(&[], |b| &b.index)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(mut buffer) = self.buffer.take() {
            buffer.index.clear();
            // Fails only when the reader is gone, and then nobody needs the buffer.
            let _ = self.home.try_send(buffer);
        }
    }
}

/// The packets of one [`Block`].
pub struct Packets<'a> {
    bytes: &'a [u8],
    entries: std::slice::Iter<'a, Entry>,
    number: u64,
}

impl<'a> Iterator for Packets<'a> {
    type Item = (u64, Packet<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?;
        let number = self.number;
        self.number += 1;
        let start = entry.offset as usize;
        let data = self.bytes.get(start..start + entry.len as usize).unwrap_or_default();
        let ts = Time::from_nanos(entry.ts);
        Some((number, Packet { ts, link: entry.link, wire_len: entry.wire_len, data }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for Packets<'_> {}

/// Makes buffers up to [`MAX_BUFFERS`], then waits for one to come back.
pub(super) struct Pool {
    home: Sender<Buffer>,
    free: Receiver<Buffer>,
    made: usize,
    /// Reading is to end, be it that a worker keeps its buffers for ever.
    stop: Arc<AtomicBool>,
}

/// How often it is looked whether reading is to end while all buffers are in use.
const LOOK: Duration = Duration::from_millis(100);

impl Pool {
    pub fn new(stop: &Arc<AtomicBool>) -> Self {
        let (home, free) = bounded(MAX_BUFFERS);
        Pool { home, free, made: 0, stop: stop.clone() }
    }

    /// A buffer with an empty index. Blocks while all are in use and reading goes on.
    pub fn take(&mut self) -> Buffer {
        // One that came back is still warm in the cache; a new one is not.
        if let Ok(buffer) = self.free.try_recv() {
            return buffer;
        }
        if self.made < MAX_BUFFERS {
            self.made += 1;
            return Buffer::new();
        }
        loop {
            match self.free.recv_timeout(LOOK) {
                Ok(buffer) => return buffer,
                // What is read then is nothing.
                Err(_) if self.stop.load(Ordering::Relaxed) => return Buffer::new(),
                Err(_) => {}
            }
        }
    }

    /// A block of these packets, whose buffer comes back here.
    pub fn block(&self, buffer: Buffer, first: u64) -> Block {
        Block { buffer: Some(buffer), first, home: self.home.clone() }
    }
}
