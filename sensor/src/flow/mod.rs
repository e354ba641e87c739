//! Connections: finding the one a packet belongs to, following its state, ending it.

mod ends;
mod engine;
pub mod events;
mod handler;
mod history;
mod kept;
mod key;
mod packet;
mod pages;
mod slab;
mod tcp;
mod timers;
mod transport;

pub use ends::icmp_ports;
pub use engine::{Arrival, Datagram, Ending, FlowStats, Flows, Handed, TooShort};
pub use handler::{Cx, Dir, Handler, TcpEvent};
pub use kept::Kept;
pub use key::{End, Key, Tuple};
pub use tcp::{EndpointState, Tcp, check_reassembly};

use std::sync::Arc;

use smallvec::SmallVec;

use crate::event::{
    About, Bus, Conn, ConnId, ConnView, EndView, Event, Framing, Name, Part, Proto, Tunnel, Weird,
};
use crate::flow::events::ConnWeird;
use crate::flow::history::History;
use crate::flow::kept::AllKept;
use crate::record::{ConnColumns, Record, Uid};
use crate::time::{Interval, Time};

/// What every flow has, whatever its transport.
pub struct Flow {
    /// Source is the originator.
    tuple: Tuple,
    /// The packet that began it, and which flow of that packet it is: unique, and the same in every run.
    pub ordinal: u64,
    uid: Option<Box<Uid>>,
    seed: u64,
    pub start: Time,
    pub last: Time,
    history: History,
    seen: u32,
    /// Packets and IP bytes, originator's then responder's.
    pub packets: [u64; 2],
    pub ip_bytes: [u64; 2],
    /// Payload bytes so far; of TCP as its sequence numbers tell.
    pub sizes: [u64; 2],
    /// Where both ends of a TCP connection stand.
    pub states: [EndpointState; 2],
    pub missed_bytes: u64,
    /// Confirmed protocols, in the order of confirmation; most flows have none.
    services: Option<Box<SmallVec<[&'static str; 2]>>>,
    /// What analyzers keep until it is over.
    kept: AllKept,
    /// Analyzers that were set on it.
    analyzers: u32,
    /// The one that is running, from 1; 0 where none is.
    pub analyzer: u32,
    /// UDP and ICMP: which side has sent anything.
    pub active: [bool; 2],
    pub did_weird: bool,
    /// Scripts know the connection, and may have changed what they see of it.
    pub raised: bool,
    /// They were shown a row of it by other events than its analyzer's own, since that took note of it.
    pub shown: bool,
    /// The roles were swapped by an analyzer, and the transport's state has still to follow.
    flip_pending: bool,
    partial: bool,
    /// Of TCP: bytes of either side are missing.
    lossy: bool,
    /// It ends because another begins between its ends.
    pub replaced: bool,
    /// Another worker's, followed here only for the tunnel in it.
    shadow: bool,
    /// What was found out of the tunnel that the flow may carry.
    pub trial: TunnelTrial,
    /// It was used since the eviction hand last passed.
    touched: bool,
    around: Option<Box<Around>>,
    inactivity: Interval,
    deadlines: [Time; Deadline::COUNT],
    armed: Time,
}

/// Whether a UDP flow is a tunnel.
#[derive(Clone, Copy, Debug, Default)]
pub struct TunnelTrial {
    /// Something inside it was analysed.
    pub carries: bool,
    pub confirmed: bool,
    /// It is none; it is not tried again.
    pub refused: bool,
    /// It broke the tunnel's rules, which was told.
    pub violated: bool,
    /// Which directions have carried valid headers.
    pub valid: [bool; 2],
}

/// What is around a flow; most have nothing that anybody asks for.
#[derive(Default)]
struct Around {
    /// The tunnels of its last packet, outermost first.
    tunnels: Vec<Tunnel>,
    /// The innermost tunnels it was seen in (`tunnel_parents`).
    parents: Vec<Uid>,
    /// Its frames, where scripts look at that.
    framing: Option<Arc<Framing>>,
    /// How long it has to last for scripts to hear of it next.
    look_for: Option<Interval>,
}

/// Why a flow wants to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// Of TCP: the time to answer a SYN is over, or both sides have closed and stragglers were waited for.
    Tcp,
    /// Regular looks at a connection that may be over.
    Expire,
    /// The same, after one side closed.
    Close,
    Inactivity,
    /// The handler's own.
    App,
}

impl Deadline {
    const COUNT: usize = 5;
    const ALL: [Deadline; Deadline::COUNT] =
        [Deadline::Tcp, Deadline::Expire, Deadline::Close, Deadline::Inactivity, Deadline::App];
}

/// Things that history records once per direction.
pub(crate) struct FlowSeen;

impl FlowSeen {
    pub const SYN: u32 = 1;
    pub const FIN: u32 = 1 << 1;
    pub const RST: u32 = 1 << 2;
    pub const FIN_RST: u32 = 1 << 3;
    pub const DATA: u32 = 1 << 4;
    pub const ACK: u32 = 1 << 5;
    pub const MULTI_FLAG: u32 = 1 << 6;
    pub const CORRUPT: u32 = 1 << 7;
    /// Analysis stopped at a limit.
    pub const PARTIAL: u32 = 1 << 8;
}

/// How often a silent connection is looked at while it has lasted for a time that scripts want to hear of: a sixtieth of
/// that apart.
const LOOKS: i64 = 60;

/// Later than anything: no deadline.
const NEVER: Time = Time::from_nanos(i64::MAX);

impl Flow {
    /// Originator and responder, as logs show them.
    pub fn id(&self) -> ConnId {
        self.tuple.id()
    }

    /// What a row of it begins with, of something that was then.
    pub fn columns(&mut self, ts: Time) -> ConnColumns {
        self.uid();
        self.last_columns(ts)
    }

    /// The same for the last row: its identifier need not be kept.
    pub fn last_columns(&self, ts: Time) -> ConnColumns {
        let (uid, ConnId { orig_h, orig_p, resp_h, resp_p }) = (self.last_uid(), self.id());
        ConnColumns { ts, uid, orig_h, orig_p, resp_h, resp_p }
    }

    pub fn proto(&self) -> Proto {
        self.tuple.proto
    }

    pub fn resp_port(&self) -> u16 {
        self.tuple.dst.port
    }

    pub fn orig_port(&self) -> u16 {
        self.tuple.src.port
    }

    /// The connection's identifier; kept once it was asked for.
    pub fn uid(&mut self) -> Uid {
        if self.uid.is_none() {
            self.uid = Some(Box::new(self.compute_uid()));
        }
        self.last_uid()
    }

    /// The connection's identifier, for the last time: it need not be kept.
    pub fn last_uid(&self) -> Uid {
        self.uid.as_deref().copied().unwrap_or_else(|| self.compute_uid())
    }

    fn compute_uid(&self) -> Uid {
        Uid::of_connection(self.seed, &self.tuple.key().bytes(), self.ordinal)
    }

    /// Confirmed protocols, in the order of confirmation.
    pub fn services(&self) -> &[&'static str] {
        self.services.as_deref().map_or(&[], |services| services)
    }

    /// Some protocol was confirmed, be it that it was given up later.
    pub fn was_claimed(&self) -> bool {
        self.services.is_some()
    }

    pub fn add_service(&mut self, service: &'static str) {
        if !self.services().contains(&service) {
            self.services.get_or_insert_default().push(service);
        }
    }

    /// Takes a protocol off the list; returns whether it was on it.
    pub fn remove_service(&mut self, service: &'static str) -> bool {
        let Some(services) = &mut self.services else { return false };
        let before = services.len();
        services.retain(|listed| *listed != service);
        services.len() < before
    }

    /// Another analyzer is set on it: its number in the connection.
    pub fn next_analyzer(&mut self) -> u32 {
        self.analyzers = self.analyzers.wrapping_add(1);
        self.analyzers
    }

    /// An analyzer's identifier (Zeek's `aid`), by its number in the connection: not 0, and the same in every run. Of
    /// analyzers in one sensor no other has it, unless a connection has had more than 1023.
    pub fn analyzer_id(&self, number: u32) -> u64 {
        self.ordinal.wrapping_mul(1 << 10).wrapping_add(u64::from(number))
    }

    /// The identifier of the analyzer that is running.
    pub fn running_analyzer(&self) -> Option<u64> {
        (self.analyzer != 0).then(|| self.analyzer_id(self.analyzer))
    }

    /// Whether a timer's entry is the flow's current one.
    fn is_due(&self, entry: &timers::Entry) -> bool {
        self.armed == entry.deadline
    }

    /// The connection as it stands, for an event: as far as scripts look at it.
    pub fn view(&mut self, bus: &mut Bus) -> ConnView {
        let parts = bus.interest().conn;
        let end = |at: usize| EndView {
            size: self.sizes[at],
            state: match self.tuple.proto {
                Proto::Tcp => self.states[at] as u64,
                Proto::Udp | Proto::Icmp => u64::from(self.active[at]),
            },
            packets: self.packets[at],
            ip_bytes: self.ip_bytes[at],
        };
        let (orig, resp) = (end(0), end(1));
        let names: SmallVec<[Part; 4]> = match parts.service {
            true => self.services().iter().map(|name| Part::Name(name)).collect(),
            false => SmallVec::new(),
        };
        let services = bus.arena().parts(&names);
        let history = bus.arena().copied(if parts.history { self.history() } else { &[] });
        ConnView {
            uid: self.uid(),
            id: self.id(),
            proto: self.tuple.proto,
            orig,
            resp,
            start: self.start,
            duration: self.last - self.start,
            services,
            history,
            record: None,
            raised: self.raised,
            analyzer: self.running_analyzer().unwrap_or(0),
            closes: None,
            framing: self.around.as_ref().filter(|_| parts.framing).and_then(|around| around.framing.clone()),
        }
    }

    pub fn history(&self) -> &[u8] {
        self.history.as_bytes()
    }

    /// Of a TCP connection: a SYN was answered by a SYN-ACK, and that is all.
    pub(in crate::flow) fn is_half_open(&self) -> bool {
        let history = self.history();
        history.contains(&b'h') && !history.iter().any(|step| b"AaDdFfRrH".contains(step))
    }

    pub fn tunnel_parents(&self) -> &[Uid] {
        self.around.as_ref().map_or(&[], |around| &around.parents)
    }

    /// The tunnels around the flow's last packet.
    pub fn tunnels(&self) -> &[Tunnel] {
        self.around.as_ref().map_or(&[], |around| &around.tunnels)
    }

    /// Tells of something odd on this connection.
    pub fn weird(&mut self, cx: &mut Cx<'_>, name: &'static str, source: &'static str) {
        self.weird_about(cx, name, source, String::new());
    }

    /// Raises an event about the connection, where a script handles it.
    #[inline]
    pub fn raise<E: Event>(&mut self, cx: &mut Cx<'_>, event: &E) {
        if cx.bus.wants(E::ID) {
            self.raise_wanted(cx, event);
        }
    }

    /// Apart, so that what nobody handles costs the question alone.
    #[inline(never)]
    fn raise_wanted<E: Event>(&mut self, cx: &mut Cx<'_>, event: &E) {
        let args = event.args(cx.bus.arena());
        let conn = Some(self.view(cx.bus));
        self.raised |= cx.bus.raise(E::ID, conn, None, args);
    }

    /// The same, with the `nth` row of a log as what the connection shows of it (`c$http`).
    pub fn raise_with<E: Event, R: Record>(&mut self, cx: &mut Cx<'_>, event: &E, nth: u64, row: &R) {
        self.raise_last(cx, event, nth, row, false);
    }

    /// The same; `closes`: handlers of later events do not find the row in the connection any more.
    pub fn raise_last<E: Event, R: Record>(
        &mut self,
        cx: &mut Cx<'_>,
        event: &E,
        nth: u64,
        row: &R,
        closes: bool,
    ) {
        if cx.bus.wants(E::ID) {
            let args = event.args(cx.bus.arena());
            let mut conn = self.view(cx.bus);
            conn.closes = closes.then_some(R::SCHEMA);
            conn.record = cx.bus.view(row).map(|view| (nth, view));
            self.raised |= cx.bus.raise(E::ID, Some(conn), None, args);
        }
    }

    pub fn weird_about(&mut self, cx: &mut Cx<'_>, name: &'static str, source: &'static str, addl: String) {
        self.did_weird = true;
        // It may become a notice, with the connection.
        self.raised = true;
        self.raise(cx, &ConnWeird { name: Name(name), c: Conn, addl: &addl, source: Name(source) });
        let about = About::Conn(self.uid(), self.id(), self.proto());
        cx.bus.weird(Weird { name: name.into(), addl, source, about });
    }

    /// Swaps originator and responder, whom an analyzer found to be the other way round. The flow's
    /// identity changes at once; its transport's state does, and [`Handler::flipped`] is called, when
    /// the packet at hand has been dealt with. Until then directions mean what they meant before.
    pub fn flip_roles(&mut self) {
        self.flip();
        self.flip_pending = true;
    }

    fn flip(&mut self) {
        self.tuple.flip();
        self.packets.swap(0, 1);
        self.ip_bytes.swap(0, 1);
        if let Some(framing) = self.around.as_mut().and_then(|around| around.framing.as_mut()) {
            Arc::make_mut(framing).ends.swap(0, 1);
        }
        self.history.add(b'^');
        // Payload sizes of TCP come from its endpoints, which are swapped. Of UDP Zeek leaves them with
        // the direction they were counted for.
    }

    /// Of TCP: no SYN was seen from the side that spoke first, and streams may begin anywhere.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Of TCP: what was read of it may have begun anywhere, or bytes of it are missing.
    pub fn is_incomplete(&self) -> bool {
        self.partial || self.lossy
    }

    /// Scripts want to hear of it when it has lasted for so long.
    pub fn look_for(&mut self, duration: Interval) {
        self.around.get_or_insert_default().look_for = Some(duration);
        self.wake_by(self.start + duration);
    }

    /// Whether it has.
    pub fn has_lasted(&mut self, now: Time) -> bool {
        let Some(duration) = self.around.as_ref().and_then(|around| around.look_for) else { return false };
        let at = self.start + duration;
        if at > now {
            self.wake_by(at);
            return false;
        }
        if self.last >= at {
            return true;
        }
        // Nothing has come since: it may be over.
        self.wake_by(now + Interval::from_nanos(duration.nanos() / LOOKS));
        false
    }

    /// Makes sure that the handler's timer is called at `at` or before.
    pub fn wake_by(&mut self, at: Time) {
        let deadline = &mut self.deadlines[Deadline::App as usize];
        *deadline = at.min(*deadline);
    }

    /// When the handler's timer is to be called; it has one.
    pub fn set_app_deadline(&mut self, at: Time) {
        self.set_deadline(Deadline::App, at);
    }

    pub(crate) fn set_deadline(&mut self, which: Deadline, at: Time) {
        self.deadlines[which as usize] = at;
    }

    fn clear_deadline(&mut self, which: Deadline) {
        self.deadlines[which as usize] = NEVER;
    }

    fn cancel_tcp_deadlines(&mut self) {
        for which in [Deadline::Tcp, Deadline::Expire, Deadline::Close] {
            self.clear_deadline(which);
        }
    }

    fn set_inactivity(&mut self, timeout: Interval) {
        if timeout != self.inactivity {
            self.inactivity = timeout;
            let at = if timeout == Interval::ZERO { NEVER } else { self.last + timeout };
            self.set_deadline(Deadline::Inactivity, at);
        }
    }

    /// The history from the other side's view, once the roles were swapped for good.
    fn retell_history(&mut self) {
        let mut history = History::default();
        for letter in self.history.as_bytes().iter().filter(|letter| **letter != b'^') {
            history.add(*letter);
        }
        history.invert();
        self.history = history;
        self.seen = self.seen.rotate_left(16);
    }

    fn note(&mut self, dir: Dir, letter: u8) {
        self.history.add(if dir.is_orig() { letter } else { letter.to_ascii_lowercase() });
    }

    /// Notes a letter the first time; returns whether it had been noted before.
    fn was_noted(&mut self, dir: Dir, what: u32, letter: u8) -> bool {
        let bit = if dir.is_orig() { what } else { what << 16 };
        if self.seen & bit != 0 {
            return true;
        }
        self.seen |= bit;
        self.note(dir, letter);
        false
    }

    pub(crate) fn note_once(&mut self, dir: Dir, what: u32, letter: u8) {
        self.was_noted(dir, what, letter);
    }

    fn note_scaled(&mut self, dir: Dir, letter: u8, record: bool) {
        if record {
            self.note(dir, letter);
        }
    }

    /// Analysis of the flow stopped at a limit: history `X`.
    pub fn note_limit(&mut self, dir: Dir) {
        self.note_once(dir, FlowSeen::PARTIAL, b'X');
    }
}
