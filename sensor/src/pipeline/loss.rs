//! stats.log and capture_loss.log: the ledger over time, and what is wrong where it shows loss.

use std::collections::HashMap;

use crate::config::Loss as LossSettings;
use crate::counters::{CounterSet, Kind as CounterKind};
use crate::log::Logs;
use crate::pipeline::ledger::{Ledger, RingLedger};
use crate::policy::{Incident, IncidentKind, ScriptCounters};
use crate::record::{Record, Schema, Vector, record};
use crate::sink::{Alarm, AlarmKind, Counts, Delivery, Reason};
use crate::time::{Interval, Time};

record! {
    /// What a worker did since the last such row (Zeek's policy/misc/stats.zeek).
    #[derive(Default)]
    pub struct StatsRow<'a> in "stats" {
        /// When it was counted.
        ts: Time = "ts",
        /// The worker: interface and number.
        peer: &'a str = "peer",
        /// Memory of the whole process, in MiB.
        mem: u64 = "mem",
        /// Packets analysed.
        pkts_proc: u64 = "pkts_proc",
        /// Their bytes on the wire.
        bytes_recv: u64 = "bytes_recv",
        /// Packets that the kernel dropped because the ring was full.
        pkts_dropped: Option<u64> = "pkts_dropped",
        /// Packets that reached the socket, those dropped included.
        pkts_link: Option<u64> = "pkts_link",
        /// From the newest packet's time stamp to the clock on the wall.
        pkt_lag: Option<Interval> = "pkt_lag",
        /// Packets that the filter refused: the kernel does not tell.
        pkts_filtered: Option<u64> = "pkts_filtered",
        /// Rows and other things said.
        events_proc: u64 = "events_proc",
        /// The same: they are not queued apart.
        events_queued: u64 = "events_queued",
        /// TCP connections in memory.
        active_tcp_conns: u64 = "active_tcp_conns",
        active_udp_conns: u64 = "active_udp_conns",
        active_icmp_conns: u64 = "active_icmp_conns",
        /// TCP connections begun.
        tcp_conns: u64 = "tcp_conns",
        udp_conns: u64 = "udp_conns",
        icmp_conns: u64 = "icmp_conns",
        /// Flows begun: each has one timer.
        timers: u64 = "timers",
        /// Flows in memory.
        active_timers: u64 = "active_timers",
        /// Files begun.
        files: u64 = "files",
        /// Files that have not ended.
        active_files: u64 = "active_files",
        /// DNS queries.
        dns_requests: u64 = "dns_requests",
        /// Queries whose answers are waited for.
        active_dns_requests: u64 = "active_dns_requests",
        /// Bytes waiting behind holes in TCP streams.
        reassem_tcp_size: u64 = "reassem_tcp_size",
        /// Bytes of files held: beginnings without a type, and pieces behind holes.
        reassem_file_size: u64 = "reassem_file_size",
        /// Bytes of fragments waiting for the rest.
        reassem_frag_size: u64 = "reassem_frag_size",
        /// Zeek's buffer for detection, which is no part of reassembly here.
        reassem_unknown_size: u64 = "reassem_unknown_size",
        /// What else was counted since the last such row, by the names of the metrics: `flows_evicted_total=3`. There
        /// is a row with the peer `scripts` for what scripts and their frameworks counted.
        counters: Option<Vector<'a, &'a str>> = "counters",
        /// In rows of an exporter, whose name is then the peer, and of which there is one for each stream: the stream.
        /// These and what follows are counted since the start: offered and recovered are acknowledged, in flight,
        /// spooled or dropped.
        export_stream: Option<&'a str> = "export_stream",
        /// Rows given to the exporter.
        export_offered: Option<u64> = "export_offered",
        /// Rows that earlier runs had left in its spool.
        export_recovered: Option<u64> = "export_recovered",
        /// Rows that the receiver has, and said so.
        export_acked: Option<u64> = "export_acked",
        /// Rows in memory, sent or not.
        export_in_flight: Option<u64> = "export_in_flight",
        /// Rows that are only on disk.
        export_spooled: Option<u64> = "export_spooled",
        /// Rows that were not delivered and will not be.
        export_dropped: Option<u64> = "export_dropped",
        /// Why they were not: each reason with its rows, `too_large=3`.
        export_drop_reasons: Option<Vector<'a, &'a str>> = "export_drop_reasons",
    }
}

record! {
    /// How much of what hosts acknowledged was never seen (Zeek's policy/misc/capture-loss.zeek).
    pub struct CaptureLossRow<'a> in "capture_loss" {
        /// When it was measured.
        ts: Time = "ts",
        /// Since the last measurement.
        ts_delta: Interval = "ts_delta",
        /// The worker: interface and number.
        peer: &'a str = "peer",
        /// Acknowledgements of data that was never seen.
        gaps: u64 = "gaps",
        /// All acknowledgements of new data.
        acks: u64 = "acks",
        /// The first of the second, in per cent.
        percent_lost: f64 = "percent_lost",
    }
}

/// The logs that are written here.
pub static LOGS: &[&Schema] = &[StatsRow::SCHEMA, CaptureLossRow::SCHEMA];

/// What was last told.
pub(super) struct Loss {
    settings: LossSettings,
    stats: Since,
    loss: Since,
    first: bool,
    /// What exporters said is wrong, and when that was last told.
    alarms: Vec<(&'static str, AlarmKind, Box<str>, Time)>,
}

struct Since {
    at: Time,
    rings: Vec<RingLedger>,
    scripts: ScriptCounters,
    /// Rows of all logs, and those of them that could not be written.
    rows: (u64, u64),
}

/// As stats.log calls what scripts count.
const SCRIPTS: &str = "scripts";

/// An exporter's alarm that was over for so long is told again.
const ALARM_AGAIN: Interval = Interval::from_secs(5 * 60);
/// Traffic that says something about how evenly it is dealt out.
const ENOUGH_PACKETS: u64 = 100_000;
const ENOUGH_CONNECTIONS: u64 = 1_000;

impl Loss {
    pub fn new(settings: LossSettings, started: Time) -> Self {
        let since =
            || Since { at: started, rings: Vec::new(), scripts: ScriptCounters::default(), rows: (0, 0) };
        Loss { settings, stats: since(), loss: since(), first: true, alarms: Vec::new() }
    }

    pub fn set(&mut self, settings: LossSettings) {
        self.settings = settings;
    }

    /// Writes what is due; gives back what is wrong.
    pub fn look(&mut self, ledger: &Ledger, logs: &mut Logs) -> Vec<Incident> {
        let due = |since: &Since, interval: Interval| {
            let passed = ledger.at - since.at;
            // The clock may have been set back.
            interval > Interval::ZERO && (passed >= interval || passed < Interval::ZERO)
        };
        let mut incidents = Vec::new();
        self.exporters(ledger, &mut incidents);
        if due(&self.stats, self.settings.stats_interval) {
            self.write_stats(ledger, logs, &mut incidents);
        }
        let interval =
            if self.first { self.settings.first_loss_interval } else { self.settings.loss_interval };
        if due(&self.loss, interval) {
            self.write_loss(ledger, logs, &mut incidents);
            self.little_traffic(ledger, &mut incidents);
            self.loss = Since::of(ledger);
            self.first = false;
        }
        incidents
    }

    /// Writes what has not been told when the sensor ends.
    pub fn last(&mut self, ledger: &Ledger, logs: &mut Logs) -> Vec<Incident> {
        let mut incidents = Vec::new();
        if self.settings.stats_interval > Interval::ZERO {
            self.write_stats(ledger, logs, &mut incidents);
        }
        if self.settings.loss_interval > Interval::ZERO {
            self.write_loss(ledger, logs, &mut incidents);
        }
        incidents
    }

    fn write_stats(&mut self, ledger: &Ledger, logs: &mut Logs, incidents: &mut Vec<Incident>) {
        for (nth, ring) in ledger.rings.iter().enumerate() {
            let before = self.stats.rings.get(nth);
            let since = |count: fn(&RingLedger) -> u64| count(ring).saturating_sub(before.map_or(0, count));
            let [tcp, udp, icmp] = ring.stats.flow.open_by_proto;
            let mut counted = counted_since(&ring.stats, before.map(|ring| &ring.stats));
            counted.extend(counted_since(&ring.counts, before.map(|ring| &ring.counts)));
            let counted: Vec<&str> = counted.iter().map(|text| &text[..]).collect();
            let row = StatsRow {
                ts: ledger.at,
                peer: &ring.peer(),
                mem: ledger.counts.memory_bytes >> 20,
                pkts_proc: since(|ring| ring.source.delivered),
                bytes_recv: since(|ring| ring.source.bytes),
                pkts_dropped: Some(since(|ring| ring.source.dropped)),
                pkts_link: Some(since(|ring| ring.source.link)),
                pkt_lag: (ring.now != Time::default()).then(|| ledger.at - ring.now),
                events_proc: since(|ring| ring.stats.emitted),
                events_queued: since(|ring| ring.stats.emitted),
                active_tcp_conns: tcp,
                active_udp_conns: udp,
                active_icmp_conns: icmp,
                tcp_conns: since(|ring| ring.stats.flow.opened_by_proto[0]),
                udp_conns: since(|ring| ring.stats.flow.opened_by_proto[1]),
                icmp_conns: since(|ring| ring.stats.flow.opened_by_proto[2]),
                timers: since(|ring| ring.stats.flow.opened()),
                active_timers: ring.open_flows(),
                files: since(|ring| ring.stats.analyze.of.files.begun),
                active_files: ring.stats.analyze.of.files.open,
                dns_requests: since(|ring| ring.stats.analyze.of.dns.queries),
                active_dns_requests: ring.stats.analyze.of.dns.waiting,
                reassem_tcp_size: ring.stats.flow.reassembly_bytes,
                reassem_file_size: ring.stats.analyze.of.files.bytes,
                reassem_frag_size: ring.counts.fragment_bytes,
                counters: (!counted.is_empty()).then_some(Vector(&counted)),
                ..StatsRow::default()
            };
            // Live logs report no failures: they count them.
            let _ = logs.record(&row, ledger.at);
            let (dropped, link) = (since(|ring| ring.source.dropped), since(|ring| ring.source.link));
            if percent(dropped, link) > self.settings.dropped_percent {
                incidents.push(Incident {
                    kind: IncidentKind::Dropped,
                    peer: ring.peer(),
                    text: format!("{dropped} of {link} packets dropped because the ring was full"),
                });
            }
            self.given_up(ring, before, incidents);
        }
        let counted = counted_since(&ledger.scripts, Some(&self.stats.scripts));
        if !counted.is_empty() {
            let counted: Vec<&str> = counted.iter().map(|text| &text[..]).collect();
            let row = StatsRow {
                ts: ledger.at,
                peer: SCRIPTS,
                mem: ledger.counts.memory_bytes >> 20,
                counters: Some(Vector(&counted)),
                ..StatsRow::default()
            };
            let _ = logs.record(&row, ledger.at);
        }
        for Delivery { name, account } in &ledger.exports {
            for (stream, counts) in account.streams() {
                let reasons = reasons(counts);
                let reasons: Vec<&str> = reasons.iter().map(|reason| &reason[..]).collect();
                let _ = logs.record(&of_exporter(ledger, name, stream, counts, &reasons), ledger.at);
            }
        }
        self.unwritten(ledger, incidents);
        self.skew(ledger, incidents);
        self.stats = Since::of(ledger);
    }

    /// What exporters say is wrong, when it begins.
    fn exporters(&mut self, ledger: &Ledger, incidents: &mut Vec<Incident>) {
        // What comes and goes is not told each time.
        self.alarms.retain(|(.., at)| (Interval::ZERO..ALARM_AGAIN).contains(&(ledger.at - *at)));
        for Delivery { name, account } in &ledger.exports {
            for Alarm { kind, about, text, .. } in &account.alarms {
                let same = |(of, other, what, _): &(&str, AlarmKind, Box<str>, Time)| {
                    of == name && other == kind && what == about
                };
                if let Some((.., at)) = self.alarms.iter_mut().find(|alarm| same(alarm)) {
                    *at = ledger.at;
                    continue;
                }
                self.alarms.push((*name, *kind, about.clone(), ledger.at));
                let kind = match kind {
                    AlarmKind::Receiver | AlarmKind::Refused | AlarmKind::Spool => {
                        IncidentKind::ExportStalled
                    }
                    AlarmKind::SpoolFills | AlarmKind::Loss | AlarmKind::DeadLetters => {
                        IncidentKind::ExportLoss
                    }
                };
                incidents.push(Incident { kind, peer: (*name).to_owned(), text: text.clone() });
            }
        }
    }

    /// What a worker gave up at its ceilings.
    fn given_up(&self, ring: &RingLedger, before: Option<&RingLedger>, incidents: &mut Vec<Incident>) {
        let since = |count: fn(&RingLedger) -> u64| count(ring).saturating_sub(before.map_or(0, count));
        let shares = [
            (
                since(|ring| ring.stats.flow.evicted),
                since(|ring| ring.stats.flow.opened()),
                "flows ended early because the table was full (limits.flows)",
            ),
            (
                since(|ring| ring.stats.flow.reassembly_given_up),
                since(|ring| ring.source.bytes),
                "bytes given up behind holes in streams (limits.reassembly)",
            ),
            (
                since(|ring| ring.counts.shed),
                since(|ring| ring.stats.emitted),
                "rows dropped because the logs were too far behind",
            ),
        ];
        for (lost, all, what) in shares {
            if percent(lost, all) > self.settings.given_up_percent {
                let (kind, peer) = (IncidentKind::AnalysisLoss, ring.peer());
                incidents.push(Incident { kind, peer, text: format!("{lost} of {all} {what}") });
            }
        }
    }

    /// Rows that found no room on the disk.
    fn unwritten(&self, ledger: &Ledger, incidents: &mut Vec<Incident>) {
        let (rows, dropped) = all_rows(ledger);
        let (rows, dropped) =
            (rows.saturating_sub(self.stats.rows.0), dropped.saturating_sub(self.stats.rows.1));
        if percent(dropped, rows) > self.settings.given_up_percent {
            let text = format!("{dropped} of {rows} rows dropped because they could not be written");
            incidents.push(Incident { kind: IncidentKind::AnalysisLoss, peer: "logs".to_owned(), text });
        }
    }

    /// Interfaces one of whose workers gets far more than its share: its core will be full first.
    fn skew(&self, ledger: &Ledger, incidents: &mut Vec<Incident>) {
        for interface in &ledger.interfaces {
            let rings = ledger.rings.iter().enumerate().filter(|(_, ring)| ring.interface == interface.name);
            let delivered = |ring: &RingLedger| ring.source.delivered;
            let shares: Vec<u64> = rings
                .map(|(nth, ring)| delivered(ring) - self.stats.rings.get(nth).map_or(0, delivered))
                .collect();
            let (all, most) = (shares.iter().sum::<u64>(), shares.iter().max().copied().unwrap_or(0));
            if all >= ENOUGH_PACKETS && most * shares.len() as u64 > self.settings.skew * all {
                let text = format!(
                    "one of {} workers gets {most} of {all} packets: few large flows, or uneven queues",
                    shares.len()
                );
                incidents.push(Incident { kind: IncidentKind::Skew, peer: interface.name.to_string(), text });
            }
        }
    }

    fn write_loss(&mut self, ledger: &Ledger, logs: &mut Logs, incidents: &mut Vec<Incident>) {
        for (nth, ring) in ledger.rings.iter().enumerate() {
            let before = self.loss.rings.get(nth);
            let since = |count: fn(&RingLedger) -> u64| count(ring).saturating_sub(before.map_or(0, count));
            let (acks, gaps) = (since(|ring| ring.stats.flow.acks), since(|ring| ring.stats.flow.gaps));
            let percent_lost = percent(gaps, acks);
            let peer = ring.peer();
            let ts_delta = ledger.at - self.loss.at;
            let row = CaptureLossRow { ts: ledger.at, ts_delta, peer: &peer, gaps, acks, percent_lost };
            let _ = logs.record(&row, ledger.at);
            if acks > 0 && percent_lost >= self.settings.too_much_percent {
                let text = format!(
                    "{percent_lost:.3} % of acknowledged data was not seen ({gaps} of {acks} \
                     acknowledgements): packets are lost before or in this sensor"
                );
                incidents.push(Incident { kind: IncidentKind::CaptureLoss, peer: peer.clone(), text });
            }
            let (ended, one_sided) =
                (since(|ring| ring.stats.flow.tcp_ended), since(|ring| ring.stats.flow.tcp_one_sided));
            if ended >= ENOUGH_CONNECTIONS && percent(one_sided, ended) > self.settings.one_sided_percent {
                let text = format!(
                    "of {one_sided} of {ended} connections only one side was seen: the tap shows one \
                     direction, or directions go to different workers (nightjar doctor)"
                );
                incidents.push(Incident { kind: IncidentKind::OneSided, peer, text });
            }
        }
    }

    /// Workers that saw hardly anything acknowledged since the last row of capture_loss.log.
    fn little_traffic(&self, ledger: &Ledger, incidents: &mut Vec<Incident>) {
        let least = self.settings.minimum_acks;
        for (nth, ring) in ledger.rings.iter().enumerate() {
            let before = self.loss.rings.get(nth).map_or(0, |ring| ring.stats.flow.acks);
            let acks = ring.stats.flow.acks.saturating_sub(before);
            if acks < least {
                // In Zeek's words.
                let text = format!("Only observed {acks} TCP ACKs and was expecting at least {least}.");
                incidents.push(Incident { kind: IncidentKind::LittleTraffic, peer: ring.peer(), text });
            }
        }
    }
}

impl Since {
    fn of(ledger: &Ledger) -> Self {
        let (rings, scripts) = (ledger.rings.clone(), ledger.scripts);
        Since { at: ledger.at, rings, scripts, rows: all_rows(ledger) }
    }
}

/// What grew since then: `NAME=HOW MUCH`.
fn counted_since<C: CounterSet>(now: &C, before: Option<&C>) -> Vec<String> {
    let mut earlier = HashMap::new();
    before.into_iter().for_each(|before| earlier.extend(before.by_key()));
    let mut grown = Vec::new();
    now.samples(&mut |(metric, value, number)| {
        let key = metric.key(value);
        let by = number.saturating_sub(earlier.get(&key).copied().unwrap_or(0));
        if metric.kind == CounterKind::Counter && by > 0 {
            grown.push(format!("{key}={by}"));
        }
    });
    grown
}

fn of_exporter<'a>(
    ledger: &Ledger,
    exporter: &'a str,
    stream: &'a str,
    counts: &Counts,
    reasons: &'a [&'a str],
) -> StatsRow<'a> {
    StatsRow {
        ts: ledger.at,
        peer: exporter,
        mem: ledger.counts.memory_bytes >> 20,
        export_stream: Some(stream),
        export_offered: Some(counts.offered),
        export_recovered: Some(counts.recovered),
        export_acked: Some(counts.acked),
        export_in_flight: Some(counts.in_flight),
        export_spooled: Some(counts.spooled),
        export_dropped: Some(counts.dropped_total()),
        export_drop_reasons: (!reasons.is_empty()).then_some(Vector(reasons)),
        ..StatsRow::default()
    }
}

fn reasons(counts: &Counts) -> Vec<String> {
    let dropped = Reason::ALL.iter().zip(counts.dropped).filter(|(_, rows)| *rows > 0);
    dropped.map(|(reason, rows)| format!("{}={rows}", reason.name())).collect()
}

/// Rows of all logs, and those of them that could not be written.
fn all_rows(ledger: &Ledger) -> (u64, u64) {
    let logs = || ledger.logs.iter();
    (logs().map(|log| log.rows).sum(), logs().map(|log| log.dropped).sum())
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Rotation, Target};
    use crate::record::{Format, JsonTime};
    use crate::sink::Account;

    #[test]
    fn exporters_have_a_row_for_each_stream_that_adds_up() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Folder(folder.path().to_owned());
        let mut logs = Logs::live(target, Format::Json(JsonTime::Epoch), Rotation::default(), None);
        let mut account = Account::default();
        account.offered("conn", 5);
        account.recovered("dns");
        account.acked("conn");
        account.spooled("conn");
        account.dropped("conn", Reason::TooLarge);
        account.dropped("conn", Reason::NotAuthorised);
        let at = Time::from_nanos(1_700_000_300_000_000_000);
        let exports = vec![Delivery { name: "kafka", account }];
        let mut loss = Loss::new(LossSettings::default(), Time::from_nanos(1_700_000_000_000_000_000));
        loss.look(&Ledger { at, exports, ..Ledger::default() }, &mut logs);
        logs.close(at).unwrap();
        let text = std::fs::read_to_string(folder.path().join("stats.log")).unwrap();
        let rows: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let count = |row: &serde_json::Value, name: &str| row[format!("export_{name}")].as_u64().unwrap();
        for row in &rows {
            assert_eq!(
                count(row, "offered") + count(row, "recovered"),
                ["acked", "in_flight", "spooled", "dropped"].map(|name| count(row, name)).iter().sum::<u64>()
            );
        }
        assert_eq!(rows.len(), 2);
        assert_eq!((&rows[0]["peer"], &rows[0]["export_stream"]), (&"kafka".into(), &"conn".into()));
        assert_eq!(rows[0]["export_drop_reasons"], serde_json::json!(["too_large=1", "not_authorised=1"]));
        assert_eq!((&rows[1]["export_stream"], count(&rows[1], "spooled")), (&"dns".into(), 1));
    }

    #[test]
    fn rows_tell_what_came_since_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Folder(folder.path().to_owned());
        let mut logs = Logs::live(target, Format::Tsv, Rotation::default(), None);
        let at = |seconds: i64| Time::from_nanos((1_700_000_000 + seconds) * 1_000_000_000);
        let mut loss = Loss::new(LossSettings::default(), at(0));
        let mut ring = RingLedger::new("eth1".into(), 3);
        for (seconds, packets, acks, gaps) in [(60, 10, 100, 10), (300, 30, 110, 11), (960, 70, 130, 21)] {
            (ring.source.delivered, ring.source.link) = (packets, packets + 1);
            (ring.stats.flow.acks, ring.stats.flow.gaps) = (acks, gaps);
            ring.stats.analyze.of.files.too_many += 2;
            let mut scripts = ScriptCounters::default();
            scripts.sumstats.evicted = gaps;
            let rings = vec![ring.clone()];
            loss.look(&Ledger { at: at(seconds), rings, scripts, ..Ledger::default() }, &mut logs);
        }
        logs.close(at(1000)).unwrap();
        let read = |log: &str| {
            let text = std::fs::read_to_string(folder.path().join(log)).unwrap();
            let rows = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
            rows.collect::<Vec<_>>()
        };
        assert_eq!(
            read("capture_loss.log"),
            [
                "1700000060.000000\t60.000000\teth1-3\t10\t100\t10.000000",
                "1700000960.000000\t900.000000\teth1-3\t11\t30\t36.666667"
            ]
        );
        let stats = read("stats.log");
        assert_eq!(stats.len(), 4);
        let counted = |row: &str| row.split('\t').nth_back(8).map(str::to_owned);
        let counted: Vec<_> = stats.iter().filter_map(|row| counted(row)).collect();
        assert_eq!(
            counted,
            [
                "tcp_acks_total=110,tcp_gaps_total=11,files_too_many_total=4",
                "sumstats_evicted_total=11",
                "tcp_acks_total=20,tcp_gaps_total=10,files_too_many_total=2",
                "sumstats_evicted_total=10",
            ]
        );
        assert!(stats[0].starts_with("1700000300.000000\teth1-3\t0\t30\t0\t0\t31\t-\t-\t"), "{}", stats[0]);
        assert!(stats[1].starts_with("1700000300.000000\tscripts\t0\t0\t"), "{}", stats[1]);
        assert!(stats[2].starts_with("1700000960.000000\teth1-3\t0\t40\t0\t0\t40\t-\t-\t"), "{}", stats[2]);
    }
}
