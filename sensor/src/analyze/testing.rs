//! A protocol that only tests have, which does with other analyzers what its lines say.

use std::net::IpAddr;

use nightjar_protocols::probe::Probe;

use crate::analyze::{
    Analyzer, Child, Expectation, FileAnalyzer, FileLink, FileSpec, Kind, Link, Named, Protocol, Signature,
    Spec,
};
use crate::event::Proto;
use crate::flow::Dir;
use crate::time::Interval;

pub const PROTOCOL: Protocol = Protocol {
    name: "testing",
    analyzers: &[&CONTROL, &DATA, &GREETING],
    file_analyzers: &[&FileSpec {
        name: "TEST_FILE",
        mime_types: &["application/pdf"],
        new: Some(|_| Box::new(ReadFile::default())),
    }],
    expects: true,
    ..Protocol::NOTHING
};

const CONTROL_PORT: u16 = 7021;

/// Lines from the originator: `EXPECT host port`, `START analyzer`, `MESSAGE analyzer hex`, `END`.
static CONTROL: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "TEST_CONTROL", service: "test-control" },
    ports: &[(Proto::Tcp, CONTROL_PORT)],
    signatures: &[Signature { over: Proto::Tcp, of: Dir::Orig, probe: |bytes| begins(bytes, b"CONTROL\n") }],
    both: false,
    new: |_, _| Box::new(Control::default()),
};

/// What control connections expect.
static DATA: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "TEST_DATA", service: "test-data" },
    ports: &[],
    signatures: &[],
    both: false,
    new: |_, _| Box::new(Data),
};

/// What is found by content alone.
static GREETING: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "TEST_GREETING", service: "test-greeting" },
    ports: &[],
    signatures: &[
        Signature { over: Proto::Udp, of: Dir::Orig, probe: |bytes| begins(bytes, b"HELLO") },
        Signature { over: Proto::Udp, of: Dir::Resp, probe: |bytes| begins(bytes, b"WELCOME") },
    ],
    both: false,
    new: |_, _| Box::new(Greeting),
};

fn begins(bytes: &[u8], with: &[u8]) -> Probe {
    match bytes.len().min(with.len()) {
        len if bytes[..len] != with[..len] => Probe::NoMatch,
        len if len < with.len() => Probe::NeedMore,
        _ => Probe::Match,
    }
}

#[derive(Default)]
struct Control {
    line: Vec<u8>,
    inner: Option<Child>,
}

impl Analyzer for Control {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        if self.inner.is_some() {
            return link.pass_on(dir, bytes);
        }
        link.confirm();
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n').filter(|_| dir.is_orig()) {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            let line = String::from_utf8(line).unwrap();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["EXPECT", host, port] => {
                    link.expect(&Expectation {
                        orig: None,
                        resp: host.parse::<IpAddr>().unwrap(),
                        resp_p: port.parse().unwrap(),
                        proto: Proto::Tcp,
                        analyzer: DATA.named.name,
                        timeout: Interval::from_secs(300),
                    });
                }
                ["START", name] => self.inner = link.start(name),
                ["MESSAGE", name, hex] => {
                    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
                    let message: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
                    if let Some(child) = link.start(name) {
                        link.pass_message(child, dir, &message);
                        link.end_inner(child);
                    }
                }
                _ => {}
            }
        }
    }
}

struct Data;

impl Analyzer for Data {
    fn begin(&mut self, link: &mut Link<'_, '_>) {
        link.flow.add_service(DATA.named.service);
    }
}

/// Tells of a file by an oddity.
#[derive(Default)]
struct ReadFile(Vec<u8>);

impl FileAnalyzer for ReadFile {
    fn data(&mut self, _: &mut FileLink<'_, '_>, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn gap(&mut self, _: &mut FileLink<'_, '_>, len: u64) {
        self.0.extend(format!("[{len} missing]").as_bytes());
    }

    fn done(&mut self, link: &mut FileLink<'_, '_>, complete: bool) {
        let text = format!("{complete} {}", String::from_utf8_lossy(&self.0));
        link.flow.weird_about(link.cx, "test_file_read", "TEST", text);
    }
}

struct Greeting;

impl Analyzer for Greeting {
    fn datagram(&mut self, link: &mut Link<'_, '_>, _: Dir, _: &[u8]) {
        link.confirm();
    }
}
