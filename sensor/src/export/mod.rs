//! What exporters want of the logs, and rows in the shape they want.
//!
//! A row is serialised for export by the worker that made it, beside its row for the files, and only
//! where an exporter wants its stream: with nobody listening, nothing is built.

mod ecs;
mod mozdef;
mod plan;
mod row;
mod rules;
mod schema;
mod shape;
mod summary;

pub use row::{ExportRow, RowError, rows, write_row};
pub use rules::{Action, Condition, Rule, RuleError};
pub use schema::{Version, json_schema, json_schema_of, schema_version};
pub use shape::Shape;

use std::ops::Range;
use std::sync::Arc;

use crate::export::plan::Plan;
use crate::record::{JsonTime, Record, Schema};
use crate::time::Time;

/// One exporter's wishes.
#[derive(Clone, Debug)]
pub struct Export {
    pub shape: Shape,
    /// How times are spelled, where the shape leaves a choice.
    pub time: JsonTime,
    /// The sensor's name, as the receiver knows it.
    pub sensor: String,
    pub streams: Streams,
    /// The first rule that matches a row decides about it.
    pub rules: Vec<Rule>,
    pub key: KeyBy,
    pub names: FieldNames,
    /// A member of every flat row that names the sensor.
    pub sensor_field: Option<String>,
}

impl Export {
    /// All streams, as flat rows.
    pub fn plain(sensor: String) -> Export {
        Export {
            shape: Shape::Zeek,
            time: JsonTime::Epoch,
            sensor,
            streams: Streams::default(),
            rules: Vec::new(),
            key: KeyBy::None,
            names: FieldNames::Dots,
            sensor_field: None,
        }
    }
}

/// How fields are called in flat rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldNames {
    /// As in Zeek's logs: `id.orig_h`.
    #[default]
    Dots,
    /// `id_orig_h`: what receivers take that see objects in dots.
    Underscores,
}

impl FieldNames {
    /// What a field is called.
    pub fn of(self, name: &str) -> String {
        match self {
            FieldNames::Dots => name.to_owned(),
            FieldNames::Underscores => name.replace('.', "_"),
        }
    }
}

/// Which streams are exported.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    /// None of these names: all.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
}

impl Streams {
    pub fn contains(&self, stream: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|name| name == stream);
        (self.include.is_empty() || listed(&self.include)) && !listed(&self.exclude)
    }
}

/// Whether Kafka takes it as a topic's name.
pub fn is_topic(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MAX_TOPIC).contains(&name.len()) && name.bytes().all(allowed) && !matches!(name, "." | "..")
}

/// Kafka's limit on a name's length.
const MAX_TOPIC: usize = 249;

/// What rows must have in common to stay in order at the receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyBy {
    /// The connection.
    #[default]
    Uid,
    /// The originator's address.
    Client,
    None,
    /// The first of these fields that is set.
    Fields(Vec<String>),
}

impl KeyBy {
    /// The fields that a key is taken from.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            KeyBy::Uid => vec!["uid", "fuid"],
            KeyBy::Client => vec!["id.orig_h", "src"],
            KeyBy::None => Vec::new(),
            KeyBy::Fields(names) => names.iter().map(|name| &name[..]).collect(),
        }
    }
}

/// All exporters of a run.
#[derive(Clone, Debug, Default)]
pub struct Exports(pub Arc<[Export]>);

impl Exports {
    /// What a thread that makes rows needs to serialise them.
    pub fn serializer(&self) -> Serializer {
        Serializer { exports: self.clone(), streams: Vec::new() }
    }
}

/// How times are spelled in a row that was written as JSON, and where its members stand.
pub type Written = (JsonTime, Range<usize>);

/// Serialises rows for every exporter that wants them.
pub struct Serializer {
    exports: Exports,
    streams: Vec<Stream>,
}

/// How rows of one stream are made, found out at its first row.
struct Stream {
    schema: &'static Schema,
    /// For each exporter that wants them.
    plans: Box<[(usize, Plan)]>,
}

impl Serializer {
    /// Appends `record`, encoded as an [`ExportRow`], once for each exporter that wants it, and says to
    /// `each` which exporter that is and where its row stands. Where it was `written` to `out` already as
    /// the members of a JSON object, that is copied for those who want the same.
    #[inline]
    pub fn rows<R: Record>(
        &mut self,
        record: &R,
        now: Time,
        written: Option<Written>,
        out: &mut Vec<u8>,
        each: impl FnMut(usize, Range<usize>),
    ) {
        self.rows_of((R::SCHEMA, ""), record, now, written, out, each);
    }

    /// The same of a record whose schema is known at run time, and where it goes unless a rule decides.
    #[inline]
    pub fn rows_of<R: Record>(
        &mut self,
        (schema, topic): (&'static Schema, &str),
        record: &R,
        now: Time,
        written: Option<Written>,
        out: &mut Vec<u8>,
        mut each: impl FnMut(usize, Range<usize>),
    ) {
        if self.exports.0.is_empty() {
            return;
        }
        let at = match self.streams.iter().position(|stream| std::ptr::eq(stream.schema, schema)) {
            Some(at) => at,
            None => self.plan(schema),
        };
        for (to, plan) in &self.streams[at].plans {
            let start = out.len();
            if plan.row(&self.exports.0[*to], record, topic, now, written.as_ref(), out) {
                each(*to, start..out.len());
            }
        }
    }

    #[cold]
    fn plan(&mut self, schema: &'static Schema) -> usize {
        let exports = self.exports.0.iter().enumerate();
        let wanted = exports.filter(|(_, export)| export.streams.contains(schema.path));
        let plans = wanted.map(|(to, export)| (to, Plan::new(export, schema))).collect();
        self.streams.push(Stream { schema, plans });
        self.streams.len() - 1
    }
}

#[cfg(test)]
mod tests;
