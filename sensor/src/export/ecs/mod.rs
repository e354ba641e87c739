//! The Elastic Common Schema: rows as its documents.
//!
//! A column that means what one of ECS' fields does goes there ([`fields`]); all others stand as `zeek.LOG.COLUMN`, as
//! Elastic's own integration of Zeek has them. What ECS wants of every event is added.

mod fields;

use fields::VERSION;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value as Json, json};

use crate::export::ecs::fields::{ALERTS, CATEGORIES, COMMON, OF_LOGS, OTHER_CATEGORY};
use crate::record::{JsonTime, Record, Schema, Type, Value, json};
use crate::time::Time;

/// Rows of one stream as documents.
pub(super) struct Document {
    /// In the order in which they are written: those of an object stand together.
    leaves: Vec<Leaf>,
}

/// A member of the document that is no object.
struct Leaf {
    /// The names on the way to it, as JSON writes them, each with its colon.
    path: Vec<Box<[u8]>>,
    source: Source,
}

enum Source {
    /// The same for all rows.
    Fixed(Vec<u8>),
    /// The first of these columns that is set.
    Column(Vec<usize>, Form),
    /// The sum of two columns, where both are set.
    Sum(usize, usize),
    /// All that these columns hold, each once.
    All(Vec<usize>),
    /// `ipv4` or `ipv6`, by an address.
    Family(usize),
    /// Who is inside of the site: originator and responder.
    Direction(usize, usize),
    /// The row's own time, or when it was written.
    Time(Option<usize>),
}

/// How a column's value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    AsItIs,
    /// As a text, whatever it is.
    Text,
    /// An interval in nanoseconds.
    Nanoseconds,
    /// `success` or `failure`.
    Outcome,
    /// `00-00-5E-00-53-23`.
    Mac,
    /// `1.2` of `TLSv12`.
    TlsVersion,
}

impl Document {
    pub fn new(schema: &Schema, sensor: &str) -> Document {
        let leaves = tree(schema, sensor).into_iter().map(|(path, source)| {
            let quoted = |name: &String| {
                let mut text = Vec::new();
                json::string(name.as_bytes(), &mut text);
                text.push(b':');
                text.into_boxed_slice()
            };
            Leaf { path: path.iter().map(quoted).collect(), source }
        });
        Document { leaves: leaves.collect() }
    }

    pub fn write<R: Record>(&self, record: &R, now: Time, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut open: &[Box<[u8]>] = &[];
        for Leaf { path, source } in &self.leaves {
            let Some((name, objects)) = path.split_last() else { continue };
            let start = out.len();
            // What there is to say is known once it is written; until then nothing is opened for it.
            if !source.write(record, now, out) {
                out.truncate(start);
                continue;
            }
            let value = out.split_off(start);
            let same = open.iter().zip(objects).take_while(|(a, b)| a == b).count();
            out.extend(std::iter::repeat_n(b'}', open.len() - same));
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            for object in &objects[same..] {
                out.extend_from_slice(object);
                out.push(b'{');
            }
            out.extend_from_slice(name);
            out.extend_from_slice(&value);
            open = objects;
        }
        out.extend(std::iter::repeat_n(b'}', open.len() + 1));
    }
}

/// What a document has, by the names on the way there, in their order.
fn tree(schema: &Schema, sensor: &str) -> BTreeMap<Vec<String>, Source> {
    let mut columns: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let of_log = OF_LOGS.iter().find(|(log, _)| *log == schema.path).map_or(&[][..], |(_, of)| of);
    // Those of the log's own table count behind the common ones: an end of the connection before that of a notice.
    for (at, field) in schema.fields.iter().enumerate() {
        let named = |table: &[(&str, &'static str)]| {
            table.iter().find(|(name, _)| *name == field.name).map(|(_, ecs)| *ecs)
        };
        match named(of_log).or_else(|| named(COMMON)).filter(|name| *name != "-") {
            Some(ecs) => columns.entry(ecs.to_owned()).or_default().push(at),
            None => {
                let log = schema.path.replace(['-', '/', '.'], "_");
                columns.entry(format!("zeek.{log}.{}", field.name)).or_default().push(at);
            }
        }
    }
    let all = |names: &[&str]| {
        names.iter().filter_map(|name| columns.get(*name)).flatten().copied().collect::<Vec<usize>>()
    };
    let (category, kind) = CATEGORIES
        .iter()
        .find(|(log, ..)| *log == schema.path)
        .map_or(OTHER_CATEGORY, |(_, category, kind)| (category, kind));
    let alert = ALERTS.contains(&schema.path);
    let mut tree = BTreeMap::new();
    let mut add = |path: &str, source: Source| {
        tree.insert(path.split('.').map(str::to_owned).collect::<Vec<_>>(), source);
    };
    for (path, value) in [
        ("ecs.version", json!(VERSION)),
        ("event.kind", json!(if alert { "alert" } else { "event" })),
        ("event.module", json!("zeek")),
        ("event.dataset", json!(format!("zeek.{}", schema.path))),
        ("event.category", json!(category)),
        ("event.type", json!(kind)),
        ("observer.type", json!("sensor")),
        ("observer.product", json!("nightjar")),
        ("observer.name", json!(sensor)),
    ] {
        add(path, Source::Fixed(value.to_string().into_bytes()));
    }
    add("@timestamp", Source::Time(schema.field("ts").filter(|at| schema.fields[*at].ty == Type::Time)));
    if let (Some(orig), Some(resp)) = (schema.field("orig_ip_bytes"), schema.field("resp_ip_bytes")) {
        add("network.bytes", Source::Sum(orig, resp));
    }
    if let (Some(orig), Some(resp)) = (schema.field("orig_pkts"), schema.field("resp_pkts")) {
        add("network.packets", Source::Sum(orig, resp));
    }
    if let (Some(orig), Some(resp)) = (schema.field("local_orig"), schema.field("local_resp")) {
        add("network.direction", Source::Direction(orig, resp));
    }
    if let Some(at) = schema.field("id.orig_h") {
        add("network.type", Source::Family(at));
    }
    for (path, names) in [
        ("related.ip", &["source.ip", "destination.ip", "client.ip", "server.ip", "host.ip"][..]),
        ("related.user", &["user.name", "url.username"]),
        ("related.hash", &["file.hash.md5", "file.hash.sha1", "file.hash.sha256"]),
        ("related.hosts", &["url.domain", "tls.client.server_name", "dns.question.name"]),
    ] {
        let columns = all(names);
        if !columns.is_empty() {
            add(path, Source::All(columns));
        }
    }
    for (path, at) in columns {
        if path != "@timestamp" {
            let form = form(&path);
            add(&path, Source::Column(at, form));
        }
    }
    tree
}

fn form(path: &str) -> Form {
    match path {
        "event.duration" => Form::Nanoseconds,
        "event.outcome" => Form::Outcome,
        "tls.version" => Form::TlsVersion,
        "dns.id"
        | "event.code"
        | "network.vlan.id"
        | "network.inner.vlan.id"
        | "file.x509.version_number" => Form::Text,
        path if path.ends_with(".mac") => Form::Mac,
        _ => Form::AsItIs,
    }
}

impl Source {
    /// False where there is nothing to say; what was written then is no value.
    fn write<R: Record>(&self, record: &R, now: Time, out: &mut Vec<u8>) -> bool {
        match self {
            Source::Fixed(value) => out.extend_from_slice(value),
            Source::Column(columns, form) => {
                let mut values = columns.iter().map(|at| record.get(*at));
                let Some(value) = values.find(|value| !matches!(value, Value::Unset)) else { return false };
                return form.write(value, out);
            }
            Source::Sum(a, b) => {
                let (Value::Count(a), Value::Count(b)) = (record.get(*a), record.get(*b)) else {
                    return false;
                };
                json::scalar(Value::Count(a.saturating_add(b)), JsonTime::Iso8601, out);
            }
            Source::All(columns) => return all(record, columns, out),
            Source::Family(at) => match record.get(*at) {
                Value::Addr(IpAddr::V4(_)) => out.extend_from_slice(b"\"ipv4\""),
                Value::Addr(IpAddr::V6(_)) => out.extend_from_slice(b"\"ipv6\""),
                _ => return false,
            },
            Source::Direction(orig, resp) => {
                let (Value::Bool(orig), Value::Bool(resp)) = (record.get(*orig), record.get(*resp)) else {
                    return false;
                };
                out.extend_from_slice(match (orig, resp) {
                    (true, true) => b"\"internal\"",
                    (true, false) => b"\"outbound\"",
                    (false, true) => b"\"inbound\"",
                    (false, false) => b"\"external\"",
                });
            }
            Source::Time(at) => {
                let own = match at.map(|at| record.get(at)) {
                    Some(Value::Time(own)) => own,
                    _ => now,
                };
                json::scalar(Value::Time(own), JsonTime::Iso8601, out);
            }
        }
        true
    }
}

/// A list of what columns hold, without what stands in it already.
fn all<R: Record>(record: &R, columns: &[usize], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    out.push(b'[');
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut add = |value: Value<'_>, out: &mut Vec<u8>| {
        let (comma, before) = (!places.is_empty(), out.len());
        if comma {
            out.push(b',');
        }
        let from = out.len();
        json::scalar(value, JsonTime::Iso8601, out);
        let known = places.iter().any(|(begin, end)| out[*begin..*end] == out[from..]);
        if known {
            out.truncate(before);
        } else if places.len() < MAX_RELATED {
            places.push((from, out.len()));
        } else {
            out.truncate(before);
        }
    };
    for at in columns {
        match record.get(*at) {
            Value::Unset => {}
            Value::List(items) => {
                (0..items.count().min(MAX_RELATED)).for_each(|item| add(items.item(item), out));
            }
            value => add(value, out),
        }
    }
    let empty = places.is_empty();
    out.push(b']');
    !empty && out.len() > start
}

/// Entries of such a list. Stops rows whose columns are long lists.
const MAX_RELATED: usize = 64;

impl Form {
    fn write(self, value: Value<'_>, out: &mut Vec<u8>) -> bool {
        let mut text = Vec::new();
        match (self, value) {
            (Form::Nanoseconds, Value::Interval(interval)) => {
                json::scalar(Value::Int(interval.nanos()), JsonTime::Iso8601, out);
            }
            (Form::Outcome, Value::Bool(well)) => {
                out.extend_from_slice(if well { b"\"success\"" } else { b"\"failure\"" });
            }
            (Form::Outcome, value) => {
                json::plain_text(value, &mut text);
                let known: &[u8] = match text.to_ascii_lowercase().as_slice() {
                    b"success" => b"\"success\"",
                    b"failed" | b"failure" => b"\"failure\"",
                    _ => b"\"unknown\"",
                };
                out.extend_from_slice(known);
            }
            (Form::Mac, value) => {
                json::plain_text(value, &mut text);
                text.make_ascii_uppercase();
                text.iter_mut().filter(|byte| **byte == b':').for_each(|byte| *byte = b'-');
                json::string(&text, out);
            }
            (Form::TlsVersion, value) => {
                json::plain_text(value, &mut text);
                json::string(tls_version(&text), out);
            }
            (Form::Text, value) => {
                json::plain_text(value, &mut text);
                json::string(&text, out);
            }
            (_, value) => json::scalar(value, JsonTime::Iso8601, out),
        }
        true
    }
}

/// Zeek's names of versions have no dot.
fn tls_version(name: &[u8]) -> &[u8] {
    match name {
        b"SSLv2" => b"2",
        b"SSLv3" => b"3",
        b"TLSv10" | b"DTLSv10" => b"1.0",
        b"TLSv11" => b"1.1",
        b"TLSv12" | b"DTLSv12" => b"1.2",
        b"TLSv13" | b"DTLSv13" => b"1.3",
        other => other,
    }
}

/// The JSON Schema of a stream's documents; `value` says what JSON a type becomes.
pub(super) fn described(schema: &Schema, value: impl Fn(Type) -> Json) -> Json {
    let mut root = json!({"type": "object", "properties": {}, "additionalProperties": false});
    for (path, source) in tree(schema, "") {
        let described = match &source {
            Source::Fixed(_) if path == ["observer", "name"] => json!({"type": "string"}),
            Source::Fixed(text) => json!({"const": serde_json::from_slice::<Json>(text).unwrap_or_default()}),
            Source::Sum(..) => json!({"type": "integer", "minimum": 0}),
            Source::All(_) => json!({"type": "array", "items": {"type": ["string", "null"]}}),
            Source::Family(_) => json!({"enum": ["ipv4", "ipv6"]}),
            Source::Direction(..) => json!({"enum": ["internal", "outbound", "inbound", "external"]}),
            Source::Time(_) => value(Type::Time),
            Source::Column(columns, form) => column(schema, columns, *form, &value),
        };
        let needed = matches!(source, Source::Fixed(_) | Source::Time(_));
        insert(&mut root, &path, described, needed);
    }
    root
}

fn column(schema: &Schema, columns: &[usize], form: Form, value: &impl Fn(Type) -> Json) -> Json {
    let fields = || columns.iter().filter_map(|at| schema.fields.get(*at));
    let mut described = match form {
        Form::Nanoseconds => json!({"type": "integer", "description": "Nanoseconds."}),
        Form::Outcome => json!({"enum": ["success", "failure", "unknown"]}),
        Form::Text | Form::Mac | Form::TlsVersion => json!({"type": "string"}),
        Form::AsItIs => match fields().next() {
            Some(field) => value(field.ty),
            None => json!({}),
        },
    };
    let docs: Vec<String> = fields()
        .map(|field| field.doc.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|doc| !doc.is_empty())
        .collect();
    if let (Json::Object(members), false) = (&mut described, docs.is_empty()) {
        members.entry("description").or_insert_with(|| docs.join(" Or: ").into());
    }
    described
}

/// Puts a member where its path leads, in objects that have no others.
fn insert(object: &mut Json, path: &[String], described: Json, needed: bool) {
    let mut at = object;
    for (depth, name) in path.iter().enumerate() {
        if needed && let Some(members) = at.as_object_mut() {
            let required = members.entry("required").or_insert_with(|| json!([]));
            if let Some(list) = required.as_array_mut().filter(|list| !list.contains(&json!(name))) {
                list.push(json!(name));
            }
        }
        let properties = at
            .as_object_mut()
            .map(|members| members.entry("properties").or_insert_with(|| Json::Object(Map::new())));
        let Some(properties) = properties.and_then(Json::as_object_mut) else { return };
        if depth + 1 == path.len() {
            properties.insert(name.clone(), described);
            return;
        }
        at = properties
            .entry(name.clone())
            .or_insert_with(|| json!({"type": "object", "properties": {}, "additionalProperties": false}));
    }
}
