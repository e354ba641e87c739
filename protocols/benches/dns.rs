//! What one DNS message costs: `cargo bench -p nightjar-protocols --bench dns`.
//!
//! Each line is one kind of traffic: nanoseconds per message for reading alone, and for a query and
//! its reply through a session, with the answers spelled.

use nightjar_protocols::dns::*;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 400_000;

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

fn per_message(mut round: impl FnMut(u32)) -> f64 {
    let start = Instant::now();
    (0..ROUNDS).for_each(&mut round);
    start.elapsed().as_nanos() as f64 / f64::from(ROUNDS) / 2.0
}

fn main() {
    let address6: &[u8] = &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x98];
    let chain: [Answer<'_>; 4] =
        [(5, b"\x03cdn\xc0\x10"), (1, &[192, 0, 2, 1]), (1, &[192, 0, 2, 2]), (1, &[192, 0, 2, 3])];
    let kinds: [(&str, u16, &[Answer<'_>]); 5] = [
        ("NXDOMAIN", 1, &[]),
        ("A", 1, &[(1, &[192, 0, 2, 198])]),
        ("AAAA", 28, &[(28, address6)]),
        ("TXT", 16, &[(16, b"\x12v=spf1 mx -all txt")]),
        ("CNAME and 3 A", 1, &chain),
    ];
    let flow = Flow { orig_port: 40_000, resp_port: 53, transport: Transport::Udp, resp_multicast: false };
    println!("{:<16} {:>10} {:>10}", "ns per message", "read", "session");
    for (kind, qtype, answers) in kinds {
        let query = message(7, 0x0100, "host198.example.com", qtype, &[]);
        let reply = message(7, 0x8180, "host198.example.com", qtype, answers);
        let (mut scratch, options) = (Scratch::default(), Options::default());
        let read = per_message(|_| {
            for message in [&query, &reply] {
                black_box(parse_message(black_box(message), &options, &mut scratch, &mut Nothing));
            }
        });
        let mut space = Workspace::default();
        let session = per_message(|round| {
            let mut session = Session::default();
            let now = i64::from(round);
            session.message(&mut space, &flow, true, now, black_box(&query), &mut Nothing);
            session.message(&mut space, &flow, false, now + 1, black_box(&reply), &mut Nothing);
            session.finish(&mut space, &mut Nothing);
        });
        println!("{kind:<16} {read:>10.1} {session:>10.1}");
    }
}
