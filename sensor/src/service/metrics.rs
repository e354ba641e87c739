//! `/metrics`: the ledger for Prometheus, in its text format or as OpenMetrics.
//!
//! What is counted comes from the declarations of counters ([`CounterSet`]). What is measured otherwise, as times and
//! states, is listed here. [`FAMILIES`] is all of it; `docs/metrics.md` shows it, and a test compares.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::aggregate;
use crate::capture::interface::NicCounts;
use crate::capture::live::Counts as SourceCounts;
use crate::counters::CounterSet;
use crate::pipeline::{Histogram, Ledger, RingCounts, RingLedger, SensorCounts, WorkerStats};
use crate::policy::ScriptCounters;
use crate::service::about;
use crate::sink::{AlarmKind, Counts as ExportCounts, Delivery, ExporterCounts, Histogram as Lag};

/// Names of labels.
type Labels = Cow<'static, [&'static str]>;

/// One metric.
#[derive(Clone)]
pub struct Family {
    pub name: &'static str,
    pub kind: &'static str,
    /// Names of its labels.
    pub labels: Labels,
    pub help: &'static str,
    samples: fn(&Ledger, &mut Samples<'_>),
}

/// Where a family's samples go.
struct Samples<'a> {
    family: &'a Family,
    out: &'a mut String,
}

impl Samples<'_> {
    fn add(&mut self, labels: &[&str], value: f64) {
        self.add_named("", self.family.labels.iter().copied().zip(labels.iter().copied()), value);
    }

    fn add_named<'l>(&mut self, suffix: &str, labels: impl Iterator<Item = (&'l str, &'l str)>, value: f64) {
        add_sample(self.out, &format!("nightjar_{}{suffix}", self.family.name), labels, value);
    }

    /// What a set of counters says of each worker.
    fn rings<C: CounterSet>(&mut self, ledger: &Ledger, counters: impl Fn(&RingLedger) -> &C) {
        for ring in &ledger.rings {
            self.counted(counters(ring), &[&ring.interface, &ring.worker.to_string()]);
        }
    }

    /// What a set of counters says of the family: with these labels, and its own behind them where it has one.
    fn counted(&mut self, counters: &impl CounterSet, labels: &[&str]) {
        counters.samples(&mut |(metric, value, number)| {
            if metric.family == self.family.name {
                self.add(&[labels, &[value]].concat(), number as f64);
            }
        });
    }

    fn histogram(&mut self, histogram: &Histogram) {
        let mut upto = 0;
        for (nth, count) in histogram.counts.iter().enumerate() {
            upto += count;
            let bound = Histogram::BOUNDS.get(nth).map_or("+Inf".to_owned(), f64::to_string);
            self.add_named("_bucket", [("le", &bound[..])].into_iter(), upto as f64);
        }
        self.add_named("_sum", [].into_iter(), histogram.sum);
        self.add_named("_count", [].into_iter(), histogram.total() as f64);
    }
}

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Prometheus' text format, version 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0: names of counters end in `_total` only where their values stand.
    OpenMetrics,
}

impl Dialect {
    pub fn content_type(self) -> &'static str {
        match self {
            Dialect::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Dialect::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The lines above a family's samples.
    pub(super) fn head(self, name: &str, kind: &str, help: &str, out: &mut String) {
        let name = match self {
            Dialect::OpenMetrics if kind == "counter" => name.strip_suffix("_total").unwrap_or(name),
            _ => name,
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }
}

/// A line: the name, its labels with their values, and the value.
pub(super) fn add_sample<'l>(
    out: &mut String,
    name: &str,
    labels: impl Iterator<Item = (&'l str, &'l str)>,
    value: f64,
) {
    let labels: Vec<String> = labels.map(|(name, text)| format!("{name}=\"{}\"", escaped(text))).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{name}{labels} {value}");
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

const NONE: Labels = Cow::Borrowed(&[]);
const WORKER: Labels = Cow::Borrowed(&["interface", "worker"]);
const INTERFACE: Labels = Cow::Borrowed(&["interface"]);
const LOG: Labels = Cow::Borrowed(&["log"]);
const EXPORTER: Labels = Cow::Borrowed(&["exporter"]);
const EXPORT: Labels = Cow::Borrowed(&["exporter", "stream"]);

/// Every metric there is, in the order of the path of a packet.
pub static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
    let of_nic = |ledger: &Ledger, out: &mut Samples<'_>| {
        ledger.interfaces.iter().for_each(|interface| out.counted(&interface.nic, &[&interface.name]));
    };
    let of_source = |ledger: &Ledger, out: &mut Samples<'_>| out.rings(ledger, |ring| &ring.source);
    let of_worker = |ledger: &Ledger, out: &mut Samples<'_>| out.rings(ledger, |ring| &ring.stats);
    let of_ring = |ledger: &Ledger, out: &mut Samples<'_>| out.rings(ledger, |ring| &ring.counts);
    let of_sensor = |ledger: &Ledger, out: &mut Samples<'_>| out.counted(&ledger.counts, &[]);
    let of_exports = |ledger: &Ledger, out: &mut Samples<'_>| {
        for Delivery { name, account } in &ledger.exports {
            account.streams().for_each(|(stream, counts)| out.counted(counts, &[name, stream]));
        }
    };
    let of_exporters = |ledger: &Ledger, out: &mut Samples<'_>| {
        ledger.exports.iter().for_each(|delivery| out.counted(&delivery.account.counts, &[delivery.name]));
    };
    let of_aggregator = |ledger: &Ledger, out: &mut Samples<'_>| {
        ledger.aggregator.iter().for_each(|counters| out.counted(counters, &[]));
    };
    let of_scripts = |ledger: &Ledger, out: &mut Samples<'_>| out.counted(&ledger.scripts, &[]);
    [
        OF_INTERFACES,
        &declared::<NicCounts>(&INTERFACE, of_nic),
        &declared::<SourceCounts>(&WORKER, of_source),
        &declared::<WorkerStats>(&WORKER, of_worker),
        &declared::<RingCounts>(&WORKER, of_ring),
        OF_SENSOR,
        &declared::<SensorCounts>(&NONE, of_sensor),
        &declared::<ScriptCounters>(&NONE, of_scripts),
        &declared::<aggregate::Counters>(&NONE, of_aggregator),
        &declared::<ExportCounts>(&EXPORT, of_exports),
        &declared::<ExporterCounts>(&EXPORTER, of_exporters),
        OF_EXPORTERS,
    ]
    .concat()
});

/// The families that a set of counters declares, behind labels that all of them have.
fn declared<C: CounterSet>(labels: &Labels, samples: fn(&Ledger, &mut Samples<'_>)) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    C::metrics(&mut |metric| {
        if families.iter().all(|family| family.name != metric.family) {
            let labels = labels.iter().copied().chain(metric.label).collect();
            let (name, kind, help) = (metric.family, metric.kind.name(), metric.help());
            families.push(Family { name, kind, labels, help, samples });
        }
    });
    families
}

/// What there is to say of interfaces beside what is counted.
const OF_INTERFACES: &[Family] = &[Family {
    name: "interface_up",
    kind: "gauge",
    labels: INTERFACE,
    help: "1 while the interface is up.",
    samples: |ledger, out| {
        ledger.interfaces.iter().for_each(|i| out.add(&[&i.name], f64::from(u8::from(i.up))))
    },
}];

/// What there is to say of the workers and the logs beside what is counted.
const OF_SENSOR: &[Family] = &[
    Family {
        name: "lag_seconds",
        kind: "gauge",
        labels: WORKER,
        help: "From the newest packet analysed, or the clock on an idle tap, to now.",
        samples: |ledger, out| {
            for ring in &ledger.rings {
                let lag = ((ledger.at - ring.now).nanos() as f64 / 1e9).max(0.0);
                out.add(&[&ring.interface, &ring.worker.to_string()], lag);
            }
        },
    },
    Family {
        name: "log_rows_total",
        kind: "counter",
        labels: LOG,
        help: "Rows of a log, those dropped included.",
        samples: |ledger, out| ledger.logs.iter().for_each(|log| out.add(&[log.log], log.rows as f64)),
    },
    Family {
        name: "log_rows_dropped_total",
        kind: "counter",
        labels: LOG,
        help: "Rows that found no room on the disk.",
        samples: |ledger, out| ledger.logs.iter().for_each(|log| out.add(&[log.log], log.dropped as f64)),
    },
    Family {
        name: "log_lag_seconds",
        kind: "histogram",
        labels: NONE,
        help: "From the time of what a row tells to its being written.",
        samples: |ledger, out| out.histogram(&ledger.log_lag),
    },
    Family {
        name: "uptime_seconds",
        kind: "gauge",
        labels: NONE,
        help: "Since the sensor was started.",
        samples: |ledger, out| out.add(&[], ledger.uptime.as_secs_f64()),
    },
];

/// What there is to say of exporters beside what is counted.
const OF_EXPORTERS: &[Family] = &[
    Family {
        name: "export_spool_fill_ratio",
        kind: "gauge",
        labels: EXPORTER,
        help: "How much of what the spool may hold is taken.",
        samples: |ledger, out| {
            for delivery in &ledger.exports {
                out.add(&[delivery.name], delivery.account.spool_fill as f64 / 100.0);
            }
        },
    },
    Family {
        name: "export_alarm",
        kind: "gauge",
        labels: Cow::Borrowed(&["exporter", "alarm"]),
        help: "1 while this is wrong: `receiver` (not reached, or silent), `refused` (a topic takes no rows), `spool` (cannot be used), `spool_fills`, `loss`, `dead_letters`.",
        samples: |ledger, out| {
            for delivery in &ledger.exports {
                for kind in AlarmKind::ALL {
                    let raised = delivery.account.alarms.iter().any(|alarm| alarm.kind == kind);
                    out.add(&[delivery.name, kind.name()], f64::from(u8::from(raised)));
                }
            }
        },
    },
    Family {
        name: "export_lag_seconds",
        kind: "histogram",
        labels: EXPORTER,
        help: "From packet time to the acknowledgement of a row.",
        samples: |ledger, out| {
            for delivery in &ledger.exports {
                let lag = &delivery.account.lag;
                let bounds = Lag::BOUNDS.iter().map(|millis| (*millis as f64 / 1e3).to_string());
                let mut total = 0;
                for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(lag.counts) {
                    total += count;
                    let labels = [("exporter", delivery.name), ("le", &bound)];
                    out.add_named("_bucket", labels.into_iter(), total as f64);
                }
                let labels = || [("exporter", delivery.name)].into_iter();
                out.add_named("_sum", labels(), lag.sum.as_secs_f64());
                out.add_named("_count", labels(), total as f64);
            }
        },
    },
];

/// The ledger as text.
pub fn text(ledger: &Ledger, dialect: Dialect) -> String {
    let mut out = String::new();
    for family in FAMILIES.iter() {
        dialect.head(&format!("nightjar_{}", family.name), family.kind, family.help, &mut out);
        (family.samples)(ledger, &mut Samples { family, out: &mut out });
    }
    out
}

/// `docs/metrics.md` with the table of all metrics as they are declared.
pub fn documented(page: &str) -> String {
    let row = |name: &str, kind: &str, labels: &[&str], help: &str| {
        format!("| `{name}` | {kind} | {} | {help} |", labels.join(", "))
    };
    let of_ledger = FAMILIES
        .iter()
        .map(|family| row(&format!("nightjar_{}", family.name), family.kind, &family.labels, family.help));
    let about =
        about::FAMILIES.iter().map(|family| row(family.name, family.kind, family.labels, family.help));
    let is_metric = |line: &&str| line.starts_with("| `nightjar_") || line.starts_with("| `process_");
    let head = page.lines().take_while(|line| !is_metric(line)).map(str::to_owned);
    let tail = page.lines().skip_while(|line| !is_metric(line)).filter(|line| !is_metric(line));
    let lines: Vec<String> = head.chain(of_ledger).chain(about).chain(tail.map(str::to_owned)).collect();
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::service::health::Health;
    use crate::service::status;
    use crate::sink::Account;

    fn ledger() -> Ledger {
        let mut ring = RingLedger::new("eth1".into(), 0);
        ring.source.delivered = 42;
        let mut ledger = Ledger { rings: vec![ring], ..Ledger::default() };
        ledger.log_lag.add(0.7);
        ledger
    }

    #[test]
    fn all_that_is_listed_is_told() {
        let told = text(&ledger(), Dialect::Prometheus);
        let types: Vec<&str> =
            told.lines().filter_map(|line| line.strip_prefix("# TYPE nightjar_")).collect();
        let listed: Vec<String> =
            FAMILIES.iter().map(|family| format!("{} {}", family.name, family.kind)).collect();
        assert_eq!(types, listed);
    }

    /// Ceilings that are seldom reached: each shows wherever counters are told of.
    #[test]
    fn whatever_is_given_up_is_told_everywhere() {
        let mut ledger = ledger();
        let stats = &mut ledger.rings[0].stats;
        stats.decode.fragments.evicted = 2;
        stats.analyze.of.http.pressed = 3;
        stats.analyze.of.http.not_inflated = 4;
        stats.analyze.of.files.too_many = 5;
        stats.analyze.nested_too_deep = 6;
        stats.tunnels_forgotten = 7;
        ledger.scripts.sumstats.evicted = 8;
        ledger.scripts.notices.mails_failed = 9;
        let ring = &mut ledger.rings[0];
        (ring.source.cut, ring.counts.hangs) = (10, 11);
        (ledger.counts.weirds_suppressed, ledger.counts.archive.removed_for_space) = (12, 13);
        let mut account = Account::default();
        account.offered("conn", 1);
        account.counts.resent = 14;
        ledger.exports.push(Delivery { name: "kafka", account });
        let told = text(&ledger, Dialect::Prometheus);
        for sample in [
            "fragments_given_up_total{interface=\"eth1\",worker=\"0\",reason=\"evicted\"} 2",
            "http_held_short_total{interface=\"eth1\",worker=\"0\"} 3",
            "http_not_inflated_total{interface=\"eth1\",worker=\"0\"} 4",
            "files_too_many_total{interface=\"eth1\",worker=\"0\"} 5",
            "nested_too_deep_total{interface=\"eth1\",worker=\"0\"} 6",
            "tunnels_forgotten_total{interface=\"eth1\",worker=\"0\"} 7",
            "sumstats_evicted_total 8",
            "mails_failed_total 9",
            "packets_cut_total{interface=\"eth1\",worker=\"0\"} 10",
            "worker_hangs_total{interface=\"eth1\",worker=\"0\"} 11",
            "weirds_suppressed_total 12",
            "archive_removed_total{reason=\"space\"} 13",
            "export_offered_rows_total{exporter=\"kafka\",stream=\"conn\",from=\"run\"} 1",
            "export_in_flight_rows{exporter=\"kafka\",stream=\"conn\"} 1",
            "export_dropped_rows_total{exporter=\"kafka\",stream=\"conn\",reason=\"too_large\"} 0",
            "export_resent_rows_total{exporter=\"kafka\"} 14",
        ] {
            assert!(told.contains(&format!("\nnightjar_{sample}\n")), "{sample} in {told}");
        }
        let status = status::describe(&ledger, &Health::default(), Duration::ZERO);
        let worker = &status["workers"][0]["counters"];
        assert_eq!(
            (&worker["fragments_given_up_total.evicted"], &worker["files_too_many_total"]),
            (&2.into(), &5.into())
        );
        assert_eq!(status["scripts"]["counters"]["sumstats_evicted_total"], 8);
        let shown = status::print(&status, &status);
        assert!(shown.contains("\n3 times an HTTP connection was held short"), "{shown}");
        assert!(shown.contains("\n8 keys of SumStats dropped"), "{shown}");
        assert!(shown.contains("\n10 packets captured without their end"), "{shown}");
        assert!(shown.contains("\n11 times a worker hung"), "{shown}");
        assert_eq!(worker["worker_hangs_total"], 11);
        assert_eq!(status["counters"]["archive_removed_total.space"], 13);
        assert_eq!(status["exports"][0]["counters"]["export_resent_rows_total"], 14);
    }

    #[test]
    fn samples_carry_labels_and_histograms_add_up() {
        let told = text(&ledger(), Dialect::Prometheus);
        assert!(told.contains("\nnightjar_packets_total{interface=\"eth1\",worker=\"0\"} 42\n"));
        assert!(told.contains("\nnightjar_log_lag_seconds_bucket{le=\"0.5\"} 0\n"));
        assert!(told.contains("\nnightjar_log_lag_seconds_bucket{le=\"+Inf\"} 1\n"));
        assert!(told.contains("\nnightjar_log_lag_seconds_count 1\n"));
        assert_eq!(escaped("a\"b\\"), "a\\\"b\\\\");
    }

    #[test]
    fn openmetrics_names_counters_without_their_ending() {
        let told = text(&ledger(), Dialect::OpenMetrics);
        assert!(told.contains("# TYPE nightjar_packets counter\nnightjar_packets_total{"), "{told}");
        assert!(told.contains("# TYPE nightjar_queued_reports gauge\n"), "{told}");
    }
}
