//! Live capture through libpcap: where there are no packet sockets, or they are refused.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pcap::{Active, Capture, Precision};

use super::Packet;
use super::live::{Counts, LiveOptions, Polled, SeenPacket};
use crate::time::Time;

pub(super) struct PcapSource {
    capture: Capture<Active>,
    /// Readable when the capture has something: a duplicate of its descriptor.
    ready: OwnedFd,
    link: u16,
    nanoseconds: bool,
    /// All interfaces: libpcap counts packets on loopback twice, and hands them on once.
    any: bool,
    counts: Counts,
    /// What libpcap counted, in 32 bits, when it was last asked.
    last: (u32, u32),
}

/// How long libpcap gathers packets before it hands them over.
pub(super) const READ_TIMEOUT: Duration = Duration::from_millis(50);
/// What Ethernet and segmentation offload together may make of a frame.
const SNAPLEN: i32 = 262_144;
/// Packets handed on in one go.
const BATCH: u64 = 4096;

impl PcapSource {
    pub fn open(options: &LiveOptions) -> Result<Self, String> {
        let open = |precision| {
            Capture::from_device(&options.interface[..])?
                .promisc(options.promiscuous)
                .snaplen(SNAPLEN)
                .timeout(READ_TIMEOUT.as_millis() as i32)
                .buffer_size(i32::try_from(options.ring_bytes).unwrap_or(i32::MAX))
                .precision(precision)
                .open()
        };
        let (mut capture, nanoseconds) = match open(Precision::Nano) {
            Ok(capture) => (capture, true),
            Err(_) => (open(Precision::Micro).map_err(words)?, false),
        };
        if let Some(filter) = &options.filter {
            capture.filter(filter, true).map_err(words)?;
        }
        // In its blocking mode libpcap may wait for a packet however long that takes.
        let capture = capture.setnonblock().map_err(words)?;
        let link = match capture.get_datalink().0 {
            // libpcap's DLT_RAW differs from what files say.
            12 => 101,
            other => u16::try_from(other).map_err(|_| format!("link type {other}"))?,
        };
        // SAFETY: the descriptor is the capture's, which is open during the call.
        let ready = unsafe { BorrowedFd::borrow_raw(capture.as_raw_fd()) }
            .try_clone_to_owned()
            .map_err(|error| error.to_string())?;
        let any = options.interface == super::interface::ANY;
        Ok(PcapSource { capture, ready, link, nanoseconds, any, counts: Counts::default(), last: (0, 0) })
    }

    pub fn poll(&mut self, timeout: Duration, mut each: impl FnMut(&SeenPacket<'_>)) -> io::Result<Polled> {
        self.wait(timeout)?;
        let mut packets = 0;
        while packets < BATCH {
            let packet = match self.capture.next_packet() {
                Ok(packet) => packet,
                Err(pcap::Error::TimeoutExpired) => break,
                Err(error) => return Err(io::Error::other(words(error))),
            };
            packets += 1;
            // libc's time types differ between platforms.
            #[allow(clippy::useless_conversion, reason = "32 bits wide on some platforms")]
            let (seconds, fraction) =
                (i64::from(packet.header.ts.tv_sec), i64::from(packet.header.ts.tv_usec));
            let nanos = if self.nanoseconds { fraction } else { fraction * 1_000 };
            let ts = Time::from_nanos(seconds * 1_000_000_000 + nanos);
            let wire_len = packet.header.len.max(packet.data.len() as u32);
            self.counts.bytes += u64::from(wire_len);
            self.counts.cut += u64::from(packet.data.len() < wire_len as usize);
            let packet = Packet { ts, link: self.link, wire_len, data: packet.data };
            each(&SeenPacket { packet, checksums_pending: false });
        }
        self.counts.delivered += packets;
        Ok(if packets == 0 { Polled::Nothing } else { Polled::Packets(packets) })
    }

    fn wait(&self, timeout: Duration) -> io::Result<()> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(self.ready.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub fn counts(&mut self) -> io::Result<Counts> {
        let stats = self.capture.stats().map_err(|error| io::Error::other(words(error)))?;
        // libpcap's counters wrap around.
        self.counts.link += u64::from(stats.received.wrapping_sub(self.last.0));
        self.counts.dropped += u64::from(stats.dropped.wrapping_sub(self.last.1));
        self.last = (stats.received, stats.dropped);
        if self.any {
            self.counts.link = self.counts.delivered + self.counts.dropped;
        }
        Ok(self.counts)
    }
}

fn words(error: pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(words) => words,
        other => other.to_string(),
    }
}
