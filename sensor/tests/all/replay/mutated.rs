//! Damaged captures: whatever the bytes, a run ends by itself, soon, with a code that says how.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{captures, complaint, nightjar};

const VARIANTS: usize = 1_000;
/// Far more than any of these captures takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const PCAP_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

/// SplitMix64: the same variants in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Where the records of a capture are, headers included.
fn records(pcap: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = PCAP_HEADER;
    while at < pcap.len() {
        let len = u32::from_le_bytes(pcap[at + 8..at + 12].try_into().unwrap()) as usize;
        found.push(at..at + RECORD_HEADER + len);
        at += RECORD_HEADER + len;
    }
    found
}

/// One damaged capture. Most damage is to packets, so that it reaches further than the file's reader.
fn mutate(original: &[u8], random: &mut Random) -> Vec<u8> {
    let records = records(original);
    let mut packets: Vec<Vec<u8>> = records.iter().map(|range| original[range.clone()].to_vec()).collect();
    let kind = random.below(10);
    let flips = match kind {
        0..=4 => 1 + random.below(30),
        _ => random.below(3),
    };
    for _ in 0..flips {
        let victim = random.below(packets.len());
        let packet = &mut packets[victim];
        let body = packet.len() - RECORD_HEADER;
        // Half of the flips hit the headers that say how long things are.
        let at = RECORD_HEADER
            + if random.below(2) == 0 { random.below(body.min(80)) } else { random.below(body) };
        match packet.get_mut(at) {
            Some(byte) if random.below(4) == 0 => *byte = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            Some(byte) => *byte ^= 1 << random.below(8),
            None => {}
        }
    }
    match kind {
        5 | 6 => {
            for _ in 0..1 + random.below(10) {
                let (a, b) = (random.below(packets.len()), random.below(packets.len()));
                packets.swap(a, b);
            }
        }
        7 => {
            for _ in 0..1 + random.below(10) {
                let victim = random.below(packets.len());
                if random.below(2) == 0 {
                    packets.insert(victim, packets[victim].clone());
                } else if packets.len() > 1 {
                    packets.remove(victim);
                }
            }
        }
        8 => {
            // Packets that the recorder cut short.
            for _ in 0..1 + random.below(20) {
                let victim = random.below(packets.len());
                let kept = random.below(packets[victim].len() - RECORD_HEADER);
                packets[victim].truncate(RECORD_HEADER + kept);
                packets[victim][8..12].copy_from_slice(&(kept as u32).to_le_bytes());
            }
        }
        _ => {}
    }
    let mut damaged = original[..PCAP_HEADER].to_vec();
    damaged.extend(packets.concat());
    if kind == 9 {
        if random.below(2) == 0 {
            damaged.truncate(random.below(damaged.len()));
        } else {
            let at = random.below(damaged.len());
            damaged[at] ^= 1 << random.below(8);
        }
    }
    damaged
}

fn check(number: usize, capture: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.pcap");
    std::fs::write(&path, bytes).unwrap();
    let started = Instant::now();
    let mut child = nightjar(folder.path())
        .args(["-C", "-r", "damaged.pcap", "--workers", if number.is_multiple_of(4) { "2" } else { "1" }])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("variant {number}, of {capture}, hangs");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().unwrap();
    let said = complaint(&output);
    assert!(matches!(output.status.code(), Some(0 | 1)), "variant {number}, of {capture}: {said}");
    assert!(!said.contains("a fault of ours"), "variant {number}, of {capture}: {said}");
}

#[test]
fn damaged_captures_never_panic_or_hang() {
    let originals: Vec<(String, Vec<u8>)> = captures()
        .into_iter()
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= VARIANTS {
                return;
            }
            let (name, original) = &originals[number % originals.len()];
            check(number, name, &mutate(original, &mut Random(number as u64)));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
}
