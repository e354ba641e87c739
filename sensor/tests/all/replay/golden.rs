//! The captures that ship, replayed, give the logs that are kept in `tests/golden`, byte for byte and
//! with any number of workers.
//!
//! `NIGHTJAR_BLESS=1` writes the logs instead; `git diff tests/golden` then tells what has changed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use super::{capture, captures, complaint, logs, nightjar, root};

type Logs = BTreeMap<String, String>;

fn replay(capture: &Path, workers: usize) -> Logs {
    let folder = tempfile::tempdir().unwrap();
    let workers = workers.to_string();
    let output =
        nightjar(folder.path()).args(["--quiet", "--workers", &workers, "-r"]).arg(capture).output().unwrap();
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

#[test]
fn captures_give_their_golden_logs() {
    let mut report = String::new();
    for path in captures() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let golden = root().join("tests/golden").join(&name);
        let got = replay(&path, 1);
        if std::env::var_os("NIGHTJAR_BLESS").is_some() {
            bless(&golden, &got);
        }
        let want = logs(&golden);
        assert!(!want.is_empty(), "{} has no logs in tests/golden", path.display());
        compare(&name, &want, &got, &mut report);
        for workers in [2, 4] {
            let about = format!("{name} with {workers} workers, against 1");
            compare(&about, &got, &replay(&path, workers), &mut report);
        }
    }
    assert!(report.is_empty(), "logs differ (NIGHTJAR_BLESS=1 accepts them):\n{report}");
}

#[test]
fn goldens_belong_to_captures() {
    for entry in std::fs::read_dir(root().join("tests/golden")).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(capture(&name.to_string_lossy()).exists(), "{name:?} has no capture");
    }
}

#[test]
fn differences_are_shown_and_nothing_else() {
    assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n"), "    -b\n    +x\n");
    assert_eq!(difference("a\nc\n", "a\nb\nc\n"), "    +b\n");
    assert_eq!(difference("a\na\n", "a\n"), "    -a\n");
}
