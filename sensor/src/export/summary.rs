//! The sentence that MozDef shows of an event.

use crate::record::{Record, Schema, Value, json};

/// Of notices, whose log scripts describe. What there is otherwise stands with each log's declaration
/// ([`Schema::summary`]); sentences read as those of MozDef's own plug-ins.
const OF_NOTICE: &[&str] = &["{msg} {sub?}", "{note}"];

/// What stands before the ends of any other stream's connection.
const ENDS: &str = "{id.orig_h} -> {id.resp_h}:{id.resp_p}";

/// A stream's sentences, ready to be filled in.
pub(super) struct Summary {
    sentences: Vec<Vec<Part>>,
    /// What is said where none of them can be.
    name: String,
}

enum Part {
    Text(String),
    Field { at: usize, optional: bool },
}

impl Summary {
    pub fn new(schema: &Schema) -> Summary {
        let name = schema.path.to_uppercase();
        let own = if schema.path == "notice" { OF_NOTICE } else { schema.summary };
        let mut sentences: Vec<_> = own.iter().filter_map(|text| parts(text, schema)).collect();
        sentences.extend(parts(&format!("{name}: {ENDS}"), schema));
        Summary { sentences, name }
    }

    /// Appends the sentence, which is never empty.
    pub fn write<R: Record>(&self, record: &R, out: &mut Vec<u8>) {
        let set = |part: &Part| match part {
            Part::Text(_) | Part::Field { optional: true, .. } => true,
            Part::Field { at, .. } => !matches!(record.get(*at), Value::Unset),
        };
        let start = out.len();
        for part in self.sentences.iter().find(|parts| parts.iter().all(set)).into_iter().flatten() {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Field { at, .. } => match record.get(*at) {
                    // The space before what is not there goes with it.
                    Value::Unset if out.ends_with(b" ") => drop(out.pop()),
                    value => json::plain_text(value, out),
                },
            }
        }
        if out[start..].trim_ascii().is_empty() {
            out.truncate(start);
            out.extend_from_slice(self.name.as_bytes());
        }
    }
}

/// A sentence's parts; `None` where the stream has no such fields.
fn parts(sentence: &str, schema: &Schema) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = sentence;
    while let Some((text, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
        let optional = name.ends_with('?');
        match schema.field(name.trim_end_matches('?')) {
            Some(at) => parts.push(Part::Field { at, optional }),
            None if optional => {}
            None => return None,
        }
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    Some(parts)
}
