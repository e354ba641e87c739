//! Putting fragmented datagrams together, with the verdicts of Zeek's `Frag.cc`.
//!
//! Where fragments overlap, the bytes that came first win, and the overlap is told. Incomplete
//! datagrams are given up for their age, as in Zeek, and here also, oldest first, when the budget is
//! used up; both are counted.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use nightjar_protocols::wire::ipv6;

use super::weird::{Weird, Weirds};
use crate::counters::{Metric, counter, counters};
use crate::time::{Interval, Time};

/// Fragments below this many bytes with more to come are suspicious: no real link has so small an
/// MTU (Zeek's `MIN_ACCEPTABLE_FRAG_SIZE`).
const MIN_ACCEPTABLE: u32 = 64;
/// Datagrams beyond this many bytes are suspicious (Zeek's `MAX_ACCEPTABLE_FRAG_SIZE`).
const MAX_ACCEPTABLE: u32 = 64_000;

/// The ceilings on fragments kept, against floods of fragments that never complete.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a datagram may take to complete, by packet time (`frag_timeout`); zero for no end.
    pub timeout: Interval,
    /// Incomplete datagrams kept at once; beyond, the oldest is given up.
    pub max_datagrams: usize,
    /// Memory for all of them together; beyond, the oldest are given up.
    pub max_bytes: usize,
    /// Separate pieces kept of one datagram. 65,535 bytes through the smallest legal IPv4 MTU (68
    /// bytes) are 1,365; beyond the ceiling the datagram is given up. It bounds the work that one
    /// more fragment can cause.
    pub max_pieces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // Zeek's since 7.0; it had none before.
        let timeout = Interval::from_secs(5 * 60);
        Limits { timeout, max_datagrams: 16_384, max_bytes: 32 << 20, max_pieces: 2_048 }
    }
}

counters! {
    /// What became of fragments.
    pub struct Counters {
        /// Fragments seen.
        pub seen: u64 = counter("fragments_total"),
        /// Datagrams put together from fragments.
        pub reassembled: u64 = counter("fragments_reassembled_total"),
        /// Fragments other than the first that the capture cut short.
        pub incomplete_capture: u64 = given_up(&["cut"]).lost("fragments cut short by the capture"),
        /// Fragments whose header claims more than the whole.
        pub malformed: u64 = given_up(&["malformed"]).lost("fragments that claim more than there is"),
        /// Datagrams given up for their age.
        pub expired: u64 = given_up(&["expired"]).lost("fragmented datagrams given up for their age"),
        /// Datagrams given up because others needed the room.
        pub evicted: u64 =
            given_up(&["evicted"]).lost("fragmented datagrams given up because there were too many"),
        /// Datagrams given up for having too many pieces.
        pub too_many_pieces: u64 =
            given_up(&["too_many_pieces"]).lost("fragmented datagrams given up for having too many pieces"),
    }
}

const fn given_up(reason: &'static [&'static str; 1]) -> Metric {
    counter("fragments_given_up_total")
        .by("reason", reason)
        .of_family("Fragments, and datagrams of which fragments waited, that were given up, by reason.")
}

/// One fragment, with its headers verified and its bytes all captured.
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'a> {
    pub src: IpAddr,
    pub dst: IpAddr,
    pub id: u32,
    /// The headers to rebuild the datagram with: of IPv6 those before the fragment header.
    pub header: &'a [u8],
    /// What the datagram carries, by this fragment.
    pub next: u8,
    /// Where in `header` the field stands that says so in IPv6, and now names a fragment header.
    pub announced_at: usize,
    /// Header length and total length as this fragment's header has them.
    pub header_len: usize,
    pub total_len: u32,
    pub offset: u16,
    pub more: bool,
    pub dont_fragment: bool,
    pub payload: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    id: u32,
}

/// The incomplete datagrams of one worker.
#[derive(Debug)]
pub struct Fragments {
    limits: Limits,
    datagrams: HashMap<Key, Datagram>,
    /// By age: the order in which datagrams began.
    by_age: BTreeMap<u64, Key>,
    begun: u64,
    bytes: usize,
    counters: Counters,
}

impl Fragments {
    /// Goes on with other ceilings; what is beyond them goes when the next fragment comes.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub fn new(limits: Limits) -> Self {
        Fragments {
            limits,
            datagrams: HashMap::new(),
            by_age: BTreeMap::new(),
            begun: 0,
            bytes: 0,
            counters: Counters::default(),
        }
    }

    pub const fn counters(&self) -> Counters {
        self.counters
    }

    pub const fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a fragment in; gives the datagram if this completes it, from its IP header on.
    pub fn add(&mut self, now: Time, fragment: &Fragment<'_>, weirds: &mut Weirds) -> Option<Vec<u8>> {
        self.counters.seen += 1;
        self.expire(now);
        let key = Key { src: fragment.src, dst: fragment.dst, id: fragment.id };
        let Fragments { datagrams, by_age, begun, bytes, counters, limits } = self;
        let datagram = datagrams.entry(key).or_insert_with(|| {
            let datagram = Datagram::new(now, *begun, fragment);
            by_age.insert(*begun, key);
            *begun += 1;
            *bytes += datagram.cost();
            datagram
        });
        *bytes -= datagram.cost();
        let verdict = datagram.add(fragment, limits.max_pieces, weirds);
        *bytes += datagram.cost();
        match verdict {
            Progress::Held => {}
            Progress::Malformed => counters.malformed += 1,
            Progress::TooManyPieces => {
                counters.too_many_pieces += 1;
                self.remove(key);
            }
            Progress::Complete => {
                counters.reassembled += 1;
                return self.remove(key).map(Datagram::assemble);
            }
        }
        self.make_room(key);
        None
    }

    fn expire(&mut self, now: Time) {
        if self.limits.timeout <= Interval::ZERO {
            return;
        }
        while let Some(oldest) = self.by_age.first_entry() {
            let key = *oldest.get();
            if self.datagrams.get(&key).is_some_and(|d| d.began + self.limits.timeout > now) {
                return;
            }
            oldest.remove();
            self.remove(key);
            self.counters.expired += 1;
        }
    }

    /// Gives up the oldest datagrams until all ceilings hold; `newest` goes last.
    fn make_room(&mut self, newest: Key) {
        while self.datagrams.len() > self.limits.max_datagrams || self.bytes > self.limits.max_bytes {
            let oldest = self.by_age.values().copied().find(|key| *key != newest).unwrap_or(newest);
            if self.remove(oldest).is_none() {
                return;
            }
            self.counters.evicted += 1;
        }
    }

    fn remove(&mut self, key: Key) -> Option<Datagram> {
        let datagram = self.datagrams.remove(&key)?;
        self.by_age.remove(&datagram.age);
        self.bytes -= datagram.cost();
        Some(datagram)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Held,
    Complete,
    Malformed,
    TooManyPieces,
}

/// A stretch of the datagram that has come, at `start` in the store.
#[derive(Clone, Copy, Debug)]
struct Block {
    seq: u32,
    upper: u32,
    start: u32,
}

/// A datagram under way.
#[derive(Debug)]
struct Datagram {
    began: Time,
    age: u64,
    src: IpAddr,
    dst: IpAddr,
    /// The headers of the fragment that came first.
    header: Vec<u8>,
    announced_at: usize,
    /// By the fragment with offset 0 or, failing that, the one that came first.
    next: u8,
    /// How long the data is, once a last fragment told.
    size: Option<u32>,
    /// Sorted, without overlaps.
    blocks: Vec<Block>,
    /// The bytes of all blocks, in the order they came.
    store: Vec<u8>,
}

impl Datagram {
    fn new(began: Time, age: u64, fragment: &Fragment<'_>) -> Self {
        Datagram {
            began,
            age,
            src: fragment.src,
            dst: fragment.dst,
            header: fragment.header.to_vec(),
            announced_at: fragment.announced_at,
            next: fragment.next,
            size: None,
            blocks: Vec::new(),
            store: Vec::new(),
        }
    }

    /// What it costs in memory, with a share of the tables.
    fn cost(&self) -> usize {
        const TABLES: usize = 2 * size_of::<Key>() + 64;
        TABLES
            + size_of::<Self>()
            + self.header.capacity()
            + self.store.capacity()
            + self.blocks.capacity() * size_of::<Block>()
    }

    fn add(&mut self, fragment: &Fragment<'_>, max_pieces: usize, weirds: &mut Weirds) -> Progress {
        // Told of the fragment at hand; what blocks find out is told of the datagram.
        let mut odd = |name| weirds.push(Weird::flow(name, fragment.src, fragment.dst));
        // Not compared are type of service and options: there are stacks that change them.
        if fragment.next != self.next || fragment.header.len() != self.header.len() {
            odd("fragment_protocol_inconsistency");
        }
        if fragment.dont_fragment {
            // Path MTU discovery over UDP does this on Linux.
            odd("fragment_with_DF");
        }
        let Some(len) = fragment.total_len.checked_sub(fragment.header_len as u32) else {
            odd("fragment_protocol_inconsistency");
            return Progress::Malformed;
        };
        let upper = u32::from(fragment.offset) + len;
        if fragment.offset == 0 && fragment.src.is_ipv6() {
            self.next = fragment.next;
        }
        if !fragment.more {
            match self.size {
                None => self.size = Some(upper).filter(|&size| size > 0),
                Some(size) if size != upper => {
                    odd("fragment_size_inconsistency");
                    self.size = Some(size.max(upper));
                }
                Some(_) => {}
            }
        } else if fragment.total_len < MIN_ACCEPTABLE {
            odd("excessively_small_fragment");
        }
        if upper > MAX_ACCEPTABLE {
            odd("excessively_large_fragment");
        }
        if self.size.is_some_and(|size| upper > size) {
            // Not the last fragment, yet beyond where the last one ended.
            odd("fragment_size_inconsistency");
            self.size = Some(upper);
        }
        let data = fragment.payload.get(..len as usize).unwrap_or(fragment.payload);
        if data.is_empty() {
            return Progress::Held;
        }
        self.insert(u32::from(fragment.offset), data, weirds);
        if self.blocks.len() > max_pieces {
            return Progress::TooManyPieces;
        }
        if self.is_complete(weirds) { Progress::Complete } else { Progress::Held }
    }

    /// Keeps what of the data is new, and tells of each block that has part of it already.
    fn insert(&mut self, seq: u32, data: &[u8], weirds: &mut Weirds) {
        let upper = seq + data.len() as u32;
        let first = self.blocks.partition_point(|block| block.upper <= seq);
        // In order, the common case.
        if first == self.blocks.len() {
            return self.put(first, seq, data);
        }
        let mut at = seq;
        let mut index = first;
        while at < upper {
            let Some(&block) = self.blocks.get(index) else { break };
            if block.seq >= upper {
                break;
            }
            if at < block.seq {
                self.put(index, at, slice(data, at - seq, block.seq - seq));
                at = block.seq;
                index += 1;
                continue;
            }
            let end = block.upper.min(upper);
            let offset = block.start + (at - block.seq);
            let same = slice(&self.store, offset, offset + (end - at)) == slice(data, at - seq, end - seq);
            let name = if same { "fragment_overlap" } else { "fragment_inconsistency" };
            weirds.push(Weird::flow(name, self.src, self.dst));
            at = end;
            index += 1;
        }
        if at < upper {
            self.put(index, at, slice(data, at - seq, upper - seq));
        }
    }

    fn put(&mut self, index: usize, seq: u32, data: &[u8]) {
        let start = self.store.len() as u32;
        self.store.extend_from_slice(data);
        self.blocks.insert(index, Block { seq, upper: seq + data.len() as u32, start });
    }

    /// Whether everything up to the end has come, and no doubt about where the end is.
    fn is_complete(&mut self, weirds: &mut Weirds) -> bool {
        let (Some(size), Some(last)) = (self.size, self.blocks.last()) else { return false };
        let last = last.upper;
        let contiguous = self.contiguous();
        if contiguous == 0 {
            return false;
        }
        let end = if contiguous < last {
            // A hole. Beyond the end, it is another datagram's fragment that got mixed in: take
            // what is whole.
            if contiguous < size {
                return false;
            }
            contiguous
        } else if last < size {
            return false;
        } else {
            last
        };
        if contiguous < last || last > size {
            weirds.push(Weird::flow("fragment_size_inconsistency", self.src, self.dst));
        }
        self.size = Some(end);
        true
    }

    /// How far the data goes from the start without a hole.
    fn contiguous(&self) -> u32 {
        let mut end = 0;
        for block in &self.blocks {
            if block.seq != end {
                break;
            }
            end = block.upper;
        }
        end
    }

    /// The datagram as it was before it was fragmented: headers with the fragment's fields set
    /// right, then the data. Lengths wrap where the pieces reach beyond 65,535 bytes, as Zeek's do.
    fn assemble(self) -> Vec<u8> {
        let end = self.contiguous();
        let header_len = self.header.len() as u32;
        let mut bytes = self.header;
        if self.src.is_ipv4() {
            put_u16(&mut bytes, 2, (header_len + end) as u16);
            // No more fragments, offset 0.
            let flags = bytes.get(6).map_or(0, |flags| u16::from(flags & 0x40) << 8);
            put_u16(&mut bytes, 6, flags);
        } else {
            put_u16(&mut bytes, 4, (header_len + end).wrapping_sub(ipv6::HEADER_LEN as u32) as u16);
            if let Some(next) = bytes.get_mut(self.announced_at) {
                *next = self.next;
            }
        }
        bytes.reserve_exact(end as usize);
        for block in self.blocks.iter().take_while(|block| block.upper <= end) {
            let len = block.upper - block.seq;
            bytes.extend_from_slice(slice(&self.store, block.start, block.start + len));
        }
        bytes
    }
}

fn put_u16(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(field) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) {
        *field = value.to_be_bytes();
    }
}

/// A part of the bytes; empty where they do not reach.
fn slice(bytes: &[u8], from: u32, to: u32) -> &[u8] {
    bytes.get(from as usize..to as usize).unwrap_or_default()
}
