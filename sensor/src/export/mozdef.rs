//! MozDef's two shapes: its event, and the envelope that its plug-in for Bro takes.

use std::cell::RefCell;

use crate::export::plan::{Fields, Names};
use crate::export::summary::Summary;
use crate::record::{JsonTime, Record, Schema, Type, Value, Visitor, json};
use crate::time::Time;

/// Names that MozDef has its own for. Of all others only dots and capitals go.
const RENAMED: &[(&str, &str)] = &[
    ("id.orig_h", "sourceipaddress"),
    ("id.orig_p", "sourceport"),
    ("id.resp_h", "destinationipaddress"),
    ("id.resp_p", "destinationport"),
    ("auth_success", "success"),
    ("orig_ip_bytes", "originipbytes"),
    ("resp_ip_bytes", "responseipbytes"),
];

/// A notice may be about hosts without being about a connection; then these are its ends.
const ENDS_OF_NOTICE: &[(&str, &str)] = &[("src", "id.orig_h"), ("dst", "id.resp_h"), ("p", "id.resp_p")];

/// The name of a field among an event's details.
pub(super) fn detail(field: &str) -> String {
    match RENAMED.iter().find(|(zeek, _)| *zeek == field) {
        Some((_, mozdef)) => (*mozdef).to_owned(),
        None => field.replace('.', "").to_ascii_lowercase(),
    }
}

/// The fields that stand in for others of their record where these are unset, as (field, the other).
pub(super) fn stand_ins(schema: &Schema) -> impl Iterator<Item = (usize, usize)> {
    ENDS_OF_NOTICE.iter().filter_map(|(field, other)| Some((schema.field(field)?, schema.field(other)?)))
}

/// The event of one stream.
pub(super) struct Event {
    /// `{"category":…,"details":{`
    before: Vec<u8>,
    names: Names,
    /// The same names, but those of stand-ins changed to what they stand in for.
    standing_in: Names,
    stand_ins: Vec<(usize, usize)>,
    /// From the end of the details to the summary.
    middle: Vec<u8>,
    summary: Summary,
    /// From the end of the summary into the tags.
    tags: Vec<u8>,
    /// A field of that name holds more of them.
    own_tags: Option<usize>,
    /// The event's own time, where the stream has one.
    ts: Option<usize>,
}

thread_local! {
    /// Where texts are put together before they are quoted.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Event {
    pub fn new(schema: &Schema, sensor: &str) -> Event {
        let notice = schema.path == "notice";
        let (category, severity) = if notice { ("bronotice", "NOTICE") } else { ("bro", "INFO") };
        let quoted = |text: &str| {
            let mut out = Vec::new();
            json::string(text.as_bytes(), &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        let stand_ins: Vec<_> = stand_ins(schema).collect();
        let name = |at: usize| detail(schema.fields[at].name);
        let other =
            |at: usize| stand_ins.iter().find(|(field, _)| *field == at).map_or(at, |(_, other)| *other);
        let (sensor, stream) = (quoted(sensor), quoted(schema.path));
        let process = std::process::id();
        let middle = format!(
            "}},\"hostname\":{sensor},\"processid\":\"{process}\",\"processname\":\"nightjar\",\
             \"severity\":\"{severity}\",\"source\":{stream},\"summary\":"
        );
        Event {
            before: format!("{{\"category\":\"{category}\",\"details\":{{").into_bytes(),
            names: Names::new((0..schema.fields.len()).map(name)),
            standing_in: Names::new((0..schema.fields.len()).map(|at| name(other(at)))),
            stand_ins,
            middle: middle.into_bytes(),
            summary: Summary::new(schema),
            tags: format!(",\"tags\":[\"nsm\",\"bro\",{stream}").into_bytes(),
            own_tags: schema.field("tags"),
            ts: schema.field("ts"),
        }
    }

    pub fn write<R: Record>(&self, record: &R, now: Time, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
        if self.stand_ins.is_empty() {
            record.visit(&mut Fields::new(&self.names, JsonTime::Epoch, out));
        } else {
            self.notice_details(record, out);
        }
        out.extend_from_slice(&self.middle);
        SCRATCH.with_borrow_mut(|text| {
            text.clear();
            self.summary.write(record, text);
            json::string(text, out);
        });
        out.extend_from_slice(&self.tags);
        if let Some(Value::List(tags)) = self.own_tags.map(|at| record.get(at)) {
            for at in 0..tags.count() {
                out.push(b',');
                json::scalar(tags.item(at), JsonTime::Epoch, out);
            }
        }
        out.extend_from_slice(b"],\"timestamp\":\"");
        let ts = match self.ts.map(|at| record.get(at)) {
            Some(Value::Time(ts)) => ts,
            _ => now,
        };
        json::date_time(ts.nanos(), out);
        out.extend_from_slice(b"+00:00\"}");
    }

    fn notice_details<R: Record>(&self, record: &R, out: &mut Vec<u8>) {
        let start = out.len();
        for at in 0..record.width() {
            let value = record.get(at);
            let stand_in = self.stand_ins.iter().find(|(field, _)| *field == at);
            let needed = stand_in.is_some_and(|(_, other)| matches!(record.get(*other), Value::Unset));
            let names = if needed { &self.standing_in } else { &self.names };
            if out.len() > start && !matches!(value, Value::Unset) {
                out.push(b',');
            }
            Fields::new(names, JsonTime::Epoch, out).field(at, value);
        }
    }
}

/// The envelope of one stream.
pub(super) struct Bro {
    before: Vec<u8>,
    names: Names,
    /// Of files.log, the ends that its plug-in wants to know the sender and receiver by.
    hosts: Option<Hosts>,
    /// A notice's actions, which its plug-in compares with a text.
    actions: Option<usize>,
}

struct Hosts {
    orig_h: usize,
    resp_h: usize,
    is_orig: usize,
}

impl Bro {
    pub fn new(schema: &Schema) -> Bro {
        let mut before = Vec::new();
        json::string(format!("bro_{}", schema.path).as_bytes(), &mut before);
        let source = String::from_utf8_lossy(&before);
        let before =
            format!("{{\"category\":\"bro\",\"SOURCE\":{source},\"customendpoint\":\"bro\",\"MESSAGE\":\"{{");
        let hosts = || {
            let (orig_h, resp_h) = (schema.field("id.orig_h")?, schema.field("id.resp_h")?);
            Some(Hosts { orig_h, resp_h, is_orig: schema.field("is_orig")? })
        };
        Bro {
            before: before.into_bytes(),
            names: Names::of(schema),
            hosts: hosts().filter(|_| schema.path == "files" && schema.field("tx_hosts").is_none()),
            actions: schema
                .field("actions")
                .filter(|&at| schema.path == "notice" && matches!(schema.fields[at].ty, Type::Set(_))),
        }
    }

    /// Its times are always epoch seconds: the plug-in reads `ts` as a number.
    pub fn write<R: Record>(&self, record: &R, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
        SCRATCH.with_borrow_mut(|flat| {
            flat.clear();
            let fields = Fields::new(&self.names, JsonTime::Epoch, flat);
            record.visit(&mut Actions { fields, at: self.actions });
            if let Some(hosts) = &self.hosts {
                hosts.write(record, flat);
            }
            // It is JSON, so that nothing but these two needs escaping again.
            for part in flat.split_inclusive(|byte| matches!(byte, b'"' | b'\\')) {
                match part.split_last() {
                    Some((last @ (b'"' | b'\\'), before)) => {
                        out.extend_from_slice(before);
                        out.extend_from_slice(&[b'\\', *last]);
                    }
                    _ => out.extend_from_slice(part),
                }
            }
        });
        out.extend_from_slice(b"}\"}");
    }
}

impl Hosts {
    /// Who sent a file and who received it, as Zeek's files.log had it before 5.1.
    fn write<R: Record>(&self, record: &R, out: &mut Vec<u8>) {
        let (orig, resp) = (record.get(self.orig_h), record.get(self.resp_h));
        let from_orig = matches!(record.get(self.is_orig), Value::Bool(true));
        let (tx, rx) = if from_orig { (orig, resp) } else { (resp, orig) };
        for (name, host) in [(&b",\"tx_hosts\":["[..], tx), (b",\"rx_hosts\":[", rx)] {
            if !matches!(host, Value::Unset) {
                out.extend_from_slice(name);
                json::scalar(host, JsonTime::Epoch, out);
                out.push(b']');
            }
        }
    }
}

/// Writes a notice's only action as a text instead of a set of one.
struct Actions<'a> {
    fields: Fields<'a>,
    at: Option<usize>,
}

impl Visitor for Actions<'_> {
    #[inline]
    fn field(&mut self, index: usize, value: Value<'_>) {
        match value {
            Value::List(items) if self.at == Some(index) && items.count() == 1 => {
                self.fields.field(index, items.item(0));
            }
            value => self.fields.field(index, value),
        }
    }
}
