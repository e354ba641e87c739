//! The bytes of the capture that are at hand.

use std::mem;

use super::CaptureError;
use super::source::{Source, SourceError};
use crate::capture::block::Buffer;

/// A buffer being filled from the source: `buffer.bytes[pos..end]` are read and not yet framed.
pub(super) struct Input {
    source: Source,
    pub buffer: Buffer,
    pub pos: usize,
    pub end: usize,
    /// Where in the capture the buffer begins.
    pub base: u64,
    /// Bytes still to be passed over, of a record that reaches beyond what was read.
    pub discard: u64,
}

impl Input {
    pub fn new(source: Source, buffer: Buffer) -> Self {
        Input { source, buffer, pos: 0, end: 0, base: 0, discard: 0 }
    }

    /// The first bytes of the capture: as many as asked for, or fewer where it ends before.
    pub fn start(&mut self, len: usize) -> Result<&[u8], CaptureError> {
        while self.end < len && self.read()? {}
        Ok(self.buffer.bytes.get(..self.end.min(len)).unwrap_or_default())
    }

    pub fn live(&self) -> bool {
        self.source.live
    }

    /// Whether there is no more because reading was told to end.
    pub fn has_stopped(&self) -> bool {
        self.source.has_stopped()
    }

    /// How many bytes can be read into the buffer.
    pub fn room(&self) -> usize {
        self.buffer.bytes.len() - self.end
    }

    /// Whether a record of this length, from the first byte not yet framed, fits the buffer.
    pub fn fits(&self, record: usize) -> bool {
        self.pos + record <= self.buffer.bytes.len()
    }

    /// Moves the bytes not yet framed to the front.
    pub fn compact(&mut self) {
        self.buffer.bytes.copy_within(self.pos..self.end, 0);
        self.moved();
    }

    /// Goes on in another buffer, to which the bytes not yet framed move.
    pub fn replace(&mut self, fresh: Buffer) -> Buffer {
        let full = mem::replace(&mut self.buffer, fresh);
        let rest = full.bytes.get(self.pos..self.end).unwrap_or_default();
        if let Some(front) = self.buffer.bytes.get_mut(..rest.len()) {
            front.copy_from_slice(rest);
        }
        self.moved();
        full
    }

    fn moved(&mut self) {
        self.base += self.pos as u64;
        self.end -= self.pos;
        self.pos = 0;
    }

    /// Reads once. False at the end of the capture.
    pub fn read(&mut self) -> Result<bool, CaptureError> {
        let room = self.buffer.bytes.get_mut(self.end..).unwrap_or_default();
        let offset = self.base + self.end as u64;
        let n = self.source.read(room).map_err(|error| match error {
            SourceError::Read(error) => CaptureError::Read { offset, error },
            SourceError::Truncated(reason) => CaptureError::Truncated { offset, reason },
            SourceError::Corrupt(reason) => CaptureError::Corrupt { offset, reason },
        })?;
        self.end += n;
        let passed = self.discard.min((self.end - self.pos) as u64);
        self.discard -= passed;
        self.pos += passed as usize;
        Ok(n > 0)
    }

    /// Called at the end of the capture: an error unless a record ended there, too. `need` is what the
    /// framer asked for.
    pub fn ends_well(&self, need: usize) -> Result<(), CaptureError> {
        let offset = self.base + self.pos as u64;
        let have = self.end - self.pos;
        let reason = if self.discard > 0 {
            format!("{} bytes of the last record are missing", self.discard)
        } else if have > 0 {
            format!("the last record has {have} bytes of at least {need}")
        } else if self.source.shrank() {
            "the file became shorter while it was read".to_owned()
        } else {
            return Ok(());
        };
        Err(CaptureError::Truncated { offset, reason })
    }
}
