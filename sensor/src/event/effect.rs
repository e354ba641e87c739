//! Effects: what handlers of an event would do, where that is so plain that nothing else need be taken along.

use std::net::IpAddr;

use crate::event::{ConnId, EventId, Owner, Proto, Span};

/// Something that a handler would do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Which of the event's handlers.
    pub body: u32,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// `SumStats::observe`.
    Observe(Observation),
    /// An element is added to a set in the row that the event is about.
    Add { column: u32, element: Span },
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    pub stream: Span,
    /// Its key.
    pub host: Option<IpAddr>,
    pub text: Option<Words>,
    /// What is observed.
    pub num: Option<u64>,
    pub dbl: Option<f64>,
    pub words: Option<Words>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Words {
    Text(Span),
    /// As they are printed.
    Addr(IpAddr),
    /// A subnet, with how many of all 128 bits its prefix has.
    Net(IpAddr, u8),
    Port(u16, Proto),
}

/// All effects of an event.
#[derive(Clone, Copy, Debug)]
pub struct Effects {
    pub id: EventId,
    /// The connection, and which of its rows of a log.
    pub owner: Owner,
    /// The ends of the connection.
    pub ends: (ConnId, Proto),
    /// Which of those that are gathered in the batch.
    pub first: u32,
    pub count: u32,
    /// Which reading of the scripts they are of.
    pub version: u32,
}

/// Effects that were gathered, with the texts that they name.
#[derive(Debug, Default)]
pub struct Gathered {
    effects: Vec<Effect>,
    bytes: Vec<u8>,
}

/// How much there is of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    effects: usize,
    bytes: usize,
}

impl Gathered {
    pub fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// The one that was gathered last.
    pub fn last(&mut self) -> Option<&mut Effect> {
        self.effects.last_mut()
    }

    pub fn text(&mut self, text: &[u8]) -> Span {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        Span::new(start, self.bytes.len())
    }

    pub fn text_of(&self, span: Span) -> &[u8] {
        self.bytes.get(span.range()).unwrap_or_default()
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { effects: self.effects.len(), bytes: self.bytes.len() }
    }

    /// Forgets those that came later.
    pub fn rewind(&mut self, checkpoint: Checkpoint) {
        self.effects.truncate(checkpoint.effects);
        self.bytes.truncate(checkpoint.bytes);
    }

    /// Where those stand that came later, and how many they are.
    pub(super) fn since(&self, checkpoint: Checkpoint) -> (u32, u32) {
        // A batch is handed on long before there are so many.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (number(checkpoint.effects), number(self.effects.len() - checkpoint.effects))
    }

    /// All of an event.
    pub fn of(&self, effects: &Effects) -> &[Effect] {
        let first = effects.first as usize;
        self.effects.get(first..first + effects.count as usize).unwrap_or_default()
    }

    /// How many bytes of memory it all takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.effects.len() * size_of::<Effect>()
    }
}
