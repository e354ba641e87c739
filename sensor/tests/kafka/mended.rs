//! What somebody mends after a while: nothing is lost by it, nor out of order, nor told of as if nothing were.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::cluster::{Cluster, Received};
use crate::sensor::{Account, Place, capture, finish};
use crate::{all_arrived, in_order, long, pause, rows};

/// How long something is wrong.
fn while_wrong() {
    pause(if long() { 60 } else { 8 });
}

/// Everything in a topic, once no more comes.
fn settled(cluster: &Cluster, topic: &str) -> Vec<Received> {
    let mut before = 0;
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let received = cluster.peek(topic);
        if received.len() == before && before > 0 {
            return received;
        }
        assert!(Instant::now() < until, "rows go on coming");
        before = received.len();
        thread::sleep(Duration::from_secs(2));
    }
}

fn delivered(account: &Account) {
    assert_eq!((account.code, account.acked), (0, account.offered), "{}", account.said);
}

/// A topic is not there at the start, and is removed and made again in the middle; its rows wait, others do not.
pub fn a_topic_that_is_missing(cluster: &Cluster) {
    let table = "topic = \"gone\"\ndelivery = { flush_timeout = \"2min\" }\n[[kafka.rows.rules]]\nstream = \"conn\"\n\
                 when = { \"id.orig_p\" = 40001 }\nthen = { topic = \"there\" }\n";
    cluster.make_topic("there", &[]);
    let place = Place::new(&cluster.servers(), table, "\"allow.auto.create.topics\" = false");
    let mut run = place.start();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&capture(0..rows() / 3, true)).unwrap();
    while_wrong();
    assert!(!cluster.peek("there").is_empty(), "the others go on");
    cluster.make_topic("gone", &[]);
    let before = settled(cluster, "gone");
    cluster.remove_topic("gone");
    input.write_all(&capture(rows() / 3..2 * rows() / 3, false)).unwrap();
    while_wrong();
    cluster.make_topic("gone", &[]);
    input.write_all(&capture(2 * rows() / 3..rows(), false)).unwrap();
    drop(input);
    let account = finish(run);
    delivered(&account);
    let said = &account.said;
    assert!(
        said.contains("gone: there is no such topic") && said.contains("gone takes rows again"),
        "{said}"
    );
    let after = cluster.read("gone");
    let there = cluster.read("there");
    in_order(&before);
    in_order(&after);
    let all: Vec<Received> = before.into_iter().chain(after).chain(there).collect();
    assert_eq!(all_arrived(&all, rows()), 0, "rows that arrived twice");
}

/// Writing to a topic is denied in the middle, and allowed again.
pub fn a_topic_that_may_not_be_written(cluster: &Cluster, servers: &str, client: &str) {
    cluster.make_topic("denied", &[]);
    let table = "topic = \"denied\"\ndelivery = { flush_timeout = \"2min\" }";
    let place = Place::new(servers, table, client);
    let mut run = place.start();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&capture(0..rows() / 2, true)).unwrap();
    let who = ["--topic", "denied", "--deny-principal", "User:sensor", "--operation", "Write", "--force"];
    cluster.tool("kafka.admin.AclCommand", &[&["--add"][..], &who].concat());
    input.write_all(&capture(rows() / 2..rows(), false)).unwrap();
    while_wrong();
    cluster.tool("kafka.admin.AclCommand", &[&["--remove"][..], &who].concat());
    drop(input);
    let account = finish(run);
    delivered(&account);
    assert!(account.said.contains("denied: the brokers do not let these credentials write there"));
    let received = cluster.read("denied");
    assert_eq!(all_arrived(&received, rows()), 0, "rows that arrived twice");
    in_order(&received);
}

/// The spool's disk is full and is freed again; meanwhile the broker does not answer.
pub fn a_disk_that_is_full(cluster: &Cluster) {
    let table = "topic = \"disk\"\ndelivery = { flush_timeout = \"2min\", memory = \"4 MiB\" }";
    let place = Place::new(&cluster.servers(), table, "");
    let spool = place.dir.path().join("spool");
    std::fs::create_dir(&spool).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", if long() { "size=64m" } else { "size=4m" }, "none"])
        .arg(&spool)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        assert!(!long(), "cannot mount");
        eprintln!("SKIPPED: filling a disk needs root");
        return;
    }
    let mut run = place.start();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&capture(0..rows() / 4, true)).unwrap();
    cluster.signal_node(0, "STOP");
    // It takes what the disk has room for, and no more.
    let rest = thread::spawn(move || {
        input.write_all(&capture(rows() / 4..rows(), false)).unwrap();
    });
    while_wrong();
    cluster.signal_node(0, "CONT");
    rest.join().unwrap();
    let account = finish(run);
    assert!(Command::new("umount").arg(&spool).status().unwrap().success());
    delivered(&account);
    let received = cluster.read("disk");
    assert_eq!(all_arrived(&received, rows()), 0, "rows that arrived twice");
    in_order(&received);
}

/// A replay whose broker is away ends, with its logs complete and everything accounted for.
pub fn a_replay_ends() {
    let [nobody] = crate::free_ports();
    for (spool, least) in
        [("", "1 MiB"), ("[kafka.spool]\ndirectory = \"spool\"\nmax_bytes = \"1 MiB\"\n", "1 MiB")]
    {
        let place = Place::new("", "", "");
        let text = format!(
            "[kafka]\n[kafka.delivery]\nflush_timeout = \"2s\"\nmemory = \"{least}\"\n{spool}[kafka.client]\n\
             \"bootstrap.servers\" = \"127.0.0.1:{nobody}\"\n"
        );
        std::fs::write(place.config(), text).unwrap();
        let mut command = place.command();
        let started = Instant::now();
        let mut run = command.current_dir(place.dir.path()).spawn().unwrap();
        let mut input = run.stdin.take().unwrap();
        input.write_all(&capture(0..20_000, true)).unwrap();
        drop(input);
        let account = finish(run);
        assert!(started.elapsed() < Duration::from_secs(60));
        assert_eq!((account.code, account.acked, account.offered), (4, 0, 20_000), "{}", account.said);
        assert!(!account.dropped.is_empty() && (account.spooled > 0) != spool.is_empty(), "{}", account.said);
        let log = std::fs::read_to_string(place.dir.path().join("logs/conn.log")).unwrap();
        assert_eq!(log.lines().filter(|line| !line.starts_with('#')).count(), 20_000);
    }
}

/// The consumer in docs/export.md gives each row once.
pub fn the_documented_consumer(cluster: &Cluster) {
    let producer: BaseProducer = cluster.client().create().unwrap();
    let run = "00000000000000aa";
    for number in [0, 1, 2, 1, 3, 0] {
        let id = format!("{run}-{number}");
        let headers = OwnedHeaders::new().insert(Header { key: "id", value: Some(&id) });
        let row = format!("{{\"n\":{number}}}");
        let record: BaseRecord<'_, [u8], String> = BaseRecord::to("twice").payload(&row).headers(headers);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(20)).unwrap();
    let text = include_str!("../../../docs/export.md");
    let code = text.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let output = Command::new("/usr/bin/python3")
        .args(["-c", code, &cluster.servers(), "twice", "documented"])
        .output()
        .unwrap();
    if String::from_utf8_lossy(&output.stderr).contains("No module named 'confluent_kafka'") {
        assert!(!long(), "confluent_kafka is missing");
        eprintln!("SKIPPED: the documented consumer needs the package python3-confluent-kafka");
        return;
    }
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: BTreeSet<&str> = printed.lines().collect();
    assert_eq!(printed.lines().count(), 4, "{output:?}");
    assert_eq!(lines, ["{\"n\":0}", "{\"n\":1}", "{\"n\":2}", "{\"n\":3}"].into_iter().collect());
}

/// Keys, times and names as they are set.
pub fn what_consumers_choose(cluster: &Cluster) {
    let table = "topic = \"chosen\"\nkey = [\"nothing\", \"id.orig_p\"]\ntimestamp = \"row\"\n[kafka.rows]\n\
                 names = \"underscores\"\nsensor_field = \"_sensor\"\nsensor = \"tap1\"\ninclude = [\"conn\"]\n";
    let wrong = Place::new(&cluster.servers(), table, "").replay(0..1);
    assert_eq!(wrong.code, 2, "{}", wrong.said);
    assert!(wrong.said.contains("no stream has a field nothing"), "{}", wrong.said);
    let account = Place::new(&cluster.servers(), &table.replace("nothing", "fuid"), "").replay(0..10);
    delivered(&account);
    let received = cluster.peek("chosen");
    let ports: HashSet<&str> = received.iter().map(|row| &row.key[..]).collect();
    assert_eq!(ports.len(), 10);
    for row in &received {
        let value: serde_json::Value = serde_json::from_str(&row.value).unwrap();
        assert_eq!((&value["_sensor"], value["id_orig_p"].to_string()), (&"tap1".into(), row.key.clone()));
        let ts = value["ts"].as_f64().unwrap();
        assert_eq!(row.timestamp, Some((ts * 1e3).floor() as i64), "{value}");
    }
}
