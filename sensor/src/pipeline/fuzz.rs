//! What must hold whatever packets come: for `fuzz/fuzz_targets/packets.rs` and for the tests.
//!
//! The input spells out packets of a few connections that do what real ones do and what none should: data out of
//! order, twice, and twice with other content, holes, acknowledgements of what never was, SYNs in the middle, resets,
//! sequence numbers that wrap, fragments that overlap, tunnels, captures cut short, clocks set back.

use std::collections::BTreeMap;
use std::sync::Arc;

use nightjar_protocols::wire::numbers::ipproto;

use crate::capture::Packet;
use crate::config::{Config, Limits};
use crate::event::Emitted;
use crate::pipeline::worker::{Shard, Worker, WorkerStats};
use crate::time::{Interval, Time};

/// Bytes of input that spell out one packet.
pub const STEP: usize = 8;

/// Plays the packets that `input` spells out to one worker, and to three that share the work. Panics where analysis
/// fails, where a connection has not exactly one row, where counters do not add up, where something is still held when
/// all is over, or where three workers say something else than one. Returns how many packets there were.
pub fn check(input: &[u8]) -> usize {
    let Some((&mode, steps)) = input.split_first() else { return 0 };
    let packets = Script::packets(steps);
    // At a ceiling each worker has to give up flows of its own, so that several say something else than one.
    let tight = mode.is_multiple_of(4);
    let one = play(&packets, tight, 1);
    let stats = &one.stats[0];
    assert_eq!(
        one.rows.get("conn").map_or(0, Vec::len) as u64,
        stats.flow.opened(),
        "a row for each connection"
    );
    if tight {
        assert!(stats.flow.most_open <= TIGHT.flows as u64, "no more flows than there may be");
    } else {
        assert_eq!(stats.flow.evicted, 0);
        let three = play(&packets, tight, 3);
        assert_eq!(one.rows, three.rows, "as with one worker");
    }
    packets.len()
}

/// Ceilings low enough to be reached.
const TIGHT: Limits = Limits {
    flows: 4,
    reassembly_bytes: 4096,
    open_files: 1,
    file_bytes: 512,
    http_bytes: 512,
    handshake_bytes: 512,
    inflating: 1,
};

struct Played {
    /// Rows of each log, sorted.
    rows: BTreeMap<&'static str, Vec<Vec<u8>>>,
    stats: Vec<WorkerStats>,
}

fn play(packets: &[Made], tight: bool, count: usize) -> Played {
    let limits = if tight { TIGHT } else { Limits::default() };
    let config = Arc::new(Config { ignore_checksums: true, limits, ..Config::default() });
    let mut played = Played { rows: BTreeMap::new(), stats: Vec::new() };
    for index in 0..count {
        let mut worker = Worker::new(config.clone(), Shard { index, count });
        for (number, packet) in packets.iter().enumerate() {
            worker.packet(number as u64 + 1, &packet.as_packet());
            if number.is_multiple_of(64) {
                worker.check();
                played.take(&mut worker);
            }
        }
        worker.check();
        let mut ending = worker.end();
        while worker.end_some(&mut ending) {}
        played.take(&mut worker);
        worker.check();
        let stats = worker.stats();
        let (flow, files) = (&stats.flow, &stats.analyze.of.files);
        assert_eq!((stats.panics, flow.lost), (0, 0), "nothing fails");
        assert_eq!(flow.open_by_proto, [0; 3], "all connections have ended");
        assert_eq!(flow.reassembly_bytes, 0, "nothing waits behind a hole");
        assert_eq!((files.open, files.bytes), (0, 0), "no file is open");
        assert_eq!(stats.analyze.of.dns.waiting, 0, "no query waits");
        assert!(flow.gaps <= flow.acks && flow.tcp_one_sided <= flow.tcp_ended);
        played.stats.push(stats);
    }
    played.rows.values_mut().for_each(|rows| rows.sort_unstable());
    played
}

impl Played {
    fn take(&mut self, worker: &mut Worker) {
        let batch = worker.take();
        for item in &batch.items {
            if let Emitted::Row { schema, start, end } = item.emitted {
                let row = batch.arena.bytes.get(start..end).unwrap_or_default().to_vec();
                self.rows.entry(schema.path).or_default().push(row);
            }
        }
        batch.give_back();
    }
}

/// One packet, of raw IP.
struct Made {
    at: Time,
    data: Vec<u8>,
    wire_len: u32,
}

/// `LINKTYPE_RAW`.
const RAW: u16 = 101;

impl Made {
    fn as_packet(&self) -> Packet<'_> {
        Packet { ts: self.at, link: RAW, wire_len: self.wire_len, data: &self.data }
    }
}

/// Who talks, and how far each has come.
struct Script {
    now: Time,
    /// For each connection the next sequence number of client and server.
    next: [[u32; 2]; CONNECTIONS],
    id: u16,
    made: Vec<Made>,
}

const CONNECTIONS: usize = 8;
const SERVERS: [u16; 4] = [80, 8080, 53, 2000];

/// What client and server say, over and over, each at its place in the stream: HTTP that has all sorts of bodies.
const CLIENT_SAYS: &[u8] =
    b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello\
    HEAD /c HTTP/1.0\r\n\r\nPUT /d HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
const SERVER_SAYS: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello there\
    HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\n\r\n\
    HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/20\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0";
const DNS_QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x01\0\x01";

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

impl Script {
    fn packets(input: &[u8]) -> Vec<Made> {
        // Half of the connections are about to wrap.
        let begin = |nth: usize| [[1000, 2000], [u32::MAX - 40, u32::MAX - 60]][nth % 2];
        let mut script = Script {
            now: Time::from_nanos(1_700_000_000_000_000_000),
            next: std::array::from_fn(begin),
            id: 0,
            made: Vec::new(),
        };
        input.as_chunks().0.iter().for_each(|step| script.step(step));
        script.made
    }

    fn step(&mut self, step: &[u8; STEP]) {
        let [kind, who, offset, ack, len, fill, pause, wrap] = *step;
        self.pass(pause);
        let (conn, from) = (usize::from(who) % CONNECTIONS, usize::from(who >> 7));
        let hosts = [[10, 0, 0, 1 + conn as u8 / 4], [10, 0, 1, 1]];
        let ports = [40_000 + conn as u16, SERVERS[conn % SERVERS.len()]];
        let payload = self.payload(conn, from, offset, len, fill);
        let (protocol, mut data) = match kind % 16 {
            0 => (ipproto::UDP, udp(ports, from, &payload, fill)),
            1 => (ipproto::ICMP, [&[[8, 0][from], 0, 0, 0, 0, 1, 0, 1], &payload[..]].concat()),
            _ => (ipproto::TCP, self.tcp(conn, ports, from, kind, [offset, ack], &payload)),
        };
        if fill == 7 {
            data.truncate(usize::from(len) % 24);
        }
        self.send(protocol, [hosts[from], hosts[1 - from]], data, wrap);
    }

    /// Lets time go by: mostly little, sometimes minutes, seldom back.
    fn pass(&mut self, pause: u8) {
        self.now = match pause {
            0..=199 => self.now + Interval::from_nanos(i64::from(pause) * 100_000),
            200..=239 => self.now + Interval::from_nanos(i64::from(pause - 200) * 250_000_000),
            240..=250 => self.now + Interval::from_secs(i64::from(pause - 239) * 40),
            _ => Time::from_nanos(self.now.nanos() - i64::from(pause - 250) * 1_000_000_000),
        };
    }

    /// A sequence number near what is next: as a rule just that.
    fn near(next: u32, offset: u8) -> u32 {
        match offset {
            0..=159 => next,
            160..=219 => next.wrapping_add(u32::from(offset - 160)),
            220..=249 => next.wrapping_sub(u32::from(offset - 219)),
            250..=252 => next.wrapping_add(1 << (offset - 230)),
            _ => next.wrapping_sub(1 << (offset - 230)),
        }
    }

    /// What is said at that place, as a rule.
    fn payload(&self, conn: usize, from: usize, offset: u8, len: u8, fill: u8) -> Vec<u8> {
        let says =
            if SERVERS[conn % SERVERS.len()] == 53 { DNS_QUERY } else { [CLIENT_SAYS, SERVER_SAYS][from] };
        let begin = Script::near(self.next[conn][from], offset).wrapping_add(40) as usize;
        // Longer ones reach over what waits behind several holes.
        let len = if len >= 250 { 700 } else { usize::from(len) % 100 };
        (begin..begin.wrapping_add(len))
            .map(|at| if fill < 32 { fill ^ at as u8 } else { says[at % says.len()] })
            .collect()
    }

    fn tcp(
        &mut self,
        conn: usize,
        ports: [u16; 2],
        from: usize,
        kind: u8,
        near: [u8; 2],
        payload: &[u8],
    ) -> Vec<u8> {
        let (next, peer) = (self.next[conn][from], self.next[conn][1 - from]);
        let flags = match kind / 16 {
            0 => SYN,
            1 => SYN | ACK,
            2 => FIN | ACK,
            3 if kind % 16 < 6 => RST,
            4 if kind % 16 < 6 => kind,
            _ => ACK,
        };
        let [seq, ack] = [Script::near(next, near[0]), Script::near(peer, near[1])];
        // What is only acknowledged carries nothing.
        let payload = if kind / 16 >= 12 || flags & (SYN | RST) != 0 && !kind.is_multiple_of(3) {
            &[]
        } else {
            payload
        };
        let end = seq.wrapping_add(payload.len() as u32).wrapping_add(u32::from(flags & (SYN | FIN) != 0));
        if (end.wrapping_sub(next) as i32) > 0 && near[0] < 250 {
            self.next[conn][from] = end;
        }
        let mut segment = [ports[from].to_be_bytes(), ports[1 - from].to_be_bytes()].concat();
        segment.extend(seq.to_be_bytes());
        segment.extend(ack.to_be_bytes());
        segment.extend([0x50, flags, near[1], 0, 0, 0, 0, 0]);
        segment.extend(payload);
        segment
    }

    /// Sends it whole, in pieces, in a tunnel, or captured in part.
    fn send(&mut self, protocol: u8, hosts: [[u8; 4]; 2], data: Vec<u8>, wrap: u8) {
        self.id = self.id.wrapping_add(1);
        match wrap {
            0..=15 if data.len() > 16 => self.fragments(protocol, hosts, &data, wrap),
            16..=23 => {
                let inner = ip(protocol, hosts, self.id, 0, &data);
                let outer = [[192, 0, 2, wrap % 2], [192, 0, 2, 9]];
                let packet = match wrap % 3 {
                    0 => ip(ipproto::GRE, outer, self.id, 0, &[&[0, 0, 8, 0], &inner[..]].concat()),
                    _ => ip(ipproto::IPV4, outer, self.id, 0, &inner),
                };
                self.put(packet, 0);
            }
            24..=31 => {
                let packet = ip(protocol, hosts, self.id, 0, &data);
                let cut = packet.len() * usize::from(wrap - 23) / 16;
                self.put(packet, cut);
            }
            _ => self.put(ip(protocol, hosts, self.id, 0, &data), 0),
        }
    }

    fn fragments(&mut self, protocol: u8, hosts: [[u8; 4]; 2], data: &[u8], wrap: u8) {
        const MORE: u16 = 0x2000;
        let middle = data.len() / 16 * 8;
        let (first, last) = data.split_at(middle);
        let overlap = if wrap & 1 == 0 { &[][..] } else { last.get(..8).unwrap_or_default() };
        let first = ip(protocol, hosts, self.id, MORE, &[first, overlap].concat());
        let last = ip(protocol, hosts, self.id, middle as u16 / 8, last);
        let (one, other) = if wrap & 2 == 0 { (first, last) } else { (last, first) };
        self.put(one, 0);
        // One in four is never complete.
        if wrap & 12 != 0 {
            self.put(other, 0);
        }
    }

    fn put(&mut self, mut data: Vec<u8>, cut: usize) {
        let wire_len = data.len() as u32;
        data.truncate(data.len() - cut);
        self.made.push(Made { at: self.now, data, wire_len });
    }
}

fn udp(ports: [u16; 2], from: usize, payload: &[u8], fill: u8) -> Vec<u8> {
    let len = if fill == 9 { u16::from(fill) - 4 } else { payload.len() as u16 + 8 };
    let words = [ports[from], ports[1 - from], len, 0].map(u16::to_be_bytes);
    [&words.concat(), payload].concat()
}

/// An IPv4 packet; `fragment` are the flags and the offset (RFC 791 §3.1).
fn ip(protocol: u8, [from, to]: [[u8; 4]; 2], id: u16, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    for word in [payload.len() as u16 + 20, id, fragment] {
        packet.extend(word.to_be_bytes());
    }
    packet.extend([64, protocol, 0, 0]);
    packet.extend(from);
    packet.extend(to);
    packet.extend(payload);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `PACKET_RUNS=100000 cargo test --release --lib pipeline::fuzz` is the long form; `PACKET_SEED` begins elsewhere.
    #[test]
    fn invariants_hold_for_random_packets() {
        let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
        let (runs, seed) = (number("PACKET_RUNS", 60), number("PACKET_SEED", 1));
        let mut packets = 0;
        for run in seed..seed + runs {
            let mut state: u64 = run;
            let random = || {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 33) as u8
            };
            let input: Vec<u8> = std::iter::repeat_with(random).take(1 + STEP * 300).collect();
            let played = std::panic::catch_unwind(|| check(&input));
            packets += played.unwrap_or_else(|_| panic!("seed {run}"));
        }
        println!("{packets} packets");
    }
}
