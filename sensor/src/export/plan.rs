//! One stream for one exporter: everything that does not depend on the row, prepared.

use crate::export::ecs::Document;
use crate::export::mozdef::{Bro, Event};
use crate::export::rules::RowFilter;
use crate::export::{Export, FieldNames, Shape, Written, row, schema_version};
use crate::record::{JsonTime, Record, Schema, Value, Visitor, json};
use crate::time::Time;

pub(super) struct Plan {
    stream: &'static str,
    version: u32,
    filter: RowFilter,
    /// The fields that the key is taken from: the first that is set.
    key: Box<[usize]>,
    /// Where the row's own time is.
    ts: Option<usize>,
    body: Body,
}

enum Body {
    Flat(Flat),
    Event(Event),
    Bro(Bro),
    Ecs(Document),
}

/// The row's fields, as members of an object.
struct Flat {
    before: Vec<u8>,
    fields: Names,
    /// The fields have other names than in files.
    renamed: bool,
    /// A member behind them, without a comma.
    sensor: Vec<u8>,
    after: &'static [u8],
}

/// Every field's name as JSON writes it, with its colon.
pub(super) struct Names(Box<[Box<[u8]>]>);

impl Plan {
    pub fn new(export: &Export, schema: &'static Schema) -> Plan {
        let body = match export.shape {
            Shape::Zeek => Body::Flat(Flat::new(export, schema, b"{".to_vec(), b"}")),
            Shape::Tagged => {
                let mut before = b"{".to_vec();
                json::string(schema.path.as_bytes(), &mut before);
                before.extend_from_slice(b":{");
                Body::Flat(Flat::new(export, schema, before, b"}}"))
            }
            Shape::Mozdef => Body::Event(Event::new(schema, &export.sensor)),
            Shape::MozdefBro => Body::Bro(Bro::new(schema)),
            Shape::Ecs => Body::Ecs(Document::new(schema, &export.sensor)),
        };
        Plan {
            stream: schema.path,
            version: schema_version(schema),
            filter: RowFilter::new(&export.rules, schema),
            key: export.key.fields().into_iter().filter_map(|name| schema.field(name)).collect(),
            ts: schema.field("ts"),
            body,
        }
    }

    /// Appends the row, unless a rule drops it: then it appends nothing and says false.
    #[inline]
    pub fn row<R: Record>(
        &self,
        export: &Export,
        record: &R,
        topic: &str,
        now: Time,
        written: Option<&Written>,
        out: &mut Vec<u8>,
    ) -> bool {
        let topic = match self.filter.topic(record) {
            None => return false,
            Some("") => topic,
            Some(topic) => topic,
        };
        let own = match self.ts.map(|ts| record.get(ts)) {
            Some(Value::Time(own)) => own,
            _ => now,
        };
        let begun = row::begin((now, own), self.version, self.stream, topic, out);
        let mut keys = self.key.iter().map(|field| record.get(*field));
        if let Some(key) = keys.find(|value| !matches!(value, Value::Unset)) {
            json::plain_text(key, out);
            begun.end_key(out);
        }
        match &self.body {
            Body::Flat(flat) => {
                out.extend_from_slice(&flat.before);
                let start = out.len();
                match written {
                    Some((time, members)) if *time == export.time && !flat.renamed => {
                        out.extend_from_within(members.clone());
                    }
                    _ => record.visit(&mut Fields::new(&flat.fields, export.time, out)),
                }
                if !flat.sensor.is_empty() {
                    if out.len() > start {
                        out.push(b',');
                    }
                    out.extend_from_slice(&flat.sensor);
                }
                out.extend_from_slice(flat.after);
            }
            Body::Event(event) => event.write(record, now, out),
            Body::Bro(bro) => bro.write(record, out),
            Body::Ecs(document) => document.write(record, now, out),
        }
        begun.finish(out);
        true
    }
}

impl Flat {
    fn new(export: &Export, schema: &Schema, before: Vec<u8>, after: &'static [u8]) -> Flat {
        let renamed = export.names == FieldNames::Underscores;
        let names = schema.fields.iter().map(|field| export.names.of(field.name));
        let mut sensor = Vec::new();
        if let Some(name) = &export.sensor_field {
            json::string(name.as_bytes(), &mut sensor);
            sensor.push(b':');
            json::string(export.sensor.as_bytes(), &mut sensor);
        }
        Flat { before, fields: Names::new(names), renamed, sensor, after }
    }
}

impl Names {
    pub fn of(schema: &Schema) -> Names {
        Names::new(schema.fields.iter().map(|field| field.name))
    }

    pub fn new<S: AsRef<str>>(names: impl Iterator<Item = S>) -> Names {
        let quoted = |name: S| {
            let mut text = Vec::new();
            json::string(name.as_ref().as_bytes(), &mut text);
            text.push(b':');
            text.into_boxed_slice()
        };
        Names(names.map(quoted).collect())
    }
}

/// Writes fields as the members of an object whose brace is already there.
pub(super) struct Fields<'a> {
    names: &'a Names,
    time: JsonTime,
    start: usize,
    pub out: &'a mut Vec<u8>,
}

impl<'a> Fields<'a> {
    pub fn new(names: &'a Names, time: JsonTime, out: &'a mut Vec<u8>) -> Self {
        Fields { names, time, start: out.len(), out }
    }
}

impl Visitor for Fields<'_> {
    #[inline]
    fn field(&mut self, index: usize, value: Value<'_>) {
        if matches!(value, Value::Unset) {
            return;
        }
        if self.out.len() > self.start {
            self.out.push(b',');
        }
        self.out.extend_from_slice(&self.names.0[index]);
        json::scalar(value, self.time, self.out);
    }
}
