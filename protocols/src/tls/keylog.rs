//! Key logs: what a client or server wrote down of the secrets of its connections.
//!
//! Two forms are read, line by line: that of NSS, which browsers, curl and OpenSSL write to `SSLKEYLOGFILE`
//! (draft-ietf-tls-keylogfile), and Zeek's table of a client's random number and the master secret, both with `\x`
//! before each byte.

use std::collections::HashMap;
use std::fmt;

/// Bytes of a hello's random number.
pub const RANDOM: usize = 32;
/// Bytes of the master secret (RFC 5246 §8.1).
pub const MASTER: usize = 48;
/// The longest secret of TLS 1.3 is a digest by SHA-384.
const MAX_SECRET: usize = 48;

/// The secrets of a connection, as far as they are known.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Up to TLS 1.2.
    pub master: Option<[u8; MASTER]>,
    /// Of TLS 1.3, the server's and the client's: for the handshake.
    pub handshake: [Option<Vec<u8>>; 2],
    /// The same for what follows the handshake.
    pub traffic: [Option<Vec<u8>>; 2],
}

/// Secrets do not belong into any output.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// Secrets by the random number of the client's hello.
#[derive(Debug, Default)]
pub struct KeyLog {
    by_random: HashMap<[u8; RANDOM], Secrets>,
    ignored: usize,
}

impl KeyLog {
    /// Reads a file. Lines that say nothing of use are left out, and [counted](Self::ignored).
    pub fn parse(text: &[u8]) -> KeyLog {
        let mut log = KeyLog::default();
        for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
            if !line.is_empty() && !line.starts_with(b"#") && log.line(line).is_none() {
                log.ignored += 1;
            }
        }
        log
    }

    fn line(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (first, second) = (words.next()?, words.next()?);
        if first.starts_with(b"\\x") {
            let random = escaped(first)?.try_into().ok()?;
            self.by_random.entry(random).or_default().master = Some(escaped(second)?.try_into().ok()?);
            return Some(());
        }
        let (random, secret) = (hex(second)?.try_into().ok()?, hex(words.next()?)?);
        if first == b"CLIENT_RANDOM" {
            let master = secret.try_into().ok()?;
            self.by_random.entry(random).or_default().master = Some(master);
            return Some(());
        }
        if secret.is_empty() || secret.len() > MAX_SECRET {
            return None;
        }
        let is_of_traffic = match first {
            b"CLIENT_TRAFFIC_SECRET_0" | b"SERVER_TRAFFIC_SECRET_0" => true,
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" | b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => false,
            _ => return None,
        };
        let secrets = self.by_random.entry(random).or_default();
        let [server, client] = if is_of_traffic { &mut secrets.traffic } else { &mut secrets.handshake };
        *(if first.starts_with(b"CLIENT") { client } else { server }) = Some(secret);
        Some(())
    }

    /// What is known of the connection whose client's hello has this random number.
    pub fn get(&self, client_random: &[u8]) -> Option<&Secrets> {
        self.by_random.get(client_random)
    }

    /// Connections of which something is known.
    pub fn len(&self) -> usize {
        self.by_random.len()
    }

    /// Whether nothing is known of any connection.
    pub fn is_empty(&self) -> bool {
        self.by_random.is_empty()
    }

    /// Lines that were not understood, or are of secrets that are of no use here.
    pub fn ignored(&self) -> usize {
        self.ignored
    }
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Bytes as `\x0a`.
fn escaped(text: &[u8]) -> Option<Vec<u8>> {
    let (bytes, []) = text.as_chunks::<4>() else { return None };
    bytes.iter().map(|byte| hex(byte.strip_prefix(b"\\x")?)?.first().copied()).collect()
}
