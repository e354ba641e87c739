//! What an aggregator knows of a partition, as records of a compacted topic: so a successor goes on where it was.
//!
//! A record's key begins with what it is: `p` the position, `h` a SumStat, `k` a key of one with its results, `l` what
//! lasts (a suppression, a blocked network), `o` rows that may not be in a log yet.

use std::collections::HashMap;
use std::sync::Arc;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::log::{ScriptLog, Separators, Style};
use crate::record::JsonTime;
use crate::script_host::{HeldRow, Lasting};
use crate::sumstats::{Key, Saved};
use crate::time::Time;

/// A record of the topic: its key, and its value or that there is none any more.
pub(super) type Kept = (Vec<u8>, Option<Vec<u8>>);

pub(super) const POSITION: &[u8] = b"p";
pub(super) const ROWS: &[u8] = b"o";
const STAT: u8 = b'h';
const RESULTS: u8 = b'k';
const LASTING: u8 = b'l';

const VERSION: u32 = 1;

/// How far a partition was read and counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub version: u32,
    /// All that was observed before this packet time, in nanoseconds, is counted.
    pub clock: i64,
    /// The first time that was heard of, while nothing is counted.
    pub first: Option<i64>,
    /// Records before this were read; …
    pub read: i64,
    /// … of those from this one on, observations of the clock's time or later are not counted.
    pub from: i64,
    /// Those among them that repeat others.
    pub repeated: Vec<i64>,
    pub sensors: Vec<String>,
    /// A sensor, by its place there, its slice, its mark, and whether it has ended.
    pub sources: Vec<(u32, u8, i64, bool)>,
    /// The next batch's that is reported upward, and up to which time it was reported.
    pub number: u64,
    pub reported: Option<i64>,
    /// Runs of sensors, each with its last number and where that was.
    pub runs: Vec<(u64, u64, i64)>,
}

impl Position {
    pub fn bytes(self) -> Vec<u8> {
        serde_json::to_vec(&Position { version: VERSION, ..self }).unwrap_or_default()
    }
}

/// A row that may not be in its log yet.
#[derive(Debug, Serialize, Deserialize)]
struct KeptRow {
    path: String,
    names: Vec<String>,
    types: Vec<String>,
    json: bool,
    row: Vec<u8>,
    at: i64,
}

/// Rows as a record's value.
pub(super) fn rows_kept(rows: &[HeldRow]) -> Vec<u8> {
    let kept = |held: &HeldRow| KeptRow {
        path: held.script_log.path.to_owned(),
        names: held.script_log.names.clone(),
        types: held.script_log.types.clone(),
        json: matches!(held.script_log.style, Style::Json { .. }),
        row: held.row.clone(),
        at: held.at.nanos(),
    };
    let written = rows.iter().filter(|held| !held.script_log.export_only);
    serde_json::to_vec(&written.map(kept).collect::<Vec<_>>()).unwrap_or_default()
}

/// What was kept of a partition.
#[derive(Default)]
pub(super) struct Restored {
    records: HashMap<Vec<u8>, Vec<u8>>,
}

/// What a partition is gone on with.
pub(super) struct State {
    pub position: Option<Position>,
    pub saved: Saved,
    pub lasting: Vec<(Lasting, Time)>,
    pub rows: Vec<HeldRow>,
    /// Records that make no sense.
    pub damaged: u64,
    pub keys: u64,
}

impl Restored {
    /// Takes a record, the newest of its key so far.
    pub fn take(&mut self, key: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => drop(self.records.insert(key.to_vec(), value.to_vec())),
            None => drop(self.records.remove(key)),
        }
    }

    pub fn finish(self) -> State {
        let mut state = State {
            position: None,
            saved: Saved::default(),
            lasting: Vec::new(),
            rows: Vec::new(),
            damaged: 0,
            keys: 0,
        };
        let of = |kind: u8| self.records.iter().filter(move |(key, _)| key.first() == Some(&kind));
        for (_, value) in of(STAT) {
            state.damaged += u64::from(state.saved.add_stat(value).is_none());
        }
        for (key, value) in of(RESULTS) {
            let added = stat_of(key).and_then(|stat| state.saved.add_key(stat, value));
            state.damaged += u64::from(added.is_none());
            state.keys += u64::from(added.is_some());
        }
        state.saved.settle();
        for (key, value) in of(LASTING) {
            match lasting_of(key, value) {
                Some(lasting) => state.lasting.push(lasting),
                None => state.damaged += 1,
            }
        }
        if let Some(value) = self.records.get(POSITION) {
            state.position = serde_json::from_slice(value).ok().filter(|at: &Position| at.version == VERSION);
            state.damaged += u64::from(state.position.is_none());
        }
        if let Some(value) = self.records.get(ROWS) {
            let rows: Vec<KeptRow> = serde_json::from_slice(value).unwrap_or_default();
            state.rows = rows.into_iter().map(held).collect();
        }
        state
    }
}

fn held(kept: KeptRow) -> HeldRow {
    let style = if kept.json {
        Style::Json { time: JsonTime::Epoch, unset: false }
    } else {
        Style::Tsv(Separators::default())
    };
    // As many names of logs as scripts give.
    let path: &'static str = String::leak(kept.path);
    HeldRow {
        script_log: Arc::new(ScriptLog::new(path, kept.names, kept.types, style)),
        row: kept.row,
        values: Vec::new(),
        exported: false,
        at: Time::from_nanos(kept.at),
    }
}

pub(super) fn stat_key(name: &str) -> Vec<u8> {
    [&[STAT], name.as_bytes()].concat()
}

pub(super) fn results_key(name: &str, key: &Key) -> Vec<u8> {
    let length = (name.len() as u32).to_le_bytes();
    [&[RESULTS], &length[..], name.as_bytes(), &key.bytes()].concat()
}

fn stat_of(key: &[u8]) -> Option<&str> {
    let (length, rest) = key.get(1..)?.split_first_chunk::<4>()?;
    std::str::from_utf8(rest.get(..u32::from_le_bytes(*length) as usize)?).ok()
}

/// What lasts, with its end, as a record.
pub(super) fn lasting_kept(what: &Lasting, until: Time) -> (Vec<u8>, Vec<u8>) {
    let (kind, name, rest) = match what {
        Lasting::Suppressed(note, identifier) => (b's', note, identifier.clone()),
        Lasting::Blocked(path, net) => (b'b', path, net.to_string().into_bytes()),
    };
    let length = (name.len() as u32).to_le_bytes();
    let key = [&[LASTING, kind], &length[..], name.as_bytes(), &rest].concat();
    (key, until.nanos().to_le_bytes().to_vec())
}

fn lasting_of(key: &[u8], value: &[u8]) -> Option<(Lasting, Time)> {
    let until = Time::from_nanos(i64::from_le_bytes(value.try_into().ok()?));
    let (length, rest) = key.get(2..)?.split_first_chunk::<4>()?;
    let (name, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let name = String::from_utf8(name.to_vec()).ok()?;
    let what = match key.get(1)? {
        b's' => Lasting::Suppressed(name, rest.to_vec()),
        b'b' => Lasting::Blocked(name, std::str::from_utf8(rest).ok()?.parse::<IpNet>().ok()?),
        _ => return None,
    };
    Some((what, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_and_what_makes_no_sense_is_counted() {
        let mut kept = Restored::default();
        let position =
            Position { clock: 5, read: 9, from: 7, runs: vec![(u64::MAX, 3, 8)], ..Position::default() };
        kept.take(POSITION, Some(&position.clone().bytes()));
        let net = Lasting::Blocked("list".to_owned(), "10.0.0.0/8".parse().unwrap());
        let quiet = Lasting::Suppressed("Scan::Port_Scan".to_owned(), b"a\0b".to_vec());
        for what in [&net, &quiet] {
            let (key, value) = lasting_kept(what, Time::from_nanos(77));
            kept.take(&key, Some(&value));
        }
        kept.take(b"gone", Some(b"x"));
        kept.take(b"gone", None);
        kept.take(&results_key("no such", &Key::default()), Some(b"?"));
        let state = kept.finish();
        assert_eq!(state.position, Some(Position { version: VERSION, ..position }));
        assert_eq!(state.damaged, 1);
        assert!(
            [net, quiet].iter().all(|what| state.lasting.contains(&(what.clone(), Time::from_nanos(77))))
        );
    }
}
