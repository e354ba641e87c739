//! What connections carry: the protocols' analyzers, and finding the right one.
//!
//! A protocol is a folder and its name in [`protocols!`](protocol). Ports are a hint; content decides: several
//! analyzers may try a flow, and those that it turns out not to be are dropped.

mod bits;
mod command;
mod confirm;
mod detect;
mod expect;
#[cfg(debug_assertions)]
mod fault;
mod folders;
mod logs;
mod protocol;
pub mod reference;
mod session;
mod starttls;
#[cfg(test)]
mod testing;
mod unclaimed;

pub use command::{Command, name_of_analyzer, tuple_of};
pub use confirm::{Kind, Named, confirmed, violated};
pub use conn::events as conn_events;
pub use conn::events::AnalyzerConfirmation;
pub use detect::Signature;
pub use expect::{Announcement, Expectation, Expected, Finding, Others};
pub use files::events as file_events;
pub use files::{
    FileAnalyzer, FileLink, FileSpec, OpenFiles, analyzers_of_type, digests_of_file, file_analyzers,
};
pub use logs::LogDecl;
pub use protocol::{
    Counted, Protocol, ProtocolStats, Tables, Worker, Workers, analyzer_of, declared_logs, events,
    events_where, first, protocols, row_of, services, staying,
};
pub use session::{Child, Sessions};
pub use signatures::events as signature_events;
pub use unclaimed::{ByPort, Unclaimed};

use smallvec::SmallVec;

use confirm::disabled;
use files::{Carrier, FileCx};
use folders::*;
use protocol::{specs, suggested};
use session::{Inner, Standing};

use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{ConnId, Order, Proto};
use crate::flow::{Cx, Dir, Flow, Handler, TcpEvent, Tuple};
use crate::record::{Schema, Uid};
use crate::time::Time;

/// The logs that analyzers write.
pub fn logs() -> impl Iterator<Item = &'static Schema> {
    declared_logs().map(|log| log.schema)
}

pub const CONN: &Schema = conn::SCHEMA;
pub const DNS: &Schema = dns::SCHEMA;
pub const FILES: &Schema = files::SCHEMA;
pub const HTTP: &Schema = http::SCHEMA;

/// What the analyzers of one worker share, by protocol: buffers that would otherwise be allocated for
/// every flow.
#[derive(Default)]
pub struct Shared {
    of: Workers,
    detections: detect::Spares,
    nested_too_deep: u64,
    violations: u64,
    given_up: u64,
    taken_up_again: u64,
    unclaimed: Unclaimed,
    expected: Expected,
    /// The table is shared, and so without an order.
    shares_expected: bool,
    /// The others of a replay.
    others: Option<Box<dyn Others>>,
    expected_refused: u64,
    /// What an analyzer that is being started is told.
    pub opening: Option<Box<Opening>>,
}

/// What an analyzer tells one that it starts of what led to it.
#[derive(Default)]
pub struct Opening {
    pub host: Option<Box<[u8]>>,
    pub uri: Option<Box<[u8]>>,
    pub user_agent: Option<Box<[u8]>>,
    pub headers: Vec<OpeningHeader>,
    /// The file that a named pipe is, as events of what it carries name it.
    pub fid: u64,
}

/// A header, and whose it was.
pub struct OpeningHeader {
    pub is_orig: bool,
    pub name: Box<[u8]>,
    pub value: Box<[u8]>,
}

counters! {
    /// Counters of the analyzers of one worker.
    pub struct AnalyzeStats {
        pub of: ProtocolStats,
        /// Streams inside streams that were nested too deep to be analysed.
        pub nested_too_deep: u64 =
            counter("nested_too_deep_total").lost("streams in too many other streams not analysed"),
        /// Times a connection broke the rules of the protocol that it was analysed as (analyzer.log).
        pub violations: u64 = counter("analyzer_violations_total"),
        /// Analyzers taken off a connection for what it broke.
        pub given_up: u64 = counter("analyzers_given_up_total")
            .lost("times a protocol was given up on a connection (dpd.log, analyzer.log)"),
        /// Analyzers that content brought back to a connection.
        pub taken_up_again: u64 = counter("analyzers_taken_up_again_total"),
        /// Connections that were expected and that there was no room to remember.
        pub expected_refused: u64 = counter("expected_connections_refused_total")
            .lost("connections that were expected, forgotten because there were too many"),
        /// Connections that carried something and that no analyzer took.
        pub unclaimed: u64 = counter("connections_unclaimed_total"),
    }
}

/// All that is done with what connections carry.
pub trait Analysis: Handler + Default {
    fn stats(&self) -> AnalyzeStats;

    /// Connections that no analyzer took.
    fn unclaimed(&self) -> &Unclaimed;

    /// Counts those where another left off.
    fn go_on_counting(&mut self, unclaimed: Unclaimed);

    /// Expects connections in a table that others share.
    fn share(&mut self, expected: Expected);

    /// Others of the same replay expect connections, too.
    fn beside(&mut self, others: Box<dyn Others>);

    /// Whether packets of flows that are not its own are to be [watched](Self::watch).
    fn watches(&self) -> bool;

    /// Takes an analyzer off a flow, by its identifier; with `prevent` content does not bring it back.
    fn disable(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        state: &mut Self::State,
        analyzer: u64,
        prevent: bool,
    );

    /// Expects a connection, as scripts say.
    fn expect(&mut self, expectation: &Expectation, now: Time, since: Order);

    /// Looks whether with a packet of another worker's flow a protocol may begin that expects connections.
    fn watch(&mut self, tuple: &Tuple, payload: &[u8]);
}

impl Shared {
    fn stats(&self) -> AnalyzeStats {
        AnalyzeStats {
            of: self.of.counters(),
            nested_too_deep: self.nested_too_deep,
            violations: self.violations,
            given_up: self.given_up,
            taken_up_again: self.taken_up_again,
            expected_refused: self.expected_refused,
            unclaimed: self.unclaimed.total(),
        }
    }
}

/// Ports of a protocol over TCP, for its [`Spec`].
const fn over_tcp<const N: usize>(ports: [u16; N]) -> [(Proto, u16); N] {
    over(Proto::Tcp, ports)
}

/// Ports of a protocol over UDP, likewise.
const fn over_udp<const N: usize>(ports: [u16; N]) -> [(Proto, u16); N] {
    over(Proto::Udp, ports)
}

const fn over<const N: usize>(proto: Proto, ports: [u16; N]) -> [(Proto, u16); N] {
    let mut over = [(proto, 0); N];
    let mut at = 0;
    while at < N {
        over[at].1 = ports[at];
        at += 1;
    }
    over
}

/// A protocol, to whoever sets analyzers on flows.
pub struct Spec {
    pub named: Named,
    /// Where it is usually found: analyzers start here without having seen anything.
    pub ports: &'static [(Proto, u16)],
    /// By what a stream shows itself to be it, wherever it is found.
    pub signatures: &'static [Signature],
    /// Whether all of these have to match.
    pub both: bool,
    pub new: fn(&Config, &Flow) -> Box<dyn Analyzer>,
}

impl Spec {
    /// Tells it apart from the others.
    fn address(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

/// The service whose analyzer showed this in [`Heartbeat::at_analyzer`](crate::event::Heartbeat::at_analyzer).
pub fn service_of(analyzer: usize) -> Option<&'static str> {
    specs().find(|spec| spec.address() == analyzer).map(|spec| spec.named.service)
}

/// An analyzer of one flow, trying to be it in one protocol.
pub trait Analyzer: Send {
    /// It was set on a flow; again after [`stop`](Self::stop), where content brought it back.
    fn begin(&mut self, _link: &mut Link<'_, '_>) {}

    /// A datagram's payload.
    fn datagram(&mut self, _link: &mut Link<'_, '_>, _dir: Dir, _payload: &[u8]) {}

    /// The next bytes of a stream.
    fn data(&mut self, _link: &mut Link<'_, '_>, _dir: Dir, _bytes: &[u8]) {}

    /// Missing bytes of a stream.
    fn gap(&mut self, _link: &mut Link<'_, '_>, _dir: Dir, _len: u64) {}

    /// A stream's sender has closed it and all of it was delivered.
    fn end_of_data(&mut self, _link: &mut Link<'_, '_>, _dir: Dir) {}

    fn tcp_event(&mut self, _link: &mut Link<'_, '_>, _event: TcpEvent) {}

    /// The deadline set with [`Flow::set_app_deadline`] has come; true ends the flow.
    fn timer(&mut self, _link: &mut Link<'_, '_>) -> bool {
        false
    }

    /// Originator and responder were found to be the other way round.
    fn flipped(&mut self) {}

    /// It broke the protocol's rules and was taken off the flow: it is given no more of it. True where it
    /// has something to tell at the flow's end, or is to remember should content bring it back; if not,
    /// it is done.
    fn stop(&mut self, link: &mut Link<'_, '_>) -> bool {
        self.done(link);
        false
    }

    /// The flow is over. It is told nothing after this.
    fn done(&mut self, _link: &mut Link<'_, '_>) {}
}

/// What an analyzer has at hand while it is called.
pub struct Link<'a, 'c> {
    pub cx: &'a mut Cx<'c>,
    pub flow: &'a mut Flow,
    pub shared: &'a mut Shared,
    spec: &'static Spec,
    standing: &'a mut Standing,
    inner: &'a mut Inner,
}

impl<'c> Link<'_, 'c> {
    /// The flow is what the analyzer takes it for.
    pub fn confirm(&mut self) {
        if !std::mem::replace(&mut self.standing.confirmed, true) {
            confirmed(self.cx, self.flow, &self.spec.named);
        }
    }

    /// The flow broke the protocol's rules: the `reason` in Zeek's words, and the `data` that show it
    /// where Zeek tells them. An analyzer that was confirmed is taken off the flow for it once the packet
    /// has been dealt with. As by Zeek, nothing is said by an analyzer of a stream of which something is missing:
    /// what breaks the rules there may be what was not seen.
    pub fn violation(&mut self, reason: &str, data: Option<&[u8]>) {
        if self.flow.is_incomplete() && self.inner.is_outermost() {
            return;
        }
        let was_confirmed = violated(self.cx, self.flow, &self.spec.named, reason, data);
        self.shared.violations += 1;
        if self.standing.violated(self.cx, self.flow, &self.spec.named, was_confirmed) {
            self.shared.given_up += 1;
            disabled(self.cx, self.flow, &self.spec.named, self.standing.violations);
        }
    }

    /// From here on both directions carry another protocol, which is told with [`pass_on`](Self::pass_on) and
    /// [`pass_gap`](Self::pass_gap) and detected as at the beginning of a connection. The ends of the stream are told
    /// to it without further ado. `transactions` were numbered so far. None where too much is nested.
    pub fn hand_over(&mut self, transactions: u64) -> Option<Child> {
        let child = self.begin(transactions)?;
        self.inner.detect(child, self.shared.detections.take(Proto::Tcp, self.cx.config.detection));
        Some(child)
    }

    /// Starts the analyzer of this name, in upper case ([`Named::name`]), inside this one: what is passed on is read
    /// by it. An analyzer that reads streams is told them with [`pass_on`](Self::pass_on), one that reads messages
    /// each of them with [`pass_message`](Self::pass_message). None where there is no such analyzer, which is no
    /// fault, or where too much is nested.
    pub fn start(&mut self, name: &str) -> Option<Child> {
        let spec = protocol::named(name).filter(|spec| session::is_enabled(self.cx.config, spec))?;
        let child = self.begin(self.inner.outer.transactions)?;
        self.inner.start(child, spec, self.cx, self.flow, self.shared);
        Some(child)
    }

    /// The same after `transactions`, and tells it what led to it, which it finds in [`Shared::opening`].
    pub fn start_with(&mut self, name: &str, opening: Box<Opening>, transactions: u64) -> Option<Child> {
        let spec = protocol::named(name).filter(|spec| session::is_enabled(self.cx.config, spec))?;
        let child = self.begin(transactions)?;
        self.shared.opening = Some(opening);
        self.inner.start(child, spec, self.cx, self.flow, self.shared);
        self.shared.opening = None;
        Some(child)
    }

    fn begin(&mut self, transactions: u64) -> Option<Child> {
        let child = self.inner.begin(transactions);
        self.shared.nested_too_deep += u64::from(child.is_none());
        child
    }

    /// A connection is to come: the analyzer that it names is set on it before its first byte, and no other is for its
    /// port. False where there is no such analyzer, or no room.
    pub fn expect(&mut self, expectation: &Expectation) -> bool {
        let Some(spec) = protocol::named(expectation.analyzer).filter(|_| !self.cx.bus.is_muted()) else {
            return false;
        };
        let Shared { expected, others, shares_expected, expected_refused, .. } = &mut *self.shared;
        let since = if *shares_expected { Order::default() } else { self.cx.bus.order() };
        let by = self.flow.uid();
        expected.listen(by);
        let announcement = expectation.announced(spec, Some(by), self.cx.now, since);
        if let Some(others) = others {
            others.announce(announcement);
        }
        let taken = expected.insert(announcement, self.cx.now);
        *expected_refused += u64::from(!taken);
        taken
    }

    /// Who expects this analyzer on this connection, asked when it begins; none where there was another at these ends
    /// since ([`meet`](Self::meet)).
    pub fn awaited_by(&self) -> Option<Uid> {
        let (id, cx) = (self.flow.id(), &self.cx);
        let of = (self.flow.proto(), self.spec);
        self.shared.expected.awaited_by(&id, of, cx.now, cx.bus.order())
    }

    /// Tells the connection that expects this one what was found on it.
    pub fn tell_finding(&mut self, by: Uid, finding: Finding) {
        if self.cx.bus.is_muted() {
            return;
        }
        let Shared { expected, others, shares_expected, .. } = &mut *self.shared;
        let order = if *shares_expected { Order::default() } else { self.cx.bus.order() };
        let announcement = Announcement::found(by, order, finding);
        if let Some(others) = others {
            others.announce(announcement);
        }
        expected.insert(announcement, self.cx.now);
    }

    /// What was found on connections that this one expects, from `since` on, and was not told before. Where it `matters` other workers of a replay are waited for.
    pub fn findings(&mut self, since: Order, matters: bool) -> SmallVec<[Finding; 2]> {
        let by = self.flow.uid();
        let Shared { expected, others, shares_expected, expected_refused, .. } = &mut *self.shared;
        if let Some(others) = others.as_mut().filter(|_| matters && !self.cx.bus.is_muted()) {
            let (bus, now) = (&mut *self.cx.bus, self.cx.now);
            others.catch_up(bus, &mut |announcement| {
                *expected_refused += u64::from(!expected.insert(announcement, now));
            });
        }
        let found = expected.findings(by, self.cx.bus.order());
        let of_now = |at: &Order| *shares_expected || *at >= since;
        found.iter().filter(|(at, _)| of_now(at)).map(|(_, finding)| *finding).collect()
    }

    /// Nothing of connections that this one expects matters to it any more.
    pub fn expect_nothing(&mut self) {
        self.shared.expected.stop_listening(self.flow.uid());
    }

    /// The connection that was expected between these ends is over: others there are something else, until they are
    /// expected anew.
    pub fn meet(&mut self, id: &ConnId) {
        if self.cx.bus.is_muted() {
            return;
        }
        let Shared { expected, others, shares_expected, .. } = &mut *self.shared;
        let order = (!*shares_expected).then(|| self.cx.bus.order());
        for announcement in expected.met(id, self.flow.proto(), order) {
            if let Some(others) = others {
                others.announce(announcement);
            }
            expected.insert(announcement, self.cx.now);
        }
    }

    /// The number of the last transaction of the streams around this one, which what is inside goes on
    /// from: connections number their transactions throughout.
    pub fn transactions_before(&self) -> u64 {
        self.inner.outer.transactions
    }

    /// The next bytes of a stream, to all analyzers inside this one.
    pub fn pass_on(&mut self, dir: Dir, bytes: &[u8]) {
        for active in self.inner.all() {
            active.data(self.cx, self.flow, self.shared, dir, bytes);
        }
    }

    /// The same to one of them.
    pub fn pass_on_to(&mut self, child: Child, dir: Dir, bytes: &[u8]) {
        if let Some(active) = self.inner.child(child) {
            active.data(self.cx, self.flow, self.shared, dir, bytes);
        }
    }

    /// Missing bytes of a stream, to all analyzers inside this one.
    pub fn pass_gap(&mut self, dir: Dir, len: u64) {
        for active in self.inner.all() {
            active.gap(self.cx, self.flow, self.shared, dir, len);
        }
    }

    /// A whole message to one of the analyzers inside this one, which takes it as it takes a datagram.
    pub fn pass_message(&mut self, child: Child, dir: Dir, message: &[u8]) {
        if let Some(active) = self.inner.child(child) {
            active.message(self.cx, self.flow, self.shared, dir, message);
        }
    }

    /// Nothing more comes for one of the analyzers inside this one: it tells what it has still to tell. Those that
    /// were not ended are when this one is.
    pub fn end_inner(&mut self, child: Child) {
        self.inner.end(child, self.cx, self.flow, self.shared);
    }

    /// What calls on files are given.
    pub fn files<'l>(&'l mut self, carrier: &'l mut dyn Carrier) -> FileCx<'l, 'c> {
        FileCx { cx: self.cx, flow: self.flow, held: &mut self.shared.of.files, carrier }
    }

    /// Nothing more of the flow is wanted: the analyzer is given no more of it, not even its end.
    pub fn leave(&mut self) {
        self.standing.leave();
    }

    /// A text that signatures may look at.
    #[inline]
    pub fn text(&mut self, text: &signatures::Text<'_>) {
        if self.shared.of.signatures.current.is_some() {
            self.shared.of.signatures.text(self.cx, self.flow, text);
        }
    }

    pub fn weird(&mut self, name: &'static str, source: &'static str) {
        self.flow.weird(self.cx, name, source);
    }

    pub fn weird_about(&mut self, name: &'static str, source: &'static str, addl: String) {
        self.flow.weird_about(self.cx, name, source, addl);
    }
}
