//! Captures made in code: who asks what when, and what is answered.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use crate::detect::each::Run;

/// The link type of packets without a link layer.
const RAW: u32 = 101;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

/// The server of all captures.
pub const SERVER: &str = "10.0.0.2";
const SERVER_V6: &str = "fd00::2";

/// Packets by microseconds since the beginning.
#[derive(Default)]
pub struct Capture {
    packets: BTreeMap<(u64, usize), Vec<u8>>,
    port: u16,
}

/// One end of a connection, and where the next packet goes.
struct Talk {
    client: IpAddr,
    server: IpAddr,
    ports: [u16; 2],
    next: [u32; 2],
    at: u64,
}

impl Capture {
    fn put(&mut self, talk: &mut Talk, from_client: bool, flags: u8, payload: &[u8]) {
        let (from, to) = if from_client { (0, 1) } else { (1, 0) };
        let ends = [talk.client, talk.server];
        let mut tcp = [talk.ports[from].to_be_bytes(), talk.ports[to].to_be_bytes()].concat();
        tcp.extend(talk.next[from].to_be_bytes());
        tcp.extend(if flags & ACK != 0 { talk.next[to] } else { 0 }.to_be_bytes());
        tcp.extend([0x50, flags, 0x20, 0, 0, 0, 0, 0]);
        tcp.extend(payload);
        let mut packet = match ends[from] {
            IpAddr::V4(_) => {
                let len = (tcp.len() as u16 + 20).to_be_bytes();
                vec![0x45, 0, len[0], len[1], 0, 1, 0, 0, 64, 6, 0, 0]
            }
            IpAddr::V6(_) => {
                let len = (tcp.len() as u16).to_be_bytes();
                vec![0x60, 0, 0, 0, len[0], len[1], 6, 64]
            }
        };
        for end in [ends[from], ends[to]] {
            match end {
                IpAddr::V4(addr) => packet.extend(addr.octets()),
                IpAddr::V6(addr) => packet.extend(addr.octets()),
            }
        }
        packet.extend(tcp);
        self.packets.insert((talk.at, self.packets.len()), packet);
        talk.next[from] =
            talk.next[from].wrapping_add(payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
        talk.at += 100;
    }

    fn talk(&mut self, at: f64, client: &str, port: u16) -> Talk {
        let client: IpAddr = client.parse().expect("an address");
        let server = if client.is_ipv4() { SERVER } else { SERVER_V6 };
        self.port = self.port % 20_000 + 1;
        Talk {
            client,
            server: server.parse().expect("an address"),
            ports: [20_000 + self.port, port],
            next: [1000, 2000],
            at: (at * 1e6) as u64,
        }
    }

    fn open(&mut self, at: f64, client: &str) -> Talk {
        let mut talk = self.talk(at, client, 80);
        self.put(&mut talk, true, SYN, &[]);
        self.put(&mut talk, false, SYN | ACK, &[]);
        self.put(&mut talk, true, ACK, &[]);
        talk
    }

    /// A connection with one request and its reply: lines end in `\n` here, and the end of a head is added.
    pub fn ask(&mut self, at: f64, client: &str, request: &str, reply: &str) {
        let wire = |text: &str| match text.split_once("\n\n") {
            Some((head, body)) => format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n")),
            None => format!("{}\r\n\r\n", text.replace('\n', "\r\n")),
        };
        let mut talk = self.open(at, client);
        self.put(&mut talk, true, ACK, wire(request).as_bytes());
        self.put(&mut talk, false, ACK, wire(reply).as_bytes());
        self.put(&mut talk, true, FIN | ACK, &[]);
        self.put(&mut talk, false, FIN | ACK, &[]);
        self.put(&mut talk, true, ACK, &[]);
    }

    /// A connection that is left open after this was sent, and that answered, where there is an answer.
    pub fn leave(&mut self, at: f64, client: &str, sent: &str, answer: &str) {
        let mut talk = self.open(at, client);
        self.put(&mut talk, true, ACK, sent.replace('\n', "\r\n").as_bytes());
        let answer = if answer.is_empty() { String::new() } else { format!("{answer}\n\n") };
        self.put(&mut talk, false, ACK, answer.replace('\n', "\r\n").as_bytes());
    }

    /// Pieces of a request with a pause before each; the connection stays open.
    pub fn dribble(&mut self, at: f64, client: &str, pause: f64, pieces: &[&str]) {
        let mut talk = self.open(at, client);
        for piece in pieces {
            talk.at += (pause * 1e6) as u64;
            self.put(&mut talk, true, ACK, piece.replace('\n', "\r\n").as_bytes());
            self.put(&mut talk, false, ACK, &[]);
        }
    }

    /// A SYN, and what comes of it.
    pub fn knock(&mut self, at: f64, client: &str, port: u16, answer: Answer) {
        let mut talk = self.talk(at, client, port);
        self.put(&mut talk, true, SYN, &[]);
        match answer {
            Answer::Nothing => {}
            Answer::Reset => self.put(&mut talk, false, RST | ACK, &[]),
            Answer::HalfOpen => self.put(&mut talk, false, SYN | ACK, &[]),
        }
    }

    fn write(&self, path: &Path) {
        let mut bytes = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        bytes.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]);
        bytes.extend(RAW.to_le_bytes());
        for ((at, _), packet) in &self.packets {
            let len = packet.len() as u32;
            for word in [1_700_000_000 + (at / 1_000_000) as u32, (at % 1_000_000) as u32, len, len] {
                bytes.extend(word.to_le_bytes());
            }
            bytes.extend(packet);
        }
        std::fs::write(path, bytes).expect("a capture written");
    }

    /// Runs a detection over it, with one worker and with four, which must write the same.
    pub fn detect(&self, detection: &str, args: &[&str]) -> Run {
        let script = format!("policy/{detection}");
        let run = |workers: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            let capture = folder.path().join("capture.pcap");
            self.write(&capture);
            let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
            command.current_dir(folder.path()).args(["--quiet", "-C", "--workers", workers, "-r"]);
            let output = command.arg(&capture).arg(&script).args(args).output().expect("nightjar runs");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && errors.is_empty(), "{errors}");
            Run::of(folder.path(), output.stdout)
        };
        let one = run("1");
        assert_eq!(one, run("4"), "{detection}: 1 and 4 workers differ");
        one
    }
}

#[derive(Clone, Copy)]
pub enum Answer {
    Nothing,
    Reset,
    HalfOpen,
}
