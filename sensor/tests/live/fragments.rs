//! Fragments with several workers: live they make the rows that a replay makes.

use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::time::Duration;

use nightjar::capture::live::{self, Fanout, LiveOptions, SeenPacket};

use crate::net::{Tcpdump, net, packets_sent, until};
use crate::sensor::{NIGHTJAR, Sensor, assert_same, logs};
use crate::{SAME_STAMPS, number};

const QUERIES: u16 = 250;
const LONE: u16 = 8_000;

/// A question about a name of its own, or its answer in some 600 bytes.
fn dns(id: u16, answers: bool) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend(if answers { [0x85, 0x80, 0, 1, 0, 1] } else { [1, 0, 0, 1, 0, 0] });
    message.extend([0, 0, 0, 0]);
    let name = format!("t{id:05}");
    message.push(name.len() as u8);
    message.extend(name.as_bytes());
    message.extend(b"\x07example\0\0\x10\0\x01");
    if answers {
        message.extend(b"\xc0\x0c\0\x10\0\x01\0\0\0\x3c");
        message.extend(603u16.to_be_bytes());
        for letter in *b"abc" {
            message.push(200);
            message.extend([letter; 200]);
        }
    }
    message
}

/// The ones' complement sum of RFC 1071.
fn sum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    let total: u32 = bytes.chunks(2).map(word).sum();
    let folded = (total & 0xffff) + (total >> 16);
    (folded + (folded >> 16)) as u16
}

fn udp(addresses: &[u8], from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u16 + 8;
    let mut datagram = [from, to, len, 0].map(u16::to_be_bytes).concat();
    datagram.extend(payload);
    let pseudo = [addresses, &[0, 17], &len.to_be_bytes(), &datagram].concat();
    datagram[6..8].copy_from_slice(&(!sum(&pseudo)).to_be_bytes());
    datagram
}

fn ethernet(ethertype: u16, packet: &[u8]) -> Vec<u8> {
    [b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02", &ethertype.to_be_bytes()[..], packet].concat()
}

/// An IPv4 packet with these flags and this fragment offset.
fn v4(addresses: &[u8], id: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend((payload.len() as u16 + 20).to_be_bytes());
    packet.extend(id.to_be_bytes());
    packet.extend(flags.to_be_bytes());
    packet.extend([64, 17, 0, 0]);
    packet.extend(addresses);
    let checksum = !sum(&packet);
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    packet.extend(payload);
    ethernet(0x0800, &packet)
}

/// An IPv6 packet, with a fragment header where there are an offset and flags.
fn v6(addresses: &[u8], id: u16, flags: Option<u16>, payload: &[u8]) -> Vec<u8> {
    let mut rest = Vec::new();
    if let Some(flags) = flags {
        rest.extend([17, 0]);
        rest.extend(flags.to_be_bytes());
        rest.extend(u32::from(id).to_be_bytes());
    }
    rest.extend(payload);
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((rest.len() as u16).to_be_bytes());
    packet.extend([if flags.is_some() { 44 } else { 17 }, 64]);
    packet.extend(addresses);
    packet.extend(rest);
    ethernet(0x86dd, &packet)
}

/// Where the datagrams are cut.
const CUT: usize = 320;
const MORE: u16 = 0x2000;

/// Each answer directly behind its question, or all answers behind all questions.
fn frames(apart: bool) -> Vec<Vec<u8>> {
    let (mut frames, mut answers) = (Vec::new(), Vec::new());
    // Alone, of a datagram that is never completed: memory for them must not be what others need.
    for id in 0..LONE {
        let ends = [198, 51, (id >> 8) as u8, id as u8, 192, 0, 2, 1];
        frames.push(v4(&ends, id, MORE, &[0x55; 24]));
    }
    for id in 0..QUERIES {
        let (client, server) = (Ipv4Addr::new(10, 1, (id >> 6) as u8, id as u8), Ipv4Addr::new(10, 2, 0, 53));
        let to = [client.octets(), server.octets()].concat();
        let back = [server.octets(), client.octets()].concat();
        let port = 20_000 + id;
        frames.push(v4(&to, id, 0, &udp(&to, port, 53, &dns(id, false))));
        let answer = udp(&back, 53, port, &dns(id, true));
        let first = v4(&back, id, MORE, &answer[..CUT]);
        let mut last = v4(&back, id, CUT as u16 / 8, &answer[CUT..]);
        if id % 10 == 0 {
            // Its header's checksum is wrong: the datagram stays incomplete.
            last[14 + 10] ^= 0x40;
        }
        answers.extend(if id % 3 == 0 { [last, first] } else { [first, last] });
        if !apart {
            frames.append(&mut answers);
        }
    }
    for id in 0..QUERIES {
        let client = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, id);
        let server = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 0x53);
        let to = [client.octets(), server.octets()].concat();
        let back = [server.octets(), client.octets()].concat();
        let port = 30_000 + id;
        frames.push(v6(&to, id, None, &udp(&to, port, 53, &dns(id, false))));
        let answer = udp(&back, 53, port, &dns(id, true));
        answers.push(v6(&back, id, Some(1), &answer[..CUT]));
        answers.push(v6(&back, id, Some(CUT as u16), &answer[CUT..]));
        if !apart {
            frames.append(&mut answers);
        }
    }
    frames.append(&mut answers);
    frames
}

fn pcap<'f>(frames: impl IntoIterator<Item = &'f Vec<u8>>) -> Vec<u8> {
    let mut pcap = [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65535, 1].map(u32::to_le_bytes).concat();
    for frame in frames {
        let len = (frame.len() as u32).to_le_bytes();
        pcap.extend([&[0; 8], &len[..], &len[..], frame].concat());
    }
    pcap
}

/// Sends them to a sensor with so many workers, which must write what a replay of the same packets writes.
fn same_as_replay(workers: usize, fanout: &str) {
    let Some(net) = net() else { return };
    let (file, seen) = (net.path("fragments.pcap"), net.path("seen.pcap"));
    // What two processors get at nearly the same time they may also stamp the other way round.
    fs::write(&file, pcap(&frames(fanout == "cpu"))).unwrap();
    if fanout == "cpu" {
        // Lets the kernel give packets to both processors, by its own hash.
        net.server_does("sh", &["-c", "echo 3 > /sys/class/net/vs/queues/rx-0/rps_cpus"]);
    }
    let interface = format!("workers = {workers}\nfanout = \"{fanout}\"");
    let sensor = Sensor::configured(&net, &interface, "rotate_every = \"0\"", "");
    let tcpdump = Tcpdump::start(&net, &seen);
    let told = net.client_does("tcpreplay", &["-q", "--pps=4000", "-i", "vc", file.to_str().unwrap()]);
    sensor.wait_for_packets(packets_sent(&told));
    tcpdump.stop();
    let status = sensor.status();
    let total =
        |what| status["workers"].as_array().unwrap().iter().map(|worker| number(worker, what)).sum::<u64>();
    assert_eq!((total("dropped"), total("handover_dropped")), (0, 0), "{status}");
    assert!(status["workers"].as_array().unwrap().iter().all(|worker| number(worker, "delivered") > 0));
    assert!(total("handed_over") > 100, "{status}");
    sensor.stop();
    let replayed = net.path("replayed");
    let args = ["--quiet", "-r", seen.to_str().unwrap(), "--logdir", replayed.to_str().unwrap()];
    assert!(Command::new(NIGHTJAR).args(args).status().unwrap().success());
    let (mut live, mut replayed) = (logs(&net.path("logs")), logs(&replayed));
    // Of a sensor.
    live.remove("notice.log");
    // Of each there is one row, of whichever came first.
    assert_eq!(live.remove("weird.log").unwrap().len(), replayed.remove("weird.log").unwrap().len());
    assert_eq!(replayed["dns.log"].len(), 2 * usize::from(QUERIES));
    assert_same(&live, &replayed, SAME_STAMPS);
    let text = fs::read_to_string(net.path("logs/dns.log")).unwrap();
    let answered = text.lines().filter(|line| line.contains("NOERROR")).count();
    assert_eq!(answered, usize::from(2 * QUERIES - QUERIES / 10));
}

/// Frames of many flows in whatever links put around them, and where in each the IP packet begins.
fn framed() -> HashMap<Vec<u8>, usize> {
    let mut frames = HashMap::new();
    for n in 0..40u16 {
        let four = [[10, 3, 0, n as u8], [10, 4, n as u8, 1]].concat();
        let six = [Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, n), Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, n, 1)];
        let six = six.map(|address| address.octets()).concat();
        let port = [53, 4789, 9000][usize::from(n) % 3];
        let mut extended =
            v6(&six, 0, None, &[&[17, 0, 1, 4, 0, 0, 0, 0], &udp(&six, n, port, b"x")[..]].concat());
        // A hop-by-hop header, of padding.
        extended[14 + 6] = 0;
        let packets = [
            v4(&four, n, 0, &udp(&four, 40_000 + n, port, b"question")),
            v4(&four, n, MORE, &udp(&four, 40_000 + n, port, b"")),
            v4(&four, n, 5, &[n as u8; 40]),
            v6(&six, n, None, &udp(&six, 40_000 + n, port, b"question")),
            v6(&six, n, Some(1), &udp(&six, 40_000 + n, port, b"")),
            extended,
        ];
        for packet in packets {
            let (macs, kind, ip) = (&packet[..12], &packet[12..14], &packet[14..]);
            let label = [&[0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64][..]];
            let session = [0x88, 0x64, 0x11, 0, 0, 1, 0, 0, 0, if kind == [8, 0] { 0x21 } else { 0x57 }];
            for around in [
                kind.to_vec(),
                [&[0x81, 0, 0, 7][..], kind].concat(),
                [&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8][..], kind].concat(),
                label.concat(),
                session.to_vec(),
            ] {
                frames.insert([macs, &around, ip].concat(), 12 + around.len());
            }
        }
    }
    frames
}

#[test]
fn the_kernel_deals_out_as_the_workers_compute() {
    let Some(net) = net() else { return };
    let frames = framed();
    let file = net.path("framed.pcap");
    fs::write(&file, pcap(frames.keys())).unwrap();
    for fanout in [Fanout::Hash, Fanout::Tunnel] {
        let options = LiveOptions { interface: "lo".into(), workers: 4, fanout, ..LiveOptions::default() };
        let mut opened = net.as_server(|| live::open(&options).unwrap());
        let dealt = opened.dealt.unwrap();
        net.server_does("tcpreplay", &["-q", "--pps=20000", "-i", "lo", file.to_str().unwrap()]);
        let mut seen: Vec<Vec<Vec<u8>>> = vec![Vec::new(); 4];
        until("all have come, once as they went and once as they came", || {
            for (worker, source) in opened.sources.iter_mut().enumerate() {
                let keep = |frame: &SeenPacket<'_>| seen[worker].push(frame.packet.data.to_vec());
                source.poll(Duration::ZERO, keep).unwrap();
            }
            seen.iter().flatten().filter(|frame| frames.contains_key(*frame)).count() == 2 * frames.len()
        });
        for (worker, seen) in seen.iter().enumerate() {
            assert!(seen.len() > frames.len() / 8, "{worker} has {} of {}", seen.len(), frames.len());
            for (frame, at) in seen.iter().filter_map(|frame| frames.get_key_value(frame)) {
                assert_eq!(dealt.worker_of(&frame[*at..]), worker, "{fanout:?} {frame:x?}");
            }
        }
    }
}

#[test]
fn fragments_reach_their_flow_with_two_workers() {
    same_as_replay(2, "hash");
}

#[test]
fn fragments_reach_their_flow_with_four_workers() {
    same_as_replay(4, "hash");
    same_as_replay(4, "tunnel");
}

#[test]
fn fragments_reach_their_flow_where_processors_deal_out() {
    same_as_replay(2, "cpu");
}
