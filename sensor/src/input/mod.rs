//! Files and commands that are read for scripts, and followed as they change.
//!
//! Each source has a thread of its own, so that a large file or a slow command holds up nothing else. The
//! thread reads when it is told to (at the start, and with each [`Reader::update`]) and hands over what it
//! read in batches; it waits while some of them have not been taken, so that what is in memory is bounded.

mod ascii;
mod binary;
mod cell;
mod command;
mod file;
mod raw;
mod settings;
mod sqlite;

pub use cell::{Cell, CellType, Field, Transport};

use std::collections::HashMap;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};

/// When a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Once, and when asked to.
    Manual,
    /// As a whole, each time it has changed.
    Reread,
    /// What is added to it.
    Stream,
}

/// What is read, and how.
#[derive(Clone, Debug)]
pub struct Source {
    /// A file, or a command with `|` behind it.
    pub source: String,
    pub mode: Mode,
    pub fields: Vec<Field>,
    pub format: Format,
    /// Bytes that a file may have to be read as a whole.
    pub max_size: u64,
}

#[derive(Clone, Debug)]
pub enum Format {
    /// A header with the names of the columns, then a line for each row.
    Ascii(Ascii),
    /// Records between separators, of a file or of what a command prints.
    Raw(Raw),
    /// A line for each option: its name and its value.
    Settings(Settings),
    /// Blocks of bytes.
    Binary { path: String, chunk: usize },
    /// The rows that a query gives.
    Sqlite(Sqlite),
}

#[derive(Clone, Debug)]
pub struct Sqlite {
    pub path: String,
    pub query: String,
    pub notation: Notation,
}

#[derive(Clone, Debug)]
pub struct Ascii {
    pub path: String,
    pub separator: u8,
    pub notation: Notation,
    /// A line that cannot be read ends the stream.
    pub fail_on_invalid_lines: bool,
    /// A file that cannot be read ends the stream.
    pub fail_on_file_problem: bool,
}

#[derive(Clone, Debug)]
pub struct Raw {
    pub separator: Vec<u8>,
    /// What the command is given to read.
    pub stdin: Option<Vec<u8>>,
    pub read_stderr: bool,
    pub force_kill: bool,
    /// Where to begin; -1 is the end of the file.
    pub offset: i64,
}

#[derive(Clone, Debug)]
pub struct Settings {
    /// The options that there are.
    pub options: HashMap<String, OptionType>,
    pub notation: Notation,
    pub fail_on_file_problem: bool,
}

#[derive(Clone, Debug)]
pub enum OptionType {
    Readable {
        ty: CellType,
        member: Option<CellType>,
    },
    /// Cannot be read from a file; its type's name.
    Other(String),
}

pub use cell::Notation;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Warning,
    Error,
}

/// What a source gave.
#[derive(Debug)]
pub enum Item {
    Row {
        /// Counted from 1; 0 where there are no lines.
        line: u64,
        cells: Vec<Cell>,
    },
    /// An option's new value.
    Option { name: String, value: Cell },
    Message {
        level: Level,
        /// Where in the file, with what stands between it and the text; or nothing.
        place: String,
        text: String,
    },
    /// The end of the data, for now.
    End,
    /// A command has ended.
    Finished { code: u64, signal: bool },
}

#[derive(Debug, Default)]
pub struct Batch {
    pub items: Vec<Item>,
    /// The reading that was asked for is over.
    pub done: bool,
}

/// Why reading ended for good.
enum Stop {
    /// Nobody takes what is read.
    Gone,
    /// Reported already.
    Failed,
}

/// One kind of reader.
trait Follow: Send {
    /// Reads what is new.
    fn update(&mut self, out: &mut Out) -> Result<(), Stop>;
}

/// Batches that wait to be taken.
const QUEUE: usize = 4;
/// Items in a batch.
const BATCH: usize = 1024;
/// How long a source that gives nothing (a pipe nobody writes to) is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of rows in a batch, about.
const BATCH_BYTES: usize = 1 << 20;
/// Complaints about one reading; more are counted.
const MAX_MESSAGES: usize = 1000;

/// Where readers put what they read.
struct Out {
    batch: Batch,
    bytes: usize,
    messages: usize,
    to: Sender<Batch>,
    /// Incident has been told of; it is not told again until the source is well.
    quiet: bool,
    /// What was not told therefore.
    untold: u64,
    /// What is read: the file, and the line where there are lines.
    place: Option<(String, u64)>,
}

impl Out {
    fn new(to: Sender<Batch>) -> Self {
        Out { batch: Batch::default(), bytes: 0, messages: 0, to, quiet: false, untold: 0, place: None }
    }

    fn put(&mut self, item: Item, bytes: usize) -> Result<(), Stop> {
        self.batch.items.push(item);
        self.bytes += bytes;
        if self.batch.items.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.flush(false)?;
        }
        Ok(())
    }

    fn message(&mut self, level: Level, text: String) -> Result<(), Stop> {
        self.messages += 1;
        if self.messages > MAX_MESSAGES {
            return Ok(());
        }
        let place = match &self.place {
            None => String::new(),
            Some((file, 0)) => format!("{file}: "),
            Some((file, line)) => format!("{file}, line {line}: "),
        };
        let bytes = text.len() + place.len();
        self.put(Item::Message { level, place, text }, bytes)
    }

    fn warn(&mut self, text: String) -> Result<(), Stop> {
        self.message(Level::Warning, text)
    }

    fn error(&mut self, text: String) -> Result<(), Stop> {
        self.message(Level::Error, text)
    }

    fn fail<T>(&mut self, text: String) -> Result<T, Stop> {
        self.message(Level::Error, text)?;
        Err(Stop::Failed)
    }

    /// What may be wrong again and again: ends the stream, or is said once.
    fn incident(&mut self, fatal: bool, text: String) -> Result<(), Stop> {
        if fatal {
            return self.fail(text);
        }
        match std::mem::replace(&mut self.quiet, true) {
            true => {
                self.untold += 1;
                Ok(())
            }
            false => self.warn(text),
        }
    }

    /// The source is well: the next trouble is told again.
    fn well(&mut self) -> Result<(), Stop> {
        self.quiet = false;
        match std::mem::take(&mut self.untold) {
            0 => Ok(()),
            untold => self.warn(format!("Suppressed {untold} warning(s)")),
        }
    }

    fn flush(&mut self, done: bool) -> Result<(), Stop> {
        let mut batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        batch.done = done;
        if batch.items.is_empty() && !done {
            return Ok(());
        }
        self.to.send(batch).map_err(|_| Stop::Gone)
    }

    /// Ends one reading.
    fn done(&mut self) -> Result<(), Stop> {
        if let Some(more @ 1..) = self.messages.checked_sub(MAX_MESSAGES) {
            let text = format!("Suppressed {more} warning(s)");
            self.put(Item::Message { level: Level::Warning, place: String::new(), text }, 0)?;
        }
        self.messages = 0;
        self.flush(true)
    }
}

/// A source being read. Dropping it ends the reading, and a command that runs for it.
pub struct Reader {
    updates: Sender<()>,
    batches: Receiver<Batch>,
    child: command::Handle,
    pending: usize,
    pub source: String,
    pub mode: Mode,
    /// What is read is added to what there is, and never replaces it.
    pub adds: bool,
}

impl Reader {
    /// Starts reading.
    pub fn start(source: Source) -> std::io::Result<Reader> {
        let (updates, asked) = unbounded();
        let (to, batches) = bounded(QUEUE);
        let child = command::Handle::default();
        let adds =
            source.mode == Mode::Stream || matches!(source.format, Format::Raw(_) | Format::Binary { .. });
        let (name, mode, handle) = (source.source.clone(), source.mode, child.clone());
        std::thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || run(source, &asked, to, handle))?;
        let mut reader = Reader { updates, batches, child, pending: 0, source: name, mode, adds };
        reader.update();
        Ok(reader)
    }

    /// Asks for what is new, when it has changed. Nothing happens while the last reading is not over.
    pub fn update(&mut self) {
        if self.pending == 0 && self.updates.send(()).is_ok() {
            self.pending += 1;
        }
    }

    /// Whether a reading is under way.
    pub fn is_pending(&self) -> bool {
        self.pending > 0
    }

    /// What was read; `None` while there is nothing, unless `wait`.
    pub fn next(&mut self, wait: bool) -> Option<Batch> {
        let batch = match wait && self.pending > 0 {
            true => self.batches.recv_timeout(PATIENCE).map_err(|_| TryRecvError::Disconnected),
            false => self.batches.try_recv(),
        };
        match batch {
            Ok(batch) => {
                self.pending -= usize::from(batch.done && self.pending > 0);
                Some(batch)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.pending = 0;
                None
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.child.stop();
    }
}

fn run(source: Source, asked: &Receiver<()>, to: Sender<Batch>, child: command::Handle) {
    let Source { source, mode, fields, format, max_size } = source;
    let mut out = Out::new(to);
    let mut reader: Box<dyn Follow> = match format {
        Format::Ascii(options) => Box::new(ascii::Reader::new(options, mode, fields, max_size)),
        Format::Settings(options) => Box::new(settings::Reader::new(options, source, mode, max_size)),
        Format::Binary { path, chunk } => Box::new(binary::Reader::new(path, chunk, mode)),
        Format::Sqlite(options) => Box::new(sqlite::Reader::new(options, fields, max_size)),
        Format::Raw(options) => match source.strip_suffix('|') {
            Some(line) => Box::new(command::Reader::new(options, line.to_owned(), mode, child)),
            None => Box::new(raw::Reader::new(options, source, mode)),
        },
    };
    let mut first = true;
    while asked.recv().is_ok() {
        match reader.update(&mut out).and_then(|()| out.done()) {
            Ok(()) => first = false,
            Err(Stop::Gone) => return,
            Err(Stop::Failed) => {
                let init = first.then_some("Init failed");
                for text in init.into_iter().chain(["terminating thread"]) {
                    if out.message(Level::Error, text.to_owned()).is_err() {
                        return;
                    }
                }
                // Whether it is heard or not, this is the end.
                let _ = out.done();
                return;
            }
        }
    }
}
