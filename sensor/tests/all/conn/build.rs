//! Captures of connections, told packet by packet, and the logs they make.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::process::Command;

use serde_json::Value;

/// A host's address and port.
pub type Host = (Ipv4Addr, u16);

pub const CLIENT: Host = (Ipv4Addr::new(10, 0, 0, 1), 40_000);
pub const SERVER: Host = (Ipv4Addr::new(10, 0, 0, 2), 80);

/// The link type of packets without a link layer.
const RAW: u32 = 101;

/// A classic capture of raw IP packets.
#[derive(Clone)]
pub struct Capture {
    bytes: Vec<u8>,
}

impl Capture {
    pub fn new() -> Self {
        let mut bytes = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        bytes.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]);
        bytes.extend(RAW.to_le_bytes());
        Capture { bytes }
    }

    /// A TCP connection between [`CLIENT`] and [`SERVER`]: packets separated by `|`, each
    /// `MILLISECONDS DIRECTION FLAGS SEQ ACK LENGTH [WINDOW]`.
    pub fn tell(packets: &str) -> Self {
        let mut capture = Capture::new();
        capture.between(CLIENT, SERVER, packets);
        capture
    }

    pub fn between(&mut self, client: Host, server: Host, packets: &str) {
        for packet in packets.split('|') {
            let words: Vec<&str> = packet.split_whitespace().collect();
            let number = |at: usize| words[at].parse::<u32>().expect("a number");
            let (from, to) = if words[1] == ">" { (client, server) } else { (server, client) };
            let flag = |letter| match letter {
                'F' => 1,
                'S' => 2,
                'R' => 4,
                'A' => 16,
                other => panic!("no flag {other}"),
            };
            let window = if words.len() > 6 { number(6) } else { 8192 };
            let mut segment = ports(from, to);
            segment.extend(number(3).to_be_bytes());
            segment.extend(number(4).to_be_bytes());
            segment.extend([0x50, words[2].chars().map(flag).sum()]);
            segment.extend((window as u16).to_be_bytes());
            segment.extend([0; 4]);
            segment.resize(segment.len() + number(5) as usize, b'x');
            self.ip(number(0), 6, from.0, to.0, &segment);
        }
    }

    pub fn udp(&mut self, at: u32, from: Host, to: Host, payload: &[u8]) -> &mut Self {
        self.ip(at, 17, from.0, to.0, &datagram(from, to, payload))
    }

    /// A datagram whose header says that it is so long.
    pub fn udp_saying(&mut self, at: u32, from: Host, to: Host, len: u16, payload: &[u8]) -> &mut Self {
        let mut bytes = datagram(from, to, payload);
        bytes[4..6].copy_from_slice(&len.to_be_bytes());
        self.ip(at, 17, from.0, to.0, &bytes)
    }

    pub fn icmp(
        &mut self,
        at: u32,
        from: Ipv4Addr,
        to: Ipv4Addr,
        kind: u8,
        code: u8,
        data: &[u8],
    ) -> &mut Self {
        self.ip(at, 1, from, to, &[&[kind, code, 0, 0, 0, 0, 0, 0], data].concat())
    }

    pub fn ip(&mut self, at: u32, protocol: u8, from: Ipv4Addr, to: Ipv4Addr, payload: &[u8]) -> &mut Self {
        self.packet(at, &ip(protocol, from, to, payload))
    }

    /// An IP packet as it is.
    pub fn packet(&mut self, at: u32, packet: &[u8]) -> &mut Self {
        let len = packet.len() as u32;
        for word in [1_700_000_000 + at / 1000, at % 1000 * 1000, len, len] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(packet);
        self
    }
}

/// An IPv4 packet.
pub fn ip(protocol: u8, from: Ipv4Addr, to: Ipv4Addr, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend((payload.len() as u16 + 20).to_be_bytes());
    packet.extend([0, 1, 0, 0, 64, protocol, 0, 0]);
    packet.extend(from.octets());
    packet.extend(to.octets());
    set_checksum(&mut packet);
    packet.extend(payload);
    packet
}

/// Of an IPv4 header without options.
pub fn set_checksum(packet: &mut [u8]) {
    packet[10..12].fill(0);
    let sum: u32 = packet[..20].chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let checksum = !((sum & 0xffff) + (sum >> 16)) as u16;
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
}

/// A UDP datagram in an IPv4 packet, without a checksum of its own.
pub fn udp(from: Host, to: Host, payload: &[u8]) -> Vec<u8> {
    ip(17, from.0, to.0, &datagram(from, to, payload))
}

fn datagram(from: Host, to: Host, payload: &[u8]) -> Vec<u8> {
    let mut datagram = ports(from, to);
    datagram.extend((payload.len() as u16 + 8).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

fn ports(from: Host, to: Host) -> Vec<u8> {
    [from.1.to_be_bytes(), to.1.to_be_bytes()].concat()
}

/// Replays a capture; the logs by name.
pub fn replay(capture: &Capture, options: &[&str]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let (pcap, logs) = (folder.path().join("capture.pcap"), folder.path().join("logs"));
    std::fs::write(&pcap, &capture.bytes).expect("a capture written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.args(["--quiet", "-r"]).arg(&pcap).arg("--logdir").arg(&logs).args(options);
    assert!(command.status().expect("nightjar runs").success());
    let files = std::fs::read_dir(&logs).expect("logs").map(|entry| entry.expect("an entry").path());
    let name = |path: &std::path::Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    files.map(|path| (name(&path), std::fs::read_to_string(&path).expect("text"))).collect()
}

/// What a replay of a capture says in the end.
pub fn summary(capture: &Capture) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let pcap = folder.path().join("capture.pcap");
    std::fs::write(&pcap, &capture.bytes).expect("a capture written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    let output = command.arg("-r").arg(&pcap).current_dir(&folder).output().expect("nightjar runs");
    assert!(output.status.success());
    String::from_utf8(output.stderr).expect("text")
}

/// The rows of one log, in order of time.
pub fn rows(capture: Capture, log: &str) -> Vec<Value> {
    let logs = replay(&capture, &["-C", "LogAscii::use_json=T"]);
    let text = logs.get(log).map_or("", |text| text);
    let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    rows.sort_by(|a, b| a["ts"].as_f64().partial_cmp(&b["ts"].as_f64()).expect("times"));
    rows
}

/// The names in weird.log.
pub fn weirds(capture: Capture) -> Vec<String> {
    rows(capture, "weird").iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
}
