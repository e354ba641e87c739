//! Metrics of what is no part of the ledger: the answer itself, and the process.

use std::fs;
use std::sync::OnceLock;

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{SysconfVar, sysconf};

use crate::service::health::{CONDITIONS, Snapshot};
use crate::service::metrics::{Dialect, add_sample};
use crate::service::version::{COMMIT, FEATURES, VERSION};

/// One metric, with its whole name.
pub struct Family {
    pub name: &'static str,
    pub kind: &'static str,
    pub labels: &'static [&'static str],
    pub help: &'static str,
    samples: fn(&About<'_>, &mut Add<'_>),
}

/// Takes a sample: the values of its labels, and its own.
type Add<'a> = dyn FnMut(&[&str], f64) + 'a;

/// What is told of.
pub struct About<'a> {
    pub snapshot: &'a Snapshot,
    /// Connections of who asks that were ended because there were too many.
    pub cut: u64,
}

/// Names of the process's own are those of Prometheus' client libraries.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "nightjar_build_info",
        kind: "gauge",
        labels: &["version", "commit", "features"],
        help: "1, of the version that runs, the commit it was built of, and what was built in.",
        samples: |_, add| add(&[VERSION, COMMIT, &FEATURES.join(" ")], 1.0),
    },
    Family {
        name: "nightjar_snapshot_age_seconds",
        kind: "gauge",
        labels: &[],
        help: "How long ago all the other values were taken; also the answer's header `X-Snapshot-Age`.",
        samples: |about, add| add(&[], about.snapshot.age().as_secs_f64()),
    },
    Family {
        name: "nightjar_ready",
        kind: "gauge",
        labels: &[],
        help: "1 while nothing speaks against the sensor's doing its work, as `/healthz` says.",
        samples: |about, add| add(&[], f64::from(u8::from(about.snapshot.health().ready()))),
    },
    Family {
        name: "nightjar_condition",
        kind: "gauge",
        labels: &["condition"],
        help: "1 while this condition speaks against it.",
        samples: |about, add| {
            let health = about.snapshot.health();
            for condition in CONDITIONS {
                add(&[condition.name], f64::from(u8::from(health.is(condition.name))));
            }
        },
    },
    Family {
        name: "nightjar_interface_silent_seconds",
        kind: "gauge",
        labels: &["interface"],
        help: "How long no packet has come.",
        samples: |about, add| {
            let health = about.snapshot.health();
            health.silent.iter().for_each(|(name, silent)| add(&[name], silent.as_secs_f64()));
        },
    },
    Family {
        name: "nightjar_connections_cut_total",
        kind: "counter",
        labels: &[],
        help: "Connections of who asks here that were ended because there were too many.",
        samples: |about, add| add(&[], about.cut as f64),
    },
    Family {
        name: "process_cpu_seconds_total",
        kind: "counter",
        labels: &[],
        help: "Processor time used, in user and kernel mode.",
        samples: |_, add| add_some(stat().map(|stat| stat.cpu), add),
    },
    Family {
        name: "process_resident_memory_bytes",
        kind: "gauge",
        labels: &[],
        help: "Resident memory.",
        samples: |_, add| add_some(stat().map(|stat| stat.resident), add),
    },
    Family {
        name: "process_virtual_memory_bytes",
        kind: "gauge",
        labels: &[],
        help: "Addresses in use.",
        samples: |_, add| add_some(stat().map(|stat| stat.addresses), add),
    },
    Family {
        name: "process_threads",
        kind: "gauge",
        labels: &[],
        help: "Threads.",
        samples: |_, add| add_some(stat().map(|stat| stat.threads), add),
    },
    Family {
        name: "process_start_time_seconds",
        kind: "gauge",
        labels: &[],
        help: "When it was started, since 1970.",
        samples: |_, add| add_some(stat().and_then(|stat| Some(booted()? + stat.started)), add),
    },
    Family {
        name: "process_open_fds",
        kind: "gauge",
        labels: &[],
        help: "Open file descriptors.",
        samples: |_, add| add_some(fs::read_dir("/proc/self/fd").ok().map(|fds| fds.count() as f64), add),
    },
    Family {
        name: "process_max_fds",
        kind: "gauge",
        labels: &[],
        help: "How many there may be.",
        samples: |_, add| add_some(getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft as f64), add),
    },
];

/// What the system does not tell is left out.
fn add_some(value: Option<f64>, add: &mut Add<'_>) {
    if let Some(value) = value {
        add(&[], value);
    }
}

/// All of it as text.
pub fn text(about: &About<'_>, dialect: Dialect) -> String {
    let mut out = String::new();
    for Family { name, kind, labels, help, samples } in FAMILIES {
        dialect.head(name, kind, help, &mut out);
        samples(about, &mut |values, value| {
            add_sample(&mut out, name, labels.iter().copied().zip(values.iter().copied()), value)
        });
    }
    out
}

/// This process, in seconds and bytes (proc_pid_stat(5)).
struct Stat {
    cpu: f64,
    threads: f64,
    /// Since the system was started.
    started: f64,
    addresses: f64,
    resident: f64,
}

fn stat() -> Option<Stat> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name may have spaces and parentheses in it; the third field follows.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    let ticks = sysconf(SysconfVar::CLK_TCK).ok()?? as f64;
    let page = sysconf(SysconfVar::PAGE_SIZE).ok()?? as f64;
    Some(Stat {
        cpu: (field(14)? + field(15)?) / ticks,
        threads: field(20)?,
        started: field(22)? / ticks,
        addresses: field(23)?,
        resident: field(24)? * page,
    })
}

/// When the system was started, in seconds since 1970.
fn booted() -> Option<f64> {
    static BOOTED: OnceLock<Option<f64>> = OnceLock::new();
    let read = || {
        let text = fs::read_to_string("/proc/stat").ok()?;
        text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    };
    *BOOTED.get_or_init(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::health::Latest;

    #[test]
    fn the_process_is_told_of_and_so_is_what_speaks_against_it() {
        let latest = Latest::default();
        let told = text(&About { snapshot: &latest.get(), cut: 3 }, Dialect::OpenMetrics);
        let value = |name: &str| -> f64 {
            let line =
                told.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {told}"));
            line.rsplit(' ').next().unwrap().parse().unwrap()
        };
        assert_eq!(
            (value("nightjar_ready "), value("nightjar_condition{condition=\"starting\"}")),
            (0.0, 1.0)
        );
        assert_eq!(value("nightjar_connections_cut_total "), 3.0);
        assert!(told.contains("# TYPE nightjar_connections_cut counter"), "{told}");
        assert!(value("process_resident_memory_bytes ") > 1e6 && value("process_threads ") >= 2.0);
        assert!(value("process_open_fds ") >= 3.0 && value("process_max_fds ") >= value("process_open_fds "));
        assert!(value("process_start_time_seconds ") > 1e9);
    }
}
