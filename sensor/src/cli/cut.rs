//! `zeek-cut`, also `nightjar zeek-cut`: columns of logs, as Zeek's tool of that name gives them.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use flate2::read::MultiGzDecoder;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cli::{ALL_READ, BAD_CAPTURE};

/// Extract columns of Zeek's logs
///
/// Without names of columns all are printed.
#[derive(Parser, Debug)]
#[command(name = "zeek-cut", bin_name = "zeek-cut", disable_version_flag = true, after_help = AFTER_HELP)]
pub(super) struct CutArgs {
    /// Print the first header of the input
    #[arg(short = 'c')]
    first_header: bool,

    /// Print all headers
    #[arg(short = 'C')]
    all_headers: bool,

    /// Print columns that are not named
    #[arg(short = 'n')]
    negate: bool,

    /// Print the first header in its shortest form: the names of the columns
    #[arg(short = 'm')]
    minimal: bool,

    /// Print the shortest form of all headers
    #[arg(short = 'M')]
    minimal_all: bool,

    /// Separate columns with this character
    #[arg(short = 'F', value_name = "SEPARATOR")]
    separator: Option<String>,

    /// Write times in the local time zone
    #[arg(short = 'd')]
    local: bool,

    /// Write times in this format of strftime, in the local time zone
    #[arg(short = 'D', value_name = "FORMAT")]
    local_format: Option<String>,

    /// Write times in UTC
    #[arg(short = 'u')]
    utc: bool,

    /// Write times in this format of strftime, in UTC
    #[arg(short = 'U', value_name = "FORMAT")]
    utc_format: Option<String>,

    /// Names of columns, in the order in which they are printed
    #[arg(value_name = "COLUMN")]
    columns: Vec<String>,

    /// Read these, also compressed with gzip or zstd, in place of standard input
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

const AFTER_HELP: &str = "\
Logs are read from standard input: zeek-cut ts id.orig_h < conn.log. ZEEK_CUT_TIMEFMT is the format that -d and -u \
use, %Y-%m-%dT%H:%M:%S%z if it is not set. A column that a log does not have is left empty.";

/// The format of -d and -u.
const TIME_FORMAT: &str = "%Y-%m-%dT%H:%M:%S%z";
/// A longer line is cut, and said to be: stops input that never ends a line.
const MAX_LINE: u64 = 64 << 20;

/// Runs the command: what stands behind its name is given.
pub(super) fn run(args: impl Iterator<Item = OsString>) -> u8 {
    let args = match CutArgs::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            let printed = error.print();
            let code = u8::try_from(error.exit_code()).unwrap_or(BAD_CAPTURE);
            return if printed.is_ok() { code } else { BAD_CAPTURE };
        }
    };
    match args.run() {
        Ok(()) => ALL_READ,
        // Who has stopped reading (`| head`) does not want more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ALL_READ,
        Err(error) => {
            eprintln!("zeek-cut: {error}");
            BAD_CAPTURE
        }
    }
}

impl CutArgs {
    fn run(&self) -> io::Result<()> {
        let mut cut = Cut::new(self)?;
        let mut out = BufWriter::new(io::stdout().lock());
        if self.files.is_empty() {
            cut.read(&mut io::stdin().lock(), &mut out)?;
        }
        for path in &self.files {
            let named =
                |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
            let mut input = open(path).map_err(named)?;
            cut.read(&mut *input, &mut out).map_err(named)?;
        }
        out.flush()
    }

    /// How times are written, if not as they are.
    fn times(&self) -> Option<(String, TimeZone)> {
        let usual = || std::env::var("ZEEK_CUT_TIMEFMT").unwrap_or_else(|_| TIME_FORMAT.to_owned());
        let local = self.local_format.clone().or_else(|| self.local.then(usual));
        let utc = self.utc_format.clone().or_else(|| self.utc.then(usual));
        local.map(|format| (format, TimeZone::system())).or(utc.map(|format| (format, TimeZone::UTC)))
    }
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::new(File::open(path)?);
    let magic = file.fill_buf()?.get(..4).unwrap_or_default().to_vec();
    Ok(match magic[..] {
        [0x1f, 0x8b, ..] => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(BufReader::new(zstd::Decoder::with_buffer(file)?)),
        _ => Box::new(file),
    })
}

/// What a log's header says, and what of it was asked for.
struct Cut<'a> {
    args: &'a CutArgs,
    times: Option<(String, TimeZone)>,
    /// The separator of the log at hand …
    separator: Vec<u8>,
    /// … and of what is printed.
    between: Vec<u8>,
    unset: Vec<u8>,
    /// The places of the columns that are printed; nothing for those that the log does not have. None: all of them.
    places: Option<Vec<Option<usize>>>,
    /// Which columns are times.
    are_times: Vec<bool>,
    /// A header was read: the next line of it is of another log's.
    headers: u32,
    in_header: bool,
}

impl<'a> Cut<'a> {
    fn new(args: &'a CutArgs) -> io::Result<Cut<'a>> {
        let between = match &args.separator {
            Some(text) if text.len() == 1 => text.as_bytes().to_vec(),
            Some(text) => {
                let why = format!("a separator is one character, and {text:?} is none");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            None => Vec::new(),
        };
        Ok(Cut {
            args,
            times: args.times(),
            separator: b"\t".to_vec(),
            between,
            unset: b"-".to_vec(),
            places: None,
            are_times: Vec::new(),
            headers: 0,
            in_header: false,
        })
    }

    fn read(&mut self, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = io::Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            if line.last() != Some(&b'\n') && read as u64 == MAX_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without end"));
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            match text.strip_prefix(b"#") {
                Some(header) => self.header(header, out)?,
                None => {
                    self.in_header = false;
                    self.row(text, out)?;
                }
            }
        }
    }

    /// A line of a header, without its `#`.
    fn header(&mut self, line: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if let Some(separator) = line.strip_prefix(b"separator ") {
            self.separator = unescaped(separator);
        }
        if !self.in_header && !line.starts_with(b"close") {
            self.headers += 1;
            self.in_header = true;
        }
        let separator = self.separator.clone();
        let mut words = split(line, &separator);
        let keyword = words.next().unwrap_or_default();
        let values: Vec<&[u8]> = words.collect();
        match keyword {
            b"fields" => self.fields(&values),
            b"types" => self.are_times = values.iter().map(|ty| *ty == b"time").collect(),
            b"unset_field" => self.unset = values.first().map(|text| text.to_vec()).unwrap_or_default(),
            _ => {}
        }
        let CutArgs { first_header, all_headers, minimal, minimal_all, .. } = self.args;
        let is_columns = matches!(keyword, b"fields" | b"types");
        if *minimal_all || *minimal && self.headers == 1 {
            if keyword == b"fields" {
                let between = self.between().to_vec();
                self.write_columns(&values, &between, false, out)?;
                out.write_all(b"\n")?;
            }
            return Ok(());
        }
        let is_first = self.headers == 1 && !keyword.starts_with(b"close");
        if !(*all_headers || *first_header && is_first) {
            return Ok(());
        }
        out.write_all(b"#")?;
        if is_columns {
            out.write_all(keyword)?;
            let between = self.between().to_vec();
            out.write_all(&between)?;
            self.write_columns(&values, &between, keyword == b"types" && self.times.is_some(), out)?;
        } else if keyword.starts_with(b"separator") && !self.between.is_empty() {
            let shown = self.between.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
            write!(out, "separator {shown}")?;
        } else {
            out.write_all(line)?;
        }
        out.write_all(b"\n")
    }

    fn fields(&mut self, names: &[&[u8]]) {
        let wanted = &self.args.columns;
        let at = |wanted: &String| names.iter().position(|name| *name == wanted.as_bytes());
        self.places = if self.args.negate {
            let unnamed = |(at, name): (usize, &&[u8])| {
                (!wanted.iter().any(|wanted| wanted.as_bytes() == *name)).then_some(Some(at))
            };
            Some(names.iter().enumerate().filter_map(unnamed).collect())
        } else if wanted.is_empty() {
            None
        } else {
            Some(wanted.iter().map(at).collect())
        };
    }

    fn between(&self) -> &[u8] {
        if self.between.is_empty() { &self.separator } else { &self.between }
    }

    /// Those of the values that are wanted. `as_strings`: types of times are those of texts now.
    fn write_columns(
        &self,
        values: &[&[u8]],
        between: &[u8],
        as_strings: bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let shown = |value: &'_ [u8]| {
            if as_strings && value == b"time" { b"string".to_vec() } else { value.to_vec() }
        };
        let chosen: Vec<Vec<u8>> = match &self.places {
            None => values.iter().map(|value| shown(value)).collect(),
            Some(places) => {
                let at = |at: &Option<usize>| at.and_then(|at| values.get(at)).map(|value| shown(value));
                places.iter().map(|place| at(place).unwrap_or_default()).collect()
            }
        };
        out.write_all(&chosen.join(between))
    }

    fn row(&mut self, line: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let values: Vec<&[u8]> = split(line, &self.separator).collect();
        let between = self.between();
        let mut write = |nth: usize, at: Option<usize>| {
            if nth > 0 {
                out.write_all(between)?;
            }
            let Some((at, value)) = at.and_then(|at| Some((at, values.get(at)?))) else { return Ok(()) };
            match &self.times {
                Some(times) if self.are_times.get(at) == Some(&true) && *value != &self.unset[..] => {
                    out.write_all(shown_time(value, times).as_deref().unwrap_or(value))
                }
                _ => out.write_all(value),
            }
        };
        match &self.places {
            None => (0..values.len()).try_for_each(|at| write(at, Some(at)))?,
            Some(places) => places.iter().enumerate().try_for_each(|(nth, at)| write(nth, *at))?,
        }
        out.write_all(b"\n")
    }
}

/// Seconds since 1970 in a format of strftime.
fn shown_time(value: &[u8], (format, zone): &(String, TimeZone)) -> Option<Vec<u8>> {
    let (seconds, fraction) =
        std::str::from_utf8(value).ok()?.split_once('.').unwrap_or((std::str::from_utf8(value).ok()?, "0"));
    let nanos: i32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let time = Timestamp::from_duration(SignedDuration::new(seconds.parse().ok()?, nanos)).ok()?;
    strtime::format(format, &time.to_zoned(zone.clone())).ok().map(String::into_bytes)
}

/// `\x09` and the like; else the text.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let digits = text.strip_prefix(b"\\x").and_then(|digits| std::str::from_utf8(digits).ok());
    match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
        Some(byte) => vec![byte],
        None if text.is_empty() => b"\t".to_vec(),
        None => text.to_vec(),
    }
}

fn split<'t>(line: &'t [u8], separator: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
    let one = separator.first().copied().unwrap_or(b'\t');
    line.split(move |byte| *byte == one)
}
