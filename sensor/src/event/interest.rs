//! What scripts look at: nothing else is taken along for them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::event::{Arena, ConnId, ConnView, EventId, EventSet, Part, Proto, RecordView};
use crate::record::{Record, Schema, Value};
use crate::time::Interval;

/// What the scripts of a run want of the workers.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    /// Which reading of the scripts this is of: what was said for an earlier one may still be on its way.
    pub version: u32,
    pub events: EventSet,
    /// Of events whose handlers do nothing in some cases, or nothing but effects.
    /// By the event's place.
    pub pushdown: Vec<Option<Pushdown>>,
    pub conn: ConnParts,
    /// Some script may ask for digests of files: they are made of all, and shown of those asked for.
    pub digests: bool,
    /// Sizes, in bytes of either direction, that scripts want to hear of to the packet, with all their
    /// doublings.
    pub sizes: Vec<u64>,
    /// Scripts may ask for others: connections tell of every packet.
    pub any_size: bool,
    /// How long connections last when scripts want to hear of them, in order; after the last of them at its multiples.
    pub durations: Vec<Interval>,
    /// Scripts do things at times of their own: they hear of time that passes.
    pub clock: bool,
    /// Of which connections the end is told: something may be kept for them.
    pub ends: Ends,
    /// The end of every file is told of, likewise.
    pub file_ends: bool,
    /// Names of HTTP headers, in upper case, that `HTTP::header_of_interest` tells of.
    pub headers: Vec<Box<[u8]>>,
    /// Of each log that scripts look at, by its name.
    pub logs: HashMap<&'static str, LogInterest, foldhash::fast::FixedState>,
}

/// Tells from what an event is about what its handlers would do.
#[derive(Clone)]
pub struct Pushdown(pub Arc<Handlers>);

type Handlers = dyn Fn(&Happening<'_>) -> Outcome + Send + Sync;

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No handler does anything.
    Nothing,
    /// Nothing but what was gathered.
    Effects,
    /// It has to be raised: a bit for each handler that does nothing, as the host of the scripts numbers them.
    Raise(u64),
}

/// Tells from a row that scripts let it pass to its log.
#[derive(Clone)]
pub struct Passes {
    pub test: Arc<Test>,
    /// Scripts change nothing in such a row either.
    pub as_written: bool,
    /// A bit for every field that such a row takes along.
    pub fields: u64,
}

type Test = dyn Fn(&dyn Columns) -> bool + Send + Sync;

/// A row's values, by column.
pub trait Columns {
    fn column(&self, at: usize) -> Value<'_>;
}

impl<R: Record> Columns for R {
    fn column(&self, at: usize) -> Value<'_> {
        self.get(at)
    }
}

/// An event before it is raised.
pub struct Happening<'h> {
    pub args: &'h [Part],
    /// The connection that it is about; none where that is not known yet.
    pub conn: Option<&'h Subject<'h>>,
    /// Effects are gathered there.
    pub arena: &'h Arena,
}

/// A connection that an event is about.
pub struct Subject<'h> {
    pub id: ConnId,
    pub proto: Proto,
    /// Scripts were told of the row that the event is about before, or of the connection where there is none: they may
    /// have changed what they see of it.
    pub raised: bool,
    /// The row that the event is about.
    pub row: Option<Shown<'h>>,
    /// How the connection stands, where that was put together already.
    pub view: Option<&'h ConnView>,
}

/// A row as scripts will see it.
#[derive(Clone, Copy)]
pub enum Shown<'h> {
    View(&'h RecordView),
    Row(&'static Schema, &'h dyn Columns),
}

impl Shown<'_> {
    pub fn schema(&self) -> &'static Schema {
        match self {
            Shown::View(view) => view.schema,
            Shown::Row(schema, _) => schema,
        }
    }
}

impl fmt::Debug for Pushdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pushdown")
    }
}

impl fmt::Debug for Passes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passes")
    }
}

/// Connections by what scripts know of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    #[default]
    OfNone,
    /// Those that an event or an oddity has shown.
    OfShown,
    OfAll,
}

/// The parts of `c` that some script looks at, beside those that are always there.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnParts {
    pub service: bool,
    pub history: bool,
    pub ends: bool,
    pub times: bool,
    /// VLANs and link-layer addresses.
    pub framing: bool,
}

/// What scripts want of one log.
#[derive(Clone, Debug)]
pub struct LogInterest {
    pub schema: &'static Schema,
    /// A bit for every field that events take along; none where no script looks at a row before it is written.
    pub fields: u64,
    /// How its rows get to it.
    pub rows: Rows,
    /// Which rows that go past scripts those let pass, if that can be told.
    pub passes: Option<Passes>,
}

/// How rows of a log get to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// As a worker wrote them: no script looks at them.
    Straight,
    /// As a worker wrote them, if scripts let them pass, with what scripts put into some columns.
    Past {
        /// A bit for every field that scripts look at before.
        fields: u64,
        /// A bit for every column that they may change.
        changed: u64,
    },
    /// As scripts write them, with all their fields.
    Rewritten,
}

impl Interest {
    /// Whether an event has a handler.
    #[inline]
    pub fn wants(&self, id: EventId) -> bool {
        self.events.contains(id)
    }

    /// What becomes of an event, where its predicate was pushed down to the workers.
    pub fn evaluate(&self, id: EventId, happening: &Happening<'_>) -> Outcome {
        let pushdown = self.pushdown.get(id.index()).and_then(Option::as_ref);
        pushdown.map_or(Outcome::Raise(0), |pushdown| (pushdown.0)(happening))
    }

    /// Whether a direction that has grown from `before` to `after` bytes is to be told of.
    #[inline]
    pub fn is_step(&self, before: u64, after: u64) -> bool {
        if self.any_size {
            return before != after;
        }
        let crossed = |size: u64| {
            // The largest doubling that was reached.
            let reached = after.checked_div(size).filter(|times| *times > 0);
            reached.is_some_and(|times| before < size << times.ilog2())
        };
        self.sizes.iter().any(|size| crossed(*size))
    }

    /// When a connection that has lasted so long is to be told of next; never where that is not wanted.
    pub fn next_duration(&self, lasted: Interval) -> Option<Interval> {
        let later = self.durations.iter().copied().find(|duration| *duration > lasted);
        later.or_else(|| {
            let last = self.durations.last()?.nanos();
            Some(Interval::from_nanos((lasted.nanos() / last + 1).checked_mul(last)?))
        })
    }

    /// What is wanted of a log.
    pub fn log(&self, schema: &'static Schema) -> Option<&LogInterest> {
        self.logs.get(schema.path)
    }

    /// How rows of a log get to it.
    #[inline]
    pub fn rows(&self, schema: &'static Schema) -> Rows {
        self.log(schema).map_or(Rows::Straight, |log| log.rows)
    }

    /// The fields of a log's rows that events take along.
    pub fn fields(&self, schema: &'static Schema) -> u64 {
        self.log(schema).map_or(0, |log| log.fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_of_at_the_packet_that_reaches_them() {
        let exact = Interest { sizes: vec![1000], ..Interest::default() };
        for (before, after, told) in [
            (0, 999, false),
            (999, 1000, true),
            (1000, 1999, false),
            (1500, 2100, true),
            (2100, 3999, false),
            (500, 4500, true),
            (4500, 7999, false),
        ] {
            assert_eq!(exact.is_step(before, after), told, "{before} to {after}");
        }
        let secs = Interval::from_secs;
        let durations = Interest { durations: vec![secs(60), secs(600)], ..Interest::default() };
        for (lasted, next) in [(0, 60), (59, 60), (60, 600), (600, 1200), (1199, 1200), (1200, 1800)] {
            assert_eq!(durations.next_duration(secs(lasted)), Some(secs(next)), "{lasted}");
        }
        assert_eq!(exact.next_duration(secs(1)), None);
        let any = Interest { any_size: true, ..Interest::default() };
        assert!(any.is_step(0, 60) && any.is_step(60, 100) && any.is_step(1000, 1001));
        assert!(any.is_step(100_000_000, 100_000_060));
    }
}
