//! The sensor's configuration file: every setting there is. `configs/sensor.toml` shows them all with
//! their defaults and reasons.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use crate::capture::live::{self, Fanout, Kind};
use crate::config::Config;
use crate::config::file::{self, Problem, Section, Setting, Value};
use crate::config::options::{self, Given, OptionDef, Role};
use crate::config::protocols::TABLES;
use crate::log::{Compression, Retention, Upkeep};
use crate::pipeline::{Changeable, HANG_AFTER, InterfaceOptions};
use crate::record::Format;
use crate::service::sandbox::{Sandbox, folder_of};
use crate::service::status::SERVICE_SOCKET;
use crate::sink;
use crate::time::Interval;

/// Everything that can be configured.
#[derive(Clone, Debug)]
pub struct Sensor {
    pub interfaces: Vec<InterfaceOptions>,
    pub config: Config,
    /// How the file wants logs written.
    file_format: Format,
    /// What the file says of options that scripts and the command line set too; `config` obeys it.
    pub given: Given,
    pub log_folder: PathBuf,
    /// None is `archive` in the folder of the logs.
    pub archive: Option<PathBuf>,
    /// Logs are rotated, as [`Config::rotate_every`] says, …
    pub rotates: bool,
    /// … and when they have grown to so many bytes.
    pub rotate_at: Option<u64>,
    pub compression: Compression,
    pub retention: Retention,
    pub service: Service,
    /// Where rows are exported to.
    pub export: sink::Config,
}

/// How it runs as a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The user to become once everything is open.
    pub user: Option<String>,
    /// Only write where it has to, if the kernel can hold it to that.
    pub sandbox: bool,
    /// Where scripts write beside that.
    pub writable: Vec<PathBuf>,
    /// What scripts read that is not readable to all.
    pub readable: Vec<PathBuf>,
    pub shutdown_deadline: Duration,
    pub status_socket: Option<PathBuf>,
    pub metrics: Option<SocketAddr>,
    /// Not ready when capture is this far behind the clock.
    pub max_lag: Duration,
    /// A worker that has not got on for this long is replaced.
    pub hang_after: Duration,
}

impl Default for Sensor {
    fn default() -> Self {
        Sensor {
            interfaces: Vec::new(),
            config: Config::default(),
            file_format: Format::Tsv,
            given: Given::default(),
            log_folder: PathBuf::from("."),
            archive: None,
            rotates: true,
            rotate_at: None,
            compression: Compression::Gzip,
            retention: Retention { max_age: Duration::ZERO, min_free_percent: 5 },
            service: Service::default(),
            export: sink::Config::default(),
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        Service {
            user: None,
            sandbox: true,
            writable: Vec::new(),
            readable: Vec::new(),
            shutdown_deadline: Duration::from_secs(30),
            status_socket: Some(PathBuf::from(SERVICE_SOCKET)),
            metrics: None,
            max_lag: Duration::from_secs(30),
            hang_after: HANG_AFTER,
        }
    }
}

/// The tables of the file.
static SECTIONS: LazyLock<Vec<&Section<Sensor>>> = LazyLock::new(|| {
    static OF_PROTOCOLS: LazyLock<Vec<Section<Sensor>>> =
        LazyLock::new(|| TABLES.iter().map(|(name, _)| of_options(name)).collect());
    let fixed: [&'static Section<Sensor>; 9] =
        [&INTERFACE, &LOGS, &SCRIPTS, &ANALYSIS, &TIMEOUTS, &LIMITS, &LOSS, &OPTIONS, &SERVICE];
    fixed.into_iter().chain(OF_PROTOCOLS.iter()).collect()
});

/// One setting, whose value is `$value`.
macro_rules! setting {
    ($name:literal, |$sensor:ident, $value:ident| $body:expr) => {
        Setting {
            name: $name,
            set: |$sensor: &mut Sensor, $value: &Value<'_>| {
                $body;
                Ok(())
            },
        }
    };
}

static INTERFACE: Section<Sensor> = Section {
    name: "interface",
    option: None,
    of_scripts: None,
    begin: Some(|sensor| sensor.interfaces.push(interface_named(""))),
    settings: &[
        setting!("name", |sensor, value| last(sensor)?.capture.interface = filled(value)?),
        setting!("kind", |sensor, value| last(sensor)?.capture.kind = value.one_of(&KINDS)?),
        setting!("workers", |sensor, value| last(sensor)?.capture.workers = count(value, 1, 256)?),
        setting!("cores", |sensor, value| { last(sensor)?.cores = value.list(|core| count(core, 0, 4095))? }),
        setting!("fanout", |sensor, value| last(sensor)?.capture.fanout = value.one_of(&FANOUTS)?),
        setting!("ring", |sensor, value| {
            last(sensor)?.capture.ring_bytes = size(value, 1 << 20, 1 << 36)?
        }),
        setting!("block", |sensor, value| {
            let bytes = size(value, 128 << 10, 16 << 20)?;
            if !bytes.is_power_of_two() {
                return Err("is a power of two, such as \"1 MiB\"".to_owned());
            }
            last(sensor)?.capture.block_bytes = bytes
        }),
        setting!("block_timeout", |sensor, value| {
            let timeout = value.duration()?;
            if timeout < Duration::from_millis(1) || timeout > Duration::from_secs(1) {
                return Err("is from \"1 ms\" to \"1 s\"".to_owned());
            }
            last(sensor)?.capture.block_timeout = timeout
        }),
        setting!("promiscuous", |sensor, value| last(sensor)?.capture.promiscuous = value.boolean()?),
        setting!("ignore_outgoing", |sensor, value| {
            last(sensor)?.capture.ignore_outgoing = value.boolean()?
        }),
        setting!("filter", |sensor, value| {
            last(sensor)?.capture.filter = optional(value)?.map(str::to_owned)
        }),
    ],
};

const KINDS: [(&str, Kind); 3] =
    [("af_packet", Kind::AfPacket), ("af_xdp", Kind::AfXdp), ("pcap", Kind::Pcap)];
const FANOUTS: [(&str, Fanout); 4] =
    [("hash", Fanout::Hash), ("tunnel", Fanout::Tunnel), ("qm", Fanout::Queue), ("cpu", Fanout::Cpu)];

static LOGS: Section<Sensor> = Section {
    name: "logs",
    begin: None,
    option: Some(Sensor::give),
    of_scripts: None,
    settings: &[
        setting!("folder", |sensor, value| sensor.log_folder = PathBuf::from(filled(value)?)),
        setting!("rotate_at_size", |sensor, value| {
            sensor.rotate_at = Some(value.bytes()?).filter(|bytes| *bytes > 0)
        }),
        setting!("archive", |sensor, value| sensor.archive = optional(value)?.map(PathBuf::from)),
        setting!("compress", |sensor, value| sensor.compression = value.one_of(&COMPRESSIONS)?),
        setting!("keep", |sensor, value| sensor.retention.max_age = value.duration()?),
        setting!("min_free_percent", |sensor, value| {
            sensor.retention.min_free_percent = u8::try_from(value.number(0, 99)?).unwrap_or(99)
        }),
    ],
};

const COMPRESSIONS: [(&str, Compression); 3] =
    [("none", Compression::None), ("gzip", Compression::Gzip), ("zstd", Compression::Zstd)];

static SCRIPTS: Section<Sensor> = Section {
    name: "scripts",
    begin: None,
    option: None,
    of_scripts: None,
    settings: &[
        setting!("load", |sensor, value| sensor.given.load = value.list(filled)?),
        setting!("options", |sensor, value| sensor.given.words = value.list(assignment)?),
    ],
};

/// `Name::option=value`.
fn assignment(value: &Value<'_>) -> Result<String, String> {
    let text = value.text()?;
    match options::is_assignment(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("is an option and its value as on the command line, not \"{text}\"")),
    }
}

/// How often logs are rotated where the file says nothing.
const ROTATE_EVERY: Interval = Interval::from_secs(3600);

/// A table of options only.
const fn of_options(name: &'static str) -> Section<Sensor> {
    Section { name, begin: None, settings: &[], option: Some(Sensor::give), of_scripts: None }
}

static ANALYSIS: Section<Sensor> = of_options("analysis");
static TIMEOUTS: Section<Sensor> = of_options("timeouts");
static LIMITS: Section<Sensor> = of_options("limits");
static LOSS: Section<Sensor> = of_options("loss");
static OPTIONS: Section<Sensor> = Section {
    of_scripts: Some(|sensor, name, value| sensor.given.of_scripts.push((name, value))),
    ..of_options(options::BY_NAME)
};

static SERVICE: Section<Sensor> = Section {
    name: "service",
    begin: None,
    option: None,
    of_scripts: None,
    settings: &[
        setting!("user", |s, value| s.service.user = optional(value)?.map(str::to_owned)),
        setting!("sandbox", |s, value| s.service.sandbox = value.boolean()?),
        setting!("writable", |s, value| s.service.writable = value.list(path)?),
        setting!("readable", |s, value| s.service.readable = value.list(path)?),
        setting!("shutdown_deadline", |s, value| s.service.shutdown_deadline = value.duration()?),
        setting!("status_socket", |s, value| s.service.status_socket = optional(value)?.map(PathBuf::from)),
        setting!("metrics", |s, value| {
            s.service.metrics = match optional(value)? {
                Some(text) => Some(
                    text.parse()
                        .map_err(|_| "is an address and port such as \"127.0.0.1:9911\"".to_owned())?,
                ),
                None => None,
            }
        }),
        setting!("max_lag", |s, value| s.service.max_lag = value.duration()?),
        setting!("hang_after", |s, value| {
            let after = value.duration()?;
            if after < Duration::from_secs(1) || after > Duration::from_secs(600) {
                return Err("is from \"1 s\" to \"10 min\"".to_owned());
            }
            s.service.hang_after = after
        }),
    ],
};

/// An interface as it is without any settings of its own.
pub fn interface_named(name: &str) -> InterfaceOptions {
    let capture = live::LiveOptions { interface: name.to_owned(), ..live::LiveOptions::default() };
    InterfaceOptions { capture, cores: Vec::new() }
}

fn last(sensor: &mut Sensor) -> Result<&mut InterfaceOptions, String> {
    sensor.interfaces.last_mut().ok_or_else(|| "belongs into [[interface]]".to_owned())
}

fn filled(value: &Value<'_>) -> Result<String, String> {
    optional(value)?.map(str::to_owned).ok_or_else(|| "must not be empty".to_owned())
}

fn path(value: &Value<'_>) -> Result<PathBuf, String> {
    Ok(PathBuf::from(filled(value)?))
}

/// Text that is absent when empty.
fn optional<'a>(value: &'a Value<'_>) -> Result<Option<&'a str>, String> {
    Ok(Some(value.text()?).filter(|text| !text.is_empty()))
}

fn count(value: &Value<'_>, least: u64, most: u64) -> Result<usize, String> {
    Ok(usize::try_from(value.number(least, most)?).unwrap_or(usize::MAX))
}

fn size(value: &Value<'_>, least: u64, most: u64) -> Result<usize, String> {
    let bytes = value.bytes()?;
    if !(least..=most).contains(&bytes) {
        return Err(format!("is from {least} to {most} bytes"));
    }
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// A file that cannot be used, with all that is wrong with it.
#[derive(Debug)]
pub enum SettingsError {
    Read(PathBuf, std::io::Error),
    Wrong(PathBuf, Vec<Problem>),
}

/// A mistake with its place. Not the line that it stands in, which may have a password.
pub fn located(path: &Path, problem: &Problem) -> String {
    let Problem { line, column, message } = problem;
    format!("{}:{line}:{column}: {message}", path.display())
}

impl std::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SettingsError::Read(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            SettingsError::Wrong(path, problems) => {
                let told: Vec<String> = problems.iter().map(|problem| located(path, problem)).collect();
                f.write_str(&told.join("\n"))
            }
        }
    }
}

impl std::error::Error for SettingsError {}

impl Sensor {
    pub fn load(path: &Path) -> Result<Sensor, SettingsError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| SettingsError::Read(path.to_owned(), error))?;
        match Sensor::parse(&text) {
            Ok(sensor) => Ok(sensor.beside(path)),
            Err(problems) => Err(SettingsError::Wrong(path.to_owned(), problems)),
        }
    }

    /// Scripts that lie beside the configuration file are meant before others of their name.
    pub fn beside(mut self, file: &Path) -> Sensor {
        let folder = folder_of(file);
        for script in &mut self.given.load {
            let named =
                ["", ".zeek", "/__load__.zeek"].map(|suffix| folder.join(format!("{script}{suffix}")));
            if let Some(found) = named.iter().find(|path| path.is_file())
                && let Some(found) =
                    std::path::absolute(found).ok().and_then(|path| path.into_os_string().into_string().ok())
            {
                *script = found;
            }
        }
        self
    }

    pub fn parse(text: &str) -> Result<Sensor, Vec<Problem>> {
        let (sensor, problems) = Sensor::read(text);
        if problems.is_empty() { Ok(sensor) } else { Err(problems) }
    }

    /// What could be read, and all that is wrong with the rest.
    pub fn read(text: &str) -> (Sensor, Vec<Problem>) {
        let mut sensor = Sensor::default();
        let mut problems = file::read(text, &SECTIONS, &sink::Config::TABLES, &mut sensor);
        match sink::Config::read(text) {
            Ok(export) => sensor.export = export,
            // What is no TOML at all was told already.
            Err(_) if !problems.is_empty() => {}
            Err(wrong) => {
                problems.extend(wrong.into_iter().map(|(at, message)| Problem::at(text, at, message)));
            }
        }
        problems.extend(sensor.contradictions(text));
        sensor.file_format = sensor.config.format;
        for (nth, (option, _)) in sensor.given.options.iter().enumerate() {
            if sensor.given.options[..nth].iter().any(|(other, _)| other.name == option.name) {
                let at = file::place(text, options::BY_NAME, 0, option.name).unwrap_or(0);
                let key =
                    option.key.map_or(String::new(), |key| format!(" as {}.{} too", key.section, key.name));
                problems.push(Problem::at(text, at, format!("{} is set{key}", option.name)));
            }
        }
        if let Some(rotation) = options::find(options::ROTATION)
            && !sensor.given.options.iter().any(|(option, _)| option.name == rotation.name)
        {
            sensor.give(rotation, options::Value::Interval(ROTATE_EVERY));
        }
        (sensor, problems)
    }

    /// What is wrong with the whole that no single value shows.
    fn contradictions(&self, text: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let headers =
            text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("[[interface]]"));
        let lines: Vec<usize> = headers.map(|(at, _)| at + 1).collect();
        for (nth, InterfaceOptions { capture, cores }) in self.interfaces.iter().enumerate() {
            let mut wrong = |message: String| {
                problems.push(Problem { line: lines.get(nth).copied().unwrap_or(1), column: 1, message });
            };
            if capture.interface.is_empty() {
                wrong("this interface has no name".to_owned());
            }
            if self.interfaces[..nth].iter().any(|other| other.capture.interface == capture.interface) {
                wrong(format!("{} is configured twice", capture.interface));
            }
            if !cores.is_empty() && cores.len() != capture.workers {
                wrong(format!("there are {} cores for {} workers", cores.len(), capture.workers));
            }
            if capture.ring_bytes < 4 * capture.block_bytes {
                wrong("the ring must have room for 4 blocks".to_owned());
            }
            if capture.kind == Kind::Pcap && capture.workers > 1 {
                wrong("with kind = \"pcap\" an interface has one worker".to_owned());
            }
        }
        problems
    }

    /// Takes what the file says of an option, which was looked at.
    fn give(&mut self, option: &'static OptionDef, value: options::Value) {
        if let Role::Engine { set, .. } = option.role {
            let _ = set(&mut self.config, &value);
        }
        self.given.options.push((option, value));
    }

    /// Lets interfaces capture only what this expression selects, beside their own filters.
    pub fn capture_only(&mut self, expression: Option<String>) {
        let Some(expression) = expression else { return };
        for interface in &mut self.interfaces {
            let filter = &mut interface.capture.filter;
            *filter = Some(match filter.take() {
                Some(own) => format!("({own}) and ({expression})"),
                None => expression.clone(),
            });
        }
    }

    pub fn upkeep(&self) -> Upkeep {
        let archive = self.archive.clone().unwrap_or_else(|| self.log_folder.join("archive"));
        Upkeep { archive, compression: self.compression, retention: self.retention }
    }

    /// What it may touch once it runs. The folders of logs are there by then.
    pub fn sandbox(&self) -> Sandbox {
        let spools = self.export.folders().map(Path::to_owned);
        let own = [self.log_folder.clone(), self.upkeep().archive];
        Sandbox {
            writable: own
                .into_iter()
                .chain(spools)
                .chain(self.export.tickets())
                .chain(self.service.writable.clone())
                .collect(),
            emptied: self.service.status_socket.iter().map(|socket| folder_of(socket)).collect(),
            readable: self.service.readable.clone(),
        }
    }

    /// What may change while it runs.
    pub fn changeable(&self) -> Changeable {
        Changeable {
            config: self.config.clone(),
            rotates: self.rotates,
            rotate_at: self.rotate_at,
            upkeep: self.upkeep(),
            given: self.given.clone(),
        }
    }

    /// Settings that differ from `before`, but need a restart to take effect.
    pub fn needing_restart(&self, before: &Sensor) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let mut check = |differs: bool, what| {
            if differs {
                changed.push(what);
            }
        };
        check(self.interfaces != before.interfaces, "[[interface]]");
        check(self.log_folder != before.log_folder, "logs.folder");
        check(self.file_format != before.file_format, "logs.format");
        check(self.service != before.service, "[service]");
        // Another folder is out of reach.
        check(before.service.sandbox && self.archive != before.archive, "logs.archive");
        check(self.export.kafka != before.export.kafka, "[kafka]");
        check(self.export.http_sink != before.export.http_sink, "[http_sink]");
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_read() {
        let sensor = Sensor::parse(
            "[[interface]]\nname = \"eth1\"\nworkers = 2\ncores = [2, 3]\nfanout = \"qm\"\nring = \"128 MiB\"\n\
             [logs]\nformat = \"json\"\njson_timestamps = \"iso8601\"\ncompress = \"zstd\"\nkeep = \"30 days\"\n\
             [analysis]\nlocal_networks = [\"192.0.2.0/24\"]\nprivate_is_local = false\n\
             [limits]\nflows = 1000\n[service]\nmetrics = \"127.0.0.1:9911\"\n",
        )
        .unwrap();
        let eth1 = &sensor.interfaces[0];
        assert_eq!(
            (eth1.capture.workers, &eth1.cores[..], eth1.capture.fanout),
            (2, &[2, 3][..], Fanout::Queue)
        );
        assert_eq!(sensor.config.format, crate::record::Format::Json(crate::record::JsonTime::Iso8601));
        assert_eq!(sensor.retention.max_age, Duration::from_secs(30 * 86400));
        assert!(sensor.config.local_nets.contains("192.0.2.1".parse().unwrap()));
        assert!(!sensor.config.local_nets.contains("10.0.0.1".parse().unwrap()));
        assert_eq!(sensor.config.limits.flows, 1000);
        assert!(sensor.needing_restart(&Sensor::default()).contains(&"[[interface]]"));
        let kafka = |topic: &str| Sensor::parse(&format!("[kafka]\ntopic = \"{topic}\"\n")).unwrap();
        assert_eq!(kafka("a").needing_restart(&kafka("b")), ["[kafka]"]);
        assert!(kafka("a").needing_restart(&kafka("a")).is_empty());
    }

    #[test]
    fn contradictions_are_told_with_their_line() {
        let problems = Sensor::parse(
            "# x\n[[interface]]\nname = \"eth1\"\nworkers = 2\ncores = [1]\n[[interface]]\nname = \"eth1\"\n\
             ring = \"1 MiB\"\n[[interface]]\nkind = \"pcap\"\nworkers = 3\n",
        )
        .unwrap_err();
        let told: Vec<(usize, &str)> = problems.iter().map(|p| (p.line, &p.message[..])).collect();
        assert_eq!(
            told,
            [
                (2, "there are 1 cores for 2 workers"),
                (6, "eth1 is configured twice"),
                (6, "the ring must have room for 4 blocks"),
                (9, "this interface has no name"),
                (9, "with kind = \"pcap\" an interface has one worker"),
            ]
        );
    }

    /// What ships shows every setting, with its default.
    #[test]
    fn the_shipped_file_names_every_setting_and_its_default() {
        let text = include_str!("../../../configs/sensor.toml");
        let sensor = Sensor::parse(text).unwrap();
        assert_eq!(
            (&sensor.given.load[..], &sensor.given.words[..]),
            (&["local.zeek".to_owned()][..], &[][..])
        );
        let sensor = Sensor { given: Given::default(), ..sensor };
        let default = Sensor { interfaces: vec![interface_named("eth1")], ..Sensor::default() };
        // What a default cannot be for everybody.
        let default = Sensor { log_folder: "/var/log/nightjar".into(), ..default };
        assert_eq!(format!("{sensor:?}"), format!("{default:?}"));
        for section in SECTIONS.iter() {
            let header = if section.begin.is_some() { "[[" } else { "[" };
            let from = text.find(&format!("\n{header}{}]", section.name)).expect(section.name);
            let body = text[from + 1..].split("\n[").next().unwrap_or_default();
            let reason = |name: &str| {
                let at = body.find(&format!("\n{name} = "));
                let at = at.unwrap_or_else(|| panic!("{}.{name} is missing", section.name));
                let lines: Vec<&str> =
                    body[..at].lines().rev().map_while(|line| line.strip_prefix('#')).collect();
                assert!(!lines.is_empty(), "{}.{name} has no reason", section.name);
                lines.into_iter().rev().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
            };
            section.settings.iter().for_each(|setting| drop(reason(setting.name)));
            for (option, key) in options::section(section.name) {
                assert_eq!(reason(key.name), option.doc, "{}.{}", section.name, key.name);
            }
        }
    }
}
