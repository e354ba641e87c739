//! MD5, SHA-1 and SHA-256 over a file as it passes.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Which digests to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hashing {
    /// RFC 1321.
    pub md5: bool,
    /// FIPS 180-4.
    pub sha1: bool,
    /// FIPS 180-4.
    pub sha256: bool,
}

impl Hashing {
    /// No digests.
    pub const NONE: Hashing = Hashing { md5: false, sha1: false, sha256: false };
    /// All that there are.
    pub const ALL: Hashing = Hashing { md5: true, sha1: true, sha256: true };

    /// Whether there is any to make.
    pub fn any(self) -> bool {
        self != Hashing::NONE
    }
}

/// The digests that were asked for and could be computed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// The MD5, if it was made.
    pub md5: Option<[u8; 16]>,
    /// The SHA-1, if it was made.
    pub sha1: Option<[u8; 20]>,
    /// The SHA-256, if it was made.
    pub sha256: Option<[u8; 32]>,
}

pub(super) struct Hashers {
    md5: Option<Md5>,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
    /// Whether there was a byte to hash: Zeek reports no digest of nothing.
    fed: bool,
}

impl std::fmt::Debug for Hashers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hashers").field("fed", &self.fed).finish_non_exhaustive()
    }
}

impl Hashers {
    pub(super) fn new(wanted: Hashing) -> Hashers {
        Hashers {
            md5: wanted.md5.then(Md5::new),
            sha1: wanted.sha1.then(Sha1::new),
            sha256: wanted.sha256.then(Sha256::new),
            fed: false,
        }
    }

    pub(super) fn update(&mut self, data: &[u8]) {
        self.fed |= !data.is_empty();
        if let Some(md5) = &mut self.md5 {
            md5.update(data);
        }
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(data);
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(data);
        }
    }

    pub(super) fn digests(&self) -> Digests {
        if !self.fed {
            return Digests::default();
        }
        Digests {
            md5: self.md5.clone().map(|hash| hash.finalize().into()),
            sha1: self.sha1.clone().map(|hash| hash.finalize().into()),
            sha256: self.sha256.clone().map(|hash| hash.finalize().into()),
        }
    }
}
