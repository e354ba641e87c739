//! Which segments a spool has: without this list one that is gone would not be missed.

use std::io;
use std::path::{Path, PathBuf};

use crate::sink::spool::damage::Damage;
use crate::sink::spool::segment::replace;

/// A line for each segment with its number and rows, then a checksum. It is behind by what was
/// written since it was last looked after.
pub(super) struct List {
    path: PathBuf,
    segments: Vec<(u64, u64)>,
}

const NAME: &str = "segments";

impl List {
    /// Reads the list; with segments there must be one.
    pub fn open(dir: &Path, needed: bool, damage: &mut Damage) -> List {
        let path = dir.join(NAME);
        let read = match std::fs::read_to_string(&path) {
            Ok(text) => parse(&text).ok_or("is damaged"),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !needed => Ok(Vec::new()),
            Err(_) => Err("is missing"),
        };
        let segments = read.unwrap_or_else(|what| {
            damage.say(format!("{} {what}: whether segments are missing cannot be told", path.display()));
            Vec::new()
        });
        List { path, segments }
    }

    /// Rows that a segment has at least.
    pub fn rows(&self, number: u64) -> u64 {
        self.segments.iter().find(|(listed, _)| *listed == number).map_or(0, |(_, rows)| *rows)
    }

    /// Segments with rows that are not among these.
    pub fn missing(&self, found: &[u64]) -> Vec<u64> {
        let missing = self.segments.iter().filter(|(number, rows)| *rows > 0 && !found.contains(number));
        missing.map(|(number, _)| *number).collect()
    }

    /// Writes it anew, if it changed.
    pub fn write(&mut self, segments: impl Iterator<Item = (u64, u64)>) -> io::Result<()> {
        let segments: Vec<_> = segments.collect();
        if segments != self.segments || !self.path.exists() {
            let lines: String =
                segments.iter().map(|(number, rows)| format!("{number:012} {rows}\n")).collect();
            replace(&self.path, format!("{lines}{:08x}\n", crc32fast::hash(lines.as_bytes())).as_bytes())?;
            self.segments = segments;
        }
        Ok(())
    }

    pub fn remove(self) -> io::Result<()> {
        match std::fs::remove_file(self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// `None` where it is not as it was written.
fn parse(text: &str) -> Option<Vec<(u64, u64)>> {
    let (lines, sum) = text.split_at_checked(text.len().checked_sub(9)?)?;
    if sum.trim_end() != format!("{:08x}", crc32fast::hash(lines.as_bytes())) {
        return None;
    }
    let line = |line: &str| {
        let (number, rows) = line.split_once(' ')?;
        Some((number.parse().ok()?, rows.parse().ok()?))
    };
    lines.lines().map(line).collect()
}
