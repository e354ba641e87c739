//! What the tests share: messages put together from parts, and a visitor that writes down what it
//! hears.

mod answers;
mod message;
mod session;
mod stream;

use super::answer::{Spelling, spell};
use super::*;

const QUERY: u16 = 0x0100;
const REPLY: u16 = 0x8180;

/// Bytes from spaced hex.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in {text}");
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// A name in wire format, uncompressed.
fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let mut out: Vec<u8> =
        labels.flat_map(|label| std::iter::once(label.len() as u8).chain(label.bytes())).collect();
    out.push(0);
    out
}

/// A message under construction; the header's counts follow what is added.
#[derive(Clone)]
struct Message(Vec<u8>);

impl Message {
    fn new(id: u16, flags: u16) -> Self {
        let mut bytes = vec![0; 12];
        bytes[..2].copy_from_slice(&id.to_be_bytes());
        bytes[2..4].copy_from_slice(&flags.to_be_bytes());
        Message(bytes)
    }

    fn count(mut self, section: usize, by: u8) -> Self {
        self.0[5 + 2 * section] += by;
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn question(self, owner: &str, qtype: u16) -> Self {
        self.count(0, 1).raw(&name(owner)).raw(&qtype.to_be_bytes()).raw(&[0, 1])
    }

    fn record(self, section: usize, owner: &[u8], rtype: u16, rdata: &[u8]) -> Self {
        self.count(section, 1)
            .raw(owner)
            .raw(&rtype.to_be_bytes())
            .raw(&[0, 1, 0, 0, 1, 44])
            .raw(&(rdata.len() as u16).to_be_bytes())
            .raw(rdata)
    }

    /// An answer whose owner points at the first question.
    fn answer(self, rtype: u16, rdata: &[u8]) -> Self {
        self.record(1, &[0xc0, 12], rtype, rdata)
    }
}

/// What was heard, one line each.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    questions: Vec<String>,
    records: Vec<String>,
    weirds: Vec<String>,
}

impl Visitor for Heard {
    fn question(&mut self, _: &Header, q: &Question<'_>) {
        let (name, original) = (q.name.escape_ascii(), q.original.escape_ascii());
        self.questions.push(format!("{name} {original} {} {}", q.qtype, q.qclass));
    }

    fn record(&mut self, _: &Header, record: &Record<'_>) {
        let mut text = Vec::new();
        let text = match spell(record, &mut text) {
            Spelling::Text => text.escape_ascii().to_string(),
            other => format!("{other:?}"),
        };
        let owner = record.name.escape_ascii();
        self.records.push(format!("{:?} {owner} {} {text}", record.section, record.ttl));
    }

    fn weird(&mut self, weird: Weird) {
        self.weirds.push(format!("{} {weird}", weird.name()).trim_end().to_owned());
    }
}

fn parse_with(message: &[u8], options: Options) -> (Outcome, Heard) {
    let mut heard = Heard::default();
    let outcome = parse_message(message, &options, &mut Scratch::default(), &mut heard);
    (outcome, heard)
}

fn parse(message: &[u8]) -> (Outcome, Heard) {
    parse_with(message, Options::default())
}

#[test]
fn the_committed_seeds_keep_the_invariants() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/dns");
    let mut count = 0;
    for seed in std::fs::read_dir(seeds).unwrap() {
        fuzz::check(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 10, "only {count} seeds");
}

/// The seeds bit by bit: what a fuzzer tries first.
#[test]
fn damaged_seeds_keep_the_invariants() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/dns");
    for seed in std::fs::read_dir(seeds).unwrap() {
        let seed = std::fs::read(seed.unwrap().path()).unwrap();
        for at in 0..seed.len().min(300) {
            fuzz::check(&seed[..at]);
            for value in [0, 0xc0, 0xff, seed[at] ^ 1, seed[at] ^ 0x80] {
                let mut damaged = seed.clone();
                damaged[at] = value;
                fuzz::check(&damaged);
            }
        }
    }
}
