//! AYIYA, "anything in anything" (draft-massar-v6ops-ayiya-02): IP in UDP, with a signature.

/// An AYIYA packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ayiya<'a> {
    /// The "forward" operation: a packet of the protocol that the IP protocol number names.
    /// May be empty.
    Forward {
        /// What it is, as IANA numbers them.
        protocol: u8,
        /// Its bytes.
        inner: &'a [u8],
    },
    /// Heartbeats and queries: nothing inside to follow.
    Other,
}

const OP_FORWARD: u8 = 1;

/// Reads an AYIYA header. The error is the reason for which the analyzer gives up.
pub fn parse(data: &[u8]) -> Result<Ayiya<'_>, &'static str> {
    const TRUNCATED: &str = "Truncated AYIYA";
    let Some((header, rest)) = data.split_first_chunk::<8>() else { return Err(TRUNCATED) };
    let [identity, signature, operation, next, ..] = *header;
    // The identity's length is a power of two, the signature's counts words.
    let identity_len = 1usize << (identity >> 4);
    let signature_len = usize::from(signature >> 4) * 4;
    let Some(inner) = rest.get(identity_len + signature_len..) else { return Err(TRUNCATED) };
    match operation & 0x0f {
        OP_FORWARD => Ok(Ayiya::Forward { protocol: next, inner }),
        _ => Ok(Ayiya::Other),
    }
}

/// Whether a datagram on any port looks like AYIYA: a 32-byte identity of an integer with an SHA-1
/// signature, forwarding with a shared secret.
pub fn probe(data: &[u8]) -> bool {
    matches!(data, [_, 0x52, 0x11, ..])
}
