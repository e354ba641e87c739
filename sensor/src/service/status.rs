//! `nightjar status` and `nightjar reload`: the running sensor, told and asked through a Unix socket.
//!
//! Whoever connects says in a line what is asked, `status` or `reload`, and gets the answer as JSON and the end of
//! the stream. Who says nothing gets the state too.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::capture::live::Kind;
use crate::counters::{CounterSet, Loss};
use crate::pipeline::{Ledger, RingLedger};
use crate::service::health::{Health, Latest};
use crate::service::server::AskReload;
use crate::sink::{Counts, Delivery, Reason};

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long who asks for nothing is waited for.
const SILENCE: Duration = Duration::from_secs(1);
/// How long the scripts may take to be read again, and to begin.
const RELOAD_PATIENCE: Duration = Duration::from_secs(60);
/// More than any answer is.
const MAX_ANSWER: u64 = 16 << 20;
/// More than any question is.
const MAX_QUESTION: u64 = 64;

/// What came of `reload`: what is to be told, and whether all was taken over.
pub type Reloaded = Result<String, String>;

/// Where the service's socket is.
pub const SERVICE_SOCKET: &str = "/run/nightjar/status.sock";

/// Where a sensor is asked that nobody gave another place: the service's; of users without one their own.
pub fn usual_socket() -> PathBuf {
    let service = PathBuf::from(SERVICE_SOCKET);
    let own =
        std::env::var_os("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("nightjar/status.sock"));
    match own {
        Some(own) if !nix::unistd::Uid::effective().is_root() && !service.exists() => own,
        _ => service,
    }
}

/// Removes the socket that a dead sensor left, and makes the folder.
pub(super) fn make_way(path: &Path) -> io::Result<()> {
    if UnixStream::connect(path).is_ok() {
        return Err(io::Error::other("another sensor answers there"));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

/// It tells of traffic: for the sensor's own user and group.
pub(super) fn set_permissions(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))
}

/// Answers one question. Whoever asks and does not listen gets nothing.
pub(super) async fn serve(mut stream: tokio::net::UnixStream, latest: Latest, reload: AskReload) {
    let mut answer = match &asked(&mut stream).await[..] {
        b"reload" => reloaded(reload).await,
        _ => {
            let snapshot = latest.get();
            describe(&snapshot.ledger, &snapshot.health(), snapshot.age())
        }
    }
    .to_string();
    answer.push('\n');
    let _ = timeout(PATIENCE, stream.write_all(answer.as_bytes())).await;
}

/// The question, empty where there is none.
async fn asked(stream: &mut tokio::net::UnixStream) -> Vec<u8> {
    let mut line = Vec::new();
    let mut rest = stream.take(MAX_QUESTION);
    let read = async {
        while !line.contains(&b'\n') && rest.read_buf(&mut line).await? > 0 {}
        io::Result::Ok(())
    };
    // What was said up to there is what there is.
    let _ = timeout(SILENCE, read).await;
    line.trim_ascii().to_owned()
}

/// What comes of a reload, when it is known.
async fn reloaded(reload: AskReload) -> Value {
    let (sender, outcome) = oneshot::channel();
    // It reads files.
    spawn_blocking(move || reload(sender));
    let (taken, told) = match timeout(RELOAD_PATIENCE, outcome).await {
        Ok(Ok(Ok(told))) => (true, told),
        Ok(Ok(Err(told))) => (false, told),
        Err(_) => (false, "the sensor is busy; it reads them later\n".to_owned()),
        Ok(Err(_)) => (false, "another reload came before this one was carried out\n".to_owned()),
    };
    json!({ "taken": taken, "told": told })
}

/// Asks the sensor that listens at `path` how it is.
pub fn ask(path: &Path) -> io::Result<Value> {
    put(path, "status", PATIENCE)
}

/// Asks the sensor that listens at `path` to read its configuration and scripts again.
pub fn ask_to_reload(path: &Path) -> io::Result<Reloaded> {
    let answer = put(path, "reload", RELOAD_PATIENCE + PATIENCE)?;
    match (answer["taken"].as_bool(), answer["told"].as_str()) {
        (Some(taken), Some(told)) => Ok(if taken { Ok(told.to_owned()) } else { Err(told.to_owned()) }),
        _ => Err(io::Error::other("it knows of no reload")),
    }
}

fn put(path: &Path, question: &str, patience: Duration) -> io::Result<Value> {
    let stream = UnixStream::connect(path)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(patience))?;
    writeln!(&stream, "{question}")?;
    let mut text = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut text)?;
    serde_json::from_str(&text).map_err(io::Error::other)
}

/// The state as JSON. Names and meanings are those of the metrics.
pub fn describe(ledger: &Ledger, health: &Health, age: Duration) -> Value {
    let seconds = |nanos: i64| nanos as f64 / 1e9;
    let interfaces: Vec<Value> = ledger
        .interfaces
        .iter()
        .map(|interface| {
            json!({
                "name": &*interface.name,
                "renamed": interface.renamed,
                "kind": match interface.kind { Kind::AfPacket => "af_packet", Kind::AfXdp => "af_xdp", Kind::Pcap => "pcap" },
                "up": interface.up,
                "silent_seconds": silent(health, &interface.name),
                "nic_packets": interface.nic.packets,
                "nic_missed": interface.nic.missed,
                "nic_dropped": interface.nic.dropped,
                "nic_errors": interface.nic.errors,
                "counters": counted([interface.nic.by_key()]),
            })
        })
        .collect();
    json!({
        "ready": health.ready(),
        "reasons": health.found().iter().map(|found| &found.text[..]).collect::<Vec<_>>(),
        "conditions": health.found().iter().map(|found| found.condition).collect::<Vec<_>>(),
        "age_seconds": age.as_secs_f64(),
        "at": seconds(ledger.at.nanos()),
        "uptime_seconds": ledger.uptime.as_secs_f64(),
        "link": ledger.link(),
        "dropped": ledger.dropped(),
        "delivered": ledger.delivered(),
        "lag_seconds": ledger.lag_seconds(),
        "memory_bytes": ledger.counts.memory_bytes,
        "queued_reports": ledger.counts.queued_reports,
        "queue_capacity": ledger.counts.queue_capacity,
        "scripts": {
            "errors": ledger.scripts.errors,
            "over_budget": ledger.scripts.over_budget,
            "events_dropped": ledger.scripts.events_dropped,
            "sumstats_keys": ledger.scripts.sumstats.keys,
            "sumstats_evicted": ledger.scripts.sumstats.evicted,
            "notices": ledger.scripts.notices.raised,
            "notices_suppressed": ledger.scripts.notices.suppressed,
            "counters": counted([ledger.scripts.by_key()]),
        },
        "aggregate": ledger.aggregator.map(|counters| counted([counters.by_key()])),
        "counters": counted([ledger.counts.by_key()]),
        "lost": lost(ledger),
        "reloads": ledger.counts.reloads,
        "reload_failures": ledger.counts.reload_failures,
        "interfaces": interfaces,
        "workers": ledger.rings.iter().map(|ring| worker(ring, ledger)).collect::<Vec<_>>(),
        "logs": ledger.logs.iter().map(|log| {
            json!({ "name": log.log, "rows": log.rows, "dropped": log.dropped })
        }).collect::<Vec<_>>(),
        "log_failures": ledger.counts.log_failures,
        "archived": ledger.counts.archive.archived,
        "archive_failures": ledger.counts.archive.failed,
        "weirds_suppressed": ledger.counts.weirds_suppressed,
        "exports": ledger.exports.iter().map(export).collect::<Vec<_>>(),
    })
}

/// How long no packet has come by an interface.
fn silent(health: &Health, interface: &str) -> Option<f64> {
    let of = health.silent.iter().find(|(name, _)| **name == *interface);
    of.map(|(_, silent)| silent.as_secs_f64())
}

fn export(delivery: &Delivery) -> Value {
    let mut export = counts(delivery.name, &delivery.account.total());
    let streams = delivery.account.streams().map(|(name, of_stream)| counts(name, of_stream));
    export["streams"] = streams.collect();
    let alarms: Vec<&str> = delivery.account.alarms.iter().map(|alarm| &alarm.text[..]).collect();
    export["trouble"] = (!alarms.is_empty()).then(|| alarms.join("; ")).into();
    export["counters"] = counted([delivery.account.total().by_key(), delivery.account.counts.by_key()]);
    export["held"] = delivery.account.counts.held_rows.into();
    export
}

fn counts(name: &str, counts: &Counts) -> Value {
    let dropped = Reason::ALL.iter().zip(counts.dropped).filter(|(_, rows)| *rows > 0);
    let dropped = dropped.map(|(reason, rows)| (reason.name().to_owned(), rows.into()));
    json!({
        "name": name,
        "offered": counts.offered,
        "recovered": counts.recovered,
        "acknowledged": counts.acked,
        "in_flight": counts.in_flight,
        "spooled": counts.spooled,
        "dead_letters": counts.dead_total(),
        "dropped": dropped.collect::<serde_json::Map<_, _>>(),
    })
}

fn worker(ring: &RingLedger, ledger: &Ledger) -> Value {
    let flow = &ring.stats.flow;
    json!({
        "interface": &*ring.interface,
        "worker": ring.worker,
        "link": ring.source.link,
        "dropped": ring.source.dropped,
        "delivered": ring.source.delivered,
        "bytes": ring.source.bytes,
        "cut": ring.source.cut,
        "open_flows": ring.open_flows(),
        "opened_flows": flow.opened(),
        "evicted_flows": flow.evicted,
        "lost_flows": flow.lost,
        "acks": flow.acks,
        "gaps": flow.gaps,
        "malformed": ring.stats.decode.malformed,
        "violations": ring.stats.analyze.violations,
        "analyzers_given_up": ring.stats.analyze.given_up,
        "analyzers_taken_up_again": ring.stats.analyze.taken_up_again,
        "unclaimed_connections": ring.stats.analyze.unclaimed,
        "bad_checksums": flow.bad_checksums,
        "handed_over": ring.stats.handover.fragments + ring.stats.handover.datagrams,
        "handover_dropped": ring.stats.handover.dropped,
        "shed": ring.counts.shed,
        "panics": ring.stats.panics,
        "restarts": ring.counts.restarts,
        "hangs": ring.counts.hangs,
        "clock_steps": ring.counts.clock_steps,
        "interface_errors": ring.counts.interface_errors,
        "made_anew": ring.counts.followed,
        "lag_seconds": ((ledger.at - ring.now).nanos() as f64 / 1e9).max(0.0),
        "counters": counted([ring.source.by_key(), ring.stats.by_key(), ring.counts.by_key()]),
    })
}

/// All that sets of counters say, by the names that they have in `/metrics`.
fn counted<const N: usize>(sets: [Vec<(String, u64)>; N]) -> Value {
    let counted = sets.into_iter().flatten().map(|(key, number)| (key, Value::from(number)));
    counted.collect::<serde_json::Map<_, _>>().into()
}

/// What was not analysed, cut off or given up, in words.
fn lost(ledger: &Ledger) -> Vec<String> {
    ledger.losses().iter().map(Loss::to_string).collect()
}

/// The state as a person reads it; `before` was asked for a second earlier and gives rates.
pub fn print(before: &Value, now: &Value) -> String {
    let mut text = String::new();
    let seconds = (number(now, "at") - number(before, "at")).max(0.001);
    let rate =
        |before: &Value, now: &Value, what| (number(now, what) - number(before, what)).max(0.0) / seconds;
    let ready = now["ready"].as_bool() == Some(true);
    let reasons: Vec<&str> =
        now["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let state = if ready { "ready".to_owned() } else { format!("not ready: {}", reasons.join("; ")) };
    if now["aggregate"].is_object() {
        let of = |what: &str| number(&now["aggregate"], what);
        let earlier = number(&before["aggregate"], "aggregate_observations_total");
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{state}\nup {:.0} s, {:.0} partitions, {:.0} keys, {:.0} rebalances, {:.0} notices\n\
             {:.0} observations counted ({:.0}/s), {:.0} waiting, {:.1} s of packet time behind\n\
             {:.0} late, {:.0} too late, {:.0} unknown; the last takeover took {:.0} ms",
            number(now, "uptime_seconds"),
            of("aggregate_partitions"),
            number(&now["scripts"], "sumstats_keys"),
            of("aggregate_rebalances_total"),
            number(&now["scripts"], "notices"),
            of("aggregate_observations_total"),
            (of("aggregate_observations_total") - earlier).max(0.0) / seconds,
            of("aggregate_waiting_observations"),
            of("aggregate_lag_milliseconds") / 1e3,
            of("aggregate_late_observations_total"),
            of("aggregate_too_late_observations_total"),
            of("aggregate_unknown_observations_total"),
            of("aggregate_takeover_milliseconds"),
        );
        return text;
    }
    let link = number(now, "link");
    let lost = if link > 0.0 { 100.0 * number(now, "dropped") / link } else { 0.0 };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{state}\nup {:.0} s, {:.0} MiB of memory, {:.1} s behind, {} of {} reports waiting\n\
         {link:.0} packets, {:.0} dropped by the kernel ({lost:.4} %)\n",
        number(now, "uptime_seconds"),
        number(now, "memory_bytes") / 1048576.0,
        number(now, "lag_seconds"),
        number(now, "queued_reports"),
        number(now, "queue_capacity"),
        number(now, "dropped"),
    );
    let _ = writeln!(
        text,
        "{:<16} {:>10} {:>9} {:>12} {:>10} {:>10} {:>8} {:>6}",
        "worker", "packets/s", "Mbit/s", "packets", "dropped", "flows", "gaps", "faults"
    );
    let nothing = Value::Null;
    for (nth, worker) in now["workers"].as_array().into_iter().flatten().enumerate() {
        let earlier = before["workers"].get(nth).unwrap_or(&nothing);
        let name = format!("{}-{}", worker["interface"].as_str().unwrap_or("?"), number(worker, "worker"));
        let _ = writeln!(
            text,
            "{name:<16} {:>10.0} {:>9.1} {:>12} {:>10} {:>10} {:>8} {:>6}",
            rate(earlier, worker, "delivered"),
            rate(earlier, worker, "bytes") * 8.0 / 1e6,
            number(worker, "delivered"),
            number(worker, "dropped"),
            number(worker, "open_flows"),
            number(worker, "gaps"),
            number(worker, "panics") + number(worker, "restarts") + number(worker, "hangs"),
        );
    }
    let lost: Vec<&str> = now["lost"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !lost.is_empty() {
        let _ = writeln!(text, "\n{}", lost.join("\n"));
    }
    let _ = writeln!(text, "\n{:<16} {:>10} {:>12} {:>10}", "log", "rows/s", "rows", "dropped");
    for log in now["logs"].as_array().into_iter().flatten() {
        let same = |other: &&Value| other["name"] == log["name"];
        let earlier = before["logs"].as_array().into_iter().flatten().find(same).unwrap_or(&nothing);
        let _ = writeln!(
            text,
            "{:<16} {:>10.0} {:>12} {:>10}",
            log["name"].as_str().unwrap_or("?"),
            rate(earlier, log, "rows"),
            number(log, "rows"),
            number(log, "dropped"),
        );
    }
    for export in now["exports"].as_array().into_iter().flatten() {
        let _ = writeln!(
            text,
            "\n{:<16} {:>12} {:>12} {:>10} {:>12} {:>10}",
            export["name"].as_str().unwrap_or("?"),
            "rows",
            "acknowledged",
            "in flight",
            "spooled",
            "dropped"
        );
        for (at, counts) in export["streams"].as_array().into_iter().flatten().chain([export]).enumerate() {
            let dropped: u64 =
                counts["dropped"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum();
            let all = export["streams"].as_array().is_some_and(|streams| streams.len() == at);
            let _ = writeln!(
                text,
                "{:<16} {:>12} {:>12} {:>10} {:>12} {dropped:>10}",
                if all { "in all" } else { counts["name"].as_str().unwrap_or("?") },
                number(counts, "offered") + number(counts, "recovered"),
                number(counts, "acknowledged"),
                number(counts, "in_flight"),
                number(counts, "spooled"),
            );
        }
        if number(export, "dead_letters") > 0.0 {
            let _ = writeln!(text, "  {} rows are in the dead-letter file", number(export, "dead_letters"));
        }
        if let Some(trouble) = export["trouble"].as_str() {
            let _ = writeln!(text, "  {trouble}");
        }
    }
    text
}

fn number(value: &Value, what: &str) -> f64 {
    value[what].as_f64().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::Account;

    #[test]
    fn exporters_are_shown_by_stream_and_in_all() {
        let mut account = Account::default();
        account.offered("conn", 3);
        account.acked("conn");
        account.dropped("conn", Reason::TooLarge);
        account.offered("dns", 2);
        account.acked("dns");
        let exports = json!([export(&Delivery { name: "kafka", account })]);
        assert_eq!(exports[0]["streams"][0]["dropped"]["too_large"], 1);
        let shown = print(&json!({}), &json!({"exports": exports}));
        let lines: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
        for line in [
            ["conn", "3", "1", "1", "0", "1"].to_vec(),
            vec!["dns", "2", "1", "1", "0", "0"],
            vec!["in", "all", "5", "2", "2", "0", "1"],
        ] {
            assert!(lines.contains(&line), "{shown}");
        }
    }
}
