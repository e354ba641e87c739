//! Where a worker says things.

use std::sync::Arc;

use crate::event::{ConnId, EventId, Interest, Order, Owner, Raised, RecordView, RowView, Tunnel, Weird};
use crate::export::Serializer;
use crate::record::{Format, Record, Schema};
use crate::time::Time;

/// One worker's outlet. Rows are serialised here, once, by the worker that made them.
pub struct Bus {
    format: Format,
    exports: Serializer,
    interest: Arc<Interest>,
    order: Order,
    now: Time,
    muted: bool,
    said: u64,
    batch: Batch,
}

/// What a worker said since it last handed a batch on.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order in which it was said, which is also that of [`Order`].
    pub items: Vec<Item>,
    /// The rows that items point into.
    pub bytes: Vec<u8>,
}

#[derive(Debug)]
pub struct Item {
    pub order: Order,
    /// Packet time when it was said.
    pub now: Time,
    pub said: Said,
}

#[derive(Debug)]
pub enum Said {
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
    /// A row that scripts may change before it is written.
    Record(Box<RowView>),
    Weird(Box<Weird>),
    /// A connection was seen inside these tunnels, outermost first.
    Tunnels(Vec<Tunnel>),
    /// A connection that carried a tunnel has ended.
    TunnelEnd(ConnId),
    /// Something happened that a script handles.
    Event(Box<Raised>),
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
            said: 0,
            batch: Batch::default(),
        }
    }

    /// All that follows belongs to packet `number`, at `now`.
    pub fn at_packet(&mut self, number: u64, now: Time) {
        self.order = Order { packet: number, deadline: Order::NO_TIMER, step: 0 };
        self.now = now;
        self.muted = false;
    }

    /// All that follows belongs to a timer of the flow with this ordinal, which the current packet
    /// made due.
    pub fn at_timer(&mut self, deadline: Time, ordinal: u64) {
        self.order.deadline = deadline.nanos();
        self.order.step = ordinal;
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
        if self.interest.rows(R::SCHEMA) {
            let record = RecordView::of(record, u64::MAX);
            return self.say(Said::Record(Box::new(RowView { owner, record })));
        }
        let start = self.batch.bytes.len();
        self.format.row(record, &mut self.batch.bytes);
        let end = self.batch.bytes.len();
        self.say(Said::Row { schema: R::SCHEMA, start, end });
        let (order, now, Batch { items, bytes }) = (self.order, self.now, &mut self.batch);
        self.exports.rows(record, now, bytes, |to, range| {
            let said = Said::Export { to, start: range.start, end: range.end };
            items.push(Item { order, now, said });
        });
    }

    pub fn weird(&mut self, weird: Weird) {
        self.say(Said::Weird(Box::new(weird)));
    }

    pub fn tunnels(&mut self, tunnels: Vec<Tunnel>) {
        self.say(Said::Tunnels(tunnels));
    }

    pub fn tunnel_end(&mut self, id: ConnId) {
        self.say(Said::TunnelEnd(id));
    }

    /// Whether a script handles the event; if not, nothing is built for it.
    #[inline]
    pub fn wants(&self, id: EventId) -> bool {
        self.interest.wants(id) && !self.muted
    }

    /// What scripts look at.
    pub fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Looks for other things from now on.
    pub fn set_interest(&mut self, interest: Arc<Interest>) {
        self.interest = interest;
    }

    pub fn raise(&mut self, event: Raised) {
        self.say(Said::Event(Box::new(event)));
    }

    fn say(&mut self, said: Said) {
        if !self.muted {
            self.said += 1;
            self.batch.items.push(Item { order: self.order, now: self.now, said });
        }
    }

    /// How many things were said so far.
    pub fn said(&self) -> u64 {
        self.said
    }

    /// How many bytes of memory what was said so far takes, roughly.
    pub fn waiting(&self) -> usize {
        self.batch.bytes.len() + self.batch.items.len() * size_of::<Item>()
    }

    /// Hands on what was said so far.
    pub fn take(&mut self) -> Batch {
        let bytes = Vec::with_capacity(self.batch.bytes.len());
        let items = Vec::with_capacity(self.batch.items.len());
        std::mem::replace(&mut self.batch, Batch { items, bytes })
    }
}
