//! The events of TLS and their arguments.

use nightjar_protocols::tls::{
    Authorities, ProtocolNames, PskBinders, PskIdentities, ServerNames, Shares, Suites, U16s,
};

use crate::event::{Arena, ArgType, Argument, Conn, Part, arg_records, events, lists};
use crate::time::Time;

events! { [crate::analyze::first::ssl]
    /// What a client can do (RFC 8446 §4.1.2).
    pub struct ClientHello<'a>: "ssl_client_hello" {
        c: Conn,
        version: u16,
        record_version: u16,
        possible_ts: Time,
        client_random: &'a [u8],
        session_id: SessionId<'a>,
        ciphers: SuiteList<'a>,
        comp_methods: Bytes<'a>,
    }
    /// What a server chose.
    pub struct ServerHello<'a>: "ssl_server_hello" {
        c: Conn,
        version: u16,
        record_version: u16,
        possible_ts: Time,
        server_random: &'a [u8],
        session_id: SessionId<'a>,
        cipher: u32,
        comp_method: u8,
    }
    /// An extension of a hello, before the hello.
    pub struct Extension<'a>: "ssl_extension" {
        c: Conn,
        is_client: bool,
        code: u16,
        val: &'a [u8],
    }
    /// The groups that a side can do, curves for the most part.
    pub struct Groups<'a>: "ssl_extension_elliptic_curves" {
        c: Conn,
        is_client: bool,
        curves: Numbers<'a>,
    }
    /// How a side can read points of curves (RFC 8422 §5.1.2).
    pub struct PointFormats<'a>: "ssl_extension_ec_point_formats" {
        c: Conn,
        is_client: bool,
        point_formats: Bytes<'a>,
    }
    /// The signatures that a side can verify.
    pub struct SignatureAlgorithms<'a>: "ssl_extension_signature_algorithm" {
        c: Conn,
        is_client: bool,
        signature_algorithms: Algorithms<'a>,
    }
    /// The groups of the keys that a client sent, or that of a server's (RFC 8446 §4.2.8).
    pub struct KeyShare<'a>: "ssl_extension_key_share" {
        c: Conn,
        is_client: bool,
        curves: Offered<'a>,
    }
    /// The keys that a client knows of already (RFC 8446 §4.2.11).
    pub struct PskOffer<'a>: "ssl_extension_pre_shared_key_client_hello" {
        c: Conn,
        is_client: bool,
        identities: Identities<'a>,
        binders: Binders<'a>,
    }
    /// Which of these the server chose.
    pub struct PskChoice: "ssl_extension_pre_shared_key_server_hello" {
        c: Conn,
        is_client: bool,
        selected_identity: u16,
    }
    /// How known keys may be used (RFC 8446 §4.2.9).
    pub struct PskModes<'a>: "ssl_extension_psk_key_exchange_modes" {
        c: Conn,
        is_client: bool,
        modes: Bytes<'a>,
    }
    /// The protocols that may follow, or the one that does (RFC 7301).
    pub struct Alpn<'a>: "ssl_extension_application_layer_protocol_negotiation" {
        c: Conn,
        is_client: bool,
        protocols: Protocols<'a>,
    }
    /// The name that a client asks for (RFC 6066 §3).
    pub struct ServerName<'a>: "ssl_extension_server_name" {
        c: Conn,
        is_client: bool,
        names: Hosts<'a>,
    }
    /// The versions that a client can do, or the one that the server chose (RFC 8446 §4.2.1).
    pub struct Versions<'a>: "ssl_extension_supported_versions" {
        c: Conn,
        is_client: bool,
        versions: Numbers<'a>,
    }
    /// How a side of DTLS names the connection (RFC 9146 §3).
    pub struct ConnectionId<'a>: "ssl_extension_connection_id" {
        c: Conn,
        is_client: bool,
        cid: &'a [u8],
    }
    /// A server wants a certificate (RFC 5246 §7.4.4). `parse_distinguished_name` reads the names of authorities.
    pub struct CertificateRequest<'a>: "ssl_certificate_request" {
        c: Conn,
        is_client: bool,
        certificate_types: Bytes<'a>,
        supported_signature_algorithms: Algorithms<'a>,
        certificate_authorities: AuthorityNames<'a>,
    }
    /// A log promises to have a certificate (RFC 6962 §3.3).
    pub struct CertificateTimestamp<'a>: "ssl_extension_signed_certificate_timestamp" {
        c: Conn,
        is_client: bool,
        version: u8,
        logid: &'a [u8],
        timestamp: u64,
        signature_and_hashalgorithm: Algorithm,
        signature: &'a [u8],
    }
    /// A server's part of the key exchange, on a curve.
    pub struct EcdhServer<'a>: "ssl_ecdh_server_params" {
        c: Conn,
        curve: u16,
        point: &'a [u8],
    }
    /// A server's part of the key exchange, in a field.
    pub struct DhServer<'a>: "ssl_dh_server_params" {
        c: Conn,
        p: &'a [u8],
        q: &'a [u8],
        public: &'a [u8] = "Ys",
    }
    /// The signature of these. Before TLS 1.2 the numbers of both algorithms are 256.
    pub struct ServerSignature<'a>: "ssl_server_signature" {
        c: Conn,
        signature_and_hashalgorithm: Algorithm,
        signature: &'a [u8],
    }
    /// A client's part, on a curve.
    pub struct EcdhClient<'a>: "ssl_ecdh_client_params" {
        c: Conn,
        point: &'a [u8],
    }
    /// A client's part, in a field.
    pub struct DhClient<'a>: "ssl_dh_client_params" {
        c: Conn,
        public: &'a [u8] = "Yc",
    }
    /// A secret, encrypted with the server's key.
    pub struct RsaClient<'a>: "ssl_rsa_client_pms" {
        c: Conn,
        pms: &'a [u8],
    }
    /// Both sides encrypt.
    pub struct Established: "ssl_established" {
        c: Conn,
    }
    /// A side tells of a failure, or that it will close.
    pub struct Alert: "ssl_alert" {
        c: Conn,
        is_client: bool,
        level: u64,
        desc: u16,
    }
    /// With what a session can be resumed (RFC 5077).
    pub struct SessionTicket<'a>: "ssl_session_ticket_handshake" {
        c: Conn,
        ticket_lifetime_hint: u32,
        ticket: &'a [u8],
    }
    /// A heartbeat that is not encrypted (RFC 6520).
    pub struct Heartbeat<'a>: "ssl_heartbeat" {
        c: Conn,
        is_client: bool,
        length: u16,
        heartbeat_type: u8,
        payload_length: u16,
        payload: &'a [u8],
    }
    /// A record that is not encrypted.
    pub struct PlaintextData: "ssl_plaintext_data" {
        c: Conn,
        is_client: bool,
        record_version: u16,
        content_type: u16,
        length: u16,
    }
    /// A record that is encrypted.
    pub struct EncryptedData: "ssl_encrypted_data" {
        c: Conn,
        is_client: bool,
        record_version: u16,
        content_type: u16,
        length: u16,
    }
    /// An encrypted record of TLS 1.3 that most likely is of the handshake.
    pub struct EncryptedHandshake: "ssl_probable_encrypted_handshake_message" {
        c: Conn,
        is_client: bool,
        length: u16,
    }
    /// An OCSP response that came with the handshake.
    pub struct StapledOcsp<'a>: "ssl_stapled_ocsp" {
        c: Conn,
        is_client: bool,
        response: &'a [u8],
    }
    /// A handshake message, after all else that is told of it.
    pub struct HandshakeMessage: "ssl_handshake_message" {
        c: Conn,
        is_client: bool,
        msg_type: u8,
        length: u32,
    }
    /// A side goes over to the keys agreed on; in TLS 1.3 it means nothing.
    pub struct ChangeCipherSpec: "ssl_change_cipher_spec" {
        c: Conn,
        is_client: bool,
    }
    /// All of the handshake that can be read was, and the row is about to be written. `base/protocols/ssl/finishing` lets
    /// `SSL::ssl_finishing` run then.
    pub struct Finishing: "SSL::finishing" {
        c: Conn,
    }
    /// The one that did not open the connection is the client.
    pub struct ConnectionFlipped: "ssl_connection_flipped" {
        c: Conn,
    }
}

arg_records! {
    /// How something is signed, up to TLS 1.2.
    pub struct Algorithm: "SSL::SignatureAndHashAlgorithm" {
        hash: u16 = "HashAlgorithm",
        signature: u16 = "SignatureAlgorithm",
    }
    /// A key that both sides know of already.
    pub struct Identity<'a>: "SSL::PSKIdentity" {
        identity: &'a [u8],
        obfuscated_ticket_age: u32,
    }
}

impl Algorithm {
    /// Numbers that there are not, before TLS 1.2.
    pub fn of(numbers: Option<[u8; 2]>) -> Self {
        let [hash, signature] = numbers.map_or([256; 2], |numbers| numbers.map(u16::from));
        Algorithm { hash, signature }
    }
}

const NUMBERS: ArgType = ArgType::Named("index_vec");
const TEXTS: ArgType = ArgType::Named("string_vec");

lists! {
    /// Numbers of two bytes.
    Numbers(U16s<'a>) as NUMBERS, |numbers, _arena| numbers.iter().map(|n| Part::Count(u64::from(n))).collect();
    /// Numbers of one byte.
    Bytes(&'a [u8]) as NUMBERS, |bytes, _arena| bytes.iter().map(|n| Part::Count(u64::from(*n))).collect();
    /// Cipher suites.
    SuiteList(Suites<'a>) as NUMBERS, |suites, _arena| {
        let mut parts = Vec::new();
        suites.for_each(|suite| parts.push(Part::Count(u64::from(suite))));
        parts
    };
    /// Groups of keys.
    Offered(Keys<'a>) as NUMBERS, |groups, _arena| match groups {
        Keys::All(groups) => groups.iter().map(|n| Part::Count(u64::from(n))).collect(),
        Keys::One(group) => vec![Part::Count(u64::from(*group))],
    };
    /// Names of protocols.
    Protocols(ProtocolNames<'a>) as TEXTS, |names, arena| names.iter().map(|name| arena.text(name)).collect();
    /// Names of authorities, in DER.
    AuthorityNames(Authorities<'a>) as TEXTS, |names, arena| names.iter().map(|name| arena.text(name)).collect();
    /// Names of hosts.
    Hosts(ServerNames<'a>) as TEXTS, |names, arena| {
        let hosts = names.iter().filter(|(kind, _)| *kind == 0);
        hosts.map(|(_, name)| arena.text(name)).collect()
    };
    /// Pairs of hash and signature.
    Algorithms(U16s<'a>)
        as ArgType::Alias("signature_and_hashalgorithm_vec", &ArgType::Vector(&Algorithm::TYPE)),
        |numbers, arena| {
            numbers.iter().map(|n| Algorithm::of(Some(n.to_be_bytes())).put(arena)).collect()
        };
    /// Keys that are known of.
    Identities(PskIdentities<'a>)
        as ArgType::Alias("psk_identity_vec", &ArgType::Vector(&Identity::TYPE)),
        |identities, arena| {
            let one = |psk: nightjar_protocols::tls::PskIdentity<'_>| {
                let (identity, obfuscated_ticket_age) = (psk.identity, psk.obfuscated_ticket_age);
                Identity { identity, obfuscated_ticket_age }.put(arena)
            };
            identities.iter().map(one).collect()
        };
    /// What proves it.
    Binders(PskBinders<'a>) as TEXTS, |binders, arena| binders.iter().map(|one| arena.text(one)).collect();
}

/// The groups of a client's keys, or a server's.
#[derive(Clone, Copy, Debug)]
pub enum Keys<'a> {
    All(Shares<'a>),
    One(u16),
}

/// A session's identifier, which scripts see with zeros behind it up to 32 bytes; a longer one is all zeros.
#[derive(Clone, Copy, Debug)]
pub struct SessionId<'a>(pub &'a [u8]);

impl Argument for SessionId<'_> {
    const TYPE: ArgType = ArgType::Named("string");

    fn put(&self, arena: &mut Arena) -> Part {
        let mut padded = [0; 32];
        if let Some(place) = padded.get_mut(..self.0.len()) {
            place.copy_from_slice(self.0);
        }
        arena.text(&padded)
    }
}
