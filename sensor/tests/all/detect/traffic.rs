//! What detections look at: who asks what when, and what is answered. Times are in seconds.

use std::net::IpAddr;

use crate::build::{ACK, Capture, Client, FIN, Host, RST, SERVER, SYN, Server, Talk, nightjar};
use crate::detect::each::Run;

const SERVER_V6: &str = "fd00::2";

#[derive(Clone, Copy)]
pub enum Answer {
    Nothing,
    Reset,
    HalfOpen,
}

/// Lines that end in `\n`, as they are on the wire.
fn lines(text: &str) -> String {
    text.replace('\n', "\r\n")
}

impl Capture {
    fn begin(&mut self, at: f64, client: &str, port: u16) -> Talk<'_> {
        let client: Host = (client.parse().expect("an address"), self.port());
        let server: IpAddr =
            if client.0.is_ipv4() { SERVER.0 } else { SERVER_V6.parse().expect("an address") };
        self.talk_at((at * 1e6) as u64, client, (server, port))
    }

    fn open(&mut self, at: f64, client: &str) -> Talk<'_> {
        let mut talk = self.begin(at, client, 80);
        talk.handshake();
        talk
    }

    /// A connection with one request and its reply: lines end in `\n` here, and the end of a head is added.
    pub fn ask(&mut self, at: f64, client: &str, request: &str, reply: &str) {
        let wire = |text: &str| match text.split_once("\n\n") {
            Some((head, body)) => format!("{}\r\n\r\n{body}", lines(head)),
            None => format!("{}\r\n\r\n", lines(text)),
        };
        let mut talk = self.open(at, client);
        talk.put(Client, ACK, wire(request).as_bytes()).put(Server, ACK, wire(reply).as_bytes());
        talk.put(Client, FIN | ACK, &[]).put(Server, FIN | ACK, &[]).ack(Client);
    }

    /// A connection that is left open after this was sent, and that answered, where there is an answer.
    pub fn leave(&mut self, at: f64, client: &str, sent: &str, answer: &str) {
        let answer = if answer.is_empty() { String::new() } else { format!("{answer}\n\n") };
        let mut talk = self.open(at, client);
        talk.put(Client, ACK, lines(sent).as_bytes()).put(Server, ACK, lines(&answer).as_bytes());
    }

    /// Pieces of a request with a pause before each; the connection stays open.
    pub fn dribble(&mut self, at: f64, client: &str, pause: f64, pieces: &[&str]) {
        let mut talk = self.open(at, client);
        for piece in pieces {
            talk.pause((pause * 1e6) as u64);
            talk.put(Client, ACK, lines(piece).as_bytes()).ack(Server);
        }
    }

    /// A SYN, and what comes of it.
    pub fn knock(&mut self, at: f64, client: &str, port: u16, answer: Answer) {
        let mut talk = self.begin(at, client, port);
        talk.put(Client, SYN, &[]);
        match answer {
            Answer::Nothing => {}
            Answer::Reset => drop(talk.put(Server, RST | ACK, &[])),
            Answer::HalfOpen => drop(talk.put(Server, SYN | ACK, &[])),
        }
    }

    /// Runs a detection over it, with one worker and with four, which must write the same.
    pub fn detect(&self, detection: &str, args: &[&str]) -> Run {
        let script = format!("policy/{detection}");
        let mut sorted = self.clone();
        sorted.sort();
        let run = |workers: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            sorted.write(&folder.path().join("capture.pcap"));
            let mut command = nightjar(folder.path());
            command.args(["--quiet", "-C", "--workers", workers, "-r", "capture.pcap", &script]).args(args);
            let output = command.output().expect("nightjar runs");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && errors.is_empty(), "{errors}");
            Run::of(folder.path(), output.stdout)
        };
        let one = run("1");
        assert_eq!(one, run("4"), "{detection}: 1 and 4 workers differ");
        one
    }
}
