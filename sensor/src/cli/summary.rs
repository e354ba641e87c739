//! What is printed when a replay is over.

use std::fmt;

use crate::analyze::Unclaimed;
use crate::decode::IpProtocols;
use crate::pipeline::{LaneLedger, LiveSummary, Summary, WorkerStats};
use crate::sink::{Counts, Delivery, Reason};

/// The summary as text: what was read, what was written, and everything dropped or cut off.
pub(super) struct Text<'a>(pub &'a Summary);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { read, workers, rows, elapsed, .. } = self.0;
        let seconds = elapsed.as_secs_f64();
        let rate = if seconds > 0.0 { read.wire_bytes as f64 * 8.0 / seconds / 1e9 } else { 0.0 };
        writeln!(
            f,
            "{} packets, {} bytes in {seconds:.3} s ({rate:.2} Gbit/s), {} worker{}",
            read.packets,
            read.wire_bytes,
            workers.len(),
            if workers.len() == 1 { "" } else { "s" },
        )?;
        let rows: Vec<String> = rows.iter().map(|(log, count)| format!("{log} {count}")).collect();
        writeln!(f, "rows: {}", if rows.is_empty() { "none".to_owned() } else { rows.join(", ") })?;
        write_losses(f, self.losses(), workers.iter())
    }
}

impl Text<'_> {
    /// Everything that was seen and not analysed, with how much of it.
    fn losses(&self) -> Vec<(u64, &'static str)> {
        let Summary { read, workers, weirds_suppressed, .. } = self.0;
        let mut losses = vec![
            (read.filtered_out, "packets left out by the filter"),
            (read.skipped, "capture blocks of unknown types skipped"),
            (read.impossible_lengths, "packets recorded as longer than they were on the wire"),
            (read.not_written, "packets not written with -w, being of another link type"),
        ];
        losses.extend(analysis(workers.iter().collect()));
        losses.push((*weirds_suppressed, REPEATED));
        losses
            .push((self.0.rows_refused, "rows of logs that no file can be named after, or of too many logs"));
        losses
    }
}

/// What there was, a line each, and of which IP protocols.
fn write_losses<'a>(
    f: &mut fmt::Formatter<'_>,
    losses: Vec<(u64, &'static str)>,
    workers: impl Iterator<Item = &'a WorkerStats>,
) -> fmt::Result {
    let workers: Vec<&WorkerStats> = workers.collect();
    let mut protocols = IpProtocols::default();
    workers.iter().for_each(|worker| protocols.merge(&worker.ip_protocols));
    for (count, what) in losses.into_iter().filter(|(count, _)| *count > 0) {
        writeln!(f, "{count} {what}")?;
        if what == OTHER_IP {
            writeln!(f, "of these: {protocols}")?;
        }
    }
    let unclaimed = Unclaimed::of_all(workers.iter().map(|worker| &worker.unclaimed));
    if unclaimed.total() > 0 {
        writeln!(f, "{} connections that no analyzer took\nof these: {unclaimed}", unclaimed.total())?;
    }
    Ok(())
}

const OTHER_IP: &str = "packets of IP protocols that are not analysed";
const REPEATED: &str = "oddities not logged because they repeat others";

/// What workers saw and did not analyse.
fn analysis(workers: Vec<&WorkerStats>) -> Vec<(u64, &'static str)> {
    let sum = |count: fn(&WorkerStats) -> u64| workers.iter().map(|worker| count(worker)).sum();
    vec![
        (sum(|worker| worker.decode.arp), "ARP packets not analysed"),
        (sum(|worker| worker.decode.unknown_protocol), "packets of protocols that are not analysed"),
        (sum(|worker| worker.decode.unknown_ip_protocol), OTHER_IP),
        (sum(|worker| worker.decode.malformed), "packets damaged or cut short in their headers"),
        (sum(|worker| worker.decode.bad_ip_checksum), "packets with a wrong IP checksum"),
        (sum(|worker| worker.decode.wlan_without_data), "wireless frames without readable data"),
        (sum(|worker| worker.decode.esp), "encrypted IP packets (ESP)"),
        (sum(|worker| worker.decode.mobility), "mobility signalling packets"),
        (sum(|worker| worker.decode.bad_inner), "packets in tunnels that contradict their outer header"),
        (sum(|worker| worker.decode.too_deep), "packets in too many tunnels"),
        (sum(|worker| worker.decode.fragments.incomplete_capture), "fragments cut short by the capture"),
        (sum(|worker| worker.decode.fragments.malformed), "fragments that claim more than there is"),
        (sum(|worker| worker.decode.fragments.expired), "fragmented datagrams given up for their age"),
        (
            sum(|worker| worker.decode.fragments.evicted),
            "fragmented datagrams given up because there were too many",
        ),
        (
            sum(|worker| worker.decode.fragments.too_many_pieces),
            "fragmented datagrams given up for having too many pieces",
        ),
        (
            sum(|worker| worker.handover.dropped),
            "fragments and datagrams dropped on their way to another worker, too much waiting for it",
        ),
        (sum(|worker| worker.flow.truncated), "packets too short for their transport header"),
        (sum(|worker| worker.flow.bad_checksums), "packets with a wrong transport checksum (see -C)"),
        (sum(|worker| worker.flow.evicted), "connections ended early because the table was full"),
        (sum(|worker| worker.flow.reassembly_given_up), "bytes behind gaps given up at a ceiling"),
        (
            sum(|worker| worker.analyze.not_inflated),
            "compressed HTTP bodies logged as sent because too many were being decoded",
        ),
        (
            sum(|worker| worker.analyze.http_pressed),
            "times an HTTP connection was held short because all together held too much",
        ),
        (sum(|worker| worker.analyze.http_left_out), "texts that did not fit into their http.log row"),
        (sum(|worker| worker.analyze.files_too_many), "files ended early, their connection having too many"),
        (
            sum(|worker| worker.analyze.files_given_up),
            "times pieces of a file were taken with holes because too much was waiting",
        ),
        (
            sum(|worker| worker.analyze.given_up),
            "times a protocol was given up on a connection (dpd.log, analyzer.log)",
        ),
        (sum(|worker| worker.analyze.taken_up_again), "times one that was given up was taken up again"),
        (sum(|worker| worker.analyze.nested_too_deep), "streams in too many other streams not analysed"),
        (sum(|worker| worker.tunnels_forgotten), "IP tunnels forgotten because there were too many"),
        (sum(|worker| worker.weirds_suppressed), "oddities of packets that had too many"),
        (sum(|worker| worker.panics), "packets whose analysis failed (a fault of ours; please report)"),
    ]
}

/// What is printed when a sensor ends: its ledger.
pub(super) struct LiveText<'a>(pub &'a LiveSummary);

impl fmt::Display for LiveText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ledger = &self.0.ledger;
        for lane in &ledger.lanes {
            let source = &lane.source;
            writeln!(
                f,
                "{}: {} packets = {} analysed + {} dropped by the kernel; {} bytes",
                lane.peer(),
                source.link,
                source.delivered,
                source.dropped,
                source.bytes
            )?;
        }
        let rows: Vec<String> = ledger.logs.iter().map(|log| format!("{} {}", log.log, log.rows)).collect();
        writeln!(f, "rows: {}", if rows.is_empty() { "none".to_owned() } else { rows.join(", ") })?;
        let sum = |count: fn(&LaneLedger) -> u64| ledger.lanes.iter().map(count).sum();
        let missed = ledger.interfaces.iter().map(|interface| interface.nic.missed).sum();
        let mut losses = vec![
            (missed, "frames lost by the NIC for want of buffers"),
            (sum(|lane| lane.source.cut), "packets captured without their end"),
            (sum(|lane| lane.unsaid), "rows dropped because the logs were too far behind"),
            (
                ledger.logs.iter().map(|log| log.dropped).sum(),
                "rows dropped because they could not be written",
            ),
            (sum(|lane| lane.stats.flow.lost), "connections forgotten without a row (a fault of ours)"),
            (sum(|lane| lane.restarts), "times a worker failed and was started again"),
            (sum(|lane| lane.clock_steps), "times the clock was set back"),
        ];
        losses.extend(analysis(ledger.lanes.iter().map(|lane| &lane.stats).collect()));
        losses.push((ledger.weirds_suppressed, REPEATED));
        write_losses(f, losses, ledger.lanes.iter().map(|lane| &lane.stats))
    }
}

/// The account of an exporter as text: in all, and by stream.
pub(super) struct Export<'a>(pub &'a Delivery);

impl fmt::Display for Export<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Delivery { name, account } = self.0;
        writeln!(f, "{name}: {}", Line(&account.total()))?;
        for (stream, counts) in account.streams() {
            writeln!(f, "{name}: {stream}: {}", Line(counts))?;
        }
        if account.resent > 0 {
            writeln!(f, "{name}: {} sent again, some of which may have arrived twice", account.resent)?;
        }
        if account.unreadable_bytes > 0 {
            writeln!(f, "{name}: {} bytes of the spool were not readable", account.unreadable_bytes)?;
        }
        for alarm in &account.alarms {
            writeln!(f, "{name}: {}", alarm.text)?;
        }
        Ok(())
    }
}

struct Line<'a>(&'a Counts);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { offered, recovered, acked, in_flight, spooled, dead, dropped } = self.0;
        write!(f, "{offered} rows offered")?;
        if *recovered > 0 {
            write!(f, " + {recovered} recovered from the spool")?;
        }
        write!(f, " = {acked} acknowledged")?;
        for (count, what) in [(in_flight, "in flight"), (spooled, "in the spool")] {
            if *count > 0 {
                write!(f, " + {count} {what}")?;
            }
        }
        for (reason, count) in Reason::ALL.iter().zip(dead).filter(|(_, count)| **count > 0) {
            write!(f, " + {count} dead letters ({})", reason.name())?;
        }
        for (reason, count) in Reason::ALL.iter().zip(dropped).filter(|(_, count)| **count > 0) {
            write!(f, " + {count} dropped ({})", reason.name())?;
        }
        Ok(())
    }
}
