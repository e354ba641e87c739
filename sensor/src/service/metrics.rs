//! `/metrics`: the ledger for Prometheus, in its text format or as OpenMetrics.
//!
//! [`FAMILIES`] is the one list of what there is of the ledger; `docs/metrics.md` shows it, and a test compares.

use std::fmt::Write as _;

use crate::pipeline::{Histogram, LaneLedger, Ledger};
use crate::sink::{Counts, Histogram as Lag, Reason};

/// One metric.
pub struct Family {
    pub name: &'static str,
    pub kind: &'static str,
    /// Names of its labels.
    pub labels: &'static [&'static str],
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
        let labels: Vec<String> =
            labels.map(|(name, text)| format!("{name}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "nightjar_{}{suffix}{labels} {value}", self.family.name);
    }

    fn lanes(&mut self, ledger: &Ledger, value: impl Fn(&LaneLedger) -> u64) {
        for lane in &ledger.lanes {
            self.add(&[&lane.interface, &lane.worker.to_string()], value(lane) as f64);
        }
    }

    fn exports(&mut self, ledger: &Ledger, value: impl Fn(&Counts) -> u64) {
        for delivery in &ledger.exports {
            for (stream, counts) in delivery.account.streams() {
                self.add(&[delivery.name, stream], value(counts) as f64);
            }
        }
    }

    /// One sample for each of these, with their name as the last label.
    fn reasons<const N: usize>(
        &mut self,
        ledger: &Ledger,
        values: impl Fn(&LaneLedger) -> [(&'static str, u64); N],
    ) {
        for lane in &ledger.lanes {
            for (reason, value) in values(lane) {
                self.add(&[&lane.interface, &lane.worker.to_string(), reason], value as f64);
            }
        }
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

pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

const LANE: &[&str] = &["interface", "worker"];
const LANE_REASON: &[&str] = &["interface", "worker", "reason"];
const LANE_PROTO: &[&str] = &["interface", "worker", "proto"];
const INTERFACE: &[&str] = &["interface"];
const LOG: &[&str] = &["log"];

/// Every metric there is, in the order of the path of a packet.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "interface_up",
        kind: "gauge",
        labels: INTERFACE,
        help: "1 while the interface is up.",
        samples: |ledger, out| {
            ledger.interfaces.iter().for_each(|i| out.add(&[&i.name], f64::from(u8::from(i.up))))
        },
    },
    Family {
        name: "nic_packets_total",
        kind: "counter",
        labels: INTERFACE,
        help: "Frames that the NIC received.",
        samples: |ledger, out| {
            ledger.interfaces.iter().for_each(|i| out.add(&[&i.name], i.nic.packets as f64))
        },
    },
    Family {
        name: "nic_missed_total",
        kind: "counter",
        labels: INTERFACE,
        help: "Frames that the NIC lost for want of buffers.",
        samples: |ledger, out| {
            ledger.interfaces.iter().for_each(|i| out.add(&[&i.name], i.nic.missed as f64))
        },
    },
    Family {
        name: "nic_dropped_total",
        kind: "counter",
        labels: INTERFACE,
        help: "Frames that the system refused.",
        samples: |ledger, out| {
            ledger.interfaces.iter().for_each(|i| out.add(&[&i.name], i.nic.dropped as f64))
        },
    },
    Family {
        name: "nic_errors_total",
        kind: "counter",
        labels: INTERFACE,
        help: "Frames that came damaged.",
        samples: |ledger, out| {
            ledger.interfaces.iter().for_each(|i| out.add(&[&i.name], i.nic.errors as f64))
        },
    },
    Family {
        name: "ring_packets_total",
        kind: "counter",
        labels: LANE,
        help: "Packets that reached the socket behind its filter, those dropped included.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.source.link),
    },
    Family {
        name: "ring_dropped_total",
        kind: "counter",
        labels: LANE,
        help: "Packets that the kernel dropped because the ring was full.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.source.dropped),
    },
    Family {
        name: "ring_full_total",
        kind: "counter",
        labels: LANE,
        help: "How often the ring was full.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.source.freezes),
    },
    Family {
        name: "packets_total",
        kind: "counter",
        labels: LANE,
        help: "Packets analysed.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.source.delivered),
    },
    Family {
        name: "bytes_total",
        kind: "counter",
        labels: LANE,
        help: "Bytes on the wire of the packets analysed.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.source.bytes),
    },
    Family {
        name: "packets_cut_total",
        kind: "counter",
        labels: LANE,
        help: "Packets captured without their end.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.source.cut),
    },
    Family {
        name: "decode_discarded_total",
        kind: "counter",
        labels: LANE_REASON,
        help: "Packets that were not analysed further, by reason.",
        samples: |ledger, out| {
            out.reasons(ledger, |lane| {
                let decode = &lane.stats.decode;
                [
                    ("arp", decode.arp),
                    ("unknown_protocol", decode.unknown_protocol),
                    ("unknown_ip_protocol", decode.unknown_ip_protocol),
                    ("malformed", decode.malformed),
                    ("bad_ip_checksum", decode.bad_ip_checksum),
                    ("wlan_without_data", decode.wlan_without_data),
                    ("esp", decode.esp),
                    ("mobility", decode.mobility),
                    ("no_next", decode.no_next),
                    ("bad_inner", decode.bad_inner),
                    ("too_deep", decode.too_deep),
                    ("truncated_transport", lane.stats.flow.truncated),
                    ("bad_transport_checksum", lane.stats.flow.bad_checksums),
                ]
            });
        },
    },
    Family {
        name: "ip_protocol_packets_total",
        kind: "counter",
        labels: &["interface", "worker", "protocol"],
        help: "IP packets of protocols that are not analysed, by protocol.",
        samples: |ledger, out| {
            for lane in &ledger.lanes {
                for (protocol, count) in lane.stats.ip_protocols.seen() {
                    out.add(&[&lane.interface, &lane.worker.to_string(), &protocol], count as f64);
                }
            }
        },
    },
    Family {
        name: "flows_opened_total",
        kind: "counter",
        labels: LANE_PROTO,
        help: "Flows begun.",
        samples: |ledger, out| out.reasons(ledger, |lane| by_proto(lane.stats.flow.opened_by_proto)),
    },
    Family {
        name: "flows_open",
        kind: "gauge",
        labels: LANE_PROTO,
        help: "Flows in memory.",
        samples: |ledger, out| out.reasons(ledger, |lane| by_proto(lane.stats.flow.open_by_proto)),
    },
    Family {
        name: "flows_evicted_total",
        kind: "counter",
        labels: LANE,
        help: "Flows ended early because the table was full.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.flow.evicted),
    },
    Family {
        name: "flows_lost_total",
        kind: "counter",
        labels: LANE,
        help: "Flows forgotten without a row, after a fault of the sensor.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.flow.lost),
    },
    Family {
        name: "tcp_acks_total",
        kind: "counter",
        labels: LANE,
        help: "Acknowledgements of new data on established TCP connections.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.flow.acks),
    },
    Family {
        name: "tcp_gaps_total",
        kind: "counter",
        labels: LANE,
        help: "Those of them for data that was never seen.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.flow.gaps),
    },
    Family {
        name: "tcp_ended_total",
        kind: "counter",
        labels: LANE,
        help: "TCP connections that carried data and ended.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.flow.tcp_ended),
    },
    Family {
        name: "tcp_one_sided_total",
        kind: "counter",
        labels: LANE,
        help: "Those of them of which only one side was seen.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.flow.tcp_one_sided),
    },
    Family {
        name: "reassembly_bytes",
        kind: "gauge",
        labels: LANE,
        help: "Memory for TCP data that waits behind holes.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.flow.reassembly_bytes),
    },
    Family {
        name: "reassembly_given_up_bytes_total",
        kind: "counter",
        labels: LANE,
        help: "Bytes behind holes given up because a ceiling was reached.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.flow.reassembly_given_up),
    },
    Family {
        name: "analyzer_violations_total",
        kind: "counter",
        labels: LANE,
        help: "Times a connection broke the rules of the protocol that it was analysed as (analyzer.log).",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.analyze.violations),
    },
    Family {
        name: "analyzers_given_up_total",
        kind: "counter",
        labels: LANE,
        help: "Analyzers taken off a connection for what it broke.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.analyze.given_up),
    },
    Family {
        name: "analyzers_taken_up_again_total",
        kind: "counter",
        labels: LANE,
        help: "Analyzers that content brought back to a connection.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.analyze.taken_up_again),
    },
    Family {
        name: "connections_unclaimed_total",
        kind: "counter",
        labels: LANE,
        help: "Connections that carried something and that no analyzer took.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.unclaimed.total()),
    },
    Family {
        name: "fragment_bytes",
        kind: "gauge",
        labels: LANE,
        help: "Memory for fragments that wait for the rest.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.fragment_bytes),
    },
    Family {
        name: "handed_over_total",
        kind: "counter",
        labels: &["interface", "worker", "what"],
        help: "Fragments, and datagrams made of them, that the worker handed to the one they belong to.",
        samples: |ledger, out| {
            out.reasons(ledger, |lane| {
                let handover = lane.stats.handover;
                [("fragment", handover.fragments), ("datagram", handover.datagrams)]
            });
        },
    },
    Family {
        name: "handover_dropped_total",
        kind: "counter",
        labels: LANE,
        help: "Those of them dropped because too much was waiting for their receiver.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.handover.dropped),
    },
    Family {
        name: "panics_total",
        kind: "counter",
        labels: LANE,
        help: "Packets whose analysis failed, a fault of the sensor; their flow was given up.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.panics),
    },
    Family {
        name: "worker_restarts_total",
        kind: "counter",
        labels: LANE,
        help: "How often the worker failed and was started again on its ring.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.restarts),
    },
    Family {
        name: "clock_steps_total",
        kind: "counter",
        labels: LANE,
        help: "How often the clock was set back, and all flows ended.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.clock_steps),
    },
    Family {
        name: "interface_errors_total",
        kind: "counter",
        labels: LANE,
        help: "Errors of the interface, such as its going down.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.interface_errors),
    },
    Family {
        name: "interface_made_anew_total",
        kind: "counter",
        labels: LANE,
        help: "How often the interface was removed and made anew, and capture went on with it.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.followed),
    },
    Family {
        name: "lag_seconds",
        kind: "gauge",
        labels: LANE,
        help: "From the newest packet analysed, or the clock on an idle tap, to now.",
        samples: |ledger, out| {
            for lane in &ledger.lanes {
                let lag = ((ledger.at - lane.now).nanos() as f64 / 1e9).max(0.0);
                out.add(&[&lane.interface, &lane.worker.to_string()], lag);
            }
        },
    },
    Family {
        name: "said_total",
        kind: "counter",
        labels: LANE,
        help: "Rows, weirds and tunnels that the worker told of.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.stats.said),
    },
    Family {
        name: "unsaid_total",
        kind: "counter",
        labels: LANE,
        help: "Those of them dropped because the logs were too far behind.",
        samples: |ledger, out| out.lanes(ledger, |lane| lane.unsaid),
    },
    Family {
        name: "queued_reports",
        kind: "gauge",
        labels: &[],
        help: "Reports of workers that wait for the logs.",
        samples: |ledger, out| out.add(&[], ledger.queued_reports as f64),
    },
    Family {
        name: "queue_capacity",
        kind: "gauge",
        labels: &[],
        help: "How many reports may wait.",
        samples: |ledger, out| out.add(&[], ledger.queue_capacity as f64),
    },
    Family {
        name: "weirds_suppressed_total",
        kind: "counter",
        labels: &[],
        help: "Oddities not logged because they repeat others.",
        samples: |ledger, out| out.add(&[], ledger.weirds_suppressed as f64),
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
        name: "log_failures_total",
        kind: "counter",
        labels: &[],
        help: "Attempts to write a log that failed, files of logs that were made anew because somebody removed them, and rows of logs that no file can be named after.",
        samples: |ledger, out| out.add(&[], ledger.log_failures as f64),
    },
    Family {
        name: "log_lag_seconds",
        kind: "histogram",
        labels: &[],
        help: "From the time of what a row tells to its being written.",
        samples: |ledger, out| out.histogram(&ledger.log_lag),
    },
    Family {
        name: "logs_archived_total",
        kind: "counter",
        labels: &[],
        help: "Finished logs that were archived.",
        samples: |ledger, out| out.add(&[], ledger.archive.archived as f64),
    },
    Family {
        name: "archive_failures_total",
        kind: "counter",
        labels: &[],
        help: "Attempts to archive that failed; they are repeated.",
        samples: |ledger, out| out.add(&[], ledger.archive.failed as f64),
    },
    Family {
        name: "archive_removed_total",
        kind: "counter",
        labels: &["reason"],
        help: "Archived logs removed, by age or for space.",
        samples: |ledger, out| {
            out.add(&["age"], ledger.archive.removed_by_age as f64);
            out.add(&["space"], ledger.archive.removed_for_space as f64);
        },
    },
    Family {
        name: "leftover_logs_total",
        kind: "counter",
        labels: &[],
        help: "Unfinished logs of an earlier run, archived at the start.",
        samples: |ledger, out| out.add(&[], ledger.archive.leftovers as f64),
    },
    Family {
        name: "memory_bytes",
        kind: "gauge",
        labels: &[],
        help: "Resident memory.",
        samples: |ledger, out| out.add(&[], ledger.memory_bytes as f64),
    },
    Family {
        name: "uptime_seconds",
        kind: "gauge",
        labels: &[],
        help: "Since the sensor was started.",
        samples: |ledger, out| out.add(&[], ledger.uptime.as_secs_f64()),
    },
    Family {
        name: "reloads_total",
        kind: "counter",
        labels: &[],
        help: "How often the configuration and the scripts were read again and taken over.",
        samples: |ledger, out| out.add(&[], ledger.reloads as f64),
    },
    Family {
        name: "reload_failures_total",
        kind: "counter",
        labels: &[],
        help: "How often scripts were read again that do not compile. The old ones run on, with the old configuration.",
        samples: |ledger, out| out.add(&[], ledger.reload_failures as f64),
    },
    Family {
        name: "script_errors_total",
        kind: "counter",
        labels: &[],
        help: "Handlers of scripts that went wrong; reporter.log tells where.",
        samples: |ledger, out| out.add(&[], ledger.scripts.errors as f64),
    },
    Family {
        name: "script_budget_exceeded_total",
        kind: "counter",
        labels: &[],
        help: "Those of them ended because they had used up their instructions, depth or memory.",
        samples: |ledger, out| out.add(&[], ledger.scripts.over_budget as f64),
    },
    Family {
        name: "script_events_dropped_total",
        kind: "counter",
        labels: &[],
        help: "Events of scripts dropped because too many waited.",
        samples: |ledger, out| out.add(&[], ledger.scripts.events_dropped as f64),
    },
    Family {
        name: "sumstats_keys",
        kind: "gauge",
        labels: &[],
        help: "Keys that SumStats keep.",
        samples: |ledger, out| out.add(&[], ledger.scripts.sumstats_keys as f64),
    },
    Family {
        name: "sumstats_bytes",
        kind: "gauge",
        labels: &[],
        help: "Memory for them and their results.",
        samples: |ledger, out| out.add(&[], ledger.scripts.sumstats_bytes as f64),
    },
    Family {
        name: "sumstats_evicted_total",
        kind: "counter",
        labels: &[],
        help: "Keys dropped because SumStats::max_keys or SumStats::max_memory was reached.",
        samples: |ledger, out| out.add(&[], ledger.scripts.sumstats_evicted as f64),
    },
    Family {
        name: "sumstats_cut_total",
        kind: "counter",
        labels: &[],
        help: "Distinct values not kept because SumStats::max_elements was reached.",
        samples: |ledger, out| out.add(&[], ledger.scripts.sumstats_cut as f64),
    },
    Family {
        name: "notices_total",
        kind: "counter",
        labels: &[],
        help: "Notices raised, without those suppressed.",
        samples: |ledger, out| out.add(&[], ledger.scripts.notices as f64),
    },
    Family {
        name: "notices_suppressed_total",
        kind: "counter",
        labels: &[],
        help: "Notices not told because the same was told not long before.",
        samples: |ledger, out| out.add(&[], ledger.scripts.notices_suppressed as f64),
    },
    Family {
        name: "notice_suppressions_forgotten_total",
        kind: "counter",
        labels: &[],
        help: "Suppressions that ended early because Notice::max_suppressed was reached.",
        samples: |ledger, out| out.add(&[], ledger.scripts.suppressions_forgotten as f64),
    },
    Family {
        name: "export_offered_rows_total",
        kind: "counter",
        labels: &["exporter", "stream"],
        help: "Rows given to an exporter, and those that earlier runs had left in its spool. They are acknowledged, dropped, in flight or spooled.",
        samples: |ledger, out| out.exports(ledger, |counts| counts.offered + counts.recovered),
    },
    Family {
        name: "export_acknowledged_rows_total",
        kind: "counter",
        labels: &["exporter", "stream"],
        help: "Rows that the receiver has, and said so.",
        samples: |ledger, out| out.exports(ledger, |counts| counts.acked),
    },
    Family {
        name: "export_in_flight_rows",
        kind: "gauge",
        labels: &["exporter", "stream"],
        help: "Rows in memory, sent or not.",
        samples: |ledger, out| out.exports(ledger, |counts| counts.in_flight),
    },
    Family {
        name: "export_spooled_rows",
        kind: "gauge",
        labels: &["exporter", "stream"],
        help: "Rows that are only on disk.",
        samples: |ledger, out| out.exports(ledger, |counts| counts.spooled),
    },
    Family {
        name: "export_dropped_rows_total",
        kind: "counter",
        labels: &["exporter", "stream", "reason"],
        help: "Rows that were not delivered and will not be.",
        samples: |ledger, out| {
            for delivery in &ledger.exports {
                for (stream, counts) in delivery.account.streams() {
                    for (reason, rows) in Reason::ALL.iter().zip(counts.dropped) {
                        out.add(&[delivery.name, stream, reason.name()], rows as f64);
                    }
                }
            }
        },
    },
    Family {
        name: "export_resent_rows_total",
        kind: "counter",
        labels: &["exporter"],
        help: "Rows sent again because sending them failed.",
        samples: |ledger, out| {
            for delivery in &ledger.exports {
                out.add(&[delivery.name], delivery.account.resent as f64);
            }
        },
    },
    Family {
        name: "export_lag_seconds",
        kind: "histogram",
        labels: &["exporter"],
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

fn by_proto([tcp, udp, icmp]: [u64; 3]) -> [(&'static str, u64); 3] {
    [("tcp", tcp), ("udp", udp), ("icmp", icmp)]
}

/// The ledger as text.
pub fn text(ledger: &Ledger, dialect: Dialect) -> String {
    let mut out = String::new();
    for family in FAMILIES {
        dialect.head(&format!("nightjar_{}", family.name), family.kind, family.help, &mut out);
        (family.samples)(ledger, &mut Samples { family, out: &mut out });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::about;

    fn ledger() -> Ledger {
        let mut lane = LaneLedger::new("eth1".into(), 0);
        lane.source.delivered = 42;
        let mut ledger = Ledger { lanes: vec![lane], ..Ledger::default() };
        ledger.log_lag.add(0.7);
        ledger
    }

    #[test]
    fn the_documented_table_is_what_is_told() {
        let documented = include_str!("../../../docs/metrics.md");
        let row = |name: &str, kind: &str, labels: &[&str], help: &str| {
            format!("| `{name}` | {kind} | {} | {help} |", labels.join(", "))
        };
        let of_ledger = FAMILIES
            .iter()
            .map(|family| row(&format!("nightjar_{}", family.name), family.kind, family.labels, family.help));
        let about =
            about::FAMILIES.iter().map(|family| row(family.name, family.kind, family.labels, family.help));
        let rows: Vec<String> = of_ledger.chain(about).collect();
        let is_metric = |line: &&str| line.starts_with("| `nightjar_") || line.starts_with("| `process_");
        let shown: Vec<&str> = documented.lines().filter(is_metric).collect();
        assert_eq!(shown, rows);
        let told = text(&ledger(), Dialect::Prometheus);
        let types: Vec<&str> =
            told.lines().filter_map(|line| line.strip_prefix("# TYPE nightjar_")).collect();
        let listed: Vec<String> =
            FAMILIES.iter().map(|family| format!("{} {}", family.name, family.kind)).collect();
        assert_eq!(types, listed);
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
