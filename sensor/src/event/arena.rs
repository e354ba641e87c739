//! What is taken along for scripts: copies of what they look at, in memory of the batch that they travel in.
//!
//! An event is made by a worker and read by the ordered stage, on another core. Texts, lists and records lie one
//! after the other in a few vectors of the batch, so that an event costs no allocation of its own, and none is
//! given back on another thread than it was made on.

use std::cell::RefCell;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use nightjar_protocols::wire::Mac;

use crate::event::{ConnId, Gathered, Owner, Proto, effect};
use crate::record::{Items, Record, Schema, Uid, Value};
use crate::time::{Interval, Time};

/// A place in one of the vectors of [`Arena`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A value taken along.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// The connection, or the file, that the event is about.
    Conn,
    File,
    Unset,
    Bool(bool),
    Count(u64),
    Int(i64),
    Double(f64),
    Time(Time),
    Interval(Interval),
    Text(Span),
    /// A text that the program knows beforehand.
    Name(&'static str),
    Addr(IpAddr),
    Port(u16),
    List(Span),
    /// A record by its fields in order.
    Record(Span),
}

/// A place that the texts and parts of [`Arena`] have reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checkpoint {
    bytes: usize,
    parts: usize,
}

/// All that a batch takes along.
#[derive(Debug, Default)]
pub struct Arena {
    /// Texts, and the rows of logs.
    pub bytes: Vec<u8>,
    parts: Vec<Part>,
    pub(super) conns: Vec<ConnView>,
    pub(super) files: Vec<FileView>,
    pub(super) rows: Vec<RowView>,
    /// What handlers would do, gathered while what is taken along is looked at.
    pub gathered: RefCell<Gathered>,
}

/// A connection as it stood when something happened.
#[derive(Debug)]
pub struct ConnView {
    pub uid: Uid,
    pub id: ConnId,
    pub proto: Proto,
    pub orig: EndView,
    pub resp: EndView,
    pub start: Time,
    pub duration: Interval,
    /// A list of names.
    pub services: Span,
    /// A text.
    pub history: Span,
    /// The log row that the event is about as far as it is filled (`c$http`), and which of its log's it is.
    pub record: Option<(u64, RecordView)>,
    /// Scripts were told of it before.
    pub raised: bool,
    /// The identifier of the analyzer that tells; 0 where none does.
    pub analyzer: u64,
    /// The log whose row the connection does not show any more once the event was handled.
    pub closes: Option<&'static Schema>,
    /// How it was framed, where scripts look at that.
    pub framing: Option<Arc<Framing>>,
}

/// How the first packet of a connection was framed. Addresses of zeros are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing {
    pub vlan: Option<u16>,
    pub inner_vlan: Option<u16>,
    /// The originator's link-layer address and the responder's.
    pub ends: [Option<Mac>; 2],
}

/// One end of it (`c$orig`, `c$resp`).
#[derive(Clone, Copy, Debug, Default)]
pub struct EndView {
    pub size: u64,
    /// Zeek's number for the state: `TCP_ESTABLISHED`, `UDP_ACTIVE` and so on.
    pub state: u64,
    pub packets: u64,
    pub ip_bytes: u64,
}

/// A file as it stood when something happened.
#[derive(Debug)]
pub struct FileView {
    pub fuid: Uid,
    pub source: &'static str,
    pub is_orig: bool,
    pub last_active: Time,
    pub seen: u64,
    pub total: Option<u64>,
    pub missing: u64,
    pub overflow: u64,
    /// Its row of files.log as it will be (`f$info`).
    pub record: RecordView,
}

/// Some of a record's values.
#[derive(Clone, Copy, Debug)]
pub struct RecordView {
    pub schema: &'static Schema,
    /// A bit for every field that was taken along.
    pub fields: u64,
    /// Their values, in the order of the schema.
    values: Span,
}

/// A row of a log on its way past the scripts.
#[derive(Debug)]
pub struct RowView {
    pub owner: Owner,
    pub record: RecordView,
    /// The row as it will be written if scripts change nothing; none where they write it themselves.
    pub row: Option<Drafted>,
    /// It is known that scripts let it pass to its log.
    pub passes: bool,
}

/// A row as a worker wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Drafted {
    row: Span,
    /// A bit for each column that scripts may change, and where these are: a [`Part::Text`] of each.
    pub changed: u64,
    places: Span,
}

impl Arena {
    /// Copies a text.
    pub fn text(&mut self, text: &[u8]) -> Part {
        Part::Text(self.copied(text))
    }

    /// The same, in upper case.
    pub fn upper_case(&mut self, text: &[u8]) -> Part {
        let span = self.copied(text);
        if let Some(copy) = self.bytes.get_mut(span.start..span.end) {
            copy.make_ascii_uppercase();
        }
        Part::Text(span)
    }

    pub(crate) fn copied(&mut self, text: &[u8]) -> Span {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        Span { start, end: self.bytes.len() }
    }

    pub fn parts(&mut self, parts: &[Part]) -> Span {
        let start = self.parts.len();
        self.parts.extend_from_slice(parts);
        Span { start, end: self.parts.len() }
    }

    pub fn list(&mut self, items: &[Part]) -> Part {
        Part::List(self.parts(items))
    }

    pub fn record(&mut self, fields: &[Part]) -> Part {
        Part::Record(self.parts(fields))
    }

    /// Copies those `fields` of a record that have a bit.
    pub fn view<R: Record>(&mut self, record: &R, fields: u64) -> RecordView {
        let start = self.parts.len();
        let known = R::SCHEMA.fields.len().min(64);
        let wanted = if known == 64 { fields } else { fields & ((1 << known) - 1) };
        let end = start + wanted.count_ones() as usize;
        // What lists hold comes behind.
        self.parts.resize(end, Part::Unset);
        let mut left = wanted;
        for place in start..end {
            let part = self.value(record.get(left.trailing_zeros() as usize));
            self.parts[place] = part;
            left &= left.wrapping_sub(1);
        }
        RecordView { schema: R::SCHEMA, fields: wanted, values: Span { start, end } }
    }

    fn value(&mut self, value: Value<'_>) -> Part {
        match value {
            Value::Unset => Part::Unset,
            Value::Bool(b) => Part::Bool(b),
            Value::Count(n) => Part::Count(n),
            Value::Int(n) => Part::Int(n),
            Value::Double(d) => Part::Double(d),
            Value::Time(t) => Part::Time(t),
            Value::Interval(i) => Part::Interval(i),
            Value::Bytes(text) => self.text(text),
            Value::Enum(name) => self.text(name.as_bytes()),
            Value::Addr(addr) => Part::Addr(addr),
            Value::Port(port) => Part::Port(port),
            Value::Uid(uid) => self.text(uid.as_bytes()),
            Value::List(items) => self.items(items),
        }
    }

    fn items(&mut self, items: &dyn Items) -> Part {
        let start = self.parts.len();
        for at in 0..items.count() {
            let item = self.value(items.item(at));
            self.parts.push(item);
        }
        Part::List(Span { start, end: self.parts.len() })
    }

    /// Notes a row that `write` appends, with the places that it gives of some columns.
    pub(super) fn draft(
        &mut self,
        changed: u64,
        write: impl FnOnce(&mut Vec<u8>, &mut dyn FnMut(usize, usize)),
    ) -> Drafted {
        let Arena { bytes, parts, .. } = self;
        let (start, first) = (bytes.len(), parts.len());
        write(bytes, &mut |start, end| parts.push(Part::Text(Span { start, end })));
        let row = Span { start, end: self.bytes.len() };
        Drafted { row, changed, places: Span { start: first, end: self.parts.len() } }
    }

    #[inline]
    pub fn bytes_of(&self, span: Span) -> &[u8] {
        self.bytes.get(span.start..span.end).unwrap_or_default()
    }

    #[inline]
    pub fn parts_of(&self, span: Span) -> &[Part] {
        self.parts.get(span.start..span.end).unwrap_or_default()
    }

    /// The places and values of what was taken along of a record.
    pub fn fields<'t>(&'t self, view: &RecordView) -> impl Iterator<Item = (usize, Part)> + use<'t> {
        let mut left = view.fields;
        self.parts_of(view.values).iter().map(move |part| {
            let at = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (at, *part)
        })
    }

    /// A field that was taken along.
    pub fn field(&self, view: &RecordView, at: usize) -> Option<Part> {
        let nth = (view.fields & ((1 << at) - 1)).count_ones() as usize;
        self.parts_of(view.values).get(nth).copied().filter(|_| view.fields >> at & 1 == 1)
    }

    /// A text that was taken along; nothing of other values.
    pub fn text_of(&self, part: Part) -> Option<&[u8]> {
        match part {
            Part::Text(span) => Some(self.bytes_of(span)),
            Part::Name(name) => Some(name.as_bytes()),
            _ => None,
        }
    }

    pub fn conn(&self, at: u32) -> Option<&ConnView> {
        self.conns.get(at as usize)
    }

    pub fn file(&self, at: u32) -> Option<&FileView> {
        self.files.get(at as usize)
    }

    pub fn row(&self, at: u32) -> Option<&RowView> {
        self.rows.get(at as usize)
    }

    /// The row, and in it the places of the columns that scripts may change.
    pub fn drafted<'t>(
        &'t self,
        drafted: &Drafted,
    ) -> (&'t [u8], impl Iterator<Item = (usize, usize)> + use<'t>) {
        let origin = drafted.row.start;
        let places = self.parts_of(drafted.places).iter().filter_map(move |part| match part {
            Part::Text(place) => Some((place.start - origin, place.end - origin)),
            _ => None,
        });
        (self.bytes_of(drafted.row), places)
    }

    /// The place that has been reached, for [`Arena::rewind`].
    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint { bytes: self.bytes.len(), parts: self.parts.len() }
    }

    /// Forgets texts and parts from a place on.
    pub(super) fn rewind(&mut self, checkpoint: Checkpoint) {
        self.bytes.truncate(checkpoint.bytes);
        self.parts.truncate(checkpoint.parts);
    }

    /// How many bytes of memory it all takes.
    pub fn size(&self) -> usize {
        self.bytes.len()
            + self.parts.len() * size_of::<Part>()
            + self.conns.len() * size_of::<ConnView>()
            + self.files.len() * size_of::<FileView>()
            + self.rows.len() * size_of::<RowView>()
            + self.gathered.borrow().size()
    }

    /// Empties it, to be filled again.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.parts.clear();
        self.conns.clear();
        self.files.clear();
        self.rows.clear();
        self.gathered.get_mut().rewind(effect::Checkpoint::default());
    }
}

/// Some of a record's values on their own, to be kept longer than a batch.
#[derive(Debug, Default)]
pub struct Excerpt {
    fields: u64,
    parts: Vec<Part>,
    bytes: Vec<u8>,
}

impl Excerpt {
    /// Takes over those `wanted` fields that were taken along; others stay as they are.
    pub fn update(&mut self, (view, arena): (&RecordView, &Arena), wanted: u64) {
        // The usual case: its room is used again.
        if self.fields & !view.fields == 0 {
            self.clear();
            for (at, part) in arena.fields(view).filter(|(at, _)| wanted >> at & 1 == 1) {
                self.push(at, part, arena.text_of(part));
            }
            return;
        }
        let older = std::mem::take(self);
        for at in 0..u64::BITS as usize {
            if let Some(part) = arena.field(view, at) {
                if wanted >> at & 1 == 1 {
                    self.push(at, part, arena.text_of(part));
                }
            } else if let Some(part) = older.field(at) {
                self.push(at, part, older.text_of(part));
            }
        }
    }

    /// Takes over another one, with no more room than that needs where there is none yet.
    pub fn copy(&mut self, other: &Excerpt) {
        self.fields = other.fields;
        self.parts.clone_from(&other.parts);
        self.bytes.clone_from(&other.bytes);
    }

    pub fn clear(&mut self) {
        self.fields = 0;
        self.parts.clear();
        self.bytes.clear();
    }

    fn push(&mut self, at: usize, part: Part, text: Option<&[u8]>) {
        self.fields |= 1 << at;
        self.parts.push(match (part, text) {
            (Part::Text(_), Some(text)) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(text);
                Part::Text(Span { start, end: self.bytes.len() })
            }
            (part, _) => part,
        });
    }

    pub fn field(&self, at: usize) -> Option<Part> {
        let nth = (self.fields & ((1 << at) - 1)).count_ones() as usize;
        self.parts.get(nth).copied().filter(|_| self.fields >> at & 1 == 1)
    }

    pub fn text_of(&self, part: Part) -> Option<&[u8]> {
        match part {
            Part::Text(span) => self.bytes.get(span.start..span.end),
            Part::Name(name) => Some(name.as_bytes()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Set, record};

    record! {
        /// A row.
        pub struct Row<'a> in "row" {
            /// A text.
            name: &'a str = "name",
            /// Several.
            tags: Set<'a, &'a str> = "tags",
            /// A number.
            n: Option<u64> = "n",
        }
    }

    #[test]
    fn excerpts_keep_what_is_not_said_again() {
        let mut arena = Arena::default();
        let all = arena.view(&Row { name: "abc", tags: Set(&["x"]), n: Some(7) }, u64::MAX);
        let name = arena.view(&Row { name: "de", tags: Set(&[]), n: Some(8) }, 0b001);
        let mut excerpt = Excerpt::default();
        excerpt.update((&all, &arena), 0b101);
        excerpt.update((&name, &arena), 0b101);
        assert_eq!(excerpt.field(0).and_then(|name| excerpt.text_of(name)), Some(&b"de"[..]));
        assert!(excerpt.field(1).is_none() && matches!(excerpt.field(2), Some(Part::Count(7))));
        excerpt.update((&all, &arena), 0b001);
        assert_eq!(excerpt.field(0).and_then(|name| excerpt.text_of(name)), Some(&b"abc"[..]));
    }

    #[test]
    fn fields_are_found_again_behind_lists() {
        let mut arena = Arena::default();
        let view = arena.view(&Row { name: "a", tags: Set(&["x", "yz"]), n: Some(7) }, u64::MAX);
        let other = arena.view(&Row { name: "b", tags: Set(&[]), n: None }, 0b101);
        let fields: Vec<(usize, Part)> = arena.fields(&view).collect();
        assert_eq!(fields.len(), 3);
        let Part::List(tags) = fields[1].1 else { panic!("{fields:?}") };
        let tags: Vec<_> = arena.parts_of(tags).iter().filter_map(|tag| arena.text_of(*tag)).collect();
        assert_eq!(tags, [&b"x"[..], b"yz"]);
        assert!(matches!(fields[2], (2, Part::Count(7))));
        assert_eq!(arena.field(&other, 0).and_then(|name| arena.text_of(name)), Some(&b"b"[..]));
        assert!(matches!(arena.field(&other, 2), Some(Part::Unset)) && arena.field(&other, 1).is_none());
    }
}
