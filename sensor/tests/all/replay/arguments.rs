//! What scripts see as the arguments of events: of each that a capture raises the first one, held in
//! `tests/events.txt`.
//!
//! `NIGHTJAR_BLESS=1` writes the file instead, from all captures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use nightjar::analyze;

use super::{capture, captures, complaint, nightjar, root};

/// So many characters of a line are held.
const MOST: usize = 300;

/// Prints the first of each event. Of connections and files it says which; all else is JSON, so that it shows what is
/// text and what a number.
fn script() -> String {
    let mut code = "global seen: set[string];\n".to_owned();
    for (_, event) in analyze::events() {
        let declared = event.params.iter().map(|param| format!("{}: {}", param.name, param.ty));
        let printed = event.params.iter().map(|param| match param.ty.to_string().as_str() {
            "connection" => format!(", {}$uid", param.name),
            "fa_file" => format!(", {}$id", param.name),
            _ => format!(", to_json({})", param.name),
        });
        let (name, declared) = (event.name, declared.collect::<Vec<_>>().join(", "));
        let printed: String = printed.collect();
        writeln!(
            code,
            "event {name}({declared}) {{ if ( \"{name}\" !in seen ) {{ add seen[\"{name}\"]; print \"{name}\"{printed}; }} }}"
        )
        .unwrap();
    }
    code
}

/// The lines that a capture gives, by their events.
fn raised(capture: &Path, code: &str) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("events.zeek"), code).unwrap();
    let mut command = nightjar(folder.path());
    let output = command.args(["--quiet", "-r"]).arg(capture).arg("events.zeek").output().unwrap();
    assert!(output.status.success(), "{}: {}", capture.display(), complaint(&output));
    let printed = String::from_utf8_lossy(&output.stdout);
    let lines = printed.lines().map(|line| line.chars().take(MOST).collect::<String>());
    lines.map(|line| (line.split(',').next().unwrap_or_default().to_owned(), line)).collect()
}

fn name(capture: &Path) -> String {
    capture.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn events_have_the_arguments_that_they_had() {
    let (path, code) = (root().join("tests/events.txt"), script());
    if std::env::var_os("NIGHTJAR_BLESS").is_some() {
        let (mut text, mut known) = (String::new(), BTreeSet::new());
        for capture in captures() {
            for (event, line) in raised(&capture, &code) {
                if known.insert(event) {
                    writeln!(text, "{}\t{line}", name(&capture)).unwrap();
                }
            }
        }
        std::fs::write(&path, text).unwrap();
    }
    let held = std::fs::read_to_string(&path).unwrap();
    let mut by_capture: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in held.lines() {
        let (capture, line) = line.split_once('\t').unwrap();
        by_capture.entry(capture).or_default().push(line);
    }
    assert!(by_capture.contains_key("ssh") && by_capture.contains_key("syslog"));
    let mut report = String::new();
    for (name, lines) in by_capture {
        let got = raised(&capture(name), &code);
        for line in lines {
            let event = line.split(',').next().unwrap_or_default();
            let now = got.get(event).map_or("it is not raised any more", |line| &line[..]);
            if now != line {
                writeln!(report, "{name}\n  -{line}\n  +{now}").unwrap();
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}
