//! One queue's socket, its memory and its rings.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::time::{ClockId, clock_gettime};

use super::program::{STAMP_BYTES, STAMP_MARK};
use super::ring::{FRAME_BYTES, Frame, Frames, register};
use super::{ETHERNET, Refused};
use crate::capture::Packet;
use crate::capture::live::{Counts, SeenPacket};
use crate::capture::socket::{self, xdp};
use crate::time::Time;

/// Fewer frames than these bridge no pause at all.
const MIN_FRAMES: u32 = 64;

/// The socket stands before the memory: it is closed first.
pub(super) struct Queue {
    socket: OwnedFd,
    frames: Frames,
    delivered: u64,
    bytes: u64,
}

impl Queue {
    /// Opens a socket on a queue, with memory of about this size, or less where the kernel has not got so much.
    /// Returns the bytes granted.
    pub fn open(interface: u32, id: usize, bytes: usize) -> Result<(Queue, usize), Refused> {
        let step = |step| move |error| Refused { step, error };
        let mut frames = (bytes / FRAME_BYTES).clamp(MIN_FRAMES as usize, 1 << 24) as u32;
        frames = 1 << frames.ilog2();
        let (socket, memory) = loop {
            let socket = socket::open(libc::AF_XDP, libc::SOCK_RAW)
                .map_err(step("opening an AF_XDP socket (this needs CAP_NET_RAW)"))?;
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
        let ready = Frames::new(&socket, memory).map_err(step("allocating the rings"))?;
        let queue = Queue { socket, frames: ready, delivered: 0, bytes: 0 };
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
        socket::bind(&self.socket, &address)
    }

    /// Hands on up to so many frames that are accepted.
    pub fn take(
        &mut self,
        most: u32,
        accepts: impl Fn(&[u8]) -> bool,
        each: &mut impl FnMut(&SeenPacket<'_>),
    ) -> u64 {
        let before = self.delivered;
        let clock = Clock::now();
        for _ in 0..most.min(self.frames.waiting()) {
            let Some(mut frame) = self.frames.next() else { break };
            let ts = stamp(&mut frame, &clock);
            let Some(data) = frame.bytes() else { continue };
            let data = &*data;
            if accepts(data) {
                self.delivered += 1;
                self.bytes += data.len() as u64;
                let packet = Packet { ts, link: ETHERNET, wire_len: data.len() as u32, data };
                each(&SeenPacket { packet, checksums_pending: false });
            }
        }
        self.delivered - before
    }

    /// What the kernel and we have counted so far.
    pub fn counts(&mut self) -> io::Result<Counts> {
        let kernel = socket::get(&self.socket, &xdp::STATISTICS)?;
        let dropped = kernel.rx_dropped + kernel.rx_ring_full;
        Ok(Counts {
            link: self.delivered + u64::from(self.frames.waiting()) + dropped,
            dropped,
            freezes: kernel.rx_fill_ring_empty_descs,
            delivered: self.delivered,
            bytes: self.bytes,
            cut: 0,
        })
    }

    /// An error that befell the socket since the last call, such as its interface going away.
    pub fn take_error(&self) -> io::Result<()> {
        socket::take_error(&self.socket)
    }
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// When a frame came; where the driver has no room for a stamp, that is now.
fn stamp(frame: &mut Frame<'_>, clock: &Clock) -> Time {
    let stamp = frame.before(STAMP_BYTES).and_then(|bytes| {
        let (time, mark) = bytes.split_first_chunk::<8>()?;
        let time = i64::from_ne_bytes(*time);
        let marked = mark == STAMP_MARK.to_ne_bytes();
        // The frame may hold a packet without a stamp next.
        bytes.fill(0);
        marked.then_some(time)
    });
    stamp.map_or(clock.wall, |time| clock.at(time))
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
