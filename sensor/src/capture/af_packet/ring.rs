//! The ring's memory, and taking blocks out of it.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Plan;
use super::block::Frames;
use super::socket::{Instruction, Socket};
use crate::capture::live::{Counts, Options, Polled, Seen};

/// One socket with its ring.
pub(in crate::capture) struct Ring {
    socket: Socket,
    memory: Memory,
    geometry: Geometry,
    plan: Arc<Plan>,
    /// Whose it is, among the workers of the interface.
    worker: usize,
    /// The number of the interface.
    index: u32,
    /// The block to be filled next.
    next: usize,
    counts: Counts,
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
    pub(super) fn ask(socket: &Socket, options: &Options) -> io::Result<(usize, Geometry)> {
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
        let memory = Memory::map(&socket, geometry.block_bytes * geometry.blocks)?;
        Ok(Ring { socket, memory, geometry, plan, worker, index, next: 0, counts: Counts::default() })
    }

    /// Starts to let packets in: those that the program accepts.
    pub(super) fn admit(&mut self, program: Option<&[Instruction]>) -> io::Result<()> {
        // What was counted while the group was being formed is not ours to account for.
        self.socket.statistics()?;
        self.socket.admit(program)
    }

    /// Lets no more packets in; what is in the ring is still to be read.
    pub fn refuse(&self) -> io::Result<()> {
        self.socket.refuse_all()
    }

    pub fn index(&self) -> u32 {
        self.index
    }

    /// Goes over to the interface that has this name now, if that is another one. What came from the old one should
    /// have been read.
    pub fn follow(&mut self) -> io::Result<bool> {
        let Some(next) = self.plan.again(self.worker, self.index)? else { return Ok(false) };
        let counts = self.counts()?;
        *self = Ring { counts, ..next };
        Ok(true)
    }

    /// Hands on the packets of the next block, waiting for it if need be.
    pub fn poll(&mut self, timeout: Duration, mut each: impl FnMut(&Seen<'_>)) -> io::Result<Polled> {
        if !self.ready() {
            if timeout.is_zero() {
                return Ok(Polled::Nothing);
            }
            self.wait(timeout)?;
            if !self.ready() {
                return Ok(Polled::Nothing);
            }
        }
        let mut packets = 0;
        let (mut bytes, mut cut) = (0, 0);
        {
            // Given back even if handling a packet panics, else the ring stands still for ever.
            let mut block = Taken { ring: self };
            let (link, worker) = (block.ring.plan.link, block.ring.worker);
            let dealt = block.ring.plan.dealt.clone();
            let mut frames = Frames::new(block.bytes(), link);
            while let Some(seen) = frames.next_frame() {
                if let Some(dealt) = dealt.as_deref().filter(|_| packets == 0) {
                    dealt.learn(worker, link, seen.packet.data);
                }
                packets += 1;
                bytes += u64::from(seen.packet.wire_len);
                cut += u64::from(seen.packet.data.len() < seen.packet.wire_len as usize);
                each(&seen);
            }
        }
        self.counts.delivered += packets;
        self.counts.bytes += bytes;
        self.counts.cut += cut;
        Ok(Polled::Packets(packets))
    }

    fn ready(&self) -> bool {
        self.memory.status(self.next * self.geometry.block_bytes).load(Ordering::Acquire)
            & libc::TP_STATUS_USER
            != 0
    }

    fn wait(&self, timeout: Duration) -> io::Result<()> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN | PollFlags::POLLERR)];
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let failed = fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR));
        if failed { self.socket.take_error() } else { Ok(()) }
    }

    /// What the kernel and we have counted so far.
    pub fn counts(&mut self) -> io::Result<Counts> {
        let now = self.socket.statistics()?;
        self.counts.link += u64::from(now.packets);
        self.counts.dropped += u64::from(now.drops);
        self.counts.freezes += u64::from(now.freezes);
        Ok(self.counts)
    }
}

/// A block that is ours until this is dropped.
struct Taken<'a> {
    ring: &'a mut Ring,
}

impl Taken<'_> {
    fn bytes(&mut self) -> &mut [u8] {
        let size = self.ring.geometry.block_bytes;
        self.ring.memory.block(self.ring.next * size, size)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let ring = &mut *self.ring;
        let status = ring.memory.status(ring.next * ring.geometry.block_bytes);
        status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        ring.next = (ring.next + 1) % ring.geometry.blocks;
    }
}

/// Memory shared with the kernel.
struct Memory {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone, and no thread's state is tied to it.
unsafe impl Send for Memory {}

/// Where a block's status lies in it.
const STATUS_AT: usize = std::mem::offset_of!(libc::tpacket_block_desc, hdr)
    + std::mem::offset_of!(libc::tpacket_hdr_v1, block_status);

impl Memory {
    fn map(socket: &Socket, len: usize) -> io::Result<Self> {
        // SAFETY: a new mapping at an address of the kernel's choice; the result is checked.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                socket.as_fd().as_raw_fd(),
                0,
            )
        };
        match NonNull::new(start.cast::<u8>()).filter(|_| start != libc::MAP_FAILED) {
            Some(start) => Ok(Memory { start, len }),
            None => Err(io::Error::last_os_error()),
        }
    }

    /// The word through which a block is handed to and fro.
    fn status(&self, block: usize) -> &AtomicU32 {
        assert!(block + STATUS_AT + size_of::<u32>() <= self.len);
        // SAFETY: in bounds by the assertion; blocks are page-aligned and the word 4 bytes into its
        // structure's alignment, and all access to it, the kernel's included, is atomic.
        unsafe { &*self.start.as_ptr().add(block + STATUS_AT).cast::<AtomicU32>() }
    }

    /// A block's bytes behind its descriptor's status. To be called while the block is ours.
    fn block(&mut self, at: usize, len: usize) -> &mut [u8] {
        let skip = STATUS_AT + size_of::<u32>();
        assert!(at + len <= self.len && skip <= len);
        // SAFETY: in bounds by the assertion, borrowed for as long as `self` is, and the kernel does not
        // touch a block whose status says that it is ours, which `Taken` keeps until it is dropped. The
        // status word itself, which is accessed apart, is left out.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(at + skip), len - skip) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this address and length, and nothing borrows from it.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}
