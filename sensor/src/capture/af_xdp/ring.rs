//! The memory that frames are received into, and the rings by which the kernel and we hand frames to each other.

use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering;

use crate::capture::mapping::Mapping;
use crate::capture::socket::{self, Plain, xdp};

/// A piece of the memory, for one frame: a page, the largest that drivers take.
pub(super) const FRAME_BYTES: usize = 4096;
/// We send nothing, but the kernel wants the ring for what was sent.
const COMPLETION_FRAMES: u32 = 64;

/// A ring of `T`: one side puts in, the other takes out.
struct Ring<T> {
    memory: Mapping,
    producer: usize,
    consumer: usize,
    places: usize,
    size: u32,
    of: PhantomData<T>,
}

impl<T: Plain> Ring<T> {
    /// Maps a ring of `size` places, a power of two, that was asked for.
    fn map(
        socket: BorrowedFd<'_>,
        at: libc::off_t,
        size: u32,
        offsets: &libc::xdp_ring_offset,
    ) -> io::Result<Self> {
        let offset = |offset| usize::try_from(offset).map_err(io::Error::other);
        let (producer, consumer) = (offset(offsets.producer)?, offset(offsets.consumer)?);
        let (places, len) = (offset(offsets.desc)?, size as usize * size_of::<T>());
        let memory = Mapping::of(socket, places.saturating_add(len), at, libc::MAP_POPULATE)?;
        let fits = size.is_power_of_two()
            && memory.holds(producer, 4, 4)
            && memory.holds(consumer, 4, 4)
            && memory.holds(places, len, align_of::<T>());
        if !fits {
            return Err(io::Error::other("the kernel's ring is none"));
        }
        Ok(Ring { memory, producer, consumer, places, size, of: PhantomData })
    }

    /// How many wait to be taken out.
    fn waiting(&self) -> u32 {
        let put = self.memory.word(self.producer).load(Ordering::Acquire);
        put.wrapping_sub(self.memory.word(self.consumer).load(Ordering::Relaxed)).min(self.size)
    }

    /// The next one to take out, which stays in the ring.
    fn first(&self) -> Option<T> {
        if self.waiting() == 0 {
            return None;
        }
        let taken = self.memory.word(self.consumer).load(Ordering::Relaxed);
        // SAFETY: the kernel leaves the place alone until it was taken out.
        Some(unsafe { self.memory.read(self.place(taken)) })
    }

    /// Takes it out.
    fn take(&mut self) {
        let taken = self.memory.word(self.consumer);
        taken.store(taken.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// Puts one in; there is room for all there are.
    fn put(&mut self, value: T) {
        let count = self.memory.word(self.producer).load(Ordering::Relaxed);
        // SAFETY: the kernel does not look at the place before the count says so.
        unsafe { self.memory.write(self.place(count), value) };
        self.memory.word(self.producer).store(count.wrapping_add(1), Ordering::Release);
    }

    fn place(&self, count: u32) -> usize {
        self.places + (count & (self.size - 1)) as usize * size_of::<T>()
    }
}

/// The memory of one socket and its rings. The socket is to be closed before.
pub(super) struct Frames {
    received: Ring<libc::xdp_desc>,
    free: Ring<u64>,
    memory: Mapping,
}

/// A frame that was received: ours until this is dropped, and then the kernel's for another one, even if handling it
/// panics, else the memory would run out.
pub(super) struct Frame<'f> {
    frames: &'f mut Frames,
    at: usize,
    len: usize,
}

/// Memory for so many frames, which a socket may receive into.
pub(super) fn register(socket: &OwnedFd, frames: u32) -> io::Result<Mapping> {
    let memory = Mapping::anonymous(frames as usize * FRAME_BYTES)?;
    socket::register_memory(socket, &memory, FRAME_BYTES as u32)?;
    Ok(memory)
}

impl Frames {
    /// Makes the rings for what was registered, and gives all frames to the kernel.
    pub fn new(socket: &OwnedFd, memory: Mapping) -> io::Result<Frames> {
        let frames = u32::try_from(memory.len() / FRAME_BYTES).map_err(io::Error::other)?;
        socket::set(socket, &xdp::FILL_RING, &frames)?;
        socket::set(socket, &xdp::COMPLETION_RING, &COMPLETION_FRAMES)?;
        socket::set(socket, &xdp::RX_RING, &frames)?;
        let offsets = socket::get(socket, &xdp::OFFSETS)?;
        let received = Ring::map(socket.as_fd(), libc::XDP_PGOFF_RX_RING, frames, &offsets.rx)?;
        let at = libc::XDP_UMEM_PGOFF_FILL_RING as libc::off_t;
        let mut free = Ring::map(socket.as_fd(), at, frames, &offsets.fr)?;
        for frame in 0..frames {
            free.put(u64::from(frame) * FRAME_BYTES as u64);
        }
        Ok(Frames { received, free, memory })
    }

    /// How many wait to be taken.
    pub fn waiting(&self) -> u32 {
        self.received.waiting()
    }

    /// The next frame that was received.
    pub fn next(&mut self) -> Option<Frame<'_>> {
        let frame = self.received.first()?;
        Some(Frame { at: frame.addr as usize, len: frame.len as usize, frames: self })
    }
}

impl Frame<'_> {
    /// What was received; `None` where the kernel says that it reaches beyond its piece of the memory.
    pub fn bytes(&mut self) -> Option<&mut [u8]> {
        self.piece(self.at, self.len)
    }

    /// So many bytes before it.
    pub fn before(&mut self, len: usize) -> Option<&mut [u8]> {
        self.piece(self.at.checked_sub(len)?, len)
    }

    fn piece(&mut self, at: usize, len: usize) -> Option<&mut [u8]> {
        let start = self.start();
        if at < start || at.checked_add(len)? > start + FRAME_BYTES {
            return None;
        }
        // SAFETY: it lies in this frame's piece of the memory, which is ours until this is dropped, and is borrowed for
        // as long as this is, mutably.
        unsafe { self.frames.memory.bytes(at, len) }
    }

    fn start(&self) -> usize {
        self.at - self.at % FRAME_BYTES
    }
}

impl Drop for Frame<'_> {
    fn drop(&mut self) {
        let start = self.start() as u64;
        self.frames.received.take();
        self.frames.free.put(start);
    }
}
