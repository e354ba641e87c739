//! What scripts look at: nothing else is taken along for them.

use crate::event::{EventId, EventSet, RecordView};
use crate::record::{Record, Schema};

/// What the scripts of a run want of the workers.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    pub events: EventSet,
    pub conn: ConnParts,
    /// Some script may ask for digests of files: they are made of all, and shown of those asked for.
    pub digests: bool,
    /// Some script may ask to hear of a connection's size.
    pub sizes: bool,
    /// Of each log that scripts look at.
    pub logs: Vec<LogInterest>,
}

/// The parts of `c` that some script looks at, beside those that are always there.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnParts {
    pub service: bool,
    pub history: bool,
}

/// What scripts want of one log.
#[derive(Clone, Copy, Debug)]
pub struct LogInterest {
    pub schema: &'static Schema,
    /// A bit for every field that events take along.
    pub fields: u64,
    /// Rows are not written by the worker: scripts may change them or decide on them.
    pub rows: bool,
}

impl Interest {
    /// Whether an event has a handler.
    #[inline]
    pub fn wants(&self, id: EventId) -> bool {
        self.events.contains(id)
    }

    fn log(&self, schema: &'static Schema) -> Option<&LogInterest> {
        self.logs.iter().find(|log| log.schema == schema)
    }

    /// Whether the rows of a log go past the scripts.
    #[inline]
    pub fn rows(&self, schema: &'static Schema) -> bool {
        self.log(schema).is_some_and(|log| log.rows)
    }

    /// The fields of a log's rows that events take along.
    pub fn fields(&self, schema: &'static Schema) -> u64 {
        self.log(schema).map_or(0, |log| log.fields)
    }

    /// What events take along of a row; `None` where no script looks at any of it.
    pub fn view<R: Record>(&self, record: &R) -> Option<RecordView> {
        let fields = self.fields(R::SCHEMA);
        (fields != 0).then(|| RecordView::of(record, fields))
    }
}
