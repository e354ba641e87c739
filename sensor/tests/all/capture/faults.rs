//! Captures that are cut off or damaged: no panic, no hang, and every whole packet before the fault.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nightjar::capture::file::{self, CaptureError, FileOptions, OpenError};

use super::{Got, drain, open_error, read, read_bytes};
use crate::build::formats::{ETHERNET, MICRO, NANO, Numbers, Order, Pcap, PcapNg, file, gzip, large, zstd};

fn small_pcap() -> Pcap {
    let mut pcap = Pcap::new(Order::Little, MICRO, 1);
    pcap.packet((1, 0), b"one").packet((2, 0), b"").packet((3, 0), &[7; 70]).packet((4, 0), b"four");
    pcap
}

fn small_pcapng() -> PcapNg {
    let mut ng = PcapNg::new(Order::Big);
    ng.interface(ETHERNET, 0, &[(9, vec![9])]);
    ng.enhanced(0, 1, 3, b"one").simple(3, b"two").obsolete(0, 3, &[7; 70]);
    ng
}

#[test]
fn a_pcap_cut_at_every_byte_delivers_the_whole_records() {
    let pcap = small_pcap();
    let all = read_bytes(pcap.bytes());
    for cut in 0..pcap.bytes().len() {
        let bytes = &pcap.bytes()[..cut];
        match cut {
            0 => assert!(matches!(open_error(bytes), OpenError::Empty { .. })),
            1..4 => assert!(matches!(open_error(bytes), OpenError::NotACapture { .. })),
            4..24 => assert!(matches!(
                open_error(bytes),
                OpenError::Header { error: CaptureError::Truncated { .. }, .. }
            )),
            _ => {
                let whole = pcap.ends.iter().filter(|end| **end <= cut).count();
                let (packets, summary) = read(file(bytes).path());
                assert_eq!(packets, all[..whole], "cut at {cut}");
                let start = if whole == 0 { 24 } else { pcap.ends[whole - 1] };
                if cut == start {
                    summary.end.unwrap();
                } else {
                    let Err(CaptureError::Truncated { offset, .. }) = summary.end else {
                        panic!("cut at {cut}: {:?}", summary.end)
                    };
                    assert_eq!(offset, start as u64);
                }
            }
        }
    }
}

#[test]
fn a_pcapng_cut_at_every_byte_delivers_the_whole_blocks() {
    let ng = small_pcapng();
    let all = read_bytes(ng.bytes());
    for cut in 4..ng.bytes().len() {
        let bytes = &ng.bytes()[..cut];
        let blocks = ng.ends.iter().filter(|end| **end <= cut).count();
        let boundary = ng.ends.contains(&cut);
        if blocks < 2 && !boundary {
            assert!(matches!(open_error(bytes), OpenError::Header { .. }), "cut at {cut}");
            continue;
        }
        let (packets, summary) = read(file(bytes).path());
        assert_eq!(packets, all[..blocks.saturating_sub(2)], "cut at {cut}");
        assert_eq!(summary.end.is_ok(), boundary, "cut at {cut}");
    }
}

#[test]
fn a_skipped_block_that_is_cut_off_is_truncated() {
    let mut ng = small_pcapng();
    ng.block(0x4242, |b| {
        b.raw(&vec![1; 2_000_000]);
    });
    let bytes = &ng.bytes()[..ng.bytes().len() - 5];
    let (packets, summary) = read(file(bytes).path());
    assert_eq!(packets.len(), 3);
    assert!(summary.end.unwrap_err().to_string().contains("5 bytes of the last record are missing"));
}

#[test]
fn a_compressed_capture_cut_at_every_byte_delivers_what_came_before() {
    let pcap = small_pcap();
    let all = read_bytes(pcap.bytes());
    for (name, bytes) in [("gzip", gzip(pcap.bytes())), ("zstd", zstd(pcap.bytes()))] {
        assert_eq!(read_bytes(&bytes), all, "{name}");
        for cut in 4..bytes.len() {
            let cut_off = file(&bytes[..cut]);
            match file::open(cut_off.path(), FileOptions::default()) {
                // Not even the capture's own header came out.
                Err(OpenError::Header { error: CaptureError::Truncated { .. }, .. }) => {}
                Err(error) => panic!("{name} cut at {cut}: {error:?}"),
                Ok(mut replay) => {
                    let packets = drain(&mut replay.readers[0]);
                    assert_eq!(packets, all[..packets.len()], "{name} cut at {cut}");
                    let Err(CaptureError::Truncated { reason, .. }) = replay.join().end else {
                        panic!("{name} cut at {cut} ended well")
                    };
                    assert!(reason.contains(name), "{reason}");
                }
            }
        }
    }
}

#[test]
fn a_damaged_compressed_stream_is_corrupt() {
    let mut numbers = Numbers(1);
    let noise: Vec<u8> = (0..100_000).map(|_| numbers.next() as u8).collect();
    let mut pcap = Pcap::new(Order::Little, MICRO, 1);
    noise.chunks(1_000).for_each(|chunk| {
        pcap.packet((1, 0), chunk);
    });
    for (name, mut bytes) in [("gzip", gzip(pcap.bytes())), ("zstd", zstd(pcap.bytes()))] {
        let last = bytes.len() - 2;
        bytes[last] ^= 0xff;
        let (packets, summary) = read(file(&bytes).path());
        assert_eq!(packets.len(), 100, "{name}: only the checksum was damaged");
        match (name, summary.end) {
            // zstd's checksum is an option, which the writer here leaves out.
            ("zstd", _) => {}
            (_, Err(CaptureError::Corrupt { reason, .. })) => assert!(reason.contains(name)),
            (_, end) => panic!("{end:?}"),
        }
    }
}

#[test]
fn a_file_that_becomes_shorter_is_truncated() {
    let pcap = large(6_000);
    let capture = file(pcap.bytes());
    let mut replay = file::open(capture.path(), FileOptions::default()).unwrap();
    // The reader is held up far before that: nobody takes its blocks.
    assert!(pcap.ends[5_900] > 6_000_000);
    capture.as_file().set_len(pcap.ends[5_900] as u64).unwrap();
    let packets = drain(&mut replay.readers[0]);
    let summary = replay.join();
    assert_eq!(packets.len(), 5_901);
    assert!(summary.end.unwrap_err().to_string().contains("became shorter"));
}

/// Flips bits, cuts, repeats and swaps stretches.
fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let other = numbers.below(bytes.len());
        match numbers.below(5) {
            0 => bytes[at] ^= 1 << numbers.below(8),
            1 => bytes[at] = numbers.next() as u8,
            2 => bytes.truncate(at.max(4)),
            3 => bytes.swap(at, other),
            _ => {
                let stretch = bytes[at.min(other)..at.max(other)].to_vec();
                bytes.splice(other..other, stretch);
            }
        }
    }
}

#[test]
fn a_thousand_damaged_captures_neither_panic_nor_hang() {
    let mut nano = Pcap::new(Order::Big, NANO, 1);
    (0..20).for_each(|i| {
        nano.packet((i, i), &vec![i as u8; i as usize * 7]);
    });
    let originals =
        [nano.bytes().to_vec(), small_pcapng().bytes().to_vec(), gzip(nano.bytes()), zstd(nano.bytes())];
    let (done, finished) = mpsc::channel();
    thread::spawn(move || {
        let mut numbers = Numbers(42);
        for round in 0..1_000 {
            let mut bytes = originals[round % originals.len()].clone();
            mutate(&mut bytes, &mut numbers);
            let damaged = file(&bytes);
            if let Ok(mut replay) = file::open(damaged.path(), FileOptions::default()) {
                let packets: Vec<Got> = drain(&mut replay.readers[0]);
                let summary = replay.join();
                assert_eq!(summary.counts.packets, packets.len() as u64);
                assert!(packets.iter().all(|p| p.4.len() <= p.3 as usize));
                assert!(!matches!(summary.end, Err(CaptureError::Internal)));
            }
        }
        done.send(()).unwrap();
    });
    finished.recv_timeout(Duration::from_secs(120)).expect("a damaged capture hangs, or panicked");
}
