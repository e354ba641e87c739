//! `-m`: scripts over messages of programs; `nightjar match`: what rules make of a file.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use nightjar_protocols::syslog::Line;
use nightjar_script::Traffic;

use crate::cli::script::{self, Compiled, Engine, ScriptArgs};
use crate::cli::{Args, BAD_CAPTURE, OUTPUT_FAILED, asked_to_end, say, say_all};
use crate::config::Config;
use crate::config::options::Given;
use crate::log::{LogError, Logs, Target};
use crate::messages::{self, Clock, Counters, Lines, LinesError, Message};
use crate::policy::Events;
use crate::record::{Format, JsonTime};
use crate::script_host::Scripts;
use crate::service::settings::Sensor;
use crate::time::Time;

/// `-m FILE…`
pub(super) fn run(args: Args) -> Result<u8, String> {
    let (mut config, mut given) = (Config::default(), Given::default());
    if let Some(path) = &args.config {
        let sensor = Sensor::load(path).map_err(|error| error.to_string())?;
        (config, given) = (sensor.config, sensor.given);
    }
    let Some(mut scripts) = compile(&args.scripts, &mut config, &given)? else { return Ok(script::FAILED) };
    if let Some(key) = &args.explain {
        scripts.explain(key);
    }
    let named = scripts.log_folder();
    let folder = args.logdir.or(named).unwrap_or_else(|| PathBuf::from("."));
    let target = match args.stdout {
        Some(log) => Target::Stdout(log),
        None => {
            scripts.keep_logs_in(&folder);
            Target::Folder(folder)
        }
    };
    let mut logs = Logs::new(target, config.format);
    let read = replay(&args.messages, &mut scripts, config, &mut logs)?;
    if !args.quiet {
        eprint!("{}", read.summary());
    }
    say_all(&scripts.explained());
    Ok(read.code(&scripts))
}

fn compile(args: &ScriptArgs, config: &mut Config, given: &Given) -> Result<Option<Box<Scripts>>, String> {
    let engine = Engine { config, given, no_checksums: false };
    match args.compile(script::Carets::ForPeople, Traffic::Capture, engine)? {
        Compiled::Failed => Ok(None),
        Compiled::Scripts(scripts) => Ok(Some(scripts)),
        Compiled::None | Compiled::Deferred(_) => {
            Err("messages are for scripts: give one that calls Messages::on, such as policy/messages"
                .to_owned())
        }
    }
}

/// What came of messages.
struct Read {
    counters: Counters,
    /// What went wrong with files; the others were read.
    wrong: Vec<String>,
    written: Result<(), LogError>,
    interrupted: bool,
}

impl Read {
    fn summary(&self) -> String {
        let Counters { messages, matched, unmatched, cut, undated, late, unfit, .. } = self.counters;
        let mut text = format!("{messages} messages: rules took {matched}, none took {unmatched}\n");
        for (count, what) in [
            (cut, "longer than a message may be, and cut"),
            (undated, "without a time that could be read: they have that of the one before"),
            (late, "more than a second older than one before"),
            (unfit, "matches whose words are not of the types that the rule's event takes"),
        ] {
            if count > 0 {
                text.push_str(&format!("  {count} {what}\n"));
            }
        }
        text
    }

    fn code(&self, scripts: &Scripts) -> u8 {
        for wrong in &self.wrong {
            eprintln!("nightjar: {wrong}");
        }
        match &self.written {
            Err(error) => {
                eprintln!("nightjar: {error}");
                OUTPUT_FAILED
            }
            Ok(()) if !self.wrong.is_empty() => BAD_CAPTURE,
            Ok(()) if self.interrupted => 130,
            Ok(()) => scripts.exit_code(),
        }
    }
}

/// One of the files.
struct File {
    source: String,
    lines: Lines,
    times: Times,
    wrong: Option<LinesError>,
}

/// When the messages of a file were written.
struct Times {
    clock: Clock,
    /// The time of its last message.
    last: Time,
    undated: u64,
}

impl Times {
    fn of(&mut self, line: &Line<'_>) -> Time {
        match line.stamp.and_then(|stamp| self.clock.time(stamp)) {
            Some(time) => self.last = time,
            None => self.undated += 1,
        }
        self.last
    }
}

impl File {
    fn open(path: &Path, scripts: &Scripts, stop: &Arc<AtomicBool>) -> Result<File, String> {
        let (bytes, written) = messages::open(path, stop).map_err(|error| error.to_string())?;
        let now = i64::try_from(jiff::Timestamp::now().as_nanosecond()).map(Time::from_nanos);
        let written = written.or(now.ok()).unwrap_or_default();
        let times = Times { clock: scripts.clock(written)?, last: written, undated: 0 };
        Ok(File { source: path.display().to_string(), lines: Lines::new(bytes), times, wrong: None })
    }

    /// Hands on the next message; false at the end.
    fn next(&mut self, each: &mut dyn FnMut(&Message<'_>)) -> bool {
        let File { source, lines, times, wrong } = self;
        let read = lines.next(&mut |line| each(&Message::of(line, source.as_bytes(), times.of(line))));
        read.unwrap_or_else(|error| {
            *wrong = Some(error);
            false
        })
    }
}

/// A message that waits for those of other files before it.
struct Held {
    time: Time,
    host: Option<Vec<u8>>,
    program: Option<Vec<u8>>,
    pid: Option<u64>,
    facility: Option<&'static str>,
    severity: Option<&'static str>,
    text: Vec<u8>,
}

impl Held {
    fn of(message: &Message<'_>) -> Held {
        Held {
            time: message.time,
            host: message.host.map(<[u8]>::to_vec),
            program: message.program.map(<[u8]>::to_vec),
            pid: message.pid,
            facility: message.facility,
            severity: message.severity,
            text: message.text.to_vec(),
        }
    }

    fn message<'a>(&'a self, source: &'a str) -> Message<'a> {
        Message {
            time: self.time,
            source: source.as_bytes(),
            host: self.host.as_deref(),
            program: self.program.as_deref(),
            pid: self.pid,
            facility: self.facility,
            severity: self.severity,
            text: &self.text,
        }
    }
}

/// Reads all files, merged by the time of their messages.
fn replay(paths: &[PathBuf], scripts: &mut Scripts, config: Config, logs: &mut Logs) -> Result<Read, String> {
    let stop = asked_to_end();
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    for path in paths {
        match File::open(path, scripts, &stop) {
            Ok(file) => files.push(file),
            Err(error) => wrong.push(error),
        }
    }
    if files.is_empty() {
        return Err(wrong.join("; "));
    }
    scripts.begin(config, false);
    if !scripts.await_messages() {
        return Err("no script waits for messages: none calls Messages::on".to_owned());
    }
    let written = match &mut files[..] {
        [file] => one(file, scripts, logs, &stop),
        files => merged(files, scripts, logs, &stop),
    };
    let last = files.iter().map(|file| file.times.last).max().unwrap_or_default();
    let written = written.and_then(|()| scripts.end(last, logs));
    // What there is room for is written, whatever went wrong.
    let closed = logs.close(last);
    for file in &files {
        wrong.extend(file.wrong.as_ref().map(|LinesError(error)| format!("{}: {error}", file.source)));
    }
    let counters = scripts.count_messages(|counters| {
        counters.cut = files.iter().map(|file| file.lines.cut).sum();
        counters.undated = files.iter().map(|file| file.times.undated).sum();
    });
    Ok(Read { counters, wrong, written: written.and(closed), interrupted: stop.load(Ordering::Relaxed) })
}

fn one(file: &mut File, scripts: &mut Scripts, logs: &mut Logs, stop: &AtomicBool) -> Result<(), LogError> {
    let mut written = Ok(());
    while !stop.load(Ordering::Relaxed)
        && written.is_ok()
        && file.next(&mut |message| written = scripts.message(message, logs).map(drop))
    {}
    written
}

fn merged(
    files: &mut [File],
    scripts: &mut Scripts,
    logs: &mut Logs,
    stop: &AtomicBool,
) -> Result<(), LogError> {
    let next = |file: &mut File| {
        let mut held = None;
        file.next(&mut |message| held = Some(Held::of(message)));
        held
    };
    let mut waiting: BinaryHeap<Reverse<(Time, usize)>> = BinaryHeap::new();
    let mut held: Vec<Option<Held>> = files.iter_mut().map(next).collect();
    let times = held.iter().enumerate().filter_map(|(at, held)| Some(Reverse((held.as_ref()?.time, at))));
    waiting.extend(times);
    while let Some(Reverse((_, at))) = waiting.pop() {
        let (Some(file), Some(place)) = (files.get_mut(at), held.get_mut(at)) else { break };
        if let Some(held) = place.take().filter(|_| !stop.load(Ordering::Relaxed)) {
            scripts.message(&held.message(&file.source), logs)?;
            *place = next(file);
            waiting.extend(place.as_ref().map(|held| Reverse((held.time, at))));
        }
    }
    Ok(())
}

/// Show what rules make of a file of messages
///
/// Which take how many, what their groups match, what no rule takes, and
/// what would be told.
#[derive(Parser, Debug)]
#[command(name = "nightjar match", bin_name = "nightjar match")]
pub(super) struct MatchArgs {
    /// Every match, and not only the first three of each rule
    #[arg(long)]
    all: bool,

    /// The messages, as with -m; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    scripts: ScriptArgs,
}

/// Matches of each rule that are shown, where not all are.
const SHOWN: usize = 3;

impl MatchArgs {
    pub fn run(mut self) -> Result<u8, String> {
        self.scripts.assign("LogAscii::use_json=T");
        let mut config = Config::default();
        let Some(mut scripts) = compile(&self.scripts, &mut config, &Given::default())? else {
            return Ok(script::FAILED);
        };
        let folder = tempfile::tempdir().map_err(|error| format!("no folder for logs: {error}"))?;
        scripts.keep_logs_in(folder.path());
        let mut logs = Logs::new(Target::Folder(folder.path().to_owned()), Format::Json(JsonTime::Epoch));
        let read = replay(std::slice::from_ref(&self.file), &mut scripts, config, &mut logs)?;
        let rows = |log: &str| rows(&folder.path().join(format!("{log}.log")));
        let text = |row: &Row, column: &str| shown(row.get(column).unwrap_or(&serde_json::Value::Null));
        let mut rules: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in rows("messages") {
            rules.entry(text(&row, "rule")).or_default().push(row);
        }
        say(read.summary().trim_end());
        for (rule, matches) in &rules {
            say(format_args!("\n{rule}: {}", matches.len()));
            let most = if self.all { usize::MAX } else { SHOWN };
            for row in matches.iter().take(most) {
                say(format_args!("  {}\n    {}", text(row, "text"), text(row, "bound")));
            }
        }
        let unmatched = rows("messages_unmatched");
        if !unmatched.is_empty() {
            say("\nno rule took:");
        }
        for row in &unmatched {
            say(format_args!("  {} of {}", text(row, "messages"), text(row, "program")));
            let samples = row.get("samples").and_then(|samples| samples.as_array());
            for sample in samples.into_iter().flatten() {
                say(format_args!("    {}", shown(sample)));
            }
        }
        let notices = rows("notice");
        if !notices.is_empty() {
            say("\ntold:");
        }
        for row in &notices {
            say(format_args!("  {} {}", text(row, "note"), text(row, "msg")));
        }
        Ok(read.code(&scripts))
    }
}

type Row = serde_json::Map<String, serde_json::Value>;

/// The rows of a log, as far as it was written.
fn rows(path: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A value of a row, without quotes.
fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join("  "),
        other => other.to_string(),
    }
}
