//! Segments of the format before, as an upgrade finds them: they are written anew, so that their rows are sent.
//!
//! ```text
//! head:   "NJSPOOL2" · u64 run · i64 made (seconds since 1970) · u32 checksum of these
//! frame:  u32 length of the rows · u32 number of rows · u64 sequence number of the first
//!         u32 checksum of these · u32 checksum of the rows · the rows
//! row:    u32 length of what follows · i64 packet time · u32 version · and what rows have today
//! ```
//! Which of its rows are settled stands beside it: a checksum, then a bit a row.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::sink::spool::damage::Damage;
use crate::sink::spool::frame::{FrameHead, Head, Settled, u32_at, u64_at};
use crate::sink::spool::segment::{replace, sidecar_of};

const MAGIC: &[u8; 8] = b"NJSPOOL2";
const OLD_HEAD: usize = 28;
const OLD_FRAME_HEAD: usize = 24;
/// What of a row stands before its version: its length and packet time.
const BEFORE_VERSION: usize = 12;

/// A frame of the format before.
struct OldFrame<'a> {
    rows: u32,
    seq: u64,
    sum: u32,
    bytes: &'a [u8],
}

/// Writes a segment anew if it is of the format before. Says how many rows it must have then, those that are
/// damaged included; `None` where it is of another format.
pub(super) fn upgrade(path: &Path, number: u64, damage: &mut Damage) -> io::Result<Option<u64>> {
    let mut magic = [0; MAGIC.len()];
    let file = File::open(path)?;
    match io::Read::read_exact(&mut &file, &mut magic) {
        Ok(()) if magic == *MAGIC => {}
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        _ => return Ok(None),
    }
    let old = fs::read(path)?;
    let Some((run, made)) = head(&old) else { return Ok(None) };
    let mut new = Head { made }.bytes().to_vec();
    let (mut at, mut rows, mut lost) = (OLD_HEAD, 0_u32, 0_u64);
    while let Some(frame) = old.get(at..).and_then(frame) {
        let end = at + OLD_FRAME_HEAD + frame.bytes.len();
        let bytes = (crc32fast::hash(frame.bytes) == frame.sum).then(|| modern(frame.bytes)).flatten();
        match bytes {
            Some((bytes, count)) if count == frame.rows => {
                let head = FrameHead {
                    sparse: false,
                    len: u32::try_from(bytes.len()).map_err(io::Error::other)?,
                    rows: count,
                    index: rows,
                    run,
                    seq: frame.seq,
                    sum: crc32fast::hash(&bytes),
                };
                new.extend_from_slice(&head.bytes());
                new.extend_from_slice(&bytes);
            }
            // The next frame's index, and the number of all, tell that they are missing.
            _ => {
                lost += u64::from(frame.rows);
                keep_aside(&file, path, number, at..end, damage)?;
            }
        }
        rows = rows.checked_add(frame.rows).ok_or_else(|| io::Error::other("too many rows"))?;
        at = end;
    }
    let rest = old.get(at..).unwrap_or_default();
    // A write that was under way when the process ended: the head comes last.
    if rest.iter().take(OLD_FRAME_HEAD).any(|byte| *byte != 0) {
        keep_aside(&file, path, number, at..old.len(), damage)?;
    }
    let settled = fs::read(sidecar_of(path)).ok().and_then(|bytes| settled(&bytes));
    let settled = settled.filter(|settled| settled.end() <= u64::from(rows)).unwrap_or_default();
    // Ended in between, this sends rows twice; the other way round it might lose some.
    replace(path, &new)?;
    replace(&sidecar_of(path), &settled.bytes(number))?;
    damage.note(format!(
        "{}: {} rows of the format before are taken over",
        path.display(),
        u64::from(rows) - lost
    ));
    Ok(Some(rows.into()))
}

fn keep_aside(
    file: &File,
    path: &Path,
    number: u64,
    at: std::ops::Range<usize>,
    damage: &mut Damage,
) -> io::Result<()> {
    let (from, len) = (at.start as u64, at.len() as u64);
    damage.bytes += len;
    damage.say(format!("{}: {len} bytes at byte {from} cannot be read", path.display()));
    if damage.set_aside(file, number, from, len) {
        return Ok(());
    }
    // It stays as it is.
    Err(io::Error::other("what is damaged cannot be kept aside"))
}

/// The run that made it, and when.
fn head(old: &[u8]) -> Option<(u64, i64)> {
    let head = old.get(..OLD_HEAD)?;
    let whole = crc32fast::hash(&head[..24]) == u32_at(head, 24)?;
    whole.then_some((u64_at(head, 8)?, u64_at(head, 16)?.cast_signed()))
}

/// The frame at the front.
fn frame(old: &[u8]) -> Option<OldFrame<'_>> {
    let (head, rest) = old.split_at_checked(OLD_FRAME_HEAD)?;
    if crc32fast::hash(&head[..16]) != u32_at(head, 16)? {
        return None;
    }
    let bytes = rest.get(..usize::try_from(u32_at(head, 0)?).ok()?)?;
    Some(OldFrame { rows: u32_at(head, 4)?, seq: u64_at(head, 8)?, sum: u32_at(head, 20)?, bytes })
}

/// Rows as they are encoded today, and how many they are. Their own time is taken to be packet time.
fn modern(mut old: &[u8]) -> Option<(Vec<u8>, u32)> {
    let (mut new, mut rows) = (Vec::with_capacity(old.len() + old.len() / 16), 0);
    while !old.is_empty() {
        let length = u32_at(old, 0)?;
        let (row, rest) = old.split_at_checked(4 + usize::try_from(length).ok()?)?;
        let (times, rest_of_row) = row.split_at_checked(BEFORE_VERSION)?;
        let time = times.get(4..)?;
        new.extend_from_slice(&length.checked_add(8)?.to_le_bytes());
        new.extend_from_slice(time);
        new.extend_from_slice(time);
        new.extend_from_slice(rest_of_row);
        rows += 1;
        old = rest;
    }
    Some((new, rows))
}

fn settled(bytes: &[u8]) -> Option<Settled> {
    let (sum, bits) = bytes.split_at_checked(4)?;
    (crc32fast::hash(bits).to_le_bytes() == sum).then(|| Settled::of(bits))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Rows as they were written: time, then version, stream and value.
    fn old_row(value: &str) -> Vec<u8> {
        let stream = "conn";
        let mut row = ((15 + stream.len() + value.len()) as u32).to_le_bytes().to_vec();
        row.extend_from_slice(&1_700_000_000_000_000_000_i64.to_le_bytes());
        row.extend_from_slice(&7_u32.to_le_bytes());
        row.extend_from_slice(&[stream.len() as u8, 0, 0]);
        row.extend_from_slice(stream.as_bytes());
        row.extend_from_slice(value.as_bytes());
        row
    }

    /// A segment of the format before with frames of two rows, named by their number.
    pub fn old_segment(run: u64, frames: std::ops::Range<u64>) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&run.to_le_bytes());
        bytes.extend_from_slice(&crate::sink::spool::now().to_le_bytes());
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        for n in frames {
            let rows = [old_row(&format!("row {}", 2 * n)), old_row(&format!("row {}", 2 * n + 1))].concat();
            let mut head = (rows.len() as u32).to_le_bytes().to_vec();
            head.extend_from_slice(&2_u32.to_le_bytes());
            head.extend_from_slice(&(2 * n).to_le_bytes());
            let own = crc32fast::hash(&head);
            head.extend_from_slice(&own.to_le_bytes());
            head.extend_from_slice(&crc32fast::hash(&rows).to_le_bytes());
            bytes.extend_from_slice(&head);
            bytes.extend_from_slice(&rows);
        }
        bytes
    }

    /// What stood beside it: these rows, of the first 64, are settled.
    pub fn old_sidecar(rows: &[u64]) -> Vec<u8> {
        let bits = rows.iter().fold(0_u64, |bits, row| bits | 1 << row).to_le_bytes();
        [&crc32fast::hash(&bits).to_le_bytes()[..], &bits].concat()
    }

    #[test]
    fn rows_get_a_time_of_their_own() {
        let (bytes, rows) = modern(&[old_row("a"), old_row("bc")].concat()).unwrap();
        assert_eq!(rows, 2);
        let read: Vec<_> = crate::export::rows(&bytes).collect::<Result<_, _>>().unwrap();
        let (_, row) = read[1];
        assert_eq!((row.ts, row.version, row.stream, row.value), (row.own, 7, "conn", &b"bc"[..]));
        assert_eq!(row.ts.nanos(), 1_700_000_000_000_000_000);
        let cut = old_row("abc");
        (1..cut.len()).for_each(|at| assert_eq!(modern(&cut[..at]), None));
    }
}
