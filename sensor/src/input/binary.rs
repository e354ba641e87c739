//! Blocks of bytes of a file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::cell::Cell;
use super::file::Stamp;
use super::{Follow, Item, Mode, Out, Stop};

pub struct Reader {
    path: String,
    chunk: usize,
    mode: Mode,
    known: Option<Stamp>,
    at: u64,
}

impl Reader {
    pub fn new(path: String, chunk: usize, mode: Mode) -> Self {
        Reader { path, chunk: chunk.max(1), mode, known: None, at: 0 }
    }
}

impl Follow for Reader {
    fn update(&mut self, out: &mut Out) -> Result<(), Stop> {
        let file = File::open(&self.path).and_then(|file| Ok((Stamp::of(&file.metadata()?), file)));
        let Ok((stamp, mut file)) = file else {
            let text = format!("Init: cannot open {}", self.path);
            return out.incident(self.known.is_none(), text);
        };
        out.quiet = false;
        if self.mode == Mode::Reread && self.known == Some(stamp) {
            return Ok(());
        }
        let grown = self.known.is_some_and(|known| known.is_same_file(&stamp) && stamp.size() >= self.at);
        if self.mode != Mode::Stream || !grown {
            self.at = 0;
        }
        self.known = Some(stamp);
        let mut at = self.at;
        if file.seek(SeekFrom::Start(at)).is_err() {
            return out.incident(false, format!("Could not read {}", self.path));
        }
        let mut block = vec![0; self.chunk];
        loop {
            match file.read(&mut block) {
                Ok(0) => break,
                Ok(length) => {
                    at += length as u64;
                    let cells = vec![Cell::Text(block[..length].to_vec())];
                    out.put(Item::Row { line: 0, cells }, length)?;
                }
                Err(_) => return out.incident(false, format!("Could not read {}", self.path)),
            }
        }
        self.at = at;
        match self.mode {
            Mode::Stream => Ok(()),
            Mode::Manual | Mode::Reread => out.put(Item::End, 0),
        }
    }
}
