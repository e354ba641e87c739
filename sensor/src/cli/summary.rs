//! What is printed when a replay is over.

use std::fmt;

use crate::analyze::Unclaimed;
use crate::counters::{CounterSet, Loss};
use crate::pipeline::{LiveSummary, Summary, WorkerStats};
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
        write_losses(f, self.losses())
    }
}

impl Text<'_> {
    /// Everything that was seen and not analysed, with how much of it.
    fn losses(&self) -> Vec<Loss> {
        let Summary { read, workers, scripts, weirds_suppressed, .. } = self.0;
        let mut losses = vec![
            loss(read.filtered_out, "packets left out by the filter"),
            loss(read.skipped, "capture blocks of unknown types skipped"),
            loss(read.impossible_lengths, "packets recorded as longer than they were on the wire"),
            loss(read.not_written, "packets not written with -w, being of another link type"),
        ];
        let mut counted = WorkerStats::default();
        workers.iter().for_each(|worker| counted.merge(worker));
        losses.extend(counted.losses());
        losses.push(loss(*weirds_suppressed, REPEATED));
        losses.push(loss(
            self.0.rows_refused,
            "rows of logs that no file can be named after, or of too many logs",
        ));
        losses.extend(scripts.losses());
        losses.push(not_taken(self.0.unclaimed.iter()));
        losses
    }
}

const REPEATED: &str = "oddities not logged because they repeat others";

fn loss(count: u64, what: &'static str) -> Loss {
    Loss { count, what, parts: Vec::new() }
}

fn not_taken<'a>(unclaimed: impl Iterator<Item = &'a Unclaimed>) -> Loss {
    let ports = Unclaimed::of_all(unclaimed);
    Loss { count: ports.total(), what: "connections that no analyzer took", parts: ports.named() }
}

/// A line for each.
fn write_losses(f: &mut fmt::Formatter<'_>, losses: Vec<Loss>) -> fmt::Result {
    losses.iter().filter(|loss| loss.count > 0).try_for_each(|loss| writeln!(f, "{loss}"))
}

/// What is printed when a sensor ends: its ledger.
pub(super) struct LiveText<'a>(pub &'a LiveSummary);

impl fmt::Display for LiveText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ledger = &self.0.ledger;
        for ring in &ledger.rings {
            let source = &ring.source;
            writeln!(
                f,
                "{}: {} packets = {} analysed + {} dropped by the kernel; {} bytes",
                ring.peer(),
                source.link,
                source.delivered,
                source.dropped,
                source.bytes
            )?;
        }
        let rows: Vec<String> = ledger.logs.iter().map(|log| format!("{} {}", log.log, log.rows)).collect();
        writeln!(f, "rows: {}", if rows.is_empty() { "none".to_owned() } else { rows.join(", ") })?;
        let mut losses = ledger.losses();
        let unwritten = ledger.logs.iter().map(|log| log.dropped).sum();
        losses.push(loss(unwritten, "rows dropped because they could not be written"));
        losses.push(not_taken(ledger.rings.iter().map(|ring| &ring.unclaimed)));
        write_losses(f, losses)
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
        if account.counts.resent > 0 {
            writeln!(
                f,
                "{name}: {} sent again, some of which may have arrived twice",
                account.counts.resent
            )?;
        }
        if account.counts.unreadable_bytes > 0 {
            writeln!(f, "{name}: {} bytes of the spool were not readable", account.counts.unreadable_bytes)?;
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
