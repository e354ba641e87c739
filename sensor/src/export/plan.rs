//! One stream for one exporter: everything that does not depend on the row, prepared.

use crate::export::mozdef::{Bro, Event};
use crate::export::rules::Judge;
use crate::export::{Export, KeyBy, Shape, Written, row, schema_version};
use crate::record::{JsonTime, Record, Schema, Value, Visitor, json};
use crate::time::Time;

pub(super) struct Plan {
    stream: &'static str,
    version: u32,
    judge: Judge,
    /// The field that the key is taken from.
    key: Option<usize>,
    body: Body,
}

enum Body {
    Flat { before: Vec<u8>, fields: Names, after: &'static [u8] },
    Event(Event),
    Bro(Bro),
}

/// Every field's name as JSON writes it, with its colon.
pub(super) struct Names(Box<[Box<[u8]>]>);

impl Plan {
    pub fn new(export: &Export, schema: &'static Schema) -> Plan {
        let wanted: &[&str] = match export.key {
            KeyBy::Uid => &["uid", "fuid"],
            KeyBy::Client => &["id.orig_h", "src"],
            KeyBy::None => &[],
        };
        let body = match export.shape {
            Shape::Zeek => Body::Flat { before: b"{".to_vec(), fields: Names::of(schema), after: b"}" },
            Shape::Tagged => {
                let mut before = b"{".to_vec();
                json::string(schema.path.as_bytes(), &mut before);
                before.extend_from_slice(b":{");
                Body::Flat { before, fields: Names::of(schema), after: b"}}" }
            }
            Shape::Mozdef => Body::Event(Event::new(schema, &export.sensor)),
            Shape::MozdefBro => Body::Bro(Bro::new(schema)),
        };
        Plan {
            stream: schema.path,
            version: schema_version(schema),
            judge: Judge::new(&export.rules, schema),
            key: wanted.iter().find_map(|name| schema.field(name)),
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
        let topic = match self.judge.topic(record) {
            None => return false,
            Some("") => topic,
            Some(topic) => topic,
        };
        let begun = row::begin(now, self.version, self.stream, topic, out);
        if let Some(field) = self.key {
            json::plain_text(record.get(field), out);
            begun.end_key(out);
        }
        match &self.body {
            Body::Flat { before, fields, after } => {
                out.extend_from_slice(before);
                match written {
                    Some((time, members)) if *time == export.time => out.extend_from_within(members.clone()),
                    _ => record.visit(&mut Fields::new(fields, export.time, out)),
                }
                out.extend_from_slice(after);
            }
            Body::Event(event) => event.write(record, now, out),
            Body::Bro(bro) => bro.write(record, out),
        }
        begun.finish(out);
        true
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
