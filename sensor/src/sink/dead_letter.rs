//! Rows that the receiver will never take: a file that keeps them, a line of JSON each.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;

use crate::sink::account::Reason;
use crate::sink::transport::Message;

/// The file, opened with its first row.
pub(super) struct DeadLetters {
    path: PathBuf,
    max_bytes: u64,
    file: Option<(File, u64)>,
}

impl DeadLetters {
    pub fn new(path: PathBuf, max_bytes: u64) -> DeadLetters {
        DeadLetters { path, max_bytes, file: None }
    }

    /// Appends a row, why it is here and where it should have gone. What is written is a whole line or nothing.
    pub fn write(&mut self, message: &Message<'_>, destination: &str, reason: Reason) -> Result<(), String> {
        let failed = |error: io::Error| format!("{} cannot be written: {error}", self.path.display());
        let row = &message.row;
        let text = String::from_utf8_lossy(row.value);
        let head = json!({
            "reason": reason.name(),
            "destination": destination,
            "stream": row.stream,
            "id": format!("{:016x}-{}", message.run, message.seq),
            "schema": format!("{:08x}", row.version),
            "ts": row.ts.nanos() as f64 / 1e9,
            "key": String::from_utf8_lossy(row.key),
        });
        // The row as it would have been sent; what is no JSON is kept as a text.
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        let value = if is_json { text.into_owned() } else { json!(text).to_string() };
        let line = format!("{},\"row\":{value}}}\n", head.to_string().trim_end_matches('}'));
        if self.file.is_none() {
            let file = OpenOptions::new().create(true).append(true).open(&self.path).map_err(failed)?;
            let length = file.metadata().map_err(failed)?.len();
            self.file = Some((file, length));
        }
        let Some((file, length)) = &mut self.file else { return Ok(()) };
        if *length + line.len() as u64 > self.max_bytes {
            return Err(format!("{} is full (delivery.dead_letter_bytes)", self.path.display()));
        }
        if let Err(error) = file.write_all(line.as_bytes()) {
            // Half a line would spoil the next.
            let _ = file.set_len(*length);
            return Err(failed(error));
        }
        *length += line.len() as u64;
        Ok(())
    }

    /// What was written survives a power failure from here on.
    pub fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |(file, _)| file.sync_data())
    }

    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}
