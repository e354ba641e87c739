//! Replays in which the analysis of a packet does not end. What spins is there only in builds with debug assertions.
#![cfg(debug_assertions)]

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use super::{capture, complaint, logs, nightjar};

/// Replays a capture whose analysis does not come back from this text.
fn spinning(folder: &Path, capture: &Path, text: &str, args: &[&str]) -> Output {
    let settings = folder.join("sensor.toml");
    std::fs::write(&settings, "[service]\nhang_after = \"1 s\"\n").unwrap();
    let mut command = nightjar(folder);
    command.arg("--config").arg(settings).arg("-r").arg(capture).args(args);
    let begun = Instant::now();
    let output = command.env("NIGHTJAR_TEST_SPIN_AT", text).output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(60), "it took {:?} to notice", begun.elapsed());
    output
}

fn rows(log: &str) -> usize {
    log.lines().filter(|line| !line.starts_with('#')).count()
}

/// Queries and replies of a capture that ships again and again, more than fits the blocks that are read ahead, and
/// behind them a request with `/busy` in it, packet 197 of its own.
fn long(folder: &Path) -> (PathBuf, usize) {
    let (many, http) = (std::fs::read(capture("dns")).unwrap(), std::fs::read(capture("http")).unwrap());
    let mut bytes = http[..24].to_vec();
    let mut copies = 0;
    while bytes.len() < 8 << 20 {
        bytes.extend_from_slice(&many[24..]);
        copies += 1;
    }
    bytes.extend_from_slice(&http[24..]);
    let path = folder.join("long.pcap");
    std::fs::write(&path, bytes).unwrap();
    (path, copies * packets(&many) + 197)
}

fn packets(pcap: &[u8]) -> usize {
    let (mut at, mut count) = (24, 0);
    while let Some(len) = pcap.get(at + 8..at + 12) {
        at += 16 + u32::from_le_bytes(len.try_into().unwrap()) as usize;
        count += 1;
    }
    count
}

#[test]
fn a_replay_that_hangs_ends_and_names_the_packet() {
    let folder = tempfile::tempdir().unwrap();
    let output = spinning(folder.path(), &capture("http"), "GET /busy", &[]);
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    let parts = ["http.pcap: the analysis has hung for ", " s in the analyzer of http, at packet 197 of "];
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    assert!(said.contains(" > 10.98.0.2:80/tcp, C") && said.contains("are lost"), "{said}");
    assert!(said.contains("274 packets, "), "no summary: {said}");
}

#[test]
fn what_was_said_before_a_replay_hung_is_in_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let (capture, number) = long(folder.path());
    let mut of_conn = Vec::new();
    for workers in ["1", "3"] {
        let logdir = folder.path().join(workers);
        let args = ["--workers", workers, "--logdir", logdir.to_str().unwrap()];
        let output = spinning(folder.path(), &capture, "GET /busy", &args);
        let said = complaint(&output);
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains(&format!("at packet {number} of ")), "{said}");
        let logs = logs(&logdir);
        assert!(rows(&logs["dns"]) > 1000, "{said}");
        assert!(logs.values().all(|log| log.contains("\n#close\t") && log.ends_with('\n')), "{said}");
        of_conn.push(rows(&logs["conn"]));
    }
    assert!(of_conn[0] < of_conn[1], "connections of workers that did not hang are ended: {of_conn:?}");
}

#[test]
fn a_capture_that_comes_slowly_is_no_hang() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("sensor.toml");
    std::fs::write(&settings, "[service]\nhang_after = \"1 s\"\n").unwrap();
    let mut command = nightjar(folder.path());
    command.arg("--config").arg(settings).args(["-r", "-"]).stdin(std::process::Stdio::piped());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let bytes = std::fs::read(capture("http")).unwrap();
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    let mut pipe = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut pipe, first).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    std::io::Write::write_all(&mut pipe, rest).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
}
