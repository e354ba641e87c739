//! The ring's memory, and taking blocks out of it.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::block::Frames;
use super::socket::{Instruction, Socket};
use super::{Plan, locked};
use crate::capture::live::{Counts, LiveOptions, Polled, SeenPacket};
use crate::capture::mapping::Mapping;

/// One socket with its ring.
pub(in crate::capture) struct Ring {
    state: Arc<State>,
    /// What is watched is the state of whichever ring is used.
    monitor: Monitor,
    /// So many frames of the first block were handed on by whoever had the ring before.
    skip: u64,
}

/// What is known of a ring outside of the thread that reads it.
struct State {
    socket: Arc<Socket>,
    geometry: Geometry,
    plan: Arc<Plan>,
    /// Whose it is, among the workers of the interface.
    worker: usize,
    /// The number of the interface.
    index: u32,
    /// As it is mapped for the thread that reads it.
    memory: Memory,
    /// The block to be read next, and how many of its frames were begun ([`place`]).
    place: AtomicU64,
    /// What the kernel has counted, and what was handed on before by another ring or thread.
    counted: Arc<Mutex<Counts>>,
    delivered: AtomicU64,
    bytes: AtomicU64,
    cut: AtomicU64,
}

/// A look at a ring from another thread than the one that reads it.
#[derive(Clone)]
pub(in crate::capture) struct Monitor(Arc<Mutex<Arc<State>>>);

const fn place(block: usize, frames: u64) -> u64 {
    (block as u64) << 32 | frames
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub block_bytes: usize,
    pub blocks: usize,
}

/// The kernel wants frames of some size even where blocks are filled without regard to it.
const FRAME_BYTES: usize = 2048;
/// A ring of fewer blocks has none to fill while one is analysed.
const MIN_BLOCKS: usize = 4;

impl Ring {
    /// Asks for a ring of the size wanted, and for less where the kernel has not got so much. Returns
    /// the bytes granted.
    pub(super) fn ask(socket: &Socket, options: &LiveOptions) -> io::Result<(usize, Geometry)> {
        let block_bytes = options.block_bytes;
        let mut blocks = (options.ring_bytes / block_bytes).max(MIN_BLOCKS);
        loop {
            let request = libc::tpacket_req3 {
                tp_block_size: block_bytes as u32,
                tp_block_nr: blocks as u32,
                tp_frame_size: FRAME_BYTES as u32,
                tp_frame_nr: (block_bytes / FRAME_BYTES * blocks) as u32,
                tp_retire_blk_tov: options.block_timeout.as_millis().max(1) as u32,
                tp_sizeof_priv: 0,
                tp_feature_req_word: 0,
            };
            match socket.request_ring(&request) {
                Ok(()) => return Ok((block_bytes * blocks, Geometry { block_bytes, blocks })),
                Err(error) if error.raw_os_error() == Some(libc::ENOMEM) && blocks > MIN_BLOCKS => {
                    blocks = (blocks / 2).max(MIN_BLOCKS);
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn map(
        worker: usize,
        socket: Socket,
        geometry: Geometry,
        plan: Arc<Plan>,
        index: u32,
    ) -> io::Result<Self> {
        let memory = Memory::map(&socket, geometry.len())?;
        let state = Arc::new(State {
            socket: Arc::new(socket),
            geometry,
            plan,
            worker,
            index,
            memory,
            place: AtomicU64::new(0),
            counted: Arc::default(),
            delivered: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        });
        let monitor = Monitor(Arc::new(Mutex::new(state.clone())));
        Ok(Ring { state, monitor, skip: 0 })
    }

    /// Starts to let packets in: those that the program accepts.
    pub(super) fn admit(&mut self, program: Option<&[Instruction]>) -> io::Result<()> {
        // What was counted while the group was being formed is not ours to account for.
        self.state.socket.statistics()?;
        self.state.socket.admit(program)
    }

    /// Lets no more packets in; what is in the ring is still to be read.
    pub fn refuse(&self) -> io::Result<()> {
        self.state.socket.refuse_all()
    }

    pub fn index(&self) -> u32 {
        self.state.index
    }

    /// For looking at the ring from another thread.
    pub fn monitor(&self) -> Monitor {
        self.monitor.clone()
    }

    /// Goes over to the interface that has this name now, if that is another one. What came from the old one should
    /// have been read.
    pub fn follow(&mut self) -> io::Result<bool> {
        let Some(next) = self.state.plan.again(self.state.worker, self.state.index)? else {
            return Ok(false);
        };
        let counts = self.counts()?;
        *locked(&next.state.counted) = counts;
        // A thread that another one has taken the ring from shows nothing any more.
        let mut watched = locked(&self.monitor.0);
        if Arc::ptr_eq(&watched, &self.state) {
            *watched = next.state.clone();
        }
        drop(watched);
        *self = Ring { monitor: self.monitor.clone(), ..next };
        Ok(true)
    }

    /// Hands on the packets of the next block, waiting for it if need be.
    pub fn poll(&mut self, timeout: Duration, mut each: impl FnMut(&SeenPacket<'_>)) -> io::Result<Polled> {
        if !self.ready() {
            if timeout.is_zero() {
                return Ok(Polled::Nothing);
            }
            self.wait(timeout)?;
            if !self.ready() {
                return Ok(Polled::Nothing);
            }
        }
        let skip = std::mem::take(&mut self.skip);
        let mut packets = 0;
        let (mut bytes, mut cut) = (0, 0);
        {
            // Given back even if handling a packet panics, else the ring stands still for ever.
            let mut block = Block { ring: self };
            let state = block.ring.state.clone();
            let at = block.ring.next();
            let mut frames = Frames::new(block.bytes(), state.plan.link);
            loop {
                // Before anything is done to the frame: who takes the ring over leaves it alone.
                state.place.store(place(at, packets + 1), Ordering::Release);
                let Some(seen) = frames.next_frame() else { break };
                if let Some(dealt) = state.plan.dealt.as_deref().filter(|_| packets == 0) {
                    dealt.learn(state.worker, state.plan.link, seen.packet.data);
                }
                packets += 1;
                bytes += u64::from(seen.packet.wire_len);
                cut += u64::from(seen.packet.data.len() < seen.packet.wire_len as usize);
                if packets > skip {
                    each(&seen);
                }
            }
        }
        let add = |to: &AtomicU64, more| to.store(to.load(Ordering::Relaxed) + more, Ordering::Relaxed);
        add(&self.state.delivered, packets);
        add(&self.state.bytes, bytes);
        add(&self.state.cut, cut);
        Ok(Polled::Packets(packets))
    }

    fn next(&self) -> usize {
        (self.state.place.load(Ordering::Relaxed) >> 32) as usize
    }

    fn ready(&self) -> bool {
        self.state.memory.is_ready(self.next() * self.state.geometry.block_bytes)
    }

    fn wait(&self, timeout: Duration) -> io::Result<()> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(self.state.socket.as_fd(), PollFlags::POLLIN | PollFlags::POLLERR)];
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let failed = fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR));
        if failed { self.state.socket.take_error() } else { Ok(()) }
    }

    /// What the kernel and we have counted so far.
    pub fn counts(&mut self) -> io::Result<Counts> {
        self.state.counts()
    }
}

impl State {
    fn counts(&self) -> io::Result<Counts> {
        let mut counted = locked(&self.counted);
        let now = self.socket.statistics()?;
        counted.link += u64::from(now.packets);
        counted.dropped += u64::from(now.drops);
        counted.freezes += u64::from(now.freezes);
        let mut counts = *counted;
        counts.delivered += self.delivered.load(Ordering::Relaxed);
        counts.bytes += self.bytes.load(Ordering::Relaxed);
        counts.cut += self.cut.load(Ordering::Relaxed);
        Ok(counts)
    }
}

impl Monitor {
    /// What the kernel and whoever reads the ring have counted so far.
    pub fn counts(&self) -> io::Result<Counts> {
        locked(&self.0).counts()
    }

    /// Takes the ring from a thread that hangs: goes on behind the frame that it has begun. That thread keeps a copy
    /// of the block that it reads, in the same place, and nothing that it may still do reaches the ring.
    ///
    /// It must not hand on what it has seen any more before this is called.
    pub fn take_over(&self) -> io::Result<Ring> {
        let mut watched = locked(&self.0);
        let old = watched.clone();
        let geometry = old.geometry;
        // The same memory a second time, and then never again where that thread has it.
        let memory = Memory::map(&old.socket, geometry.len())?;
        let reading = (old.place.load(Ordering::Acquire) >> 32) as usize;
        memory.take_away(&old.memory, reading * geometry.block_bytes, geometry.block_bytes)?;
        let was = old.place.load(Ordering::Acquire);
        let (mut block, mut frames) = ((was >> 32) as usize, was & 0xffff_ffff);
        if frames > 0 && !memory.is_ready(block * geometry.block_bytes) {
            // It woke up and gave the block back just before that.
            (block, frames) = ((block + 1) % geometry.blocks, 0);
        }
        let state = Arc::new(State {
            socket: old.socket.clone(),
            geometry,
            plan: old.plan.clone(),
            worker: old.worker,
            index: old.index,
            memory,
            place: AtomicU64::new(place(block, 0)),
            counted: old.counted.clone(),
            delivered: AtomicU64::new(old.delivered.load(Ordering::Relaxed)),
            bytes: AtomicU64::new(old.bytes.load(Ordering::Relaxed)),
            cut: AtomicU64::new(old.cut.load(Ordering::Relaxed)),
        });
        *watched = state.clone();
        Ok(Ring { state, monitor: self.clone(), skip: frames })
    }
}

/// A block that is ours until this is dropped.
struct Block<'a> {
    ring: &'a mut Ring,
}

impl Block<'_> {
    fn bytes(&mut self) -> &mut [u8] {
        let size = self.ring.state.geometry.block_bytes;
        // SAFETY: there is one `Block` of a ring at a time, made when its status said that it is ours and until it
        // gives it back, and this borrows it mutably.
        unsafe { self.ring.state.memory.block(self.ring.next() * size, size) }
    }
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        let (ring, geometry) = (&*self.ring, self.ring.state.geometry);
        let block = ring.next();
        let status = ring.state.memory.status(block * geometry.block_bytes);
        status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        ring.state.place.store(place((block + 1) % geometry.blocks, 0), Ordering::Release);
    }
}

impl Geometry {
    fn len(self) -> usize {
        self.block_bytes * self.blocks
    }
}

/// Memory shared with the kernel, in blocks.
struct Memory(Mapping);

/// Where a block's status lies in it.
const STATUS_AT: usize = std::mem::offset_of!(libc::tpacket_block_desc, hdr)
    + std::mem::offset_of!(libc::tpacket_hdr_v1, block_status);

impl Memory {
    fn map(socket: &Socket, len: usize) -> io::Result<Self> {
        Mapping::of(socket.as_fd(), len, 0, 0).map(Memory)
    }

    /// Puts a copy of one block, and empty ones in place of the others, where another thread has the same ring.
    fn take_away(&self, other: &Memory, block: usize, len: usize) -> io::Result<()> {
        let copy = Mapping::anonymous(self.0.len())?;
        // SAFETY: the kernel leaves a block alone that the thread has, and of one that it has not, nothing is used. The
        // copy is ours.
        let copied = unsafe { copy.copy_from(&self.0, block, len) };
        copied.ok_or_else(|| io::Error::other("no block of this ring"))?;
        // SAFETY: what the thread borrows lies in that block, and its bytes are the same.
        unsafe { copy.replace(&other.0) }
    }

    /// A block that was handed to us.
    fn is_ready(&self, block: usize) -> bool {
        self.status(block).load(Ordering::Acquire) & libc::TP_STATUS_USER != 0
    }

    /// The word through which a block is handed to and fro.
    fn status(&self, block: usize) -> &AtomicU32 {
        self.0.word(block + STATUS_AT)
    }

    /// A block's bytes behind its descriptor's status.
    ///
    /// # Safety
    /// The block is ours by its status, and nobody else borrows from it meanwhile.
    #[expect(clippy::mut_from_ref, reason = "the caller sees to it that there is one")]
    unsafe fn block(&self, at: usize, len: usize) -> &mut [u8] {
        let skip = STATUS_AT + size_of::<u32>();
        // SAFETY: the kernel does not touch a block that is ours, nor does another borrower, as the caller says. The
        // status word itself, which is accessed apart, is left out.
        unsafe { self.0.bytes(at + skip, len.saturating_sub(skip)) }.unwrap_or_default()
    }
}
