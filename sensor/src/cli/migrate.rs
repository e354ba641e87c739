//! `nightjar migrate`: what becomes of the files of a Zeek installation, and the configuration that does what they did.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Parser;
use ipnet::IpNet;
use nightjar_script::{ScriptOptions, StdHost, Traffic};

use crate::cli::{ALL_READ, BAD_CAPTURE, OUTPUT_FAILED, say, tell};
use crate::script_host::Scripts;
use crate::service::settings::Sensor;

/// Take over what configured a Zeek
///
/// Says of each line of a local.zeek, node.cfg, networks.cfg and zeekctl.cfg what becomes of it, and writes the
/// configuration that does what they did.
#[derive(Parser, Debug)]
#[command(name = "nightjar migrate", bin_name = "nightjar migrate")]
pub(super) struct MigrateArgs {
    /// The files: scripts end in .zeek or .bro, of the others their names say what they are
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Where the configuration is written
    #[arg(short = 'o', long, value_name = "FILE", default_value = "sensor.toml")]
    output: PathBuf,

    /// Write it even if that file is there
    #[arg(long)]
    force: bool,
}

/// A file longer than this is none of those.
const MAX_FILE: u64 = 16 << 20;

/// What the configuration will say.
#[derive(Default)]
struct Found {
    /// Interfaces, each with its settings.
    interfaces: Vec<(String, Vec<(&'static str, String)>)>,
    networks: Vec<IpNet>,
    /// Keys by table.
    settings: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
    scripts: Vec<PathBuf>,
    /// Something that has no counterpart here.
    left: usize,
}

impl MigrateArgs {
    pub fn run(&self) -> Result<u8, String> {
        if self.output.exists() && !self.force {
            return Err(format!("{} is there already; --force writes over it", self.output.display()));
        }
        let mut found = Found::default();
        for path in &self.files {
            let text = read(path)?;
            match kind(path) {
                Kind::Script => script(path, &text, &mut found),
                Kind::Nodes => nodes(path, &text, &mut found),
                Kind::Networks => networks(path, &text, &mut found),
                Kind::Control => control(path, &text, &mut found),
            }
        }
        let text = found.configuration();
        if let Err(error) = std::fs::write(&self.output, &text) {
            tell(&format!("{}: {error}", self.output.display()));
            return Ok(OUTPUT_FAILED);
        }
        // What it says is what a sensor would read.
        if let Err(error) = Sensor::load(&self.output) {
            tell(&format!("a fault of ours: what was written is refused: {error}"));
            return Ok(BAD_CAPTURE);
        }
        let scripts: Vec<String> = found.scripts.iter().map(|path| path.display().to_string()).collect();
        let run = format!("nightjar --config {} {}", self.output.display(), scripts.join(" "));
        say(format_args!("{} is written: {}", self.output.display(), run.trim_end()));
        Ok(if found.left == 0 { ALL_READ } else { BAD_CAPTURE })
    }
}

fn read(path: &Path) -> Result<String, String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    if std::fs::metadata(path).map_err(told)?.len() > MAX_FILE {
        return Err(format!("{} has more than {MAX_FILE} bytes", path.display()));
    }
    let bytes = std::fs::read(path).map_err(told)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

enum Kind {
    Script,
    Nodes,
    Networks,
    Control,
}

fn kind(path: &Path) -> Kind {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match name {
        _ if name.contains("networks") => Kind::Networks,
        _ if name.contains("node") && name.ends_with(".cfg") => Kind::Nodes,
        _ if name.ends_with(".cfg") => Kind::Control,
        _ => Kind::Script,
    }
}

impl Found {
    fn set(&mut self, table: &'static str, key: &'static str, value: String) {
        self.settings.entry(table).or_default().insert(key, value);
    }

    /// What becomes of a line.
    fn line(&mut self, path: &Path, line: usize, what: &str, becomes: &str) {
        say(format_args!("{}:{line}: {what}: {becomes}", path.display()));
    }

    /// The same of one that has no counterpart.
    fn left(&mut self, path: &Path, line: usize, what: &str, why: &str) {
        self.left += 1;
        self.line(path, line, what, &format!("NOT HERE: {why}"));
    }

    fn configuration(&self) -> String {
        let mut text =
            String::from("# Made by nightjar migrate. configs/sensor.toml shows every setting there is.\n");
        for (name, settings) in &self.interfaces {
            text.push_str(&format!("\n[[interface]]\nname = {}\n", quoted(name)));
            settings.iter().for_each(|(key, value)| text.push_str(&format!("{key} = {value}\n")));
        }
        let mut settings = self.settings.clone();
        if !self.networks.is_empty() {
            let networks: Vec<String> = self.networks.iter().map(|net| quoted(&net.to_string())).collect();
            settings
                .entry("analysis")
                .or_default()
                .insert("local_networks", format!("[{}]", networks.join(", ")));
        }
        for (table, keys) in &settings {
            text.push_str(&format!("\n[{table}]\n"));
            keys.iter().for_each(|(key, value)| text.push_str(&format!("{key} = {value}\n")));
        }
        text
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A script: compiled as it is, and what is said of its lines put beside them.
fn script(path: &Path, text: &str, found: &mut Found) {
    let host = StdHost::default();
    host.gathered.replace(Some(String::new()));
    let gathered = host.gathered.clone();
    let name = path.display().to_string();
    let mut wanted =
        ScriptOptions { scripts: vec![name.clone()], traffic: Traffic::Live, ..ScriptOptions::default() };
    wanted.path.extend(path.parent().and_then(Path::to_str).map(str::to_owned));
    let compiled = Scripts::compile(host, &wanted).is_ok();
    let told = gathered.take().unwrap_or_default();
    let mut by_line: BTreeMap<usize, Vec<(bool, String)>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for message in told.lines().filter(|line| line.contains("error") || line.starts_with("warning")) {
        match place(message, path) {
            Some((line, text)) => {
                let is_error = !message.starts_with("warning");
                by_line.entry(line).or_default().push((is_error, text));
            }
            None if message.starts_with("error") || message.starts_with("fatal") => elsewhere.push(message),
            None => {}
        }
    }
    let mut rest = 0;
    for (at, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        let said = by_line.remove(&at).unwrap_or_default();
        let shown = line.trim_end_matches(';');
        for (is_error, what) in &said {
            match is_error {
                true => found.left(path, at, shown, what),
                false => found.line(path, at, shown, what),
            }
        }
        if !said.is_empty() || line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("@load") || line.starts_with("redef") {
            found.line(path, at, shown, "as it is");
        } else {
            rest += 1;
        }
    }
    for message in elsewhere {
        found.left(path, 0, "a script that it loads", message);
    }
    if rest > 0 {
        let how = if compiled { "compile as they are" } else { "are read" };
        say(format_args!("{name}: {rest} other lines {how}"));
    }
    found.scripts.push(path.to_owned());
}

/// The line that a message is about, if it is about this file, and what it says.
fn place(message: &str, path: &Path) -> Option<(usize, String)> {
    let name = path.display().to_string();
    let (_, rest) = message.split_once(&format!("{name}, line"))?;
    let digits = rest.trim_start_matches('s').trim_start();
    let number: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let (_, text) = rest.split_once(": ")?;
    Some((number.parse().ok()?, text.to_owned()))
}

/// A line's number, the key and the value.
type Key = (usize, String, String);

/// Sections of `key = value`: each one's name, line and keys.
fn sections(text: &str) -> Vec<(String, usize, Vec<Key>)> {
    let mut all: Vec<(String, usize, Vec<Key>)> = vec![(String::new(), 0, Vec::new())];
    for (at, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            all.push((name.trim_end_matches(']').trim().to_owned(), at, Vec::new()));
        } else if let Some((key, value)) = line.split_once('=')
            && let Some((.., keys)) = all.last_mut()
        {
            keys.push((at, key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    all
}

/// node.cfg: an interface for each worker, its processes threads.
fn nodes(path: &Path, text: &str, found: &mut Found) {
    for (name, at, keys) in sections(text) {
        let value =
            |wanted: &str| keys.iter().find(|(_, key, _)| key == wanted).map(|(.., value)| value.clone());
        let kind = value("type").unwrap_or_default();
        match kind.as_str() {
            "manager" | "proxy" | "logger" => {
                let why = "one process does it: workers are threads, and share their state";
                found.line(path, at, &format!("[{name}], {kind}"), why);
            }
            "worker" | "standalone" => {
                let interface = value("interface").unwrap_or_default();
                let interface = interface.rsplit("::").next().unwrap_or_default().to_owned();
                let host = value("host").unwrap_or_else(|| "localhost".to_owned());
                if interface.is_empty() {
                    found.left(path, at, &format!("[{name}]"), "a worker without an interface");
                    continue;
                }
                if !matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1") {
                    let becomes = format!("run a sensor of its own on {host}, with this interface");
                    found.line(path, at, &format!("[{name}] on {interface}"), &becomes);
                    continue;
                }
                let mut settings = Vec::new();
                if let Some(workers) = value("lb_procs").and_then(|text| text.parse::<u16>().ok()) {
                    settings.push(("workers", workers.clamp(1, 256).to_string()));
                }
                let cores = value("pin_cpus").unwrap_or_default();
                let cores: Vec<&str> =
                    cores.split(',').map(str::trim).filter(|core| is_number(core)).collect();
                if !cores.is_empty() {
                    settings.push(("cores", format!("[{}]", cores.join(", "))));
                }
                let becomes = format!("[[interface]] {interface}");
                found.line(path, at, &format!("[{name}], {kind}"), &becomes);
                if let Some(method) = value("lb_method").filter(|method| method != "custom") {
                    let becomes = "the kernel deals packets out to the threads (interface.fanout)";
                    found.line(path, at, &format!("lb_method = {method}"), becomes);
                }
                for (at, key, value) in &keys {
                    if key == "aux_scripts" {
                        found.left(
                            path,
                            *at,
                            &format!("{key} = {value}"),
                            "all workers run the same scripts",
                        );
                    } else if key == "env_vars" {
                        found.left(
                            path,
                            *at,
                            &format!("{key} = {value}"),
                            "the unit of systemd has the environment",
                        );
                    }
                }
                if !found.interfaces.iter().any(|(known, _)| *known == interface) {
                    found.interfaces.push((interface, settings));
                }
            }
            _ if !name.is_empty() => found.left(path, at, &format!("[{name}]"), "a node of no known type"),
            _ => {}
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// networks.cfg: a network on each line, and what it is.
fn networks(path: &Path, text: &str, found: &mut Found) {
    for (at, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        let Some(word) = line.split_whitespace().next().filter(|word| !word.starts_with('#')) else {
            continue;
        };
        let net = word.parse::<IpNet>().or_else(|_| word.parse::<std::net::IpAddr>().map(IpNet::from));
        match net {
            Ok(net) => {
                found.line(path, at, word, "analysis.local_networks");
                found.networks.push(net.trunc());
            }
            Err(_) => found.left(path, at, word, "this is no network"),
        }
    }
}

/// zeekctl.cfg: what of it has a setting here.
fn control(path: &Path, text: &str, found: &mut Found) {
    for (at, key, value) in sections(text).into_iter().flat_map(|(.., keys)| keys) {
        let what = format!("{key} = {value}");
        let number = value.split_whitespace().next().and_then(|word| word.parse::<u64>().ok());
        let days = match value.split_whitespace().last() {
            Some("day" | "days") | None => 24,
            Some("hr" | "hrs" | "hour" | "hours") => 1,
            _ => 24,
        };
        let (table, setting, becomes) = match (key.to_lowercase().as_str(), number) {
            ("logrotationinterval", Some(seconds)) => (
                "logs",
                "rotate_every",
                if seconds == 0 { quoted("0") } else { quoted(&format!("{seconds} s")) },
            ),
            ("logexpireinterval", Some(number)) => (
                "logs",
                "keep",
                match number * days {
                    0 => quoted("0"),
                    hours => quoted(&format!("{hours} h")),
                },
            ),
            ("mindiskspace", Some(percent)) => ("logs", "min_free_percent", percent.min(99).to_string()),
            ("spooldir", _) => ("logs", "folder", quoted(&value)),
            ("logdir", _) => ("logs", "archive", quoted(&value)),
            ("compresslogs", Some(compress)) => {
                ("logs", "compress", quoted(if compress == 0 { "none" } else { "gzip" }))
            }
            ("compressextension", _) => {
                ("logs", "compress", quoted(if value.contains("zst") { "zstd" } else { "gzip" }))
            }
            ("statslogexpireinterval" | "statslogenable" | "crashexpireinterval" | "zeekport", _) => {
                found.line(path, at, &what, "not needed: there are no such files or ports");
                continue;
            }
            ("mailto" | "mailfrom" | "mailsubjectprefix" | "sendmail", _) => {
                found.line(
                    path,
                    at,
                    &what,
                    "in a script: redef Notice::mail_dest, Notice::mail_from, Notice::smtp_server",
                );
                continue;
            }
            ("sitepolicyscripts", _) => {
                found.line(path, at, &what, "give the script on the command line");
                continue;
            }
            ("mailconnectionsummary" | "mailhostupdown" | "mailarchivelogfail", _) => {
                found.line(
                    path,
                    at,
                    &what,
                    "metrics and alerts tell of it (service.metrics, configs/alerts.yml)",
                );
                continue;
            }
            _ => {
                found.left(path, at, &what, "no setting here does this");
                continue;
            }
        };
        found.line(path, at, &what, &format!("{table}.{setting} = {becomes}"));
        found.set(table, setting, becomes);
    }
}
