//! Log files: one per kind of record, opened at its first row.

mod file;

pub use file::{LogError, LogFile};

use std::path::{Path, PathBuf};

use crate::record::{Format, Record, Schema};
use crate::time::Time;

/// All logs of a run.
pub struct Logs {
    target: Target,
    format: Format,
    open: Vec<Open>,
}

/// Where logs go.
#[derive(Clone, Debug)]
pub enum Target {
    /// `NAME.log` files in this folder.
    Folder(PathBuf),
    /// One log to standard output, the others nowhere.
    Stdout(String),
}

struct Open {
    schema: &'static Schema,
    rows: u64,
    /// None where this log is not wanted.
    file: Option<LogFile>,
}

impl Logs {
    pub fn new(target: Target, format: Format) -> Self {
        Logs { target, format, open: Vec::new() }
    }

    /// Appends a finished row.
    pub fn row(&mut self, schema: &'static Schema, row: &[u8], now: Time) -> Result<(), LogError> {
        let at = match self.open.iter().position(|open| std::ptr::eq(open.schema, schema)) {
            Some(at) => at,
            None => self.open(schema, now)?,
        };
        let open = &mut self.open[at];
        open.rows += 1;
        match &mut open.file {
            Some(file) => file.write(row),
            None => Ok(()),
        }
    }

    /// Serialises and appends a record.
    pub fn record<R: Record>(&mut self, record: &R, now: Time) -> Result<(), LogError> {
        let mut row = Vec::new();
        self.format.row(record, &mut row);
        self.row(R::SCHEMA, &row, now)
    }

    fn open(&mut self, schema: &'static Schema, now: Time) -> Result<usize, LogError> {
        let mut file = match &self.target {
            Target::Folder(folder) => Some(LogFile::create(&folder.join(format!("{}.log", schema.path)))?),
            Target::Stdout(wanted) if wanted == schema.path => Some(LogFile::stdout()),
            Target::Stdout(_) => None,
        };
        if let Some(file) = &mut file {
            let mut header = Vec::new();
            self.format.header(schema, now, &mut header);
            file.write(&header)?;
        }
        self.open.push(Open { schema, rows: 0, file });
        Ok(self.open.len() - 1)
    }

    /// Finishes every log. All are tried; the first failure is returned.
    pub fn close(&mut self, now: Time) -> Result<(), LogError> {
        let mut result = Ok(());
        for open in &mut self.open {
            let Some(mut file) = open.file.take() else { continue };
            let mut footer = Vec::new();
            self.format.footer(now, &mut footer);
            let closed = file.write(&footer).and_then(|()| file.flush());
            result = result.and(closed);
        }
        result
    }

    /// Rows written of each log, by its name.
    pub fn rows(&self) -> Vec<(&'static str, u64)> {
        let mut rows: Vec<_> = self.open.iter().map(|open| (open.schema.path, open.rows)).collect();
        rows.sort_unstable();
        rows
    }
}

/// Makes sure that logs can be written to `folder`, before anything is read.
pub fn prepare_folder(folder: &Path) -> Result<(), LogError> {
    std::fs::create_dir_all(folder).map_err(|error| LogError { path: folder.to_owned(), error })
}
