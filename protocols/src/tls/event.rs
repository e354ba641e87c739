//! What is told of a connection.

use crate::tls::lists::{
    Authorities, ProtocolNames, PskBinders, PskIdentities, ServerNames, Shares, U16s, U24s,
};

/// Hears what a session reads.
pub trait Handler {
    /// `is_client`: whether the client's side said so, whoever opened the connection.
    fn event(&mut self, is_client: bool, what: TlsEvent<'_>);

    /// A client has said hello in a version that there is: it is TLS for sure.
    fn confirmed(&mut self);

    /// The bytes are not TLS', for this reason, in Zeek's words where it has any.
    fn violation(&mut self, reason: &str);

    /// Something odd, about which `addl` says more.
    fn weird(&mut self, name: &'static str, addl: &str);

    /// Whether encrypted records are told with what is in them: they are kept until they are whole then. Asked at each.
    fn wants_records(&self) -> bool {
        false
    }

    /// An encrypted record with its header.
    fn record(&mut self, _is_orig: bool, _is_client: bool, _header: [u8; 5], _body: &[u8]) {}
}

/// One thing that stood in a record.
#[derive(Clone, Copy, Debug)]
pub enum TlsEvent<'a> {
    /// What the client offers.
    ClientHello(ClientHello<'a>),
    /// What the server chose.
    ServerHello(ServerHello<'a>),
    /// An extension of a hello, told before its hello; those that are known are told by what they say as well, before.
    Extension {
        /// As IANA numbers them.
        code: u16,
        /// What it holds, unread.
        data: &'a [u8],
    },
    /// Groups for the key exchange, best first.
    Groups(U16s<'a>),
    /// Formats of points on curves.
    PointFormats(&'a [u8]),
    /// Pairs of hash and signature; from TLS 1.3 on both are one number.
    SignatureAlgorithms(U16s<'a>),
    /// The groups of a client's keys.
    ClientShares(Shares<'a>),
    /// The group that a server chose.
    ServerShare(u16),
    /// Keys that both may have already (RFC 8446 §4.2.11).
    PskOffer {
        /// Names of the keys.
        identities: PskIdentities<'a>,
        /// Proofs of having them.
        binders: PskBinders<'a>,
    },
    /// Which of them the server chose, from 0.
    PskChoice(u16),
    /// How they may be used.
    PskModes(&'a [u8]),
    /// Protocols that may follow (RFC 7301).
    Alpn(ProtocolNames<'a>),
    /// Names of the server that is wanted (RFC 6066 §3).
    ServerNames(ServerNames<'a>),
    /// The versions that a client can do, or the one that a server chose.
    Versions(U16s<'a>),
    /// How a side of DTLS names the connection (RFC 9146 §3).
    ConnectionId(&'a [u8]),
    /// A server wants a certificate (RFC 5246 §7.4.4).
    CertificateRequest {
        /// Kinds of them.
        types: &'a [u8],
        /// Pairs of hash and signature, from TLS 1.2 on.
        algorithms: U16s<'a>,
        /// Names of authorities that may have signed it.
        authorities: Authorities<'a>,
    },
    /// A signed certificate timestamp (RFC 6962 §3.2).
    Timestamp {
        /// Of its format.
        version: u8,
        /// Whose log it is in.
        log_id: &'a [u8],
        /// Milliseconds since 1970.
        timestamp: u64,
        /// As TLS 1.2 numbers them.
        hash: u8,
        /// As TLS 1.2 numbers them.
        algorithm: u8,
        /// The signature itself.
        signature: &'a [u8],
    },
    /// A certificate, and its place in its chain.
    Certificate {
        /// Which of the chain, from 0.
        nth: usize,
        /// The certificate.
        der: &'a [u8],
    },
    /// A stapled OCSP response (RFC 6066 §8).
    OcspResponse(&'a [u8]),
    /// The server's part of a key exchange on a curve (RFC 8422 §5.4).
    EcdhServer {
        /// The curve, as IANA numbers them.
        curve: u16,
        /// The server's public key.
        point: &'a [u8],
    },
    /// The server's part of a key exchange in a group (RFC 5246 §7.4.3).
    DhServer {
        /// The prime.
        p: &'a [u8],
        /// The generator.
        g: &'a [u8],
        /// The server's public key.
        public: &'a [u8],
    },
    /// What a server signed its part of the key exchange with; before TLS 1.2 no algorithm is named.
    ServerSignature {
        /// Hash and signature as TLS 1.2 numbers them; older versions do not say.
        algorithm: Option<[u8; 2]>,
        /// The signature itself.
        signature: &'a [u8],
    },
    /// The secret, encrypted by the server's key.
    RsaClient(&'a [u8]),
    /// The client's public key on a curve.
    EcdhClient(&'a [u8]),
    /// The client's public key in a group.
    DhClient(&'a [u8]),
    /// A ticket with which keys can be used again.
    SessionTicket {
        /// In seconds.
        lifetime: u32,
        /// The ticket itself.
        ticket: &'a [u8],
    },
    /// A handshake message was read, after all that it says was told.
    Handshake {
        /// As IANA numbers them.
        kind: u8,
        /// Its bytes, without its header.
        len: u32,
    },
    /// Keys are used from the next record on.
    ChangeCipherSpec,
    /// An alert that is not encrypted.
    Alert {
        /// 1 for a warning, 2 for the end.
        level: u8,
        /// As IANA numbers them.
        description: u8,
    },
    /// An error of SSL 2, by its number.
    Error2(u16),
    /// A heartbeat (RFC 6520).
    Heartbeat {
        /// Bytes of its record.
        record: u16,
        /// 1 for a request, 2 for a response.
        kind: u8,
        /// Bytes of the payload, as it says.
        payload_len: u16,
        /// What there is after that, padding too.
        payload: &'a [u8],
    },
    /// A record that is not encrypted, after what it says was told.
    Plaintext {
        /// The record's version.
        version: u16,
        /// What it holds, as IANA numbers them.
        content: u16,
        /// Its bytes, without its header.
        len: u16,
    },
    /// A record that is encrypted.
    Encrypted {
        /// The record's version.
        version: u16,
        /// What it holds, as IANA numbers them.
        content: u16,
        /// Its bytes, without its header.
        len: u16,
    },
    /// Of TLS 1.3: an encrypted record that most likely is of the handshake.
    EncryptedHandshake {
        /// Bytes of the record.
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
    /// The version in the message itself.
    pub version: u16,
    /// That of the record; 0 for SSL 2.
    pub record_version: u16,
    /// The first four bytes of the random number, which were seconds since 1970.
    pub time: u32,
    /// The others.
    pub random: &'a [u8],
    /// The session that is to be gone on with, or empty.
    pub session_id: &'a [u8],
    /// Cipher suites, best first.
    pub suites: Suites<'a>,
    /// Kinds of compression, best first.
    pub compressions: &'a [u8],
}

/// What a server chose.
#[derive(Clone, Copy, Debug)]
pub struct ServerHello<'a> {
    /// The version in the message itself.
    pub version: u16,
    /// That of the record it came in.
    pub record_version: u16,
    /// 32 bytes; of SSL 2.0 as many as there are.
    pub random: &'a [u8],
    /// The session's name.
    pub session_id: &'a [u8],
    /// The cipher suite.
    pub suite: u32,
    /// The kind of compression.
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
    /// Calls for each suite in order.
    pub fn for_each(self, mut what: impl FnMut(u32)) {
        match self {
            Suites::Two(suites) => suites.iter().for_each(|suite| what(u32::from(suite))),
            Suites::Three(suites) => suites.iter().for_each(what),
        }
    }
}
