//! What was found damaged in a spool, and where it is kept.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What cannot be read: told, counted, and kept for whoever wants to look into it.
#[derive(Debug)]
pub struct Damage {
    folder: PathBuf,
    /// Bytes that no row can be read from.
    pub bytes: u64,
    /// Whether more than a sentence was found: rows or bytes are missing.
    pub loss: bool,
    /// Sentences for the operator.
    sentences: Vec<String>,
    /// Frames of which was told, by their segment and place.
    frames: Vec<(PathBuf, u64)>,
}

/// No more than this is kept aside.
const MAX_KEPT: u64 = 256 << 20;
/// Sentences about one spool; beyond them damage is only counted.
const MAX_SENTENCES: usize = 20;

impl Damage {
    /// Damage of the spool in this folder.
    pub fn of(dir: &Path) -> Damage {
        Damage {
            folder: dir.join("damaged"),
            bytes: 0,
            loss: false,
            sentences: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// Something is missing or cannot be read.
    pub fn say(&mut self, sentence: String) {
        self.loss = true;
        self.note(sentence);
    }

    /// Something is odd, but nothing that was taken is lost by it.
    pub fn note(&mut self, sentence: String) {
        if self.sentences.len() < MAX_SENTENCES {
            self.sentences.push(sentence);
        }
    }

    /// The sentences that were not taken yet.
    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sentences)
    }

    /// Rows of a frame are damaged, which shows whenever it is read.
    pub fn rows(&mut self, segment: &Path, at: u64, rows: u64) {
        self.loss = true;
        let frame = (segment.to_owned(), at);
        if self.frames.len() < MAX_SENTENCES && !self.frames.contains(&frame) {
            self.say(format!("{}: {rows} rows at byte {at} are damaged", segment.display()));
            self.frames.push(frame);
        }
    }

    /// Copies a part of a segment aside. Says whether it is there now.
    pub fn set_aside(&mut self, file: &File, segment: u64, at: u64, len: u64) -> bool {
        if len == 0 {
            return true;
        }
        match self.copy(file, segment, at, len) {
            Ok(true) => true,
            Ok(false) => {
                self.note(format!("{} is full: what cannot be read is not kept", self.folder.display()));
                true
            }
            Err(error) => {
                self.note(format!("cannot write to {}: {error}", self.folder.display()));
                false
            }
        }
    }

    fn copy(&self, file: &File, segment: u64, at: u64, len: u64) -> io::Result<bool> {
        fs::create_dir_all(&self.folder)?;
        let mut kept = 0;
        for entry in fs::read_dir(&self.folder)? {
            kept += entry?.metadata()?.len();
        }
        if kept + len > MAX_KEPT {
            return Ok(false);
        }
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, at)?;
        // Segments of another time have the same numbers.
        let path = self.folder.join(format!("{segment:012}-{at}-{:08x}", crc32fast::hash(&bytes)));
        if !path.exists() {
            fs::write(&path, bytes).inspect_err(|_| drop(fs::remove_file(&path)))?;
        }
        Ok(true)
    }
}
