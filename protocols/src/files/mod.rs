//! One file on its way through a connection: what was seen of it, what is missing, what it is.
//!
//! [`File`] follows Zeek's `file_analysis::File`. Bytes come in order, or with an offset where a protocol
//! knows one (HTTP ranges); gaps are told; the end is told or follows from the expected size. The first
//! [`SNIFF_LEN`] bytes decide the type. Digests are computed while bytes pass, when asked for.
//!
//! [`Lifetime`] is the file's clock: its first and last moment, and when it is given up.

mod hash;
mod lifetime;
mod pending;
#[cfg(test)]
mod tests;

pub use hash::{Digests, Hashing};
pub use lifetime::{Lifetime, TimerVerdict};

use crate::magic::{self, SNIFF_LEN};
use hash::Hashers;
use pending::Pending;

/// How much a file may hold on to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes kept of one file that arrived before those they follow. At the next arrival beyond that,
    /// what is missing is given up and counted in [`File::overflow_bytes`]. Zeek's
    /// `Files::reassembly_buffer_size`.
    pub pending_bytes: usize,
    /// Pieces those bytes may be in: an attacker's single bytes, each with a hole before it, cost far more
    /// memory than their length says.
    pub pending_pieces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { pending_bytes: 524_288, pending_pieces: 4096 }
    }
}

/// What a call brought about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Step {
    /// The type was decided just now: [`File::mime_type`] is final, `None` if nothing matched.
    pub sniffed: bool,
    /// The file has ended; nothing more is taken and its row can be written.
    pub ended: bool,
}

/// The state of one file.
#[derive(Debug)]
pub struct File {
    limits: Limits,
    mime_type: Option<&'static str>,
    sniffed: bool,
    ended: bool,
    /// Up to [`SNIFF_LEN`] bytes from the beginning, until the type is decided.
    beginning: Vec<u8>,
    /// Where the next byte in order belongs: what was seen and what is missing.
    next: u64,
    seen: u64,
    missing: u64,
    overflow: u64,
    total: Option<u64>,
    pending: Option<Box<Pending>>,
    hashers: Option<Box<Hashers>>,
    passed: Option<Box<Content>>,
    /// Content is kept if this holds of the type.
    keeps: Option<fn(&str) -> bool>,
}

/// What has passed of a file since it was last asked for, in order.
#[derive(Debug, Default)]
pub struct Content {
    bytes: Vec<u8>,
    /// Where each piece belongs, and where it ends in `bytes`. What is missing lies between them.
    pieces: Vec<(u64, usize)>,
}

impl Content {
    /// The pieces with their places in the file.
    pub fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let starts = std::iter::once(0).chain(self.pieces.iter().map(|(_, end)| *end));
        let pieces = self.pieces.iter().zip(starts);
        pieces.map(|((offset, end), start)| (*offset, self.bytes.get(start..*end).unwrap_or_default()))
    }

    fn push(&mut self, offset: u64, data: &[u8]) {
        if !data.is_empty() {
            self.bytes.extend_from_slice(data);
            self.pieces.push((offset, self.bytes.len()));
        }
    }
}

impl File {
    /// A file of which nothing has come yet.
    pub fn new(limits: Limits, hashing: Hashing) -> File {
        File {
            limits,
            mime_type: None,
            sniffed: false,
            ended: false,
            beginning: Vec::new(),
            next: 0,
            seen: 0,
            missing: 0,
            overflow: 0,
            total: None,
            pending: None,
            hashers: hashing.any().then(|| Box::new(Hashers::new(hashing))),
            passed: None,
            keeps: None,
        }
    }

    /// Keeps what passes, for [`File::take_content`].
    pub fn keep_content(&mut self) {
        self.passed = Some(Box::default());
    }

    /// Keeps what passes if the type is one of those for which `keeps` holds, all of it from the beginning.
    pub fn keep_content_of(&mut self, keeps: fn(&str) -> bool) {
        self.keeps = Some(keeps);
    }

    /// Nobody wants the content that was kept, nor what follows.
    pub fn drop_content(&mut self) {
        self.passed = None;
    }

    /// The protocol says what type it is: it is not looked for. Before anything of it is taken.
    pub fn set_type(&mut self, mime_type: &'static str) -> Step {
        self.step(|file| file.decide(Some(mime_type), &[]))
    }

    /// What has passed since the last call. Nothing before the type is decided: who wants the content may depend
    /// on that.
    pub fn take_content(&mut self) -> Content {
        self.passed.as_deref_mut().filter(|_| self.sniffed).map(std::mem::take).unwrap_or_default()
    }

    /// The type its beginning tells, once it was looked at.
    pub fn mime_type(&self) -> Option<&'static str> {
        self.mime_type
    }

    /// Bytes that arrived and were taken in order.
    pub fn seen_bytes(&self) -> u64 {
        self.seen
    }

    /// Bytes known to have been missed.
    pub fn missing_bytes(&self) -> u64 {
        self.missing
    }

    /// Bytes given up because too much was waiting for them. They also count as missing, as in Zeek.
    pub fn overflow_bytes(&self) -> u64 {
        self.overflow
    }

    /// How long the file should be, where the protocol says.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total
    }

    /// Bytes held in memory for the file: its beginning until the type is decided, and what waits for what
    /// comes before it.
    pub fn held_bytes(&self) -> usize {
        self.beginning.capacity()
            + self.pending.as_ref().map_or(0, |pending| pending.held_bytes())
            + self.passed.as_ref().map_or(0, |passed| passed.bytes.capacity())
    }

    /// Gives up the holes before all that waits, as if too much were waiting.
    pub fn give_up_waiting(&mut self) -> Step {
        self.step(|file| {
            if let Some((first, end)) = file.pending.as_ref().and_then(|pending| pending.span()) {
                file.overflow = file.overflow.saturating_add(first.saturating_sub(file.next));
                file.give_up_to(end);
            }
            if file.is_complete() {
                file.end();
            }
        })
    }

    /// The digests of the file; call it once the file has ended.
    ///
    /// As in Zeek, a file of which a part was missed or nothing was seen has none, and one cut off at its
    /// end has that of the part seen.
    pub fn digests(&self) -> Digests {
        self.hashers.as_ref().map(|hashers| hashers.digests()).unwrap_or_default()
    }

    /// The next bytes of a file that comes in order.
    pub fn data(&mut self, data: &[u8]) -> Step {
        self.data_at(self.next, data)
    }

    /// Bytes that belong at `offset`.
    pub fn data_at(&mut self, offset: u64, data: &[u8]) -> Step {
        self.step(|file| {
            if offset == file.next && file.pending.as_ref().is_none_or(|pending| pending.pieces() == 0) {
                file.deliver(data);
            } else {
                file.reassemble(offset, data);
            }
            if file.is_complete() {
                file.end();
            }
        })
    }

    /// `len` bytes from `offset` on will never come.
    pub fn gap(&mut self, offset: u64, len: u64) -> Step {
        self.step(|file| {
            if file.pending.is_some() {
                file.give_up_to(offset.saturating_add(len));
            } else {
                file.miss(len);
            }
        })
    }

    /// The file should be `total` bytes long.
    pub fn set_total(&mut self, total: u64) -> Step {
        self.step(|file| {
            file.total = Some(total);
            if file.is_complete() {
                file.end();
            }
        })
    }

    /// No more of the file will come.
    pub fn finish(&mut self) -> Step {
        self.step(File::end)
    }

    fn step(&mut self, action: impl FnOnce(&mut File)) -> Step {
        if self.ended {
            return Step { sniffed: false, ended: true };
        }
        let sniffed_before = self.sniffed;
        action(self);
        Step { sniffed: self.sniffed && !sniffed_before, ended: self.ended }
    }

    fn is_complete(&self) -> bool {
        self.total.is_some_and(|total| self.next >= total)
    }

    fn end(&mut self) {
        if let Some(last) = self.pending.as_ref().and_then(|pending| pending.end()) {
            self.give_up_to(last);
        }
        self.sniff_beginning();
        self.ended = true;
        self.pending = None;
    }

    /// Takes the next bytes in order.
    fn deliver(&mut self, data: &[u8]) {
        if !self.sniffed {
            self.sniff(data);
        }
        if let Some(hashers) = &mut self.hashers {
            hashers.update(data);
        }
        if let Some(passed) = &mut self.passed {
            passed.push(self.next, data);
        }
        self.next = self.next.saturating_add(data.len() as u64);
        self.seen = self.seen.saturating_add(data.len() as u64);
    }

    /// Looks at the beginning as soon as there is enough of it; until then keeps a copy.
    fn sniff(&mut self, data: &[u8]) {
        // Where one piece is enough, or is all there will be, it need not be copied.
        let last = self.total.is_some_and(|total| self.next.saturating_add(data.len() as u64) >= total);
        if self.beginning.is_empty() && !data.is_empty() && (data.len() >= SNIFF_LEN || last) {
            self.decide(magic::detect(data), &[]);
            return;
        }
        let before = self.beginning.len();
        let room = SNIFF_LEN - before;
        self.beginning.extend_from_slice(data.get(..room).unwrap_or(data));
        if self.beginning.len() >= SNIFF_LEN {
            let beginning = std::mem::take(&mut self.beginning);
            self.decide(magic::detect(&beginning), beginning.get(..before).unwrap_or_default());
        }
    }

    /// The type is known. `before` came before what is at hand.
    fn decide(&mut self, mime_type: Option<&'static str>, before: &[u8]) {
        self.mime_type = mime_type;
        self.sniffed = true;
        let kept = mime_type.is_some_and(|mime_type| self.keeps.is_some_and(|keeps| keeps(mime_type)));
        if kept && self.passed.is_none() {
            self.passed.get_or_insert_default().push(0, before);
        }
    }

    /// Decides by what there is of the beginning; after a gap or at the end there will be no more.
    fn sniff_beginning(&mut self) {
        if !self.sniffed {
            let beginning = std::mem::take(&mut self.beginning);
            self.decide(magic::detect(&beginning), &beginning);
        }
    }

    /// Counts the next `len` bytes as missed.
    fn miss(&mut self, len: u64) {
        if len == 0 {
            return;
        }
        // Zeek (File::Gap): what came before the gap is as much as there will be.
        self.sniff_beginning();
        self.hashers = None;
        self.next = self.next.saturating_add(len);
        self.missing = self.missing.saturating_add(len);
    }

    fn reassemble(&mut self, offset: u64, data: &[u8]) {
        if offset.checked_add(data.len() as u64).is_none() {
            self.overflow = self.overflow.saturating_add(data.len() as u64);
            return;
        }
        let pending = self.pending.get_or_insert_default();
        if (pending.bytes() > self.limits.pending_bytes || pending.pieces() >= self.limits.pending_pieces)
            && let Some((first, end)) = pending.span()
        {
            // Zeek counts the first hole alone, though all of them are given up.
            self.overflow = self.overflow.saturating_add(first.saturating_sub(self.next));
            self.give_up_to(end);
        }
        if let Some(pending) = &mut self.pending {
            pending.insert(self.next, offset, data);
        }
        self.take_pending();
    }

    /// Takes what waits for nothing any more.
    fn take_pending(&mut self) {
        while let Some(piece) = self.pending.as_mut().and_then(|pending| pending.take_at(self.next)) {
            self.deliver(&piece);
        }
    }

    /// Takes everything that starts before `end`, counting the holes, and what is missing up to there.
    fn give_up_to(&mut self, end: u64) {
        while let Some(start) = self.pending.as_ref().and_then(|pending| pending.start())
            && start < end
        {
            self.miss(start.saturating_sub(self.next));
            // Each round takes a piece.
            let Some(piece) = self.pending.as_mut().and_then(|pending| pending.take_at(start)) else { break };
            self.deliver(&piece);
        }
        if end > self.next {
            self.miss(end - self.next);
        }
        self.take_pending();
    }
}

/// What must hold for any sequence of calls; the fuzz target and a test over its corpus call this.
///
/// Every three bytes of `script` are a call: which, where, how much. The file's content is a fixed pattern.
///
/// # Panics
/// When bytes get lost from the counts, come after the end, or are handed on in the wrong order.
pub fn check_invariants(script: &[u8]) {
    let content: Vec<u8> = (0u32..16_384).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let hashing = Hashing { md5: true, ..Hashing::NONE };
    let limits = Limits { pending_bytes: 4000, pending_pieces: 8 };
    let mut file = File::new(limits, hashing);
    let mut given = 0;
    for call in script.as_chunks::<3>().0 {
        let [which, place, size] = *call;
        let (at, len) = (usize::from(place) * 32, usize::from(size) * 24);
        let before = (file.ended, file.seen);
        let from = if which & 1 == 0 { usize::try_from(file.next).unwrap_or(usize::MAX) } else { at };
        let piece = content.get(from..from.saturating_add(len)).unwrap_or_default();
        let step = match which % 8 {
            0 | 2 => file.data(piece),
            1 | 3 | 5 => file.data_at(from as u64, piece),
            4 => file.gap(file.next, len as u64),
            6 => file.set_total(at as u64),
            _ => file.finish(),
        };
        given += piece.len() as u64;
        assert_eq!(step.ended, file.ended);
        assert!(!before.0 || before == (file.ended, file.seen), "taken after the end");
        assert_eq!(file.seen + file.missing, file.next);
        assert!(file.seen <= given, "more was seen than came");
        assert!(file.beginning.len() <= SNIFF_LEN);
        let waiting = file.pending.as_ref().map_or(0, |pending| pending.pieces());
        assert!(waiting <= limits.pending_pieces + 8, "{waiting} pieces wait");
    }
    let _ = file.finish();
    assert!(file.sniffed && file.pending.is_none());
    let seen = content.get(..usize::try_from(file.seen).unwrap_or(usize::MAX)).unwrap_or_default();
    if file.missing == 0 && !seen.is_empty() {
        let mut whole = File::new(limits, hashing);
        let _ = whole.data(seen);
        assert_eq!(file.digests(), whole.digests(), "the parts came in the wrong order");
        let _ = whole.finish();
        assert_eq!(file.mime_type, whole.mime_type);
    }
}
