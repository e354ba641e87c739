//! The tables `[kafka]`, `[http_sink]` and `[aggregate]` of a configuration file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, de};

use crate::export::{Action, Condition, Export, FieldNames, KeyBy, Rule, Shape, Streams};
use crate::record::JsonTime;
use crate::sink::quantity::{size, span};
use crate::sink::uplink::{AGGREGATE, Aggregate};
use crate::sink::{Known, Mistake, first, spool};

/// Where rows are exported to. A file may leave both out.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct Config {
    pub kafka: Option<Kafka>,
    pub http_sink: Option<Http>,
    pub aggregate: Option<Aggregate>,
}

impl Config {
    /// The tables of a file that are read here.
    pub const TABLES: [&str; 3] = ["kafka", "http_sink", "aggregate"];

    /// Whether rows are exported anywhere.
    pub fn is_some(&self) -> bool {
        self.kafka.is_some() || self.http_sink.is_some()
    }

    /// What each exporter wants, by its name.
    pub fn exports(&self, streams: &Known) -> Result<Vec<(&'static str, Export)>, String> {
        let kafka = self.kafka.as_ref().map(|kafka| ("kafka", &kafka.rows, kafka.key.0.clone()));
        let http = self.http_sink.as_ref().map(|http| ("http_sink", &http.rows, KeyBy::None));
        let both = [kafka, http].into_iter().flatten();
        both.map(|(name, rows, key)| Ok((name, rows.export(key, streams).map_err(first)?))).collect()
    }

    /// The folders that exporters write to: those of spools, and of dead-letter files.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.settings_of_folders().map(|(_, folder)| folder)
    }

    /// The same, with the keys of the settings that name them.
    pub fn settings_of_folders(&self) -> impl Iterator<Item = (Vec<String>, &Path)> {
        let kafka = self.kafka.as_ref().map(|kafka| ("kafka", &kafka.delivery, kafka.spool.as_ref()));
        let http = self.http_sink.as_ref().map(|http| ("http_sink", &http.delivery, http.spool.as_ref()));
        let aggregate = self.aggregate.as_ref();
        let aggregate = aggregate.map(|up| (AGGREGATE, &up.delivery, up.spool.as_ref()));
        [kafka, http, aggregate].into_iter().flatten().flat_map(|(name, delivery, spool)| {
            let letters = delivery.dead_letter.as_deref().and_then(Path::parent);
            let letters = letters.filter(|folder| !folder.as_os_str().is_empty());
            let keys = |table: &str, key: &str| [name, table, key].map(str::to_owned).to_vec();
            let spool = spool.map(|spool| (keys("spool", "directory"), spool.directory.as_path()));
            spool.into_iter().chain(letters.map(|folder| (keys("delivery", "dead_letter"), folder)))
        })
    }

    /// The folders of spools, each with how many bytes it may hold.
    pub fn spools(&self) -> impl Iterator<Item = (&Path, u64)> {
        let kafka = self.kafka.as_ref().and_then(|kafka| kafka.spool.as_ref());
        let http = self.http_sink.as_ref().and_then(|http| http.spool.as_ref());
        [kafka, http].into_iter().flatten().map(|spool| (spool.directory.as_path(), spool.max_bytes.0))
    }

    /// The folder in which kinit (Kerberos) keeps its tickets for Kafka.
    pub fn tickets(&self) -> Option<PathBuf> {
        let is_kerberos = |(name, value): (&String, &Setting)| {
            name.starts_with("sasl.mechanism") && value.0.eq_ignore_ascii_case("GSSAPI")
        };
        let kafka = self.kafka.iter().flat_map(|kafka| &kafka.client);
        let aggregate = self.aggregate.iter().flat_map(|up| &up.client);
        kafka.chain(aggregate).find(|setting| is_kerberos(*setting))?;
        let cache = std::env::var("KRB5CCNAME").unwrap_or_default();
        let cache = Path::new(cache.strip_prefix("FILE:").unwrap_or(&cache));
        Some(
            cache
                .parent()
                .filter(|folder| folder.is_absolute())
                .map_or_else(std::env::temp_dir, Path::to_owned),
        )
    }

    /// Reads a file's tables; those of others are theirs to check. Or else all that is wrong with them, each with
    /// where in the text it is.
    pub fn read(text: &str) -> Result<Config, Vec<(usize, String)>> {
        let mut wrong: Vec<(usize, String)> = Vec::new();
        let mut rest = text.to_owned();
        loop {
            let error = match toml::from_str(&rest) {
                Ok(config) if wrong.is_empty() => return Ok(config),
                Ok(_) => break,
                Err(error) => error,
            };
            let at = error.span().map_or(0, |span| span.start);
            let line = rest.get(..at).map_or(0, |before| before.rfind('\n').map_or(0, |end| end + 1));
            let end = rest[line..].find('\n').map_or(rest.len(), |length| line + length);
            let found = (at, without_values(error.message()));
            // Without the line, what else is wrong shows; unless it is a table's head or already gone.
            let blank = rest[line..end].trim().is_empty() || rest[line..end].trim_start().starts_with('[');
            let known = wrong.contains(&found);
            if !known {
                wrong.push(found);
            }
            if blank || known || wrong.len() >= MAX_WRONG || toml::from_str::<toml::Table>(&rest).is_err() {
                break;
            }
            rest.replace_range(line..end, &" ".repeat(end - line));
            // A value of several lines went with its first: what is left of it is no mistake of anybody's.
            if toml::from_str::<toml::Table>(&rest).is_err() {
                break;
            }
        }
        wrong.sort_unstable();
        Err(wrong)
    }
}

/// Mistakes told at a time.
const MAX_WRONG: usize = 50;

/// A message without the values in it: one may be a password in the wrong place.
fn without_values(message: &str) -> String {
    match message.split_once("invalid type: string \"") {
        Some((before, rest)) => {
            let rest = rest.rsplit_once("\", expected").map_or("", |(_, rest)| rest);
            format!("{before}invalid type: a text, expected{rest}")
        }
        None => message.to_owned(),
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
    /// The records' time; a row's own in live capture, where it is not given.
    pub timestamp: Option<Timestamp>,
    #[serde(default)]
    pub rows: Rows,
    #[serde(default)]
    pub delivery: Delivery,
    pub spool: Option<Spool>,
    /// Settings of librdkafka, by its names for them.
    #[serde(default, deserialize_with = "client_settings")]
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

/// Reads settings of librdkafka. What would break the promise that acknowledged rows have arrived is refused.
pub(super) fn client_settings<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Setting>, D::Error> {
    struct Settings;
    impl<'de> Visitor<'de> for Settings {
        type Value = BTreeMap<String, Setting>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("settings of librdkafka")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut settings = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                let value = match &name[..] {
                    "acks" | "request.required.acks" => map.next_value::<Acks>()?.0,
                    _ => map.next_value()?,
                };
                settings.insert(name, value);
            }
            Ok(settings)
        }
    }
    deserializer.deserialize_map(Settings)
}

/// A number of acknowledgements that is not 0.
struct Acks(Setting);

impl<'de> Deserialize<'de> for Acks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let acks = Setting::deserialize(deserializer)?;
        if acks.0.trim() == "0" {
            let why = "acks = 0: rows would count as acknowledged that no broker has; \"all\" loses none";
            return Err(D::Error::custom(why));
        }
        Ok(Acks(acks))
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, expecting = "{ user = …, password = … }")]
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
    /// A member with that name in the formats `zeek` and `tagged`.
    pub sensor_field: Option<String>,
    pub names: NameStyle,
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
    Ecs,
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

/// `uid`, `client`, `none`, or the names of fields, of which the first that is set counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key(pub KeyBy);

/// What the time of Kafka's records is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Timestamp {
    /// What stands in the row's field `ts`.
    Row,
    /// When it was sent.
    Sent,
}

/// How fields are called in the formats `zeek` and `tagged`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum NameStyle {
    #[default]
    Dots,
    Underscores,
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
    #[serde(deserialize_with = "at_least_a_mebibyte")]
    pub memory: Size,
    /// How long the end waits for acknowledgements, and a replay for a receiver that takes nothing.
    pub flush_timeout: Span,
    /// What is wrong for longer than this speaks against the sensor's being ready (`/healthz`).
    pub not_ready_after: Span,
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
            not_ready_after: Span(Duration::from_secs(60)),
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

/// Less memory or disk than this would hold no rows.
const LEAST: u64 = 1 << 20;

fn at_least_a_mebibyte<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
    let size = Size::deserialize(deserializer)?;
    if size.0 < LEAST {
        return Err(D::Error::custom(format!("{} bytes are too few: 1 MiB is the least", size.0)));
    }
    Ok(size)
}

impl Delivery {
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
    #[serde(default = "default_spool_bytes", deserialize_with = "at_least_a_mebibyte")]
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

/// Where the key is set, which is not in this table but in that around it.
pub(super) const KEY: &str = "key";

impl Rows {
    /// What an exporter wants; or all that does not fit the streams there are, by its place in this table.
    pub(super) fn export(&self, key: KeyBy, streams: &Known) -> Result<Export, Vec<Mistake>> {
        let mut wrong = Vec::new();
        for (list, names) in [("include", &self.include), ("exclude", &self.exclude)] {
            let unknown = names.iter().filter_map(|name| streams.find(name).err());
            wrong.extend(unknown.map(|what| Mistake::at(&[list], what)));
        }
        for field in key.fields() {
            let known = || streams.schemas.iter().any(|schema| schema.field(field).is_some());
            if !streams.open && matches!(key, KeyBy::Fields(_)) && !known() {
                wrong.push(Mistake::at(&[KEY], format!("key: no stream has a field {field}")));
            }
        }
        if let Some(name) = &self.sensor_field
            && let Some(schema) = streams.schemas.iter().find(|schema| schema.field(name).is_some())
        {
            let what = format!("rows.sensor_field: the stream {} has a field {name} already", schema.path);
            wrong.push(Mistake::at(&["sensor_field"], what));
        }
        let mut rules = Vec::new();
        for (nth, rule) in self.rules.iter().enumerate() {
            let at = ["rules", &nth.to_string()];
            let forms = match streams.find(&rule.stream) {
                Ok(forms) => forms,
                Err(what) => {
                    wrong.push(Mistake::at(&at, what));
                    continue;
                }
            };
            let rule = rule.rule();
            // One of several forms of a stream is enough.
            let fits = forms.into_iter().map(|schema| rule.check(schema)).reduce(Result::or);
            match fits {
                Some(Err(error)) => {
                    wrong.push(Mistake::at(&at, format!("a rule for {}: {}", rule.stream, error.0)));
                }
                _ => rules.push(rule),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Export {
            shape: match self.format {
                Format::Zeek => Shape::Zeek,
                Format::Tagged => Shape::Tagged,
                Format::Mozdef => Shape::Mozdef,
                Format::MozdefBro => Shape::MozdefBro,
                Format::Ecs => Shape::Ecs,
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
            names: match self.names {
                NameStyle::Dots => FieldNames::Dots,
                NameStyle::Underscores => FieldNames::Underscores,
            },
            sensor_field: self.sensor_field.clone(),
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

impl Spool {
    pub(super) fn options(&self) -> spool::SpoolOptions {
        spool::SpoolOptions {
            dir: self.directory.clone(),
            max_bytes: self.max_bytes.0,
            max_age: self.max_age.0,
            // A few of them at least: space comes back a segment at a time.
            segment_bytes: (self.max_bytes.0 / 8).min(16 << 20),
            sync: self.sync.0,
        }
    }
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

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = match OneOrMore::deserialize(deserializer)? {
            OneOrMore::One(name) => vec![name.0],
            OneOrMore::More(names) => names.into_iter().map(|name| name.0).collect(),
        };
        Ok(Key(match names.iter().map(|name| &name[..]).collect::<Vec<_>>()[..] {
            ["uid"] => KeyBy::Uid,
            ["client"] => KeyBy::Client,
            ["none"] => KeyBy::None,
            _ => KeyBy::Fields(names),
        }))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(Text)?;
        size(&text)
            .map(Size)
            .ok_or_else(|| D::Error::custom(format!("'{text}' is no size such as \"64 MiB\"")))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(Text)?;
        span(&text).map(Span).ok_or_else(|| D::Error::custom(format!("'{text}' is no time such as \"30s\"")))
    }
}

impl<'de> Deserialize<'de> for SyncConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(Text)?;
        let sync = match &text[..] {
            "never" => spool::Sync::Never,
            "always" => spool::Sync::Always,
            often => match span(often) {
                Some(interval) => spool::Sync::Every(interval),
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
    fn unknown_keys_and_streams_are_errors() {
        let text = "[kafka]\ntopik = \"a\"\n[kafka.delivery]\nmemory = \"0\"\nflush_timeout = \"3 parsecs\"\n\
                    [kafka.client]\nacks = 0\n\"linger.ms\" = 5\n[http_sink]\nurl = \"http://x/\"\nbasic = \"a:secret\"\n";
        let wrong = Config::read(text).unwrap_err();
        let told: Vec<(usize, &str)> =
            wrong.iter().map(|(at, what)| (text[..*at].matches('\n').count() + 1, &what[..])).collect();
        assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 5, 7, 11], "{told:?}");
        let parts = ["topik", "1 MiB is the least", "3 parsecs", "acks = 0", "a text, expected"];
        assert!(told.iter().zip(parts).all(|((_, what), part)| what.contains(part)), "{told:?}");
        assert!(!format!("{told:?}").contains("secret"));
        let config = Config::read("[kafka.rows]\ninclude = [\"cnn\"]").unwrap();
        const CONN: &Schema = &Schema { path: "conn", fields: &[], summary: &[] };
        let known = Known { schemas: vec![CONN], ..Known::default() };
        let wrong = config.kafka.unwrap().rows.export(KeyBy::Uid, &known).unwrap_err();
        assert_eq!(first(wrong), "there is no stream cnn; there are conn");
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
