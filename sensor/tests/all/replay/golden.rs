//! The captures that ship, replayed, give the logs that are kept in `tests/golden`, byte for byte and
//! with any number of workers.
//!
//! `NIGHTJAR_BLESS=1` writes the logs instead; `git diff tests/golden` then tells what has changed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use super::{capture, captures, complaint, logs, nightjar, root};
use crate::build::Capture;

type Logs = BTreeMap<String, String>;

fn replay(capture: &Path, workers: usize, args: &[&str]) -> Logs {
    let folder = tempfile::tempdir().unwrap();
    let workers = workers.to_string();
    let mut command = nightjar(folder.path());
    command.args(["--quiet", "--workers", &workers, "-r"]).arg(capture).args(args);
    let output = command.output().unwrap();
    let said = complaint(&output);
    assert!(output.status.success() && said.is_empty(), "{}: {said}", capture.display());
    logs(folder.path())
}

/// What differs between two texts: the lines between their common beginning and their common end.
fn difference(want: &str, got: &str) -> String {
    let (want, got): (Vec<&str>, Vec<&str>) = (want.lines().collect(), got.lines().collect());
    let shorter = want.len().min(got.len());
    let head = want.iter().zip(&got).take_while(|(want, got)| want == got).count();
    let tail = want[head..].iter().rev().zip(got[head..].iter().rev());
    let tail = tail.take_while(|(want, got)| want == got).count().min(shorter - head);
    let mut text = String::new();
    for (mark, lines) in [('-', &want[head..want.len() - tail]), ('+', &got[head..got.len() - tail])] {
        for line in lines.iter().take(10) {
            writeln!(text, "    {mark}{line}").unwrap();
        }
        if lines.len() > 10 {
            writeln!(text, "    {mark}… and {} more lines", lines.len() - 10).unwrap();
        }
    }
    text
}

fn compare(about: &str, want: &Logs, got: &Logs, report: &mut String) {
    let names: std::collections::BTreeSet<&String> = want.keys().chain(got.keys()).collect();
    for name in names {
        match (want.get(name), got.get(name)) {
            (Some(want), Some(got)) if want == got => {}
            (Some(want), Some(got)) => {
                writeln!(report, "{about}, {name}.log, line by line:\n{}", difference(want, got)).unwrap();
            }
            (Some(_), None) => writeln!(report, "{about}: {name}.log is not written any more").unwrap(),
            (None, _) => writeln!(report, "{about}: {name}.log is new").unwrap(),
        }
    }
}

fn bless(folder: &Path, got: &Logs) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    for (name, text) in got {
        std::fs::write(folder.join(format!("{name}.log")), text).unwrap();
    }
}

/// Holds the logs of a capture against those that are kept under this name.
fn hold(name: &str, path: &Path, args: &[&str], report: &mut String) {
    let golden = root().join("tests/golden").join(name);
    let got = replay(path, 1, args);
    if std::env::var_os("NIGHTJAR_BLESS").is_some() {
        bless(&golden, &got);
    }
    let want = logs(&golden);
    assert!(!want.is_empty(), "{name} has no logs in tests/golden");
    compare(name, &want, &got, report);
    for workers in [2, 4] {
        let about = format!("{name} with {workers} workers, against 1");
        compare(&about, &got, &replay(path, workers, args), report);
    }
}

fn accept(report: &str) {
    assert!(report.is_empty(), "logs differ (NIGHTJAR_BLESS=1 accepts them):\n{report}");
}

/// The same for a capture that the test `NAME.rs` or `NAME/mod.rs` builds; its checksums are not looked at.
pub fn check(name: &str, capture: &Capture) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcap");
    capture.write(&path);
    let mut report = String::new();
    hold(name, &path, &["-C"], &mut report);
    accept(&report);
}

#[test]
fn captures_give_their_golden_logs() {
    let mut report = String::new();
    for path in captures() {
        hold(&path.file_stem().unwrap().to_string_lossy(), &path, &[], &mut report);
    }
    accept(&report);
}

#[test]
fn goldens_belong_to_captures() {
    for entry in std::fs::read_dir(root().join("tests/golden")).unwrap() {
        let name = entry.unwrap().file_name();
        let name = name.to_string_lossy();
        let tests = root().join("sensor/tests/all");
        let tests = [tests.join(format!("{name}.rs")), tests.join(&*name).join("mod.rs")];
        let has_one = capture(&name).exists() || tests.iter().any(|test| test.exists());
        assert!(has_one, "{name} has no capture, and no test that builds one");
    }
}

#[test]
fn differences_are_shown_and_nothing_else() {
    assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n"), "    -b\n    +x\n");
    assert_eq!(difference("a\nc\n", "a\nb\nc\n"), "    +b\n");
    assert_eq!(difference("a\na\n", "a\n"), "    -a\n");
}
