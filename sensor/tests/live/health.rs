//! What the sensor says of itself while something is wrong with it.

use std::process::Stdio;

use crate::net::{Net, net, until};
use crate::sensor::{NIGHTJAR, configure};
use crate::write_capture;

/// What `/healthz` or `/metrics` says.
fn get(net: &Net, path: &str) -> String {
    let url = format!("http://127.0.0.1:9911{path}");
    String::from_utf8(net.on_server("curl", &["-s", &url]).output().unwrap().stdout).unwrap()
}

fn metric(net: &Net, name: &str) -> f64 {
    let told = get(net, "/metrics");
    let line = told.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {told}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Rows go into a pipe that nobody reads: as with a disk that hangs, writing does not come to an end.
#[test]
fn logs_that_cannot_be_written_are_told_while_it_lasts_and_counting_goes_on() {
    let Some(net) = net() else { return };
    let capture = net.path("flows.pcap");
    let sent = write_capture(&capture, &[], 4000, 1);
    let more = "metrics = \"127.0.0.1:9911\"\n[timeouts]\nudp_inactivity = \"1 s\"";
    let config = configure(&net, "", "rotate_every = \"0\"", more);
    let mut command = net.on_server(NIGHTJAR, &["--config", config.to_str().unwrap(), "--stdout", "conn"]);
    let mut sensor = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    until("it is ready", || get(&net, "/healthz") == "ready\n");
    let send =
        || net.client_does("tcpreplay", &["-q", "--mbps", "50", "-i", "vc", capture.to_str().unwrap()]);
    send();
    until("the stall is told", || get(&net, "/healthz").contains("not ready: no log was written for"));
    assert_eq!(metric(&net, "nightjar_condition{condition=\"logs_stalled\"}"), 1.0);
    // What the workers count, and what is served, does not wait for the logs.
    send();
    until("the packets are counted", || metric(&net, "nightjar_packets_total{") >= 2.0 * sent as f64);
    assert!(metric(&net, "nightjar_snapshot_age_seconds ") < 5.0);
    // Somebody reads after all.
    let mut rows = sensor.stdout.take().unwrap();
    std::thread::spawn(move || std::io::copy(&mut rows, &mut std::io::sink()));
    until("it is ready again", || get(&net, "/healthz") == "ready\n");
    sensor.kill().unwrap();
    sensor.wait().unwrap();
}
