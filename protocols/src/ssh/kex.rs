//! The messages of the key exchange.

use std::collections::HashSet;

use md5::{Digest, Md5};

use crate::error::Result;
use crate::reader::Reader;

/// SSH_MSG_KEXINIT (RFC 4253 §7.1): what one side can do, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KexInit<'a> {
    /// Random.
    pub cookie: [u8; 16],
    /// How keys may be exchanged.
    pub kex: NameList<'a>,
    /// Kinds of host keys.
    pub host_key: NameList<'a>,
    /// To the server, to the client; likewise the following.
    pub encryption: [NameList<'a>; 2],
    /// What authenticates messages.
    pub mac: [NameList<'a>; 2],
    /// What compresses them.
    pub compression: [NameList<'a>; 2],
    /// Languages.
    pub languages: [NameList<'a>; 2],
    /// A packet of the guessed exchange follows.
    pub first_kex_packet_follows: bool,
}

impl<'a> KexInit<'a> {
    /// Reads what follows the message number.
    pub fn parse(payload: &'a [u8]) -> Result<Self> {
        let mut r = Reader::new(payload);
        Ok(KexInit {
            cookie: r.take_array("cookie")?,
            kex: name_list(&mut r, "kex_algorithms")?,
            host_key: name_list(&mut r, "server_host_key_algorithms")?,
            encryption: both(&mut r, "encryption_algorithms")?,
            mac: both(&mut r, "mac_algorithms")?,
            compression: both(&mut r, "compression_algorithms")?,
            languages: both(&mut r, "languages")?,
            first_kex_packet_follows: r.u8("first_kex_packet_follows")? != 0,
        })
    }
}

fn both<'a>(r: &mut Reader<'a>, field: &'static str) -> Result<[NameList<'a>; 2]> {
    Ok([name_list(r, field)?, name_list(r, field)?])
}

fn name_list<'a>(r: &mut Reader<'a>, field: &'static str) -> Result<NameList<'a>> {
    string(r, field).map(NameList)
}

/// A string (RFC 4251 §5).
pub(super) fn string<'a>(r: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8]> {
    let len = r.u32(field)?;
    r.take(len as usize, field)
}

/// A multiple precision integer of version 1: its length in bits, and its bytes.
pub(super) fn mpint1<'a>(r: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8]> {
    let bits = usize::from(r.u16(field)?);
    r.take(bits.div_ceil(8), field)
}

/// Names with commas between them (RFC 4251 §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameList<'a>(pub &'a [u8]);

impl<'a> NameList<'a> {
    /// The names; empty ones are left out.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.0.split(|byte| *byte == b',').filter(|name| !name.is_empty())
    }

    /// The first name that the other side has as well (RFC 4253 §7.1).
    pub fn agreed(self, server: NameList<'_>) -> Option<&'a [u8]> {
        // Lists may have a hundred thousand names: comparing each with each would take minutes.
        let servers: HashSet<&[u8]> = server.iter().collect();
        self.iter().find(|name| servers.contains(name))
    }
}

/// A server's host key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKey<'a> {
    /// Of version 1: exponent and modulus.
    V1 {
        /// The public exponent.
        exponent: &'a [u8],
        /// The modulus.
        modulus: &'a [u8],
    },
    /// The key blob (RFC 4253 §6.6).
    V2(&'a [u8]),
}

/// The MD5 of a host key, as `ssh-keygen -l -E md5` shows it: pairs of digits with colons between them.
pub fn fingerprint(key: &HostKey<'_>) -> String {
    let digest = match key {
        HostKey::V1 { exponent, modulus } => {
            Md5::new().chain_update(modulus).chain_update(exponent).finalize()
        }
        HostKey::V2(blob) => Md5::digest(blob),
    };
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(":")
}

/// What kind of messages follow both sides' SSH_MSG_KEXINIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// RFC 4253 §8.
    Dh,
    /// RFC 4419.
    DhGex,
    /// RFC 5656, and hybrids that put a post-quantum part into the same strings.
    Ecc,
    /// RFC 4462.
    Gss,
    /// RFC 4432.
    Rsa,
}

impl Method {
    /// By the name of a key exchange algorithm.
    pub fn of(name: &[u8]) -> Option<Method> {
        const EXACT: &[(&[u8], Method)] = &[
            (b"rsa1024-sha1", Method::Rsa),
            (b"rsa2048-sha256", Method::Rsa),
            (b"diffie-hellman-group1-sha1", Method::Dh),
            (b"diffie-hellman-group14-sha1", Method::Dh),
            (b"diffie-hellman-group14-sha256", Method::Dh),
            (b"diffie-hellman-group15-sha512", Method::Dh),
            (b"diffie-hellman-group16-sha512", Method::Dh),
            (b"diffie-hellman-group17-sha512", Method::Dh),
            (b"diffie-hellman-group18-sha512", Method::Dh),
            (b"diffie-hellman-group-exchange-sha1", Method::DhGex),
            (b"diffie-hellman-group-exchange-sha256", Method::DhGex),
            (b"ecmqv-sha2", Method::Ecc),
        ];
        const BEGINS: &[(&[u8], Method)] = &[
            (b"gss-", Method::Gss),
            (b"ecdh-sha2-", Method::Ecc),
            (b"curve25519-sha256", Method::Ecc),
            (b"curve448-sha512", Method::Ecc),
            (b"sntrup761x25519-sha512", Method::Ecc),
            (b"mlkem768x25519-sha256", Method::Ecc),
            (b"mlkem768nistp256-sha256", Method::Ecc),
            (b"mlkem1024nistp384-sha384", Method::Ecc),
        ];
        let exact = EXACT.iter().find(|(known, _)| *known == name);
        let begins = || BEGINS.iter().find(|(begin, _)| name.starts_with(begin));
        exact.or_else(begins).map(|(_, method)| *method)
    }
}
