//! Logs and archives that somebody, or a full disk, gets at while the sensor runs.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::Mounted;
use crate::net::{Net, net, until};
use crate::sensor::{Sensor, configure, whole_rows};

/// Asks for a page, and waits until it is in a log.
fn ask(net: &Net, page: &str, log: &Path) {
    net.client_does("curl", &["-s", "-o", "/dev/null", &format!("http://10.9.0.2/{page}")]);
    until(&format!("{page} is in {}", log.display()), || has(log, page));
}

fn has(log: &Path, page: &str) -> bool {
    fs::read_to_string(log).is_ok_and(|text| text.contains(&format!("\t/{page}\t")))
}

#[test]
fn logs_that_are_removed_or_moved_away_are_made_anew() {
    let Some(mut net) = net() else { return };
    net.start_servers();
    for sandbox in [false, true] {
        let (folder, old) = (net.path("logs"), net.path("old"));
        // Nothing is left of the round before.
        let _ = (fs::remove_dir_all(&folder), fs::remove_dir_all(&old));
        let log = folder.join("http.log");
        let sensor = Sensor::configured(
            &net,
            "filter = \"port 80\"",
            "rotate_every = \"0\"",
            &format!("sandbox = {sandbox}"),
        );
        ask(&net, "first", &log);
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_file() {
                fs::remove_file(entry).unwrap();
            }
        }
        until("that is noticed", || sensor.told().contains("http.log was removed; it is made anew"));
        ask(&net, "second", &log);
        assert!(!has(&log, "first"));
        assert_eq!(whole_rows(&fs::read_to_string(&log).unwrap()).len(), 1);

        fs::rename(&folder, &old).unwrap();
        if sandbox && sensor.told().contains("files are written only in") {
            // Another folder is out of reach; this one still is not.
            fs::create_dir(&folder).unwrap();
            until("that is noticed", || {
                sensor.told().contains("http.log was moved away, and no other can be made")
            });
            ask(&net, "third", &old.join("http.log"));
            fs::remove_dir_all(&old).unwrap();
            until("that is noticed", || {
                sensor.told().contains("http.log was removed, and no other can be made")
            });
            assert!(!sensor.told().contains("logs can be written again"), "{}", sensor.told());
        } else {
            until("that is noticed", || {
                sensor.told().contains("http.log was moved away; rows from now on go to a new")
            });
            ask(&net, "third", &log);
            assert!(fs::read_to_string(old.join("http.log")).unwrap().contains("\n#close"));
            // The sensor may be making it anew meanwhile.
            until("it is removed", || fs::remove_dir_all(&folder).is_ok() || !folder.exists());
            until("that is noticed", || {
                sensor.told().matches("http.log was removed; it is made anew").count() >= 2
            });
            ask(&net, "fourth", &log);
        }
        until("it is counted", || {
            sensor.status()["log_failures"].as_u64().is_some_and(|failures| failures > 2)
        });
        sensor.signal("TERM");
        let lost = sensor.told().contains("no other can be made");
        let told = sensor.told_at_the_end(if lost { 3 } else { 0 });
        assert_eq!(told.contains("its last rows were dropped"), lost, "{told}");
        assert!(told.contains("nightjar: finishing") && told.contains("rows: "), "{told}");
    }
}

#[test]
fn retention_makes_room_for_what_waits_to_be_compressed() {
    let Some(net) = net() else { return };
    let folder = net.path("logs");
    fs::create_dir(&folder).unwrap();
    let _mounted = Mounted::tmpfs(&folder, "3m");
    let queue = folder.join("log-queue");
    let day = folder.join("archive/2020-01-01");
    fs::create_dir_all(&queue).unwrap();
    fs::create_dir_all(&day).unwrap();
    let noise = |len: usize| {
        let mut state = 88172645463325252_u64;
        let mut bytes: Vec<u8> = Vec::with_capacity(len);
        while bytes.len() < len {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend(state.to_le_bytes());
        }
        bytes
    };
    let waiting = queue.join("conn__2020-01-02-00-00-00__2020-01-02-01-00-00__.log");
    let fill = || {
        let mut rest = fs::File::create(folder.join("filler")).unwrap();
        while rest.write(&[0; 4096]).is_ok_and(|len| len > 0) {}
    };
    let config = configure(&net, "", "rotate_every = \"1 h\"", "");
    let text = fs::read_to_string(&config).unwrap().replace("min_free_percent = 0", "min_free_percent = 5");
    fs::write(&config, text).unwrap();
    let start = || Sensor::start(&net, &["--config", config.to_str().unwrap()]);

    // An archived log is older.
    let old = day.join("conn.00:00:00-01:00:00.log.gz");
    fs::write(&old, noise(1 << 20)).unwrap();
    fs::write(&waiting, noise(512 << 10)).unwrap();
    fill();
    let sensor = start();
    until("the waiting log is archived", || !waiting.exists());
    assert!(!old.exists());
    assert!(folder.join("archive/2020-01-02/conn.00:00:00-01:00:00.log.gz").exists());
    sensor.stop();

    // Nothing is older, and there is no room for what it would be compressed to.
    fs::remove_dir_all(folder.join("archive")).unwrap();
    fs::remove_file(folder.join("filler")).unwrap();
    fs::write(&waiting, noise(2 << 20)).unwrap();
    fill();
    let sensor = start();
    until("the waiting log makes room", || !waiting.exists());
    assert!(sensor.told().contains("there is nothing older: it is removed"), "{}", sensor.told());
    sensor.stop();
}
