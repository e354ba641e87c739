//! What is generated from the declarations: Zeek's, and the reference.

use std::fmt::Write;

use crate::config::options::ignored::OF_SCRIPTS;
use crate::config::options::{Form, Kind, OptionDef, Value, all, section};
use crate::config::protocols::TABLES;

/// Columns of text in what is generated.
const WIDTH: usize = 110;

/// `scripts/base/options.zeek`: the declarations that scripts see.
pub fn declarations() -> String {
    let mut out = String::from(
        "# Options of the sensor, generated from their declarations in sensor/src/config/options: change them there.\n",
    );
    let mut module = "";
    for option in all() {
        let (of, name) = option.name.rsplit_once("::").unwrap_or(("GLOBAL", option.name));
        if of != module {
            if !matches!(module, "" | "GLOBAL") {
                out.push_str("}\n");
            }
            let _ = write!(out, "\nmodule {of};\n");
            if of != "GLOBAL" {
                out.push_str("export {\n");
            }
            module = of;
        }
        declaration(option, name, if of == "GLOBAL" { "" } else { "\t" }, &mut out);
    }
    if module != "GLOBAL" {
        out.push_str("}\n\nmodule GLOBAL;\n");
    }
    out
}

fn declaration(option: &OptionDef, name: &str, indent: &str, out: &mut String) {
    let text = match option.ignored_because() {
        Some((why, _)) => format!("Not obeyed: {why}."),
        None => option.doc.to_owned(),
    };
    for line in wrapped(&text, WIDTH - 8) {
        let _ = writeln!(out, "{indent}## {line}");
    }
    let (ty, default) = (option.ty, option.default_literal());
    let (start, end) = match option.kind {
        Kind::Const => ("const", " &redef;"),
        Kind::Option => ("option", ";"),
        Kind::Global => ("global", " &redef;"),
    };
    let start = format!("{start} {name}: {ty}");
    // Long sets have a line for some members each.
    if let Some(members) = default.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
        && default.len() + start.len() > WIDTH
    {
        let _ = writeln!(out, "{indent}{start} = {{");
        for line in wrapped(members, WIDTH - 16) {
            let _ = writeln!(out, "{indent}\t{line}");
        }
        let _ = writeln!(out, "{indent}}}{end}");
    } else {
        let _ = writeln!(out, "{indent}{start} = {default}{end}");
    }
}

/// The part of `configs/sensor.toml` that is about protocols: their settings with the defaults.
pub fn sample() -> String {
    let mut out = String::from(
        "# Protocols. What stands from here to [service] is generated from the declarations of their settings.\n",
    );
    for (table, _) in TABLES {
        let _ = writeln!(out, "\n[{table}]");
        for (option, key) in section(table) {
            for line in wrapped(option.doc, WIDTH - 2) {
                let _ = writeln!(out, "# {line}");
            }
            let value = option.value_at_first();
            let word = match key.form {
                Form::Words(words) => words.iter().find(|(_, literal)| *literal == value.literal()),
                _ => None,
            };
            let value = word.map_or_else(|| written(&value), |(word, _)| format!("{word:?}"));
            let _ = writeln!(out, "{} = {value}", key.name);
        }
    }
    out
}

/// A value as the configuration file has it.
fn written(value: &Value) -> String {
    match value {
        Value::Bool(is) => is.to_string(),
        Value::Count(n) => n.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Double(n) => format!("{n:?}"),
        Value::Texts(texts) | Value::Enums(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
            let short = format!("[{}]", texts.join(", "));
            if short.len() < WIDTH - 20 {
                return short;
            }
            let lines = wrapped(&texts.join(", "), WIDTH - 4);
            format!("[\n  {},\n]", lines.join("\n  "))
        }
        Value::Text(text) => format!("{text:?}"),
        Value::Sets(sets) => {
            let sets = sets.iter().map(|(name, texts)| {
                let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
                format!("{name:?} = [\n  {},\n]", wrapped(&texts.join(", "), WIDTH - 4).join("\n  "))
            });
            format!("{{ {} }}", sets.collect::<Vec<_>>().join(", "))
        }
        // As scripts write them, which the file takes for times too.
        other => format!("{:?}", other.literal()),
    }
}

/// `docs/options.md`.
pub fn reference() -> String {
    let mut out = String::from(
        "# Options\n\n\
         Generated from their declarations in `sensor/src/config/options`.\n\n\
         An option is set in a script (`redef NAME = VALUE;`, also `+=` and `-=`), on the command line (`NAME=VALUE`, \
         `\"NAME += VALUE\"`), or in the configuration file: by its key, if it has one, or in the table `[options]` by its \
         name (`\"NAME\" = VALUE`). All set one value, which scripts \
         read and the engine obeys. Of several the command line counts before scripts, and scripts before the \
         configuration file, which takes the place of the default: `+=` adds to what it says. What stands on the \
         command line may be in any order. `-C` is `ignore_checksums=T`.\n\n\
         Options that say so may change while traffic is analysed: a script calls `Config::set_value`, or a file \
         that `Config::config_files` names is edited. Connections that are open keep the timers and \
         bounds that they began with. In a \
         replay the change holds from the next packet on, the same for any number of workers: where scripts may \
         change options once traffic flows, one worker analyses it, packet by packet. On an interface each worker \
         takes it over within a second.\n\n\
         Options of frameworks and detections are described where they are declared, in `scripts/`, and set in the \
         same ways. The table `[options]` has their values as the command line would: `\"Notice::mail_dest\" = \
         \"ops@example.com\"`, `\"SSH::guessing_timeout\" = \"10min\"`, `\"Notice::ignored_types\" = \
         [\"Weird::Activity\"]`. That a script declares them which is loaded is seen when scripts are compiled.\n\n",
    );
    out.push_str("| option | type, default | in the file | may change | |\n|---|---|---|---|---|\n");
    for option in all().filter(|option| option.ignored_because().is_none()) {
        let _ = writeln!(
            out,
            "| `{}` | {}, `{}` | {} | {} | {} |",
            option.name,
            cell(option.ty),
            cell(&short(&option.default_literal())),
            option.key.map_or(String::new(), |key| format!("`{}.{}`", key.section, key.name)),
            if option.kind == Kind::Option { "yes" } else { "" },
            cell(option.doc),
        );
    }
    out.push_str(
        "\n## Zeek's options that are not obeyed\n\n\
         Scripts may read them. To set one to something else is an error, for what is wanted would not happen; where \
         nothing that is found depends on it, it is told of with a warning.\n\n\
         | option | value | if set | |\n|---|---|---|---|\n",
    );
    for option in all() {
        if let Some((why, harmless)) = option.ignored_because() {
            let default = cell(&short(&option.default_literal()));
            let told = if harmless { "warning" } else { "error" };
            let _ = writeln!(out, "| `{}` | `{default}` | {told} | {} |", option.name, cell(why));
        }
    }
    for (name, why, harmless) in OF_SCRIPTS {
        let told = if *harmless { "warning" } else { "error" };
        let _ = writeln!(out, "| `{name}` | | {told} | {} |", cell(why));
    }
    out
}

/// A long set's beginning.
fn short(literal: &str) -> String {
    if literal.len() <= 60 {
        return literal.to_owned();
    }
    let end = literal.char_indices().take_while(|(at, _)| *at < 50).filter(|(_, c)| *c == ',').last();
    format!("{}, …}}", literal.get(..end.map_or(50, |(at, _)| at)).unwrap_or_default())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Lines of up to so many characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
