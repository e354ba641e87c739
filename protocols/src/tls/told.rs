//! What is told of a connection.

use crate::tls::lists::{ProtocolNames, PskBinders, PskIdentities, ServerNames, Shares, U16s, U24s};

/// Hears what a session reads.
pub trait Handler {
    /// `is_client`: whether the client's side said so, whoever opened the connection.
    fn told(&mut self, is_client: bool, what: Told<'_>);

    /// A client has said hello in a version that there is: it is TLS for sure.
    fn confirmed(&mut self);

    /// The bytes are not TLS', for this reason, in Zeek's words where it has any.
    fn violation(&mut self, reason: &str);

    /// Something odd, about which `addl` says more.
    fn weird(&mut self, name: &'static str, addl: &str);
}

/// One thing that stood in a record.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    ClientHello(ClientHello<'a>),
    ServerHello(ServerHello<'a>),
    /// An extension of a hello, told before its hello; those that are known are told by what they say as well, before.
    Extension {
        code: u16,
        data: &'a [u8],
    },
    Groups(U16s<'a>),
    PointFormats(&'a [u8]),
    /// Pairs of hash and signature; from TLS 1.3 on both are one number.
    SignatureAlgorithms(U16s<'a>),
    /// The groups of a client's keys.
    ClientShares(Shares<'a>),
    /// The group that a server chose.
    ServerShare(u16),
    PskOffer {
        identities: PskIdentities<'a>,
        binders: PskBinders<'a>,
    },
    PskChoice(u16),
    PskModes(&'a [u8]),
    Alpn(ProtocolNames<'a>),
    ServerNames(ServerNames<'a>),
    /// The versions that a client can do, or the one that a server chose.
    Versions(U16s<'a>),
    /// A signed certificate timestamp (RFC 6962 §3.2).
    Timestamp {
        version: u8,
        log_id: &'a [u8],
        /// Milliseconds since 1970.
        timestamp: u64,
        hash: u8,
        algorithm: u8,
        signature: &'a [u8],
    },
    /// A certificate, and its place in its chain.
    Certificate {
        nth: usize,
        der: &'a [u8],
    },
    /// A stapled OCSP response (RFC 6066 §8).
    OcspResponse(&'a [u8]),
    EcdhServer {
        curve: u16,
        point: &'a [u8],
    },
    DhServer {
        p: &'a [u8],
        g: &'a [u8],
        public: &'a [u8],
    },
    /// What a server signed its part of the key exchange with; before TLS 1.2 no algorithm is named.
    ServerSignature {
        algorithm: Option<[u8; 2]>,
        signature: &'a [u8],
    },
    RsaClient(&'a [u8]),
    EcdhClient(&'a [u8]),
    DhClient(&'a [u8]),
    SessionTicket {
        /// In seconds.
        lifetime: u32,
        ticket: &'a [u8],
    },
    /// A handshake message was read, after all that it says was told.
    Handshake {
        kind: u8,
        len: u32,
    },
    ChangeCipherSpec,
    Alert {
        level: u8,
        description: u8,
    },
    /// An error of SSL 2, by its number.
    Error2(u16),
    Heartbeat {
        /// Bytes of its record.
        record: u16,
        kind: u8,
        /// Bytes of the payload, as it says.
        payload_len: u16,
        /// What there is after that, padding too.
        payload: &'a [u8],
    },
    /// A record that is not encrypted, after what it says was told.
    Plaintext {
        version: u16,
        content: u16,
        len: u16,
    },
    Encrypted {
        version: u16,
        content: u16,
        len: u16,
    },
    /// Of TLS 1.3: an encrypted record that most likely is of the handshake.
    EncryptedHandshake {
        len: u16,
    },
    /// Both sides encrypt.
    Established,
    /// It was the responder that said hello as a client, or after all it is the originator.
    Flipped,
}

/// What a client can do (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2; for SSL 2 draft-hickman-netscape-ssl-00).
#[derive(Clone, Copy, Debug)]
pub struct ClientHello<'a> {
    pub version: u16,
    /// That of the record; 0 for SSL 2.
    pub record_version: u16,
    /// The first four bytes of the random number, which were seconds since 1970.
    pub time: u32,
    /// The others.
    pub random: &'a [u8],
    pub session_id: &'a [u8],
    pub suites: Suites<'a>,
    pub compressions: &'a [u8],
}

/// What a server chose.
#[derive(Clone, Copy, Debug)]
pub struct ServerHello<'a> {
    pub version: u16,
    pub record_version: u16,
    pub random: &'a [u8],
    pub session_id: &'a [u8],
    pub suite: u32,
    pub compression: u8,
}

/// The random number by which a server hello asks for another client hello (RFC 8446 §4.1.3).
pub(super) const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Cipher suites, best first.
#[derive(Clone, Copy, Debug)]
pub enum Suites<'a> {
    /// Of SSL 3 and later.
    Two(U16s<'a>),
    /// Of SSL 2.
    Three(U24s<'a>),
}

impl Suites<'_> {
    pub fn for_each(self, mut what: impl FnMut(u32)) {
        match self {
            Suites::Two(suites) => suites.iter().for_each(|suite| what(u32::from(suite))),
            Suites::Three(suites) => suites.iter().for_each(what),
        }
    }
}
