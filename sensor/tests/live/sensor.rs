//! A sensor under test, and reading what it wrote.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::net::{Net, signal, until};

pub const NIGHTJAR: &str = env!("CARGO_BIN_EXE_nightjar");

/// A running sensor on the server's interface.
pub struct Sensor {
    child: Child,
    told: PathBuf,
    socket: PathBuf,
}

impl Sensor {
    /// With these arguments.
    pub fn start(net: &Net, args: &[&str]) -> Sensor {
        Sensor::run(net, net.on_server(NIGHTJAR, args))
    }

    /// With these variables.
    pub fn with_environment(net: &Net, args: &[&str], environment: &[(&str, String)]) -> Sensor {
        let mut command = net.on_server(NIGHTJAR, args);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Sensor::run(net, command)
    }

    pub fn run(net: &Net, mut command: Command) -> Sensor {
        let told = net.path("sensor.err");
        let stderr = fs::File::create(&told).unwrap();
        let child = command.stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let sensor = Sensor { child, told, socket: net.path("status.sock") };
        until("the sensor listens", || {
            let told = sensor.told();
            assert!(!told.contains("nightjar: cannot"), "{told}");
            told.contains("nightjar: listening on")
        });
        sensor
    }

    /// With a configuration to which the tables given are added.
    pub fn configured(net: &Net, interface: &str, logs: &str, more: &str) -> Sensor {
        let config = configure(net, interface, logs, more);
        Sensor::start(net, &["--config", config.to_str().unwrap()])
    }

    /// As an ordinary user who may open packet sockets and nothing else, telling `notified` how it is.
    pub fn confined(net: &Net, config: &Path, notified: &Path) -> Sensor {
        let only = "-all,+net_raw";
        let mut args = vec!["--reuid", "nobody", "--regid", "65534", "--clear-groups"];
        args.extend(["--inh-caps", only, "--ambient-caps", only, "--bounding-set", only]);
        args.extend([NIGHTJAR, "--config", config.to_str().unwrap()]);
        let mut command = net.on_server("setpriv", &args);
        command.env("NOTIFY_SOCKET", notified);
        Sensor::run(net, command)
    }

    pub fn told(&self) -> String {
        fs::read_to_string(&self.told).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn status(&self) -> serde_json::Value {
        let args = ["status", "--json", "--socket", self.socket.to_str().unwrap()];
        let output = Command::new(NIGHTJAR).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Waits until the sensor has seen so many packets.
    pub fn wait_for_packets(&self, packets: u64) {
        until("the packets are analysed", || {
            let status = self.status();
            status["delivered"].as_u64().unwrap_or(0) + status["dropped"].as_u64().unwrap_or(0) >= packets
        });
    }

    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Ends it in good order; gives back what it told.
    pub fn stop(mut self) -> String {
        self.signal("TERM");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.told());
        self.told()
    }

    /// What it has told by its end, which it reaches with this exit code.
    pub fn told_at_the_end(mut self, code: i32) -> String {
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "{}", self.told());
        self.told()
    }

    /// Its exit code, once it has ended.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub fn kill(mut self) {
        self.signal("KILL");
        self.child.wait().unwrap();
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        // It has ended where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a configuration and returns its path. Captured is on `vs`, unless the interface has another name.
pub fn configure(net: &Net, interface: &str, logs: &str, more: &str) -> PathBuf {
    let path = net.path("sensor.toml");
    let name = if interface.starts_with("name = ") { "" } else { "name = \"vs\"\n" };
    // How full this machine's disk is must not matter.
    let text = format!(
        "[[interface]]\n{name}{interface}\n[logs]\nfolder = \"{}\"\n{logs}\nmin_free_percent = 0\n\
         [service]\nstatus_socket = \"{}\"\n{more}\n",
        net.path("logs").display(),
        net.path("status.sock").display(),
    );
    fs::write(&path, text).unwrap();
    path
}

/// Replays a capture whose checksums the NIC was to fill in.
pub fn replay(capture: &Path, folder: &Path) {
    let args = ["-C", "--quiet", "-r", capture.to_str().unwrap(), "--logdir", folder.to_str().unwrap()];
    assert!(Command::new(NIGHTJAR).args(args).status().unwrap().success());
}

/// One log: the same columns without what differs between runs, and times apart.
#[derive(Debug, Default)]
pub struct Rows(Vec<(Vec<String>, Vec<f64>)>);

/// The logs in a folder whose rows tell of traffic.
pub fn logs(folder: &Path) -> BTreeMap<String, Rows> {
    let mut logs = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".log") && !["stats.log", "capture_loss.log"].contains(&&name[..]) {
            logs.insert(name, Rows::of(&fs::read_to_string(&path).unwrap()));
        }
    }
    logs
}

impl Rows {
    fn of(text: &str) -> Rows {
        let header = |what: &str| -> Vec<&str> {
            text.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_default().split('\t').collect()
        };
        let (fields, types) = (header("#fields\t"), header("#types\t"));
        let row = |line: &str| {
            let (mut values, mut times) = (Vec::new(), Vec::new());
            for ((value, field), kind) in line.split('\t').zip(&fields).zip(&types) {
                match *kind {
                    "time" | "interval" if value != "-" => times.push(value.parse().unwrap()),
                    // Identifiers are random.
                    _ if field.contains("uid") || *field == "tunnel_parents" => {
                        values.push((value != "-").to_string())
                    }
                    _ => values.push(value.to_owned()),
                }
            }
            (values, times)
        };
        let mut rows: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).map(row).collect();
        rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
        Rows(rows)
    }

    /// The same, whenever it was.
    pub fn without_times(&mut self) {
        self.0.iter_mut().for_each(|(_, times)| times.clear());
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// The same rows, with times no more than so many seconds apart.
pub fn assert_same(live: &BTreeMap<String, Rows>, replayed: &BTreeMap<String, Rows>, apart: f64) {
    assert!(live.keys().eq(replayed.keys()), "{live:?} {:?}", replayed.keys());
    for (name, live) in live {
        let replayed = &replayed[name];
        assert_eq!(live.len(), replayed.len(), "{name}:\n{live:#?}\n{replayed:#?}");
        for ((row, times), (expected, expected_times)) in live.0.iter().zip(&replayed.0) {
            assert_eq!(row, expected, "{name}");
            let near = times.iter().zip(expected_times).all(|(a, b)| (a - b).abs() < apart);
            assert!(
                near && times.len() == expected_times.len(),
                "{name}: {row:?} {times:?} {expected_times:?}"
            );
        }
    }
}

/// All rows of a log in an archive, every one checked to be whole.
pub fn archived(archive: &Path, log: &str) -> Vec<String> {
    let mut rows = Vec::new();
    let Ok(days) = fs::read_dir(archive) else { return rows };
    for day in days {
        for entry in fs::read_dir(day.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with(&format!("{log}.")) {
                assert!(name.ends_with(".log.gz"), "{name}");
                let mut text = String::new();
                flate2::read::MultiGzDecoder::new(fs::File::open(&path).unwrap())
                    .read_to_string(&mut text)
                    .unwrap();
                rows.extend(whole_rows(&text));
            }
        }
    }
    rows
}

/// The rows of a log's text. None is cut in half.
pub fn whole_rows(text: &str) -> Vec<String> {
    assert!(text.is_empty() || text.ends_with('\n'));
    let fields =
        text.lines().find_map(|line| line.strip_prefix("#fields\t")).map(|line| line.split('\t').count());
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.inspect(|row| assert_eq!(Some(row.split('\t').count()), fields, "{row}"))
        .map(str::to_owned)
        .collect()
}

pub fn sleep(millis: u64) {
    thread::sleep(Duration::from_millis(millis));
}
