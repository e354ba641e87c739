//! What ssh.log has of a connection.

use std::collections::BTreeSet;

use crate::ssh::kex::{KexInit, NameList};
use crate::ssh::logins::Attempt;

/// A connection, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// The client's identification string.
    pub client: Option<Box<[u8]>>,
    /// The server's.
    pub server: Option<Box<[u8]>>,
    /// 1 or 2; 0 where the two sides speak none in common.
    pub version: Option<u64>,
    /// Whether the last login succeeded; `None` where sizes do not tell.
    pub auth_success: Option<bool>,
    /// Logins that were tried.
    pub auth_attempts: u64,
    /// What both agreed on, once both have told what they can do.
    pub negotiated: Option<Box<Negotiated>>,
    /// The server's key, as [`fingerprint`](crate::ssh::fingerprint) shows it.
    pub host_key: Option<Box<str>>,
    /// What the side that spoke first can do, until the other has spoken: whether it is the client's, and its lists.
    first: Option<(bool, Box<Lists>)>,
}

/// The algorithms that both sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The cipher, or both directions' where they differ.
    pub cipher: String,
    /// What authenticates messages, likewise.
    pub mac: String,
    /// What compresses them, likewise.
    pub compression: String,
    /// How keys are exchanged.
    pub kex: String,
    /// The kind of the server's key.
    pub host_key: String,
}

/// The lists of one side's SSH_MSG_KEXINIT: key exchange, host key, and to the server and to the client ciphers, MACs
/// and compression.
type Lists = [Box<[u8]>; 8];

/// Compression under which sizes tell nothing: Zeek's `SSH::compression_algorithms`.
pub const COMPRESSED: [&str; 2] = ["zlib", "zlib@openssh.com"];

impl Info {
    /// A side's identification string.
    pub fn identified(&mut self, is_orig: bool, line: &[u8]) {
        *(if is_orig { &mut self.client } else { &mut self.server }) = Some(line.into());
        if let (Some(client), Some(server)) = (&self.client, &self.server) {
            self.version = version(client, server).or(self.version);
        }
    }

    /// What a side can do.
    pub fn can(&mut self, is_orig: bool, can: &KexInit<'_>) {
        match &self.first {
            None => self.first = Some((is_orig, Box::new(lists(can).map(|names| names.0.into())))),
            Some((of_orig, _)) if *of_orig == is_orig => {}
            Some((_, first)) if self.negotiated.is_none() => {
                let (first, second) = (first.each_ref().map(|names| NameList(names)), lists(can));
                let (client, server) = if is_orig { (second, first) } else { (first, second) };
                self.negotiated = Some(Box::new(negotiate(&client, &server)));
            }
            Some(_) => {}
        }
    }

    /// A login; true where it counts. `compressed`: algorithms under which sizes tell nothing.
    pub fn attempted(&mut self, attempt: Attempt, compressed: &BTreeSet<String>) -> bool {
        let compressed =
            self.negotiated.as_ref().is_some_and(|agreed| compressed.contains(&agreed.compression));
        if self.auth_success == Some(true) || compressed {
            return false;
        }
        self.auth_success = Some(attempt != Attempt::Failed);
        self.auth_attempts += 1;
        true
    }

    /// Whether all that came was failed logins.
    pub fn has_failed(&self) -> bool {
        self.client.is_some() && self.server.is_some() && self.auth_success == Some(false)
    }
}

fn lists<'a>(can: &KexInit<'a>) -> [NameList<'a>; 8] {
    let [cipher_up, cipher_down] = can.encryption;
    let [mac_up, mac_down] = can.mac;
    let [compression_up, compression_down] = can.compression;
    [can.kex, can.host_key, cipher_up, cipher_down, mac_up, mac_down, compression_up, compression_down]
}

fn negotiate(client: &[NameList<'_>; 8], server: &[NameList<'_>; 8]) -> Negotiated {
    let agreed: Vec<String> =
        client.iter().zip(server).map(|(ours, theirs)| agreed(*ours, *theirs)).collect();
    let one = |at: usize| agreed.get(at).cloned().unwrap_or_default();
    let both = |at: usize| match (one(at), one(at + 1)) {
        (up, down) if up == down => up,
        (up, down) => format!("To server: {up}, to client: {down}"),
    };
    Negotiated { kex: one(0), host_key: one(1), cipher: both(2), mac: both(4), compression: both(6) }
}

fn agreed(client: NameList<'_>, server: NameList<'_>) -> String {
    match client.agreed(server) {
        Some(name) => String::from_utf8_lossy(name).into_owned(),
        None => "Algorithm negotiation failed".to_owned(),
    }
}

/// RFC 4253 §5: `1.99` is both.
fn version(client: &[u8], server: &[u8]) -> Option<u64> {
    let speaks = |line: &[u8]| (line.get(4).copied(), line.get(6..8) == Some(b"99"));
    match (speaks(client), speaks(server)) {
        ((Some(b'2'), _), (Some(b'2'), _)) => Some(2),
        ((Some(b'1'), both), (Some(b'2'), _)) | ((Some(b'2'), _), (Some(b'1'), both)) => {
            Some(if both { 2 } else { 0 })
        }
        ((Some(b'1'), true), (Some(b'1'), true)) => Some(2),
        ((Some(b'1'), _), (Some(b'1'), _)) => Some(1),
        _ => None,
    }
}
