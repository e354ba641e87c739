//! JSON Schemas of what is exported, generated from the records' declarations.

use serde_json::{Map, Value as Json, json};

use crate::export::mozdef::{detail, stand_ins};
use crate::export::{Export, FieldNames, Shape, ecs};
use crate::record::{FieldDef, JsonTime, Schema, Type};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema of a stream's rows in `shape`, with names as in Zeek's logs.
pub fn json_schema(schema: &Schema, shape: Shape, time: JsonTime) -> Json {
    described(schema, shape, time, FieldNames::Dots, None)
}

/// The JSON Schema of a stream's rows as this exporter sends them.
pub fn json_schema_of(schema: &Schema, export: &Export) -> Json {
    described(schema, export.shape, export.time, export.names, export.sensor_field.as_deref())
}

fn described(
    schema: &Schema,
    shape: Shape,
    time: JsonTime,
    names: FieldNames,
    sensor_field: Option<&str>,
) -> Json {
    let own = || {
        let mut described = flat(schema, time, names);
        if let (Some(name), Some(properties)) = (sensor_field, described.get_mut("properties")) {
            properties[name] = json!({"type": "string", "description": "The sensor's name."});
        }
        described
    };
    let mut described = match shape {
        Shape::Zeek => own(),
        Shape::Tagged => {
            let mut properties = Map::new();
            properties.insert(schema.path.to_owned(), own());
            closed(properties, vec![schema.path.to_owned()])
        }
        Shape::Mozdef => event(schema),
        Shape::MozdefBro => envelope(schema),
        Shape::Ecs => ecs::described(schema, |ty| value(ty, JsonTime::Iso8601)),
    };
    if let Json::Object(members) = &mut described {
        let title =
            format!("{} as {}, version {}", schema.path, shape.name(), Version(schema_version(schema)));
        members.insert("$schema".to_owned(), DIALECT.into());
        members.insert("title".to_owned(), title.into());
    }
    described
}

/// A stream's version: it changes with its fields' names, types and order, and with nothing else.
pub fn schema_version(schema: &Schema) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for field in schema.fields {
        hasher.update(format!("{} {:?}\n", field.name, field.ty).as_bytes());
    }
    hasher.finalize()
}

/// A version as receivers see it.
pub struct Version(pub u32);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// An object with these members and no others.
fn closed(properties: Map<String, Json>, required: Vec<String>) -> Json {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn flat(schema: &Schema, time: JsonTime, names: FieldNames) -> Json {
    let properties = schema.fields.iter().map(|field| (names.of(field.name), member(field, time)));
    let required = schema.fields.iter().filter(|field| !field.optional);
    closed(properties.collect(), required.map(|field| names.of(field.name)).collect())
}

fn member(field: &FieldDef, time: JsonTime) -> Json {
    let mut described = value(field.ty, time);
    let doc = field.doc.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Json::Object(members) = &mut described
        && !doc.is_empty()
    {
        members.insert("description".to_owned(), doc.into());
    }
    described
}

fn value(ty: Type, time: JsonTime) -> Json {
    match ty {
        Type::Bool => json!({"type": "boolean"}),
        Type::Count => json!({"type": "integer", "minimum": 0}),
        Type::Int => json!({"type": "integer"}),
        // What JSON cannot write, infinity and no number, is null.
        Type::Double => json!({"type": ["number", "null"]}),
        Type::Time => match time {
            JsonTime::Epoch => json!({"type": "number"}),
            JsonTime::Millis => json!({"type": "integer"}),
            JsonTime::Iso8601 => json!({"type": "string", "format": "date-time"}),
        },
        Type::Interval => json!({"type": "number"}),
        Type::String | Type::Enum | Type::Addr => json!({"type": "string"}),
        Type::Port => json!({"type": "integer", "minimum": 0, "maximum": 65535}),
        Type::Set(element) | Type::Vector(element) => {
            json!({"type": "array", "items": {"anyOf": [value(*element, time), {"type": "null"}]}})
        }
    }
}

fn event(schema: &Schema) -> Json {
    let stand_ins: Vec<_> = stand_ins(schema).map(|(field, _)| field).collect();
    let (mut details, mut required) = (Map::new(), Vec::new());
    for (at, field) in schema.fields.iter().enumerate() {
        let name = detail(field.name);
        if !field.optional && !stand_ins.contains(&at) {
            required.push(name.clone());
        }
        details.insert(name, member(field, JsonTime::Epoch));
    }
    let notice = schema.path == "notice";
    let mut properties = Map::new();
    let mut add = |name: &str, described: Json| properties.insert(name.to_owned(), described);
    add("category", json!({"const": if notice { "bronotice" } else { "bro" }}));
    add("details", closed(details, required));
    add("hostname", json!({"type": "string", "minLength": 1}));
    add("processid", json!({"type": "string", "pattern": "^[0-9]+$"}));
    add("processname", json!({"const": "nightjar"}));
    add("severity", json!({"const": if notice { "NOTICE" } else { "INFO" }}));
    add("source", json!({"const": schema.path}));
    add("summary", json!({"type": "string", "minLength": 1}));
    add(
        "tags",
        json!({"type": "array", "items": {"type": "string"}, "prefixItems": [{"const": "nsm"}, {"const": "bro"}, {"const": schema.path}]}),
    );
    add(
        "timestamp",
        json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}\\+00:00$"}),
    );
    let required = properties.keys().cloned().collect();
    closed(properties, required)
}

fn envelope(schema: &Schema) -> Json {
    let mut message = flat(schema, JsonTime::Epoch, FieldNames::Dots);
    if schema.path == "files"
        && let Some(properties) = message.pointer_mut("/properties").and_then(Json::as_object_mut)
    {
        for hosts in ["tx_hosts", "rx_hosts"] {
            properties.entry(hosts).or_insert(value(Type::Set(&Type::Addr), JsonTime::Epoch));
        }
    }
    if schema.path == "notice"
        && let Some(actions) = message.pointer_mut("/properties/actions")
    {
        *actions = json!({"anyOf": [actions.take(), {"type": "string"}]});
    }
    json!({
        "type": "object",
        "properties": {
            "category": {"const": "bro"},
            "SOURCE": {"const": format!("bro_{}", schema.path)},
            "customendpoint": {"const": "bro"},
            "MESSAGE": {"type": "string", "contentMediaType": "application/json", "contentSchema": message},
        },
        "required": ["category", "SOURCE", "customendpoint", "MESSAGE"],
        "additionalProperties": false,
    })
}
