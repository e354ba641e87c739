//! Errands: what handlers of an event would do, where that is so plain that nothing else need be taken along.

use std::net::IpAddr;

use crate::event::{EventId, Owner, Span};

/// Something that a handler would do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errand {
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
    /// As it is printed.
    Addr(IpAddr),
}

/// All errands of an event.
#[derive(Clone, Copy, Debug)]
pub struct Errands {
    pub id: EventId,
    /// The connection, and which of its rows of a log.
    pub owner: Owner,
    /// Which of those in [`Taken`](crate::event::Taken).
    pub first: u32,
    pub count: u32,
    /// Which reading of the scripts they are of.
    pub version: u32,
}

/// Errands that are gathered, with the texts that they name.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(super) errands: Vec<Errand>,
    pub(super) bytes: Vec<u8>,
}

impl Gathered {
    pub fn push(&mut self, errand: Errand) {
        self.errands.push(errand);
    }

    /// The one that was gathered last.
    pub fn last(&mut self) -> Option<&mut Errand> {
        self.errands.last_mut()
    }

    pub fn text(&mut self, text: &[u8]) -> Span {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        Span::new(start, self.bytes.len())
    }

    pub fn len(&self) -> usize {
        self.errands.len()
    }

    pub fn is_empty(&self) -> bool {
        self.errands.is_empty()
    }

    /// Forgets those behind the first so many; texts stay.
    pub fn truncate(&mut self, errands: usize) {
        self.errands.truncate(errands);
    }

    pub fn clear(&mut self) {
        self.errands.clear();
        self.bytes.clear();
    }
}

impl Errand {
    /// The same where its texts stand so much further behind.
    pub(super) fn shifted(mut self, by: usize) -> Errand {
        match &mut self.what {
            What::Observe(Observation { stream, text, words, .. }) => {
                *stream = stream.shifted(by);
                for span in [text, words].into_iter().flatten().filter_map(Words::span) {
                    *span = span.shifted(by);
                }
            }
            What::Add { element, .. } => *element = element.shifted(by),
        }
        self
    }
}

impl Words {
    fn span(&mut self) -> Option<&mut Span> {
        match self {
            Words::Text(span) => Some(span),
            Words::Addr(_) => None,
        }
    }
}
