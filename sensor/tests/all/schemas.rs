//! The committed JSON Schemas are those of the records, and what is exported follows them.
//!
//! `NIGHTJAR_BLESS=1` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use jsonschema::Validator;
use nightjar::analyze::reference;
use nightjar::config::{Config, options};
use nightjar::export::{Export, Exports, FieldNames, KeyBy, Shape, Streams, json_schema, rows};
use nightjar::log::{Outlet, Target};
use nightjar::pipeline::{HANG_AFTER, ReplayOptions, declared_logs, replay, streams};
use nightjar::record::{Format, JsonTime};
use nightjar::service::metrics;
use serde_json::Value as Json;

/// Every way that rows are exported, with the folder of its schemas.
fn formats() -> Vec<(String, Shape, JsonTime)> {
    let times = [("epoch", JsonTime::Epoch), ("millis", JsonTime::Millis), ("iso8601", JsonTime::Iso8601)];
    let timed = |shape: Shape| times.map(|(name, time)| (format!("{}-{name}", shape.name()), shape, time));
    let fixed = |shape: Shape| (shape.name().to_owned(), shape, JsonTime::Epoch);
    let mut formats = [timed(Shape::Zeek), timed(Shape::Tagged)].concat();
    formats.extend([fixed(Shape::Mozdef), fixed(Shape::MozdefBro), fixed(Shape::Ecs)]);
    formats
}

fn root(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)
}

/// Every file below a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for format in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(format.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            files.insert(path.strip_prefix(folder).unwrap().to_owned(), text);
        }
    }
    files
}

/// What `nightjar schemas` writes.
fn written(scripts: &[&str]) -> BTreeMap<PathBuf, String> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    let output = command.args(["schemas", "--to"]).arg(folder.path()).args(scripts).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    files(folder.path())
}

#[test]
fn the_committed_schemas_are_those_of_the_records() {
    let schemas = written(&[]);
    let folder = root("schemas");
    if std::env::var_os("NIGHTJAR_BLESS").is_some() {
        std::fs::remove_dir_all(&folder).unwrap();
        for (path, text) in &schemas {
            std::fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
            std::fs::write(folder.join(path), text).unwrap();
        }
    }
    let committed = files(&folder);
    assert_eq!(committed.keys().collect::<Vec<_>>(), schemas.keys().collect::<Vec<_>>());
    for (path, text) in &schemas {
        assert!(committed[path] == *text, "{} is not current: run with NIGHTJAR_BLESS=1", path.display());
    }
    for stream in
        ["stats", "capture_loss", "notice", "intel", "config", "reporter", "noise", "http-noise", "dns-noise"]
    {
        assert_eq!(schemas.keys().filter(|path| path.file_stem().unwrap() == stream).count(), 9, "{stream}");
    }
}

/// Files that are generated from declarations in the sensor, by their path in the repository.
fn generated() -> Vec<(String, String)> {
    let logs = declared_logs()
        .map(|log| (format!("scripts/base/logs/{}.zeek", log.schema.path), reference::log_zeek(log)));
    let pages = [
        ("scripts/base/events.zeek", reference::events_zeek()),
        ("docs/events.md", reference::events_md()),
        ("docs/logs.md", reference::logs_md(streams())),
        ("scripts/base/options.zeek", options::declarations()),
        ("docs/options.md", options::reference()),
    ];
    let parts = [
        ("docs/metrics.md", metrics::documented as fn(&str) -> String),
        ("configs/sensor.toml", with_protocols_settings),
    ];
    let part = |(path, now): (&str, fn(&str) -> String)| {
        (path.to_owned(), now(&std::fs::read_to_string(root(path)).unwrap()))
    };
    let pages = pages.map(|(path, text)| (path.to_owned(), text));
    logs.chain(pages).chain(parts.map(part)).collect()
}

/// The sample configuration with what is generated in it.
fn with_protocols_settings(file: &str) -> String {
    let settings = options::sample();
    let begin = settings.lines().next().unwrap();
    let (before, rest) = file.split_once(begin).expect("the line that generated settings begin with");
    let (_, after) = rest.split_once("\n[service]").expect("[service] behind them");
    format!("{before}{settings}\n[service]{after}")
}

#[test]
fn what_is_generated_from_declarations_is_current() {
    for (path, text) in generated() {
        let file = root(&path);
        if std::env::var_os("NIGHTJAR_BLESS").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == text, "{path} is not current: run with NIGHTJAR_BLESS=1");
    }
}

#[test]
fn schemas_of_scripts_have_their_streams_and_columns() {
    let script = "module M; export { redef enum Log::ID += { LOG }; type Info: record { n: count &log; }; }\n\
                  redef record Conn::Info += { extra: string &log &optional; };\n\
                  event zeek_init() { Log::create_stream(M::LOG, [$columns=Info, $path=\"mine\"]); }";
    let schemas = written(&["-e", script]);
    let schema = |path: &str| -> Json { serde_json::from_str(&schemas[Path::new(path)]).unwrap() };
    assert_eq!(schema("zeek-epoch/mine.json")["properties"]["n"]["type"], "integer");
    assert!(schema("zeek-epoch/conn.json")["properties"].get("extra").is_some());
    assert_ne!(schema("zeek-epoch/conn.json")["title"], schema("zeek-millis/dns.json")["title"]);
}

#[test]
fn schemas_of_an_exporter_are_as_it_sends_rows() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("kafka.toml");
    let text = "[kafka]\n[kafka.rows]\nnames = \"underscores\"\nsensor_field = \"_sensor\"\n[kafka.client]\n\
                \"bootstrap.servers\" = \"127.0.0.1:1\"\n";
    std::fs::write(&config, text).unwrap();
    let schemas = written(&["--config", config.to_str().unwrap()]);
    let schema: Json = serde_json::from_str(&schemas[Path::new("kafka/conn.json")]).unwrap();
    assert!(schema["properties"].get("id_orig_h").is_some() && schema["properties"].get("_sensor").is_some());
    assert!(schema["properties"].get("id.orig_h").is_none());
}

/// A row's stream and value.
type Row = (String, Vec<u8>);

/// Rows as an exporter gets them.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Row>>>);

impl Outlet for Kept {
    fn row(&mut self, row: &[u8]) {
        let rows = rows(row).map(|row| row.expect("a whole row").1);
        self.0.lock().unwrap().extend(rows.map(|row| (row.stream.to_owned(), row.value.to_vec())));
    }
}

/// What each format exports of a capture.
fn exported(capture: &Path, formats: &[(String, Shape, JsonTime)], files: Format) -> Vec<Vec<Row>> {
    let export = |(_, shape, time): &(String, Shape, JsonTime)| Export {
        shape: *shape,
        time: *time,
        sensor: "tap1".to_owned(),
        streams: Streams::default(),
        rules: Vec::new(),
        key: KeyBy::Uid,
        names: FieldNames::Dots,
        sensor_field: None,
    };
    let exports = Exports(formats.iter().map(export).collect());
    let kept: Vec<Kept> = formats.iter().map(|_| Kept::default()).collect();
    let outlets = kept.iter().map(|kept| Box::new(kept.clone()) as Box<dyn Outlet>).collect();
    let options = ReplayOptions {
        asked_logs: None,
        capture: capture.to_owned(),
        filter: None,
        write: None,
        workers: 2,
        target: Target::Stdout("nothing".to_owned()),
        stop: Arc::default(),
        in_step: false,
        hang_after: HANG_AFTER,
    };
    let config = Config { exports, format: files, ignore_checksums: true, ..Config::default() };
    let summary = replay(options, config, outlets, None, |_| {}).expect("a replay");
    let rows: u64 = summary.rows.iter().map(|(_, rows)| rows).sum();
    let kept: Vec<_> = kept.into_iter().map(|kept| std::mem::take(&mut *kept.0.lock().unwrap())).collect();
    assert!(kept.iter().all(|kept| kept.len() as u64 == rows), "every row is exported in every format");
    kept
}

fn check(validator: &Validator, stream: &str, format: &str, value: &[u8], capture: &Path) {
    let value: Json = serde_json::from_slice(value).expect("JSON");
    let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{stream} as {format} of {}: {errors:?}\n{value}", capture.display());
}

/// The captures of this project, or those in the folder that `NIGHTJAR_CAPTURES` names.
fn captures() -> Vec<PathBuf> {
    let mut folders =
        vec![std::env::var_os("NIGHTJAR_CAPTURES").map_or_else(|| root("pcaps"), PathBuf::from)];
    let mut captures = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_capture = |e: &std::ffi::OsStr| ["pcap", "pcapng", "cap", "trace"].iter().any(|x| e == *x);
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(is_capture) {
                captures.push(path);
            }
        }
    }
    captures.sort();
    captures
}

#[test]
fn rows_are_the_same_whatever_the_files_are() {
    let (capture, formats) = (root("pcaps").join("http.pcap"), formats());
    let tsv = exported(&capture, &formats, Format::Tsv);
    for time in [JsonTime::Epoch, JsonTime::Millis, JsonTime::Iso8601] {
        let json = exported(&capture, &formats, Format::Json(time));
        for (((name, ..), json), tsv) in formats.iter().zip(json).zip(&tsv) {
            assert!(json == *tsv && !json.is_empty(), "{name} with {time:?} in files");
        }
    }
}

#[test]
fn every_exported_row_follows_its_schema() {
    let formats = formats();
    let mut validators = BTreeMap::new();
    for (name, shape, time) in &formats {
        for schema in streams() {
            let schema_of = json_schema(schema, *shape, *time);
            validators.insert((name, schema.path), jsonschema::validator_for(&schema_of).unwrap());
            if *shape == Shape::MozdefBro {
                let message = schema_of.pointer("/properties/MESSAGE/contentSchema").unwrap();
                validators.insert((name, schema.path), jsonschema::validator_for(message).unwrap());
            }
        }
    }
    let mut seen = BTreeSet::new();
    let captures = captures();
    assert!(!captures.is_empty());
    for capture in &captures {
        let exported = exported(capture, &formats, Format::Tsv);
        for ((name, shape, _), rows) in formats.iter().zip(exported) {
            for (stream, value) in rows {
                let validator = &validators[&(name, &stream[..])];
                if *shape == Shape::MozdefBro {
                    let envelope: Json = serde_json::from_slice(&value).expect("JSON");
                    assert_eq!(envelope["SOURCE"], format!("bro_{stream}"));
                    let message = envelope["MESSAGE"].as_str().expect("a text");
                    check(validator, &stream, name, message.as_bytes(), capture);
                } else {
                    check(validator, &stream, name, &value, capture);
                }
                seen.insert(stream);
            }
        }
    }
    for stream in ["conn", "dns", "files", "http", "tunnel", "weird"] {
        assert!(seen.contains(stream), "no capture has rows of {stream}");
    }
}
