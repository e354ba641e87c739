//! `tools/new-protocol` stamps what compiles and touches one line of what is there; and the lists that follow from
//! folders are current.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::replay::root;

/// What `tools/lists` writes.
const LISTS: [&str; 6] = [
    "protocols/benches/main.rs",
    "protocols/fuzz/Cargo.toml",
    "protocols/src/folders.rs",
    "sensor/src/analyze/folders.rs",
    "sensor/src/config/protocols.rs",
    "sensor/tests/all/main.rs",
];

/// What it writes beside, which no protocol needs.
const POLICIES: &str = "sensor/src/script_host/policies.rs";

/// The file with the one line.
const LINE: &str = "sensor/src/analyze/protocol.rs";

/// The files of the project, by their paths in it. What is built, captures and schemas are left out.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let (entry, left_out) = (entry.unwrap(), ["target", ".git", "pcaps", "schemas", "bench-data"]);
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if left_out.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            match kind.is_dir() {
                true => folders.push(path),
                false => {
                    drop(files.insert(path.strip_prefix(root).unwrap().into(), std::fs::read(path).unwrap()))
                }
            }
        }
    }
    files
}

fn copy_of_the_project() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for path in files(root()).keys() {
        std::fs::create_dir_all(copy.path().join(path).parent().unwrap()).unwrap();
        std::fs::copy(root().join(path), copy.path().join(path)).unwrap();
    }
    copy
}

/// Runs a command of the project in a copy of it.
fn run(copy: &Path, command: &mut Command) {
    let output = command.current_dir(copy).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn lists_are_current() {
    let copy = copy_of_the_project();
    let place = if std::env::var_os("NIGHTJAR_BLESS").is_some() { root() } else { copy.path() };
    run(place, &mut Command::new(place.join("tools/lists")));
    for list in LISTS.into_iter().chain([POLICIES]) {
        let [committed, written] =
            [root(), place].map(|root| std::fs::read_to_string(root.join(list)).unwrap());
        assert!(committed == written, "{list} is not current: run tools/lists");
    }
}

#[test]
fn a_stamped_protocol_compiles_and_touches_one_line() {
    let copy = copy_of_the_project();
    let copy = copy.path();
    let before = files(copy);
    run(copy, Command::new(copy.join("tools/new-protocol")).arg("zork_2").env("NJ_STAMP_ONLY", "1"));
    let after = files(copy);
    let changed: Vec<&str> = after
        .iter()
        .filter(|(path, text)| before.get(*path).is_some_and(|before| before != *text))
        .map(|(path, _)| path.to_str().unwrap())
        .collect();
    let mut expected: Vec<&str> = LISTS.into_iter().chain([LINE]).collect();
    expected.sort_unstable();
    assert_eq!(changed, expected);
    let text =
        |files: &BTreeMap<PathBuf, Vec<u8>>| String::from_utf8(files[Path::new(LINE)].clone()).unwrap();
    let [before, now] = [text(&before), text(&after)];
    let lines = before.lines().zip(now.lines()).filter(|(before, now)| before != now);
    assert_eq!((before.lines().count(), lines.count()), (now.lines().count(), 1));
    // A second one of the same name is refused.
    let again =
        Command::new(copy.join("tools/new-protocol")).arg("zork_2").env("NJ_STAMP_ONLY", "1").output();
    assert!(!again.unwrap().status.success() && files(copy) == after);

    // What this program was built with is there; only the project itself is looked at anew.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let check = |args: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["check", "--quiet", "--locked", "--offline", "-p"]).args(args);
        run(copy, cargo.env("CARGO_TARGET_DIR", target));
    };
    check(&["nightjar-protocols", "--benches", "--tests"]);
    check(&["nightjar", "--test", "all"]);
}
