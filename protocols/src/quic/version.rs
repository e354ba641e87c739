//! Versions, as the wire numbers them.

use std::borrow::Cow;

/// RFC 9000.
pub const V1: u32 = 1;
/// RFC 9369.
pub const V2: u32 = 0x6b33_43cf;

/// What the keys of Initial packets are derived with, and how packets are numbered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    pub salt: [u8; 20],
    pub labels: Labels,
    /// The numbers of packets of types Initial, 0-RTT, Handshake and Retry.
    pub kinds: [u8; 4],
}

/// The labels of keys, as `HKDF-Expand-Label` takes them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Labels {
    pub key: &'static [u8],
    pub iv: &'static [u8],
    pub header: &'static [u8],
}

const LABELS: Labels = Labels { key: b"quic key", iv: b"quic iv", header: b"quic hp" };
const LABELS_2: Labels = Labels { key: b"quicv2 key", iv: b"quicv2 iv", header: b"quicv2 hp" };

const KINDS: [u8; 4] = [0, 1, 2, 3];

/// RFC 9001 §5.2; from draft 33 on.
const SALT_1: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc,
    0xbb, 0x7f, 0x0a,
];
/// RFC 9369 §3.3.1.
const SALT_2: [u8; 20] = [
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9,
    0xbd, 0x2e, 0xd9,
];
/// draft-ietf-quic-tls-29 to 32.
const SALT_29: [u8; 20] = [
    0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43,
    0x90, 0xa8, 0x99,
];
/// draft-ietf-quic-tls-23 to 28.
const SALT_23: [u8; 20] = [
    0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe,
    0xf9, 0xf5, 0x02,
];
/// draft-ietf-quic-tls-21 and 22.
const SALT_22: [u8; 20] = [
    0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a,
    0x02, 0x64, 0x4a,
];

/// Of a version that is read; None for others, which Zeek does not read either.
pub(super) fn family(version: u32) -> Option<Family> {
    let (salt, labels, kinds) = match version {
        V1 | 0xff00_0021..=0xff00_0022 => (SALT_1, LABELS, KINDS),
        V2 => (SALT_2, LABELS_2, [1, 2, 3, 0]),
        0xff00_001d..=0xff00_0020 => (SALT_29, LABELS, KINDS),
        0xff00_0017..=0xff00_001c => (SALT_23, LABELS, KINDS),
        // Facebook's mvfst goes by the drafts 22 and 27.
        0xface_b002 | 0xface_b00e | 0xface_b011..=0xface_b013 => (SALT_23, LABELS, KINDS),
        0xff00_0016 | 0xface_b001 => (SALT_22, LABELS, KINDS),
        _ => return None,
    };
    Some(Family { salt, labels, kinds })
}

/// Those that have a name, by Zeek's names (`QUIC::version_strings`); draft 31 has that of 30 there.
pub fn names() -> impl Iterator<Item = (u32, Cow<'static, str>)> {
    let drafts = (0x16..=0x22u32).map(|draft| {
        let shown = if draft == 31 { 30 } else { draft };
        (0xff00_0000 | draft, Cow::Owned(format!("draft-{shown}")))
    });
    let mvfst = [0xface_b001, 0xface_b002, 0xface_b00e, 0xface_b011, 0xface_b012, 0xface_b013];
    let mvfst = mvfst.into_iter().map(|number: u32| (number, Cow::Owned(format!("mvfst ({number:x})"))));
    let numbered = [(V1, Cow::Borrowed("1")), (V2, Cow::Borrowed("quicv2"))];
    numbered.into_iter().chain(drafts).chain(mvfst)
}

/// A version's name; its number where it has none.
pub fn name(version: u32) -> Cow<'static, str> {
    let known = names().find(|(number, _)| *number == version);
    known.map_or_else(|| Cow::Owned(format!("unknown-{version:x}")), |(_, name)| name)
}
