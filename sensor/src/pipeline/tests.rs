//! Captures in, logs out, with the protocol that only tests have.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::config::Config;
use crate::log::Target;
use crate::pipeline::{ReplayOptions, replay};

const FIN: u8 = 1;
const SYN: u8 = 2;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// A capture that is being made: Ethernet, a packet every hundredth of a second.
#[derive(Default)]
struct Capture {
    packets: u32,
    bytes: Vec<u8>,
}

/// A TCP connection in it, from 10.0.0.1.
struct Talk {
    ports: [u16; 2],
    next: [u32; 2],
}

impl Capture {
    fn packet(&mut self, protocol: u8, from: usize, transport: &[u8]) {
        self.packets += 1;
        let hosts = [[10, 0, 0, 1], [10, 0, 0, 2]];
        let mut ip = vec![0x45, 0];
        ip.extend((transport.len() as u16 + 20).to_be_bytes());
        ip.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
        ip.extend([hosts[from], hosts[1 - from]].concat());
        let frame = [&[0; 12][..], &[8, 0], &ip, transport].concat();
        let len = frame.len() as u32;
        for word in [1_700_000_000 + self.packets / 100, self.packets % 100 * 10_000, len, len] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(frame);
    }

    fn udp(&mut self, ports: [u16; 2], from: usize, payload: &[u8]) {
        let words = [ports[from], ports[1 - from], payload.len() as u16 + 8, 0].map(u16::to_be_bytes);
        self.packet(17, from, &[&words.concat(), payload].concat());
    }

    fn segment(&mut self, talk: &mut Talk, from: usize, flags: u8, payload: &[u8]) {
        let mut segment = [talk.ports[from].to_be_bytes(), talk.ports[1 - from].to_be_bytes()].concat();
        segment.extend(talk.next[from].to_be_bytes());
        segment.extend(if flags == SYN { 0 } else { talk.next[1 - from] }.to_be_bytes());
        segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend(payload);
        talk.next[from] += payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.packet(6, from, &segment);
    }

    fn open(&mut self, ports: [u16; 2]) -> Talk {
        let mut talk = Talk { ports, next: [1000, 2000] };
        for (from, flags) in [(0, SYN), (1, SYN | ACK), (0, ACK)] {
            self.segment(&mut talk, from, flags, &[]);
        }
        talk
    }

    fn say(&mut self, talk: &mut Talk, from: usize, what: &[u8]) {
        self.segment(talk, from, PSH | ACK, what);
    }

    fn close(&mut self, mut talk: Talk) {
        for (from, flags) in [(0, FIN | ACK), (1, FIN | ACK), (0, ACK)] {
            self.segment(&mut talk, from, flags, &[]);
        }
    }

    /// The logs, by name, without the lines that tell when they were made.
    fn replay(&self, workers: usize) -> BTreeMap<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let capture = folder.path().join("capture.pcap");
        let mut file = Vec::new();
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&self.bytes);
        std::fs::write(&capture, file).unwrap();
        let options = ReplayOptions {
            asked_logs: None,
            capture,
            filter: None,
            write: None,
            workers,
            target: Target::Folder(folder.path().to_owned()),
            stop: Arc::new(AtomicBool::new(false)),
            in_step: false,
            hang_after: Duration::from_secs(30),
        };
        let config = Config { ignore_checksums: true, ..Config::default() };
        let summary = replay(options, config, Vec::new(), None, |_| {}).unwrap();
        assert!(summary.end.is_ok() && summary.hangs.is_empty());
        logs(folder.path())
    }
}

fn logs(folder: &Path) -> BTreeMap<String, String> {
    let named = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let logs = named.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
    logs.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let rows: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), rows.join("\n"))
    })
    .collect()
}

/// A column of all rows.
fn column(log: &str, at: usize) -> Vec<&str> {
    log.lines().filter_map(|row| row.split('\t').nth(at)).collect()
}

const SERVICE: usize = 7;

/// A query for `a.example`.
const QUERY: &str = "123401000001000000000000016107657861 6d706c650000010001";

#[test]
fn an_analyzer_starts_others_in_its_stream_and_gives_them_messages() {
    let mut capture = Capture::default();
    let mut talk = capture.open([40_000, 7021]);
    capture.say(&mut talk, 0, b"CONTROL\nSTART NOBODY\n");
    capture.say(&mut talk, 1, b"nobody\n");
    capture.say(&mut talk, 0, format!("MESSAGE DNS {}\n", QUERY.replace(' ', "")).as_bytes());
    capture.say(&mut talk, 0, b"MESSAGE NOBODY 00\nSTART HTTP\n");
    capture.say(&mut talk, 0, b"GET /inside HTTP/1.1\r\nHost: h\r\n\r\n");
    capture.say(&mut talk, 1, b"HTTP/1.1 204 No Content\r\n\r\n");
    capture.close(talk);
    let logs = capture.replay(1);
    assert_eq!(column(&logs["conn"], SERVICE), ["test-control,dns,http"]);
    assert!(logs["dns"].contains("a.example"), "{}", logs["dns"]);
    assert!(logs["http"].contains("/inside"), "{}", logs["http"]);
}

#[test]
fn what_is_expected_is_what_was_said_whatever_worker_has_it() {
    let mut capture = Capture::default();
    let (mut controls, mut expected) = (Vec::new(), 0);
    for nth in 0..40 {
        // Half of them are where nobody knows them, and are found by content.
        let port = if nth % 2 == 0 { 7021 } else { 9000 + nth };
        let mut control = capture.open([41_000 + nth, port]);
        for port in [20_000 + nth, 30_000 + nth] {
            capture.say(&mut control, 0, format!("CONTROL\nEXPECT 10.0.0.2 {port}\n").as_bytes());
            for from in [42_000, 43_000] {
                let mut data = capture.open([from + nth, port]);
                capture.say(&mut data, 1, b"SSH-2.0-something\r\n");
                capture.close(data);
                expected += 1;
            }
        }
        controls.push(control);
        // Nobody has spoken of this one yet.
        let stranger = capture.open([44_000 + nth, 20_000 + nth + 1]);
        capture.close(stranger);
    }
    controls.into_iter().for_each(|control| capture.close(control));
    let alone = capture.replay(1);
    let services = column(&alone["conn"], SERVICE);
    assert_eq!(services.iter().filter(|service| **service == "test-data").count(), expected);
    assert_eq!(services.iter().filter(|service| **service == "test-control").count(), 40);
    assert_eq!(services.iter().filter(|service| **service == "-").count(), 40);
    for workers in [2, 3, 4] {
        for _ in 0..5 {
            assert_eq!(capture.replay(workers), alone, "{workers} workers");
        }
    }
}

#[test]
fn datagrams_show_by_their_content_what_they_are() {
    let mut capture = Capture::default();
    // From the first datagram on; after one that says nothing; by the responder; never.
    capture.udp([50_000, 9000], 0, b"HELLO there");
    capture.udp([50_001, 9000], 0, b"nothing");
    capture.udp([50_001, 9000], 0, b"HELLO there");
    capture.udp([50_002, 9000], 0, b"nothing");
    capture.udp([50_002, 9000], 1, b"WELCOME");
    capture.udp([50_003, 9000], 0, b"nothing");
    capture.udp([50_003, 9000], 1, b"nothing");
    capture.udp([50_004, 9000], 0, b"");
    let logs = capture.replay(1);
    let services = ["test-greeting", "test-greeting", "test-greeting", "-", "-"];
    assert_eq!(column(&logs["conn"], SERVICE), services);
}

#[test]
fn what_reads_files_of_a_type_is_given_all_of_them_from_the_beginning() {
    let mut capture = Capture::default();
    for (nth, body) in [&b"%PDF-1.4 first, then the second part"[..], b"plain text of no interest at all...."]
        .into_iter()
        .enumerate()
    {
        let mut talk = capture.open([45_000 + nth as u16, 80]);
        capture.say(&mut talk, 0, b"GET /file HTTP/1.1\r\nHost: h\r\n\r\n");
        capture.say(&mut talk, 1, b"HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n");
        for piece in body.chunks(7) {
            capture.say(&mut talk, 1, piece);
        }
        capture.close(talk);
    }
    let logs = capture.replay(1);
    let read: Vec<&str> = logs["weird"].lines().filter(|row| row.contains("test_file_read")).collect();
    assert!(read.len() == 1 && read[0].contains("true %PDF-1.4 first, then the second part"), "{read:?}");
    let of_pdf = |row: &&str| row.contains("application/pdf") && row.contains("TEST_FILE");
    assert_eq!(logs["files"].lines().filter(of_pdf).count(), 1, "{}", logs["files"]);
}
