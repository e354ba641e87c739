//! The command line: Zeek's, and what is ours beside it.

mod live;
mod options;
mod progress;
mod summary;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::capture::file::{CaptureError, OpenError};
use crate::log::Target;
use crate::pipeline::{self, ReplayError, ReplayOptions};
use crate::service::settings::Sensor;

/// The capture was read to its end, and every log was written.
const ALL_READ: u8 = 0;
/// The capture could not be read, or ended badly; the logs up to there are finished and complete.
const BAD_CAPTURE: u8 = 1;
/// The command line was wrong.
const USAGE: u8 = 2;
/// A log, or the file given with -w, could not be written.
const OUTPUT_FAILED: u8 = 3;

/// A passive network security monitor: makes Zeek's logs of a capture or of live traffic.
#[derive(Parser, Debug)]
#[command(name = "nightjar", version, disable_help_subcommand = true, after_help = AFTER_HELP)]
#[command(args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    command: Option<live::Command>,

    /// Capture on this interface; may be given several times
    #[arg(short = 'i', long = "iface", value_name = "INTERFACE", conflicts_with_all = ["read", "write"])]
    interfaces: Vec<String>,

    /// Settings, as in configs/sensor.toml; without -r it says what to capture
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Read packets from this capture: pcap or pcapng, also gzip or zstd compressed; `-` is standard input
    #[arg(short = 'r', long = "readfile", value_name = "FILE")]
    read: Option<PathBuf>,

    /// Accept packets with wrong checksums
    #[arg(short = 'C', long = "no-checksums")]
    no_checksums: bool,

    /// Only packets that this BPF expression selects
    #[arg(short = 'f', long = "filter", value_name = "BPF")]
    filter: Option<String>,

    /// Write the packets read to this capture
    #[arg(short = 'w', long = "writefile", value_name = "FILE")]
    write: Option<PathBuf>,

    /// Threads that analyse, of live capture those of each interface; replay gives the same logs whatever
    /// their number
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,

    /// Write logs to this folder, made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "stdout")]
    logdir: Option<PathBuf>,

    /// Write one log (conn, http, …) to standard output, and no files
    #[arg(long, value_name = "LOG")]
    stdout: Option<String>,

    /// No progress bar and no summary
    #[arg(long)]
    quiet: bool,

    /// Zeek options, such as LogAscii::use_json=T
    #[arg(value_name = "NAME=VALUE")]
    assignments: Vec<String>,
}

const AFTER_HELP: &str = "\
Exit codes: 0 all read; 1 the capture could not be read or ended badly (the logs up to there are \
complete); 2 usage; 3 output failed.";

/// Runs the command.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let printed = error.print();
            return ExitCode::from(if help && printed.is_ok() { ALL_READ } else { USAGE });
        }
    };
    match run(args) {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("nightjar: {message}");
            ExitCode::from(USAGE)
        }
    }
}

/// Runs a parsed command line. An error is a mistake in it.
fn run(args: Args) -> Result<u8, String> {
    if let Some(command) = args.command {
        return command.run();
    }
    if !args.interfaces.is_empty() || args.read.is_none() && args.config.is_some() {
        return live::run(args);
    }
    let mut settings = options::Settings::default();
    if let Some(path) = &args.config {
        let sensor = Sensor::load(path).map_err(|error| error.to_string())?;
        settings.config = sensor.config;
        settings.logdir = Some(sensor.log_folder);
    }
    for assignment in &args.assignments {
        settings.assign(assignment)?;
    }
    settings.config.ignore_checksums |= args.no_checksums;
    let Some(capture) = args.read else {
        return Err(
            "nothing to do: give a capture with -r FILE or an interface with -i (see --help)".to_owned()
        );
    };
    let target = match (args.stdout, args.logdir.or(settings.logdir)) {
        (Some(log), _) => Target::Stdout(log),
        (None, folder) => Target::Folder(folder.unwrap_or_else(|| PathBuf::from("."))),
    };
    let options = ReplayOptions {
        capture: capture.clone(),
        filter: args.filter,
        write: args.write,
        workers: usize::from(args.workers),
        target,
    };
    hide_contained_panics();
    let mut bar = None;
    let replayed = pipeline::replay(options, settings.config, |progress| {
        bar = (!args.quiet).then(|| progress::Bar::start(progress)).flatten();
    });
    if let Some(bar) = bar {
        bar.finish();
    }
    let summary = match replayed {
        Ok(summary) => summary,
        Err(error) => {
            eprintln!("nightjar: {error}");
            return Ok(code_of(&error));
        }
    };
    if !args.quiet {
        eprint!("{}", summary::Text(&summary));
    }
    match &summary.end {
        Ok(()) => Ok(ALL_READ),
        Err(error) => {
            eprintln!("nightjar: {}: {error}", capture.display());
            Ok(match error {
                CaptureError::Write { .. } => OUTPUT_FAILED,
                CaptureError::Filter { .. } => USAGE,
                _ => BAD_CAPTURE,
            })
        }
    }
}

fn code_of(error: &ReplayError) -> u8 {
    match error {
        ReplayError::Open(OpenError::Write { .. }) | ReplayError::Log(_) => OUTPUT_FAILED,
        ReplayError::Open(OpenError::Filter { .. }) => USAGE,
        ReplayError::Open(_) | ReplayError::Thread(_) => BAD_CAPTURE,
    }
}

/// A fault in a flow's analysis costs that flow and is counted; its backtrace is not for the user.
fn hide_contained_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let contained = std::thread::current().name().is_some_and(|name| name.starts_with("worker"));
        if !contained {
            default(info);
        }
    }));
}
