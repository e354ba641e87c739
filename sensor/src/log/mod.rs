//! Log files: one per kind of record, opened at its first row.
//!
//! In replay a log that cannot be written is an error. A sensor that runs unattended goes on: rows that
//! find no room are counted, writing is tried again soon, and files that somebody removed are made anew
//! ([`Logs::live`]). There, finished logs are handed to an archiver, which compresses them off the path of packets.

mod archive;
mod database;
mod file;
mod leftover;
mod lock;
mod naming;
mod script_log;
mod watch;

pub use archive::{ArchiveCounts, Archiver, Compression, Retention, Upkeep};
pub use database::{Report, message as sqlite_message};
pub use file::{LogError, LogFile, between_rows};
pub use lock::FolderLock;
pub use script_log::{Header, ScriptLog, Separators, Style, Table};

use std::collections::{BTreeSet, HashMap};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Config;
use crate::event::Arg;
use crate::export::{Exports, Serializer};
use crate::log::database::Databases;
use crate::record::{Format, Record, Schema};
use crate::time::{Interval, Time};

/// All logs of a run.
pub struct Logs {
    target: Target,
    format: Format,
    open: Vec<Open>,
    /// Where among them rows of a form went last, by where the form lies in memory: a row costs the same however many
    /// logs there are.
    places: HashMap<usize, usize, foldhash::fast::FixedState>,
    /// What is done about failures and for archiving, in live mode.
    live: Option<Live>,
    serializer: Serializer,
    outlets: Vec<Box<dyn Outlet>>,
    /// Rows of logs beyond [`MAX_LOGS`], and of those whose names no file can have.
    refused: u64,
    databases: Databases,
    /// What is to be told of logs.
    reports: Vec<Report>,
    /// Of the logs that the engine writes by itself, those that anybody asked for; all, where that is not said.
    asked: Option<BTreeSet<String>>,
    /// Holds the folder that logs go to.
    lock: Option<FolderLock>,
}

/// Where exported rows leave: takes every row that one exporter wants, in order.
pub trait Outlet: Send {
    /// A row, encoded as an [`export::ExportRow`](crate::export::ExportRow).
    fn row(&mut self, row: &[u8]);
}

/// Where logs go.
#[derive(Clone, Debug)]
pub enum Target {
    /// `NAME.log` files in this folder.
    Folder(PathBuf),
    /// One log to standard output, the others nowhere.
    Stdout(String),
}

/// When a log is finished and a new one begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// At multiples of this time; zero is never.
    pub interval: Interval,
    /// Since this time of the day, in UTC.
    pub base: Interval,
    /// When a log has grown to so many bytes.
    pub max_bytes: Option<u64>,
}

impl Rotation {
    /// As options say, and at so many bytes; `on`: logs are rotated at all.
    pub fn of(config: &Config, on: bool, max_bytes: Option<u64>) -> Self {
        let (interval, base) = (config.rotate_every, config.rotate_from);
        if on { Rotation { interval, base, max_bytes } } else { Rotation::default() }
    }
}

struct Live {
    rotation: Rotation,
    next_rotation: Time,
    archiver: Option<Archiver>,
    failures: u64,
    /// The operator was told that rows are dropped, and not yet that they are written again.
    complained: bool,
    /// The operator was told that logs cannot be rotated, and not yet that they can.
    stuck: bool,
}

struct Open {
    /// The file's name without `.log`.
    path: &'static str,
    form: Form,
    rows: u64,
    /// Rows that found no room on the disk.
    dropped: u64,
    /// Nobody asked for it: it is not spoken of.
    unasked: bool,
    /// This log is not wanted.
    unwanted: bool,
    /// No file can have its name.
    nameless: bool,
    file: Option<LogFile>,
    opened: Time,
    /// It cannot be written, and that is tried again now and then.
    failing: bool,
    /// Its file is elsewhere, and none can be made where it should be.
    astray: bool,
    /// It is to be rotated, and could not be.
    overdue: bool,
}

/// What a log's header says.
#[derive(Clone)]
enum Form {
    Schema(&'static Schema),
    ScriptLog(Arc<ScriptLog>),
}

/// Logs that may be open at a time: scripts can name them after what traffic says. Rows of more are dropped
/// and counted.
const MAX_LOGS: usize = 1_000;

/// Rows of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowCounts {
    pub log: &'static str,
    /// Rows that came, those dropped included.
    pub rows: u64,
    pub dropped: u64,
}

impl Logs {
    pub fn new(target: Target, format: Format) -> Self {
        let serializer = Exports::default().serializer();
        Logs {
            target,
            format,
            open: Vec::new(),
            places: HashMap::default(),
            serializer,
            outlets: Vec::new(),
            live: None,
            refused: 0,
            databases: Databases::default(),
            reports: Vec::new(),
            asked: None,
            lock: None,
        }
    }

    /// Of the logs that the engine writes by itself only these are written.
    pub fn only(self, asked: Option<BTreeSet<String>>) -> Self {
        Logs { asked, ..self }
    }

    /// Keeps the lock on the folder that logs go to, until they are dropped.
    pub fn holding(self, lock: Option<FolderLock>) -> Self {
        Logs { lock, ..self }
    }

    /// Makes sure of the folder, before anything is written: it is made if it is not there, and nobody else writes
    /// logs there.
    pub fn hold(&mut self) -> Result<(), LogError> {
        let Target::Folder(folder) = &self.target else { return Ok(()) };
        prepare_folder(folder)?;
        if !self.lock.as_ref().is_some_and(|lock| lock.is_of(folder)) {
            self.lock = FolderLock::take(folder)?;
        }
        Ok(())
    }

    /// Logs of a sensor: no failure stops them. Logs go through an archiver where there is one.
    pub fn live(target: Target, format: Format, rotation: Rotation, archiver: Option<Archiver>) -> Self {
        let next_rotation = Time::default();
        let live = Live { rotation, next_rotation, archiver, failures: 0, complained: false, stuck: false };
        Logs { live: Some(live), ..Logs::new(target, format) }
    }

    /// Hands rows to exporters too: each has its outlet at the place that it has among `exports`.
    pub fn exporting(mut self, exports: &Exports, outlets: Vec<Box<dyn Outlet>>) -> Self {
        self.serializer = exports.serializer();
        self.outlets = outlets;
        self
    }

    /// Hands a row to the exporter that wants it.
    pub fn export(&mut self, to: usize, row: &[u8]) {
        if let Some(outlet) = self.outlets.get_mut(to) {
            outlet.row(row);
        }
    }

    /// Appends a finished row.
    pub fn row(&mut self, schema: &'static Schema, row: &[u8], now: Time) -> Result<(), LogError> {
        let at = match self.place(std::ptr::from_ref(schema).addr(), |open| open.path == schema.path) {
            Some(at) => at,
            None => self.find(schema.path, || Form::Schema(schema)),
        };
        self.append(at, row, now)
    }

    /// Appends a finished row of a log that a script describes. If `exported`, exporters get it too.
    pub fn script_log_row(
        &mut self,
        script_log: &Arc<ScriptLog>,
        row: &[u8],
        (values, exported): (&[Arg], bool),
        now: Time,
    ) -> Result<(), LogError> {
        if exported && !self.outlets.is_empty() {
            let (mut bytes, mut exported) = (Vec::new(), Vec::new());
            let record = script_log::ScriptLogRow(values);
            self.serializer.rows_of(
                (script_log.schema(), &script_log.topic),
                &record,
                now,
                None,
                &mut bytes,
                |to, range| {
                    exported.push((to, range));
                },
            );
            for (to, range) in exported {
                self.export(to, &bytes[range]);
            }
        }
        if script_log.export_only {
            return Ok(());
        }
        let is = |open: &Open| matches!(&open.form, Form::ScriptLog(s) if Arc::ptr_eq(s, script_log));
        let at = match self.place(Arc::as_ptr(script_log).addr(), is) {
            Some(at) => at,
            None if script_log.table.is_some() && self.open.len() < MAX_LOGS => {
                self.find(script_log.path, || Form::ScriptLog(script_log.clone()))
            }
            None if self.open.len() >= MAX_LOGS => {
                self.refused += 1;
                if self.refused == 1 {
                    eprintln!(
                        "nightjar: more than {MAX_LOGS} logs; rows of {} and others are dropped",
                        script_log.path
                    );
                }
                return Ok(());
            }
            None => self.adopt(script_log, now)?,
        };
        if let Some(table) = &script_log.table {
            self.table_row(at, script_log, table, values);
            return Ok(());
        }
        self.append(at, row, now)
    }

    fn table_row(&mut self, at: usize, script_log: &Arc<ScriptLog>, table: &Table, values: &[Arg]) {
        let open = &mut self.open[at];
        open.rows += 1;
        // Standard output is no place for a database.
        let Target::Folder(folder) = &self.target else { return };
        open.dropped += u64::from(!self.databases.write(folder, script_log, table, values));
    }

    /// What is to be told of logs, since the last call.
    pub fn reports(&mut self) -> Vec<Report> {
        let mut reports = std::mem::take(&mut self.reports);
        reports.extend(self.databases.reports());
        reports
    }

    /// Counts rows that are not written because no file can have the name of their log.
    pub fn refuse(&mut self, rows: u64) {
        self.refused += rows;
    }

    /// Rows that were dropped because no file can have the name of their log, or there are too many logs.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// The log that a script's log describes from now on. Where its columns were others, those of the new rows are told
    /// before them.
    #[cold]
    fn adopt(&mut self, script_log: &Arc<ScriptLog>, now: Time) -> Result<usize, LogError> {
        let at = self.find(script_log.path, || Form::ScriptLog(script_log.clone()));
        let open = &mut self.open[at];
        let same = match &open.form {
            Form::Schema(schema) => schema.fields.iter().map(|field| field.name).eq(script_log.names.iter()),
            Form::ScriptLog(known) => known.names == script_log.names,
        };
        open.form = Form::ScriptLog(script_log.clone());
        if let Some(file) = open.file.as_mut().filter(|_| !same) {
            let mut header = script_log.closing(now);
            header.extend(script_log.opening(now));
            match (file.write_apart(&header), &mut self.live) {
                (Ok(()), _) => {}
                (Err(error), Some(live)) => {
                    open.failing = true;
                    live.failed(&error);
                }
                (Err(error), None) => return Err(error),
            }
        }
        Ok(at)
    }

    fn append(&mut self, at: usize, row: &[u8], now: Time) -> Result<(), LogError> {
        let open = &mut self.open[at];
        open.rows += 1;
        if open.unwanted {
            return Ok(());
        }
        if open.file.is_none() && !self.begin(at, now)? {
            return Ok(());
        }
        let (Some(open), live) = (self.open.get_mut(at), &mut self.live) else { return Ok(()) };
        let Some(file) = &mut open.file else { return Ok(()) };
        let Some(live) = live else {
            let written = file.write(row);
            open.dropped += u64::from(written.is_err());
            return written;
        };
        let (kept, failure) = file.write_patiently(row);
        let full = live.rotation.max_bytes.is_some_and(|max| file.bytes() >= max);
        open.dropped += u64::from(!kept);
        if let Some(error) = failure {
            open.failing = true;
            live.failed(&error);
        }
        if full && !open.overdue {
            self.rotate(at, now);
        }
        Ok(())
    }

    /// Opens a log for a row. False where the row is dropped, which is counted then.
    #[cold]
    fn begin(&mut self, at: usize, now: Time) -> Result<bool, LogError> {
        let open = &mut self.open[at];
        // What failed is tried again when logs are looked after, not for every row.
        if open.nameless || open.failing {
            open.dropped += 1;
            self.refused += u64::from(open.nameless);
            return Ok(false);
        }
        let Err(error) = self.make(at, now) else { return Ok(true) };
        let open = &mut self.open[at];
        open.dropped += 1;
        if matches!(open.form, Form::ScriptLog(_)) && no_name(&error) {
            open.nameless = true;
            self.refused += 1;
            self.reports.push(Report { is_error: true, text: format!("{error}; its rows are dropped") });
            return Ok(false);
        }
        let Some(live) = &mut self.live else { return Err(error) };
        open.failing = true;
        live.failed(&error);
        Ok(false)
    }

    /// Makes a log's file, with its header.
    fn make(&mut self, at: usize, now: Time) -> Result<(), LogError> {
        // Scripts alone, and a folder that was made anew.
        if self.lock.as_ref().is_none_or(|lock| !self.target.is(|folder| lock.is_of(folder))) {
            self.hold()?;
        }
        let open = &mut self.open[at];
        if let Some(archiver) = self.live.as_ref().and_then(|live| live.archiver.as_ref()) {
            archiver.note(open.path)?;
        }
        let mut file = open.create(&self.target)?;
        let header = open.form.header(self.format, now);
        match (file.write_apart(&header), &mut self.live) {
            (Ok(()), _) => {}
            // Rows are held for a while, and the header with them.
            (Err(error), Some(live)) => {
                open.failing = true;
                live.failed(&error);
            }
            (Err(error), None) => {
                file.discard();
                return Err(error);
            }
        }
        open.opened = now;
        open.file = Some(file);
        Ok(())
    }

    /// Serialises and appends a record.
    pub fn record<R: Record>(&mut self, record: &R, now: Time) -> Result<(), LogError> {
        let mut row = Vec::new();
        self.format.row(record, &mut row);
        self.row(R::SCHEMA, &row, now)?;
        row.clear();
        let mut exported = Vec::new();
        self.serializer.rows(record, now, None, &mut row, |to, range| exported.push((to, range)));
        for (to, range) in exported {
            self.export(to, &row[range]);
        }
        Ok(())
    }

    /// The place of the log that this is said of, for rows whose form lies there in memory. Another may have lain there
    /// before.
    fn place(&mut self, address: usize, is: impl Fn(&Open) -> bool) -> Option<usize> {
        let last = self.places.get(&address).copied();
        if let Some(at) = last.filter(|at| self.open.get(*at).is_some_and(&is)) {
            return Some(at);
        }
        let at = self.open.iter().position(is)?;
        if self.places.len() >= MAX_LOGS {
            self.places.clear();
        }
        self.places.insert(address, at);
        Some(at)
    }

    /// The log of a name. Should another form of it be open, rows go there.
    #[cold]
    fn find(&mut self, path: &'static str, form: impl FnOnce() -> Form) -> usize {
        if let Some(at) = self.open.iter().position(|open| open.path == path) {
            return at;
        }
        let form = form();
        let unasked = self.asked.as_ref().is_some_and(|asked| !asked.contains(path));
        let unasked = unasked && matches!(form, Form::Schema(_));
        let unwanted = unasked || matches!(&self.target, Target::Stdout(wanted) if wanted != path);
        self.open.push(Open {
            path,
            form,
            unasked,
            rows: 0,
            dropped: 0,
            unwanted,
            nameless: false,
            file: None,
            opened: Time::default(),
            failing: false,
            astray: false,
            overdue: false,
        });
        self.open.len() - 1
    }

    /// Finishes a log that a script describes, and gives the file another name: `target`, within the logs' folder
    /// unless it is absolute, with the file's ending. Returns the name; nothing where no row has been written.
    pub fn rotate_script_log(
        &mut self,
        script_log: &Arc<ScriptLog>,
        target: &Path,
        now: Time,
    ) -> Result<Option<PathBuf>, LogError> {
        let Target::Folder(folder) = &self.target else { return Ok(None) };
        let Some(open) = self.open.iter_mut().find(|open| open.path == script_log.path) else {
            return Ok(None);
        };
        let footer = open.form.footer(self.format, now);
        let Some(file) = open.file.take() else { return Ok(None) };
        let from = file.path().to_owned();
        let (lost, ended) = file.end(&footer);
        open.dropped += lost;
        ended?;
        let mut name = target.as_os_str().to_owned();
        name.push(script_log.ending());
        let name = if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) };
        if let Some(folder) = name.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            prepare_folder(folder)?;
        }
        std::fs::rename(&from, &name).map_err(|error| LogError { path: name.clone(), error })?;
        Ok(Some(name))
    }

    /// Finishes every log, and lets exporters know that no more comes. All are tried; the first failure is
    /// returned. A sensor's logs are archived if they would be rotated.
    pub fn close(&mut self, now: Time) -> Result<(), LogError> {
        self.outlets.clear();
        self.databases.commit();
        // Nobody asks any more.
        self.reports().iter().for_each(|report| eprintln!("nightjar: {}", report.text));
        if self.live.as_ref().is_some_and(|live| live.rotation != Rotation::default()) {
            (0..self.open.len()).for_each(|at| self.rotate(at, now));
        }
        let mut result = Ok(());
        for open in &mut self.open {
            let Some(file) = open.file.take() else {
                if open.failing {
                    let error = std::io::Error::other("its last rows were dropped");
                    result = result.and(Err(LogError { path: open.path.into(), error }));
                }
                continue;
            };
            let (lost, ended) = file.end(&open.form.footer(self.format, now));
            open.dropped += lost;
            result = result.and(ended);
        }
        result
    }

    /// Ends archiving, once what waits for it was done or `deadline` has passed.
    pub fn finish_archiving(&mut self, deadline: std::time::Instant) {
        if let Some(archiver) = self.live.as_mut().and_then(|live| live.archiver.take()) {
            archiver.finish(deadline);
        }
    }

    /// Takes over changed settings from the next rotation on.
    pub fn reconfigure(&mut self, rotation: Rotation, upkeep: Upkeep) {
        let Some(live) = &mut self.live else { return };
        if (live.rotation.interval, live.rotation.base) != (rotation.interval, rotation.base) {
            live.next_rotation = Time::default();
        }
        live.rotation = rotation;
        if let Some(archiver) = &live.archiver {
            archiver.reconfigure(upkeep);
        }
    }

    /// Rows of each log, by its name.
    pub fn rows(&self) -> Vec<(&'static str, u64)> {
        self.row_counts().into_iter().map(|counts| (counts.log, counts.rows)).collect()
    }

    pub fn row_counts(&self) -> Vec<RowCounts> {
        let counts = |open: &Open| RowCounts { log: open.path, rows: open.rows, dropped: open.dropped };
        let mut rows: Vec<RowCounts> = self.open.iter().filter(|open| !open.unasked).map(counts).collect();
        rows.sort_unstable_by_key(|counts| counts.log);
        rows
    }

    /// How often writing has failed.
    pub fn failures(&self) -> u64 {
        self.live.as_ref().map_or(0, |live| live.failures) + self.refused
    }

    pub fn archived(&self) -> ArchiveCounts {
        let archiver = self.live.as_ref().and_then(|live| live.archiver.as_ref());
        archiver.map(Archiver::counts).unwrap_or_default()
    }
}

impl Target {
    fn is(&self, holds: impl Fn(&Path) -> bool) -> bool {
        match self {
            Target::Folder(folder) => holds(folder),
            Target::Stdout(_) => true,
        }
    }
}

impl Open {
    fn create(&self, target: &Target) -> Result<LogFile, LogError> {
        let (script_log, ending) = match &self.form {
            Form::ScriptLog(script_log) => (Some(script_log), script_log.ending()),
            Form::Schema(_) => (None, format!(".{}", script_log::suffix())),
        };
        let folder = match target {
            Target::Folder(folder) if !script_log.is_some_and(|script_log| script_log.stdout) => folder,
            _ => return Ok(LogFile::stdout()),
        };
        let file = folder.join(format!("{}{ending}", self.path));
        // Scripts may name logs with a folder.
        if let Some(inner) = file.parent().filter(|_| self.path.contains('/')) {
            prepare_folder(inner)?;
        }
        match script_log {
            Some(script_log) if script_log.gzip_level > 0 => {
                LogFile::create_gzip(&file, script_log.gzip_level)
            }
            _ => LogFile::create(&file),
        }
    }
}

/// Whether it is the name that makes it impossible to write a log, and not the state of the disk.
fn no_name(error: &LogError) -> bool {
    matches!(
        error.error.kind(),
        ErrorKind::InvalidInput
            | ErrorKind::InvalidFilename
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::AlreadyExists
    ) || error.error.raw_os_error() == Some(libc::ELOOP)
}

impl Form {
    fn header(&self, format: Format, opened: Time) -> Vec<u8> {
        match self {
            Form::Schema(schema) => {
                let mut header = Vec::new();
                format.header(schema, opened, &mut header);
                header
            }
            Form::ScriptLog(script_log) => script_log.opening(opened),
        }
    }

    fn footer(&self, format: Format, closed: Time) -> Vec<u8> {
        match self {
            Form::Schema(_) => {
                let mut footer = Vec::new();
                format.footer(closed, &mut footer);
                footer
            }
            Form::ScriptLog(script_log) => script_log.closing(closed),
        }
    }
}

/// Makes sure that there is a folder for logs.
pub fn prepare_folder(folder: &Path) -> Result<(), LogError> {
    std::fs::create_dir_all(folder).map_err(|error| LogError { path: folder.to_owned(), error })
}

#[cfg(test)]
mod tests;
