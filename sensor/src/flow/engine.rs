//! The flow table: from datagrams to connections.

mod visit;

use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::config::Config;
use crate::counters::{counter, counters, gauge};
use crate::decode::discarded;
use crate::event::{Bus, Conn, Framing, Order, Proto, Tunnel};
use crate::flow::ends::{icmp_ports, seems_reversed};
use crate::flow::events::{ConnectionFlipped, ConnectionReused, Headers, NewPacket};
use crate::flow::handler::{Cx, Dir, Handler, TcpEvent};
use crate::flow::history::History;
use crate::flow::kept::AllKept;
use crate::flow::key::{End, Key, Tuple};
use crate::flow::slab::Slab;
use crate::flow::tcp::{BufferedTotal, EndpointState, Peek, Segment, Tcp};
use crate::flow::timers::{Entry as TimerEntry, Wheel};
use crate::flow::transport::{take_icmp, take_segment, take_udp};
use crate::flow::{Around, Deadline, Flow, NEVER, TunnelTrial};
use crate::time::{Interval, Time};

/// An IP datagram's payload and what the flow engine needs of its header.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// The transport protocol: 6, 17, 1 or 58.
    pub protocol: u8,
    /// The IP header with its options or extension headers.
    pub header: &'a [u8],
    /// Transport header and payload, as far as they were captured.
    pub bytes: &'a [u8],
    /// Their length by the IP header.
    pub len: u32,
    /// The datagram's length by its IP header, header included.
    pub total_len: u32,
    /// The transport checksum was looked at and is wrong.
    pub bad_checksum: bool,
}

/// What became of a datagram that the caller may have more to do with.
#[derive(Clone, Copy, Debug)]
pub struct Handed<'a> {
    pub slot: u32,
    pub dir: Dir,
    /// A UDP datagram's payload, as far as it was captured.
    pub payload: &'a [u8],
}

counters! {
    /// Counters of one flow table.
    pub struct FlowStats {
        /// Flows begun.
        pub opened_by_proto: [u64; 3] = counter("flows_opened_total").by("proto", PROTOS),
        /// Flows in memory.
        pub open_by_proto: [u64; 3] = gauge("flows_open").by("proto", PROTOS),
        /// Most flows that were in memory at once.
        pub most_open: u64 = gauge("flows_most_open"),
        /// Flows ended early because the table was full.
        pub evicted: u64 =
            counter("flows_evicted_total").lost("connections ended early because the table was full"),
        /// Flows forgotten without a row, after a fault of the sensor.
        pub lost: u64 =
            counter("flows_lost_total").lost("connections forgotten without a row (a fault of ours)"),
        /// Acknowledgements of new data on established TCP connections.
        pub acks: u64 = counter("tcp_acks_total"),
        /// Those of them for data that was never seen.
        pub gaps: u64 = counter("tcp_gaps_total"),
        /// TCP connections that carried data and ended.
        pub tcp_ended: u64 = counter("tcp_ended_total"),
        /// Those of them of which only one side was seen.
        pub tcp_one_sided: u64 = counter("tcp_one_sided_total"),
        /// Memory for TCP data that waits behind holes.
        pub reassembly_bytes: u64 = gauge("reassembly_bytes"),
        /// Bytes behind holes given up because a ceiling was reached.
        pub reassembly_given_up: u64 =
            counter("reassembly_given_up_bytes_total").lost("bytes behind gaps given up at a ceiling"),
        /// Segments of connections that are not followed because their beginning was not seen (partial_connection_ok).
        pub unwanted: u64 = counter("tcp_partial_ignored_total")
            .lost("segments of connections whose beginning was not seen, as partial_connection_ok says"),
        /// Datagrams too short for their transport header.
        pub truncated: u64 =
            discarded(&["truncated_transport"]).lost("packets too short for their transport header"),
        /// Segments and datagrams whose checksum was wrong.
        pub bad_checksums: u64 =
            discarded(&["bad_transport_checksum"]).lost("packets with a wrong transport checksum (see -C)"),
    }
}

const PROTOS: &[&str] = &["tcp", "udp", "icmp"];

impl FlowStats {
    /// Flows begun, of all protocols.
    pub fn opened(&self) -> u64 {
        self.opened_by_proto.iter().sum()
    }
}

/// What the state machine works with besides the flow itself.
pub(super) struct Env<'e, 'c, H: Handler> {
    pub cx: Cx<'c>,
    pub handler: &'e mut H,
    pub total: &'e mut BufferedTotal,
}

impl<H: Handler> Env<'_, '_, H> {
    /// Swaps originator and responder.
    pub fn flip(&mut self, flow: &mut Flow, tcp: &mut Tcp, app: &mut H::State) {
        tcp.flip();
        flow.flip();
        self.handler.flipped(app);
        flow.raise(&mut self.cx, &ConnectionFlipped { c: Conn });
    }
}

struct Slot<S> {
    flow: Flow,
    /// Where the state of a TCP connection is; [`NO_TCP`] for other flows, which have none.
    tcp: u32,
    app: S,
}

const NO_TCP: u32 = u32::MAX;
/// What those have instead.
static NO_STATE: Tcp = Tcp::new();

/// All flows of one worker.
pub struct Flows<H: Handler> {
    pub handler: H,
    slab: Slab<Slot<H::State>>,
    tcps: Slab<Tcp>,
    /// Slots by key, each with its key's hash so that growing the index does not touch the flows.
    index: HashTable<(u32, u32)>,
    hasher: RandomState,
    /// Starts with the first packet.
    wheel: Option<Wheel>,
    due: Vec<TimerEntry>,
    total: BufferedTotal,
    hand: u32,
    /// The flow being worked on, to be given up should its analysis fail.
    current: Option<u32>,
    stats: FlowStats,
}

impl<H: Handler> Flows<H> {
    pub fn new(handler: H) -> Self {
        Flows {
            handler,
            slab: Slab::default(),
            tcps: Slab::default(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            wheel: None,
            due: Vec::new(),
            total: BufferedTotal::default(),
            hand: 0,
            current: None,
            stats: FlowStats::default(),
        }
    }

    pub fn stats(&self) -> FlowStats {
        FlowStats {
            reassembly_given_up: self.total.given_up,
            acks: self.total.acks,
            gaps: self.total.gaps,
            reassembly_bytes: self.total.bytes as u64,
            ..self.stats
        }
    }

    /// Forgets every flow there still is, and starts as if new; the counters go on.
    pub fn restart(&mut self)
    where
        H: Default,
    {
        // What flows that were not ended had taken from it is not given back.
        let handler = if self.is_empty() { std::mem::take(&mut self.handler) } else { H::default() };
        let lost = self.stats.lost + self.slab.len() as u64;
        let total = BufferedTotal { bytes: 0, ..std::mem::take(&mut self.total) };
        let stats = FlowStats { lost, open_by_proto: [0; 3], ..self.stats };
        *self = Flows { total, stats, ..Flows::new(handler) };
    }

    pub fn len(&self) -> usize {
        self.slab.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slab.len() == 0
    }

    /// Whether there is a flow between these ends.
    pub fn knows(&self, tuple: &Tuple) -> bool {
        self.find(tuple, hash_of(&self.hasher, &tuple.key())).is_some()
    }

    pub fn flow_mut(&mut self, slot: u32) -> Option<&mut Flow> {
        self.slab.get_mut(slot).map(|slot| &mut slot.flow)
    }

    /// The ends of a datagram; `None`, and why, where its transport header is too short.
    // Returned through a call it would be copied piece by piece, as it is not aligned to words.
    #[inline(always)]
    pub fn tuple(datagram: &Datagram<'_>) -> Result<Tuple, TooShort> {
        let (proto, min) = match datagram.protocol {
            6 => (Proto::Tcp, Segment::MIN_HEADER),
            17 => (Proto::Udp, 8),
            _ => (Proto::Icmp, 8),
        };
        // With segment offload the IP header may give no length at all.
        if datagram.len != 0 && (datagram.len as usize) < min {
            return Err(TooShort { proto, weird: "truncated_header" });
        }
        let bytes = datagram.bytes;
        let too_short = TooShort { proto, weird: "internally_truncated_header" };
        let (ports, _) = bytes.split_first_chunk::<4>().filter(|_| bytes.len() >= min).ok_or(too_short)?;
        let (src_port, dst_port, one_way) = match proto {
            Proto::Icmp => icmp_ports(datagram.protocol, ports[0], ports[1]),
            _ => (u16::from_be_bytes([ports[0], ports[1]]), u16::from_be_bytes([ports[2], ports[3]]), false),
        };
        Ok(Tuple {
            src: End::new(datagram.src, src_port),
            dst: End::new(datagram.dst, dst_port),
            proto,
            one_way,
        })
    }

    /// Fires what `now` makes due. Every packet of the capture moves the clock, whoever owns it.
    #[inline]
    pub fn advance(&mut self, now: Time, config: &Config, bus: &mut Bus) {
        let wheel = self.wheel.get_or_insert_with(|| Wheel::new(now));
        if !wheel.is_quiet(now) {
            let mut due = std::mem::take(&mut self.due);
            wheel.take_due(now, &mut due);
            self.fire_due(due, now, config, bus);
        }
    }

    fn fire_due(&mut self, mut due: Vec<TimerEntry>, now: Time, config: &Config, bus: &mut Bus) {
        // A flow that was found its deadline again since, or is gone, has left a stale entry.
        due.retain(|entry| self.slab.get(entry.slot).is_some_and(|slot| slot.flow.is_due(entry)));
        let ordinal = |entry: &TimerEntry| self.slab.get(entry.slot).map_or(0, |slot| slot.flow.ordinal);
        due.sort_unstable_by_key(|entry| (entry.deadline, ordinal(entry)));
        for entry in due.drain(..) {
            let Some(slot) = self.slab.get(entry.slot).filter(|slot| slot.flow.is_due(&entry)) else {
                continue;
            };
            bus.at_timer(entry.deadline, slot.flow.ordinal);
            self.fire(entry.slot, now, config, bus);
        }
        bus.at_step(0);
        self.due = due;
    }

    fn fire(&mut self, at: u32, now: Time, config: &Config, bus: &mut Bus) {
        self.current = Some(at);
        let Some(Slot { flow, tcp, app }) = self.slab.get_mut(at) else { return };
        let mut tcp = self.tcps.get_mut(*tcp);
        flow.armed = NEVER;
        bus.mute(flow.shadow);
        bus.heartbeat().at_flow(flow.tuple.pack(), flow.ordinal);
        let mut cx = Cx { now, stamp: now, config, bus };
        let (mut over, mut timed_out) = (false, false);
        let mut due = Deadline::ALL.map(|which| (flow.deadlines[which as usize], which));
        // After a pause in the traffic several are: what comes first may leave nothing to do for the rest.
        due.sort_by_key(|(deadline, _)| *deadline);
        for (_, which) in due.into_iter().filter(|(deadline, _)| *deadline <= now) {
            if over {
                break;
            }
            flow.clear_deadline(which);
            over = match (which, tcp.as_deref_mut()) {
                (Deadline::Tcp, Some(tcp)) => {
                    let unanswered = !tcp.both_ended() && tcp.attempt_over();
                    if unanswered {
                        tcp.show(flow);
                        self.handler.tcp_event(&mut cx, flow, app, TcpEvent::Unanswered);
                    } else if !tcp.both_ended() && flow.is_half_open() {
                        tcp.show(flow);
                        self.handler.tcp_event(&mut cx, flow, app, TcpEvent::HalfOpen);
                    }
                    tcp.both_ended() || unanswered
                }
                (Deadline::Expire | Deadline::Close, Some(tcp)) => {
                    let over = tcp.seems_over(config.timeouts.tcp_connection_linger, flow.last, now);
                    if over == Some(false) {
                        flow.set_deadline(which, now + config.timeouts.tcp_session_timer);
                    }
                    timed_out = over == Some(true);
                    timed_out
                }
                (Deadline::Tcp | Deadline::Expire | Deadline::Close, None) => false,
                (Deadline::Inactivity, _) => {
                    let over = flow.last + flow.inactivity <= now;
                    if !over {
                        flow.set_deadline(which, flow.last + flow.inactivity);
                    }
                    timed_out = over;
                    over
                }
                (Deadline::App, tcp) => {
                    if let Some(tcp) = tcp {
                        tcp.show(flow);
                    }
                    self.handler.timer(&mut cx, flow, app)
                }
            };
        }
        if timed_out {
            self.handler.timed_out(&mut cx, flow, app);
        }
        if over {
            self.remove(at, now, config, bus);
        } else {
            self.current = None;
            self.arm(at);
        }
    }

    /// Makes sure that the wheel wakes the flow at its first deadline.
    fn arm(&mut self, at: u32) {
        let Some(slot) = self.slab.get_mut(at) else { return };
        let flow = &mut slot.flow;
        let first = flow.deadlines.iter().copied().min().unwrap_or(NEVER);
        if let Some(wheel) = self.wheel.as_mut().filter(|_| first < flow.armed) {
            flow.armed = first;
            wheel.add(TimerEntry { deadline: first, slot: at });
            // Flows that were evicted leave theirs behind. Under a flood those would soon outnumber the
            // flows that the table can hold.
            if wheel.len() > 2 * self.slab.len() + MAX_STALE_TIMERS {
                let slab = &self.slab;
                wheel.retain(|entry| slab.get(entry.slot).is_some_and(|slot| slot.flow.is_due(entry)));
            }
        }
    }

    #[inline]
    fn find(&self, tuple: &Tuple, hash: u64) -> Option<u32> {
        let matches = |&(slot, tag): &(u32, u32)| {
            tag == hash as u32 && self.slab.get(slot).is_some_and(|slot| slot.flow.tuple.is_same_flow(tuple))
        };
        self.index.find(hash, matches).map(|&(slot, _)| slot)
    }

    /// Takes a datagram in. `tunnels` are those around it, outermost first; `shadow` tells that the
    /// flow is another worker's.
    pub fn datagram<'a>(
        &mut self,
        datagram: &Datagram<'a>,
        tuple: Tuple,
        tunnels: &[Tunnel],
        arrival: Arrival<'_>,
        config: &Config,
        bus: &mut Bus,
    ) -> Option<Handed<'a>> {
        bus.heartbeat().at_flow(tuple.pack(), 0);
        let hash = hash_of(&self.hasher, &tuple.key());
        let mut found = self.find(&tuple, hash);
        if let Some(at) = found {
            if tuple.proto == Proto::Tcp
                && let Some(syn) = Segment::peek(datagram.bytes).filter(|peek| peek.flags.syn())
                && self.is_reuse(at, &syn, &arrival, config, bus)
            {
                if let Some(slot) = self.slab.get_mut(at) {
                    slot.flow.replaced = true;
                    let mut cx = Cx { now: arrival.now, stamp: arrival.stamp, config, bus };
                    slot.flow.raise(&mut cx, &ConnectionReused { c: Conn });
                }
                self.remove(at, arrival.now, config, bus);
                found = None;
            } else if !tunnels.is_empty()
                || self.slab.get(at).is_some_and(|slot| !slot.flow.tunnels().is_empty())
            {
                self.check_tunnels(at, tunnels, bus);
            }
        }
        let at = match found {
            Some(at) => at,
            None if tuple.proto == Proto::Tcp && is_unwanted(datagram, config) => {
                self.stats.unwanted += 1;
                return None;
            }
            None => self.open(tuple, hash, datagram, tunnels, &arrival, config, bus),
        };
        self.current = Some(at);
        let slot = self.slab.get_mut(at)?;
        let Slot { flow, tcp, app } = slot;
        flow.touched = true;
        bus.mute(flow.shadow);
        bus.heartbeat().at_known_flow(flow.ordinal);
        let dir = if flow.tuple.src == tuple.src { Dir::Orig } else { Dir::Resp };
        let mut cx = Cx { now: arrival.now, stamp: arrival.stamp, config, bus };
        flow.raise(&mut cx, &NewPacket { c: Conn, p: Headers(datagram) });
        self.handler.packet(&mut cx, flow, app, dir, datagram);
        let mut env = Env { cx, handler: &mut self.handler, total: &mut self.total };
        let stats = &mut self.stats;
        let handed = match tuple.proto {
            Proto::Tcp => {
                if let Some(tcp) = self.tcps.get_mut(*tcp) {
                    take_segment(&mut env, flow, tcp, app, dir, datagram, stats);
                }
                None
            }
            Proto::Udp => take_udp(&mut env, flow, app, dir, datagram, stats),
            Proto::Icmp => {
                take_icmp(&mut env, flow, dir, datagram, stats);
                None
            }
        };
        let first = flow.deadlines.iter().copied().min().unwrap_or(NEVER);
        if first < flow.armed {
            self.arm(at);
        }
        self.current = None;
        handed.map(|payload| Handed { slot: at, dir, payload })
    }

    fn is_reuse(
        &mut self,
        at: u32,
        syn: &Peek,
        arrival: &Arrival<'_>,
        config: &Config,
        bus: &mut Bus,
    ) -> bool {
        let Some(Slot { flow, tcp, .. }) = self.slab.get_mut(at) else { return false };
        let Some(tcp) = self.tcps.get(*tcp) else { return false };
        bus.mute(flow.shadow);
        let cx = Cx { now: arrival.now, stamp: arrival.stamp, config, bus };
        let mut env = Env { cx, handler: &mut self.handler, total: &mut self.total };
        tcp.is_reuse(&mut env, flow, syn.offset, syn.flags, syn.seq)
    }

    #[allow(clippy::too_many_arguments, reason = "one call site; a struct would only rename the arguments")]
    fn open(
        &mut self,
        tuple: Tuple,
        hash: u64,
        datagram: &Datagram<'_>,
        tunnels: &[Tunnel],
        arrival: &Arrival<'_>,
        config: &Config,
        bus: &mut Bus,
    ) -> u32 {
        if self.slab.len() >= config.limits.flows {
            self.evict(arrival.now, config, bus);
        }
        let mut flow = Flow {
            tuple,
            ordinal: arrival.ordinal,
            uid: None,
            seed: config.seed,
            start: arrival.stamp,
            last: arrival.stamp,
            history: History::default(),
            seen: 0,
            packets: [0; 2],
            ip_bytes: [0; 2],
            sizes: [0; 2],
            states: [EndpointState::Inactive; 2],
            missed_bytes: 0,
            services: None,
            kept: AllKept::default(),
            active: [false; 2],
            did_weird: false,
            raised: false,
            analyzers: 0,
            analyzer: 0,
            shown: false,
            flip_pending: false,
            partial: false,
            lossy: false,
            replaced: false,
            shadow: arrival.shadow,
            trial: TunnelTrial::default(),
            touched: true,
            around: arrival
                .framing
                .map(|framing| Box::new(Around { framing: Some(Arc::new(*framing)), ..Around::default() })),
            inactivity: Interval::ZERO,
            deadlines: [NEVER; Deadline::COUNT],
            armed: NEVER,
        };
        let reversed = seems_reversed(&tuple, datagram, config);
        if reversed {
            flow.flip();
        }
        match tuple.proto {
            Proto::Tcp => {
                // Until the handshake is over a TCP connection is idle as early as a UDP flow.
                flow.set_inactivity(config.timeouts.udp_inactivity);
                flow.set_deadline(Deadline::Expire, arrival.now + config.timeouts.tcp_syn_timeout);
            }
            Proto::Udp => flow.set_inactivity(config.timeouts.udp_inactivity),
            Proto::Icmp => flow.set_inactivity(config.timeouts.icmp_inactivity),
        }
        bus.mute(flow.shadow);
        let mut app = H::State::default();
        let mut cx = Cx { now: arrival.now, stamp: arrival.stamp, config, bus };
        if reversed {
            flow.raise(&mut cx, &ConnectionFlipped { c: Conn });
        }
        self.handler.opened(&mut cx, &mut flow, &mut app);
        let tcp = if tuple.proto == Proto::Tcp { self.tcps.insert(Tcp::new()) } else { NO_TCP };
        let at = self.slab.insert(Slot { flow, tcp, app });
        self.index.insert_unique(hash, (at, hash as u32), |&(_, tag)| widen(tag));
        if !tunnels.is_empty() {
            self.check_tunnels(at, tunnels, bus);
        }
        self.stats.opened_by_proto[tuple.proto as usize] += 1;
        self.stats.open_by_proto[tuple.proto as usize] += 1;
        self.stats.most_open = self.stats.most_open.max(self.slab.len() as u64);
        at
    }

    /// Notes the tunnels around a flow where they are new or have changed.
    fn check_tunnels(&mut self, at: u32, tunnels: &[Tunnel], bus: &mut Bus) {
        let Some(slot) = self.slab.get_mut(at) else { return };
        let flow = &mut slot.flow;
        bus.mute(flow.shadow);
        if flow.tunnels() == tunnels {
            return;
        }
        let around = flow.around.get_or_insert_default();
        around.tunnels = tunnels.to_vec();
        if let Some(uid) = tunnels.last().and_then(|innermost| innermost.uid) {
            // A flow that changes its tunnel with every packet must not grow for ever.
            if !around.parents.contains(&uid) && around.parents.len() < MAX_TUNNEL_PARENTS {
                around.parents.push(uid);
            }
        }
        if !tunnels.is_empty() {
            bus.tunnels(tunnels.to_vec());
        }
    }

    /// Ends the flow that was unused for longest, by the clock algorithm: every flow that was used
    /// since the hand last passed is spared once.
    fn evict(&mut self, now: Time, config: &Config, bus: &mut Bus) {
        for _ in 0..2 * u64::from(self.slab.slots()) {
            self.hand = if self.hand + 1 < self.slab.slots() { self.hand + 1 } else { 0 };
            let Some(slot) = self.slab.get_mut(self.hand) else { continue };
            if !std::mem::take(&mut slot.flow.touched) {
                self.stats.evicted += 1;
                return self.remove(self.hand, now, config, bus);
            }
        }
    }

    /// Forgets the flow that was being worked on when its analysis failed, if it was that of a flow.
    pub fn give_up_current(&mut self) {
        let Some(at) = self.current.take() else { return };
        self.stats.lost += 1;
        self.forget(at);
    }

    /// Lets no packet find a flow any more.
    fn unlist(&mut self, at: u32) {
        let Some(slot) = self.slab.get(at).filter(|_| !self.index.is_empty()) else { return };
        let hash = hash_of(&self.hasher, &slot.flow.tuple.key());
        if let Ok(entry) = self.index.find_entry(hash, |&(slot, _)| slot == at) {
            entry.remove();
        }
    }

    /// Takes a flow out of the table.
    fn forget(&mut self, at: u32) {
        self.unlist(at);
        let Some(Slot { flow, tcp, .. }) = self.slab.get(at) else { return };
        let open = &mut self.stats.open_by_proto[flow.proto() as usize];
        *open = open.saturating_sub(1);
        let tcp = *tcp;
        if let Some(tcp) = self.tcps.get_mut(tcp) {
            tcp.release(&mut self.total);
        }
        self.tcps.remove(tcp);
        self.slab.remove(at);
    }

    fn remove(&mut self, at: u32, now: Time, config: &Config, bus: &mut Bus) {
        self.current = Some(at);
        self.let_go(at, now, config, bus);
        self.forget(at);
        self.current = None;
    }

    /// Lets the handler say what there is still to say of a flow.
    fn let_go(&mut self, at: u32, now: Time, config: &Config, bus: &mut Bus) {
        let Some(Slot { flow, tcp, app }) = self.slab.get_mut(at) else { return };
        let mut tcp = self.tcps.get_mut(*tcp);
        bus.mute(flow.shadow);
        bus.heartbeat().at_flow(flow.tuple.pack(), flow.ordinal);
        let mut cx = Cx { now, stamp: now, config, bus };
        if let Some(tcp) = tcp.as_deref_mut() {
            tcp.release(&mut self.total);
            tcp.show(flow);
            // Attempts that nobody answers are one-sided by nature.
            let carried = flow.packets[0] + flow.packets[1] > 3 && flow.sizes != [0, 0];
            self.stats.tcp_ended += u64::from(carried);
            self.stats.tcp_one_sided += u64::from(carried && flow.packets.contains(&0));
        }
        self.handler.removed(&mut cx, flow, tcp.as_deref().unwrap_or(&NO_STATE), app);
        if flow.trial.carries {
            bus.tunnel_end(flow.id());
        }
    }

    /// Asserts what must hold between packets.
    pub fn check(&self) {
        let mut held = 0;
        for (at, slot) in self.slab.iter() {
            held += self.tcps.get(slot.tcp).map_or(0, Tcp::check);
            let deadline = slot.flow.deadlines.iter().copied().min().unwrap_or(NEVER);
            assert!(slot.flow.armed <= deadline, "flow {at} is woken at its first deadline");
        }
        assert_eq!(held, self.total.bytes, "what streams hold back adds up");
        let open: u64 = self.stats.open_by_proto.iter().sum();
        assert_eq!(open, self.slab.len() as u64, "open flows add up");
        assert_eq!(
            self.stats.open_by_proto[Proto::Tcp as usize],
            self.tcps.len() as u64,
            "each has its state"
        );
        assert!(self.index.len() <= self.slab.len(), "what is in the index is there");
    }

    /// Begins to end every flow, oldest first.
    pub fn end(&mut self, now: Time, bus: &mut Bus) -> Ending {
        // Whatever comes now belongs to a new flow. To take a million flows out one by one would miss the
        // cache for each.
        self.index = HashTable::new();
        let mut rest = Vec::with_capacity(self.slab.len());
        rest.extend(self.slab.iter().map(|(at, slot)| (slot.flow.ordinal, at)));
        rest.sort_unstable_by(|a, b| b.cmp(a));
        bus.at_packet(Order::END, now);
        Ending { rest }
    }

    /// Ends some of the flows that are left; true while there are more. What a million flows have to
    /// say is more than should be held at once.
    pub fn end_some(&mut self, ending: &mut Ending, now: Time, config: &Config, bus: &mut Bus) -> bool {
        for _ in 0..END_AT_ONCE {
            let Some((ordinal, at)) = ending.rest.pop() else { return false };
            bus.at_timer(now, ordinal);
            self.end_attempt(at, now, config, bus);
            self.remove(at, now, config, bus);
        }
        true
    }

    /// A SYN that still waits for its answer when all ends was not answered: the only timer that Zeek lets go off
    /// before its time then.
    fn end_attempt(&mut self, at: u32, now: Time, config: &Config, bus: &mut Bus) {
        self.current = Some(at);
        let Some(Slot { flow, tcp, app }) = self.slab.get_mut(at) else { return };
        let Some(tcp) = self.tcps.get_mut(*tcp) else { return };
        let waits = flow.deadlines[Deadline::Tcp as usize] != NEVER && !tcp.both_ended();
        if waits && tcp.attempt_over() {
            bus.mute(flow.shadow);
            tcp.show(flow);
            let mut cx = Cx { now, stamp: now, config, bus };
            self.handler.tcp_event(&mut cx, flow, app, TcpEvent::Unanswered);
        }
    }
}

/// The flows that are still to be ended, youngest first.
pub struct Ending {
    rest: Vec<(u64, u32)>,
}

const END_AT_ONCE: usize = 4096;

/// Timers of flows that are gone, beyond as many as there are flows: 1 MiB.
const MAX_STALE_TIMERS: usize = 65_536;

/// When a datagram came, and which one it is.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Network time: it never goes back.
    pub now: Time,
    /// The packet's own time stamp.
    pub stamp: Time,
    pub ordinal: u64,
    /// Another worker owns the flow.
    pub shadow: bool,
    /// How it was framed, where scripts look at that.
    pub framing: Option<&'a Framing>,
}

/// A datagram too short for its transport header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort {
    pub proto: Proto,
    /// Zeek's name for it.
    pub weird: &'static str,
}

const MAX_TUNNEL_PARENTS: usize = 64;

fn hash_of(hasher: &RandomState, key: &Key) -> u64 {
    // Only 32 bits are kept beside the slot; the index is hashed by what is kept.
    widen(hasher.hash_one(key) as u32)
}

/// The table takes its buckets from the low bits and its tags from the high ones.
fn widen(tag: u32) -> u64 {
    u64::from(tag) | u64::from(tag) << 32
}

/// Whether a segment that no connection is known for is to begin none.
fn is_unwanted(datagram: &Datagram<'_>, config: &Config) -> bool {
    let streams = &config.streams;
    if streams.partial && streams.answers {
        return false;
    }
    Segment::peek(datagram.bytes).is_some_and(|peek| {
        let (syn, ack) = (peek.flags.syn(), peek.flags.ack());
        (!syn || ack) && (!streams.partial || syn && !streams.answers)
    })
}
