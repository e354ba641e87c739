//! A row on its way to an exporter: the same bytes in memory and in the spool.
//!
//! ```text
//! u32 length of what follows · i64 packet time · i64 the row's own time · u32 version · u8 stream · u8 topic · u8 key (lengths)
//! stream · topic · key · value
//! ```
//! Numbers are little-endian.

use crate::time::Time;

/// A row, borrowed from where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportRow<'a> {
    /// Packet time when it was written.
    pub ts: Time,
    /// What stands in its field `ts`, or packet time where it has none.
    pub own: Time,
    /// Of the stream's schema.
    pub version: u32,
    pub stream: &'a str,
    /// Where a rule sends it; empty where routing is by stream.
    pub topic: &'a str,
    /// Empty where it has none.
    pub key: &'a [u8],
    pub value: &'a [u8],
}

/// Bytes that are not rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowError;

const LEN: usize = 4;
const HEAD: usize = LEN + 8 + 8 + 4 + 3;

/// Names and keys are cut here; the longest of ours, an IPv6 address, has 39 bytes.
const MAX_NAME: usize = u8::MAX as usize;

/// A row that is being written.
pub(super) struct Begun {
    start: usize,
    key: usize,
}

/// Begins a row; its key and then its value are what is appended next.
pub(super) fn begin(
    (now, own): (Time, Time),
    version: u32,
    stream: &str,
    topic: &str,
    out: &mut Vec<u8>,
) -> Begun {
    let start = out.len();
    let names = [stream, topic].map(|name| &name.as_bytes()[..name.len().min(MAX_NAME)]);
    out.extend_from_slice(&[0; LEN]);
    out.extend_from_slice(&now.nanos().to_le_bytes());
    out.extend_from_slice(&own.nanos().to_le_bytes());
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&[names[0].len() as u8, names[1].len() as u8, 0]);
    out.extend_from_slice(names[0]);
    out.extend_from_slice(names[1]);
    Begun { start, key: out.len() }
}

impl Begun {
    /// What was appended so far is the key.
    pub fn end_key(&self, out: &mut Vec<u8>) {
        out.truncate(self.key + MAX_NAME);
        out[self.start + HEAD - 1] = (out.len() - self.key) as u8;
    }

    /// The rest is the value, and here it ends.
    pub fn finish(self, out: &mut [u8]) {
        let length = (out.len() - self.start - LEN) as u32;
        out[self.start..self.start + LEN].copy_from_slice(&length.to_le_bytes());
    }
}

/// Appends a row that is none of a log, as the first version of its stream.
pub fn write_row(now: Time, stream: &str, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let begun = begin((now, now), 1, stream, "", out);
    out.extend_from_slice(key);
    begun.end_key(out);
    out.extend_from_slice(value);
    begun.finish(out);
}

impl<'a> ExportRow<'a> {
    /// Reads the row at the front of `bytes`, and says how long it is.
    pub fn read(bytes: &'a [u8]) -> Result<(ExportRow<'a>, usize), RowError> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(RowError)?;
        let [length @ .., stream, topic, key] = *head;
        let (length, times) = length.split_first_chunk::<LEN>().ok_or(RowError)?;
        let (now, times) = times.split_first_chunk::<8>().ok_or(RowError)?;
        let (own, version) = times.split_first_chunk::<8>().ok_or(RowError)?;
        let version = version.first_chunk::<4>().ok_or(RowError)?;
        let end = LEN + u32::from_le_bytes(*length) as usize;
        let rest = rest.get(..end.checked_sub(HEAD).ok_or(RowError)?).ok_or(RowError)?;
        let (stream, rest) = rest.split_at_checked(usize::from(stream)).ok_or(RowError)?;
        let (topic, rest) = rest.split_at_checked(usize::from(topic)).ok_or(RowError)?;
        let (key, value) = rest.split_at_checked(usize::from(key)).ok_or(RowError)?;
        let row = ExportRow {
            ts: Time::from_nanos(i64::from_le_bytes(*now)),
            own: Time::from_nanos(i64::from_le_bytes(*own)),
            version: u32::from_le_bytes(*version),
            stream: std::str::from_utf8(stream).map_err(|_| RowError)?,
            topic: std::str::from_utf8(topic).map_err(|_| RowError)?,
            key,
            value,
        };
        Ok((row, end))
    }
}

/// All rows in `bytes`, each with where it begins. What cannot be read ends them with an error.
pub fn rows(bytes: &[u8]) -> impl Iterator<Item = Result<(usize, ExportRow<'_>), RowError>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        Some(match ExportRow::read(rest) {
            Ok((row, len)) => {
                let start = at;
                at += len;
                Ok((start, row))
            }
            Err(error) => {
                at = bytes.len();
                Err(error)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_were_written_and_not_past_their_end() {
        let mut bytes = Vec::new();
        for (stream, topic, key, value) in [("conn", "", "", ""), ("dns", "noise", "Cabc", "{\"a\":1}")] {
            let begun = begin((Time::from_nanos(-5), Time::from_nanos(-6)), 7, stream, topic, &mut bytes);
            bytes.extend_from_slice(key.as_bytes());
            begun.end_key(&mut bytes);
            bytes.extend_from_slice(value.as_bytes());
            begun.finish(&mut bytes);
        }
        let read: Vec<_> = rows(&bytes).collect::<Result<_, _>>().unwrap();
        assert_eq!(read.len(), 2);
        let (_, row) = read[1];
        assert_eq!(row.own.nanos(), -6);
        assert_eq!((row.ts.nanos(), row.version, row.stream, row.topic), (-5, 7, "dns", "noise"));
        assert_eq!((row.key, row.value), (&b"Cabc"[..], &b"{\"a\":1}"[..]));
        for cut in 0..bytes.len() {
            let whole = rows(&bytes[..cut]).filter(Result::is_ok).count();
            assert_eq!(whole, usize::from(cut >= read[1].0), "cut at {cut}");
        }
    }
}
