//! files.log: one row for every file, when it has ended.

use std::net::IpAddr;

use nightjar_protocols::files::{File, Hashing};
use smallvec::SmallVec;

use crate::analyze::files::Open;
use crate::analyze::files::analyzer::set_on;
use crate::analyze::x509;
use crate::config::Config;
use crate::event::Owner;
use crate::flow::{Cx, Flow};
use crate::record::{Set, Uid, record};
use crate::time::{Interval, Time};

record! {
    /// A file that a connection carried.
    pub struct FilesRow<'a> in "files", summary ["{fuid} {mime_type?} {filename?} {seen_bytes} bytes via {source}"] {
        /// When the file was first seen.
        ts: Time = "ts",
        /// The file's identifier.
        fuid: Uid = "fuid",
        /// The identifier of the connection that carried it.
        uid: Option<Uid> = "uid",
        /// That connection's originator.
        orig_h: Option<IpAddr> = "id.orig_h",
        orig_p: Option<u16> = "id.orig_p",
        /// That connection's responder.
        resp_h: Option<IpAddr> = "id.resp_h",
        resp_p: Option<u16> = "id.resp_p",
        /// The protocol that carried it.
        source: Option<&'a str> = "source",
        /// Its place within the protocol: of a mail, how deep in its parts.
        depth: u64 = "depth",
        /// What looked at the file.
        analyzers: Set<'a, &'a str> = "analyzers",
        /// What it is, by its first bytes.
        mime_type: Option<&'a str> = "mime_type",
        /// Its name, where the protocol gives one.
        filename: Option<&'a [u8]> = "filename",
        /// From its beginning to the last time something of it was seen.
        duration: Interval = "duration",
        /// Whether the sender is in `Site::local_nets`.
        local_orig: Option<bool> = "local_orig",
        /// Whether the connection's originator sent it.
        is_orig: Option<bool> = "is_orig",
        /// Bytes seen.
        seen_bytes: u64 = "seen_bytes",
        /// Its size, where the protocol gives it.
        total_bytes: Option<u64> = "total_bytes",
        /// Bytes that were missed.
        missing_bytes: u64 = "missing_bytes",
        /// Bytes missed because too much that came after them was waiting.
        overflow_bytes: u64 = "overflow_bytes",
        /// Whether it was given up before it had ended.
        timedout: bool = "timedout",
        /// The file it was taken out of.
        parent_fuid: Option<Uid> = "parent_fuid",
        /// Digests, where they were asked for.
        md5: Option<&'a str> = "md5",
        sha1: Option<&'a str> = "sha1",
        sha256: Option<&'a str> = "sha256",
        /// Where it was extracted to.
        extracted: Option<&'a str> = "extracted",
        /// Whether extraction stopped at a limit.
        extracted_cutoff: Option<bool> = "extracted_cutoff",
        /// Bytes extracted.
        extracted_size: Option<u64> = "extracted_size",
    }
}

pub(super) fn log(cx: &mut Cx<'_>, flow: &mut Flow, open: &Open) {
    let owner = Owner { uid: open.fuid, nth: 0 };
    let config = cx.config;
    // As in Zeek: they have a log of their own.
    let is_logged =
        config.protocols.x509.files_log || !open.file.mime_type().is_some_and(x509::is_certificate);
    if !is_logged {
        return cx.bus.file_ended(open.fuid);
    }
    with(config, flow, open, |record| cx.bus.log(record, owner));
    cx.bus.file_ended(open.fuid);
}

/// Shows a file's record as far as it is filled.
pub(super) fn with<T>(
    config: &Config,
    flow: &mut Flow,
    open: &Open,
    what: impl FnOnce(&FilesRow<'_>) -> T,
) -> T {
    let (uid, id) = (flow.uid(), flow.id());
    let (file, about) = (&open.file, &open.about);
    let sender = if about.is_orig { id.orig_h } else { id.resp_h };
    let hashing = match file.mime_type() {
        Some(mime_type) if x509::is_certificate(mime_type) => Hashing::ALL,
        _ => config.file_hashing,
    };
    let mut analyzers: SmallVec<[&str; 4]> = SmallVec::new();
    let by_type = file.mime_type().map(|mime_type| set_on(config, mime_type)).unwrap_or_default();
    let by_type = by_type.iter().map(|spec| spec.name);
    let hashers = [("MD5", hashing.md5), ("SHA1", hashing.sha1), ("SHA256", hashing.sha256)];
    analyzers.extend(hashers.iter().filter(|(_, wanted)| *wanted).map(|(name, _)| *name).chain(by_type));
    let digests = file.digests();
    let (md5, sha1, sha256) = (
        digests.md5.map(|digest| Hex::<32>::of(&digest)),
        digests.sha1.map(|digest| Hex::<40>::of(&digest)),
        digests.sha256.map(|digest| Hex::<64>::of(&digest)),
    );
    what(&FilesRow {
        ts: Time::from_nanos(open.life.first()),
        fuid: open.fuid,
        uid: Some(uid),
        orig_h: Some(id.orig_h),
        orig_p: Some(id.orig_p),
        resp_h: Some(id.resp_h),
        resp_p: Some(id.resp_p),
        source: Some(about.source),
        depth: about.depth,
        analyzers: Set(&analyzers),
        mime_type: file.mime_type(),
        filename: about.filename.as_deref(),
        duration: Interval::from_nanos(open.life.duration()),
        local_orig: config.is_local(sender),
        is_orig: Some(about.is_orig),
        seen_bytes: file.seen_bytes(),
        total_bytes: file.total_bytes(),
        missing_bytes: file.missing_bytes(),
        overflow_bytes: file.overflow_bytes(),
        timedout: open.life.timed_out(),
        parent_fuid: about.parent,
        md5: md5.as_ref().map(Hex::as_str),
        sha1: sha1.as_ref().map(Hex::as_str),
        sha256: sha256.as_ref().map(Hex::as_str),
        extracted: None,
        extracted_cutoff: None,
        extracted_size: None,
    })
}

/// The digests of a file that has ended, by the names that `file_hash` gives them.
pub fn digests_of_file(file: &File) -> impl Iterator<Item = (&'static str, String)> {
    let digests = file.digests();
    let md5 = digests.md5.map(|digest| ("md5", Hex::<32>::of(&digest).as_str().to_owned()));
    let sha1 = digests.sha1.map(|digest| ("sha1", Hex::<40>::of(&digest).as_str().to_owned()));
    let sha256 = digests.sha256.map(|digest| ("sha256", Hex::<64>::of(&digest).as_str().to_owned()));
    [md5, sha1, sha256].into_iter().flatten()
}

/// A digest as text.
struct Hex<const N: usize>([u8; N]);

impl<const N: usize> Hex<N> {
    fn of(digest: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'0'; N];
        for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        Hex(text)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_written_in_lower_case_hex() {
        assert_eq!(Hex::<6>::of(&[0x00, 0x9f, 0xa5]).as_str(), "009fa5");
    }
}
