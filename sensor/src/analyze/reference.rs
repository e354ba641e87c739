//! What follows from the declarations of events and logs: Zeek's declarations, and the reference pages.
//!
//! All of it is committed, and a test compares it; `NIGHTJAR_BLESS=1` writes it anew.

use std::fmt::Write;

use crate::analyze::{LogDecl, Protocol, file_analyzers, protocols};
use crate::decode::UdpTunnelKind;
use crate::event::{ArgType, EnumDecl, EventDecl, FieldDecl, RecordDecl};
use crate::record::{FieldDef, Schema, Type};

/// `scripts/base/events.zeek`: the events, and the records that are their arguments.
pub fn events_zeek() -> String {
    let mut text = String::from(
        "# Generated from the declarations in the sensor (events! and arg_records!); a test compares it.\n\
         # NIGHTJAR_BLESS=1 cargo test -p nightjar --test all schemas writes it anew.\n",
    );
    declare_tags(&mut text);
    let mut declared = Vec::new();
    for protocol in protocols() {
        for event in protocol.events {
            event.params.iter().for_each(|param| declare(&mut text, &param.ty, &mut declared));
        }
        text.push('\n');
        protocol.events.iter().for_each(|event| declare_event(&mut text, event));
    }
    text
}

/// Declares the tags of analyzers. `AllAnalyzers::Tag` has the elements of all the others once more, by the same numbers.
fn declare_tags(text: &mut String) {
    let analyzers = || protocols().iter().flat_map(|protocol| protocol.analyzers);
    let kinds: [(&str, &str, Vec<&str>); 3] = [
        (
            "Analyzer",
            "What looks at what connections carry.",
            analyzers().map(|spec| spec.named.name).collect(),
        ),
        (
            "PacketAnalyzer",
            "What looks at packets.",
            UdpTunnelKind::ALL.iter().map(|kind| kind.source()).collect(),
        ),
        (
            "Files",
            "What can be done with a file's content.",
            file_analyzers().map(|spec| spec.name).collect(),
        ),
    ];
    let all = kinds.iter().flat_map(|(module, _, names)| names.iter().map(move |name| (*module, *name)));
    let all = all.zip(0..).map(|((module, name), number)| (module, name, number));
    text.push_str(
        "\nmodule AllAnalyzers;\n\nexport {\n\t## All that looks at traffic.\n\ttype Tag: enum {\n",
    );
    for (module, name, number) in all.clone() {
        let _ = writeln!(text, "\t\t{}_ANALYZER_{name} = {number},", module.to_ascii_uppercase());
    }
    text.push_str("\t};\n}\n");
    for (module, doc, _) in &kinds {
        let _ = writeln!(text, "\nmodule {module};\n\nexport {{\n\t## {doc}\n\ttype Tag: enum {{");
        for (_, name, number) in all.clone().filter(|(of, ..)| of == module) {
            let _ = writeln!(text, "\t\tANALYZER_{name} = {number},");
        }
        text.push_str("\t};\n");
        match *module {
            "Analyzer" => {
                text.push_str("\n\t## The ports that an analyzer is set on.\n\tconst known_ports: table[Analyzer::Tag] of set[port] = {\n");
                for spec in analyzers() {
                    let ports = spec.ports.iter().map(|(proto, port)| format!("{port}/{}", proto.name()));
                    let ports = ports.collect::<Vec<_>>().join(", ");
                    let _ = writeln!(text, "\t\t[ANALYZER_{}] = set({ports}),", spec.named.name);
                }
                text.push_str("\t};\n");
            }
            "Files" => {
                text.push_str("\n\t## The types of files that an analyzer is set on.\n\tconst known_mime_types: table[Files::Tag] of set[string] = {\n");
                // To name an analyzer of a script's choosing would be to ask for what it needs.
                for spec in file_analyzers().filter(|spec| !spec.mime_types.is_empty()) {
                    let types: Vec<String> = spec.mime_types.iter().map(|of| format!("\"{of}\"")).collect();
                    let _ = writeln!(text, "\t\t[ANALYZER_{}] = set({}),", spec.name, types.join(", "));
                }
                text.push_str("\t};\n");
            }
            _ => {}
        }
        text.push_str("}\n");
    }
    text.push_str("\nmodule GLOBAL;\n");
}

/// Declares a type of ours, after those that it is made of; once.
fn declare(text: &mut String, ty: &ArgType, declared: &mut Vec<&'static str>) {
    match *ty {
        ArgType::Named(_) => {}
        ArgType::Vector(of) | ArgType::Numbered(of) => declare(text, of, declared),
        ArgType::Alias(name, of) => {
            declare(text, of, declared);
            if !declared.contains(&name) {
                declared.push(name);
                let _ = writeln!(text, "\ntype {name}: {of};");
            }
        }
        ArgType::Record(record) => {
            record.fields.iter().for_each(|field| declare(text, &field.ty, declared));
            if !declared.contains(&record.name) {
                declared.push(record.name);
                declare_record(text, record);
            }
        }
        ArgType::Enum(names) => {
            if !declared.contains(&names.name) {
                declared.push(names.name);
                declare_enum(text, names);
            }
        }
    }
}

fn declare_enum(text: &mut String, EnumDecl { name, prefix, values, doc }: &EnumDecl) {
    let local =
        |name: &'static str| name.split_once("::").map_or(("", name), |(module, name)| (module, name));
    let ((module, name), (_, prefix)) = (local(name), local(prefix));
    if !module.is_empty() {
        let _ = writeln!(text, "\nmodule {module};\n\nexport {{");
    }
    text.push('\n');
    comment(text, "", doc);
    let _ = writeln!(text, "type {name}: enum {{");
    for (number, value) in values() {
        let _ = writeln!(text, "\t{prefix}{value} = {number},");
    }
    text.push_str("};\n");
    if !module.is_empty() {
        text.push_str("}\n\nmodule GLOBAL;\n");
    }
}

fn declare_record(text: &mut String, RecordDecl { name, fields, doc }: &RecordDecl) {
    let (module, name) = name.split_once("::").unwrap_or(("", name));
    if !module.is_empty() {
        let _ = writeln!(text, "\nmodule {module};\n\nexport {{");
    }
    text.push('\n');
    comment(text, "", doc);
    let _ = writeln!(text, "type {name}: record {{");
    for FieldDecl { name, ty, attributes, doc } in *fields {
        comment(text, "\t", doc);
        let gap = if attributes.is_empty() { "" } else { " " };
        let _ = writeln!(text, "\t{name}: {ty}{gap}{attributes};");
    }
    text.push_str("};\n");
    if !module.is_empty() {
        text.push_str("}\n\nmodule GLOBAL;\n");
    }
}

fn declare_event(text: &mut String, EventDecl { name, params, doc }: &EventDecl) {
    let params: Vec<String> = params.iter().map(|param| format!("{}: {}", param.name, param.ty)).collect();
    let params = params.join(", ");
    match name.split_once("::") {
        None => {
            comment(text, "", doc);
            let _ = writeln!(text, "global {name}: event({params});");
        }
        Some((module, name)) => {
            let _ = writeln!(text, "\nmodule {module};\n\nexport {{");
            comment(text, "\t", doc);
            let _ = writeln!(text, "\tglobal {name}: event({params});\n}}\n\nmodule GLOBAL;\n");
        }
    }
}

/// `scripts/base/logs/NAME.zeek`: the type of a log's rows, its stream, and where rows are found.
pub fn log_zeek(log: &LogDecl) -> String {
    let LogDecl { schema, info, holder, event } = log;
    let (module, path) = (log.module(), schema.path);
    let named = protocols().iter().flat_map(|protocol| protocol.streams).find(|(log, ..)| *log == path);
    let &(_, stream, policy) = named.unwrap_or(&(path, "LOG", "log_policy"));
    let name = info.rsplit_once("::").map_or(*info, |(_, name)| name);
    let mut text = format!(
        "# {path}.log. Generated from the declaration of its rows (record!); a test compares it.\n\n\
         module {module};\n\nexport {{\n\tredef enum Log::ID += {{ {stream} }};\n\n\
         \tglobal {policy}: Log::PolicyHook;\n\n\ttype {name}: record {{\n",
    );
    for column in columns(schema) {
        comment(&mut text, "\t\t", column.doc);
        let _ = writeln!(text, "\t\t{}: {};", column.name, with_log(&column.zeek));
    }
    text.push_str("\t};\n");
    if let Some(event) = event {
        let _ = writeln!(
            text,
            "\n\t## A row of {path}.log is about to be written.\n\tglobal {event}: event(rec: {name});"
        );
    }
    text.push_str("}\n");
    if let Some((record, field)) = holder {
        let _ = writeln!(text, "\nredef record {record} += {{\n\t{field}: {info} &optional;\n}};");
    }
    let event = event.map_or(String::new(), |event| format!("$ev={event}, "));
    let stream = if stream.contains("::") { stream.to_owned() } else { format!("{module}::{stream}") };
    let _ = writeln!(
        text,
        "\nevent zeek_init() &priority=5\n\t{{\n\tLog::create_stream({stream}, [$columns={name}, {event}\
         $path=\"{path}\", $policy={policy}]);\n\t}}",
    );
    text
}

/// A column as scripts have it: both ends of a connection are one.
struct Column {
    name: &'static str,
    /// Type and attributes, without `&log`.
    zeek: String,
    doc: &'static str,
}

fn columns(schema: &Schema) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for field in schema.fields {
        if field.name.starts_with("id.") {
            if columns.last().is_none_or(|last| last.name != "id") {
                let zeek = if field.optional { "conn_id &optional" } else { "conn_id" };
                let doc = "The connection's ends.";
                columns.push(Column { name: "id", zeek: zeek.to_owned(), doc });
            }
            continue;
        }
        match (field.name.split_once('.'), field.zeek.and_then(|zeek| zeek.split_once('$'))) {
            // One of a record of its own, which is declared elsewhere.
            (Some((name, _)), Some((record, _))) => {
                if columns.last().is_none_or(|last| last.name != name) {
                    columns.push(Column { name, zeek: record.to_owned(), doc: "" });
                }
            }
            _ => columns.push(Column { name: field.name, zeek: zeek_type(field), doc: field.doc }),
        }
    }
    columns
}

/// The type of a column in the language, with its attributes. Without a value of its own a column has the
/// natural one.
fn zeek_type(field: &FieldDef) -> String {
    if let Some(zeek) = field.zeek {
        return zeek.to_owned();
    }
    let ty = type_name(&field.ty);
    let attribute = match field.ty {
        _ if field.optional => " &optional",
        Type::Bool => " &default=F",
        Type::Count | Type::Int => " &default=0",
        Type::Double => " &default=0.0",
        Type::Interval => " &default=0secs",
        _ => "",
    };
    ty + attribute
}

fn type_name(ty: &Type) -> String {
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
        Type::Set(of) => format!("set[{}]", type_name(of)),
        Type::Vector(of) => format!("vector of {}", type_name(of)),
    }
}

/// Type and attributes with `&log` between them.
fn with_log(zeek: &str) -> String {
    match zeek.split_once(" &") {
        Some((ty, attributes)) => format!("{ty} &log &{attributes}"),
        None => format!("{zeek} &log"),
    }
}

/// `docs/logs.md`: every log and its columns.
pub fn logs_md(logs: impl Iterator<Item = &'static Schema>) -> String {
    let mut text = String::from(
        "# Logs\n\nWhat this sensor writes without scripts, with Zeek's names and types. Generated from the \
         declarations of rows in the sensor; a column marked with `-` may be unset.\n",
    );
    let mut logs: Vec<&Schema> = logs.collect();
    logs.sort_by_key(|schema| schema.path);
    for schema in logs {
        let _ = writeln!(text, "\n## {}.log\n\n| column | type | | |\n|---|---|---|---|", schema.path);
        for FieldDef { name, ty, optional, zeek, doc } in schema.fields {
            let ty = match zeek {
                Some(zeek) => {
                    let zeek = zeek.split_once('$').map_or(*zeek, |(_, zeek)| zeek);
                    zeek.split(" &").next().unwrap_or_default().to_owned()
                }
                None => type_name(ty),
            };
            let unset = if *optional { "-" } else { "" };
            let _ = writeln!(text, "| `{name}` | {ty} | {unset} | {} |", in_cell(doc));
        }
    }
    text
}

/// Documentation as the language's comments.
fn comment(text: &mut String, indent: &str, doc: &str) {
    for line in doc.lines() {
        let _ = writeln!(text, "{indent}## {}", line.trim());
    }
}

/// `docs/events.md`: the events and their arguments, for authors of scripts.
pub fn events_md() -> String {
    let mut text = String::from(
        "# Events of traffic\n\nWhat this sensor raises, with the arguments of Zeek's events of the same names. \
         Generated from the declarations in the sensor.\n",
    );
    let mut records = Vec::new();
    for Protocol { name, events, .. } in protocols().iter().filter(|protocol| !protocol.events.is_empty()) {
        let _ = writeln!(text, "\n## {name}\n\n| event | arguments | when |\n|---|---|---|");
        for EventDecl { name, params, doc } in *events {
            let mut arguments = Vec::new();
            for FieldDecl { name, ty, .. } in *params {
                arguments.push(format!("{name}: {ty}"));
                note_records(ty, &mut records);
            }
            let _ = writeln!(text, "| `{name}` | `{}` | {} |", arguments.join(", "), in_cell(doc));
        }
    }
    text.push_str("\n## Records that are arguments\n");
    for RecordDecl { name, fields, doc } in records {
        let _ = writeln!(text, "\n### {name}\n\n{}\n\n| field | type | |\n|---|---|---|", in_cell(doc));
        for FieldDecl { name, ty, attributes, doc } in *fields {
            let ty = format!("{ty} {attributes}");
            let _ = writeln!(text, "| `{name}` | `{}` | {} |", ty.trim(), in_cell(doc));
        }
    }
    text
}

fn note_records(ty: &ArgType, found: &mut Vec<&'static RecordDecl>) {
    match *ty {
        ArgType::Named(_) | ArgType::Enum(_) => {}
        ArgType::Vector(of) | ArgType::Numbered(of) | ArgType::Alias(_, of) => note_records(of, found),
        ArgType::Record(record) => {
            record.fields.iter().for_each(|field| note_records(&field.ty, found));
            if !found.iter().any(|known| known.name == record.name) {
                found.push(record);
            }
        }
    }
}

/// Documentation as one line of a table.
fn in_cell(doc: &str) -> String {
    let lines: Vec<&str> = doc.lines().map(str::trim).collect();
    lines.join(" ").trim().replace('|', "\\|")
}
