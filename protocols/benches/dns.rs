//! What a query and its reply cost, by kind of traffic, for reading alone and through a session with the answers
//! spelled: `cargo bench -p nightjar-protocols -- dns::`.

use std::hint::black_box;

use divan::Bencher;
use divan::counter::ItemsCount;
use nightjar_protocols::dns::*;

/// Type and data of an answer.
type Answer<'a> = (u16, &'a [u8]);

fn message(id: u16, flags: u16, name: &str, qtype: u16, answers: &[Answer<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [id, flags, 1, answers.len() as u16, 0, 0] {
        out.extend(word.to_be_bytes());
    }
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend(label.bytes());
    }
    out.push(0);
    out.extend(qtype.to_be_bytes());
    out.extend([0, 1]);
    for (rtype, data) in answers {
        out.extend([0xc0, 12]);
        out.extend(rtype.to_be_bytes());
        out.extend([0, 1, 0, 0, 1, 44]);
        out.extend((data.len() as u16).to_be_bytes());
        out.extend_from_slice(data);
    }
    out
}

struct Nothing;

impl Visitor for Nothing {}

impl Sink for Nothing {
    fn row(&mut self, row: &Row) {
        black_box(row);
    }

    fn weird(&mut self, _: Weird) {}

    fn flip_roles(&mut self) {}
}

const ADDRESS6: &[u8] = &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x98];

/// A kind of traffic: its name, type of query, and answers.
type Kind = (&'static str, u16, &'static [Answer<'static>]);

const KINDS: &[Kind] = &[
    ("NXDOMAIN", 1, &[]),
    ("A", 1, &[(1, &[192, 0, 2, 198])]),
    ("AAAA", 28, &[(28, ADDRESS6)]),
    ("TXT", 16, &[(16, b"\x12v=spf1 mx -all txt")]),
    (
        "CNAME and 3 A",
        1,
        &[(5, b"\x03cdn\xc0\x10"), (1, &[192, 0, 2, 1]), (1, &[192, 0, 2, 2]), (1, &[192, 0, 2, 3])],
    ),
];

const NAMES: [&str; 5] = [KINDS[0].0, KINDS[1].0, KINDS[2].0, KINDS[3].0, KINDS[4].0];

/// A query of this kind, and its reply.
fn messages(kind: &str) -> [Vec<u8>; 2] {
    let (_, qtype, answers) = KINDS.iter().find(|(name, ..)| *name == kind).expect("a kind");
    [(0x0100, &[][..]), (0x8180, answers)]
        .map(|(flags, answers)| message(7, flags, "host198.example.com", *qtype, answers))
}

#[divan::bench(args = NAMES)]
fn read(bencher: Bencher, kind: &str) {
    let messages = messages(kind);
    let (mut scratch, options) = (Scratch::default(), Options::default());
    bencher.counter(ItemsCount::new(2u32)).bench_local(|| {
        for message in &messages {
            black_box(parse_message(black_box(message), &options, &mut scratch, &mut Nothing));
        }
    });
}

#[divan::bench(args = NAMES)]
fn through_a_session(bencher: Bencher, kind: &str) {
    let [query, reply] = messages(kind);
    let flow = Flow { orig_port: 40_000, resp_port: 53, transport: Transport::Udp, resp_multicast: false };
    let mut space = Workspace::default();
    bencher.counter(ItemsCount::new(2u32)).bench_local(|| {
        let mut session = Session::default();
        session.message(&mut space, &flow, true, 0, black_box(&query), &mut Nothing);
        session.message(&mut space, &flow, false, 1, black_box(&reply), &mut Nothing);
        session.finish(&mut space, &mut Nothing);
    });
}
