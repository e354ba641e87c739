//! Where a worker says things.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::event::arena::Checkpoint;
use crate::event::{
    Arena, ConnId, ConnView, Drafted, Effects, Ends, Event, EventId, FileView, Happening, Heartbeat,
    Interest, Order, Outcome, Owner, Passes, Raised, RecordView, RowView, Rows, Shown, Span, Step, Subject,
    Tunnel, Weird,
};
use crate::export::Serializer;
use crate::record::{Format, Record, Schema, Uid};
use crate::time::{Interval, Time};

/// One worker's outlet. Rows are serialised here, once, by the worker that made them.
pub struct Bus {
    format: Format,
    exports: Serializer,
    interest: Arc<Interest>,
    order: Order,
    now: Time,
    muted: bool,
    emitted: u64,
    batch: Batch,
    /// When time was last told of.
    tick: Time,
    /// Batches that were taken, to be filled again.
    spares: (Sender<Batch>, Receiver<Batch>),
    /// How much of the batch is of what was said; what comes after is of an event that is being put together.
    kept: Checkpoint,
    heartbeat: Arc<Heartbeat>,
    crossed: Crossed,
}

/// How much a worker told the ordered stage: beside finished rows all that one thread has to do for scripts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crossed {
    /// Events that have handlers to run.
    pub events: u64,
    pub effects: u64,
    /// Rows that go past scripts.
    pub rows: u64,
    /// Memory of all, finished rows included.
    pub bytes: u64,
}

/// So many batches are kept to be filled again, none larger than this: fresh memory is not free.
const SPARES: usize = 4;
const MAX_SPARE: usize = 2 << 20;

/// Time is told of this often, at a packet.
const TICK_EVERY: Interval = Interval::from_millis(1);

/// What a worker said since it last handed a batch on.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order in which it was said, which is also that of [`Order`].
    pub items: Vec<Item>,
    /// What items point into.
    pub arena: Arena,
    /// Where its memory is to be used again.
    home: Option<Sender<Batch>>,
}

impl Batch {
    fn size(&self) -> usize {
        self.arena.size() + self.items.len() * size_of::<Item>()
    }

    /// It has been taken: lets the worker that made it have its memory.
    pub fn give_back(mut self) {
        if let Some(home) = self.home.take().filter(|_| self.size() <= MAX_SPARE) {
            self.items.clear();
            self.arena.clear();
            // There may be enough, and the worker may have ended.
            let _ = home.try_send(self);
        }
    }
}

#[derive(Debug)]
pub struct Item {
    pub order: Order,
    /// Packet time when it was said.
    pub now: Time,
    pub emitted: Emitted,
}

#[derive(Debug)]
pub enum Emitted {
    /// A finished row of a log: where it stands in the batch's bytes.
    Row {
        schema: &'static Schema,
        start: usize,
        end: usize,
    },
    /// The same row for an exporter: which, and where it stands in the batch's bytes.
    Export {
        to: usize,
        start: usize,
        end: usize,
    },
    /// A row that goes past scripts before it is written: which of those taken along.
    Shown(u32),
    Weird(Box<Weird>),
    /// A connection was seen inside these tunnels, outermost first.
    Tunnels(Vec<Tunnel>),
    /// A connection that carried a tunnel has ended.
    TunnelEnd(ConnId),
    /// Something happened that a script handles.
    Event(Raised),
    /// The same, and its handlers would do nothing else.
    Effects(Effects),
    /// A connection has ended, or of files.log a file: nothing more is said of it.
    End(Uid),
    /// What follows is said once.
    Once(Box<Once>),
    /// Nothing but that time passes.
    Tick,
    /// No packet follows.
    CaptureEnd,
}

/// What is to be said only the first time.
#[derive(Debug)]
pub struct Once {
    /// What it is about.
    pub key: u128,
    /// After so much time it may be said again.
    pub again_after: Interval,
    /// So many keys are remembered.
    pub most: usize,
    /// So many of the items that follow it are.
    pub items: usize,
}

impl Bus {
    /// An outlet for rows in `format`, for exporters, and for what scripts look at.
    pub fn new(format: Format, exports: Serializer, interest: Arc<Interest>) -> Self {
        Bus {
            format,
            exports,
            interest,
            order: Order::default(),
            now: Time::default(),
            muted: false,
            emitted: 0,
            batch: Batch::default(),
            tick: Time::default(),
            spares: bounded(SPARES),
            kept: Checkpoint::default(),
            heartbeat: Arc::default(),
            crossed: Crossed::default(),
        }
    }

    /// Where the worker shows what it is at.
    pub fn heartbeat(&self) -> &Arc<Heartbeat> {
        &self.heartbeat
    }

    /// All that follows belongs to packet `number`, at `now`.
    pub fn at_packet(&mut self, number: u64, now: Time) {
        self.order = Order { packet: number, deadline: Order::NO_TIMER, step: 0 };
        self.now = now;
        self.muted = false;
        self.heartbeat.at_packet(number, now);
    }

    /// All that follows belongs to a timer of the flow with this ordinal, which the current packet
    /// made due.
    pub fn at_timer(&mut self, deadline: Time, ordinal: u64) {
        self.order.deadline = deadline.nanos();
        self.order.step = ordinal;
        self.heartbeat.at(Step::Timer);
    }

    /// Timers are done; what follows is about the packet itself, whose analysis has come this far.
    pub fn at_step(&mut self, step: u64) {
        self.order.deadline = Order::NO_TIMER;
        self.order.step = step;
        self.muted = false;
    }

    /// Says nothing for now: what is at hand is another worker's to tell of, and followed here only
    /// to decapsulate what it carries.
    pub fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Whether nothing is said for now.
    pub fn is_muted(&self) -> bool {
        self.muted
    }

    /// Time has passed: what scripts have scheduled may be due, before anything is said of the packet.
    pub fn tick(&mut self) {
        let since = self.now - self.tick;
        if self.interest.clock && (since >= TICK_EVERY || since < Interval::ZERO) {
            self.tick = self.now;
            self.say(Emitted::Tick);
        }
    }

    /// The capture has ended; what is open ends next.
    pub fn capture_end(&mut self) {
        if self.interest.clock {
            self.say(Emitted::CaptureEnd);
        }
    }

    /// The place of what is said now.
    pub fn order(&self) -> Order {
        self.order
    }

    pub fn now(&self) -> Time {
        self.now
    }

    /// A finished row.
    #[inline]
    pub fn log<R: Record>(&mut self, record: &R, owner: Owner) {
        if self.muted {
            return;
        }
        match self.interest.rows(R::SCHEMA) {
            Rows::Straight => self.write(record),
            Rows::Past { fields, changed } => {
                let passes = self.passes(record).map(|passes| (passes.as_written, passes.fields));
                if let Some((true, _)) = passes {
                    return self.write(record);
                }
                let fields = passes.map_or(fields, |(_, needed)| fields & needed);
                let (format, arena) = (self.format, &mut self.batch.arena);
                let drafted =
                    arena.draft(changed, |out, place| format.row_with_places(record, changed, out, place));
                self.show(record, fields, owner, Some(drafted), passes.is_some());
            }
            Rows::Rewritten => self.show(record, u64::MAX, owner, None, false),
        }
    }

    /// A row of which there is to be only one with its `key`, until so much time has passed; zero for none. `most`:
    /// keys that are remembered.
    pub fn log_once<R: Record>(
        &mut self,
        record: &R,
        owner: Owner,
        key: u128,
        again_after: Interval,
        most: usize,
    ) {
        if self.muted || again_after == Interval::ZERO {
            return self.log(record, owner);
        }
        let at = self.batch.items.len();
        self.say(Emitted::Once(Box::new(Once { key, again_after, most, items: 0 })));
        self.log(record, owner);
        let items = self.batch.items.len().saturating_sub(at + 1);
        if let Some(Item { emitted: Emitted::Once(once), .. }) = self.batch.items.get_mut(at) {
            once.items = items;
        }
    }

    /// That scripts let a row pass, if they do.
    fn passes<R: Record>(&self, record: &R) -> Option<&Passes> {
        let passes = self.interest.log(R::SCHEMA).and_then(|log| log.passes.as_ref())?;
        (passes.test)(record).then_some(passes)
    }

    fn write<R: Record>(&mut self, record: &R) {
        let start = self.batch.arena.bytes.len();
        self.format.row(record, &mut self.batch.arena.bytes);
        let end = self.batch.arena.bytes.len();
        self.say(Emitted::Row { schema: R::SCHEMA, start, end });
        let (order, now, Batch { items, arena, .. }) = (self.order, self.now, &mut self.batch);
        let written = self.format.json_members(start..end);
        self.exports.rows(record, now, written, &mut arena.bytes, |to, range| {
            let emitted = Emitted::Export { to, start: range.start, end: range.end };
            items.push(Item { order, now, emitted });
        });
        self.kept = arena.checkpoint();
    }

    fn show<R: Record>(&mut self, record: &R, fields: u64, owner: Owner, row: Option<Drafted>, passes: bool) {
        let arena = &mut self.batch.arena;
        let record = arena.view(record, fields);
        arena.rows.push(RowView { owner, record, row, passes });
        let at = last(arena.rows.len());
        self.crossed.rows += 1;
        self.say(Emitted::Shown(at));
    }

    /// A connection has ended, which scripts were shown or not.
    pub fn ended(&mut self, uid: Uid, shown: bool) {
        let told = match self.interest.ends {
            Ends::OfNone => false,
            Ends::OfShown => shown,
            Ends::OfAll => true,
        };
        if told {
            self.say(Emitted::End(uid));
        }
    }

    /// A file has ended.
    pub fn file_ended(&mut self, fuid: Uid) {
        if self.interest.file_ends {
            self.say(Emitted::End(fuid));
        }
    }

    pub fn weird(&mut self, weird: Weird) {
        self.say(Emitted::Weird(Box::new(weird)));
    }

    pub fn tunnels(&mut self, tunnels: Vec<Tunnel>) {
        self.say(Emitted::Tunnels(tunnels));
    }

    pub fn tunnel_end(&mut self, id: ConnId) {
        self.say(Emitted::TunnelEnd(id));
    }

    /// Whether a script handles the event; if not, nothing is built for it.
    #[inline]
    pub fn wants(&self, id: EventId) -> bool {
        self.interest.wants(id) && !self.muted
    }

    /// Whether scripts handle one of `count` events from a place on: what it takes to raise them need not be had else.
    #[inline]
    pub fn wants_any(&self, first: u16, count: usize) -> bool {
        self.interest.events.contains_any(first, count) && !self.muted
    }

    /// What scripts look at.
    pub fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Looks for other things from now on.
    pub fn set_interest(&mut self, interest: Arc<Interest>) {
        self.interest = interest;
    }

    /// Where an event's arguments are put.
    pub fn arena(&mut self) -> &mut Arena {
        &mut self.batch.arena
    }

    /// An event's arguments. `None` where it is not to be raised, because no handler does anything with them.
    pub fn args<E: Event>(&mut self, event: &E) -> Option<Span> {
        let arena = &mut self.batch.arena;
        let before = arena.checkpoint();
        let args = event.args(arena);
        let happening = Happening { args: arena.parts_of(args), conn: None, arena };
        if self.interest.evaluate(E::ID, &happening) == Outcome::Nothing {
            arena.rewind(before);
            return None;
        }
        Some(args)
    }

    /// Settles an event, about a connection, if its handlers do nothing but effects. Else gives back which of them
    /// do nothing: it is to be raised with [`Bus::raise_to`].
    pub fn settle(&mut self, id: EventId, owner: Owner, subject: &Subject<'_>, args: Span) -> Option<u64> {
        self.settle_of(id, Some((owner, subject)), args)
    }

    fn settle_of(&mut self, id: EventId, of: Option<(Owner, &Subject<'_>)>, args: Span) -> Option<u64> {
        let arena = &mut self.batch.arena;
        let conn = of.map(|(_, subject)| subject);
        let before = arena.gathered.get_mut().checkpoint();
        let happening = Happening { args: arena.parts_of(args), conn, arena };
        match (self.interest.evaluate(id, &happening), of) {
            (Outcome::Raise(idle), _) => return Some(idle),
            (Outcome::Effects, Some((owner, subject))) => {
                arena.rewind(self.kept);
                let (first, count) = arena.gathered.get_mut().since(before);
                let (version, ends) = (self.interest.version, (subject.id, subject.proto));
                self.crossed.effects += u64::from(count);
                self.say(Emitted::Effects(Effects { id, owner, ends, first, count, version }));
            }
            (Outcome::Effects | Outcome::Nothing, _) => arena.rewind(self.kept),
        }
        None
    }

    /// What events take along of a row; `None` where no script looks at any of it.
    pub fn view<R: Record>(&mut self, record: &R) -> Option<RecordView> {
        let fields = self.interest.fields(R::SCHEMA);
        (fields != 0).then(|| self.batch.arena.view(record, fields))
    }

    /// Something happened, about a connection or file. Not raised where no handler does anything but effects. True
    /// if it was: scripts know the connection from now on.
    pub fn raise(&mut self, id: EventId, conn: Option<ConnView>, file: Option<FileView>, args: Span) -> bool {
        let row = conn.as_ref().and_then(|conn| conn.record.as_ref());
        let subject = conn.as_ref().map(|conn| Subject {
            id: conn.id,
            proto: conn.proto,
            raised: conn.raised,
            row: row.map(|(_, view)| Shown::View(view)),
            view: Some(conn),
        });
        let owner = conn.as_ref().map(|conn| Owner { uid: conn.uid, nth: row.map_or(0, |(nth, _)| *nth) });
        let Some(idle) = self.settle_of(id, owner.zip(subject.as_ref()), args) else { return false };
        self.raise_to(id, conn, file, args, idle);
        true
    }

    /// Raises an event of no connection or file, where a script handles it.
    pub fn raise_apart<E: Event>(&mut self, event: &E) {
        if self.wants(E::ID) {
            let args = event.args(self.arena());
            self.raise(E::ID, None, None, args);
        }
    }

    /// The same for those handlers that are not among the `idle` ones.
    pub fn raise_to(
        &mut self,
        id: EventId,
        conn: Option<ConnView>,
        file: Option<FileView>,
        args: Span,
        idle: u64,
    ) {
        let arena = &mut self.batch.arena;
        let conn = conn.map(|conn| {
            arena.conns.push(conn);
            last(arena.conns.len())
        });
        let file = file.map(|file| {
            arena.files.push(file);
            last(arena.files.len())
        });
        self.crossed.events += 1;
        self.say(Emitted::Event(Raised { id, conn, file, args, idle, version: self.interest.version }));
    }

    fn say(&mut self, emitted: Emitted) {
        if !self.muted {
            self.emitted += 1;
            self.batch.items.push(Item { order: self.order, now: self.now, emitted });
            self.kept = self.batch.arena.checkpoint();
        }
    }

    /// How many things were said so far.
    pub fn emitted(&self) -> u64 {
        self.emitted
    }

    /// What the ordered stage was told so far.
    pub fn crossed(&self) -> Crossed {
        Crossed { bytes: self.crossed.bytes + self.batch.size() as u64, ..self.crossed }
    }

    /// How many bytes of memory what was said so far takes, roughly.
    pub fn waiting(&self) -> usize {
        self.batch.size()
    }

    /// Hands on what was said so far.
    pub fn take(&mut self) -> Batch {
        self.kept = Checkpoint::default();
        self.crossed.bytes += self.batch.size() as u64;
        let next = self.spares.1.try_recv().unwrap_or_default();
        let full = std::mem::replace(&mut self.batch, next);
        Batch { home: Some(self.spares.0.clone()), ..full }
    }
}

/// The place of what was added last. A batch is handed on long before there are so many.
fn last(len: usize) -> u32 {
    u32::try_from(len - 1).unwrap_or(u32::MAX)
}
