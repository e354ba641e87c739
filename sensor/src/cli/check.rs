//! `nightjar check`: whether a deployment would work, all at once, and what to do about what would not.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueHint};

use crate::cli::{ALL_READ, BAD_CAPTURE, NOT_DELIVERED, USAGE, say, script, streams};
use crate::config::file::{self, Problem};
use crate::config::options::Given;
use crate::service::doctor::{self, Finding};
use crate::service::settings::{Sensor, located};
use crate::service::{examine, surroundings};
use crate::sink::{self, Checked, Mistake};

/// Say all that is wrong with scripts, a configuration, and what it runs on
///
/// Of scripts all mistakes are told. With --config also those of the configuration, and what of its interfaces,
/// receivers of rows, disks, clock and permissions would be in the way, each with what to do about it. Nothing is
/// changed, and nothing is sent.
#[derive(Parser, Debug)]
#[command(name = "nightjar check", bin_name = "nightjar check", after_help = AFTER_HELP)]
pub(super) struct CheckArgs {
    /// Say all that is wrong with this configuration, and with where it is to run
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,

    /// Only read files: open no interface, ask no receiver
    #[arg(long, requires = "config")]
    offline: bool,

    /// Tell of each handler and policy of the scripts whether it runs where the packet is, and what keeps it from that
    #[arg(long = "where")]
    places: bool,

    #[command(flatten)]
    scripts: script::ScriptArgs,
}

const AFTER_HELP: &str = "\
Examples:
  nightjar check errors.zeek                       only compile
  nightjar check --config /etc/nightjar/sensor.toml

Exit codes: 0 nothing keeps it from working; 1 scripts do not compile, or packets would be lost; 2 usage, or mistakes in \
the configuration; 4 a receiver of rows would not take them.";

impl CheckArgs {
    /// The worst that was found is the exit code: what keeps it from starting before what loses rows or packets.
    pub fn run(&self) -> Result<u8, String> {
        let Some(path) = &self.config else { return self.scripts.check(self.places, &Given::default()) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let (sensor, problems) = examine::look(path, &text);
        problems.iter().for_each(|problem| eprintln!("{}", located(path, problem)));
        let configuration = if problems.is_empty() { ALL_READ } else { USAGE };
        let nothing = self.scripts.is_empty() && !sensor.given.needs_scripts();
        let scripts = if nothing { ALL_READ } else { self.scripts.check(self.places, &sensor.given)? };
        // Options that scripts declare are read with them.
        if worst(&[configuration, scripts]) == ALL_READ {
            say(format_args!("{}: read; {} interfaces", path.display(), sensor.interfaces.len()));
        }
        if self.offline {
            return Ok(worst(&[configuration, scripts]));
        }
        let surroundings = look_around(&sensor);
        // What it would ask receivers for is known where all can be read.
        let receivers = if worst(&[configuration, scripts]) != ALL_READ {
            ALL_READ
        } else {
            let known = match sensor.export.is_some() {
                true => streams::checked(&sensor, &self.scripts),
                false => streams::configured(&sensor),
            };
            check_receivers(&sensor.export, path, &text, &known)
        };
        Ok(worst(&[configuration, scripts, receivers, surroundings]))
    }
}

/// The first that is not well.
fn worst(codes: &[u8]) -> u8 {
    codes.iter().copied().find(|code| *code != ALL_READ).unwrap_or(ALL_READ)
}

/// Interfaces, disks, the clock and the kernel.
fn look_around(sensor: &Sensor) -> u8 {
    let mut findings: Vec<Finding> = Vec::new();
    for interface in &sensor.interfaces {
        let before = findings.len();
        let looked = doctor::examine(interface);
        // What is not there cannot be opened, which need not be said again.
        let opens = looked.iter().all(|finding| !finding.loses_data);
        findings.extend(looked);
        if opens {
            findings.extend(doctor::try_open(interface));
        }
        if findings.len() == before {
            say(format_args!("{}: can be captured on", interface.capture.interface));
        }
    }
    if !sensor.interfaces.is_empty() {
        findings.extend(doctor::kernel(&sensor.service));
    }
    let (well, wrong) = surroundings::look(sensor);
    well.iter().for_each(say);
    findings.extend(wrong);
    findings.dedup();
    findings.iter().for_each(|finding| eprintln!("{finding}"));
    if findings.iter().any(|finding| finding.loses_data) { BAD_CAPTURE } else { ALL_READ }
}

/// Asks those that rows are exported to whether they would take them.
fn check_receivers(config: &sink::Config, path: &Path, text: &str, known: &sink::Known) -> u8 {
    let mut code = ALL_READ;
    for Checked { name, found, wrong } in sink::check(config, known) {
        found.iter().for_each(|found| say(format_args!("{name}: {found}")));
        for Mistake { at, what } in wrong {
            let problem = Problem::at(text, file::nearest(text, &at), format!("{name}: {what}"));
            eprintln!("{}", located(path, &problem));
            code = NOT_DELIVERED;
        }
    }
    code
}
