//! Counting across sensors: two sensors with half of the clients each, and those who count for both, tell what one
//! sensor tells of the whole capture.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::sensor::nightjar;

/// Counts over windows and epochs; the number, and distinct values.
const SCRIPT: &str = r#"
@load base/frameworks/sumstats
@load base/frameworks/notice
redef enum Notice::Type += { Many, Clients, Steps };
function tell(note: Notice::Type, key: SumStats::Key, what: string)
	{
	local from = SumStats::origin();
	NOTICE([$note=note, $src=key$host, $sub=cat(from$id$orig_h, from$id$orig_p), $msg=what, $identifier=cat(key$host), $suppress_for=8secs]);
	}
event zeek_init()
	{
	local number = SumStats::Reducer($stream="number", $apply=set(SumStats::SUM));
	local clients = SumStats::Reducer($stream="clients", $apply=set(SumStats::UNIQUE));
	SumStats::create([$name="many", $epoch=1hr, $window=10secs, $remind=9secs, $reducers=set(number), $threshold=45.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{ tell(Many, key, fmt("%.0f of %d", result["number"]$sum, result["number"]$num)); }]);
	SumStats::create([$name="clients", $epoch=1hr, $window=20secs, $reducers=set(clients), $threshold=30.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{ tell(Clients, key, fmt("%d clients", result["clients"]$unique)); }]);
	SumStats::create([$name="steps", $epoch=30secs, $reducers=set(number), $threshold_series=vector(40.0, 90.0, 140.0),
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{ tell(Steps, key, fmt("%.0f this epoch", result["number"]$sum)); }]);
	}
event new_connection(c: connection)
	{
	SumStats::observe("number", [$host=c$id$resp_h], [$num=1]);
	SumStats::observe("clients", [$host=c$id$resp_h], [$str=cat(c$id$orig_h)]);
	}
"#;

/// Connections of a capture, a hundred a second.
const CONNECTIONS: u32 = 12_000;
/// Packets that are written at a time.
const PIECE: u32 = 200;

/// The packets of connections of the clients that `seen` says. Their times are such that epochs of one sensor end when
/// they are due; otherwise each would last until the next packet, and that is another for each tap.
fn packets(connections: std::ops::Range<u32>, seen: impl Fn(u32) -> bool) -> Vec<u8> {
    const FRAME: u32 = 62;
    let mut out = Vec::new();
    for n in connections {
        // The same for each run, and in no order.
        let mixed = n.wrapping_mul(2_654_435_761).rotate_left(13).wrapping_mul(40_503);
        let (client, server) = (mixed % 251, (mixed >> 9) % 31);
        if !seen(client) {
            continue;
        }
        for word in [1_700_000_000 + n / 100, n % 100 * 10_000, FRAME, FRAME] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&[0; 12]);
        out.extend_from_slice(&[0x08, 0x00, 0x45, 0, 0, 48, 0, 0, 0, 0, 64, 17, 0, 0]);
        out.extend_from_slice(&(0x0a00_0000 + client).to_be_bytes());
        out.extend_from_slice(&(0xc000_0200 + server).to_be_bytes());
        for word in [(1024 + n % 60_000) as u16, 39_999, 28, 0] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        out.extend_from_slice(&[b'x'; 20]);
    }
    out
}

fn head() -> Vec<u8> {
    [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 1].iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// What a notice says, and how often it is there.
type Notices = BTreeMap<String, usize>;

fn add_notices(notices: &mut Notices, text: &str) {
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let Ok(row) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        // What a sensor tells of itself is nobody else's.
        if row["note"].as_str().is_some_and(|note| note.contains("::")) {
            continue;
        }
        let said = ["ts", "note", "src", "sub", "msg"].map(|field| row[field].to_string()).join(" ");
        *notices.entry(said).or_default() += 1;
    }
}

/// Where a scenario's processes are.
struct Place {
    dir: tempfile::TempDir,
    servers: String,
    topic: String,
    /// Whom those who count wait for, and what else their table says.
    sensors: &'static str,
    more: &'static str,
}

impl Place {
    fn new(servers: &str, topic: &str) -> Place {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("count.zeek"), SCRIPT).unwrap();
        let (servers, topic) = (servers.to_owned(), topic.to_owned());
        Place { dir, servers, topic, sensors: "\"a\", \"b\"", more: "" }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn config(&self, name: &str, servers: &str) -> PathBuf {
        let path = self.path(&format!("{name}.toml"));
        let text = format!(
            "[logs]\nformat = \"json\"\n[service]\nstatus_socket = {socket:?}\n\
             [aggregate]\ntopic = \"{topic}\"\ngroup = \"{topic}\"\nsensor = \"{name}\"\nsensors = [{sensors}]\n{more}\n\
             wait = \"60s\"\ncommit_every = \"300ms\"\npartitions = 4\ncut_off_after = \"2s\"\n\
             [aggregate.spool]\ndirectory = {spool:?}\n\
             [aggregate.client]\n\"bootstrap.servers\" = \"{servers}\"\n\"reconnect.backoff.max.ms\" = 500\n",
            socket = self.path(&format!("{name}.sock")),
            spool = self.path(&format!("{name}.spool")),
            topic = self.topic,
            sensors = self.sensors,
            more = self.more,
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What one sensor says of all clients.
    fn expected(&self) -> Notices {
        let config = self.path("alone.toml");
        std::fs::write(&config, "[logs]\nformat = \"json\"\n").unwrap();
        let mut alone = self.sensor_by(&config, "alone");
        let mut input = alone.stdin.take().unwrap();
        input.write_all(&head()).unwrap();
        input.write_all(&packets(0..CONNECTIONS, |_| true)).unwrap();
        drop(input);
        assert!(alone.wait().unwrap().success());
        let mut notices = Notices::new();
        add_notices(&mut notices, &read(&self.path("alone/notice.log")));
        notices
    }

    fn sensor_by(&self, config: &Path, name: &str) -> Child {
        nightjar()
            .args(["-C", "--quiet", "-r", "-", "--config"])
            .arg(config)
            .arg("--logdir")
            .arg(self.path(name))
            .arg(self.path("count.zeek"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.path(&format!("{name}.err"))).unwrap())
            .spawn()
            .unwrap()
    }

    fn sensor(&self, name: &str, servers: &str) -> Child {
        self.sensor_by(&self.config(name, servers), name)
    }

    fn aggregator(&self, name: &str) -> Child {
        nightjar()
            .args(["aggregate", "--config"])
            .arg(self.config(name, &self.servers))
            .arg("--logdir")
            .arg(self.path(name))
            .arg(self.path("count.zeek"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.path(&format!("{name}.err"))).unwrap())
            .spawn()
            .unwrap()
    }

    /// What all who count have told.
    fn told(&self, names: &[String]) -> Notices {
        let mut notices = Notices::new();
        for name in names {
            add_notices(&mut notices, &read(&self.path(&format!("{name}/notice.log"))));
        }
        notices
    }

    fn said(&self) -> String {
        let entries = std::fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let texts = entries.filter(|path| path.extension().is_some_and(|ending| ending == "err"));
        texts.map(|path| format!("{}:\n{}\n", path.display(), read(&path))).collect()
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Feeds a sensor half of the clients, a piece at a time.
fn feed(mut input: ChildStdin, odd: u32, pace: Duration, begin: Duration) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        thread::sleep(begin);
        input.write_all(&head()).unwrap();
        for from in (0..CONNECTIONS).step_by(PIECE as usize) {
            input.write_all(&packets(from..from + PIECE, |client| client % 2 == odd)).unwrap();
            thread::sleep(pace);
        }
    })
}

/// A way to a broker that can be shut.
pub struct Gate {
    open: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Gate {
    /// Passes connections to `from` on to `to`.
    pub fn new(from: u16, to: u16) -> Gate {
        let gate = Gate { open: Arc::new(AtomicBool::new(true)), connections: Arc::default() };
        let (open, connections) = (gate.open.clone(), gate.connections.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, from)).unwrap();
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(to) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { continue };
                connections.lock().unwrap().extend([from.try_clone().unwrap(), to.try_clone().unwrap()]);
                for (mut from, mut to) in
                    [(from.try_clone().unwrap(), to.try_clone().unwrap()), (to.try_clone().unwrap(), from)]
                {
                    thread::spawn(move || {
                        let mut buffer = vec![0; 64 * 1024];
                        while let Ok(length) = from.read(&mut buffer) {
                            if length == 0 || to.write_all(&buffer[..length]).is_err() {
                                break;
                            }
                        }
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        gate
    }

    fn shut(&self) {
        self.open.store(false, Ordering::SeqCst);
        for connection in self.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    fn reopen(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

/// Waits until those who count have told all, and a little longer for what would be too much.
fn all_is_told(what: &str, cluster: &Cluster, place: &Place, names: &[String]) {
    let expected = place.expected();
    assert!(expected.len() > 50, "the capture is to lead to notices: {}", expected.len());
    let until = Instant::now() + Duration::from_secs(60);
    let once = |told: &Notices| told.keys().eq(expected.keys());
    while !once(&place.told(names)) && Instant::now() < until {
        thread::sleep(Duration::from_millis(200));
    }
    thread::sleep(Duration::from_secs(1));
    let told = place.told(names);
    let missing: Vec<_> = expected.keys().filter(|notice| !told.contains_key(*notice)).collect();
    let more: Vec<_> = told.keys().filter(|notice| !expected.contains_key(*notice)).collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "{what}: missing {missing:#?}\nnot expected {more:#?}\n{}",
        place.said()
    );
    // The topic has each exactly once.
    let mut sent = Notices::new();
    cluster
        .peek(&format!("{}-notices", place.topic))
        .iter()
        .for_each(|row| add_notices(&mut sent, &row.value));
    assert_eq!(sent, expected, "{what}: the topic of notices");
    let twice = told.values().filter(|count| **count > 1).count();
    eprintln!("{what}: {} notices, as of one sensor; {twice} in two files", told.len());
}

fn end(mut process: Child) {
    let _ = std::process::Command::new("kill").arg(process.id().to_string()).status();
    let _ = process.wait();
}

/// As one sensor, with nothing in the way.
pub fn two_sensors_tell_what_one_does(cluster: &Cluster) {
    let place = Place::new(&cluster.servers(), "plain");
    let names = ["x".to_owned(), "y".to_owned()];
    let counting = [place.aggregator("x"), place.aggregator("y")];
    let mut sensors = [place.sensor("a", &place.servers), place.sensor("b", &place.servers)];
    let fed = [0, 1]
        .map(|odd| feed(sensors[odd].stdin.take().unwrap(), odd as u32, Duration::ZERO, Duration::ZERO));
    fed.into_iter().for_each(|feeding| feeding.join().unwrap());
    sensors.into_iter().for_each(|mut sensor| assert!(sensor.wait().unwrap().success(), "{}", place.said()));
    all_is_told("nothing in the way", cluster, &place, &names);
    counting.into_iter().for_each(end);
    // Sensors leave to others what they count for all.
    assert!(place.told(&["a".to_owned(), "b".to_owned()]).is_empty());
}

/// An office counts for its sensors, and reports to those who count for the world.
pub fn an_office_reports_upward(cluster: &Cluster) {
    let office = Place { more: "up = \"world\"", ..Place::new(&cluster.servers(), "office") };
    let world = Place { sensors: "\"office\"", ..Place::new(&cluster.servers(), "world") };
    let names = ["w".to_owned()];
    let counting = [office.aggregator("o"), world.aggregator("w")];
    let mut sensors = [office.sensor("a", &office.servers), office.sensor("b", &office.servers)];
    let fed = [0, 1]
        .map(|odd| feed(sensors[odd].stdin.take().unwrap(), odd as u32, Duration::ZERO, Duration::ZERO));
    fed.into_iter().for_each(|feeding| feeding.join().unwrap());
    sensors.into_iter().for_each(|mut sensor| assert!(sensor.wait().unwrap().success(), "{}", office.said()));
    all_is_told("reported upward", cluster, &world, &names);
    counting.into_iter().for_each(end);
}

/// One of those who count is killed, again and again; another takes its place.
pub fn the_killed_are_succeeded(cluster: &Cluster) {
    let place = Place::new(&cluster.servers(), "killed");
    let mut names = vec!["k0".to_owned(), "k1".to_owned()];
    let mut counting: Vec<Child> = names.iter().map(|name| place.aggregator(name)).collect();
    let mut sensors = [place.sensor("a", &place.servers), place.sensor("b", &place.servers)];
    let pace = Duration::from_millis(400);
    let fed = [0, 1].map(|odd| feed(sensors[odd].stdin.take().unwrap(), odd as u32, pace, Duration::ZERO));
    for kill in 0..10 {
        thread::sleep(Duration::from_millis(1_900 + 37 * kill));
        let mut killed = counting.remove(0);
        killed.kill().unwrap();
        killed.wait().unwrap();
        let name = format!("k{}", kill + 2);
        counting.push(place.aggregator(&name));
        names.push(name);
    }
    fed.into_iter().for_each(|feeding| feeding.join().unwrap());
    sensors.into_iter().for_each(|mut sensor| assert!(sensor.wait().unwrap().success()));
    all_is_told("killed at ten points", cluster, &place, &names);
    counting.into_iter().for_each(end);
}

/// The broker is gone for a while, with sensors and those who count in the middle of it.
pub fn a_broker_that_was_gone(cluster: &mut Cluster, gone: Duration) {
    let place = Place::new(&cluster.servers(), "gone");
    let names = ["g".to_owned(), "h".to_owned()];
    let counting = [place.aggregator("g"), place.aggregator("h")];
    let mut sensors = [place.sensor("a", &place.servers), place.sensor("b", &place.servers)];
    let pace = Duration::from_millis(150);
    let fed = [0, 1].map(|odd| feed(sensors[odd].stdin.take().unwrap(), odd as u32, pace, Duration::ZERO));
    thread::sleep(Duration::from_secs(4));
    cluster.kill_node(0);
    thread::sleep(gone);
    cluster.start_node(0);
    cluster.wait();
    fed.into_iter().for_each(|feeding| feeding.join().unwrap());
    sensors.into_iter().for_each(|mut sensor| assert!(sensor.wait().unwrap().success(), "{}", place.said()));
    all_is_told("no broker for a while", cluster, &place, &names);
    counting.into_iter().for_each(end);
}

/// A sensor cannot reach brokers for a while: it decides by itself, says so, and is counted in its own time later.
pub fn a_sensor_that_was_cut_off(cluster: &Cluster, gate: &Gate, port: u16, off: Duration) {
    let place = Place::new(&cluster.servers(), "cut");
    let names = ["c".to_owned(), "d".to_owned()];
    let counting = [place.aggregator("c"), place.aggregator("d")];
    let mut sensors = [place.sensor("a", &place.servers), place.sensor("b", &format!("127.0.0.1:{port}"))];
    let pace = (off + Duration::from_secs(4)) / (CONNECTIONS / PIECE);
    let fed = [0, 1].map(|odd| feed(sensors[odd].stdin.take().unwrap(), odd as u32, pace, Duration::ZERO));
    thread::sleep(Duration::from_secs(2));
    gate.shut();
    thread::sleep(off);
    gate.reopen();
    fed.into_iter().for_each(|feeding| feeding.join().unwrap());
    sensors.into_iter().for_each(|mut sensor| assert!(sensor.wait().unwrap().success(), "{}", place.said()));
    all_is_told("a sensor cut off", cluster, &place, &names);
    counting.into_iter().for_each(end);
    let own = read(&place.path("b/notice.log"));
    assert!(own.contains("Aggregate::Cut_Off"), "{own}\n{}", place.said());
    assert!(!place.told(&["b".to_owned()]).is_empty(), "it decides by itself: {own}");
}

/// One sensor's observations come late.
pub fn observations_that_are_delayed(cluster: &Cluster, by: Duration) {
    let place = Place::new(&cluster.servers(), "late");
    let names = ["l".to_owned()];
    let counting = place.aggregator("l");
    let mut sensors = [place.sensor("a", &place.servers), place.sensor("b", &place.servers)];
    let [a, b] = [0, 1].map(|odd| {
        let begin = by * odd;
        feed(sensors[odd as usize].stdin.take().unwrap(), odd, Duration::ZERO, begin)
    });
    a.join().unwrap();
    b.join().unwrap();
    sensors.into_iter().for_each(|mut sensor| assert!(sensor.wait().unwrap().success()));
    all_is_told("delayed observations", cluster, &place, &names);
    end(counting);
}
