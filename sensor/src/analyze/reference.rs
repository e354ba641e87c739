//! What follows from the declarations of events and logs: Zeek's declarations, and the reference pages.
//!
//! All of it is committed, and a test compares it; `NIGHTJAR_BLESS=1` writes it anew.

use std::fmt::Write;

use crate::analyze::{EventGroup, Named, SPECS, event_groups};
use crate::decode::UdpTunnelKind;
use crate::event::{ArgType, EventDecl, FieldDecl, RecordDecl};

/// `scripts/base/events.zeek`: the events, and the records that are their arguments.
pub fn events_zeek() -> String {
    let mut text = String::from(
        "# Generated from the declarations in the sensor (events! and arg_records!); a test compares it.\n\
         # NIGHTJAR_BLESS=1 cargo test -p nightjar --test schemas writes it anew.\n\n\
         module AllAnalyzers;\n\nexport {\n\t## What looks at connections.\n\ttype Tag: enum {\n",
    );
    let tunnels = UdpTunnelKind::ALL.iter().map(|kind| Named::of_tunnel(*kind));
    for named in SPECS.iter().map(|spec| spec.named).chain(tunnels) {
        let _ = writeln!(text, "\t\t{},", named.tag());
    }
    text.push_str("\t};\n}\n\nmodule GLOBAL;\n");
    let mut declared = Vec::new();
    for group in event_groups() {
        for event in group.events {
            event.params.iter().for_each(|param| declare(&mut text, &param.ty, &mut declared));
        }
        text.push('\n');
        group.events.iter().for_each(|event| declare_event(&mut text, event));
    }
    text
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
    }
}

fn declare_record(text: &mut String, RecordDecl { name, fields, doc }: &RecordDecl) {
    text.push('\n');
    comment(text, "", doc);
    let _ = writeln!(text, "type {name}: record {{");
    for FieldDecl { name, ty, attributes, doc } in *fields {
        comment(text, "\t", doc);
        let gap = if attributes.is_empty() { "" } else { " " };
        let _ = writeln!(text, "\t{name}: {ty}{gap}{attributes};");
    }
    text.push_str("};\n");
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
    for EventGroup { name, events, .. } in event_groups() {
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
        ArgType::Named(_) => {}
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
