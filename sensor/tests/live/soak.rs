//! Mixed traffic for as long as is wanted, with the flow table at its ceiling: memory stays as it is.
//!
//! `make soak` gives it ten minutes (`NIGHTJAR_SOAK`, in seconds); else it is a short one.

use std::time::{Duration, Instant};

use crate::net::{Net, net};
use crate::sensor::{Sensor, sleep};
use crate::{number, write_capture};

/// Without being told, there is time for so many seconds only.
const SHORT: u64 = 20;
/// Flows, of which the flood makes more than so many within the time after which they end by themselves. The first
/// is for a short run.
const CEILING: [u64; 2] = [100_000, 500_000];

/// Web pages, names and pings without end.
fn begin_traffic(net: &mut Net) {
    for traffic in [
        "while :; do curl -s -o /dev/null http://10.9.0.2/small.html -o /dev/null http://10.9.0.2/large.bin \
         -o /dev/null http://10.9.0.2/missing; done",
        "while :; do dig +tries=1 @10.9.0.2 www.example.test; dig +tries=1 @10.9.0.2 $RANDOM.example.test; done",
        "while :; do ping -c 10 -i 0.1 10.9.0.2; echo x > /dev/udp/10.9.0.2/9000; done",
    ] {
        net.ask("bash", &["-c", traffic]);
    }
}

#[test]
fn memory_stays_flat_with_the_flow_table_at_its_ceiling() {
    let Some(mut net) = net() else { return };
    let wanted = std::env::var("NIGHTJAR_SOAK").ok().and_then(|seconds| seconds.parse().ok());
    let seconds = wanted.unwrap_or(SHORT);
    // Memory settles in the first minute, for which there is no time in a short run.
    let [short, long] = CEILING;
    let (ceiling, settled, percent) =
        if wanted.is_some() { (long, 60, 105) } else { (short, seconds / 2, 120) };
    net.start_servers();
    let capture = net.path("flood.pcap");
    write_capture(&capture, &[], 50_000, 1);
    let more = format!("[limits]\nflows = {ceiling}");
    let sensor = Sensor::configured(&net, "ring = \"16 MiB\"", "rotate_every = \"5 s\"", &more);
    begin_traffic(&mut net);
    let file = capture.to_str().unwrap().to_owned();
    let duration = format!("--duration={}", seconds + 5);
    // No flow comes twice.
    let flood = ["-q", "-K", "--unique-ip", "--loop=0", &duration, "--pps=30000", "-i", "vc", &file];
    net.ask("tcpreplay", &flood);
    let started = Instant::now();
    let mut memory = Vec::new();
    while started.elapsed() < Duration::from_secs(seconds) {
        sleep(1000);
        let status = sensor.status();
        if started.elapsed() >= Duration::from_secs(settled) {
            memory.push(number(&status, "memory_bytes"));
            let open = number(&status["workers"][0], "open_flows");
            assert!(open > ceiling * 9 / 10 && open <= ceiling, "{status}");
        }
    }
    let status = sensor.status();
    let rows = |log: &str| {
        let rows = status["logs"].as_array().unwrap().iter().find(|row| row["name"] == log);
        rows.map_or(0, |row| number(row, "rows"))
    };
    let worker = &status["workers"][0];
    let (first, least, most) = (memory[0], *memory.iter().min().unwrap(), *memory.iter().max().unwrap());
    println!(
        "{} s: {} packets, {} dropped; {} flows, {} ended early at the ceiling; rows: conn {}, http {}, dns {}; \
         resident memory after {settled} s {:.1} MiB, from then on {:.1} to {:.1} MiB",
        started.elapsed().as_secs(),
        number(&status, "link"),
        number(&status, "dropped"),
        number(worker, "opened_flows"),
        number(worker, "evicted_flows"),
        rows("conn"),
        rows("http"),
        rows("dns"),
        first as f64 / 1048576.0,
        least as f64 / 1048576.0,
        most as f64 / 1048576.0,
    );
    assert!(number(worker, "evicted_flows") > 5_000 * seconds, "{status}");
    assert!(rows("http") > seconds && rows("dns") > seconds, "{status}");
    assert!(most * 100 <= least * percent, "{memory:?}");
    sensor.stop();
}
