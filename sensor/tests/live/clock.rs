//! The clock is set back an hour while the sensor runs.
//!
//! The machine's clock is everybody's, so the sensor alone is given another: what it asks the C library for is
//! an hour less from some moment on. With AF_XDP it is the sensor itself that stamps packets.

use std::fs;
use std::process::Command;

use crate::net::{Net, net, until};
use crate::sensor::{Sensor, archived, configure, sleep};
use crate::{number, write_capture};

/// Takes off the seconds that a file says.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    long result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) {
        char text[16] = {0};
        int file = open(getenv("NIGHTJAR_TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
        if (file >= 0) {
            if (read(file, text, sizeof text - 1) > 0) now->tv_sec -= atol(text);
            close(file);
        }
    }
    return (int)result;
}
"#;

fn build(net: &Net) -> String {
    let (source, library) = (net.path("clock.c"), net.path("clock.so").to_str().unwrap().to_owned());
    fs::write(&source, CLOCK).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o", &library]).arg(source).status().unwrap();
    assert!(built.success());
    library
}

#[test]
fn a_clock_set_back_an_hour_stops_nothing() {
    let Some(net) = net() else { return };
    net.add_tap(1);
    let (clock, ticks, capture) = (net.path("back"), net.path("logs/ticks"), net.path("flows.pcap"));
    fs::write(&clock, "0").unwrap();
    let script = net.path("policy.zeek");
    let text = format!(
        "global f: file;\n\
         event tick() {{ print f, \"tick\", network_time(); flush_all(); schedule 1sec {{ tick() }}; }}\n\
         event zeek_init() {{ f = open(\"{}\"); schedule 1sec {{ tick() }};\n\
         SumStats::create([$name=\"flows\", $epoch=2sec, $reducers=set(SumStats::Reducer($stream=\"flows\", \
         $apply=set(SumStats::SUM))), $epoch_result(ts: time, key: SumStats::Key, result: SumStats::Result) = {{ \
         print f, \"epoch\", ts, result[\"flows\"]$sum; flush_all(); }}]); }}\n\
         event new_connection(c: connection) {{ SumStats::observe(\"flows\", [$str=\"all\"], [$num=1]); }}\n",
        ticks.display()
    );
    fs::write(&script, text).unwrap();
    let sent = write_capture(&capture, &[], 50, 2);
    let interface = "name = \"tb\"\nkind = \"af_xdp\"";
    let config = configure(&net, interface, "rotate_every = \"1 s\"", "[timeouts]\nudp_inactivity = \"5 s\"");
    let environment =
        [("LD_PRELOAD", build(&net)), ("NIGHTJAR_TEST_CLOCK", clock.to_str().unwrap().to_owned())];
    let args = ["--config", config.to_str().unwrap(), script.to_str().unwrap()];
    let sensor = Sensor::with_environment(&net, &args, &environment);
    let send = || net.client_does("tcpreplay", &["-q", "-i", "ta", capture.to_str().unwrap()]);
    let lines = |what: &str| {
        let text = fs::read_to_string(&ticks).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.strip_prefix(what)?.strip_prefix(", "));
        lines
            .map(|line| line.split(", ").map(|part| part.parse().unwrap()).collect())
            .collect::<Vec<Vec<f64>>>()
    };
    until("the script's time goes on", || lines("tick").len() >= 2);
    send();
    sensor.wait_for_packets(sent);
    send();
    sensor.wait_for_packets(2 * sent);
    fs::write(&clock, "3600").unwrap();
    let before = lines("tick");
    send();
    sensor.wait_for_packets(3 * sent);
    until("the step is seen", || number(&sensor.status()["workers"][0], "clock_steps") == 1);
    until("the script's time goes on", || lines("tick").len() >= before.len() + 4);
    // These flows time out.
    sleep(6000);
    send();
    sensor.wait_for_packets(4 * sent);
    sleep(2000);
    let status = sensor.status();
    assert_eq!(status["ready"], true, "{status}");
    let uptime = status["uptime_seconds"].as_f64().unwrap();
    assert!(uptime > 5.0 && uptime < 100.0, "{uptime}");
    let told = sensor.stop();
    assert!(told.contains("the clock was set back by 3600 s"), "{told}");
    // The first two went into the same flows, which ended with the hour.
    let rows = archived(&net.path("logs/archive"), "conn");
    let mut times: Vec<f64> =
        rows.iter().map(|row| row.split('\t').next().unwrap().parse().unwrap()).collect();
    times.sort_by(f64::total_cmp);
    let packets: u64 = rows.iter().map(|row| row.split('\t').nth(16).unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!((rows.len(), packets), (150, 4 * sent), "{told}");
    assert!(times[149] - times[0] > 3500.0 && times[149] - times[100] < 60.0, "{times:?}");
    // No second was left out, and none came twice.
    let ticks: Vec<f64> = lines("tick").iter().map(|line| line[0]).collect();
    let steps: Vec<f64> = ticks.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(steps.iter().filter(|step| **step < 0.0).count(), 1, "{steps:?}");
    assert!(steps.iter().all(|step| *step < 3.0), "{steps:?}");
    let counted: f64 = lines("epoch").iter().map(|line| line[1]).sum();
    assert!(counted >= 100.0, "{counted}");
}
