//! Captures of HTTP connections, told message by message, and the logs they make.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::process::Command;

use nightjar::config::Config;
use nightjar::log::Target;
use nightjar::pipeline::{HANG_AFTER, ReplayOptions, Summary, replay};
use serde_json::Value;

/// The link type of packets without a link layer.
const RAW: u32 = 101;
/// Payload bytes of a segment.
const SEGMENT: usize = 1400;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}
pub use Side::{Client, Server};

/// A classic capture of raw IP packets.
pub struct Capture {
    bytes: Vec<u8>,
    /// Milliseconds since the beginning.
    now: u32,
}

/// One connection in a capture.
pub struct Talk<'a> {
    capture: &'a mut Capture,
    client_port: u16,
    server_port: u16,
    /// What each side sends next.
    next: [u32; 2],
}

impl Capture {
    pub fn new() -> Self {
        let mut bytes = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        bytes.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]);
        bytes.extend(RAW.to_le_bytes());
        Capture { bytes, now: 0 }
    }

    /// A connection, from its handshake on.
    pub fn talk(&mut self, client_port: u16, server_port: u16) -> Talk<'_> {
        let mut talk = self.middle(client_port, server_port);
        talk.next = [0, 0];
        talk.packet(Client, SYN, 0, 0, &[]);
        talk.packet(Server, SYN | ACK, 0, 1, &[]);
        talk.next = [1, 1];
        talk.packet(Client, ACK, 1, 1, &[]);
        talk
    }

    /// A connection of which the first packet, the client's SYN, is missing.
    pub fn talk_without_syn(&mut self, client_port: u16, server_port: u16) -> Talk<'_> {
        let mut talk = self.middle(client_port, server_port);
        talk.packet(Server, SYN | ACK, 0, 1, &[]);
        talk.next = [1, 1];
        talk.packet(Client, ACK, 1, 1, &[]);
        talk
    }

    /// A connection whose beginning is missing.
    pub fn middle(&mut self, client_port: u16, server_port: u16) -> Talk<'_> {
        Talk { capture: self, client_port, server_port, next: [1000, 2000] }
    }

    /// Every step takes a millisecond.
    fn packet(&mut self, from: (u8, u16), to: (u8, u16), rest: &[u8]) {
        let mut packet = vec![0x45, 0];
        packet.extend((rest.len() as u16 + 24).to_be_bytes());
        packet.extend([0, 1, 0, 0, 64, 6, 0, 0]);
        packet.extend(Ipv4Addr::new(10, 0, 0, from.0).octets());
        packet.extend(Ipv4Addr::new(10, 0, 0, to.0).octets());
        packet.extend(from.1.to_be_bytes());
        packet.extend(to.1.to_be_bytes());
        packet.extend(rest);
        let len = packet.len() as u32;
        for word in [1_700_000_000 + self.now / 1000, self.now % 1000 * 1000, len, len] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(packet);
        self.now += 1;
    }
}

impl Talk<'_> {
    fn packet(&mut self, from: Side, flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        let mut rest = [seq.to_be_bytes(), ack.to_be_bytes()].concat();
        rest.extend([0x50, flags, 0x20, 0, 0, 0, 0, 0]);
        rest.extend(payload);
        let (client, server) = ((1, self.client_port), (2, self.server_port));
        let (from, to) = if from == Client { (client, server) } else { (server, client) };
        self.capture.packet(from, to, &rest);
    }

    fn ack(&mut self, from: Side) -> &mut Self {
        let (seq, ack) = self.numbers(from);
        self.packet(from, ACK, seq, ack, &[]);
        self
    }

    fn numbers(&self, from: Side) -> (u32, u32) {
        (self.next[from as usize], self.next[1 - from as usize])
    }

    /// Bytes that arrive, in segments, and are acknowledged.
    pub fn send(&mut self, from: Side, bytes: &[u8]) -> &mut Self {
        for piece in bytes.chunks(SEGMENT) {
            let (seq, ack) = self.numbers(from);
            self.packet(from, ACK, seq, ack, piece);
            self.next[from as usize] += piece.len() as u32;
        }
        self.ack(if from == Client { Server } else { Client })
    }

    /// Bytes that arrive, but not at the sensor.
    pub fn lose(&mut self, from: Side, len: u32) -> &mut Self {
        self.next[from as usize] += len;
        self.ack(if from == Client { Server } else { Client })
    }

    pub fn wait(&mut self, seconds: u32) -> &mut Self {
        self.capture.now += seconds * 1000;
        self
    }

    /// Both sides close.
    pub fn close(&mut self) -> &mut Self {
        for from in [Client, Server] {
            let (seq, ack) = self.numbers(from);
            self.packet(from, FIN | ACK, seq, ack, &[]);
            self.next[from as usize] += 1;
        }
        self.ack(Client)
    }

    /// Somebody else closes for both, and neither notices.
    pub fn forge_end(&mut self) -> &mut Self {
        for from in [Client, Server] {
            let (seq, ack) = self.numbers(from);
            self.packet(from, FIN | ACK, seq, ack, &[]);
        }
        self
    }

    pub fn reset(&mut self, from: Side) -> &mut Self {
        let (seq, ack) = self.numbers(from);
        self.packet(from, RST | ACK, seq, ack, &[]);
        self
    }
}

/// A connection to port 80, told by `tell`, alone in its capture.
pub fn one(tell: impl FnOnce(&mut Talk<'_>)) -> Capture {
    let mut capture = Capture::new();
    tell(&mut capture.talk(40_000, 80));
    capture
}

/// Replays a capture; the logs by name, as files of text.
pub fn logs(capture: &Capture, options: &[&str]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let (pcap, logs) = (folder.path().join("capture.pcap"), folder.path().join("logs"));
    std::fs::write(&pcap, &capture.bytes).expect("a capture written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.args(["--quiet", "-C", "-r"]).arg(&pcap).arg("--logdir").arg(&logs).args(options);
    assert!(command.status().expect("nightjar runs").success());
    let files = std::fs::read_dir(&logs).expect("logs").map(|entry| entry.expect("an entry").path());
    let name = |path: &std::path::Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    files.map(|path| (name(&path), std::fs::read_to_string(&path).expect("text"))).collect()
}

/// What a replay's script prints, and what is said of the replay itself.
pub fn printed(capture: &Capture, args: &[&str], script: &str) -> [String; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("capture.pcap"), &capture.bytes).expect("a capture written");
    std::fs::write(folder.path().join("script.zeek"), script).expect("a script written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(folder.path()).args(["-C", "-r", "capture.pcap", "script.zeek"]).args(args);
    let output = command.output().expect("nightjar runs");
    assert!(output.status.success(), "{output:?}");
    [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("text"))
}

/// All rows by log.
pub struct Rows(BTreeMap<String, Vec<Value>>);

pub fn rows_with(capture: &Capture, options: &[&str]) -> Rows {
    let logs = logs(capture, &[&["LogAscii::use_json=T"], options].concat());
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

/// Replays with settings that the command line does not reach.
pub fn summary(capture: &Capture, config: Config) -> Summary {
    let folder = tempfile::tempdir().expect("a folder");
    let pcap = folder.path().join("capture.pcap");
    std::fs::write(&pcap, &capture.bytes).expect("a capture written");
    let options = ReplayOptions {
        capture: pcap,
        filter: None,
        write: None,
        workers: 1,
        target: Target::Folder(folder.path().join("logs")),
        stop: std::sync::Arc::default(),
        in_step: false,
        hang_after: HANG_AFTER,
    };
    let config = Config { ignore_checksums: true, ..config };
    replay(options, config, Vec::new(), None, |_| {}).expect("a replay")
}
