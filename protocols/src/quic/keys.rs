//! The keys of Initial packets (RFC 9001 §5), which follow from what is on the wire.

use std::fmt;

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey, quic};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};

use crate::quic::version::{self, Family};
use crate::tls::expand_label;

/// Bytes of a key.
const KEY: usize = 16;
/// Bytes of a secret.
const SECRET: usize = 32;
/// A packet's number is as long as it can be for where the sample lies (RFC 9001 §5.4.2).
const MAX_NUMBER: usize = 4;
/// Bytes that the mask of the header is made of.
const SAMPLE: usize = 16;

/// What one side's Initial packets are protected with.
pub(super) struct Keys {
    payload: LessSafeKey,
    iv: [u8; NONCE_LEN],
    header: quic::HeaderProtectionKey,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

fn expand<const N: usize>(secret: &Prk, label: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    expand_label(secret, label, &mut out)?;
    Some(out)
}

impl Keys {
    /// Of a side, from the identifier that the client's first packet was for.
    pub fn initial(number: u32, dcid: &[u8], by_client: bool) -> Option<Keys> {
        let Family { salt, labels, .. } = version::family(number)?;
        let initial = Salt::new(HKDF_SHA256, &salt).extract(dcid);
        let side: &[u8] = if by_client { b"client in" } else { b"server in" };
        let secret = Prk::new_less_safe(HKDF_SHA256, &expand::<SECRET>(&initial, side)?);
        let key = UnboundKey::new(&AES_128_GCM, &expand::<KEY>(&secret, labels.key)?).ok()?;
        let header =
            quic::HeaderProtectionKey::new(&quic::AES_128, &expand::<KEY>(&secret, labels.header)?).ok()?;
        Some(Keys { payload: LessSafeKey::new(key), iv: expand(&secret, labels.iv)?, header })
    }

    fn nonce(&self, number: u32) -> Nonce {
        let mut nonce = self.iv;
        for (place, byte) in nonce.iter_mut().rev().zip(number.to_le_bytes()) {
            *place ^= byte;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    /// What is in a packet whose number begins at `number_at`; `buffer` is where it is decrypted. None where it was not
    /// protected by these keys. Numbers of Initial packets are small: what was left out of one is taken to be zero.
    pub fn open<'b>(&self, packet: &[u8], number_at: usize, buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
        let sample_at = number_at.checked_add(MAX_NUMBER)?;
        let mask = self.header.new_mask(packet.get(sample_at..sample_at + SAMPLE)?).ok()?;
        buffer.clear();
        buffer.extend_from_slice(packet);
        let [mask_first, mask_number @ ..] = mask;
        let first = buffer.first_mut()?;
        // Of a long header four bits are protected (RFC 9001 §5.4.1).
        *first ^= mask_first & 0x0f;
        let number_len = usize::from(*first & 3) + 1;
        let (header, payload) = buffer.split_at_mut_checked(number_at + number_len)?;
        let mut number = 0;
        for (byte, mask) in header.get_mut(number_at..)?.iter_mut().zip(mask_number) {
            *byte ^= mask;
            number = number << 8 | u32::from(*byte);
        }
        let opened = self.payload.open_in_place(self.nonce(number), Aad::from(&*header), payload).ok()?;
        Some(opened)
    }

    /// Protects a packet that has this header, its number being the last four bytes of it.
    pub fn seal(&self, header: &[u8], number: u32, payload: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = payload.to_vec();
        self.payload.seal_in_place_append_tag(self.nonce(number), Aad::from(header), &mut sealed).ok()?;
        let mask = self.header.new_mask(sealed.get(..SAMPLE)?).ok()?;
        let [mask_first, mask_number @ ..] = mask;
        let mut packet = header.to_vec();
        *packet.first_mut()? ^= mask_first & 0x0f;
        let number_at = packet.len().checked_sub(MAX_NUMBER)?;
        for (byte, mask) in packet.get_mut(number_at..)?.iter_mut().zip(mask_number) {
            *byte ^= mask;
        }
        packet.extend_from_slice(&sealed);
        Some(packet)
    }
}
