//! One queue's socket, its memory and its rings.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::{c_int, c_void, socklen_t};
use nix::time::{ClockId, clock_gettime};

use super::program::{STAMP_BYTES, STAMP_MARK};
use super::ring::{Mapping, Ring};
use super::{ETHERNET, Refused};
use crate::capture::Packet;
use crate::capture::live::{Counts, Seen};
use crate::time::Time;

/// A piece of the memory, for one frame: a page, the largest that drivers take.
pub(super) const FRAME_BYTES: usize = 4096;
/// Fewer frames than these bridge no pause at all.
const MIN_FRAMES: u32 = 64;
/// We send nothing, but the kernel wants the ring for what was sent.
const COMPLETION_FRAMES: u32 = 64;

/// The socket stands before the memory: it is closed first.
pub(super) struct Queue {
    socket: OwnedFd,
    received: Ring<libc::xdp_desc>,
    free: Ring<u64>,
    memory: Mapping,
    delivered: u64,
    bytes: u64,
}

/// What has been received, in our hands until this is dropped.
struct Received<'a> {
    queue: &'a mut Queue,
    at: usize,
    len: usize,
}

impl Queue {
    /// Opens a socket on a queue, with memory of about this size, or less where the kernel has not got so much.
    /// Returns the bytes granted.
    pub fn open(interface: u32, id: usize, bytes: usize) -> Result<(Queue, usize), Refused> {
        let step = |step| move |error| Refused { step, error };
        let mut frames = (bytes / FRAME_BYTES).clamp(MIN_FRAMES as usize, 1 << 24) as u32;
        frames = 1 << frames.ilog2();
        let (socket, memory) = loop {
            let socket = socket().map_err(step("opening an AF_XDP socket (this needs CAP_NET_RAW)"))?;
            match register(&socket, frames) {
                Ok(memory) => break (socket, memory),
                // ENOBUFS: the limit on locked memory (RLIMIT_MEMLOCK).
                Err(error)
                    if matches!(error.raw_os_error(), Some(libc::ENOMEM | libc::ENOBUFS))
                        && frames > MIN_FRAMES =>
                {
                    frames /= 2;
                }
                Err(error) => return Err(Refused { step: "registering its memory", error }),
            }
        };
        let (received, free) = rings(&socket, frames).map_err(step("allocating the rings"))?;
        let mut queue = Queue { socket, received, free, memory, delivered: 0, bytes: 0 };
        for frame in 0..frames {
            queue.free.put(u64::from(frame) * FRAME_BYTES as u64);
        }
        queue.bind(interface, id).map_err(step("binding to the queue"))?;
        Ok((queue, frames as usize * FRAME_BYTES))
    }

    /// The kernel chooses whether frames are copied.
    fn bind(&self, interface: u32, id: usize) -> io::Result<()> {
        let address = libc::sockaddr_xdp {
            sxdp_family: libc::AF_XDP as u16,
            sxdp_flags: 0,
            sxdp_ifindex: interface,
            sxdp_queue_id: id as u32,
            sxdp_shared_umem_fd: 0,
        };
        // SAFETY: the address is valid for the length given, and only read.
        checked(unsafe {
            libc::bind(self.socket.as_raw_fd(), (&raw const address).cast(), size_of_val(&address) as u32)
        })
    }

    /// Hands on up to so many frames that are accepted.
    pub fn take(
        &mut self,
        most: u32,
        accepts: impl Fn(&[u8]) -> bool,
        each: &mut impl FnMut(&Seen<'_>),
    ) -> u64 {
        let before = self.delivered;
        let clock = Clock::now();
        for _ in 0..most.min(self.received.waiting()) {
            let Some(frame) = self.received.first() else { break };
            // Given back even if handling the packet panics, else the memory would run out.
            let mut received = Received { at: frame.addr as usize, len: frame.len as usize, queue: self };
            let ts = received.stamp(&clock);
            let Some(data) = received.queue.memory.bytes(received.at, received.len) else { continue };
            if accepts(data) {
                received.queue.delivered += 1;
                received.queue.bytes += received.len as u64;
                let wire_len = received.len as u32;
                if let Some(data) = received.queue.memory.bytes(received.at, received.len) {
                    let packet = Packet { ts, link: ETHERNET, wire_len, data };
                    each(&Seen { packet, checksums_pending: false });
                }
            }
        }
        self.delivered - before
    }

    /// What the kernel and we have counted so far.
    pub fn counts(&mut self) -> io::Result<Counts> {
        let kernel: libc::xdp_statistics = get(&self.socket, libc::XDP_STATISTICS)?;
        let dropped = kernel.rx_dropped + kernel.rx_ring_full;
        Ok(Counts {
            link: self.delivered + u64::from(self.received.waiting()) + dropped,
            dropped,
            freezes: kernel.rx_fill_ring_empty_descs,
            delivered: self.delivered,
            bytes: self.bytes,
            cut: 0,
        })
    }

    /// An error that befell the socket since the last call, such as its interface going away.
    pub fn take_error(&self) -> io::Result<()> {
        match get_at::<c_int>(&self.socket, libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Received<'_> {
    /// When it came; where the driver has no room for a stamp, that is now.
    fn stamp(&mut self, clock: &Clock) -> Time {
        let stamped = self.at.checked_sub(STAMP_BYTES);
        let stamp = stamped.and_then(|at| self.queue.memory.bytes(at, STAMP_BYTES)).and_then(|bytes| {
            let (time, mark) = bytes.split_first_chunk::<8>()?;
            let time = i64::from_ne_bytes(*time);
            let marked = mark == STAMP_MARK.to_ne_bytes();
            // The frame may hold a packet without a stamp next.
            bytes.fill(0);
            marked.then_some(time)
        });
        stamp.map_or(clock.wall, |time| clock.at(time))
    }
}

impl Drop for Received<'_> {
    fn drop(&mut self) {
        self.queue.received.take();
        self.queue.free.put((self.at - self.at % FRAME_BYTES) as u64);
    }
}

/// Both clocks at one moment.
struct Clock {
    wall: Time,
    since_boot: i64,
}

impl Clock {
    fn now() -> Clock {
        let read =
            |clock| clock_gettime(clock).map_or(0, |time| time.tv_sec() * 1_000_000_000 + time.tv_nsec());
        let since_boot = read(ClockId::CLOCK_MONOTONIC);
        Clock { wall: Time::from_nanos(read(ClockId::CLOCK_REALTIME)), since_boot }
    }

    /// A moment given by the other clock.
    fn at(&self, since_boot: i64) -> Time {
        Time::from_nanos(self.wall.nanos().saturating_sub(self.since_boot.saturating_sub(since_boot)))
    }
}

fn socket() -> io::Result<OwnedFd> {
    // SAFETY: no memory is passed; the result is checked.
    let fd = unsafe { libc::socket(libc::AF_XDP, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `fd` is a descriptor just made, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn register(socket: &OwnedFd, frames: u32) -> io::Result<Mapping> {
    let len = frames as usize * FRAME_BYTES;
    let memory = Mapping::anonymous(len)?;
    let request = libc::xdp_umem_reg {
        addr: memory.address(),
        len: len as u64,
        chunk_size: FRAME_BYTES as u32,
        headroom: 0,
        flags: 0,
        tx_metadata_len: 0,
    };
    set(socket, libc::XDP_UMEM_REG, &request)?;
    Ok(memory)
}

fn rings(socket: &OwnedFd, frames: u32) -> io::Result<(Ring<libc::xdp_desc>, Ring<u64>)> {
    set(socket, libc::XDP_UMEM_FILL_RING, &frames)?;
    set(socket, libc::XDP_UMEM_COMPLETION_RING, &COMPLETION_FRAMES)?;
    set(socket, libc::XDP_RX_RING, &frames)?;
    let offsets: libc::xdp_mmap_offsets = get(socket, libc::XDP_MMAP_OFFSETS)?;
    let received = Ring::map(socket.as_fd(), libc::XDP_PGOFF_RX_RING, frames, &offsets.rx)?;
    let at = libc::XDP_UMEM_PGOFF_FILL_RING as libc::off_t;
    let free = Ring::map(socket.as_fd(), at, frames, &offsets.fr)?;
    Ok((received, free))
}

fn set<T: Copy>(socket: &OwnedFd, name: c_int, value: &T) -> io::Result<()> {
    // SAFETY: the value is valid for the length given, and only read. Memory that it names is mapped, and stays
    // so for as long as the socket is open.
    checked(unsafe {
        let value: *const c_void = std::ptr::from_ref(value).cast();
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_XDP, name, value, size_of::<T>() as socklen_t)
    })
}

fn get<T: Copy>(socket: &OwnedFd, name: c_int) -> io::Result<T> {
    get_at(socket, libc::SOL_XDP, name)
}

/// Reads an option; used for types that are plain numbers.
fn get_at<T: Copy>(socket: &OwnedFd, level: c_int, name: c_int) -> io::Result<T> {
    // SAFETY: only plain numbers and structures of them are asked for (above), for which all-zero bytes are
    // valid, and the kernel writes no more than the length given.
    unsafe {
        let mut value: T = std::mem::zeroed();
        let mut len = size_of::<T>() as socklen_t;
        let target: *mut c_void = (&raw mut value).cast();
        checked(libc::getsockopt(socket.as_raw_fd(), level, name, target, &raw mut len))?;
        Ok(value)
    }
}

fn checked(result: c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
