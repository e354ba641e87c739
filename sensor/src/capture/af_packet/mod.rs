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

pub(super) use ring::{Monitor as RingMonitor, Ring};

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::deal::Dealt;
use super::live::{FILTER, Fanout, LiveOptions};
use super::{filter, interface};
use ring::Geometry;
use socket::{Instruction, Socket};

/// Why an interface could not be opened this way.
#[derive(Debug)]
pub(super) struct Refused {
    pub step: &'static str,
    pub error: io::Error,
}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> io::Error {
        io::Error::new(refused.error.kind(), format!("{}: {}", refused.step, refused.error))
    }
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

/// How the rings of one interface are made, at the start and whenever the interface has been removed and made anew.
pub(super) struct Plan {
    options: LiveOptions,
    link: u16,
    program: Option<Vec<Instruction>>,
    /// Where there are several workers.
    dealt: Option<Arc<Dealt>>,
    /// The group that rings share, and the interface it is on.
    group: Mutex<Option<(u32, u16)>>,
    /// Sockets for rings to come: they can be opened only as long as there is the privilege to.
    spares: Mutex<Vec<Socket>>,
}

/// So often an interface may be made anew before a restart is needed.
const SPARES: usize = 8;

/// Rings, how packets are dealt out among them, and what was granted less than asked for.
type Rings = (Vec<Ring>, Option<Arc<Dealt>>, Vec<String>);

/// Opens one ring for each worker.
pub(super) fn open(options: &LiveOptions) -> Result<Rings, Refused> {
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
    let (group, spares) = (Mutex::default(), Mutex::default());
    let workers = options.workers.max(1);
    let dealt = (workers > 1).then(|| Arc::new(Dealt::new(workers, Some(options.fanout))));
    let plan =
        Arc::new(Plan { options: options.clone(), link, program, dealt: dealt.clone(), group, spares });
    let (mut prepared, mut notes) = (Vec::new(), Vec::new());
    for worker in 0..workers {
        let socket = plan.socket()?;
        let (granted, geometry) = plan.prepare(&socket, index)?;
        if granted < options.ring_bytes && worker == 0 {
            notes.push(format!(
                "the kernel grants a ring of {} MiB instead of {} MiB",
                granted >> 20,
                options.ring_bytes >> 20
            ));
        }
        prepared.push((socket, geometry));
        let spares = (0..SPARES).map(|_| plan.socket()).collect::<Result<Vec<_>, _>>()?;
        locked(&plan.spares).extend(spares);
    }
    let rings = prepared.into_iter().enumerate();
    let rings = rings.map(|(worker, (socket, geometry))| plan.begin(worker, socket, geometry, index));
    Ok((rings.collect::<Result<_, _>>()?, dealt, notes))
}

impl Plan {
    /// A socket that gets nothing.
    fn socket(&self) -> Result<Socket, Refused> {
        let step = |step| move |error| Refused { step, error };
        let socket = Socket::new().map_err(step("opening a packet socket (this needs CAP_NET_RAW)"))?;
        // Until every socket has joined the group, each would see all packets.
        socket.refuse_all().map_err(step("attaching a filter"))?;
        Ok(socket)
    }

    /// Gives it a ring, and its place among those of the interface. Returns the bytes granted.
    fn prepare(&self, socket: &Socket, index: u32) -> Result<(usize, Geometry), Refused> {
        let step = |step| move |error| Refused { step, error };
        let options = &self.options;
        socket.prepare().map_err(step("asking for TPACKET_V3"))?;
        let granted = Ring::ask(socket, options).map_err(step("allocating the ring"))?;
        socket.bind(index).map_err(step("binding to the interface"))?;
        if options.promiscuous {
            socket.promiscuous(index).map_err(step("entering promiscuous mode"))?;
        }
        if options.ignore_outgoing {
            socket.ignore_outgoing().map_err(step("leaving out outgoing packets"))?;
        }
        if let Some(dealt) = &self.dealt {
            let kind = match options.fanout {
                Fanout::Hash | Fanout::Tunnel => libc::PACKET_FANOUT_CBPF,
                Fanout::Queue => libc::PACKET_FANOUT_QM,
                Fanout::Cpu => libc::PACKET_FANOUT_CPU,
            };
            let mut group = locked(&self.group);
            let there = group.filter(|(on, _)| *on == index).map(|(_, id)| id);
            let id = socket.join(kind, there).map_err(step("joining the fanout group"))?;
            if there.is_none() && dealt.by_hash() {
                let program = fanout::program(&dealt.hash, interface::header_len(self.link));
                socket.deal_out(&program).map_err(step("giving the fanout group a program"))?;
            }
            *group = Some((index, id));
        }
        Ok(granted)
    }

    /// Lets packets in.
    fn begin(
        self: &Arc<Self>,
        worker: usize,
        socket: Socket,
        geometry: Geometry,
        index: u32,
    ) -> Result<Ring, Refused> {
        let step = |step| move |error| Refused { step, error };
        let ring = Ring::map(worker, socket, geometry, self.clone(), index);
        let mut ring = ring.map_err(step("mapping the ring"))?;
        ring.admit(self.program.as_deref()).map_err(step("attaching the filter"))?;
        Ok(ring)
    }

    /// A ring for a worker on the interface that has this name now, if that is another than `index`.
    fn again(self: &Arc<Self>, worker: usize, index: u32) -> Result<Option<Ring>, Refused> {
        let step = |step| move |error| Refused { step, error };
        let name = &self.options.interface;
        // Where there is none, there may be one later.
        let Some(now) = interface::index(name).ok().filter(|now| *now != index) else { return Ok(None) };
        let gone =
            |why: &str| Refused { step: "following the interface", error: io::Error::other(why.to_owned()) };
        if interface::link_type(name).map_err(step("learning the link type"))? != self.link {
            return Err(gone("its link type is another"));
        }
        let socket = locked(&self.spares).pop().ok_or_else(|| gone("it was made anew too often"))?;
        let (_, geometry) = self.prepare(&socket, now)?;
        self.begin(worker, socket, geometry, now).map(Some)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
