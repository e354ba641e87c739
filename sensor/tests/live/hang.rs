//! A worker that hangs is noticed, told of and replaced.

use std::fs;
use std::time::Duration;

use crate::net::{Net, net, until};
use crate::sensor::{Sensor, whole_rows};
use crate::write_capture;

/// A thread of another process that is stopped until this is dropped, while all others go on: what it looks like from
/// outside when it hangs.
struct Stopped(libc::pid_t);

impl Stopped {
    fn new(thread: libc::pid_t) -> Stopped {
        let none = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: neither request reads or writes memory of this process, nor does waiting without a status.
        unsafe {
            assert_eq!(libc::ptrace(libc::PTRACE_SEIZE, thread, none, none), 0);
            assert_eq!(libc::ptrace(libc::PTRACE_INTERRUPT, thread, none, none), 0);
            assert_eq!(libc::waitpid(thread, std::ptr::null_mut(), libc::__WALL), thread);
        }
        Stopped(thread)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let none = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: as above.
        unsafe { libc::ptrace(libc::PTRACE_DETACH, self.0, none, none) };
    }
}

/// The threads of the sensor's workers.
fn workers(sensor: &Sensor) -> Vec<libc::pid_t> {
    let tasks = fs::read_dir(format!("/proc/{}/task", sensor.pid())).unwrap().flatten();
    let workers = tasks.filter(|task| {
        let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        name.starts_with("worker vs-")
    });
    workers.map(|task| task.file_name().to_str().unwrap().parse().unwrap()).collect()
}

fn count(status: &serde_json::Value, what: &str) -> u64 {
    status["workers"][0][what].as_u64().unwrap_or_else(|| panic!("{what}: {status}"))
}

fn send(net: &Net, name: &str, flows: u16) -> u64 {
    let capture = net.path(name);
    let sent = write_capture(&capture, &[], flows, 1);
    net.client_does("tcpreplay", &["-q", "--mbps", "20", "-i", "vc", capture.to_str().unwrap()]);
    sent
}

#[test]
fn a_worker_that_hangs_is_replaced_and_should_it_wake_up_it_ends() {
    let Some(net) = net() else { return };
    let more = "metrics = \"127.0.0.1:9911\"\nhang_after = \"1 s\"";
    let sensor = Sensor::configured(&net, "workers = 1", "rotate_every = \"0\"", more);
    let mut sent = send(&net, "first.pcap", 300);
    sensor.wait_for_packets(sent);
    let [worker] = workers(&sensor)[..] else { panic!("{:?}", workers(&sensor)) };
    let stopped = Stopped::new(worker);
    // What comes now waits in the ring.
    sent += send(&net, "second.pcap", 500);
    until("the hang is told", || sensor.told().contains("vs-0: the worker has hung for"));
    assert!(sensor.told().contains("another worker goes on with its packets"), "{}", sensor.told());
    sensor.wait_for_packets(sent);
    let status = sensor.status();
    assert_eq!((count(&status, "hangs"), count(&status, "dropped")), (1, 0), "{status}");
    assert_eq!((count(&status, "link"), count(&status, "delivered")), (sent, sent), "{status}");
    assert_eq!(count(&status, "lost_flows"), 300, "{status}");
    let get = |path: &str| {
        let url = format!("http://127.0.0.1:9911{path}");
        String::from_utf8(net.on_server("curl", &["-s", &url]).output().unwrap().stdout).unwrap()
    };
    until("it is ready", || get("/healthz").starts_with("ready\n"));
    assert!(get("/healthz").contains("worker vs-0 hung and was replaced: 1"), "{}", get("/healthz"));
    assert!(get("/metrics").contains("\nnightjar_worker_hangs_total{interface=\"vs\",worker=\"0\"} 1\n"));
    let notices = || fs::read_to_string(net.path("logs/notice.log")).unwrap_or_default();
    until("there is a notice", || notices().contains("Sensor::Worker_Hangs"));
    // The old thread comes back to life.
    assert_eq!(workers(&sensor).len(), 2);
    drop(stopped);
    until("it has ended", || workers(&sensor).len() == 1);
    sent += send(&net, "third.pcap", 700);
    sensor.wait_for_packets(sent);
    let told = sensor.stop();
    // Flows of the second and third capture, which has those of the second too, each once.
    let rows = whole_rows(&fs::read_to_string(net.path("logs/conn.log")).unwrap());
    assert_eq!(rows.len(), 700, "{told}");
}

#[test]
fn a_sensor_that_is_stopped_as_a_whole_does_not_take_its_workers_for_hanging() {
    let Some(net) = net() else { return };
    let sensor = Sensor::configured(&net, "workers = 2", "rotate_every = \"0\"", "hang_after = \"1 s\"");
    let sent = send(&net, "first.pcap", 300);
    sensor.wait_for_packets(sent);
    sensor.signal("STOP");
    std::thread::sleep(Duration::from_secs(3));
    sensor.signal("CONT");
    let sent = sent + send(&net, "second.pcap", 300);
    sensor.wait_for_packets(sent);
    let told = sensor.stop();
    assert!(!told.contains("hung"), "{told}");
}

/// Workers that really spin: in builds with debug assertions only.
#[cfg(debug_assertions)]
mod spin {
    use super::*;
    use crate::net::packets_sent;
    use crate::sensor::configure;

    /// One of the requests in the capture of HTTP that ships.
    const AT: &str = "GET /busy";

    fn spinning(net: &Net, interface: &str, more: &str) -> Sensor {
        let config = configure(net, interface, "rotate_every = \"0\"", more);
        let environment = [("NIGHTJAR_TEST_SPIN_AT", AT.to_owned())];
        Sensor::with_environment(net, &["--config", config.to_str().unwrap()], &environment)
    }

    fn send_http(net: &Net, from: &str) -> u64 {
        let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/../pcaps/http.pcap");
        packets_sent(&net.client_does("tcpreplay", &["-q", "--pps=2000", "-i", from, capture]))
    }

    fn has_hung(told: &str) -> bool {
        told.contains("the worker has hung for ") && told.contains(" s in the analyzer of http, at packet ")
    }

    #[test]
    fn the_ring_of_a_worker_that_spins_is_taken_over_and_its_connection_given_up() {
        let Some(net) = net() else { return };
        let more = "hang_after = \"2 s\"";
        let sensor = spinning(&net, "workers = 1\nring = \"4 MiB\"\nblock = \"256 KiB\"", more);
        let mut sent = send_http(&net, "vc");
        // More than the ring holds, while nobody takes anything out of it.
        let flood = net.path("flood.pcap");
        sent += write_capture(&flood, &[], 2000, 50);
        net.client_does("tcpreplay", &["-q", "--topspeed", "-i", "vc", flood.to_str().unwrap()]);
        until("the hang is told", || has_hung(&sensor.told()));
        let told = sensor.told();
        assert!(
            told.contains(" > 10.98.0.2:80/tcp, C") && told.contains("; that connection is given up"),
            "{told}"
        );
        assert!(told.contains("; another worker goes on with its packets"), "{told}");
        sensor.wait_for_packets(sent);
        let status = sensor.status();
        assert_eq!(count(&status, "delivered") + count(&status, "dropped"), sent, "{status}");
        assert!(count(&status, "dropped") > 10_000, "{status}");
        assert_eq!(count(&status, "link"), sent, "{status}");
        // The same again does not hang again.
        sent += send_http(&net, "vc");
        sensor.wait_for_packets(sent);
        let status = sensor.status();
        assert_eq!(count(&status, "hangs"), 1, "{status}");
        let lost = status["lost"].to_string();
        assert!(
            lost.contains("packets left alone because the analysis of their connection had hung"),
            "{lost}"
        );
        let told = sensor.stop();
        let rows = whole_rows(&fs::read_to_string(net.path("logs/http.log")).unwrap());
        assert!(rows.len() > 20, "{told}");
    }

    /// Whose ring cannot be taken over ends, for the service manager to start it again.
    fn ends(net: &Net, interface: &str, from: &str) {
        let sensor = spinning(net, interface, "hang_after = \"1 s\"");
        send_http(net, from);
        let told = sensor.told_at_the_end(5);
        assert!(has_hung(&told), "{told}");
        assert!(told.contains("because this kind of capture cannot be taken over"), "{told}");
        assert!(told.contains("a worker hung that could not be replaced; a restart is needed"), "{told}");
        assert!(told.contains("; what has come since is not counted"), "{told}");
        assert!(told.contains("-0: 197 packets = 197 analysed + 0 dropped by the kernel"), "{told}");
        assert!(told.contains("16 connections forgotten without a row"), "{told}");
        let log = fs::read_to_string(net.path("logs/notice.log")).unwrap_or_default();
        assert!(log.contains("Sensor::Worker_Hangs") && log.contains("\n#close\t"), "{told}\n{log}");
    }

    #[test]
    fn a_worker_on_libpcap_that_spins_ends_the_sensor() {
        let Some(net) = net() else { return };
        ends(&net, "kind = \"pcap\"", "vc");
    }

    #[test]
    fn a_worker_on_af_xdp_that_spins_ends_the_sensor() {
        let Some(net) = net() else { return };
        net.add_tap(1);
        ends(&net, "name = \"tb\"\nkind = \"af_xdp\"", "ta");
    }
}
