//! The sensor on a link: real servers and clients in network namespaces, and what it makes of them.
//!
//! These tests need root, nginx, unbound, curl, dig, tcpdump and tcpreplay; without root they are
//! skipped.

mod clock;
mod disk;
mod expected;
mod fragments;
mod hang;
mod health;
mod messages;
mod net;
mod notices;
mod reload;
mod sensor;
mod service;
mod soak;
mod tunnels;
mod xdp;

use std::fs;
use std::path::Path;
use std::process::Command;

use net::{Net, Tcpdump, net, until};
use sensor::{NIGHTJAR, Sensor, archived, assert_same, configure, logs, replay, sleep, whole_rows};

/// Web pages, names, pings, and datagrams nobody answers.
fn make_traffic(net: &Net) {
    let url = |path: &str| format!("http://10.9.0.2/{path}");
    for _ in 0..4 {
        net.client_does("curl", &["-s", "-o", "/dev/null", &url("small.html")]);
    }
    // Several requests on one connection, a large answer, an error, a body.
    let (small, large, missing) = (url("small.html"), url("large.bin"), url("missing"));
    net.client_does("curl", &["-s", &small, "-o", "/dev/null", &large, "-o", "/dev/null", &missing]);
    net.client_does("curl", &["-s", "-o", "/dev/null", "-d", "name=value", &small]);
    for (kind, name) in [("A", "www"), ("AAAA", "www"), ("A", "nothing"), ("TXT", "www")] {
        net.client_does("dig", &["+tries=1", "@10.9.0.2", kind, &format!("{name}.example.test")]);
    }
    net.client_does("dig", &["+tcp", "@10.9.0.2", "MX", "example.test"]);
    net.client_does("ping", &["-c", "3", "-i", "0.1", "10.9.0.2"]);
    net.client_does("bash", &["-c", "for i in 1 2 3 4 5; do echo x > /dev/udp/10.9.0.2/900$i; done"]);
}

fn same_as_replay(interface: &str, more: &str) {
    let Some(mut net) = net() else { return };
    net.start_servers();
    sleep(300);
    let capture = net.path("seen.pcap");
    let sensor = Sensor::configured(&net, interface, "rotate_every = \"0\"", more);
    let tcpdump = Tcpdump::start(&net, &capture);
    make_traffic(&net);
    sleep(500);
    tcpdump.stop();
    same_rows(&net, &sensor.stop(), &capture, SAME_STAMPS);
}

/// How far times may be apart where tcpdump is given the same packets' stamps, in seconds.
const SAME_STAMPS: f64 = 0.001;

/// What the sensor wrote is what a replay of `capture` writes, and not less than the traffic is known to give.
fn same_rows(net: &Net, told: &str, capture: &Path, apart: f64) {
    let replayed = net.path("replayed");
    replay(capture, &replayed);
    let (live, replayed) = (logs(&net.path("logs")), logs(&replayed));
    assert!(
        live["http.log"].len() >= 8 && live["dns.log"].len() >= 5 && live["conn.log"].len() >= 17,
        "{told}"
    );
    assert_same(&live, &replayed, apart);
}

#[test]
fn one_worker_writes_the_rows_of_a_replay() {
    same_as_replay("workers = 1", "");
}

#[test]
fn two_workers_write_the_rows_of_a_replay() {
    same_as_replay("workers = 2\ncores = [0, 1]", "");
}

#[test]
fn four_workers_write_the_rows_of_a_replay() {
    same_as_replay("workers = 4", "");
}

#[test]
fn libpcap_writes_the_rows_of_a_replay() {
    // libpcap does not tell of which packets the checksum was left to the NIC.
    same_as_replay("kind = \"pcap\"", "[analysis]\nignore_checksums = true");
}

/// A capture of UDP datagrams, each flow one packet in every round, with these VLAN tags.
fn write_capture(path: &Path, tags: &[u8], flows: u16, rounds: u32) -> u64 {
    let mut pcap = Vec::new();
    for word in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65535, 1] {
        pcap.extend_from_slice(&word.to_le_bytes());
    }
    let payload = [b'x'; 120];
    for _ in 0..rounds {
        for flow in 0..flows {
            let mut frame = [b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02", tags, b"\x08\0"].concat();
            let mut ip = b"\x45\0\0\0\0\0\0\0\x40\x11\0\0\x0a\x01\0\x01\x0a\x01\0\x02".to_vec();
            ip[2..4].copy_from_slice(&(28 + payload.len() as u16).to_be_bytes());
            let sum: u32 = ip.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
            let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            frame.extend_from_slice(&ip);
            frame.extend_from_slice(&(10_000 + flow).to_be_bytes());
            frame.extend_from_slice(&9u16.to_be_bytes());
            frame.extend_from_slice(&(8 + payload.len() as u16).to_be_bytes());
            frame.extend_from_slice(&[0, 0]);
            frame.extend_from_slice(&payload);
            let len = (frame.len() as u32).to_le_bytes();
            pcap.extend_from_slice(&[&[0; 8], &len[..], &len[..], &frame].concat());
        }
    }
    fs::write(path, pcap).unwrap();
    u64::from(flows) * u64::from(rounds)
}

fn number(status: &serde_json::Value, what: &str) -> u64 {
    status[what].as_u64().unwrap_or_else(|| panic!("{what} of {status}"))
}

#[test]
fn the_ledger_adds_up_to_the_packet() {
    let Some(net) = net() else { return };
    let capture = net.path("flood.pcap");
    let sent = write_capture(&capture, &[], 2000, 50);
    let sensor = Sensor::configured(
        &net,
        "workers = 2\nring = \"4 MiB\"\nblock = \"256 KiB\"",
        "rotate_every = \"0\"",
        "",
    );
    let flood = || net.client_does("tcpreplay", &["-q", "--topspeed", "-i", "vc", capture.to_str().unwrap()]);
    flood();
    sensor.wait_for_packets(sent);
    // Nobody takes anything out of the rings: they must overflow.
    sensor.signal("STOP");
    flood();
    sensor.signal("CONT");
    sensor.wait_for_packets(2 * sent);
    until("all is counted", || number(&sensor.status(), "link") >= 2 * sent);
    let status = sensor.status();
    let told = sensor.stop();
    let (link, dropped) = (number(&status, "link"), number(&status, "dropped"));
    assert_eq!(link, 2 * sent, "{told}");
    assert_eq!(number(&status, "delivered") + dropped, link);
    assert!(dropped > 0 && dropped < sent, "{status}");
    let workers = status["workers"].as_array().unwrap();
    assert_eq!(workers.iter().map(|worker| number(worker, "link")).sum::<u64>(), link);
    assert!(workers.iter().all(|worker| number(worker, "delivered") > 0), "{status}");
    // What was analysed is what the logs tell.
    let rows = whole_rows(&fs::read_to_string(net.path("logs/conn.log")).unwrap());
    let packets: u64 = rows.iter().map(|row| row.split('\t').nth(16).unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(rows.len(), 2000);
    assert_eq!(packets, number(&status, "delivered"));
    assert!(told.contains("dropped by the kernel"));
}

#[test]
fn vlan_tags_that_the_kernel_takes_out_are_put_back() {
    let Some(net) = net() else { return };
    let sensor = Sensor::configured(&net, "", "rotate_every = \"0\"", "");
    let mut bytes = 0;
    for tags in [&b"\x81\0\x20\x07"[..], b"\x88\xa8\0\x05\x81\0\0\x06", b""] {
        let capture = net.path("tagged.pcap");
        let sent = write_capture(&capture, tags, 10, 1);
        net.client_does("tcpreplay", &["-q", "-i", "vc", capture.to_str().unwrap()]);
        bytes += sent * (14 + 28 + 120 + tags.len() as u64);
    }
    sensor.wait_for_packets(30);
    assert_eq!(number(&sensor.status()["workers"][0], "bytes"), bytes);
    sensor.stop();
    assert_eq!(logs(&net.path("logs"))["conn.log"].len(), 10);
}

#[test]
fn every_fanout_counts_every_packet_and_filters_let_in_what_they_select() {
    let Some(net) = net() else { return };
    let capture = net.path("flows.pcap");
    let sent = write_capture(&capture, &[], 500, 4);
    for (fanout, filter, expected) in [
        ("cpu", "", sent),
        ("qm", "", sent),
        ("hash", "udp src port 10003 or udp src port 10499", 8),
        ("hash", "tcp", 0),
    ] {
        let interface = format!("workers = 2\nfanout = \"{fanout}\"\nfilter = \"{filter}\"");
        let sensor = Sensor::configured(&net, &interface, "rotate_every = \"0\"", "");
        net.client_does("tcpreplay", &["-q", "--topspeed", "-i", "vc", capture.to_str().unwrap()]);
        sensor.wait_for_packets(expected);
        sleep(300);
        let told = sensor.stop();
        let links = told.lines().filter_map(|line| line.strip_prefix("vs-")?.split(' ').nth(1));
        let links: Vec<u64> = links.map(|number| number.parse().unwrap()).collect();
        assert_eq!((links.len(), links.iter().sum::<u64>()), (2, expected), "{fanout} {filter}: {told}");
    }
}

/// Short flows that end while the sensor runs: a row each, within two seconds.
const SHORT: &str = "[timeouts]\nudp_inactivity = \"1 s\"";

#[test]
fn killed_it_leaves_whole_lines_and_the_next_one_archives_them() {
    let Some(net) = net() else { return };
    let capture = net.path("flows.pcap");
    write_capture(&capture, &[], 5000, 1);
    let sensor = Sensor::configured(&net, "", "", SHORT);
    for _ in 0..4 {
        net.client_does("tcpreplay", &["-q", "--topspeed", "-i", "vc", capture.to_str().unwrap()]);
        sleep(1200);
    }
    let mut written = 0;
    until("rows are written", || {
        let text = fs::read_to_string(net.path("logs/conn.log")).unwrap_or_default();
        written = text.lines().filter(|line| !line.starts_with('#')).count();
        written >= 5000
    });
    sensor.kill();

    let sensor = Sensor::configured(&net, "", "", SHORT);
    until("leftovers are archived", || number(&sensor.status(), "archived") >= 1);
    sensor.stop();
    let rows = archived(&net.path("logs/archive"), "conn");
    assert!(rows.len() >= written, "{} of {written}", rows.len());
}

#[test]
fn a_full_disk_costs_counted_rows_and_no_line_is_cut() {
    let Some(net) = net() else { return };
    let (capture, folder) = (net.path("flows.pcap"), net.path("logs"));
    let sent = write_capture(&capture, &[], 20_000, 1);
    fs::create_dir(&folder).unwrap();
    let mounted = Mounted::tmpfs(&folder, "3m");
    fs::write(folder.join("filler"), vec![0; 2 << 20]).unwrap();
    let archive = format!("archive = \"{}\"\nrotate_every = \"0\"", net.path("archive").display());
    let sensor = Sensor::configured(&net, "", &archive, SHORT);
    let flood = || net.client_does("tcpreplay", &["-q", "--topspeed", "-i", "vc", capture.to_str().unwrap()]);
    let dropped = |status: &serde_json::Value| {
        status["logs"].as_array().unwrap().iter().map(|log| number(log, "dropped")).sum::<u64>()
    };
    // Each round is about 2 MB of rows; 1 MB fits on the disk and 4 MiB are held.
    let mut rounds = 0;
    while dropped(&sensor.status()) == 0 {
        flood();
        sleep(1500);
        rounds += 1;
        assert!(rounds < 12, "{}", sensor.status());
    }
    assert!(sensor.told().contains("cannot write"), "{}", sensor.told());
    assert_eq!(sensor.status()["ready"], false);
    mounted.grow("64m");
    until("writing goes on", || sensor.told().contains("logs can be written again"));
    flood();
    sensor.wait_for_packets((rounds + 1) * sent);
    let rows_of_connections = |status: &serde_json::Value| {
        let conn = status["logs"].as_array().unwrap().iter().find(|log| log["name"] == "conn").unwrap();
        (number(conn, "rows"), number(conn, "dropped"))
    };
    let mut status = sensor.status();
    until("all flows have ended", || {
        status = sensor.status();
        let worker = &status["workers"][0];
        // What a worker has done is counted a little after what its ring has handed out.
        number(&worker["counters"], "ip_packets_total") == number(worker, "link")
            && number(worker, "open_flows") == 0
            && rows_of_connections(&status).0 == number(worker, "opened_flows")
    });
    until("that was a while ago", || sensor.status()["ready"] == true);
    let told = sensor.stop();
    let rows = whole_rows(&fs::read_to_string(folder.join("conn.log")).unwrap()).len() as u64;
    let (all, lost) = rows_of_connections(&status);
    assert_eq!(rows, all - lost, "{status}\n{told}");
    assert!(told.contains("rows dropped because they could not be written"), "{told}");
}

struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn tmpfs(folder: &'a Path, size: &str) -> Self {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(folder);
        assert!(mount.status().unwrap().success());
        Mounted(folder)
    }

    fn grow(&self, size: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,size={size}")]).arg(self.0);
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn an_interface_that_goes_down_and_comes_up_is_followed() {
    let Some(mut net) = net() else { return };
    net.start_servers();
    let sensor = Sensor::configured(&net, "workers = 2", "rotate_every = \"0\"", "");
    let page = ["-s", "-o", "/dev/null", "http://10.9.0.2/small.html"];
    net.client_does("curl", &page);
    net.server_does("ip", &["link", "set", "vs", "down"]);
    let reasons = || sensor.status()["reasons"].to_string();
    until("it is seen to be down", || reasons().contains("interface vs is down"));
    assert_eq!(sensor.status()["ready"], false);
    net.server_does("ip", &["link", "set", "vs", "up"]);
    until("it is seen to be up", || sensor.status()["ready"] == true);
    net.client_does("curl", &page);
    let errors: u64 =
        sensor.status()["workers"].as_array().unwrap().iter().map(|w| number(w, "interface_errors")).sum();
    assert!(errors > 0);
    sensor.stop();
    assert_eq!(logs(&net.path("logs"))["http.log"].len(), 2);
}

#[test]
fn an_interface_that_is_removed_and_made_anew_is_followed() {
    for workers in [1, 3] {
        let Some(mut net) = net() else { return };
        net.start_servers();
        let interface = format!("workers = {workers}\nfilter = \"port 80\"");
        // Root's privileges are gone by then.
        let sensor = Sensor::configured(&net, &interface, "rotate_every = \"0\"", "user = \"root\"");
        let page = |name: &str| {
            let url = format!("http://10.9.0.2/{name}");
            net.client_does("curl", &["-s", "-o", "/dev/null", &url]);
        };
        page("first");
        let mut seen_by_nic = 0;
        for round in 0..3 {
            net.server_does("ip", &["link", "del", "vs"]);
            until("it is seen to be gone", || sensor.status()["reasons"].to_string().contains("vs is down"));
            net.add_link();
            let followed = || {
                let status = sensor.status();
                let workers = status["workers"].as_array().unwrap();
                workers.iter().all(|worker| number(worker, "made_anew") == round + 1)
                    && status["ready"] == true
            };
            until("it is followed by every worker", followed);
            let nic = number(&sensor.status()["interfaces"][0], "nic_packets");
            assert!(nic >= seen_by_nic, "{nic} packets after {seen_by_nic}");
            page(&format!("round-{round}"));
            let counted = || {
                seen_by_nic = number(&sensor.status()["interfaces"][0], "nic_packets");
                seen_by_nic > nic + 5
            };
            until("the page is in the NIC's count", counted);
        }
        until("all is analysed", || {
            fs::read_to_string(net.path("logs/http.log")).is_ok_and(|text| text.contains("/round-2"))
        });
        let status = sensor.status();
        let told = sensor.stop();
        assert_eq!(number(&status, "link"), number(&status, "delivered"), "{status}");
        assert!(told.contains("vs-0: the interface was made anew; capture goes on with it"), "{told}");
        // Each once: no worker sees what is another's.
        assert_eq!(logs(&net.path("logs"))["http.log"].len(), 4, "{told}");
    }
}

#[test]
fn an_interface_that_is_renamed_is_still_the_same() {
    let Some(mut net) = net() else { return };
    net.start_servers();
    let sensor = Sensor::configured(&net, "workers = 2\nfilter = \"port 80\"", "rotate_every = \"0\"", "");
    let page = || {
        net.client_does("curl", &["-s", "-o", "/dev/null", "http://10.9.0.2/small.html"]);
    };
    until("it looks", || sensor.status()["ready"] == true);
    page();
    until("it is in the NIC's count", || number(&sensor.status()["interfaces"][0], "nic_packets") > 5);
    let before = number(&sensor.status()["interfaces"][0], "nic_packets");
    // Interfaces that are up have been renamed since Linux 6.2; earlier ones take it down for it.
    let renames = ["link set vs down", "link set vs name tap0", "link set tap0 up"];
    for words in renames {
        net.server_does("ip", &words.split(' ').collect::<Vec<_>>());
    }
    until("it is told", || sensor.told().contains("vs: the interface is called tap0 now; capture goes on"));
    page();
    let after = || sensor.status()["interfaces"][0].clone();
    until("the NIC's count goes on", || number(&after(), "nic_packets") > before + 5);
    assert_eq!((&after()["name"], &after()["renamed"]), (&"vs".into(), &"tap0".into()));
    until("it is ready", || sensor.status()["ready"] == true);
    sensor.stop();
    assert_eq!(logs(&net.path("logs"))["http.log"].len(), 2);
}

#[test]
fn where_a_removed_interface_cannot_be_followed_that_is_said() {
    let Some(net) = net() else { return };
    let sensor = Sensor::configured(&net, "kind = \"pcap\"", "", "");
    until("it looks", || sensor.status()["ready"] == true);
    net.server_does("ip", &["link", "del", "vs"]);
    net.add_link();
    let reason = "worker vs-0 sees nothing: its interface was made anew, which needs a restart";
    until("it is seen", || sensor.status()["reasons"].to_string().contains(reason));
    until("it is told", || sensor.told().contains("vs-0: the interface was made anew; a restart is needed"));
    sensor.stop();
}

#[test]
fn logs_are_rotated_while_traffic_goes_on() {
    let Some(net) = net() else { return };
    let capture = net.path("flows.pcap");
    let sent = write_capture(&capture, &[], 3000, 1);
    let sensor = Sensor::configured(&net, "", "rotate_every = \"1 s\"", SHORT);
    for _ in 0..4 {
        net.client_does("tcpreplay", &["-q", "--topspeed", "-i", "vc", capture.to_str().unwrap()]);
        sleep(1300);
    }
    sensor.stop();
    let rows = archived(&net.path("logs/archive"), "conn");
    let packets: u64 = rows.iter().map(|row| row.split('\t').nth(16).unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(packets, 4 * sent);
    let files = fs::read_dir(fs::read_dir(net.path("logs/archive")).unwrap().next().unwrap().unwrap().path());
    assert!(files.unwrap().count() >= 4);
    assert!(!net.path("logs/conn.log").exists());
}

#[test]
fn settings_are_read_again_and_a_mistake_changes_nothing() {
    let Some(net) = net() else { return };
    let sensor = Sensor::configured(&net, "", "", "");
    configure(&net, "", "keep = \"30 dayz\"", "");
    sensor.signal("HUP");
    until("the mistake is told", || sensor.told().contains("the configuration stays as it was"));
    assert!(sensor.told().contains("sensor.toml:6:8: keep is a time with its unit"), "{}", sensor.told());
    configure(&net, "workers = 3", "keep = \"30 days\"", "");
    sensor.signal("HUP");
    until("it is taken over", || sensor.told().contains("a restart is needed for [[interface]]"));
    until("it is counted", || sensor.status()["reloads"] == 1);
    // Both at once, so that the second does not come when all is done.
    for signal in ["STOP", "TERM", "INT", "CONT"] {
        sensor.signal(signal);
    }
    assert_eq!(sensor.wait(), Some(130));
}

#[test]
fn scripts_are_read_again_and_connections_go_on() {
    let Some(mut net) = net() else { return };
    net.start_servers();
    let script = net.path("policy.zeek");
    let write = |kind: &str| {
        let text = format!(
            "redef enum Notice::Type += {{ {kind} }};\n\
             event http_reply(c: connection, version: string, code: count, reason: string)\n\
             {{ if ( code == 404 ) {{ SumStats::observe(\"missing\", [$host=c$id$orig_h], [$num=1]); \
             NOTICE([$note={kind}, $conn=c, $msg=c$http$uri]); }} }}\n\
             event zeek_init() {{ SumStats::create([$name=\"missing\", $epoch=1hr, $threshold=3.0, \
             $reducers=set(SumStats::Reducer($stream=\"missing\", $apply=set(SumStats::SUM))), \
             $threshold_crossed(key: SumStats::Key, result: SumStats::Result) = {{ \
             NOTICE([$note={kind}, $msg=\"the third\", $src=key$host]); }}]); }}\n"
        );
        std::fs::write(&script, text).unwrap();
    };
    write("First");
    let config = configure(&net, "", "rotate_every = \"0\"", "");
    let sensor = Sensor::start(&net, &["--config", config.to_str().unwrap(), script.to_str().unwrap()]);
    let notices = || std::fs::read_to_string(net.path("logs").join("notice.log")).unwrap_or_default();
    // One connection with a request before the change and one after it.
    let requests = "exec 3<>/dev/tcp/10.9.0.2/80; \
        printf 'GET /missing-1 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3; \
        while [ ! -e $0 ]; do sleep 0.1; done; \
        printf 'GET /missing-2 HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3";
    let go_on = net.path("go-on");
    let background = format!("({requests}) >/dev/null 2>&1 &");
    net.client_does("bash", &["-c", &background, go_on.to_str().unwrap()]);
    until("the first notice", || notices().contains("First\t/missing-1"));

    write("Second");
    sensor.signal("HUP");
    until("the new scripts run", || sensor.told().contains("the scripts were read again"));
    // Workers look for what the new scripts want a moment later.
    sleep(500);
    std::fs::write(&go_on, "").unwrap();
    until("the second notice", || notices().contains("Second\t/missing-2"));

    std::fs::write(&script, "event zeek_init() { no_such_thing(); }").unwrap();
    sensor.signal("HUP");
    until("the mistake is told", || sensor.told().contains("those that run go on"));
    assert!(
        sensor.told().contains("policy.zeek, line 1: unknown identifier no_such_thing"),
        "{}",
        sensor.told()
    );
    net.client_does("curl", &["-s", "-o", "/dev/null", "http://10.9.0.2/missing-3"]);
    until("the third notice", || notices().contains("Second\t/missing-3"));
    // What was counted before the change counts.
    assert!(notices().contains("Second\tthe third"), "{}", notices());
    let told = sensor.stop();
    let conns = std::fs::read_to_string(net.path("logs").join("conn.log")).unwrap();
    assert_eq!(conns.lines().filter(|line| !line.starts_with('#')).count(), 2, "{told}{conns}");
}

/// What `/proc` tells of each of a process' threads, by the name of the line.
fn of_threads(pid: u32, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        found.push(status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned());
    }
    found
}

#[test]
fn it_gives_up_root_and_every_capability() {
    let Some(net) = net() else { return };
    // The user has to reach the folders.
    let open = Command::new("chmod").arg("755").arg(net.folder.path()).status().unwrap();
    assert!(open.success());
    for user in ["", "nobody"] {
        fs::remove_dir_all(net.path("logs")).unwrap_or_default();
        let sensor = Sensor::configured(&net, "", "", &format!("user = \"{user}\""));
        net.client_does("ping", &["-c", "1", "10.9.0.2"]);
        sensor.wait_for_packets(1);
        for ids in ["Uid:", "Gid:"].iter().flat_map(|name| of_threads(sensor.pid(), name)) {
            assert!(user.is_empty() || !ids.split('\t').any(|id| id == "0"), "{ids}");
        }
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            let all = of_threads(sensor.pid(), set);
            assert!(
                all.len() >= 5 && all.iter().all(|bits| u64::from_str_radix(bits, 16) == Ok(0)),
                "{all:?}"
            );
        }
        sensor.stop();
        assert_eq!(archived(&net.path("logs/archive"), "conn").len(), 1);
    }
}

#[test]
fn it_writes_only_where_it_has_to() {
    let Some(mut net) = net() else { return };
    net.start_servers();
    // A home, which nobody else's files are read from.
    let homes = tempfile::tempdir_in("/root").unwrap();
    let home = homes.path().display();
    fs::write(homes.path().join("secret"), "secret\n").unwrap();
    for folder in ["elsewhere", "state", "allowed", "policy"] {
        fs::create_dir(net.path(folder)).unwrap();
    }
    let (script, folder) = (net.path("policy/policy.zeek"), net.folder.path().display().to_string());
    let write = |uri: &str| {
        let text = format!(
            "redef SumStats::state_file = \"{folder}/state/sumstats\";\n\
             event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, \
             version: string) {{\n\
             local inside = open(\"{folder}/allowed{uri}\"); print inside, \"inside\"; close(inside);\n\
             system(\"echo started > {folder}/allowed{uri}-program; echo x > {folder}/elsewhere/program; \
             cat {home}/secret > {folder}/allowed{uri}-secret; cat /etc/hosts > {folder}/allowed{uri}-hosts\");\n\
             local outside = open(\"{folder}/elsewhere/script\"); print outside, \"outside\"; close(outside); }}\n"
        );
        fs::write(&script, text).unwrap();
    };
    write("/first");
    let more = format!("writable = [\"{folder}/allowed\"]");
    let config = configure(&net, "", "rotate_every = \"1 s\"", &more);
    let sensor = Sensor::start(&net, &["--config", config.to_str().unwrap(), script.to_str().unwrap()]);
    if sensor.told().contains("note: the kernel has no Landlock") {
        return eprintln!("skipped: {}", sensor.told());
    }
    let told = sensor.told();
    let named =
        ["allowed", "logs", "logs/archive", "state"].map(|name| format!("{folder}/{name}")).join(", ");
    assert!(told.contains(&format!("nightjar: files are written only in {named}\n")), "{told}");
    let page = ["-s", "-o", "/dev/null", "http://10.9.0.2/small.html"];
    net.client_does("curl", &page);
    let there = |name: &str| fs::metadata(net.path(name)).is_ok_and(|found| found.len() > 0);
    until("programs run", || there("allowed/first-hosts") && there("allowed/first"));
    // What was given up does not keep it from reading all again.
    write("/second");
    sensor.signal("HUP");
    until("the new scripts run", || sensor.told().contains("the scripts were read again"));
    sleep(500);
    net.client_does("curl", &page);
    until("programs of the new scripts run", || there("allowed/second-hosts") && there("allowed/second"));
    let bits = of_threads(sensor.pid(), "NoNewPrivs:");
    assert!(bits.len() >= 5 && bits.iter().all(|bit| bit == "1"), "{bits:?}");
    sensor.stop();
    assert!(there("allowed/first-program") && there("state/sumstats"));
    assert!(!there("allowed/first-secret") && !there("allowed/second-secret"));
    assert_eq!(fs::read_dir(net.path("elsewhere")).unwrap().count(), 0);
    let errors = archived(&net.path("logs/archive"), "reporter");
    assert!(
        errors.iter().any(|row| row.contains("elsewhere/script") && row.contains("ermission")),
        "{errors:#?}"
    );
    assert_eq!(archived(&net.path("logs/archive"), "http").len(), 2);

    // Told not to, it is as free as its user.
    fs::remove_file(net.path("allowed/second-secret")).unwrap_or_default();
    let config = configure(&net, "", "", "sandbox = false");
    let sensor = Sensor::start(&net, &["--config", config.to_str().unwrap(), script.to_str().unwrap()]);
    net.client_does("curl", &page);
    until("it reads and writes anywhere", || there("allowed/second-secret") && there("elsewhere/script"));
    assert!(!sensor.told().contains("only in"));
    sensor.stop();
}

#[test]
fn as_a_service_it_needs_only_packet_sockets_and_tells_how_it_is() {
    let Some(net) = net() else { return };
    // Where the program cannot be reached by others there is nothing to see.
    let reached =
        Command::new("setpriv").args(["--reuid", "nobody", NIGHTJAR, "--version"]).output().unwrap();
    if !reached.status.success() {
        return eprintln!("skipped: {NIGHTJAR} is out of reach for others");
    }
    let open = Command::new("chmod").arg("777").arg(net.folder.path()).status().unwrap();
    assert!(open.success());
    let notified = net.path("notify.sock");
    let socket = std::os::unix::net::UnixDatagram::bind(&notified).unwrap();
    assert!(Command::new("chmod").arg("666").arg(&notified).status().unwrap().success());
    let config = configure(&net, "", "", "metrics = \"127.0.0.1:9911\"");
    let sensor = Sensor::confined(&net, &config, &notified);
    assert!(!sensor.told().contains("refused"), "{}", sensor.told());
    net.client_does("ping", &["-c", "1", "10.9.0.2"]);
    sensor.wait_for_packets(1);
    assert_eq!(sensor.status()["interfaces"][0]["kind"], "af_packet");
    let get = |path: &str| {
        let url = format!("http://127.0.0.1:9911{path}");
        String::from_utf8(net.on_server("curl", &["-s", &url]).output().unwrap().stdout).unwrap()
    };
    assert_eq!(get("/healthz"), "ready\n");
    let metrics = get("/metrics");
    assert!(metrics.contains("nightjar_packets_total{interface=\"vs\",worker=\"0\"} "), "{metrics}");
    sensor.stop();
    socket.set_nonblocking(true).unwrap();
    let mut message = [0; 256];
    let mut messages = Vec::new();
    while let Ok(len) = socket.recv(&mut message) {
        messages.push(String::from_utf8_lossy(&message[..len]).trim().to_owned());
    }
    assert_eq!(messages[0], "READY=1", "{messages:?}");
    for expected in ["WATCHDOG=1", "STOPPING=1"] {
        assert!(messages.iter().any(|message| message == expected), "{messages:?}");
    }
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let text = include_str!("../../../configs/nightjar.service");
    let Ok(folder) = tempfile::tempdir() else { return };
    let unit = folder.path().join("nightjar.service");
    // Its pages come with the packages.
    let text = text.replace("/usr/bin/nightjar", NIGHTJAR).replace("Documentation=man:nightjar(1)\n", "");
    fs::write(&unit, text).unwrap();
    let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&unit).output() else {
        return eprintln!("skipped: there is no systemd-analyze");
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(!said.contains("nightjar.service"), "{said}");
}

#[test]
fn an_idle_tap_costs_next_to_nothing_and_flows_still_end() {
    let Some(net) = net() else { return };
    let sensor = Sensor::configured(&net, "", "rotate_every = \"0\"", SHORT);
    net.client_does("bash", &["-c", "echo x > /dev/udp/10.9.0.2/9"]);
    until("the flow's row is written", || {
        fs::read_to_string(net.path("logs/conn.log")).is_ok_and(|text| text.contains("\tudp\t"))
    });
    let ticks = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", sensor.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let wakeups = || {
        let threads = fs::read_dir(format!("/proc/{}/task", sensor.pid())).unwrap();
        let of = |thread: fs::DirEntry| {
            let status = fs::read_to_string(thread.path().join("status")).unwrap();
            let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            count.unwrap().trim().parse::<u64>().unwrap()
        };
        threads.map(|thread| of(thread.unwrap())).sum::<u64>()
    };
    // How long the same work takes depends on the machine, and on who else is busy there: one quiet stretch of several
    // is enough. A tick is 10 ms: 20 of them are 5 % of four seconds.
    let mut seen = Vec::new();
    while seen.last().is_none_or(|(woken, used)| *woken > 120 || *used > 20) {
        assert!(seen.len() < 4, "wakeups and ticks: {seen:?}");
        let before = (wakeups(), ticks());
        sleep(4000);
        seen.push((wakeups() - before.0, ticks() - before.1));
    }
    println!("wakeups and ticks: {seen:?}");
    sensor.stop();
}

#[test]
fn commands_say_what_is_wrong() {
    let Some(net) = net() else { return };
    let run = |args: &[&str]| {
        let output = net.on_server(NIGHTJAR, args).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code().unwrap(), text)
    };
    let (code, text) = run(&["doctor", "-i", "nosuchif"]);
    assert!(code == 1 && text.contains("there is no such interface"), "{text}");
    let (code, text) = run(&["doctor", "-i", "vs"]);
    assert!(code == 0, "{text}");
    net.server_does("ip", &["link", "set", "vs", "down"]);
    let (code, text) = run(&["doctor", "-i", "vs"]);
    assert!(code == 1 && text.contains("ip link set dev vs up"), "{text}");

    let config = configure(&net, "wrokers = 2", "rotate_every = 60", "");
    let config = config.to_str().unwrap();
    let (code, text) = run(&["check", "--config", config]);
    assert_eq!(code, 2);
    assert!(
        text.contains(
            "sensor.toml:3:1: there is no setting of [interface] 'wrokers'; did you mean 'workers'?"
        )
    );
    assert!(text.contains("sensor.toml:6:16: rotate_every is a time with its unit"), "{text}");
    assert_eq!(run(&["--config", config]).0, 2);
    let (code, text) = run(&["status", "--socket", "/nonexistent"]);
    assert!(code == 1 && text.contains("no sensor answers"), "{text}");
    let (code, text) = run(&["-i", "nosuchif"]);
    assert!(code == 1 && text.contains("there is no interface 'nosuchif'"), "{text}");
    let folder = net.path("unprivileged");
    fs::create_dir(&folder).unwrap();
    let nobody = ["--reuid", "65534", "--clear-groups", NIGHTJAR, "-i", "vs"];
    let output = net.on_server("setpriv", &nobody).current_dir(&folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    // Where the program cannot even be reached by others there is nothing to see.
    if output.status.code() == Some(1) && !text.contains("failed to execute") {
        assert!(
            text.contains("AF_PACKET was refused (opening a packet socket (this needs CAP_NET_RAW)"),
            "{text}"
        );
    }
}
