//! AF_XDP sockets: frames go from the driver into memory of ours, past the kernel's network stack.
//!
//! A small program at the interface sends every frame into the socket of the queue it came by, so the host itself
//! sees no more of them: for interfaces on a tap only. Where the driver can, it writes into our memory itself
//! (zero copy); where it has no XDP at all, the kernel's generic code does, and copies.
//!
//! Described in the kernel's `Documentation/networking/af_xdp.rst`.

mod program;
mod queue;
mod ring;

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pcap::{BpfProgram, Capture, Linktype};

use super::af_packet::{Promiscuous, Refused};
use super::live::{Counts, FILTER, LiveOptions, Polled, SeenPacket};
use super::{ethtool, interface};
use program::Attached;
use queue::Queue;

/// One worker's queues.
pub(super) struct XdpSource {
    queues: Vec<Queue>,
    /// The queue to look at first.
    next: usize,
    /// Filters are applied here: the driver knows of none.
    filter: Option<BpfProgram>,
    shared: Arc<Shared>,
}

/// What all workers of an interface need.
struct Shared {
    attached: Attached,
    /// Ends when this is dropped.
    _promiscuous: Option<Promiscuous>,
}

/// `LINKTYPE_ETHERNET`, which is all that XDP knows.
const ETHERNET: u16 = 1;
/// Frames taken from one queue in one go.
const BATCH: u32 = 256;
/// What a frame of the memory has room for, behind the space that drivers keep, Ethernet's header and two tags.
const MAX_MTU: u64 = (ring::FRAME_BYTES - 256 - 22) as u64;

/// Opens the interface's queues, dealt out among the workers. The second value tells what the operator should
/// know.
pub(super) fn open(options: &LiveOptions) -> Result<(Vec<XdpSource>, Vec<String>), Refused> {
    let step = |step| move |error| Refused { step, error };
    let name = &options.interface;
    let index = interface::index(name).map_err(step("finding the interface"))?;
    let link = interface::link_type(name).map_err(step("learning the link type"))?;
    let unfit = |why: String| Refused { step: "looking at the interface", error: io::Error::other(why) };
    if link != ETHERNET {
        return Err(unfit("it is no Ethernet".to_owned()));
    }
    if let Some(mtu) = interface::mtu(name).filter(|mtu| *mtu > MAX_MTU) {
        return Err(unfit(format!("its MTU of {mtu} is more than {MAX_MTU}")));
    }
    let (workers, count) = (options.workers.max(1), interface::receive_queues(name));
    if workers > count {
        return Err(unfit(format!("{workers} workers for {count} queues, of which each has one")));
    }
    let mut filters = Vec::new();
    for _ in 0..workers {
        filters.push(match &options.filter {
            Some(expression) => Some(filter(expression).map_err(step(FILTER))?),
            None => None,
        });
    }
    let promiscuous = match options.promiscuous {
        true => Some(Promiscuous::enter(index).map_err(step("entering promiscuous mode"))?),
        false => None,
    };
    let program = program::Program::load(count)
        .map_err(step("loading a program (this needs CAP_NET_ADMIN and CAP_BPF beside CAP_NET_RAW)"))?;
    let (mut queues, mut notes) = (Vec::new(), Vec::new());
    for id in 0..count {
        let (queue, granted) = Queue::open(index, id, options.ring_bytes)?;
        if granted < options.ring_bytes / 2 && id == 0 {
            notes.push(format!(
                "the kernel grants a ring of {} MiB instead of {} MiB",
                granted >> 20,
                options.ring_bytes >> 20
            ));
        }
        program.send_to(id, &queue).map_err(step("naming the socket to the program"))?;
        queues.push(queue);
    }
    let attached = program.attach(index).map_err(step("attaching the program"))?;
    if !attached.in_driver {
        notes.push("the driver has no XDP: the kernel's generic code copies every packet".to_owned());
        if ethtool::offloads(name).is_ok_and(|offloads| offloads.gro || offloads.lro) {
            let text = format!(
                "GRO makes packets of which there is no room for the largest: ethtool -K {name} gro off"
            );
            notes.push(text);
        }
    }
    let shared = Arc::new(Shared { attached, _promiscuous: promiscuous });
    let mut sources: Vec<XdpSource> = filters
        .into_iter()
        .map(|filter| XdpSource { queues: Vec::new(), next: 0, filter, shared: shared.clone() })
        .collect();
    for (id, queue) in queues.into_iter().enumerate() {
        sources[id % workers].queues.push(queue);
    }
    Ok((sources, notes))
}

fn filter(expression: &str) -> io::Result<BpfProgram> {
    let words = |error: pcap::Error| match error {
        pcap::Error::PcapError(words) => io::Error::other(words),
        other => io::Error::other(other),
    };
    Capture::dead(Linktype(i32::from(ETHERNET))).map_err(words)?.compile(expression, true).map_err(words)
}

impl XdpSource {
    pub fn poll(&mut self, timeout: Duration, mut each: impl FnMut(&SeenPacket<'_>)) -> io::Result<Polled> {
        let mut packets = self.take(&mut each);
        if packets == 0 && !timeout.is_zero() {
            self.wait(timeout)?;
            packets = self.take(&mut each);
        }
        Ok(if packets == 0 { Polled::Nothing } else { Polled::Packets(packets) })
    }

    /// A batch of each queue.
    fn take(&mut self, each: &mut impl FnMut(&SeenPacket<'_>)) -> u64 {
        let XdpSource { queues, next, filter, .. } = self;
        *next = (*next + 1) % queues.len();
        let accepts = |data: &[u8]| filter.as_ref().is_none_or(|filter| filter.filter(data));
        let (behind, front) = queues.split_at_mut(*next);
        front.iter_mut().chain(behind).map(|queue| queue.take(BATCH, accepts, each)).sum()
    }

    fn wait(&self, timeout: Duration) -> io::Result<()> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let flags = PollFlags::POLLIN | PollFlags::POLLERR;
        let mut fds: Vec<PollFd<'_>> =
            self.queues.iter().map(|queue| PollFd::new(queue.as_fd(), flags)).collect();
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let failed = |fd: &PollFd<'_>| fd.revents().is_some_and(|events| events.contains(PollFlags::POLLERR));
        match fds.iter().position(failed) {
            Some(at) => self.queues[at].take_error(),
            None => Ok(()),
        }
    }

    /// Lets nothing more in, for any worker of this interface; what has come already is still to be read.
    pub fn refuse(&self) {
        self.shared.attached.detach();
    }

    pub fn counts(&mut self) -> io::Result<Counts> {
        let mut counts = Counts::default();
        for queue in &mut self.queues {
            let of = queue.counts()?;
            counts.link += of.link;
            counts.dropped += of.dropped;
            counts.freezes += of.freezes;
            counts.delivered += of.delivered;
            counts.bytes += of.bytes;
        }
        Ok(counts)
    }
}
