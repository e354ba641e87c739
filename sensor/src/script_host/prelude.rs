//! What scripts find declared beside the language's own: our events, and the log records as types.
//!
//! The records are declared from their schemas, so that `c$http$status_code` has the name and type
//! that http.log has.

use crate::analyze;
use crate::record::{Schema, Type};

const EVENTS: &str = include_str!("../../../scripts/base/events.zeek");

/// All of it, by name and Zeek text; a bare run has the events only. The texts live as long as the
/// program, as the scripts do.
pub fn prelude(bare: bool) -> Vec<(&'static str, &'static str)> {
    let mut texts = vec![("base/events.zeek", EVENTS)];
    if !bare {
        let records: String =
            analyze::CONNECTION_RECORDS.iter().map(|(module, schema)| record(module, schema)).collect();
        texts.push(("base/records.zeek", records.leak()));
    }
    texts
}

fn record(module: &str, schema: &Schema) -> String {
    let mut fields = String::new();
    for field in schema.fields {
        let (name, ty) = match id_field(field.name) {
            Some("orig_h") => ("id", "conn_id".to_owned()),
            Some(_) => continue,
            None => (field.name, type_name(field.ty)),
        };
        // Every field is optional to a script: it sees rows that are not complete.
        fields.push_str(&format!("\t\t{name}: {ty} &log &optional;\n"));
    }
    let path = schema.path;
    format!(
        "module {module};\nexport {{\n\ttype Info: record {{\n{fields}\t}};\n}}\nmodule GLOBAL;\n\
         redef record connection += {{ {path}: {module}::Info &optional; }};\n"
    )
}

/// The name within `id` of a column such as `id.orig_h`.
pub(super) fn id_field(column: &str) -> Option<&str> {
    column.strip_prefix("id.")
}

fn type_name(ty: Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Count => "count".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Double => "double".to_owned(),
        Type::Time => "time".to_owned(),
        Type::Interval => "interval".to_owned(),
        Type::String | Type::Enum => "string".to_owned(),
        Type::Addr => "addr".to_owned(),
        Type::Port => "port".to_owned(),
        Type::Set(element) => format!("set[{}]", type_name(*element)),
        Type::Vector(element) => format!("vector of {}", type_name(*element)),
    }
}
