//! The command line: Zeek's, and what is ours beside it.

mod aggregate;
mod check;
mod commands;
mod cut;
mod live;
mod messages;
mod migrate;
mod options;
mod pkg;
mod progress;
mod reload;
mod script;
mod streams;
mod summary;
mod test;
mod zeek;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{Parser, ValueHint};
use crossbeam_channel::{Sender, bounded};
use nightjar_script::Traffic;

use crate::aggregate::Shipper;
use crate::analyze;
use crate::capture::file::{CaptureError, OpenError};
use crate::cli::script::Engine;
use crate::config::Config;
use crate::config::options::{Given, ROTATION};
use crate::log::{Logs, Target};
use crate::pipeline::{self, HANG_AFTER, ReplayError, ReplayOptions};
use crate::policy::Events;
use crate::script_host::Deferred;
use crate::service::sandbox::Sandbox;
use crate::service::settings::Sensor;
use crate::service::{privileges, signals, version};
use crate::sink::{self, Delivery, Mode, Sinks};

/// The capture was read to its end, and every log was written.
const ALL_READ: u8 = 0;
/// The capture could not be read, or ended badly; the logs up to there are finished and complete.
const BAD_CAPTURE: u8 = 1;
/// The command line was wrong.
const USAGE: u8 = 2;
/// A log, or the file given with -w, could not be written.
const OUTPUT_FAILED: u8 = 3;
/// Not every exported row was acknowledged; those in the spool are sent by the next run.
const NOT_DELIVERED: u8 = 4;
/// Analysis hung. Of a replay the logs have what was said of the packets before.
const HUNG: u8 = 5;

/// A passive network security monitor: makes Zeek's logs of a capture or of live traffic, and runs scripts in Zeek's
/// language over the events in it, or alone
#[derive(Parser, Debug)]
#[command(
    name = "nightjar",
    version = version::VERSION,
    long_version = version::long(),
    disable_help_subcommand = true,
    disable_version_flag = true,
    override_usage = "nightjar [OPTIONS] [SCRIPT | NAME=VALUE]...\n       nightjar COMMAND [OPTIONS] ...",
    after_help = AFTER_HELP
)]
struct Args {
    /// Print the version; --version tells of commit, features and libraries too
    #[arg(short = 'v', short_alias = 'V', long, action = clap::ArgAction::Version)]
    version: Option<bool>,

    /// Read packets from this capture: pcap or pcapng, also gzip or zstd compressed; `-` is standard input
    #[arg(short = 'r', long = "readfile", value_name = "FILE", help_heading = TRAFFIC, value_hint = ValueHint::FilePath)]
    read: Option<PathBuf>,

    /// Capture on this interface; may be given several times, and `any` is all of them
    #[arg(short = 'i', long = "iface", value_name = "INTERFACE", conflicts_with = "read", help_heading = TRAFFIC)]
    interfaces: Vec<String>,

    /// Settings, as in configs/sensor.toml; with -r only those of analysis, scripts and format, else also what to
    /// capture and where logs go
    #[arg(long, value_name = "FILE", help_heading = TRAFFIC, value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,

    /// Read messages of programs from this file, as syslog or journalctl -o export writes them, also compressed; `-` is
    /// standard input; given several times, they are merged by time
    #[arg(
        short = 'm', long = "messages", value_name = "FILE", conflicts_with_all = ["read", "interfaces", "write"],
        help_heading = TRAFFIC, value_hint = ValueHint::FilePath
    )]
    messages: Vec<PathBuf>,

    /// Accept packets with wrong checksums
    #[arg(short = 'C', long = "no-checksums", help_heading = TRAFFIC)]
    no_checksums: bool,

    /// Only packets that this BPF expression selects
    #[arg(short = 'f', long = "filter", value_name = "BPF", help_heading = TRAFFIC)]
    filter: Option<String>,

    /// Write the packets that were read or captured to this file
    #[arg(short = 'w', long = "writefile", value_name = "FILE", help_heading = TRAFFIC, value_hint = ValueHint::FilePath)]
    write: Option<PathBuf>,

    /// Threads that analyse, of live capture those of each interface; replay gives the same logs whatever
    /// their number
    #[arg(
        long, value_name = "N", default_value_t = 1, help_heading = TRAFFIC,
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    workers: u16,

    /// Write logs to this folder, made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "stdout", help_heading = RESULTS, value_hint = ValueHint::DirPath)]
    logdir: Option<PathBuf>,

    /// Write one log (conn, http, …) to standard output, and no files
    #[arg(long, value_name = "LOG", value_parser = log_names(), hide_possible_values = true, help_heading = RESULTS)]
    stdout: Option<String>,

    /// No progress bar and no summary
    #[arg(long, help_heading = RESULTS)]
    quiet: bool,

    /// At the end, tell on standard output what SumStats made of this key, an address or a text: its counts,
    /// and why it crossed a threshold or did not
    #[arg(long, value_name = "KEY", conflicts_with = "interfaces", help_heading = RESULTS)]
    explain: Option<String>,

    /// Live: answer /metrics and /healthz here, such as 127.0.0.1:9911
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "read", help_heading = RESULTS)]
    metrics: Option<SocketAddr>,

    /// Live: where `nightjar status` and `nightjar reload` find this sensor
    #[arg(long, value_name = "PATH", conflicts_with = "read", help_heading = RESULTS, value_hint = ValueHint::FilePath)]
    socket: Option<PathBuf>,

    #[command(flatten)]
    scripts: script::ScriptArgs,

    #[command(flatten)]
    zeek: zeek::ZeekArgs,
}

const TRAFFIC: &str = "Traffic";
const RESULTS: &str = "Results";

const AFTER_HELP: &str = "\
Examples:
  nightjar -r trace.pcap                             logs in this folder
  nightjar -r trace.pcap.zst LogAscii::use_json=T --logdir logs --workers 4
  nightjar -r trace.pcap errors.zeek                 a script over its events
  nightjar -r trace.pcap local                       what ships for a site
  nightjar -m auth.log policy/messages               messages in place of packets
  nightjar -i eth1                                   live, until Ctrl-C
  nightjar -i any -f 'port 53' -w names.pcap         names on all interfaces, and their packets
  nightjar --config /etc/nightjar/sensor.toml        as a service does
  nightjar check --config /etc/nightjar/sensor.toml  whether it would work
  zeek-cut id.orig_h uri < http.log                  columns of a log

Environment:
  ZEEKPATH           folders in which scripts are looked for, colons between [default: .]
  ZEEK_SEED_FILE     a file with the seeds of tables, as -G
  ZEEK_LOG_SUFFIX    how names of logs end [default: log]
  ZEEK_CUT_TIMEFMT   how zeek-cut -d and -u write times
  NIGHTJAR_PACKAGES  where packages of scripts are
  KRB5CCNAME         where tickets for Kafka with Kerberos are kept
  NOTIFY_SOCKET      whom to tell of being ready, as systemd sets it

Exit codes:
  0 all read  1 the capture could not be read or ended badly (the logs up to there are complete)  2 usage
  3 output failed  4 not every exported row was acknowledged (what is in the spool is sent by the next run)
  5 the analysis of a packet did not end, a fault of ours (the error names the packet; the logs have what was said
  before)  130, 143 ended by SIGINT or SIGTERM (the logs of what was read are complete)";

/// The names of all logs.
fn log_names() -> PossibleValuesParser {
    pipeline::streams().map(|schema| schema.path).collect::<Vec<_>>().into()
}

/// Runs the command.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    // By a link of that name, or by the word.
    let called = args.first().and_then(|program| Path::new(program).file_name());
    if called.is_some_and(|name| name == OsStr::new(commands::ZEEK_CUT) || name == OsStr::new("bro-cut")) {
        return ExitCode::from(cut::run(args.into_iter()));
    }
    let rest = args.get(1..).unwrap_or_default();
    let code = match rest.first().and_then(|word| commands::find(word)) {
        Some(command) => (command.run)(rest),
        None => parse_run(&args).map(|args| on_script_stack(move |waiting| run(args, waiting))),
    };
    match code {
        Ok(Ok(code)) | Err(code) => ExitCode::from(code),
        Ok(Err(message)) => {
            eprintln!("nightjar: {message}");
            ExitCode::from(USAGE)
        }
    }
}

/// The services that conn.log may name, as analyzers declare them.
fn print_services() -> Result<u8, String> {
    let mut out = io::stdout().lock();
    let written = analyze::services().iter().try_for_each(|service| writeln!(out, "{service}"));
    written.map(|()| ALL_READ).map_err(|error| format!("cannot write to standard output: {error}"))
}

/// The command line of a run. Its help tells of the commands, too.
fn parse_run(args: &[OsString]) -> Result<Args, u8> {
    match Args::try_parse_from(args) {
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            let mut whole = commands::declaration();
            let long = args.iter().any(|word| word == "--help");
            let printed = if long { whole.print_long_help() } else { whole.print_help() };
            Err(if printed.is_ok() { ALL_READ } else { USAGE })
        }
        parsed => parse(parsed),
    }
}

/// What was parsed, or the exit code after a message or help was shown.
fn parse<T>(parsed: Result<T, clap::Error>) -> Result<T, u8> {
    parsed.map_err(|error| {
        let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        let printed = error.print();
        if help && printed.is_ok() { ALL_READ } else { USAGE }
    })
}

/// The thread that waits for the one that works. Capabilities and what may be touched are each thread's own, so
/// it is to give up its own when told.
struct Waiting(Sender<Option<Sandbox>>);

impl Waiting {
    fn give_up(&self, sandbox: Option<Sandbox>) {
        // It waits until all is done.
        let _ = self.0.send(sandbox);
    }
}

/// Runs on a thread with a stack that the depth budget of scripts fits into.
fn on_script_stack(what: impl FnOnce(&Waiting) -> Result<u8, String> + Send + 'static) -> Result<u8, String> {
    const STACK: usize = 64 << 20;
    let (told, wait) = bounded(1);
    let thread = std::thread::Builder::new()
        .name("main".to_owned())
        .stack_size(STACK)
        .spawn(move || what(&Waiting(told)))
        .map_err(|error| format!("cannot start a thread: {error}"))?;
    for sandbox in wait {
        let entered = sandbox.map_or(Ok(false), |sandbox| sandbox.enter());
        if let Err(error) = privileges::keep_none().and(entered) {
            eprintln!("nightjar: {error}");
        }
    }
    thread.join().unwrap_or_else(|_| Err("a fault of ours ended the run; please report it".to_owned()))
}

/// Runs a parsed command line. An error is a mistake in it.
fn run(mut args: Args, waiting: &Waiting) -> Result<u8, String> {
    let flags = std::mem::take(&mut args.zeek);
    flags.tell()?;
    if let Some(answered) = flags.answer(&args.scripts) {
        return answered;
    }
    args.scripts.seeds = flags.seeds()?;
    args.interfaces = args.interfaces.iter().map(|name| zeek::interface(name)).collect::<Result<_, _>>()?;
    args.find_capture()?;
    let status = flags.status("INITIALIZING [main]");
    let mut clock = zeek::Clock::start(flags.time);
    status.is("RUNNING [net_run]");
    if !args.messages.is_empty() {
        return messages::run(args);
    }
    if !args.interfaces.is_empty() || args.read.is_none() && args.config.is_some() {
        return live::run(args, waiting);
    }
    let (mut config, mut given, mut hang_after) = (Config::default(), Given::default(), HANG_AFTER);
    let mut export = sink::Config::default();
    if let Some(path) = &args.config {
        let sensor = Sensor::load(path).map_err(|error| error.to_string())?;
        // Not its log folder: a replay must not write over the logs of the running sensor.
        (config, given, hang_after) = (sensor.config, sensor.given, sensor.service.hang_after);
        // Nor when those are rotated.
        given.options.retain(|(option, _)| option.name != ROTATION);
        export = sensor.export;
    }
    let engine = Engine { config: &mut config, given: &given, no_checksums: args.no_checksums };
    let traffic = if args.read.is_some() { Traffic::Capture } else { Traffic::None };
    let bare = args.scripts.is_bare();
    let compiled = args.scripts.compile(script::Carets::ForPeople, traffic, engine)?;
    clock.initialized();
    let (mut scripts, later) = match compiled {
        script::Compiled::None => (None, None),
        script::Compiled::Failed => {
            args.scripts.meant_command().iter().for_each(|hint| tell(hint));
            return Ok(script::FAILED);
        }
        script::Compiled::Scripts(scripts) => (Some(scripts), None),
        script::Compiled::Deferred(options) => (None, Some(*options)),
    };
    if let Some(key) = &args.explain {
        let given = scripts.as_mut().filter(|_| !args.scripts.is_empty());
        given.ok_or("--explain tells of SumStats: give a script that has some")?.explain(key);
    }
    let named = scripts.as_ref().and_then(|scripts| scripts.log_folder());
    let named = named
        .or_else(|| Some(PathBuf::from(&config.log_folder)).filter(|folder| !folder.as_os_str().is_empty()));
    let Some(capture) = args.read else {
        return match scripts {
            Some(mut scripts) => {
                let folder = args.logdir.or(named).unwrap_or_else(|| PathBuf::from("."));
                scripts.keep_logs_in(&folder);
                scripts.end_when(asked_to_end());
                let mut logs = Logs::new(Target::Folder(folder), config.format);
                let code = scripts.run_alone(&mut logs).unwrap_or_else(|error| {
                    eprintln!("nightjar: {error}");
                    OUTPUT_FAILED
                });
                say_all(&scripts.explained());
                Ok(code)
            }
            None => Err(
                "nothing to do: give a capture with -r FILE, an interface with -i, or a script (see --help)"
                    .to_owned(),
            ),
        };
    };
    // Where signals cannot be waited for, they end the process as they always do.
    let told = signals::stop_on_signals().unwrap_or_default();
    let target = match (args.stdout, args.logdir.or(named)) {
        (Some(log), _) => Target::Stdout(log),
        (None, folder) => Target::Folder(folder.unwrap_or_else(|| PathBuf::from("."))),
    };
    if let Some(scripts) = &mut scripts {
        if let Target::Folder(folder) = &target {
            scripts.keep_logs_in(folder);
        }
        scripts.replays(&capture.to_string_lossy());
        config = scripts.begin(config, export.is_some());
    }
    let folder = match &target {
        Target::Folder(folder) => Some(folder.clone()),
        Target::Stdout(_) => None,
    };
    let mut deferred = later.map(|options| {
        let capture = capture.to_string_lossy().into_owned();
        Deferred::new(options, move |scripts| {
            folder.iter().for_each(|folder| scripts.keep_logs_in(folder));
            scripts.replays(&capture);
        })
    });
    if let Some(deferred) = &mut deferred {
        config = deferred.begin(config, export.is_some());
    }
    let sinks = Sinks::start(&export, &streams::known(scripts.as_deref()), Mode::Wait, tell)?;
    if let (Some(scripts), Some(shipper)) = (&mut scripts, shipper(&export, &sinks)) {
        scripts.ship_by(shipper);
    }
    config.exports = sinks.exports();
    let outlets = sinks.outlets();
    let rows_shown = matches!(target, Target::Stdout(_));
    let nothing = bare.then(BTreeSet::new);
    let asked_logs = scripts.as_ref().map_or(nothing, |scripts| scripts.asked_logs());
    let options = ReplayOptions {
        capture: capture.clone(),
        filter: args.filter.or_else(|| config.packet_filter.expression()),
        write: args.write,
        workers: usize::from(args.workers),
        target,
        asked_logs,
        stop: told.stop.clone(),
        in_step: scripts.as_ref().is_some_and(|scripts| scripts.may_act()),
        hang_after,
    };
    hide_contained_panics();
    // Drawn between rows it would cut them.
    let unbarred = args.quiet || rows_shown && io::stdout().is_terminal();
    let mut bar = None;
    let events = scripts.as_deref_mut().map(|scripts| scripts as &mut dyn Events);
    let events = events.or(deferred.as_mut().map(|deferred| deferred as &mut dyn Events));
    let replayed = pipeline::replay(options, config, outlets, events, |progress| {
        bar = (!unbarred).then(|| progress::Bar::start(progress)).flatten();
    });
    if let Some(bar) = bar {
        bar.finish();
    }
    let deliveries = sinks.finish();
    let summary = match replayed {
        Ok(summary) => summary,
        Err(error) => {
            eprintln!("nightjar: {error}");
            return Ok(code_of(&error));
        }
    };
    if !args.quiet {
        eprint!("{}", summary::Text(&summary));
        deliveries.iter().for_each(|delivery| eprint!("{}", summary::Export(delivery)));
    }
    if let Some(scripts) = &scripts {
        say_all(&scripts.explained());
    }
    let script_code = scripts.map(|scripts| scripts.exit_code());
    let script_code = script_code.or(deferred.and_then(|deferred| deferred.exit_code())).unwrap_or(ALL_READ);
    if !summary.hangs.is_empty() {
        for hang in &summary.hangs {
            eprintln!("nightjar: {}: {hang}; please report it", capture.display());
        }
        return Ok(HUNG);
    }
    if summary.stopped {
        let (code, signal) = told.by();
        eprintln!(
            "nightjar: {}: interrupted by {signal}: the logs are those of the first {} packets",
            capture.display(),
            summary.read.packets
        );
        if summary.end.is_ok() {
            return Ok(code);
        }
    }
    match &summary.end {
        Ok(()) if script_code != ALL_READ => Ok(script_code),
        Ok(()) if deliveries.iter().all(Delivery::complete) => Ok(ALL_READ),
        Ok(()) => Ok(NOT_DELIVERED),
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

impl Args {
    /// A capture that was given like a script is what is read.
    fn find_capture(&mut self) -> Result<(), String> {
        let captures = self.scripts.captures();
        let several = usize::from(self.read.is_some() || !self.interfaces.is_empty()) + captures.len() > 1;
        match captures.into_iter().next() {
            Some(capture) if several => Err(format!(
                "{} is a capture: one is read at a time, and none beside an interface",
                capture.display()
            )),
            Some(capture) => {
                self.read = Some(capture);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn tell(sentence: &str) {
    eprintln!("nightjar: {sentence}");
}

/// Prints a line. Who has stopped reading (`| head`) does not want more.
fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints lines.
fn say_all(lines: &str) {
    let _ = io::stdout().write_all(lines.as_bytes());
}

/// What takes observations to those who count for all sensors, if that is configured.
fn shipper(export: &sink::Config, sinks: &Sinks) -> Option<Shipper> {
    let (up, uplink) = (export.aggregate.as_ref()?, sinks.uplink()?);
    Some(Shipper::new(up.sensor(), up.cut_off_after.0, uplink.outlet, uplink.account))
}

fn code_of(error: &ReplayError) -> u8 {
    match error {
        ReplayError::Open(OpenError::Write { .. }) | ReplayError::Folder(_) | ReplayError::Log { .. } => {
            OUTPUT_FAILED
        }
        ReplayError::Open(OpenError::Filter { .. }) => USAGE,
        ReplayError::Open(_) | ReplayError::Thread(_) => BAD_CAPTURE,
    }
}

/// Faults told of by place; more are only counted.
const MAX_FAULTS_PRINTED: u32 = 10;

/// A fault in a flow's analysis costs that flow and is counted; its backtrace is not for the user.
fn hide_contained_panics() {
    let default = std::panic::take_hook();
    let told = AtomicU32::new(0);
    std::panic::set_hook(Box::new(move |info| {
        let contained = std::thread::current().name().is_some_and(|name| name.starts_with("worker"));
        if !contained {
            default(info);
        } else if told.fetch_add(1, Ordering::Relaxed) < MAX_FAULTS_PRINTED
            && let Some(place) = info.location()
        {
            eprintln!("nightjar: a fault of ours at {place} cost a flow; please report it");
        }
    }));
}

/// Set by a signal to end; a second signal ends the process at once.
fn asked_to_end() -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        // Without them the process ends at the first signal.
        let second = signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, asked.clone());
        if second.is_ok() {
            let _ = signal_hook::flag::register(signal, asked.clone());
        }
    }
    asked
}
