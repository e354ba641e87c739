//! Zeek's flags: each does what it does there, or says what does it here.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use nightjar_script::Traffic;

use crate::analyze;
use crate::cli::script::{Carets, Engine, FAILED, ScriptArgs};
use crate::cli::{ALL_READ, say};
use crate::config::Config;
use crate::config::options::Given;

#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Zeek's other flags")]
pub(super) struct ZeekArgs {
    /// Only compile the scripts
    #[arg(short = 'a', long = "parse-only")]
    parse_only: bool,

    /// Only compile the scripts, and tell of handlers that will not run
    #[arg(short = 'u', long = "usage-issues")]
    usage_issues: bool,

    /// Name the analyzers, with -NN also their tags and events
    #[arg(short = 'N', long = "print-plugins", action = clap::ArgAction::Count)]
    plugins: u8,

    /// Show this variable, as the scripts set it
    #[arg(short = 'I', long = "print-id", value_name = "NAME")]
    id: Option<String>,

    /// Say at the end what was spent on scripts and on packets
    #[arg(short = 'Q', long = "time")]
    pub time: bool,

    /// Keep this file at INITIALIZING, RUNNING and TERMINATED
    #[arg(short = 'U', long = "status-file", value_name = "FILE")]
    status: Option<PathBuf>,

    /// Order tables as the seeds in this file say
    #[arg(short = 'G', long = "load-seeds", value_name = "FILE")]
    load_seeds: Option<PathBuf>,

    /// Write seeds for -G
    #[arg(short = 'H', long = "save-seeds", value_name = "FILE")]
    save_seeds: Option<PathBuf>,

    /// The same order of tables each time, as replays have it always
    #[arg(short = 'D', long = "deterministic", hide = true)]
    deterministic: bool,

    #[arg(short = 'W', long = "watchdog", hide = true)]
    watchdog: bool,
    #[arg(short = 'P', long = "prime-dns", hide = true)]
    prime_dns: bool,
    #[arg(short = 'F', long = "force-dns", hide = true)]
    force_dns: bool,
    #[arg(short = 'T', long = "re-level", value_name = "LEVEL", hide = true)]
    re_level: Option<String>,
    #[arg(short = 'O', long = "optimize", value_name = "OPTION", hide = true)]
    optimize: Vec<String>,
    #[arg(short = 'S', long = "debug-rules", hide = true)]
    debug_rules: bool,
    #[arg(short = 'B', long = "debug", value_name = "STREAMS", hide = true)]
    debug: Option<String>,
    #[arg(long = "no-unused-warnings", hide = true)]
    no_unused_warnings: bool,

    #[arg(short = 't', long = "tracefile", value_name = "FILE", hide = true)]
    tracefile: Option<String>,
    #[arg(short = 'd', long = "debug-script", hide = true)]
    debug_script: bool,
    #[arg(short = 'E', long = "event-trace", value_name = "FILE", hide = true)]
    event_trace: Option<String>,
    #[arg(short = 'X', long = "zeekygen", value_name = "FILE", hide = true)]
    zeekygen: Option<String>,
    #[arg(short = 'j', long = "jobs", value_name = "N", num_args = 0..=1, require_equals = true, hide = true)]
    jobs: Option<Option<String>>,
    #[arg(long = "pseudo-realtime", value_name = "SPEED", num_args = 0..=1, require_equals = true, hide = true)]
    pseudo_realtime: Option<Option<String>>,
    #[arg(short = 'c', long = "capture-unprocessed", value_name = "FILE", hide = true)]
    unprocessed: Option<String>,
}

impl ZeekArgs {
    /// Says what flags that were given do not do, and what does instead. An error for those without which a run
    /// would not be what was asked for.
    pub fn tell(&self) -> Result<(), String> {
        let harmless = [
            (self.prime_dns, "-P", "names are not looked up"),
            (self.force_dns, "-F", "names are not looked up"),
            (self.re_level.is_some(), "-T", "patterns have one form"),
            (!self.optimize.is_empty(), "-O", "scripts are always compiled"),
            (self.debug_rules, "-S", "analyzer.log says why an analyzer was taken off"),
            (self.debug.is_some(), "-B", "there are no debugging streams"),
        ];
        for (_, flag, why) in harmless.iter().filter(|(given, ..)| *given) {
            super::tell(&format!("{flag} has no effect: {why}"));
        }
        let refused = [
            (
                self.tracefile.is_some(),
                "-t",
                "calls are not traced; print, and nightjar test, show what a script does",
            ),
            (
                self.debug_script,
                "-d",
                "there is no debugger; print, and nightjar test, show what a script does",
            ),
            (
                self.event_trace.is_some(),
                "-E",
                "events are not written as a script; a handler with print shows them",
            ),
            (self.zeekygen.is_some(), "-X", "docs/ has the reference of events, logs and options"),
            (
                self.jobs.is_some(),
                "-j",
                "one process does it all: --workers gives it threads, systemd starts it again",
            ),
            (
                self.pseudo_realtime.is_some(),
                "--pseudo-realtime",
                "play the capture onto an interface (tcpreplay), and capture there with -i",
            ),
            (
                self.unprocessed.is_some(),
                "-c",
                "-w writes the packets that were read, the summary counts what was not analysed",
            ),
        ];
        match refused.iter().find(|(given, ..)| *given) {
            Some((_, flag, instead)) => Err(format!("{flag} is not here: {instead}")),
            None => Ok(()),
        }
    }

    /// What is asked for without a run; its exit code.
    pub fn answer(&self, scripts: &ScriptArgs) -> Option<Result<u8, String>> {
        if self.plugins > 0 {
            print_plugins(self.plugins > 1);
            return Some(Ok(ALL_READ));
        }
        if let Some(id) = &self.id {
            return Some(print_id(scripts, id));
        }
        if let (Some(file), true) = (&self.save_seeds, scripts.is_empty()) {
            return Some(save_seeds(file));
        }
        (self.parse_only || self.usage_issues).then(|| scripts.check(false, &Given::default()))
    }

    /// Seeds to read and to write.
    pub fn seeds(&self) -> Result<Option<PathBuf>, String> {
        if let Some(file) = &self.save_seeds {
            save_seeds(file)?;
        }
        if let Some(file) = &self.load_seeds
            && let Err(error) = std::fs::metadata(file)
        {
            return Err(format!("{}: seeds cannot be read: {error}", file.display()));
        }
        Ok(self.load_seeds.clone())
    }

    pub fn status(&self, state: &str) -> Status<'_> {
        let status = Status(self.status.as_deref());
        status.is(state);
        status
    }
}

/// The file that says what the process does; it says TERMINATED in the end, whatever the end was.
pub(super) struct Status<'a>(Option<&'a Path>);

impl Status<'_> {
    pub fn is(&self, state: &str) {
        let Some(file) = self.0 else { return };
        if let Err(error) = std::fs::write(file, format!("{state}\n")) {
            super::tell(&format!("{}: {error}", file.display()));
        }
    }
}

impl Drop for Status<'_> {
    fn drop(&mut self) {
        self.is("TERMINATED [atexit]");
    }
}

/// Seconds spent, for -Q.
pub(super) struct Clock {
    wanted: bool,
    started: Instant,
    compiled: Option<f64>,
}

impl Clock {
    pub fn start(wanted: bool) -> Clock {
        Clock { wanted, started: Instant::now(), compiled: None }
    }

    pub fn initialized(&mut self) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.compiled = Some(seconds);
        if self.wanted {
            eprintln!("# initialization {seconds:.6}");
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let total = self.started.elapsed().as_secs_f64();
        if self.wanted {
            let processing = total - self.compiled.unwrap_or(total);
            eprintln!("# total time {total:.6}, processing {processing:.6}");
        }
    }
}

/// Words a seed file has: sixteen for a digest, four for the hash of tables.
const SEED_WORDS: usize = 20;

fn save_seeds(file: &Path) -> Result<u8, String> {
    let mut bytes = [0u8; SEED_WORDS * 4];
    let random = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    random.map_err(|error| format!("no seeds: {error}"))?;
    let words = bytes.chunks_exact(4).map(|word| {
        let word = word.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{word}\n")
    });
    let written = std::fs::write(file, words.collect::<String>());
    written.map_err(|error| format!("{}: seeds cannot be written: {error}", file.display()))?;
    Ok(ALL_READ)
}

/// As Zeek names what is built in.
fn print_plugins(verbose: bool) {
    for protocol in analyze::protocols() {
        let analyzers = protocol.analyzers.iter().map(|spec| ("Analyzer", "ANALYZER", spec.named.name));
        let of_files = protocol.file_analyzers.iter().map(|spec| ("File Analyzer", "ANALYZER", spec.name));
        let components: Vec<_> = analyzers.chain(of_files).collect();
        let Some((_, _, first)) = components.first() else { continue };
        say(format_args!("Zeek::{first} - {} (built-in)", protocol.name));
        if verbose {
            for (kind, prefix, name) in &components {
                say(format_args!("    [{kind}] {name} ({prefix}_{name}, enabled)"));
            }
            protocol.events.iter().for_each(|event| say(format_args!("    [Event] {}", event.name)));
            say("");
        }
    }
}

fn print_id(scripts: &ScriptArgs, id: &str) -> Result<u8, String> {
    let engine = Engine { config: &mut Config::default(), given: &Given::default(), no_checksums: false };
    let Some(compiled) = scripts.compile_all(Carets::ForPeople, Traffic::None, engine) else {
        return Ok(FAILED);
    };
    match compiled.shown(id) {
        Some(shown) => {
            say(shown);
            Ok(ALL_READ)
        }
        None => {
            super::tell(&format!("no such identifier: {id}"));
            Ok(FAILED)
        }
    }
}

/// Interfaces as Zeek's packet sources name them: `af_packet::eth0`.
pub(super) fn interface(name: &str) -> Result<String, String> {
    match name.split_once("::") {
        None | Some(("af_packet" | "pcap" | "af_xdp", _)) => {
            Ok(name.split_once("::").map_or(name, |(_, interface)| interface).to_owned())
        }
        Some((source, _)) => Err(format!(
            "-i {name}: no packet source is called {source}; an interface's name alone is captured on by AF_PACKET, \
             and AF_XDP is set in [[interface]] of a configuration"
        )),
    }
}

/// Takes captures out of words that may be scripts: what a file is, its first bytes say.
pub(super) fn captures(words: &mut Vec<String>) -> Vec<PathBuf> {
    let (captures, scripts) = std::mem::take(words).into_iter().partition(|word| is_capture(Path::new(word)));
    *words = scripts;
    let captures: Vec<String> = captures;
    captures.into_iter().map(PathBuf::from).collect()
}

/// First bytes of pcap in either order of bytes and with either kind of time, of pcapng, gzip and zstd.
const MAGICS: [[u8; 4]; 7] = [
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x0a, 0x0d, 0x0d, 0x0a],
    [0x1f, 0x8b, 0x08, 0x00],
    [0x28, 0xb5, 0x2f, 0xfd],
];

fn is_capture(path: &Path) -> bool {
    // A script may be read from a pipe, from which nothing can be read twice.
    if path.as_os_str() == OsStr::new("-") || !path.is_file() {
        return false;
    }
    let mut first = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    let same = |magic: &[u8; 4]| match magic {
        // Behind it stand flags.
        [0x1f, 0x8b, 0x08, _] => magic[..3] == first[..3],
        magic => *magic == first,
    };
    read.is_ok() && MAGICS.iter().any(same)
}
