//! What the sensor makes of a capture.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use nightjar::config::Config;
use nightjar::log::Target;
use nightjar::pipeline::{HANG_AFTER, ReplayOptions, Summary, replay};
use serde_json::Value;

use super::Capture;

/// The binary, to be run in `folder`, where its logs go.
pub fn nightjar(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// What a replay of one of the captures that ship prints; its logs are JSON in `folder`.
pub fn shipped(capture: &str, folder: &Path, words: &[&str]) -> String {
    let capture = format!("{}/../pcaps/{capture}.pcap", env!("CARGO_MANIFEST_DIR"));
    let mut command = nightjar(folder);
    let run = command.args(["-C", "--quiet", "-r", &capture, "LogAscii::use_json=T"]).args(words).output();
    let run = run.expect("nightjar runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(String::from_utf8(run.stderr).expect("text"), "");
    String::from_utf8(run.stdout).expect("text")
}

/// The rows of a log that is JSON in `folder`; none where there is no such log.
pub fn rows_in(folder: &Path, log: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(log)).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Runs the binary on a capture, in a folder.
fn run_on(folder: &Path, capture: &Capture, args: &[&str]) -> Output {
    capture.write(&folder.join("capture.pcap"));
    let output = nightjar(folder).args(["-r", "capture.pcap"]).args(args).output().expect("nightjar runs");
    assert!(output.status.success(), "{output:?}");
    output
}

/// Replays a capture; the logs by name, as files of text.
pub fn logs(capture: &Capture, args: &[&str]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    run_on(folder.path(), capture, &[&["--quiet", "--logdir", "logs"], args].concat());
    let files = std::fs::read_dir(folder.path().join("logs")).expect("logs");
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let files = files.map(|entry| entry.expect("an entry").path());
    files.map(|path| (name(&path), std::fs::read_to_string(&path).expect("text"))).collect()
}

/// What a replay's script prints, and what is said of the replay itself.
pub fn printed(capture: &Capture, args: &[&str], script: &str) -> [String; 2] {
    printed_with(capture, args, script, &[])
}

/// The same with other files beside the script: name and text.
pub fn printed_with(capture: &Capture, args: &[&str], script: &str, files: &[(&str, &str)]) -> [String; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [&[("script.zeek", script)], files].concat() {
        std::fs::write(folder.path().join(name), text).expect("a file written");
    }
    let output = run_on(folder.path(), capture, &[&["-C", "script.zeek"], args].concat());
    [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("text"))
}

/// What a replay of a capture says in the end.
pub fn summary(capture: &Capture) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    String::from_utf8(run_on(folder.path(), capture, &[]).stderr).expect("text")
}

/// Replays with settings that the command line does not reach.
pub fn summary_with(capture: &Capture, config: Config) -> Summary {
    let folder = tempfile::tempdir().expect("a folder");
    let pcap = folder.path().join("capture.pcap");
    capture.write(&pcap);
    let options = ReplayOptions {
        asked_logs: None,
        capture: pcap,
        filter: None,
        write: None,
        workers: 1,
        target: Target::Folder(folder.path().join("logs")),
        stop: Arc::default(),
        in_step: false,
        hang_after: HANG_AFTER,
    };
    let config = Config { ignore_checksums: true, ..config };
    replay(options, config, Vec::new(), None, |_| {}).expect("a replay")
}

/// All rows by log, as they are in the files.
pub struct Rows(BTreeMap<String, Vec<Value>>);

pub fn rows_with(capture: &Capture, args: &[&str]) -> Rows {
    let logs = logs(capture, &[&["-C", "LogAscii::use_json=T"], args].concat());
    let parse = |text: String| text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    Rows(logs.into_iter().map(|(name, text)| (name, parse(text))).collect())
}

pub fn rows(capture: &Capture) -> Rows {
    rows_with(capture, &[])
}

impl Rows {
    pub fn of(&self, log: &str) -> &[Value] {
        self.0.get(log).map_or(&[], Vec::as_slice)
    }

    /// The rows of a log in order of time.
    pub fn by_time(&self, log: &str) -> Vec<Value> {
        let mut rows = self.of(log).to_vec();
        rows.sort_by(|a, b| a["ts"].as_f64().partial_cmp(&b["ts"].as_f64()).expect("times"));
        rows
    }

    /// The only row of a log.
    pub fn only(&self, log: &str) -> &Value {
        let rows = self.of(log);
        assert_eq!(rows.len(), 1, "{log}: {rows:#?}");
        &rows[0]
    }

    /// These fields of every row of a log.
    pub fn fields<const N: usize>(&self, log: &str, names: [&str; N]) -> Vec<[Value; N]> {
        self.of(log).iter().map(|row| names.map(|name| row[name].clone())).collect()
    }

    /// Names and sources in weird.log.
    pub fn weirds(&self) -> Vec<(&str, &str)> {
        self.of("weird")
            .iter()
            .map(|row| (row["name"].as_str().unwrap_or(""), row["source"].as_str().unwrap_or("")))
            .collect()
    }
}
