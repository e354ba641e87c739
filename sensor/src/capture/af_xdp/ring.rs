//! Rings shared with the kernel: one side puts in, the other takes out.

use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

/// A mapping that ends when this is dropped.
pub(super) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone, and no thread's state is tied to it.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Memory of our own.
    pub fn anonymous(len: usize) -> io::Result<Self> {
        Mapping::map(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE, -1, 0)
    }

    /// Part of a socket.
    pub fn of(socket: BorrowedFd<'_>, len: usize, at: libc::off_t) -> io::Result<Self> {
        Mapping::map(len, libc::MAP_SHARED | libc::MAP_POPULATE, socket.as_raw_fd(), at)
    }

    fn map(len: usize, flags: i32, fd: i32, at: libc::off_t) -> io::Result<Self> {
        let rights = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice; the result is checked.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), len, rights, flags, fd, at) };
        match NonNull::new(start.cast::<u8>()).filter(|_| start != libc::MAP_FAILED) {
            Some(start) => Ok(Mapping { start, len }),
            None => Err(io::Error::last_os_error()),
        }
    }

    pub fn address(&self) -> u64 {
        self.start.as_ptr() as u64
    }

    /// Bytes of it, if they lie in it. To be called for what is ours at that time.
    pub fn bytes(&mut self, at: usize, len: usize) -> Option<&mut [u8]> {
        if at.checked_add(len)? > self.len {
            return None;
        }
        // SAFETY: in bounds, and borrowed for as long as `self` is; callers ask for frames that the kernel has
        // handed to us and not got back.
        Some(unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(at), len) })
    }

    fn word(&self, at: usize) -> &AtomicU32 {
        assert!(at.is_multiple_of(4) && at + 4 <= self.len);
        // SAFETY: in bounds and aligned by the assertion, for mappings begin with a page; all access to these
        // words, the kernel's included, is atomic.
        unsafe { &*self.start.as_ptr().add(at).cast::<AtomicU32>() }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this address and length, and nothing borrows from it.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

/// A ring of `T`, plain numbers for which any bytes are valid.
pub(super) struct Ring<T> {
    memory: Mapping,
    producer: usize,
    consumer: usize,
    places: usize,
    size: u32,
    of: PhantomData<T>,
}

impl<T: Copy> Ring<T> {
    /// Maps a ring of `size` places, a power of two, that was asked for.
    pub fn map(
        socket: BorrowedFd<'_>,
        at: libc::off_t,
        size: u32,
        offsets: &libc::xdp_ring_offset,
    ) -> io::Result<Self> {
        let places = offsets.desc as usize;
        let memory = Mapping::of(socket, places + size as usize * size_of::<T>(), at)?;
        let (producer, consumer) = (offsets.producer as usize, offsets.consumer as usize);
        Ok(Ring { memory, producer, consumer, places, size, of: PhantomData })
    }

    /// How many wait to be taken out.
    pub fn waiting(&self) -> u32 {
        let put = self.memory.word(self.producer).load(Ordering::Acquire);
        put.wrapping_sub(self.memory.word(self.consumer).load(Ordering::Relaxed)).min(self.size)
    }

    /// The next one to take out, which stays in the ring.
    pub fn first(&self) -> Option<T> {
        if self.waiting() == 0 {
            return None;
        }
        let taken = self.memory.word(self.consumer).load(Ordering::Relaxed);
        // SAFETY: a place in bounds, which the kernel leaves alone until it was taken out.
        Some(unsafe { self.place(taken).read() })
    }

    /// Takes it out.
    pub fn take(&mut self) {
        let taken = self.memory.word(self.consumer);
        taken.store(taken.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// Puts one in; there is room for all there are.
    pub fn put(&mut self, value: T) {
        let count = self.memory.word(self.producer).load(Ordering::Relaxed);
        // SAFETY: a place in bounds; the kernel does not look at it before the count says so.
        unsafe { self.place(count).write(value) };
        self.memory.word(self.producer).store(count.wrapping_add(1), Ordering::Release);
    }

    fn place(&self, count: u32) -> *mut T {
        let at = self.places + (count & (self.size - 1)) as usize * size_of::<T>();
        assert!(at + size_of::<T>() <= self.memory.len);
        // SAFETY: in bounds by the assertion.
        unsafe { self.memory.start.as_ptr().add(at).cast() }
    }
}
