//! The direction that modules import in: each only from those to its left.

use std::path::{Path, PathBuf};

/// The modules of the sensor, each with how far right it stands. Those that stand together may import
/// each other: they are the vocabulary that all speak (`time` to `config`), and what is done with what
/// analysis says (`log`, `policy`).
const ORDER: &[(&str, u8)] = &[
    ("time", 0),
    ("record", 0),
    ("export", 0),
    ("event", 0),
    ("signature", 0),
    ("config", 0),
    ("counters", 0),
    ("capture", 1),
    ("decode", 2),
    ("flow", 3),
    ("analyze", 4),
    ("log", 5),
    ("input", 5),
    ("messages", 5),
    ("notice", 5),
    ("policy", 5),
    ("sumstats", 5),
    ("aggregate", 6),
    ("sink", 6),
    ("script_host", 6),
    ("pipeline", 6),
    ("service", 7),
    ("packages", 7),
    ("testing", 7),
    ("cli", 8),
    ("main", 9),
];

/// Modules of the vocabulary may import only these: time stands below all, settings above all.
const BASE: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("record", &["time"]),
    ("export", &["time", "record"]),
    ("event", &["time", "record", "export"]),
    ("signature", &[]),
    ("config", &["time", "record", "event", "export", "signature"]),
    ("counters", &[]),
];

/// `log` writes rows and does not know what decides on them.
const LOG: (&str, &[&str]) = ("log", &["time", "record", "export", "event", "config", "counters"]);

fn rank(module: &str) -> u8 {
    let known = ORDER.iter().find(|(name, _)| *name == module);
    known.unwrap_or_else(|| panic!("module {module} has no place in the order; give it one here")).1
}

fn allowed(from: &str, to: &str) -> bool {
    match BASE.iter().chain([&LOG]).find(|(name, _)| *name == from) {
        Some((_, modules)) => from == to || modules.contains(&to),
        None => rank(to) <= rank(from),
    }
}

/// The modules of this crate that a line names after `crate::` (`nightjar::` in the binary).
fn imports(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or("");
    let mut found = Vec::new();
    for start in ["crate::", "nightjar::"] {
        for (at, _) in code.match_indices(start) {
            // `$crate::` in a macro and paths of other crates that end alike.
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[at + start.len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => list.trim_end_matches(['}', ';']).split(',').collect(),
                None => vec![rest],
            };
            found.extend(names.into_iter().map(first_word).filter(|name| !name.is_empty()));
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn modules_import_only_from_their_left() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let module = first_word(&inside.components().next().unwrap().as_os_str().to_string_lossy());
        if module == "lib" {
            continue;
        }
        for (number, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            for target in imports(line).iter().filter(|name| name.starts_with(char::is_lowercase)) {
                // Exported macros stand at the crate's root.
                if line.contains(&format!("crate::{target}!")) {
                    continue;
                }
                seen += 1;
                if !allowed(&module, target) {
                    wrong.push(format!("{}:{}: {module} imports {target}", inside.display(), number + 1));
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} imports found; is the test still reading them?");
    assert!(wrong.is_empty(), "imports against the order:\n{}", wrong.join("\n"));
}

#[test]
fn protocols_know_nothing_of_the_sensor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("protocols/src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for forbidden in ["nightjar::", "std::net::Tcp", "std::net::Udp", "std::fs", "std::thread", "::now()"]
        {
            let tests = file.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests"));
            assert!(tests || !text.contains(forbidden), "{} uses {forbidden}", file.display());
        }
    }
}

#[test]
fn import_lines_are_understood() {
    assert_eq!(imports("use crate::flow::{Flow, Key};"), ["flow"]);
    assert_eq!(imports("use crate::{event, time::Time};"), ["event", "time"]);
    assert_eq!(imports("    let x = crate::log::open(&crate::time::now());"), ["log", "time"]);
    assert!(imports("// use crate::flow;").is_empty());
    assert!(imports("use other_crate::flow;").is_empty());
    assert!(allowed("analyze", "flow") && !allowed("flow", "analyze"));
    assert!(!allowed("record", "config") && !allowed("log", "policy"));
}
