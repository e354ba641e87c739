//! One worker: a packet from frame to flows, and into the tunnels it carries.
//!
//! Every worker sees every packet, so that packet time is the same for all. Ordinary packets are left
//! to the owner of their flow ([`plain`]); all others are decoded by every worker, so that fragments
//! and tunnels are the same for all, and analysed by the owner. A UDP flow that may be a tunnel is
//! followed by all workers, because what is inside may belong to any of them; only its owner tells
//! of it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use nightjar_protocols::wire::Mac;

use crate::analyze::{
    self, Analysis, AnalyzeStats, Command, Expected, Named, Others, Sessions, Unclaimed, tuple_of,
};
use crate::capture::Packet;
use crate::config::Config;
use crate::counters::{CounterSet, counter, counters};
use crate::decode::{
    Checksum, Counters, Datagram as Whole, Decoder, Facts, Inner, IpPacket, IpProtocols, IpTunnel,
    LinkOutcome, Outcome, OverUdp, Piece, TunnelContext, UdpTunnelKind, Verdict, Weirds, is_fragment, peek,
};
use crate::event::{About, Batch, Bus, Framing, Heartbeat, Order, Proto, Tunnel, Weird};
use crate::flow::events::{FlowWeird, NetWeird};
use crate::flow::{Arrival, Cx, Datagram, End, Ending, FlowStats, Flows, Handed, Key, Tuple};
use crate::pipeline::exchange::{Handover, Parcel, Peers, What};
use crate::pipeline::iptunnel::IpTunnels;
use crate::pipeline::plain::{self, Plain};
use crate::time::{Interval, Time};

pub(super) struct Worker<A: Analysis = Sessions> {
    config: Arc<Config>,
    shard: Shard,
    decoder: Decoder,
    weirds: Weirds,
    flows: Flows<A>,
    ip_tunnels: IpTunnels,
    bus: Bus,
    now: Time,
    at: Place,
    /// How the frame at hand was framed, where scripts look at that.
    framing: Option<Framing>,
    /// The packet's transport checksums are not in it yet: its network card was to fill them in.
    checksums_pending: bool,
    panics: u64,
    /// The other workers of a live interface.
    peers: Option<Peers>,
    /// Flows that a worker before this one hung at: their packets are left alone.
    given_up: Vec<Key>,
    given_up_packets: u64,
    /// What the workers before this one have counted.
    before: WorkerStats,
}

/// Which of the workers this one is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shard {
    pub index: usize,
    pub count: usize,
}

/// The packet being handled, and how far its analysis has come.
#[derive(Clone, Copy, Default)]
struct Place {
    number: u64,
    stamp: Time,
    step: u64,
    /// Whether this worker tells and counts what decoding finds, or another that decodes it too.
    tells: bool,
}

counters! {
    /// Counters of one worker.
    pub struct WorkerStats {
        pub decode: Counters,
        /// IP packets of protocols that are not analysed, by protocol.
        pub ip_protocols: IpProtocols = counter("ip_protocol_packets_total")
            .by("protocol", &[])
            .lost("packets of IP protocols that are not analysed"),
        pub flow: FlowStats,
        pub analyze: AnalyzeStats,
        /// IP tunnels forgotten because there were too many.
        pub tunnels_forgotten: u64 =
            counter("tunnels_forgotten_total").lost("IP tunnels forgotten because there were too many"),
        /// Oddities of packets that had too many.
        pub weirds_suppressed: u64 =
            counter("packet_weirds_suppressed_total").lost("oddities of packets that had too many"),
        /// Packets whose analysis failed, a fault of the sensor; their flow was given up.
        pub panics: u64 =
            counter("panics_total").lost("packets whose analysis failed (a fault of ours; please report)"),
        pub handover: Handover,
        /// Packets left alone because the analysis of their flow had hung.
        pub given_up_packets: u64 = counter("given_up_packets_total")
            .lost("packets left alone because the analysis of their connection had hung"),
        /// Rows, weirds and tunnels that the worker told of.
        pub emitted: u64 = counter("emitted_total"),
        /// Events that the ordered stage was told of for handlers of scripts.
        pub script_events: u64 = counter("script_events_told_total"),
        /// Observations and elements of sets that workers found out for handlers.
        pub script_effects: u64 = counter("script_effects_told_total"),
        /// Rows that went past scripts.
        pub script_rows: u64 = counter("script_rows_told_total"),
        /// Memory that all that the worker told took on its way, finished rows included.
        pub told_bytes: u64 = counter("told_bytes_total"),
    }
}

/// What was handed over is taken for as old as its stamp up to so much behind the newest packet.
const LATE: Interval = Interval::from_secs(1);
/// Steps of one packet that ordinals can tell apart.
const STEP_BITS: u32 = 10;

impl Place {
    fn ordinal(&self) -> u64 {
        self.number << STEP_BITS | self.step.min((1 << STEP_BITS) - 1)
    }
}

impl<A: Analysis> Worker<A> {
    pub fn new(config: Arc<Config>, shard: Shard) -> Self {
        let decoder = Decoder::new(decoding(&config));
        Worker {
            shard,
            decoder,
            weirds: Weirds::default(),
            flows: Flows::new(A::default()),
            ip_tunnels: IpTunnels::default(),
            bus: Bus::new(config.format, config.exports.serializer(), config.interest.clone()),
            now: Time::default(),
            at: Place::default(),
            framing: None,
            checksums_pending: false,
            panics: 0,
            peers: None,
            given_up: Vec::new(),
            given_up_packets: 0,
            before: WorkerStats::default(),
            config,
        }
    }

    /// With others of the same interface, to whom it hands what fragments make.
    pub fn among(self, peers: Option<Peers>) -> Self {
        Worker { peers, ..self }
    }

    pub fn peers(&mut self) -> Option<&mut Peers> {
        self.peers.as_mut()
    }

    /// Goes on counting where those before it stood, and leaves alone the flows that they hung at.
    pub fn succeed(&mut self, before: WorkerStats, unclaimed: Unclaimed, given_up: Vec<Key>) {
        self.flows.handler.go_on_counting(unclaimed);
        (self.before, self.given_up) = (before, given_up);
    }

    /// With others of the same replay, which it waits for where what they expect matters.
    pub fn beside(&mut self, others: Box<dyn Others>) {
        self.flows.handler.beside(others);
    }

    /// With others that expect connections in the same table.
    pub fn sharing(mut self, expected: Expected) -> Self {
        self.flows.handler.share(expected);
        self
    }

    /// Where it shows what it is at.
    pub fn heartbeat(&self) -> &Arc<Heartbeat> {
        self.bus.heartbeat()
    }

    /// Things said so far.
    pub fn emitted(&self) -> u64 {
        self.before.emitted + self.bus.emitted()
    }

    pub fn stats(&self) -> WorkerStats {
        let crossed = self.bus.crossed();
        let mut stats = WorkerStats {
            decode: self.decoder.counters(),
            ip_protocols: *self.decoder.ip_protocols(),
            flow: self.flows.stats(),
            analyze: self.flows.handler.stats(),
            weirds_suppressed: self.weirds.suppressed,
            tunnels_forgotten: self.ip_tunnels.forgotten,
            panics: self.panics,
            handover: self.peers.as_ref().map(Peers::counts).unwrap_or_default(),
            emitted: self.bus.emitted(),
            script_events: crossed.events,
            script_effects: crossed.effects,
            script_rows: crossed.rows,
            told_bytes: crossed.bytes,
            given_up_packets: self.given_up_packets,
        };
        stats.merge(&self.before);
        stats
    }

    /// Connections that no analyzer took, as they are counted.
    pub fn unclaimed(&self) -> &Unclaimed {
        self.flows.handler.unclaimed()
    }

    /// Does between packets what a script has told analyzers to do.
    pub fn command(&mut self, command: &Command) {
        let Worker { flows, bus, config, now, .. } = self;
        // After all that was said of the last packet.
        bus.at_step(u64::MAX);
        match command {
            Command::Expect(expectation) => flows.handler.expect(expectation, *now, bus.order()),
            Command::Disable { id, proto, analyzer, prevent } => {
                let done = catch_unwind(AssertUnwindSafe(|| {
                    flows.visit(&tuple_of(id, *proto), *now, config, bus, |handler, cx, flow, state| {
                        handler.disable(cx, flow, state, *analyzer, *prevent);
                    });
                }));
                if done.is_err() {
                    self.panics += 1;
                    self.flows.give_up_current();
                }
            }
        }
    }

    /// What was said since the last call.
    pub fn take(&mut self) -> Batch {
        self.bus.take()
    }

    /// Handles a packet. A fault in its analysis costs that flow, not the run.
    pub fn packet(&mut self, number: u64, packet: &Packet<'_>) {
        let handled = catch_unwind(AssertUnwindSafe(|| self.handle(number, packet)));
        if handled.is_err() {
            self.panics += 1;
            self.flows.give_up_current();
        }
        self.bus.heartbeat().done(self.emitted(), self.flows.len() as u64);
    }

    /// Handles a packet whose transport checksums may still be missing, as on packets of this very host.
    pub fn packet_unfinished(&mut self, number: u64, packet: &Packet<'_>) {
        self.checksums_pending = true;
        self.packet(number, packet);
        self.checksums_pending = false;
    }

    /// Handles what another worker has handed over.
    pub fn parcel(&mut self, number: u64, parcel: Parcel) {
        let handled = catch_unwind(AssertUnwindSafe(|| self.open(number, parcel)));
        if handled.is_err() {
            self.panics += 1;
            self.flows.give_up_current();
        }
        if let Some(peers) = &self.peers {
            peers.dealt_with();
        }
    }

    /// Moves time on where no packet does.
    pub fn idle(&mut self, number: u64, now: Time) {
        if now <= self.now {
            return;
        }
        self.now = now;
        self.bus.at_packet(number, now);
        let fired = catch_unwind(AssertUnwindSafe(|| {
            self.flows.advance(now, &self.config, &mut self.bus);
        }));
        if fired.is_err() {
            self.panics += 1;
            self.flows.give_up_current();
        }
        self.bus.heartbeat().done(self.emitted(), self.flows.len() as u64);
    }

    /// Network time: that of the newest packet, or of the wall clock where there was none.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Takes over changed settings; what is open keeps the timers that it has.
    pub fn set_config(&mut self, config: Arc<Config>) {
        // Identifiers stay those of this worker, and what it says is said in one form.
        let Config { seed, format, .. } = *self.config;
        self.config = Arc::new(Config { seed, format, ..Config::clone(&config) });
        self.decoder.set_config(decoding(&self.config));
        self.bus.set_interest(self.config.interest.clone());
    }

    /// Starts afresh at whatever time comes next. Flows not ended before are lost, and counted.
    pub fn restart(&mut self) {
        self.flows.restart();
        self.ip_tunnels.forget_all();
        self.now = Time::default();
        self.checksums_pending = false;
    }

    /// Asserts what must hold between packets.
    pub fn check(&self) {
        self.flows.check();
        assert!(self.fragment_bytes() <= self.decoder.limits().max_bytes);
    }

    /// Bytes held for datagrams whose fragments are not all there.
    pub fn fragment_bytes(&self) -> usize {
        self.decoder.fragment_bytes()
    }

    /// Bytes of rows that wait to be taken.
    pub fn waiting(&self) -> usize {
        self.bus.waiting()
    }

    fn handle(&mut self, number: u64, packet: &Packet<'_>) {
        self.now = self.now.max(packet.ts);
        self.bus.at_packet(number, self.now);
        self.flows.advance(self.now, &self.config, &mut self.bus);
        self.bus.heartbeat().timers_fired(number);
        let Shard { index, count } = self.shard;
        if index == 0 {
            self.bus.at_step(0);
            self.bus.tick();
        }
        let plain = if count == 1 { None } else { plain::told(packet, count) };
        if let Some(Plain { tuple, transport, .. }) = plain.as_ref().filter(|plain| plain.owner != index) {
            if self.flows.handler.watches() {
                // It may be of a protocol that expects connections.
                self.flows.handler.watch(tuple, payload_of(tuple.proto, transport));
            }
            return;
        }
        let tells = count == 1 || plain.is_some() || index == 0;
        self.at = Place { number, stamp: packet.ts, step: 0, tells };
        let before = (!tells).then(|| self.decoder.counters());
        let outcome = self.decoder.link(packet, &mut self.weirds);
        self.frame(outcome, &mut Vec::new());
        if let Some(before) = before {
            self.decoder.set_counters(before);
        }
    }

    /// Begins to end all flows.
    pub fn end(&mut self) -> Ending {
        if self.shard.index == 0 {
            // After all that was said of the last packet.
            self.bus.at_step(u64::MAX);
            self.bus.capture_end();
        }
        self.flows.end(self.now, &mut self.bus)
    }

    /// Ends some of them; true while there are more. A fault in the end of one costs that one.
    pub fn end_some(&mut self, ending: &mut Ending) -> bool {
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.flows.end_some(ending, self.now, &self.config, &mut self.bus)
        }));
        ended.unwrap_or_else(|_| {
            self.panics += 1;
            self.flows.give_up_current();
            true
        })
    }

    /// The place in the order up to which all was said.
    pub fn order(&self) -> Order {
        self.bus.order()
    }

    fn step(&mut self) {
        self.at.step += 1;
        self.bus.at_step(self.at.step);
    }

    /// Tells what decoding found odd: of several workers that have all found it, one does.
    #[inline]
    fn tell_weirds(&mut self) {
        if !self.weirds.is_empty() {
            self.tell_waiting_weirds();
        }
    }

    /// Apart, as most packets have none.
    #[cold]
    fn tell_waiting_weirds(&mut self) {
        let tells = self.at.tells;
        self.step();
        for weird in self.weirds.drain() {
            if tells {
                let name: Cow<'static, str> =
                    if weird.in_tunnel { weird.full_name().into() } else { weird.name.into() };
                let about = weird.flow.map_or(About::Nothing, |(src, dst)| About::Hosts(src, dst));
                let source = weird.source.unwrap_or_default();
                raise_weird(&mut self.bus, &name, &weird.addl, source, weird.flow);
                self.bus.weird(Weird { name, addl: weird.addl, source, about });
            }
        }
    }

    fn frame(&mut self, outcome: LinkOutcome<'_>, tunnels: &mut Vec<Tunnel>) {
        self.tell_weirds();
        match outcome {
            LinkOutcome::Ip(frame) => {
                let asked = self.bus.interest().conn.framing;
                self.framing = asked.then(|| framing_of(&frame.facts));
                self.ip(frame.ip, tunnels);
            }
            LinkOutcome::Subframes(mut subframes) => {
                while let Some(outcome) = self.decoder.next_subframe(&mut subframes, &mut self.weirds) {
                    self.frame(outcome, tunnels);
                }
            }
            LinkOutcome::Ignored | LinkOutcome::Malformed => {}
        }
    }

    fn open(&mut self, number: u64, parcel: Parcel) {
        let Parcel { what, at, bytes, hops, framing } = parcel;
        let latest = self.now.max(at);
        self.flows.advance(latest, &self.config, &mut self.bus);
        // It may come late, from a worker that is behind this one; what is measured by it must not be longer for that.
        self.now = if latest - at < LATE { at } else { latest };
        self.bus.at_packet(number, self.now);
        self.at = Place { number, stamp: at, step: 0, tells: true };
        self.framing = framing;
        match what {
            What::Fragment => self.ip(Piece { bytes: &bytes, missing: 0, tunnel: None }, &mut Vec::new()),
            What::Datagram => self.reassembled(Whole::new(bytes, None), hops, &mut Vec::new()),
        }
        self.now = latest;
    }

    fn ip(&mut self, piece: Piece<'_>, tunnels: &mut Vec<Tunnel>) {
        if self.peers.as_ref().is_some_and(Peers::gathers) && self.gathered_elsewhere(&piece) {
            return;
        }
        let outcome = self.decoder.ip(self.at.stamp, piece, &mut self.weirds);
        self.tell_weirds();
        match outcome {
            Outcome::Packet(packet) => self.transport(&packet, tunnels),
            Outcome::Reassembled(whole) => self.reassembled(whole, 0, tunnels),
            Outcome::Held | Outcome::Discarded(_) => {}
        }
    }

    /// Hands a fragment to the worker that gets all of its datagram; false where that is this one, and for what is no
    /// fragment. Those in tunnels are where their tunnel is.
    #[cold]
    fn gathered_elsewhere(&mut self, piece: &Piece<'_>) -> bool {
        let is_whole = piece.missing == 0 && piece.tunnel.is_none();
        let Some(peers) = self.peers.as_mut().filter(|_| is_whole && is_fragment(piece.bytes)) else {
            return false;
        };
        let Some(other) = peers.other(piece.bytes) else { return false };
        let at = self.at.stamp;
        let (bytes, framing) = (piece.bytes.to_vec(), self.framing);
        peers.send(other, Parcel { what: What::Fragment, at, bytes, hops: 0, framing });
        true
    }

    /// A datagram made of fragments: it is analysed where its flow is. `hops` workers have been asked for that.
    fn reassembled(&mut self, whole: Whole, hops: usize, tunnels: &mut Vec<Tunnel>) {
        if let Some(peers) = self.peers.as_mut().filter(|_| whole.tunnel().is_none()) {
            let other = match peers.gathers() {
                false => peers.other(whole.bytes()).filter(|_| hops == 0),
                true => peers.next_asked(hops).filter(|_| !knows(&self.flows, whole.bytes())),
            };
            if let Some(other) = other {
                let (at, bytes, framing) = (self.at.stamp, whole.into_bytes(), self.framing);
                return peers
                    .send(other, Parcel { what: What::Datagram, at, bytes, hops: hops + 1, framing });
            }
        }
        let outcome = self.decoder.reassembled(&whole, &mut self.weirds);
        self.tell_weirds();
        if let Outcome::Packet(packet) = outcome {
            self.transport(&packet, tunnels);
        }
    }

    fn transport(&mut self, packet: &IpPacket<'_>, tunnels: &mut Vec<Tunnel>) {
        if matches!(packet.proto, 6 | 17 | 1 | 58) {
            return self.flow(packet, tunnels);
        }
        let tunnel = self.decoder.ip_tunnel(packet, tunnels.len(), &mut self.weirds);
        if tunnel == IpTunnel::None && self.at.tells {
            self.decoder.not_analysed(packet.proto);
        }
        self.ip_tunnel(packet, tunnel, tunnels);
    }

    /// Goes on with a packet in a tunnel that is known by its pair of hosts.
    fn ip_tunnel(&mut self, packet: &IpPacket<'_>, tunnel: IpTunnel<'_>, tunnels: &mut Vec<Tunnel>) {
        self.tell_weirds();
        if let IpTunnel::Inner(inner) = tunnel {
            let ordinal = self.at.ordinal();
            let tunnel =
                self.ip_tunnels.find(packet.src, packet.dst, inner.tunnel, self.now, &self.config, ordinal);
            self.enter(inner, tunnel, tunnels);
        }
    }

    /// Goes on with what a tunnel carries.
    fn enter(&mut self, inner: Inner<'_>, tunnel: Tunnel, tunnels: &mut Vec<Tunnel>) {
        tunnels.push(tunnel);
        let outcome = self.decoder.inner(inner.next, inner.piece, &mut self.weirds);
        self.frame(outcome, tunnels);
        tunnels.pop();
    }

    fn flow(&mut self, packet: &IpPacket<'_>, tunnels: &mut Vec<Tunnel>) {
        self.step();
        let mut datagram = Datagram {
            src: packet.src,
            dst: packet.dst,
            protocol: packet.proto,
            header: packet.header,
            bytes: packet.payload,
            len: packet.payload_len,
            total_len: packet.total_len,
            bad_checksum: false,
        };
        let tuple = match Flows::<A>::tuple(&datagram) {
            Ok(tuple) => tuple,
            Err(short) => {
                let source = match short.proto {
                    Proto::Tcp => "TCP",
                    Proto::Udp => "UDP",
                    Proto::Icmp => "ICMP",
                };
                self.weirds.push(packet.weird(short.weird, source));
                return self.tell_weirds();
            }
        };
        if !self.given_up.is_empty() && self.given_up.contains(&tuple.key()) {
            self.given_up_packets += 1;
            return;
        }
        let Shard { index, count } = self.shard;
        let owned = count == 1 || tuple.key().owner(count) == index;
        let may_be_tunnel = tuple.proto == Proto::Udp && may_be_tunnel(&tuple, packet.payload);
        if !owned {
            if self.flows.handler.watches() {
                self.flows.handler.watch(&tuple, payload_of(tuple.proto, packet.payload));
            }
            if !may_be_tunnel {
                return;
            }
        }
        datagram.bad_checksum =
            !self.checksums_pending && self.decoder.transport_checksum(packet) == Checksum::Bad;
        let arrival = Arrival {
            now: self.now,
            stamp: self.at.stamp,
            ordinal: self.at.ordinal(),
            shadow: !owned,
            framing: self.framing.as_ref(),
        };
        let handed = self.flows.datagram(&datagram, tuple, tunnels, arrival, &self.config, &mut self.bus);
        // What cannot be one by the looks of both its ports and its content is none.
        if let Some(handed) = handed.filter(|_| may_be_tunnel) {
            self.udp_tunnel(packet, handed, tunnels);
        }
    }

    /// Tries a UDP datagram as a tunnel: by its port, or by content where the port is nobody's.
    fn udp_tunnel(&mut self, packet: &IpPacket<'_>, handed: Handed<'_>, tunnels: &mut Vec<Tunnel>) {
        let Some(flow) = self.flows.flow_mut(handed.slot) else { return };
        let kind = match OverUdp::of_port(flow.resp_port()) {
            Some(OverUdp::Gre) => {
                let tunnel = self.decoder.gre(packet, handed.payload, tunnels.len(), &mut self.weirds);
                return self.ip_tunnel(packet, tunnel, tunnels);
            }
            Some(OverUdp::Kind(kind)) => Some(kind),
            None => UdpTunnelKind::probe(handed.payload),
        };
        let Some(kind) = kind.filter(|_| !flow.trial.refused) else { return };
        let context = TunnelContext { depth: tunnels.len(), confirmed: flow.trial.confirmed };
        let tried = self.decoder.udp_tunnel(kind, packet, handed.payload, context, &mut self.weirds);
        let mut cx = Cx { now: self.now, stamp: self.at.stamp, config: &self.config, bus: &mut self.bus };
        if let Some(name) = tried.conn_weird {
            flow.weird(&mut cx, name, kind.source());
        }
        match tried.verdict {
            Verdict::Confirmed => {
                flow.trial.valid[handed.dir as usize] = true;
                // Anything can look like Teredo in one direction (`Tunnel::delay_teredo_confirmation`).
                let tunnels = &self.config.tunnels;
                let delayed = match kind {
                    UdpTunnelKind::Teredo => tunnels.delay_teredo_confirmation,
                    UdpTunnelKind::Gtpv1 => tunnels.delay_gtp_confirmation,
                    _ => false,
                };
                let certain = !delayed || flow.trial.valid == [true; 2];
                if certain && !flow.trial.confirmed {
                    flow.trial.confirmed = true;
                    analyze::confirmed(&mut cx, flow, &Named::of_tunnel(kind));
                }
            }
            Verdict::Violation(reason) => {
                if !std::mem::replace(&mut flow.trial.violated, true) {
                    analyze::violated(&mut cx, flow, &Named::of_tunnel(kind), &reason, None);
                }
                flow.trial.refused = !flow.trial.confirmed;
            }
            Verdict::TooDeep if kind != UdpTunnelKind::Gtpv1 => flow.note_limit(handed.dir),
            Verdict::Undecided | Verdict::TooDeep => {}
        }
        let tunnel = tried.inner.map(|inner| {
            flow.trial.carries = true;
            (inner, Tunnel { uid: Some(flow.uid()), id: flow.id(), kind: kind.tunnel() })
        });
        self.tell_weirds();
        if let Some((inner, tunnel)) = tunnel {
            self.enter(inner, tunnel, tunnels);
        }
    }
}

/// The settings of decoding.
fn decoding(config: &Config) -> crate::decode::Config {
    let defaults = crate::decode::Config::default();
    crate::decode::Config {
        ignore_checksums: config.ignore_checksums,
        ignore_checksums_nets: config.ignore_checksums_nets.clone(),
        max_tunnel_depth: config.tunnels.max_depth,
        validate_vxlan_checksums: config.tunnels.validate_vxlan_checksums,
        fragments: crate::decode::Limits { timeout: config.timeouts.fragments, ..defaults.fragments },
        ..defaults
    }
}

/// What scripts see of a frame.
fn framing_of(facts: &Facts<'_>) -> Framing {
    let address = |mac: Option<&Mac>| mac.copied().filter(|mac| *mac != Mac::default());
    let ends = [address(facts.src), address(facts.dst)];
    Framing { vlan: facts.vlan, inner_vlan: facts.inner_vlan, ends }
}

/// Tells scripts of an oddity of no connection.
fn raise_weird(bus: &mut Bus, name: &str, addl: &str, source: &str, hosts: Option<(IpAddr, IpAddr)>) {
    match hosts {
        Some((src, dst)) => bus.raise_apart(&FlowWeird { name, src, dst, addl, source }),
        None => bus.raise_apart(&NetWeird { name, addl, source }),
    }
}

/// What follows a transport header.
fn payload_of(proto: Proto, transport: &[u8]) -> &[u8] {
    let header = match proto {
        Proto::Tcp => transport.get(12).map_or(usize::MAX, |offset| usize::from(offset >> 4) * 4),
        Proto::Udp => 8,
        Proto::Icmp => usize::MAX,
    };
    transport.get(header..).unwrap_or_default()
}

/// Whether a worker has the flow of an IP packet.
fn knows<A: Analysis>(flows: &Flows<A>, packet: &[u8]) -> bool {
    peek(packet).is_some_and(|(src, dst, protocol, bytes)| {
        let len = bytes.len() as u32;
        let datagram =
            Datagram { src, dst, protocol, header: &[], bytes, len, total_len: len, bad_checksum: false };
        Flows::<A>::tuple(&datagram).is_ok_and(|tuple| flows.knows(&tuple))
    })
}

/// Whether a datagram may carry a tunnel, as far as it alone can tell: all workers must agree on
/// which flows all of them follow.
pub(super) fn may_be_tunnel(tuple: &Tuple, datagram: &[u8]) -> bool {
    let by_port = |end: &End| OverUdp::of_port(end.port).is_some();
    by_port(&tuple.src)
        || by_port(&tuple.dst)
        || datagram.get(8..).is_some_and(|payload| UdpTunnelKind::probe(payload).is_some())
}
