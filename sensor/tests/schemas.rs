//! The committed JSON Schemas are those of the records, and what is exported follows them.
//!
//! `NIGHTJAR_BLESS=1` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jsonschema::Validator;
use nightjar::config::Config;
use nightjar::export::{Export, Exports, KeyBy, Shape, Streams, json_schema, rows};
use nightjar::log::{Outlet, Target};
use nightjar::pipeline::{ReplayOptions, replay};
use nightjar::record::{Format, JsonTime};
use nightjar::sink::streams;
use serde_json::Value as Json;

/// Every way that rows are exported, with the folder of its schemas.
fn formats() -> Vec<(String, Shape, JsonTime)> {
    let times = [("epoch", JsonTime::Epoch), ("millis", JsonTime::Millis), ("iso8601", JsonTime::Iso8601)];
    let mut formats = Vec::new();
    for shape in Shape::ALL {
        match shape {
            Shape::Zeek | Shape::Tagged => {
                formats.extend(times.map(|(name, time)| (format!("{}-{name}", shape.name()), shape, time)))
            }
            Shape::Mozdef | Shape::MozdefBro => {
                formats.push((shape.name().to_owned(), shape, JsonTime::Epoch));
            }
        }
    }
    formats
}

fn root(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)
}

#[test]
fn the_committed_schemas_are_those_of_the_records() {
    let bless = std::env::var_os("NIGHTJAR_BLESS").is_some();
    let mut expected = BTreeSet::new();
    for (folder, shape, time) in formats() {
        let folder = root("schemas").join(folder);
        for schema in streams() {
            let path = folder.join(format!("{}.json", schema.path));
            let text = format!("{:#}\n", json_schema(schema, shape, time));
            if bless {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "{} is not current: run with NIGHTJAR_BLESS=1", path.display());
            expected.insert(path);
        }
    }
    for folder in std::fs::read_dir(root("schemas")).unwrap() {
        let folder = folder.unwrap().path();
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap().path();
            assert!(expected.contains(&file), "{} is of no stream", file.display());
        }
    }
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
    };
    let exports = Exports(formats.iter().map(export).collect());
    let kept: Vec<Kept> = formats.iter().map(|_| Kept::default()).collect();
    let outlets = kept.iter().map(|kept| Box::new(kept.clone()) as Box<dyn Outlet>).collect();
    let options = ReplayOptions {
        capture: capture.to_owned(),
        filter: None,
        write: None,
        workers: 2,
        target: Target::Stdout("nothing".to_owned()),
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
