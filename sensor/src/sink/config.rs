//! The tables `[kafka]` and `[http_sink]` of a configuration file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, de};

use crate::export::{Action, Condition, Export, KeyBy, Rule, Shape, Streams};
use crate::record::JsonTime;
use crate::sink::{Known, spool};

/// Where rows are exported to. A file may leave both out.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct Config {
    pub kafka: Option<Kafka>,
    pub http_sink: Option<Http>,
}

impl Config {
    /// The tables of a file that are read here.
    pub const TABLES: [&str; 2] = ["kafka", "http_sink"];

    /// Whether rows are exported anywhere.
    pub fn is_some(&self) -> bool {
        self.kafka.is_some() || self.http_sink.is_some()
    }

    /// The folders of spools.
    pub fn spools(&self) -> impl Iterator<Item = &Path> {
        let kafka = self.kafka.as_ref().and_then(|kafka| kafka.spool.as_ref());
        let http = self.http_sink.as_ref().and_then(|http| http.spool.as_ref());
        [kafka, http].into_iter().flatten().map(|spool| spool.directory.as_path())
    }

    /// The folder in which kinit (Kerberos) keeps its tickets for Kafka.
    pub fn tickets(&self) -> Option<PathBuf> {
        let is_kerberos = |(name, value): (&String, &Setting)| {
            name.starts_with("sasl.mechanism") && value.0.eq_ignore_ascii_case("GSSAPI")
        };
        self.kafka.as_ref()?.client.iter().find(|setting| is_kerberos(*setting))?;
        let cache = std::env::var("KRB5CCNAME").unwrap_or_default();
        let cache = Path::new(cache.strip_prefix("FILE:").unwrap_or(&cache));
        Some(
            cache
                .parent()
                .filter(|folder| folder.is_absolute())
                .map_or_else(std::env::temp_dir, Path::to_owned),
        )
    }

    /// Reads a file's tables; those of others are theirs to check.
    pub fn read(text: &str) -> Result<Config, toml::de::Error> {
        toml::from_str(text)
    }
}

/// `[kafka]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// Where rows go; `{stream}` stands for their stream.
    #[serde(default = "default_topic")]
    pub topic: String,
    /// Topics of single streams, instead.
    #[serde(default)]
    pub topics: BTreeMap<String, String>,
    #[serde(default)]
    pub key: Key,
    #[serde(default)]
    pub rows: Rows,
    #[serde(default)]
    pub delivery: Delivery,
    pub spool: Option<Spool>,
    /// Settings of librdkafka, by its names for them.
    #[serde(default)]
    pub client: BTreeMap<String, Setting>,
}

/// `[http_sink]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// `http://` or `https://`.
    pub url: String,
    #[serde(default)]
    pub body: Body,
    /// Rows of one request, at most …
    #[serde(default = "default_batch_rows")]
    pub batch_rows: usize,
    /// … and bytes, before compression.
    #[serde(default = "default_batch_bytes")]
    pub batch_bytes: Size,
    #[serde(default = "yes")]
    pub gzip: bool,
    /// `Authorization: Bearer …`.
    pub bearer: Option<String>,
    pub basic: Option<Basic>,
    /// Certificates to trust instead of the common ones (PEM).
    pub ca_file: Option<PathBuf>,
    /// How long one request may take.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
    /// Requests under way at a time.
    #[serde(default = "default_connections")]
    pub connections: usize,
    #[serde(default)]
    pub rows: Rows,
    #[serde(default)]
    pub delivery: Delivery,
    pub spool: Option<Spool>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    pub user: String,
    pub password: String,
}

/// What a request's body is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// A JSON array of rows.
    #[default]
    Array,
    /// A row on each line.
    Lines,
    /// One row, as MozDef's `/events` takes it.
    Single,
    /// As the bulk endpoints of Elasticsearch and OpenSearch take them; a row's number is its `_id`.
    Bulk,
}

/// `[….rows]`: which rows are exported, and as what.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Rows {
    pub format: Format,
    pub time: TimeFormat,
    /// The sensor's name; the host's, where it is not given.
    pub sensor: Option<String>,
    /// None: all streams.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub rules: Vec<RuleConfig>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    #[default]
    Zeek,
    Tagged,
    Mozdef,
    MozdefBro,
}

/// How the formats `zeek` and `tagged` spell a time.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum TimeFormat {
    #[default]
    Epoch,
    Millis,
    Iso8601,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Key {
    #[default]
    Uid,
    Client,
    None,
}

/// `[[….rows.rules]]`: of the rules of a stream, the first that matches a row decides.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    pub stream: String,
    /// Fields and what they may be; all of them must match.
    #[serde(default)]
    pub when: BTreeMap<String, OneOrMore>,
    pub then: Then,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum OneOrMore {
    One(Setting),
    More(Vec<Setting>),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Then {
    Drop,
    Keep,
    Topic(String),
}

/// `[….delivery]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Rows in memory: half of it before the spool, half of it after.
    pub memory: Size,
    /// How long the end waits for acknowledgements, and a replay for a receiver that takes nothing.
    pub flush_timeout: Span,
    /// What becomes of rows that the receiver refuses until somebody mends that.
    pub refused: Refused,
    /// Where rows go that it will never take; in the spool's folder, where it is not given.
    pub dead_letter: Option<PathBuf>,
    pub dead_letter_bytes: Size,
}

impl Default for Delivery {
    fn default() -> Self {
        Delivery {
            memory: Size(64 << 20),
            flush_timeout: Span(Duration::from_secs(30)),
            refused: Refused::Hold,
            dead_letter: None,
            dead_letter_bytes: Size(256 << 20),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Refused {
    #[default]
    Hold,
    Drop,
}

/// With less a row would not fit.
const MIN_MEMORY: u64 = 1 << 20;

impl Delivery {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.memory.0 < MIN_MEMORY {
            return Err(format!("delivery.memory is less than 1 MiB ({} bytes)", self.memory.0));
        }
        Ok(())
    }

    pub(super) fn dead_letter_file(&self, spool: Option<&Spool>) -> Option<PathBuf> {
        let in_spool = || spool.map(|spool| spool.directory.join("dead-letters.jsonl"));
        self.dead_letter.clone().or_else(in_spool)
    }
}

/// `[….spool]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Spool {
    pub directory: PathBuf,
    #[serde(default = "default_spool_bytes")]
    pub max_bytes: Size,
    #[serde(default = "default_spool_age")]
    pub max_age: Span,
    #[serde(default)]
    pub sync: SyncConfig,
}

/// `never`, `always`, or how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncConfig(pub spool::Sync);

impl Default for SyncConfig {
    fn default() -> Self {
        SyncConfig(spool::Sync::Every(Duration::from_secs(1)))
    }
}

/// A number, a text or a truth value, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting(pub String);

/// A number of bytes: `1048576`, `"64 MiB"`, `"4GB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

/// A duration: `30` (seconds), `"250ms"`, `"5 min"`, `"7days"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

fn default_topic() -> String {
    "zeek-{stream}".to_owned()
}

fn default_batch_rows() -> usize {
    500
}

fn default_batch_bytes() -> Size {
    Size(1 << 20)
}

fn default_timeout() -> Span {
    Span(Duration::from_secs(30))
}

fn default_connections() -> usize {
    2
}

fn yes() -> bool {
    true
}

fn default_spool_bytes() -> Size {
    Size(4 << 30)
}

fn default_spool_age() -> Span {
    Span(Duration::from_secs(7 * 24 * 60 * 60))
}

const MIN_SPOOL: u64 = 1 << 20;

impl Rows {
    /// What an exporter wants; an error where the rules or names do not fit the streams there are.
    pub(super) fn export(&self, key: KeyBy, streams: &Known) -> Result<Export, String> {
        for name in self.include.iter().chain(&self.exclude) {
            streams.find(name)?;
        }
        let mut rules = Vec::new();
        for rule in &self.rules {
            let forms = streams.find(&rule.stream)?;
            let rule = rule.rule();
            // One of several forms of a stream is enough.
            let wrong = forms.into_iter().map(|schema| rule.check(schema)).reduce(Result::or);
            if let Some(Err(error)) = wrong {
                return Err(format!("a rule for {}: {}", rule.stream, error.0));
            }
            rules.push(rule);
        }
        Ok(Export {
            shape: match self.format {
                Format::Zeek => Shape::Zeek,
                Format::Tagged => Shape::Tagged,
                Format::Mozdef => Shape::Mozdef,
                Format::MozdefBro => Shape::MozdefBro,
            },
            time: match self.time {
                TimeFormat::Epoch => JsonTime::Epoch,
                TimeFormat::Millis => JsonTime::Millis,
                TimeFormat::Iso8601 => JsonTime::Iso8601,
            },
            sensor: self.sensor(),
            streams: Streams { include: self.include.clone(), exclude: self.exclude.clone() },
            rules,
            key,
        })
    }

    pub(super) fn sensor(&self) -> String {
        let host = || {
            let name = nix::sys::utsname::uname().ok()?.nodename().to_string_lossy().into_owned();
            Some(name).filter(|name| !name.is_empty())
        };
        self.sensor.clone().or_else(host).unwrap_or_else(|| "nightjar".to_owned())
    }
}

impl RuleConfig {
    fn rule(&self) -> Rule {
        let texts = |values: &OneOrMore| match values {
            OneOrMore::One(value) => vec![value.0.clone()],
            OneOrMore::More(values) => values.iter().map(|value| value.0.clone()).collect(),
        };
        let condition = |(field, values)| Condition { field: String::clone(field), any_of: texts(values) };
        Rule {
            stream: self.stream.clone(),
            when: self.when.iter().map(condition).collect(),
            then: match &self.then {
                Then::Drop => Action::Drop,
                Then::Keep => Action::Keep,
                Then::Topic(topic) => Action::Topic(topic.clone()),
            },
        }
    }
}

impl From<Key> for KeyBy {
    fn from(key: Key) -> KeyBy {
        match key {
            Key::Uid => KeyBy::Uid,
            Key::Client => KeyBy::Client,
            Key::None => KeyBy::None,
        }
    }
}

impl Spool {
    pub(super) fn options(&self) -> Result<spool::Options, String> {
        if self.max_bytes.0 < MIN_SPOOL {
            return Err(format!("spool.max_bytes is less than {MIN_SPOOL}"));
        }
        Ok(spool::Options {
            dir: self.directory.clone(),
            max_bytes: self.max_bytes.0,
            max_age: self.max_age.0,
            // A few of them at least: space comes back a segment at a time.
            segment_bytes: (self.max_bytes.0 / 8).min(16 << 20),
            sync: self.sync.0,
        })
    }
}

const SIZES: &[(&str, u64)] = &[
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// Units of time in milliseconds.
const SPANS: &[(&str, u64)] = &[
    ("ms", 1),
    ("msec", 1),
    ("", 1_000),
    ("s", 1_000),
    ("sec", 1_000),
    ("min", 60_000),
    ("h", 3_600_000),
    ("hr", 3_600_000),
    ("hour", 3_600_000),
    ("day", 86_400_000),
];

/// A whole number and a unit.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let named = |unit: &str| units.iter().find(|(name, _)| *name == unit);
    let (_, factor) = named(&unit).or_else(|| named(unit.strip_suffix('s')?))?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

struct Text;

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text, true or false")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text).map(Setting)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(Text)?;
        let size = quantity(&text, SIZES);
        size.map(Size).ok_or_else(|| D::Error::custom(format!("'{text}' is no size such as \"64 MiB\"")))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(Text)?;
        let span = quantity(&text, SPANS).map(Duration::from_millis);
        span.map(Span).ok_or_else(|| D::Error::custom(format!("'{text}' is no time such as \"30s\"")))
    }
}

impl<'de> Deserialize<'de> for SyncConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(Text)?;
        let sync = match &text[..] {
            "never" => spool::Sync::Never,
            "always" => spool::Sync::Always,
            often => match quantity(often, SPANS) {
                Some(millis) => spool::Sync::Every(Duration::from_millis(millis)),
                None => return Err(D::Error::custom(format!("'{text}' is not never, always or a time"))),
            },
        };
        Ok(SyncConfig(sync))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Schema;

    #[test]
    fn quantities_have_units() {
        for (text, expected) in [
            ("1024", Some(1024)),
            ("64 MiB", Some(64 << 20)),
            ("4gb", Some(4_000_000_000)),
            ("4 parsecs", None),
            ("MiB", None),
            ("99999999999999 TiB", None),
        ] {
            assert_eq!(quantity(text, SIZES), expected, "{text}");
        }
        for (text, expected) in [
            ("30", Some(30_000)),
            ("250ms", Some(250)),
            ("5 mins", Some(300_000)),
            ("7days", Some(604_800_000)),
        ] {
            assert_eq!(quantity(text, SPANS), expected, "{text}");
        }
    }

    #[test]
    fn unknown_keys_and_streams_are_errors() {
        let wrong = Config::read("[kafka]\ntopik = \"a\"").unwrap_err().to_string();
        assert!(wrong.contains("topik") && wrong.contains("line 2"), "{wrong}");
        let config = Config::read("[kafka.rows]\ninclude = [\"cnn\"]").unwrap();
        const CONN: &Schema = &Schema { path: "conn", fields: &[] };
        let known = Known { schemas: vec![CONN], ..Known::default() };
        let wrong = config.kafka.unwrap().rows.export(KeyBy::Uid, &known).unwrap_err();
        assert_eq!(wrong, "there is no stream cnn; there are conn");
    }

    #[test]
    fn a_whole_table_is_read() {
        let config = Config::read(
            r#"
            [kafka]
            topic = "zeek"
            topics = { notice = "alerts" }
            key = "client"
            [kafka.client]
            "bootstrap.servers" = "a:9092,b:9092"
            "linger.ms" = 5
            "enable.ssl.certificate.verification" = true
            [kafka.rows]
            format = "mozdef-bro"
            [[kafka.rows.rules]]
            stream = "conn"
            when = { "id.resp_p" = [53, 123], service = "dns" }
            then = "drop"
            [[kafka.rows.rules]]
            stream = "dns"
            then = { topic = "noise" }
            [kafka.spool]
            directory = "spool"
            sync = "5s"
            "#,
        )
        .unwrap();
        let kafka = config.kafka.unwrap();
        assert_eq!(kafka.client["linger.ms"].0, "5");
        assert_eq!(kafka.client["enable.ssl.certificate.verification"].0, "true");
        assert_eq!(kafka.rows.rules[0].rule().when[0].any_of, ["53", "123"]);
        assert_eq!(kafka.rows.rules[1].rule().then, Action::Topic("noise".to_owned()));
        assert_eq!(kafka.spool.unwrap().sync.0, spool::Sync::Every(Duration::from_secs(5)));
    }

    #[test]
    fn the_configuration_that_ships_is_read_commented_out_parts_included() {
        let text = include_str!("../../../configs/kafka.toml");
        let shipped = Config::read(text).unwrap().kafka.unwrap();
        assert_eq!(shipped.client["bootstrap.servers"].0, "127.0.0.1:9092");
        // What is commented out stands behind `# `, and its first word is a name.
        let named = |line: &str| line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
        let setting = |line: &str| named(line) || line.starts_with('[');
        let whole: Vec<&str> = text
            .lines()
            .filter_map(|line| match line.strip_prefix("# ") {
                Some(rest) => Some(rest).filter(|rest| setting(rest)),
                None => Some(line),
            })
            .collect();
        let whole = Config::read(&whole.join("\n")).unwrap();
        let (kafka, http) = (whole.kafka.unwrap(), whole.http_sink.unwrap());
        assert_eq!(
            (kafka.rows.rules.len(), kafka.delivery.memory, kafka.rows.exclude.len()),
            (2, Size(64 << 20), 1)
        );
        assert_eq!((http.batch_rows, http.rows.format), (500, Format::Mozdef));
    }
}
