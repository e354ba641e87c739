//! Tables in text: `#fields` names the columns, each further line is a row, tabs between the values.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::cell::{self, Cell, Field, shown};
use super::file::{Stamp, Whole, whole};
use super::{Ascii, Follow, Item, Mode, Out, Stop};

pub struct Reader {
    options: Ascii,
    mode: Mode,
    fields: Vec<Field>,
    max_size: u64,
    /// The state of the file when it was last read.
    known: Option<Stamp>,
    tail: Option<Tail>,
}

/// A file that rows are added to.
struct Tail {
    file: File,
    stamp: Stamp,
    /// Bytes read.
    at: u64,
    lines: u64,
    columns: Option<Vec<Column>>,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
    /// Nothing came for it since the last look.
    waited: bool,
    first: bool,
}

/// Where a field's value stands in a line.
#[derive(Clone)]
struct Column {
    at: Option<usize>,
    protocol: Option<usize>,
}

/// Bytes of one line.
const MAX_LINE: usize = 16 << 20;
/// Bytes that are read at a time of what is added to a file.
const BLOCK: u64 = 1 << 20;

impl Reader {
    pub fn new(options: Ascii, mode: Mode, fields: Vec<Field>, max_size: u64) -> Self {
        Reader { options, mode, fields, max_size, known: None, tail: None }
    }

    fn cannot_open(&self, out: &mut Out) -> Result<(), Stop> {
        out.place = None;
        out.incident(self.options.fail_on_file_problem, format!("Init: cannot open {}", self.options.path))
    }

    fn read_whole(&mut self, out: &mut Out) -> Result<(), Stop> {
        let known = if self.mode == Mode::Reread { self.known } else { None };
        let path = self.options.path.clone();
        match whole(&path, known, self.max_size) {
            Whole::Unchanged | Whole::Unsettled => Ok(()),
            Whole::Missing if self.known.is_none() => self.cannot_open(out),
            Whole::Missing => {
                out.place = Some((path.clone(), 0));
                out.incident(self.options.fail_on_file_problem, format!("Could not get stat for {path}"))
            }
            Whole::TooLarge => {
                let text =
                    format!("{path} is larger than Input::max_file_size ({}) and is not read", self.max_size);
                out.incident(self.options.fail_on_file_problem, text)
            }
            Whole::Content(content, stamp) => {
                out.place = None;
                if self.known.is_some_and(|known| known != stamp) {
                    out.well()?;
                }
                self.known = Some(stamp);
                let mut lines = 0;
                let mut rest = &content[..];
                let Some(columns) = self.header(&mut rest, &mut lines, out)? else { return Ok(()) };
                out.well()?;
                while let Some(line) = next_line(&mut rest, &mut lines) {
                    self.row(line, lines, &columns, out)?;
                }
                out.well()?;
                out.put(Item::End, 0)
            }
        }
    }

    /// The columns, from the first line that is no comment; `None` where they are not what is looked for.
    fn header(&self, rest: &mut &[u8], lines: &mut u64, out: &mut Out) -> Result<Option<Vec<Column>>, Stop> {
        let (path, fatal) = (&self.options.path, self.options.fail_on_file_problem);
        let Some(line) = self.next_content(rest, lines) else {
            let text = format!("Could not read input data file {path}; first line could not be read");
            return out.incident(fatal, text).map(|()| None);
        };
        let names: Vec<&[u8]> = line.split(|byte| *byte == self.options.separator).collect();
        let find = |name: &str| names.iter().position(|found| *found == name.as_bytes());
        let mut columns = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let at = find(&field.name);
            if at.is_none() && !field.optional {
                let text = format!("Did not find requested field {} in input data file {path}.", field.name);
                return out.incident(fatal, text).map(|()| None);
            }
            let protocol = match &field.protocol {
                Some(name) if at.is_some() => match find(name) {
                    Some(at) => Some(at),
                    None => {
                        let text = format!(
                            "Could not find requested port type field {name} in input data file {path}."
                        );
                        return out.incident(fatal, text).map(|()| None);
                    }
                },
                _ => None,
            };
            columns.push(Column { at, protocol });
        }
        Ok(Some(columns))
    }

    /// The next line that is no comment; a line that names the columns counts.
    fn next_content<'a>(&self, rest: &mut &'a [u8], lines: &mut u64) -> Option<&'a [u8]> {
        loop {
            let line = next_line(rest, lines)?;
            if let Some(line) = self.content(line) {
                return Some(line);
            }
        }
    }

    fn content<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        if line.is_empty() {
            return None;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.strip_prefix(b"#fields") {
            Some([separator, names @ ..]) if *separator == self.options.separator && !names.is_empty() => {
                Some(names)
            }
            _ => (line.first() != Some(&b'#')).then_some(line),
        }
    }

    fn row(&self, line: &[u8], number: u64, columns: &[Column], out: &mut Out) -> Result<(), Stop> {
        let Some(line) = self.content(line) else { return Ok(()) };
        let path = &self.options.path;
        match &mut out.place {
            Some((file, line)) if *file == *path => *line = number,
            place => *place = Some((path.clone(), number)),
        }
        let texts: Vec<&[u8]> = line.split(|byte| *byte == self.options.separator).collect();
        let mut cells = Vec::with_capacity(columns.len());
        let mut complaints = Vec::new();
        let mut complete = true;
        for (field, column) in self.fields.iter().zip(columns) {
            let Some(at) = column.at else {
                cells.push(Cell::Unset);
                continue;
            };
            let place = |at: Option<usize>| at.map_or(-1, |at| at as i64);
            let text = texts.get(at);
            let protocol = column.protocol.map(|at| texts.get(at));
            let (Some(text), None | Some(Some(_))) = (text, protocol) else {
                let text = format!(
                    "Not enough fields in line '{}' of {path}. Found {} fields, want positions {} and {}",
                    shown(line),
                    texts.len() - 1,
                    at,
                    place(column.protocol)
                );
                for earlier in complaints {
                    out.warn(earlier)?;
                }
                return out.incident(self.options.fail_on_invalid_lines, text);
            };
            let mut warn = |text: String| complaints.push(text);
            let Ok(mut cell) = self.options.notation.read(text, field, &mut warn) else {
                warn(format!("Could not convert line '{}' of {path} to Val. Ignoring line.", shown(line)));
                complete = false;
                break;
            };
            if let (Cell::Port(_, proto), Some(Some(text))) = (&mut cell, protocol) {
                *proto = cell::transport(text, &mut warn);
            }
            cells.push(cell);
        }
        for text in complaints {
            out.warn(text)?;
        }
        match complete {
            true => {
                out.well()?;
                out.put(Item::Row { line: number, cells }, line.len())
            }
            false => Ok(()),
        }
    }

    /// Reads what was added; another file in its place, or one that was cut, is read from its beginning.
    fn read_added(&mut self, out: &mut Out) -> Result<(), Stop> {
        let path = self.options.path.clone();
        match std::fs::metadata(&path) {
            Ok(metadata) => {
                let now = Stamp::of(&metadata);
                let same = |tail: &Tail| tail.stamp.is_same_file(&now) && now.size() >= tail.at;
                if !self.tail.as_ref().is_some_and(same) {
                    let Ok(file) = File::open(&path) else { return self.cannot_open(out) };
                    let first = self.tail.is_none();
                    self.tail = Some(Tail {
                        file,
                        stamp: now,
                        at: 0,
                        lines: 0,
                        columns: None,
                        rest: Vec::new(),
                        waited: false,
                        first,
                    });
                }
            }
            // What was moved away can still be added to.
            Err(_) if self.tail.is_some() => {}
            Err(_) => return self.cannot_open(out),
        }
        let Some(mut tail) = self.tail.take() else { return Ok(()) };
        let result = self.follow(&mut tail, out);
        self.tail = Some(tail);
        result
    }

    fn follow(&self, tail: &mut Tail, out: &mut Out) -> Result<(), Stop> {
        let path = &self.options.path;
        loop {
            let had = tail.rest.len();
            // Another process may have moved the place that an open file is read at.
            let read = tail
                .file
                .seek(SeekFrom::Start(tail.at))
                .and_then(|_| (&mut tail.file).take(BLOCK).read_to_end(&mut tail.rest));
            let Ok(read) = read else {
                return out.incident(self.options.fail_on_file_problem, format!("Could not read {path}"));
            };
            tail.at += read as u64;
            if read == 0 && had == 0 {
                return Ok(());
            }
            // A last line without an end is taken when nothing more came for it by the next look.
            let finish = read == 0 && (tail.waited || tail.first);
            tail.waited = read == 0;
            let end = match tail.rest.iter().rposition(|byte| *byte == b'\n') {
                _ if finish => tail.rest.len(),
                Some(end) => end + 1,
                None => 0,
            };
            let text: Vec<u8> = tail.rest.drain(..end).collect();
            let mut rest = &text[..];
            if tail.columns.is_none() && !rest.is_empty() {
                // A header that has not come yet is not wrong.
                let only_comments = self.next_content(&mut { rest }, &mut 0).is_none();
                if only_comments && !finish {
                    tail.lines += text.iter().filter(|byte| **byte == b'\n').count() as u64;
                    continue;
                }
                tail.columns = self.header(&mut rest, &mut tail.lines, out)?;
                if tail.columns.is_none() {
                    // From the beginning again, next time.
                    (tail.at, tail.lines, tail.first) = (0, 0, true);
                    tail.rest.clear();
                    return Ok(());
                }
                out.well()?;
            }
            if let Some(columns) = &tail.columns {
                while let Some(line) = next_line(&mut rest, &mut tail.lines) {
                    self.row(line, tail.lines, columns, out)?;
                }
            }
            if tail.rest.len() > MAX_LINE {
                tail.rest.clear();
                out.place = Some((path.clone(), tail.lines + 1));
                out.warn(format!("longer than {MAX_LINE} bytes. Ignoring line."))?;
            }
            if read == 0 {
                tail.first = false;
                if tail.columns.is_some() {
                    out.well()?;
                }
                return Ok(());
            }
        }
    }
}

impl Follow for Reader {
    fn update(&mut self, out: &mut Out) -> Result<(), Stop> {
        match self.mode {
            Mode::Manual | Mode::Reread => self.read_whole(out),
            Mode::Stream => self.read_added(out),
        }
    }
}

/// Takes a line off the text.
fn next_line<'a>(rest: &mut &'a [u8], lines: &mut u64) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    *lines += 1;
    let (line, after) = match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&rest[..end], &rest[end + 1..]),
        None => (*rest, &rest[rest.len()..]),
    };
    *rest = after;
    Some(line)
}
