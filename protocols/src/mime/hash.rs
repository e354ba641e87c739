//! The digest of a mail's content, as `mime_content_hash` has it.

use md5::{Digest, Md5};

/// The MD5 of what has passed.
#[derive(Clone, Debug, Default)]
pub struct ContentHash {
    md5: Md5,
    len: u64,
}

impl ContentHash {
    /// Takes in what comes next.
    pub fn add(&mut self, content: &[u8]) {
        self.md5.update(content);
        self.len += content.len() as u64;
    }

    /// How many bytes there were, and their digest.
    pub fn finish(self) -> (u64, [u8; 16]) {
        (self.len, self.md5.finalize().into())
    }
}
