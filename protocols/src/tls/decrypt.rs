//! What connections carry whose secrets are known: records of TLS 1.2 (RFC 5246 §6.3, RFC 5288, RFC 7905) and 1.3
//! (RFC 8446 §5.2 and §7), where their ciphers authenticate as well. Those that do not (CBC, RC4) are left alone.

use std::fmt;

use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use ring::{hkdf, hmac};

use crate::tls::content;
use crate::tls::expand::expand_label;
use crate::tls::keylog::{RANDOM, Secrets};
use crate::tls::message;
use crate::tls::names::is_tls13;

/// Bytes of a nonce that the sender of AES-GCM chooses for each record (RFC 5288 §3).
const EXPLICIT: usize = 8;
/// Bytes that authenticate a record, of all these ciphers.
const TAG: usize = 16;
/// Times a side may change its keys and be followed: each costs two derivations.
const MAX_UPDATES: u32 = 64;

/// A cipher, and the digest that its keys are derived with.
#[derive(Clone, Copy)]
struct Cipher {
    aead: &'static Algorithm,
    prf: hmac::Algorithm,
    hkdf: hkdf::Algorithm,
}

impl Cipher {
    fn of(suite: u32) -> Option<Cipher> {
        let sha256 = (hmac::HMAC_SHA256, hkdf::HKDF_SHA256);
        let sha384 = (hmac::HMAC_SHA384, hkdf::HKDF_SHA384);
        let (aead, (prf, hkdf)) = match suite {
            0x1301 | 0x009c | 0x009e | 0x00a0 | 0x00a2 | 0x00a4 | 0x00a6 | 0x00a8 | 0x00aa | 0x00ac
            | 0xc02b | 0xc02d | 0xc02f | 0xc031 | 0xd001 => (&AES_128_GCM, sha256),
            0x1302 | 0x009d | 0x009f | 0x00a1 | 0x00a3 | 0x00a5 | 0x00a7 | 0x00a9 | 0x00ab | 0x00ad
            | 0xc02c | 0xc02e | 0xc030 | 0xc032 | 0xd002 => (&AES_256_GCM, sha384),
            0x1303 | 0xcca8..=0xccae => (&CHACHA20_POLY1305, sha256),
            _ => return None,
        };
        Some(Cipher { aead, prf, hkdf })
    }

    fn key(self, key: &[u8]) -> Option<LessSafeKey> {
        UnboundKey::new(self.aead, key).ok().map(LessSafeKey::new)
    }

    /// Whether part of the nonce is in each record: of AES-GCM, before TLS 1.3.
    fn is_explicit(self) -> bool {
        self.aead != &CHACHA20_POLY1305
    }
}

/// What one side protects records with.
struct Keys {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
    /// Records that were protected with it.
    count: u64,
    /// Of TLS 1.3: what the next keys come from.
    secret: Option<hkdf::Prk>,
}

/// A side.
#[derive(Default)]
struct Side {
    keys: Option<Keys>,
    /// Keys that come after those, once these do not fit any more.
    next: Option<Keys>,
    updates: u32,
}

/// Decrypts the records of a connection. It is told both hellos, and then each record that is encrypted.
pub struct Decryption {
    client_random: [u8; RANDOM],
    secrets: Secrets,
    cipher: Option<Cipher>,
    is_13: bool,
    /// Of the server and the client.
    sides: [Side; 2],
}

/// Keys do not belong into any output.
impl fmt::Debug for Decryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decryption")
    }
}

impl Decryption {
    /// Of a connection whose client's hello has this random number.
    pub fn new(client_random: [u8; RANDOM], secrets: Secrets) -> Self {
        Decryption { client_random, secrets, cipher: None, is_13: false, sides: Default::default() }
    }

    /// The server has chosen. `version` is the one that it chose, wherever it stands.
    pub fn server_hello(&mut self, version: u16, suite: u32, random: &[u8]) {
        self.is_13 = is_tls13(version);
        self.cipher = Cipher::of(suite);
        let sides = match self.is_13 {
            true => Some([self.side13(0), self.side13(1)]),
            false => self.sides12(random),
        };
        self.sides = sides.unwrap_or_default();
    }

    /// Whether a side's records can be decrypted at all.
    pub fn has_keys(&self) -> bool {
        self.sides.iter().any(|side| side.keys.is_some())
    }

    /// RFC 5246 §6.3.
    fn sides12(&self, server_random: &[u8]) -> Option<[Side; 2]> {
        let (cipher, master) = (self.cipher?, self.secrets.master?);
        let (key, iv) =
            (cipher.aead.key_len(), if cipher.is_explicit() { NONCE_LEN - EXPLICIT } else { NONCE_LEN });
        let block =
            prf(cipher.prf, &master, &[b"key expansion", server_random, &self.client_random], 2 * (key + iv));
        let (keys, ivs) = block.split_at_checked(2 * key)?;
        let side = |at: usize| {
            let mut whole = [0; NONCE_LEN];
            whole.get_mut(..iv)?.copy_from_slice(ivs.chunks(iv).nth(at)?);
            let key = cipher.key(keys.chunks(key).nth(at)?)?;
            Some(Side { keys: Some(Keys { key, iv: whole, count: 0, secret: None }), ..Side::default() })
        };
        Some([side(1)?, side(0)?])
    }

    fn side13(&self, at: usize) -> Side {
        let keys = |secrets: &[Option<Vec<u8>>; 2]| self.keys13(secrets.get(at)?.as_deref()?);
        let (handshake, traffic) = (keys(&self.secrets.handshake), keys(&self.secrets.traffic));
        match handshake {
            None => Side { keys: traffic, ..Side::default() },
            handshake => Side { keys: handshake, next: traffic, updates: 0 },
        }
    }

    /// RFC 8446 §7.3.
    fn keys13(&self, secret: &[u8]) -> Option<Keys> {
        let cipher = self.cipher?;
        if secret.len() != cipher.hkdf.hmac_algorithm().digest_algorithm().output_len() {
            return None;
        }
        keys_of(cipher, hkdf::Prk::new_less_safe(cipher.hkdf, secret))
    }

    /// What is in an encrypted record; `buffer` is where it is decrypted. Its type, and what it carries; none where it
    /// was not protected by keys that are known.
    pub fn record<'b>(
        &mut self,
        is_client: bool,
        header: [u8; 5],
        body: &[u8],
        buffer: &'b mut Vec<u8>,
    ) -> Option<(u16, &'b [u8])> {
        let (cipher, is_13) = (self.cipher?, self.is_13);
        let [server, client] = &mut self.sides;
        let side = if is_client { client } else { server };
        let len = match is_13 {
            true => side.open13(header, body, buffer)?,
            false => side.open12(cipher, header, body, buffer)?,
        };
        let plain = buffer.get(..len)?;
        if !is_13 {
            return Some((u16::from(header[0]), plain));
        }
        // RFC 8446 §5.4: zeros fill it up behind its type.
        let end = plain.iter().rposition(|byte| *byte != 0)?;
        let kind = u16::from(*plain.get(end)?);
        let plain = plain.get(..end)?;
        // RFC 8446 §4.6.3: from the next record on.
        if kind == content::HANDSHAKE && plain.first() == Some(&message::KEY_UPDATE) {
            side.update(cipher);
        }
        Some((kind, plain))
    }
}

impl Side {
    fn open12(
        &mut self,
        cipher: Cipher,
        header: [u8; 5],
        body: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Option<usize> {
        let keys = self.keys.as_mut()?;
        let sequence = keys.count;
        keys.count += 1;
        let (explicit, sealed) = body.split_at_checked(if cipher.is_explicit() { EXPLICIT } else { 0 })?;
        let nonce = match cipher.is_explicit() {
            true => {
                let mut nonce = keys.iv;
                nonce.get_mut(NONCE_LEN - EXPLICIT..)?.copy_from_slice(explicit);
                nonce
            }
            false => keys.nonce(sequence),
        };
        let len = u16::try_from(sealed.len().checked_sub(TAG)?).ok()?;
        let [kind, major, minor, ..] = header;
        let mut about = [0; 13];
        let (count, rest) = about.split_at_mut(8);
        count.copy_from_slice(&sequence.to_be_bytes());
        rest.copy_from_slice(&[kind, major, minor, len.to_be_bytes()[0], len.to_be_bytes()[1]]);
        open(&keys.key, nonce, &about, sealed, buffer)
    }

    fn open13(&mut self, header: [u8; 5], body: &[u8], buffer: &mut Vec<u8>) -> Option<usize> {
        let keys = self.keys.as_mut()?;
        if let Some(len) = open(&keys.key, keys.nonce(keys.count), &header, body, buffer) {
            keys.count += 1;
            return Some(len);
        }
        // The handshake is over, where that was not seen.
        let next = self.next.as_ref()?;
        let len = open(&next.key, next.nonce(0), &header, body, buffer)?;
        self.keys = self.next.take();
        if let Some(keys) = &mut self.keys {
            keys.count = 1;
        }
        Some(len)
    }

    fn update(&mut self, cipher: Cipher) {
        self.updates += 1;
        if self.updates > MAX_UPDATES {
            self.keys = None;
            return;
        }
        let len = cipher.hkdf.hmac_algorithm().digest_algorithm().output_len();
        self.keys = self.keys.take().and_then(|keys| {
            let mut next = vec![0; len];
            expand_label(&keys.secret?, b"traffic upd", &mut next)?;
            keys_of(cipher, hkdf::Prk::new_less_safe(cipher.hkdf, &next))
        });
    }
}

impl Keys {
    /// RFC 8446 §5.3.
    fn nonce(&self, sequence: u64) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        for (place, byte) in nonce.iter_mut().rev().zip(sequence.to_le_bytes()) {
            *place ^= byte;
        }
        nonce
    }
}

fn keys_of(cipher: Cipher, secret: hkdf::Prk) -> Option<Keys> {
    let (mut key, mut iv) = (vec![0; cipher.aead.key_len()], [0; NONCE_LEN]);
    expand_label(&secret, b"key", &mut key)?;
    expand_label(&secret, b"iv", &mut iv)?;
    Some(Keys { key: cipher.key(&key)?, iv, count: 0, secret: Some(secret) })
}

/// Decrypts into `buffer`, and says how many bytes are there then.
fn open(
    key: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    about: &[u8],
    sealed: &[u8],
    buffer: &mut Vec<u8>,
) -> Option<usize> {
    buffer.clear();
    buffer.extend_from_slice(sealed);
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.open_in_place(nonce, Aad::from(about), buffer).ok().map(|plain| plain.len())
}

/// P_hash (RFC 5246 §5): as many bytes as are asked for.
fn prf(digest: hmac::Algorithm, secret: &[u8], label_and_seed: &[&[u8]], len: usize) -> Vec<u8> {
    let key = hmac::Key::new(digest, secret);
    let sign = |parts: &[&[u8]]| {
        let mut context = hmac::Context::with_key(&key);
        parts.iter().for_each(|part| context.update(part));
        context.sign()
    };
    let seed = label_and_seed.concat();
    let mut a = sign(&[&seed]);
    let mut out = Vec::with_capacity(len + 48);
    while out.len() < len {
        out.extend_from_slice(sign(&[a.as_ref(), &seed]).as_ref());
        a = sign(&[a.as_ref()]);
    }
    out.truncate(len);
    out
}
