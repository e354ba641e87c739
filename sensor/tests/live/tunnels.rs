//! VXLAN and Geneve with several workers.

use std::fs;
use std::path::Path;

use crate::net::{Tcpdump, net, packets_sent};
use crate::sensor::{Sensor, assert_same, logs, replay};
use crate::{SAME_STAMPS, number};

/// The frames of a capture in pcap's classic format.
fn frames(capture: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pcaps").join(capture);
    let bytes = fs::read(path).unwrap();
    let (mut rest, mut frames) = (&bytes[24..], Vec::new());
    while let Some((header, data)) = rest.split_first_chunk::<16>() {
        let len = u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
        frames.push(data[..len].to_vec());
        rest = &data[len..];
    }
    frames
}

/// Puts a frame into a tunnel as its ends do: between which is chosen by the flow, the source port by the flow and
/// its direction.
fn wrap(frame: &[u8]) -> Vec<u8> {
    let sum =
        |bytes: &[u8]| bytes.iter().fold(0u16, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
    let (src, dst) = (&frame[26..30], &frame[30..34]);
    let from_first = src < dst;
    let ports = [&frame[34..36], &frame[36..38]];
    let pair = (sum(ports[0]) ^ sum(ports[1])) % 16;
    let geneve = pair % 2 == 1;
    let tunnel: &[u8] = if geneve { b"\0\0\x65\x58\0\0\x07\0" } else { b"\x08\0\0\0\0\0\x07\0" };
    let ends = if from_first { [1, 2] } else { [2, 1] };
    let udp = 8 + tunnel.len() + frame.len();
    let mut ip = b"\x45\0\0\0\0\0\0\0\x40\x11\0\0".to_vec();
    ip[2..4].copy_from_slice(&(20 + udp as u16).to_be_bytes());
    ends.iter().for_each(|end| ip.extend([10, 20, pair as u8, *end]));
    let total: u32 = ip.chunks(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]]))).sum();
    ip[10..12].copy_from_slice(&(!((total & 0xffff) + (total >> 16)) as u16).to_be_bytes());
    let mut wrapped = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0".to_vec();
    wrapped.extend(ip);
    wrapped.extend((0xc000 | sum(&frame[26..38]) & 0x3fff).to_be_bytes());
    wrapped.extend(if geneve { 6081u16 } else { 4789 }.to_be_bytes());
    wrapped.extend((udp as u16).to_be_bytes());
    wrapped.extend([0, 0]);
    [&wrapped, tunnel, frame].concat()
}

fn same_as_replay(fanout: &str) -> bool {
    let Some(net) = net() else { return fanout == "tunnel" };
    for (capture, end) in [(true, "vc"), (false, "vs")] {
        let longer = ["link", "set", end, "mtu", "9000"];
        if capture { drop(net.client_does("ip", &longer)) } else { net.server_does("ip", &longer) }
    }
    let mut pcap = Vec::new();
    for word in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65535, 1] {
        pcap.extend_from_slice(&word.to_le_bytes());
    }
    let inner = frames("http.pcap").into_iter().chain(frames("dns.pcap"));
    let whole = |frame: &Vec<u8>| {
        let is_v4 = frame.len() > 38 && frame[12..14] == [8, 0] && [6, 17].contains(&frame[23]);
        is_v4 && frame[20] & 0x3f == 0 && frame[21] == 0
    };
    for frame in inner.filter(whole) {
        let wrapped = wrap(&frame);
        let len = (wrapped.len() as u32).to_le_bytes();
        pcap.extend_from_slice(&[&[0; 8], &len[..], &len[..], &wrapped].concat());
    }
    let (file, seen) = (net.path("wrapped.pcap"), net.path("seen.pcap"));
    fs::write(&file, pcap).unwrap();
    let interface = format!("workers = 4\nfanout = \"{fanout}\"");
    let sensor =
        Sensor::configured(&net, &interface, "rotate_every = \"0\"", "[analysis]\nignore_checksums = true");
    let tcpdump = Tcpdump::start(&net, &seen);
    let told = net.client_does("tcpreplay", &["-q", "--pps=1000", "-i", "vc", file.to_str().unwrap()]);
    sensor.wait_for_packets(packets_sent(&told));
    tcpdump.stop();
    let status = sensor.status();
    let workers = status["workers"].as_array().unwrap();
    assert!(workers.iter().all(|worker| number(worker, "delivered") > 0), "{status}");
    sensor.stop();
    let replayed = net.path("replayed");
    replay(&seen, &replayed);
    let (mut live, mut replayed) = (logs(&net.path("logs")), logs(&replayed));
    // Of a connection whose directions are apart it is told that it is.
    for logs in [&mut live, &mut replayed] {
        logs.remove("notice.log");
        // Tunnels end with the run.
        logs.get_mut("tunnel.log").unwrap().without_times();
    }
    assert!(
        replayed["tunnel.log"].len() >= 16
            && replayed["http.log"].len() >= 20
            && replayed["dns.log"].len() >= 10
    );
    if fanout == "tunnel" {
        assert_same(&live, &replayed, SAME_STAMPS);
    }
    live.get("http.log").is_some_and(|rows| rows.len() == replayed["http.log"].len())
}

#[test]
fn what_is_inside_stays_together() {
    // The ports of both ends differ by direction, which is what the kernel's own hash goes by.
    assert!(!same_as_replay("hash"));
    assert!(same_as_replay("tunnel"));
}
