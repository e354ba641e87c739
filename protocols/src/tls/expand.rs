//! How secrets of TLS 1.3 and QUIC come from each other.

use ring::hkdf::{KeyType, Prk};

/// So many bytes are to be derived.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label (RFC 8446 §7.1), without context: fills `out`. None where that asks for too much.
pub(crate) fn expand_label(secret: &Prk, label: &[u8], out: &mut [u8]) -> Option<()> {
    const PREFIX: &[u8] = b"tls13 ";
    let len = u16::try_from(out.len()).ok()?.to_be_bytes();
    let label_len = [u8::try_from(PREFIX.len() + label.len()).ok()?];
    let info = [&len[..], &label_len, PREFIX, label, &[0]];
    secret.expand(&info, Bytes(out.len())).and_then(|okm| okm.fill(out)).ok()
}
