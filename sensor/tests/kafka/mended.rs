//! What somebody mends after a while: nothing is lost by it, nor out of order, nor told of as if nothing were.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::cluster::{Cluster, Received};
use crate::disk::Disk;
use crate::ledger::every_row_is_somewhere;
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
    every_row_is_somewhere("a topic missing at the start and in the middle", &all, &[&account], &place);
    assert_eq!(all_arrived(&all, rows()), 0, "rows that arrived twice");
}

/// Writing to a topic is denied in the middle, and allowed again.
pub fn a_topic_that_may_not_be_written(cluster: &Cluster, servers: &str, client: &str) {
    for (topic, setting) in [("denied", ""), ("denied-5", "\"max.in.flight\" = 5\n")] {
        cluster.make_topic(topic, &[]);
        let table = format!("topic = \"{topic}\"\ndelivery = {{ flush_timeout = \"2min\" }}");
        let place = Place::new(servers, &table, &format!("{setting}{client}"));
        let mut run = place.start();
        let mut input = run.stdin.take().unwrap();
        input.write_all(&capture(0..rows() / 2, true)).unwrap();
        deny(cluster, topic, true);
        input.write_all(&capture(rows() / 2..rows(), false)).unwrap();
        while_wrong();
        deny(cluster, topic, false);
        drop(input);
        let account = finish(run);
        delivered(&account);
        assert!(
            account.said.contains(&format!("{topic}: the brokers do not let these credentials write there"))
        );
        let received = cluster.read(topic);
        every_row_is_somewhere(&format!("{topic} and allowed again"), &received, &[&account], &place);
        assert_eq!(all_arrived(&received, rows()), 0, "rows that arrived twice");
        in_order(&received);
    }
}

fn deny(cluster: &Cluster, topic: &str, denied: bool) {
    let what = if denied { "--add" } else { "--remove" };
    let who = ["--topic", topic, "--deny-principal", "User:sensor", "--operation", "Write", "--force"];
    cluster.tool("kafka.admin.AclCommand", &[&[what][..], &who].concat());
}

/// What is refused is dropped where that is set, and counted; so is what is too large, in its file.
pub fn refused_rows_are_dropped_where_that_is_set(cluster: &Cluster, servers: &str, client: &str) {
    cluster.make_topic("given-up", &[]);
    cluster.make_topic("narrow", &[("max.message.bytes", "150")]);
    let table = "topic = \"given-up\"\ndelivery = { refused = \"drop\" }\n[[kafka.rows.rules]]\nstream = \"conn\"\n\
                 when = { \"id.orig_p\" = 40001 }\nthen = { topic = \"narrow\" }\n";
    let place = Place::new(servers, table, client);
    let mut run = place.start();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&capture(0..rows() / 3, true)).unwrap();
    deny(cluster, "given-up", true);
    input.write_all(&capture(rows() / 3..2 * rows() / 3, false)).unwrap();
    pause(5);
    deny(cluster, "given-up", false);
    pause(2);
    input.write_all(&capture(2 * rows() / 3..rows(), false)).unwrap();
    drop(input);
    let account = finish(run);
    let too_large = (0..rows()).filter(|n| n & 0x3fff == 1).count() as u64;
    assert_eq!(
        (account.code, account.spooled, account.dead_letters()),
        (4, 0, too_large),
        "{}",
        account.said
    );
    assert!(account.lost() > 0 && account.said.contains("dropped (not_authorised)"), "{}", account.said);
    let received = cluster.read("given-up");
    let what = "denied for a while, with refused = \"drop\"";
    assert_eq!(every_row_is_somewhere(what, &received, &[&account], &place), 0);
    in_order(&received);
}

/// The spool's disk is full, as something else fills it, and is freed again; first the broker takes rows, then it
/// does not answer.
pub fn a_disk_that_is_full(cluster: &Cluster) {
    let table = "topic = \"disk\"\ndelivery = { flush_timeout = \"3min\", memory = \"4 MiB\" }";
    let place = Place::new(&cluster.servers(), table, "");
    std::fs::create_dir(place.spool()).unwrap();
    let Some(disk) = Disk::on(&place.spool(), if long() { 64 << 20 } else { 4 << 20 }) else {
        assert!(!long(), "cannot mount");
        eprintln!("SKIPPED: filling a disk needs root");
        return;
    };
    let mut run = place.command_by(disk.inside(env!("CARGO_BIN_EXE_nightjar"))).spawn().unwrap();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&capture(0..rows() / 4, true)).unwrap();
    disk.fill();
    input.write_all(&capture(rows() / 4..rows() / 2, false)).unwrap();
    cluster.signal_node(0, "STOP");
    // It takes what there is room for in memory, and no more.
    let rest = thread::spawn(move || {
        input.write_all(&capture(rows() / 2..3 * rows() / 4, false)).unwrap();
        input
    });
    while_wrong();
    cluster.signal_node(0, "CONT");
    let mut input = rest.join().unwrap();
    disk.free();
    input.write_all(&capture(3 * rows() / 4..rows(), false)).unwrap();
    drop(input);
    let account = finish(run);
    delivered(&account);
    assert!(account.said.contains("the spool cannot be written"), "{}", account.said);
    let received = cluster.read("disk");
    every_row_is_somewhere("the spool's disk full and freed", &received, &[&account], &place);
    assert_eq!(all_arrived(&received, rows()), 0, "rows that arrived twice");
    in_order(&received);
}

/// Bits of a spool are wrong: what cannot be read is counted, and all else arrives.
pub fn a_spool_that_is_damaged(cluster: &Cluster) {
    let [nobody] = crate::free_ports();
    let place = Place::new(&format!("127.0.0.1:{nobody}"), "delivery = { flush_timeout = \"1s\" }", "");
    let left = place.replay(0..2_000);
    assert_eq!((left.code, left.spooled), (4, left.offered), "{}", left.said);
    let segment = place.spool().join("000000000000.rows");
    let whole = std::fs::read(&segment).unwrap();
    let list = std::fs::read(place.spool().join("segments")).unwrap();
    cluster.make_topic("damaged", &[]);
    let (mut offered, mut arrived, mut dropped, mut times) = (0, 0, 0, 0);
    for bit in (0..1024 * 8).step_by(if long() { 64 } else { 1024 }) {
        let topic = "topic = \"damaged\"";
        let damaged = Place::new(&cluster.servers(), topic, "");
        std::fs::create_dir(damaged.spool()).unwrap();
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(damaged.spool().join("000000000000.rows"), bytes).unwrap();
        std::fs::write(damaged.spool().join("segments"), &list).unwrap();
        let account = damaged.replay(0..1);
        assert_eq!(
            (account.code, account.recovered, account.spooled),
            (4, left.spooled, 0),
            "{}",
            account.said
        );
        assert!(account.said.contains("cannot be read") || account.lost() > 0, "bit {bit}: {}", account.said);
        offered += account.offered + account.recovered;
        arrived += account.acked;
        dropped += account.lost();
        times += 1;
    }
    let received = cluster.read("damaged");
    eprintln!(
        "a spool with a bit wrong, {times} times: {offered} rows = {} arrived + {dropped} dropped (damaged)",
        received.len()
    );
    assert_eq!((received.len() as u64, arrived + dropped), (arrived, offered));
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
