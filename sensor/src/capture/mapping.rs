//! Memory that is mapped: shared with the kernel, or our own.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;

use super::socket::Plain;

/// A mapping that ends when this is dropped. It begins with a page.
pub(super) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone, and no thread's state is tied to it.
unsafe impl Send for Mapping {}
// SAFETY: what several threads reach by a shared reference are words, all access to which is atomic; whoever reaches
// other bytes answers for it (`bytes`, `read`, `write`).
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Memory of our own.
    pub fn anonymous(len: usize) -> io::Result<Self> {
        Mapping::map(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE, -1, 0)
    }

    /// Part of a socket, with more of mmap's flags.
    pub fn of(socket: BorrowedFd<'_>, len: usize, at: libc::off_t, flags: i32) -> io::Result<Self> {
        Mapping::map(len, libc::MAP_SHARED | flags, socket.as_raw_fd(), at)
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

    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether so many bytes, which begin at a multiple of `align`, lie in it.
    pub fn holds(&self, at: usize, len: usize, align: usize) -> bool {
        at.is_multiple_of(align) && at.checked_add(len).is_some_and(|end| end <= self.len)
    }

    /// A word through which the kernel and we tell each other something.
    pub fn word(&self, at: usize) -> &AtomicU32 {
        assert!(self.holds(at, size_of::<AtomicU32>(), align_of::<AtomicU32>()));
        // SAFETY: in bounds and aligned by the assertion; all access to these words, the kernel's included, is atomic.
        unsafe { &*self.start.as_ptr().add(at).cast::<AtomicU32>() }
    }

    /// Bytes of it, if they lie in it.
    ///
    /// # Safety
    /// As long as they are borrowed nobody else does anything to them: no other borrow, no [`word`](Self::word) among
    /// them, nor the kernel.
    #[expect(clippy::mut_from_ref, reason = "the caller answers for it")]
    pub unsafe fn bytes(&self, at: usize, len: usize) -> Option<&mut [u8]> {
        if !self.holds(at, len, 1) {
            return None;
        }
        // SAFETY: in bounds, borrowed for as long as `self` is, and by no other as the caller says.
        Some(unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(at), len) })
    }

    /// Copies bytes from the same place of another mapping, where both have it.
    ///
    /// # Safety
    /// Nobody borrows from that place of this one. Where the other one's bytes change meanwhile, nobody uses the copy.
    pub unsafe fn copy_from(&self, other: &Mapping, at: usize, len: usize) -> Option<()> {
        if !self.holds(at, len, 1) || !other.holds(at, len, 1) {
            return None;
        }
        // SAFETY: in bounds of both, which are apart from each other.
        unsafe {
            std::ptr::copy_nonoverlapping(other.start.as_ptr().add(at), self.start.as_ptr().add(at), len)
        };
        Some(())
    }

    /// A value in it.
    ///
    /// # Safety
    /// Nobody writes to it meanwhile, the kernel included.
    pub unsafe fn read<T: Plain>(&self, at: usize) -> T {
        assert!(self.holds(at, size_of::<T>(), align_of::<T>()));
        // SAFETY: in bounds and aligned by the assertion, and any bytes are a `T`.
        unsafe { self.start.as_ptr().add(at).cast::<T>().read() }
    }

    /// Writes a value into it.
    ///
    /// # Safety
    /// Nobody reads or writes it meanwhile, the kernel included.
    pub unsafe fn write<T: Plain>(&self, at: usize, value: T) {
        assert!(self.holds(at, size_of::<T>(), align_of::<T>()));
        // SAFETY: in bounds and aligned by the assertion.
        unsafe { self.start.as_ptr().add(at).cast::<T>().write(value) }
    }

    /// Takes the place of another mapping as long as this one, in one step: what is borrowed from that one stays mapped
    /// there, with these bytes, until it is dropped, which ends this mapping.
    ///
    /// # Safety
    /// Who borrows from the other one finds the bytes that he may look at the same as before.
    pub unsafe fn replace(self, other: &Mapping) -> io::Result<()> {
        assert!(self.len == other.len);
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        let start = self.start.as_ptr().cast();
        // SAFETY: both are mapped and as long as each other, and nothing borrows from this one, which is ours.
        let moved = unsafe { libc::mremap(start, self.len, self.len, flags, other.start.as_ptr()) };
        if moved == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // It is where the other one was, which ends it.
        std::mem::forget(self);
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this address and length, and nothing borrows from it.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn only_what_lies_in_it_is_reached() {
        let memory = Mapping::anonymous(4096).unwrap();
        memory.word(4092).store(7, Ordering::Relaxed);
        // SAFETY: nobody else has this memory.
        let word: u32 = unsafe { memory.read(4092) };
        assert_eq!(word, 7);
        for (at, len) in [(4096, 1), (4095, 2), (usize::MAX, 1), (0, 4097)] {
            // SAFETY: as above.
            assert!(unsafe { memory.bytes(at, len) }.is_none());
        }
        assert!(memory.holds(8, 8, 8) && !memory.holds(4, 8, 8) && !memory.holds(4090, 8, 2));
    }

    #[test]
    fn one_takes_the_place_of_another() {
        let (old, new) = (Mapping::anonymous(8192).unwrap(), Mapping::anonymous(8192).unwrap());
        new.word(4096).store(9, Ordering::Relaxed);
        // SAFETY: nothing is borrowed from either.
        unsafe { new.replace(&old) }.unwrap();
        assert_eq!(old.word(4096).load(Ordering::Relaxed), 9);
    }
}
