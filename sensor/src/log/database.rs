//! Logs as tables of SQLite databases.
//!
//! Rows are committed together, every so many and with each [`Databases::commit`]: a transaction of its own for each
//! would cost far more than the row.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Statement, ToSql, types::ToSqlOutput};

use crate::event::Arg;
use crate::log::script_log::{ScriptLog, Separators, Table};

#[derive(Default)]
pub(super) struct Databases {
    files: HashMap<PathBuf, Database>,
    tables: Vec<Open>,
    reports: Vec<Report>,
}

/// What is to be told of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub is_error: bool,
    pub text: String,
}

struct Database {
    connection: Connection,
    /// Rows since the last commit.
    pending: u32,
}

struct Open {
    script_log: Arc<ScriptLog>,
    file: PathBuf,
    insert: String,
    /// It could not be written: it is not tried again, as in Zeek.
    failed: bool,
}

/// Rows of one transaction, at most.
const COMMIT_ROWS: u32 = 10_000;
/// Databases that may be open: scripts can name them after what traffic says.
const MAX_FILES: usize = 100;
/// How long another process that writes is waited for; packets wait as well.
const PATIENCE: Duration = Duration::from_millis(200);

impl Databases {
    /// Appends a row. False where it was not kept.
    pub fn write(
        &mut self,
        folder: &Path,
        script_log: &Arc<ScriptLog>,
        table: &Table,
        values: &[Arg],
    ) -> bool {
        let known = self.tables.iter().position(|open| Arc::ptr_eq(&open.script_log, script_log));
        let at = known.unwrap_or_else(|| self.open(folder, script_log, table));
        let Some(open) = self.tables.get_mut(at).filter(|open| !open.failed) else { return false };
        let Some(database) = self.files.get_mut(&open.file) else { return false };
        match database.insert(&open.insert, values, &table.separators) {
            Ok(()) => true,
            Err(error) => {
                open.failed = true;
                self.failed(script_log, &error);
                false
            }
        }
    }

    fn open(&mut self, folder: &Path, script_log: &Arc<ScriptLog>, table: &Table) -> usize {
        if !table.named {
            let text = format!(
                "{}: tablename configuration option not found. Defaulting to path {}",
                label(script_log),
                script_log.path
            );
            self.reports.push(Report { is_error: false, text });
        }
        let file = folder.join(format!("{}.sqlite", script_log.path));
        let names: Vec<String> = script_log.names.iter().map(|name| quoted(name)).collect();
        let columns =
            names.iter().zip(&script_log.types).map(|(name, ty)| format!("{name} {}", column_type(ty)));
        let columns: Vec<String> = columns.collect();
        let create = format!("CREATE TABLE IF NOT EXISTS {} ({})", quoted(&table.name), columns.join(", "));
        let marks = vec!["?"; names.len()].join(", ");
        let insert = format!("INSERT INTO {} ({}) VALUES ({marks})", quoted(&table.name), names.join(", "));
        let failed = match self.prepare(&file, &create, &insert) {
            Ok(()) => false,
            Err(error) => {
                self.failed(script_log, &error);
                true
            }
        };
        self.tables.push(Open { script_log: script_log.clone(), file, insert, failed });
        self.tables.len() - 1
    }

    fn prepare(&mut self, file: &Path, create: &str, insert: &str) -> Result<(), String> {
        if !self.files.contains_key(file) {
            if self.files.len() >= MAX_FILES {
                return Err(format!("there are {MAX_FILES} databases already"));
            }
            if let Some(inner) = file.parent().filter(|inner| !inner.as_os_str().is_empty()) {
                std::fs::create_dir_all(inner).map_err(|error| error.to_string())?;
            }
            let database = Database::open(file).map_err(|error| message(&error))?;
            self.files.insert(file.to_owned(), database);
        }
        let Some(database) = self.files.get(file) else { return Ok(()) };
        database.connection.execute_batch(create).map_err(|error| message(&error))?;
        database.connection.prepare_cached(insert).map(|_| ()).map_err(|error| message(&error))
    }

    fn failed(&mut self, script_log: &ScriptLog, error: &str) {
        for text in [format!("SQLite call failed: {error}"), "terminating thread".to_owned()] {
            self.reports.push(Report { is_error: true, text: format!("{}: {text}", label(script_log)) });
        }
    }

    /// Lets others see the rows so far.
    pub fn commit(&mut self) {
        for (file, database) in &mut self.files {
            if let Err(error) = database.commit() {
                let text = format!("{}: SQLite call failed: {}", file.display(), message(&error));
                self.reports.push(Report { is_error: true, text });
            }
        }
    }

    /// What is to be told since the last call.
    pub fn reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }
}

impl Database {
    fn open(file: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(PATIENCE)?;
        // As with logs of text, a failure of power may cost the last rows; waiting for the disk would cost packets.
        connection.pragma_update(None, "synchronous", "OFF")?;
        Ok(Database { connection, pending: 0 })
    }

    fn insert(&mut self, insert: &str, values: &[Arg], separators: &Separators) -> Result<(), String> {
        let run = || -> rusqlite::Result<()> {
            if self.pending == 0 && self.connection.is_autocommit() {
                self.connection.execute_batch("BEGIN")?;
            }
            let mut statement = self.connection.prepare_cached(insert)?;
            bind(&mut statement, values, separators)
        };
        run().map_err(|error| message(&error))?;
        self.pending += 1;
        if self.pending >= COMMIT_ROWS { self.commit().map_err(|error| message(&error)) } else { Ok(()) }
    }

    fn commit(&mut self) -> rusqlite::Result<()> {
        if std::mem::take(&mut self.pending) > 0 && !self.connection.is_autocommit() {
            self.connection.execute_batch("COMMIT")?;
        }
        Ok(())
    }
}

fn bind(statement: &mut Statement<'_>, values: &[Arg], separators: &Separators) -> rusqlite::Result<()> {
    for (at, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, Cell(value, separators))?;
    }
    statement.raw_execute().map(|_| ())
}

/// A value on its way into a table.
struct Cell<'a>(&'a Arg, &'a Separators);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let Cell(value, separators) = self;
        Ok(match value {
            Arg::Unset => ToSqlOutput::from(rusqlite::types::Null),
            Arg::Bool(b) => ToSqlOutput::from(i64::from(*b)),
            // Zeek's too are signed there.
            Arg::Count(n) => ToSqlOutput::from(n.cast_signed()),
            Arg::Int(n) => ToSqlOutput::from(*n),
            Arg::Port(port) => ToSqlOutput::from(i64::from(*port)),
            Arg::Double(d) => ToSqlOutput::from(*d),
            Arg::Time(time) => ToSqlOutput::from(time.as_secs_f64()),
            Arg::Interval(interval) => ToSqlOutput::from(interval.as_secs_f64()),
            Arg::Bytes(text) if text.is_empty() => ToSqlOutput::from(rusqlite::types::Null),
            Arg::Bytes(text) => ToSqlOutput::Borrowed(ValueRef::Text(text)),
            Arg::Addr(_) | Arg::List(_) => {
                let mut text = Vec::new();
                separators.field(value, false, &mut text);
                ToSqlOutput::from(String::from_utf8_lossy(&text).into_owned())
            }
        })
    }
}

fn label(script_log: &ScriptLog) -> String {
    format!("{}/Log::WRITER_SQLITE", script_log.path)
}

/// The name of a table or column.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn column_type(ty: &str) -> &'static str {
    match ty {
        "bool" => "boolean",
        "int" | "count" | "port" => "integer",
        "time" | "interval" | "double" => "double precision",
        _ => "text",
    }
}

/// SQLite's own words for an error.
pub fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        error => error.to_string(),
    }
}
