//! What the sensor notices of itself, without any script, and how soon a notice can be read.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::net::{Net, net, until};
use crate::sensor::{Sensor, configure, sleep, whole_rows};
use crate::{number, write_capture};

/// Looks at itself every second.
const OFTEN: &str = "[loss]\nstats_every = \"1 s\"\ncapture_loss_every = \"1 s\"\n\
    first_capture_loss_after = \"1 s\"\n";

/// The column `peer_descr`, the note and the message of every notice.
fn notices(net: &Net) -> Vec<[String; 3]> {
    let text = fs::read_to_string(net.path("logs/notice.log")).unwrap_or_default();
    let fields: Vec<&str> = text
        .lines()
        .find_map(|line| line.strip_prefix("#fields\t"))
        .unwrap_or_default()
        .split('\t')
        .collect();
    let at = |name: &str| fields.iter().position(|field| *field == name);
    let row = |row: String| {
        let values: Vec<&str> = row.split('\t').collect();
        ["peer_descr", "note", "msg"].map(|name| at(name).map_or("", |at| values[at]).to_owned())
    };
    whole_rows(&text).into_iter().map(row).collect()
}

fn noticed(net: &Net, peer: &str, note: &str, msg: &str) -> bool {
    notices(net).iter().any(|row| row[0] == peer && row[1] == note && row[2].contains(msg))
}

/// A TCP connection whose originator sends a request and acknowledges an answer that nobody sees. Of the responder
/// nothing is seen, or, where `opened`, that it accepts.
fn unanswered(port: u16, opened: bool) -> Vec<Vec<u8>> {
    let segment = |from_orig: bool, seq: u32, ack: u32, flags: u8, payload: &[u8]| {
        let mut frame = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0".to_vec();
        let mut ip = b"\x45\0\0\0\0\0\0\0\x40\x06\0\0\x0a\x01\0\x01\x0a\x01\0\x02".to_vec();
        ip[2..4].copy_from_slice(&(40 + payload.len() as u16).to_be_bytes());
        let mut ports = [port, 80];
        if !from_orig {
            (ip[15], ip[19]) = (2, 1);
            ports.reverse();
        }
        frame.extend(ip);
        frame.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
        frame.extend(seq.to_be_bytes());
        frame.extend(ack.to_be_bytes());
        frame.extend([0x50, flags, 0x20, 0, 0, 0, 0, 0]);
        frame.extend(payload);
        frame
    };
    let mut frames = vec![segment(true, 1000, 0, 0x02, b"")];
    if opened {
        frames.push(segment(false, 1000, 1001, 0x12, b""));
    }
    frames.extend([
        segment(true, 1001, 1001, 0x10, b""),
        segment(true, 1001, 1001, 0x18, b"GET / HTTP/1.1\r\n\r\n"),
        segment(true, 1019, 5001, 0x10, b""),
        segment(true, 1019, 5001, 0x11, b""),
        segment(true, 1020, 5002, 0x10, b""),
    ]);
    frames
}

fn write_unanswered(net: &Net, opened: bool) -> String {
    let mut pcap = Vec::new();
    for word in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65535, 1] {
        pcap.extend_from_slice(&word.to_le_bytes());
    }
    for port in 0..1200 {
        for frame in unanswered(10_000 + port, opened) {
            let len = (frame.len() as u32).to_le_bytes();
            pcap.extend_from_slice(&[&[0; 8], &len[..], &len[..], &frame].concat());
        }
    }
    let path = net.path("unanswered.pcap");
    fs::write(&path, pcap).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn loss_is_noticed_without_any_script() {
    let Some(net) = net() else { return };
    let flood = net.path("flood.pcap");
    // More than the rings hold, most of it of one flow.
    write_capture(&flood, &[], 1, 150_000);
    let more = format!("{OFTEN}skew = 1\n[limits]\nflows = 100\n[analysis]\nignore_checksums = true");
    let rings = "workers = 2\nring = \"4 MiB\"\nblock = \"256 KiB\"";
    let sensor = Sensor::configured(&net, rings, "rotate_every = \"0\"", &more);
    let idle = "Only observed 0 TCP ACKs and was expecting at least 1.";
    until("an idle tap is noticed", || noticed(&net, "vs-0", "CaptureLoss::Too_Little_Traffic", idle));
    let send = |file: &str| net.client_does("tcpreplay", &["-q", "--topspeed", "-i", "vc", file]);
    send(flood.to_str().unwrap());
    until("skew is noticed", || noticed(&net, "vs", "Sensor::Worker_Skew", "one of 2 workers gets"));
    send(&write_unanswered(&net, true));
    until("evictions are noticed", || {
        notices(&net).iter().any(|row| {
            row[1] == "Sensor::Analysis_Loss"
                && row[2].contains("flows ended early because the table was full")
        })
    });
    until("loss is noticed", || {
        notices(&net)
            .iter()
            .any(|row| row[1] == "CaptureLoss::Too_Much_Loss" && row[2].contains("acknowledged data"))
    });
    sensor.signal("STOP");
    send(flood.to_str().unwrap());
    sensor.signal("CONT");
    until("drops are noticed", || {
        notices(&net).iter().any(|row| {
            row[0].starts_with("vs-")
                && row[1] == "PacketFilter::Dropped_Packets"
                && row[2].ends_with("packets dropped because the ring was full")
        })
    });
    let raised = || number(&sensor.status()["scripts"], "notices");
    // It is told anew each second.
    until("all are counted", || raised() >= 5);
    let raised = raised();
    let told = sensor.stop();
    assert!(raised <= notices(&net).len() as u64, "{raised}");
    // The operator's terminal tells the same.
    for [peer, _, text] in notices(&net) {
        assert!(told.contains(&format!("nightjar: {peer}: {text}")), "{text}\n{told}");
    }
}

#[test]
fn connections_of_which_one_side_is_seen_are_noticed() {
    let Some(net) = net() else { return };
    let more = format!(
        "{}[timeouts]\ntcp_close_delay = \"1 s\"\ntcp_inactivity = \"1 s\"\n\
         [analysis]\nignore_checksums = true",
        OFTEN.replace("every = \"1 s\"", "every = \"4 s\"").replace("after = \"1 s\"", "after = \"4 s\"")
    );
    let sensor = Sensor::configured(&net, "", "rotate_every = \"0\"", &more);
    let file = write_unanswered(&net, false);
    net.client_does("tcpreplay", &["-q", "--topspeed", "-i", "vc", &file]);
    until("it is noticed", || noticed(&net, "vs-0", "Sensor::One_Sided_Flows", "only one side was seen"));
    sensor.stop();
}

#[test]
fn a_notice_can_be_read_within_a_second_of_its_packet() {
    let Some(mut net) = net() else { return };
    net.start_servers();
    let script = net.path("attack.zeek");
    let text = "redef enum Notice::Type += { Attack };\n\
        event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, \
        version: string) { if ( /attack/ in original_URI ) NOTICE([$note=Attack, $msg=original_URI, $conn=c]); }\n";
    fs::write(&script, text).unwrap();
    let config = configure(&net, "workers = 2", "rotate_every = \"0\"", "");
    let sensor = Sensor::start(&net, &["--config", config.to_str().unwrap(), script.to_str().unwrap()]);
    let mut slowest = 0.0f64;
    for n in 0..8 {
        let name = format!("/attack-{n}");
        net.client_does("curl", &["-s", "-o", "/dev/null", &format!("http://10.9.0.2{name}")]);
        let row = loop {
            let text = fs::read_to_string(net.path("logs/notice.log")).unwrap_or_default();
            if let Some(row) = text.lines().find(|line| line.contains(&name)) {
                break row.to_owned();
            }
            sleep(5);
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        // A notice's time is that of the packet.
        let packet: f64 = row.split('\t').next().unwrap().parse().unwrap();
        slowest = slowest.max(now - packet);
        // At another moment of the sensor's rounds each time.
        sleep(70);
    }
    sensor.stop();
    println!("the slowest notice could be read {slowest:.3} s after its packet");
    assert!(slowest < 1.0, "{slowest} s");
}
