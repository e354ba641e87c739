//! Files as they change: which one it is, and its content as a whole.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

/// Tells one state of a file from another: another file in its place, or the same one written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    pub fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }

    pub fn is_same_file(&self, other: &Stamp) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether it was written to less than this ago.
    fn is_younger_than(&self, seconds: i64) -> bool {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        now.as_secs() as i64 - self.changed.0 < seconds
    }
}

/// What became of reading a file as a whole.
pub enum Whole {
    Content(Vec<u8>, Stamp),
    /// The same as last time.
    Unchanged,
    /// Somebody writes to it at this moment: later.
    Unsettled,
    TooLarge,
    /// It cannot be looked at, or opened.
    Missing,
}

/// How often a file that is being written to is tried again at once.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(50);
/// For this many seconds, a last line without an end may still be being written.
const SETTLES: i64 = 2;

/// Reads a file unless it is in the state that `known` says. One that changes while it is read is left.
pub fn whole(path: &str, known: Option<Stamp>, max_size: u64) -> Whole {
    for attempt in 0..TRIES {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        let Ok(metadata) = std::fs::metadata(path) else { return Whole::Missing };
        let before = Stamp::of(&metadata);
        if known == Some(before) {
            return Whole::Unchanged;
        }
        if before.size > max_size {
            return Whole::TooLarge;
        }
        let Ok(mut file) = File::open(path) else { return Whole::Missing };
        let mut content = Vec::new();
        // One byte more than it had tells that it grows.
        if file.by_ref().take(before.size + 1).read_to_end(&mut content).is_err() {
            return Whole::Missing;
        }
        let Ok(metadata) = std::fs::metadata(path) else { return Whole::Missing };
        let after = Stamp::of(&metadata);
        let half_a_line = known.is_some() && !content.ends_with(b"\n") && after.is_younger_than(SETTLES);
        // Files that have no size (pipes, /proc) are what they give.
        let complete = content.len() as u64 == before.size || !metadata.is_file();
        if before == after && complete && !half_a_line {
            return Whole::Content(content, after);
        }
    }
    Whole::Unsettled
}
