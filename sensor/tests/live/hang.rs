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
