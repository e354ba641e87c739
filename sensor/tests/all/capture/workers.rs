//! Several readers, readers that go away, and where the bytes come from.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nightjar::capture::file::{self, CaptureError, FileOptions};

use super::{drain, read_bytes, read_with};
use crate::build::formats::{MICRO, Order, Pcap, file, gzip, large, zstd};

#[test]
fn any_number_of_workers_sees_every_packet() {
    let pcap = large(4_000);
    let capture = file(pcap.bytes());
    let read = |workers| read_with(capture.path(), FileOptions { workers, ..FileOptions::default() });
    let (one, summary) = read(1);
    summary.end.unwrap();
    assert_eq!(one.len(), 4_000);
    let mut start = 24 + 16;
    for (packet, end) in one.iter().zip(&pcap.ends) {
        assert!(packet.4 == pcap.bytes()[start..*end], "packet {}", packet.0);
        start = end + 16;
    }
    for workers in [0, 2, 4] {
        assert!(read(workers).0 == one, "{workers} workers");
    }
}

#[test]
fn compressed_captures_are_the_same() {
    let pcap = large(1_500);
    let plain = read_bytes(pcap.bytes());
    assert!(read_bytes(&gzip(pcap.bytes())) == plain);
    assert!(read_bytes(&zstd(pcap.bytes())) == plain);
    // Several members and frames, as parallel compressors write.
    let (front, back) = pcap.bytes().split_at(777_777);
    assert!(read_bytes(&[gzip(front), gzip(back)].concat()) == plain);
    assert!(read_bytes(&[zstd(front), zstd(back)].concat()) == plain);
    // A frame to be skipped in front, as pzstd puts there.
    let skippable = b"\x50\x2a\x4d\x18\x04\0\0\0size";
    assert!(read_bytes(&[skippable, zstd(pcap.bytes()).as_slice()].concat()) == plain);
}

#[test]
fn progress_counts_bytes_of_the_file() {
    let pcap = large(1_500);
    let bytes = zstd(pcap.bytes());
    let capture = file(&bytes);
    let mut replay = file::open(capture.path(), FileOptions::default()).unwrap();
    let progress = replay.progress.clone();
    drain(&mut replay.readers[0]);
    replay.join().end.unwrap();
    assert_eq!((progress.read(), progress.total()), (bytes.len() as u64, Some(bytes.len() as u64)));
}

#[test]
fn a_worker_that_goes_away_holds_up_nobody() {
    let capture = file(large(8_000).bytes());
    let mut replay =
        file::open(capture.path(), FileOptions { workers: 3, ..FileOptions::default() }).unwrap();
    let (done, finished) = mpsc::channel();
    let mut readers = replay.readers.drain(..);
    let (never_read, mut leaves, mut stays) =
        (readers.next().unwrap(), readers.next().unwrap(), readers.next().unwrap());
    drop(readers);
    thread::spawn(move || {
        assert!(!leaves.next_block().unwrap().is_empty());
        // By now the queue of `never_read` is filling up.
        thread::sleep(Duration::from_millis(50));
        drop(never_read);
    });
    thread::spawn(move || {
        let packets = drain(&mut stays).len();
        done.send((packets, replay.join())).unwrap();
    });
    let (packets, summary) = finished.recv_timeout(Duration::from_secs(60)).expect("the reader hangs");
    assert_eq!(packets, 8_000);
    summary.end.unwrap();
}

#[test]
fn with_all_workers_gone_the_reader_stops() {
    let capture = file(large(8_000).bytes());
    let replay = file::open(capture.path(), FileOptions { workers: 2, ..FileOptions::default() }).unwrap();
    let (done, finished) = mpsc::channel();
    thread::spawn(move || done.send(replay.join()).unwrap());
    let summary = finished.recv_timeout(Duration::from_secs(60)).expect("the reader hangs");
    assert!(matches!(summary.end, Err(CaptureError::Abandoned)), "{:?}", summary.end);
}

#[test]
fn packets_of_a_slow_pipe_come_before_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut pcap = Pcap::new(Order::Little, MICRO, 1);
    pcap.packet((1, 0), b"first").packet((2, 0), b"second");
    let (bytes, first) = (pcap.bytes().to_vec(), pcap.ends[0]);
    let (go_on, wait) = mpsc::channel();
    let writer = {
        let path = path.clone();
        thread::spawn(move || {
            let mut pipe = File::options().write(true).open(path).unwrap();
            // Some bytes into the second record.
            pipe.write_all(&bytes[..first + 3]).unwrap();
            wait.recv_timeout(Duration::from_secs(60)).expect("the first packet does not come");
            pipe.write_all(&bytes[first + 3..]).unwrap();
        })
    };
    let mut replay = file::open(&path, FileOptions::default()).unwrap();
    assert_eq!(replay.progress.total(), None);
    let reader = &mut replay.readers[0];
    assert_eq!(reader.next_block().unwrap().packets().next().unwrap().1.data, b"first");
    go_on.send(()).unwrap();
    assert_eq!(reader.next_block().unwrap().packets().next().unwrap().1.data, b"second");
    assert!(reader.next_block().is_none());
    replay.join().end.unwrap();
    writer.join().unwrap();
}

#[test]
fn reads_standard_input() {
    let pcap = large(500);
    let nightjar = |stdin: Stdio| {
        Command::new(env!("CARGO_BIN_EXE_nightjar"))
            .args(["-r", "-", "--stdout", "conn"])
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    for input in [pcap.bytes().to_vec(), gzip(pcap.bytes()), zstd(pcap.bytes())] {
        let from_file = nightjar(File::open(file(&input).path()).unwrap().into());
        let mut from_pipe = nightjar(Stdio::piped());
        from_pipe.stdin.take().unwrap().write_all(&input).unwrap();
        for run in [from_file, from_pipe] {
            let output = run.wait_with_output().unwrap();
            let summary = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success() && summary.starts_with("500 packets, "), "{summary}");
        }
    }
}
