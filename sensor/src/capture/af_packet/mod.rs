//! Linux packet sockets with a shared ring (`AF_PACKET`, `TPACKET_V3`).
//!
//! The kernel fills a block of the ring and hands it over whole; packets are analysed where they lie,
//! and the block is given back. Several sockets on one interface form a fanout group, among which the
//! kernel deals packets out by flow, by the NIC's queue or by processor.
//!
//! Described in the kernel's `Documentation/networking/packet_mmap.rst` and in packet(7).

mod block;
mod fanout;
mod ring;
mod socket;

pub(super) use ring::Ring;

use std::io;

use super::live::{FILTER, Fanout, Options};
use super::{filter, interface};
use socket::Socket;

/// Why an interface could not be opened this way.
#[derive(Debug)]
pub(super) struct Refused {
    pub step: &'static str,
    pub error: io::Error,
}

/// An interface shows frames addressed to others for as long as there is one of these.
pub(super) struct Promiscuous {
    _socket: Socket,
}

impl Promiscuous {
    pub fn enter(index: u32) -> io::Result<Self> {
        let socket = Socket::new()?;
        socket.promiscuous(index)?;
        Ok(Promiscuous { _socket: socket })
    }
}

/// Opens one ring for each worker. The second value tells what was granted less than asked for.
pub(super) fn open(options: &Options) -> Result<(Vec<Ring>, Vec<String>), Refused> {
    let step = |step| move |error| Refused { step, error };
    let index = interface::index(&options.interface).map_err(step("finding the interface"))?;
    let link = interface::link_type(&options.interface).map_err(step("learning the link type"))?;
    let program = match &options.filter {
        Some(expression) => Some(
            filter::compile(link, expression)
                .map_err(|error| Refused { step: FILTER, error: io::Error::other(error) })?,
        ),
        None => None,
    };
    let (mut sockets, mut notes) = (Vec::new(), Vec::new());
    let mut group = None;
    for worker in 0..options.workers.max(1) {
        let socket = Socket::new().map_err(step("opening a packet socket (this needs CAP_NET_RAW)"))?;
        // Until every socket has joined the group, each would see all packets.
        socket.refuse_all().map_err(step("attaching a filter"))?;
        socket.prepare().map_err(step("asking for TPACKET_V3"))?;
        let (granted, geometry) = Ring::ask(&socket, options).map_err(step("allocating the ring"))?;
        if granted < options.ring_bytes && worker == 0 {
            notes.push(format!(
                "the kernel grants a ring of {} MiB instead of {} MiB",
                granted >> 20,
                options.ring_bytes >> 20
            ));
        }
        socket.bind(index).map_err(step("binding to the interface"))?;
        if options.promiscuous {
            socket.promiscuous(index).map_err(step("entering promiscuous mode"))?;
        }
        if options.ignore_outgoing {
            socket.ignore_outgoing().map_err(step("leaving out outgoing packets"))?;
        }
        if options.workers > 1 {
            let kind = match options.fanout {
                Fanout::Hash => libc::PACKET_FANOUT_HASH,
                Fanout::Queue => libc::PACKET_FANOUT_QM,
                Fanout::Cpu => libc::PACKET_FANOUT_CPU,
                Fanout::Tunnel => libc::PACKET_FANOUT_CBPF,
            };
            let id =
                socket.join(kind, options.defragment, group).map_err(step("joining the fanout group"))?;
            if group.is_none() && options.fanout == Fanout::Tunnel {
                socket.deal_out(&fanout::by_tunnel()).map_err(step("giving the fanout group a program"))?;
            }
            group = Some(id);
        }
        sockets.push((socket, geometry));
    }
    let mut rings = Vec::new();
    for (socket, geometry) in sockets {
        let mut ring = Ring::map(socket, geometry, link).map_err(step("mapping the ring"))?;
        ring.admit(program.as_deref()).map_err(step("attaching the filter"))?;
        rings.push(ring);
    }
    Ok((rings, notes))
}
