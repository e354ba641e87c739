//! Attacks on memory: captures that make a monitor hold state, generated into the binary's standard
//! input and never stored. Resident memory stays under a limit that is stated here, and the summary
//! says what was given up for it.

use std::io::{BufWriter, Write};
use std::process::{ChildStdin, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use super::nightjar;

/// One at a time: they would otherwise take each other's processors and memory.
static ALONE: Mutex<()> = Mutex::new(());

const MIB: u64 = 1 << 20;

/// What the ceilings allow: `Limits::flows` connections that are half open, of at most 500 bytes each, …
const FLOW_TABLE: u64 = 4_000_000 * 500;
/// … up to 1,000 bytes for one that carries data, analyzers and the list of its holes included, …
const BUSY_CONNECTION: u64 = 1_000;
/// … `Limits::reassembly_bytes` of data behind holes, …
const REASSEMBLY: u64 = 512 * MIB;
/// … of one stream no more than Zeek keeps (`tcp_excessive_data_without_further_acks`), …
const ONE_STREAM: u64 = 10 * MIB;
/// … `fragment::Limits::max_bytes` of fragments, …
const FRAGMENTS: u64 = 32 * MIB;
/// … and the rest: the buffers that captures are read into, rows that wait, weirds that were seen, and
/// what the allocator keeps.
const OTHER: u64 = 256 * MIB;
/// Whatever one connection's analyzers are made to wait for: requests, replies, the end of a head.
const ONE_FLOW: u64 = 64 * MIB;

struct Ended {
    peak: u64,
    said: String,
}

impl Ended {
    /// The counter in front of these words of the summary.
    fn count(&self, what: &str) -> u64 {
        let line = self.said.lines().find(|line| line.ends_with(what));
        let line = line.unwrap_or_else(|| panic!("nothing is said about '{what}':\n{}", self.said));
        line.split(' ').next().unwrap().parse().unwrap()
    }
}

/// Runs the binary on what `attack` writes, a pcap file of raw IP packets.
fn under(attack: impl FnOnce(&mut Capture) + Send) -> Ended {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let folder = tempfile::tempdir().unwrap();
    // No rows of connections: it is memory that is measured.
    let mut child = nightjar(folder.path())
        .args(["-C", "-r", "-", "--stdout", "weird"])
        .stdout(Stdio::null())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut capture = Capture::new(child.stdin.take().unwrap());
    let mut peak = 0;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            attack(&mut capture);
            capture.out.flush().unwrap();
        });
        while child.try_wait().unwrap().is_none() {
            peak = resident(child.id()).unwrap_or(0).max(peak);
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let output = child.wait_with_output().unwrap();
    let said = super::complaint(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("a fault of ours"), "{said}");
    eprintln!("peak {} MiB\n{said}", peak / MIB);
    Ended { peak, said }
}

/// The most that a process has had in memory so far, in bytes.
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

struct Capture {
    out: BufWriter<ChildStdin>,
    /// Packet time in microseconds.
    now: u64,
}

impl Capture {
    fn new(out: ChildStdin) -> Self {
        let mut out = BufWriter::with_capacity(1 << 16, out);
        const RAW_IP: u32 = 101;
        for word in [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 65_535, RAW_IP] {
            out.write_all(&u32::to_le_bytes(word)).unwrap();
        }
        Capture { out, now: 1_700_000_000_000_000 }
    }

    /// One IPv4 packet. `fragment` is the identification, flags and offset.
    fn ip(&mut self, protocol: u8, src: u32, dst: u32, fragment: [u16; 2], payload: &[&[u8]]) {
        let len = 20 + payload.iter().map(|part| part.len()).sum::<usize>();
        let record = [(self.now / 1_000_000) as u32, (self.now % 1_000_000) as u32, len as u32, len as u32];
        let mut head = [0; 36];
        for (at, word) in record.iter().enumerate() {
            head[at * 4..at * 4 + 4].copy_from_slice(&word.to_le_bytes());
        }
        let ip = &mut head[16..];
        ip[0] = 0x45;
        ip[2..4].copy_from_slice(&(len as u16).to_be_bytes());
        ip[4..6].copy_from_slice(&fragment[0].to_be_bytes());
        ip[6..8].copy_from_slice(&fragment[1].to_be_bytes());
        (ip[8], ip[9]) = (64, protocol);
        ip[12..16].copy_from_slice(&src.to_be_bytes());
        ip[16..20].copy_from_slice(&dst.to_be_bytes());
        self.out.write_all(&head).unwrap();
        for part in payload {
            self.out.write_all(part).unwrap();
        }
    }

    fn tcp(&mut self, from: (u32, u16), to: (u32, u16), seq: u32, ack: u32, flags: u8, data: &[u8]) {
        let mut head = [0; 20];
        head[0..2].copy_from_slice(&from.1.to_be_bytes());
        head[2..4].copy_from_slice(&to.1.to_be_bytes());
        head[4..8].copy_from_slice(&seq.to_be_bytes());
        head[8..12].copy_from_slice(&ack.to_be_bytes());
        (head[12], head[13]) = (0x50, flags);
        head[14..16].copy_from_slice(&64_240u16.to_be_bytes());
        self.ip(6, from.0, to.0, [0, 0x4000], &[&head, data]);
    }
}

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const CLIENTS: u32 = 0x0a00_0000;
const SERVER: (u32, u16) = (0xc0a8_0001, 80);

#[test]
fn ten_million_syns_in_a_second() {
    const SYNS: u32 = 10_000_000;
    let ended = under(|capture| {
        for n in 0..SYNS {
            capture.now += u64::from(n % 10 == 0);
            capture.tcp((CLIENTS + n / 50_000, 1024 + (n % 50_000) as u16), SERVER, n, 0, SYN, &[]);
        }
    });
    assert!(ended.said.contains("rows: conn 10000000"), "{}", ended.said);
    let evicted = ended.count("connections ended early because the table was full");
    assert_eq!(evicted, u64::from(SYNS) - 4_000_000);
    assert!(ended.peak < FLOW_TABLE + OTHER, "{} MiB", ended.peak / MIB);
}

#[test]
fn fragments_that_never_complete() {
    const DATAGRAMS: u32 = 1_500_000;
    let data = [0x5a; 256];
    let ended = under(|capture| {
        for n in 0..DATAGRAMS {
            capture.now += 10;
            const MORE_FRAGMENTS: u16 = 0x2000;
            let source = CLIENTS + n / 65_536;
            // The first and a later one; what lies between never comes.
            for offset in [0, 64] {
                capture.ip(17, source, SERVER.0, [n as u16, MORE_FRAGMENTS | offset], &[&data]);
            }
        }
    });
    let given_up = ended.count("fragmented datagrams given up because there were too many");
    assert!(given_up > u64::from(DATAGRAMS) - 200_000, "{given_up}");
    assert!(ended.peak < FRAGMENTS + OTHER, "{} MiB", ended.peak / MIB);
}

#[test]
fn connections_with_a_hole_and_data_behind_it() {
    const CONNECTIONS: u32 = 600_000;
    let data = [0x5a; 1460];
    let ended = under(|capture| {
        for n in 0..CONNECTIONS {
            capture.now += 5;
            let client = (CLIENTS + n / 50_000, 1024 + (n % 50_000) as u16);
            capture.tcp(client, SERVER, 999, 0, SYN, &[]);
            capture.tcp(SERVER, client, 4999, 1000, SYN | ACK, &[]);
            capture.tcp(client, SERVER, 1000, 5000, ACK, &[]);
            // What comes before these bytes is never sent.
            capture.tcp(client, SERVER, 2000, 5000, ACK, &data);
        }
    });
    let sent = u64::from(CONNECTIONS) * data.len() as u64;
    let given_up = ended.count("bytes behind gaps given up at a ceiling");
    assert!(given_up >= sent - REASSEMBLY && given_up < sent, "{given_up}");
    let limit = u64::from(CONNECTIONS) * BUSY_CONNECTION + REASSEMBLY + OTHER;
    assert!(ended.peak < limit, "{} of {} MiB", ended.peak / MIB, limit / MIB);
}

#[test]
fn one_connection_with_endless_data_behind_a_hole() {
    let data = [0x5a; 1460];
    let ended = under(|capture| {
        let client = (CLIENTS, 1024);
        capture.tcp(client, SERVER, 999, 0, SYN, &[]);
        capture.tcp(SERVER, client, 4999, 1000, SYN | ACK, &[]);
        // Without data that was acknowledged Zeek, and we, wait for 16 KiB only (`tcp_max_initial_window`).
        capture.tcp(client, SERVER, 1000, 5000, ACK, &data[..10]);
        capture.tcp(SERVER, client, 5000, 1010, ACK, &[]);
        for n in 0..700_000u32 {
            capture.now += 5;
            // Every second segment is missing, and the server says so.
            capture.tcp(client, SERVER, 2460 + n * 2920, 5000, ACK, &data);
            capture.tcp(SERVER, client, 5000, 1010, ACK, &[]);
        }
    });
    ended.count("bytes behind gaps given up at a ceiling");
    assert!(ended.peak < ONE_STREAM + OTHER, "{} MiB", ended.peak / MIB);
}

#[test]
fn requests_that_nobody_answers() {
    const REQUEST: &[u8] =
        b"GET /a/rather/long/path/to/remember HTTP/1.1\r\nHost: victim.example.com\r\n\r\n";
    let batch = REQUEST.repeat(18);
    let ended = under(|capture| {
        let client = (CLIENTS, 1024);
        let mut seq = 1000;
        capture.tcp(client, SERVER, 999, 0, SYN, &[]);
        capture.tcp(SERVER, client, 4999, 1000, SYN | ACK, &[]);
        for _ in 0..60_000 {
            capture.now += 5;
            capture.tcp(client, SERVER, seq, 5000, ACK, &batch);
            seq += batch.len() as u32;
            capture.tcp(SERVER, client, 5000, seq, ACK, &[]);
        }
    });
    assert!(ended.peak < ONE_FLOW, "{} MiB", ended.peak / MIB);
}

#[test]
fn queries_that_nobody_answers() {
    let ended = under(|capture| {
        for n in 0..1_000_000u32 {
            capture.now += 1;
            // Identification, one question: a name of eight bytes, A, IN.
            let id = (n as u16).to_be_bytes();
            let flags = b"\x01\0\0\x01\0\0\0\0\0\0";
            let question = b"\x08aaaaaaaa\0\0\x01\0\x01";
            let length = (8 + id.len() + flags.len() + question.len()) as u8;
            let udp = [4, 0, 0, 53, 0, length, 0, 0];
            capture.ip(17, CLIENTS, SERVER.0, [0, 0], &[&udp, &id, flags, question]);
        }
    });
    assert!(ended.peak < ONE_FLOW, "{} MiB", ended.peak / MIB);
}

#[test]
fn heads_that_never_end() {
    let line = b"X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(20);
    let ended = under(|capture| {
        let (client, mut seq) = ((CLIENTS, 1024), 1000);
        capture.tcp(client, SERVER, 999, 0, SYN, &[]);
        capture.tcp(SERVER, client, 4999, 1000, SYN | ACK, &[]);
        for n in 0..200_000 {
            capture.now += 5;
            let data = if n == 0 { b"GET / HTTP/1.1\r\n" } else { &line[..] };
            capture.tcp(client, SERVER, seq, 5000, ACK, data);
            seq += data.len() as u32;
            capture.tcp(SERVER, client, 5000, seq, ACK, &[]);
        }
    });
    assert!(ended.peak < ONE_FLOW, "{} MiB", ended.peak / MIB);
}
