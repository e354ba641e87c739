//! AF_XDP on a tap: a link of its own, into which what real servers and clients said is sent again.

use crate::net::{Net, Tcpdump, net, packets_sent};
use crate::sensor::{NIGHTJAR, Sensor, configure, logs, sleep};
use crate::{make_traffic, number, same_rows, write_capture};

/// The checksums of what the servers' host sent itself were never filled in.
const UNFINISHED: &str = "[analysis]\nignore_checksums = true";

impl Net {
    /// A link from `ta` at the client to `tb` at the server with so many queues.
    pub fn add_tap(&self, queues: u32) {
        let queues = queues.to_string();
        let ends = ["numtxqueues", &queues, "numrxqueues", &queues];
        let peer = [&["peer", "name", "tb"][..], &ends].concat();
        let pair = [&["link", "add", "ta"][..], &ends, &["type", "veth"], &peer].concat();
        self.client_does("ip", &pair);
        self.give_to_server("tb");
        self.client_does("ip", &["link", "set", "ta", "up"]);
        self.server_does("ip", &["link", "set", "tb", "up"]);
    }
}

fn same_as_replay(queues: u32, workers: u32) {
    let Some(mut net) = net() else { return };
    net.add_tap(queues);
    net.start_servers();
    // What is larger than a frame may be cannot be sent again.
    let whole = "ip link set $0 gso_max_segs 1 && echo 1 > /proc/sys/net/ipv4/tcp_min_tso_segs";
    net.client_does("sh", &["-c", whole, "vc"]);
    net.server_does("sh", &["-c", whole, "vs"]);
    let (seen, sent) = (net.path("seen.pcap"), net.path("sent.pcap"));
    let tcpdump = Tcpdump::start(&net, &seen);
    make_traffic(&net);
    sleep(500);
    tcpdump.stop();

    let interface = format!("name = \"tb\"\nkind = \"af_xdp\"\nworkers = {workers}");
    let sensor = Sensor::configured(&net, &interface, "rotate_every = \"0\"", UNFINISHED);
    // What goes into the socket is not to be seen any more at this end.
    let tcpdump = Tcpdump::at_client(&net, "ta", &sent);
    // A veth end keeps only 256 packets that its driver has not looked at yet.
    let told = net.client_does("tcpreplay", &["-q", "--pps=1000", "-i", "ta", seen.to_str().unwrap()]);
    let sent_packets = packets_sent(&told);
    sensor.wait_for_packets(sent_packets);
    tcpdump.stop();
    let status = sensor.status();
    assert_eq!((number(&status, "delivered"), number(&status, "dropped")), (sent_packets, 0), "{status}");
    assert_eq!(status["interfaces"][0]["kind"], "af_xdp", "{}", sensor.told());
    let busy = status["workers"].as_array().unwrap().iter().filter(|worker| number(worker, "delivered") > 0);
    assert_eq!(busy.count() as u32, workers, "{status}");
    // tcpdump sees them before they cross the link, which takes a busy machine a while.
    same_rows(&net, &sensor.stop(), &sent, 0.02);
}

#[test]
fn one_worker_writes_the_rows_of_a_replay() {
    same_as_replay(1, 1);
}

#[test]
fn a_worker_for_each_queue_writes_the_rows_of_a_replay() {
    same_as_replay(2, 2);
}

#[test]
fn one_worker_takes_several_queues() {
    same_as_replay(3, 1);
}

#[test]
fn the_ledger_adds_up_to_the_packet() {
    let Some(net) = net() else { return };
    net.add_tap(1);
    let capture = net.path("flood.pcap");
    let sent = write_capture(&capture, &[], 2000, 50);
    let interface = "name = \"tb\"\nkind = \"af_xdp\"\nring = \"4 MiB\"";
    let sensor = Sensor::configured(&net, interface, "rotate_every = \"0\"", "");
    let flood = || net.client_does("tcpreplay", &["-q", "--topspeed", "-i", "ta", capture.to_str().unwrap()]);
    flood();
    sensor.wait_for_packets(sent);
    // Nobody takes anything out of the memory: it must run out.
    sensor.signal("STOP");
    flood();
    sensor.signal("CONT");
    sensor.wait_for_packets(2 * sent);
    let status = sensor.status();
    sensor.stop();
    let (link, dropped) = (number(&status, "link"), number(&status, "dropped"));
    assert_eq!((link, number(&status, "delivered") + dropped), (2 * sent, link), "{status}");
    // 4 MiB have room for 1,024 frames.
    assert!(dropped > sent / 2 && dropped <= 2 * sent - 1024, "{status}");
    assert_eq!(logs(&net.path("logs"))["conn.log"].len(), 2000);
}

#[test]
fn without_a_driver_that_can_the_kernel_copies_and_that_is_said() {
    let Some(net) = net() else { return };
    net.add_tap(1);
    let over = ["link", "add", "link", "tb", "name", "mv", "type", "macvlan", "mode", "passthru"];
    if !net.on_server("ip", &over).status().unwrap().success() {
        return eprintln!("skipped: the kernel has no macvlan");
    }
    net.server_does("ip", &["link", "set", "mv", "up"]);
    let capture = net.path("flows.pcap");
    let sent = write_capture(&capture, &[], 100, 2);
    let sensor = Sensor::configured(&net, "name = \"mv\"\nkind = \"af_xdp\"", "rotate_every = \"0\"", "");
    let copies = "nightjar: mv: the driver has no XDP: the kernel's generic code copies every packet\n";
    assert!(sensor.told().contains(copies), "{}", sensor.told());
    net.client_does("tcpreplay", &["-q", "-i", "ta", capture.to_str().unwrap()]);
    sensor.wait_for_packets(sent);
    assert_eq!(sensor.status()["interfaces"][0]["kind"], "af_xdp");
    sensor.stop();
    assert_eq!(logs(&net.path("logs"))["conn.log"].len(), 100);
}

#[test]
fn filters_let_in_what_they_select_and_tags_stay_in_the_frames() {
    let Some(net) = net() else { return };
    net.add_tap(1);
    let capture = net.path("tagged.pcap");
    write_capture(&capture, b"\x81\0\x20\x07", 20, 2);
    let interface = "name = \"tb\"\nkind = \"af_xdp\"\nfilter = \"vlan 7 and udp src port 10003\"";
    let sensor = Sensor::configured(&net, interface, "rotate_every = \"0\"", "");
    net.client_does("tcpreplay", &["-q", "-i", "ta", capture.to_str().unwrap()]);
    sensor.wait_for_packets(2);
    let worker = &sensor.status()["workers"][0];
    assert_eq!((number(worker, "link"), number(worker, "bytes")), (2, 2 * (14 + 4 + 28 + 120)));
    sensor.stop();
    assert_eq!(logs(&net.path("logs"))["conn.log"].len(), 1);
}

#[test]
fn where_it_is_refused_packet_sockets_are_taken() {
    let Some(net) = net() else { return };
    net.add_tap(1);
    let capture = net.path("flows.pcap");
    let sent = write_capture(&capture, &[], 100, 1);
    let interface = |more: &str| format!("name = \"tb\"\nkind = \"af_xdp\"\n{more}");
    let captured = |more: &str, reason: &str| {
        let sensor = Sensor::configured(&net, &interface(more), "", "");
        let told = sensor.told();
        let expected = format!("tb: AF_XDP was refused ({reason}); trying AF_PACKET");
        assert!(told.contains(&expected), "{told}");
        net.client_does("tcpreplay", &["-q", "-i", "ta", capture.to_str().unwrap()]);
        sensor.wait_for_packets(sent);
        assert_eq!(sensor.status()["interfaces"][0]["kind"], "af_packet");
        sensor.stop();
    };
    captured("workers = 3", "looking at the interface: 3 workers for 1 queues, of which each has one");
    for (space, end) in [("client", "ta"), ("server", "tb")] {
        let set = ["link", "set", end, "mtu", "9000"];
        match space {
            "client" => drop(net.client_does("ip", &set)),
            _ => net.server_does("ip", &set),
        }
    }
    captured("", "looking at the interface: its MTU of 9000 is more than 3818");
    // A mistake in a filter would be one in any kind of capture.
    net.server_does("ip", &["link", "set", "tb", "mtu", "1500"]);
    let config = configure(&net, &interface("filter = \"udp prt 5\""), "", "");
    let output = net.on_server(NIGHTJAR, &["--config", config.to_str().unwrap()]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && told.contains("cannot capture on tb: filter: "), "{told}");
}
