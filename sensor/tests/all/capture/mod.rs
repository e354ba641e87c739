//! Replay input: what every format, fault and worker does, on captures written here byte by byte.

mod faults;
mod filter_write;
mod formats;
mod workers;

use std::path::Path;
use std::thread;

use nightjar::capture::file::{self, FileOptions, FileReader, ReadSummary};

use crate::build;

/// A packet as delivered: its number, time in nanoseconds, link type, length on the wire, bytes.
type Got = (u64, i64, u16, u32, Vec<u8>);

fn drain(reader: &mut FileReader) -> Vec<Got> {
    let mut packets = Vec::new();
    while let Some(block) = reader.next_block() {
        assert_eq!(block.packets().len(), block.len());
        packets.extend(block.packets().map(|(n, p)| (n, p.ts.nanos(), p.link, p.wire_len, p.data.to_vec())));
    }
    packets
}

/// Reads with as many workers as asked for, which must all see the same.
fn read_with(path: &Path, options: FileOptions) -> (Vec<Got>, ReadSummary) {
    let mut replay = file::open(path, options).unwrap_or_else(|error| panic!("{error}"));
    let workers: Vec<_> =
        replay.readers.drain(..).map(|mut reader| thread::spawn(move || drain(&mut reader))).collect();
    let mut seen: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    let summary = replay.join();
    let first = seen.pop().unwrap();
    assert!(seen.iter().all(|other| *other == first), "workers saw different packets");
    assert_eq!(summary.counts.packets, first.len() as u64);
    assert_eq!(summary.counts.bytes, first.iter().map(|got| got.4.len() as u64).sum::<u64>());
    assert!(first.iter().zip(1..).all(|(got, number)| got.0 == number), "packets are not numbered from 1");
    (first, summary)
}

fn read(path: &Path) -> (Vec<Got>, ReadSummary) {
    read_with(path, FileOptions::default())
}

/// Reads capture bytes that must end well.
fn read_bytes(bytes: &[u8]) -> Vec<Got> {
    let file = build::formats::file(bytes);
    let (packets, summary) = read(file.path());
    summary.end.unwrap_or_else(|error| panic!("{error}"));
    packets
}

fn open_error(bytes: &[u8]) -> file::OpenError {
    match file::open(build::formats::file(bytes).path(), FileOptions::default()) {
        Ok(_) => panic!("opened"),
        Err(error) => error,
    }
}
