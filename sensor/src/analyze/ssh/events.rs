//! SSH's events and their arguments.

use nightjar_protocols::ssh::{KexInit, NameList};

use crate::event::{Arena, ArgType, Argument, Conn, Part, arg_records, events};

events! { [crate::analyze::first::ssh]
    /// The client's identification string (RFC 4253 §4.2).
    pub struct ClientVersion<'a>: "ssh_client_version" {
        c: Conn,
        version: &'a [u8],
    }
    /// The server's identification string.
    pub struct ServerVersion<'a>: "ssh_server_version" {
        c: Conn,
        version: &'a [u8],
    }
    /// A login was tried, judged by the sizes of packets.
    pub struct AuthAttempted: "ssh_auth_attempted" {
        c: Conn,
        authenticated: bool,
    }
    /// A login succeeded.
    pub struct AuthSuccessful: "ssh_auth_successful" {
        c: Conn,
        auth_method_none: bool,
    }
    /// A connection is over in which all logins failed.
    pub struct AuthFailed: "ssh_auth_failed" {
        c: Conn,
    }
    /// How the logins of a connection ended.
    pub struct AuthResult: "ssh_auth_result" {
        c: Conn,
        result: bool,
        auth_attempts: u64,
    }
    /// What one side can do (RFC 4253 §7.1).
    pub struct Capabilities<'a>: "ssh_capabilities" {
        c: Conn,
        cookie: &'a [u8],
        capabilities: CapabilityLists<'a>,
    }
    /// The server's key, by its MD5 in hexadecimal.
    pub struct ServerHostKey<'a>: "ssh_server_host_key" {
        c: Conn,
        hash: &'a str,
    }
    /// The server's key, of version 2.
    pub struct ServerHostKey2<'a>: "ssh2_server_host_key" {
        c: Conn,
        key: &'a [u8],
    }
    /// The server's key, of version 1.
    pub struct ServerHostKey1<'a>: "ssh1_server_host_key" {
        c: Conn,
        modulus: &'a [u8],
        exponent: &'a [u8],
    }
    /// The group that a server chose (RFC 4419 §3).
    pub struct DhServerParams<'a>: "ssh2_dh_server_params" {
        c: Conn,
        p: &'a [u8],
        q: &'a [u8],
    }
    /// An ephemeral public key (RFC 5656 §4).
    pub struct EccKey<'a>: "ssh2_ecc_key" {
        c: Conn,
        is_orig: bool,
        q: &'a [u8],
    }
    /// A GSS-API error (RFC 4462 §2.1).
    pub struct GssError<'a>: "ssh2_gss_error" {
        c: Conn,
        major_status: u32,
        minor_status: u32,
        err_msg: &'a [u8],
    }
    /// A side sent encrypted bytes.
    pub struct EncryptedPacket: "ssh_encrypted_packet" {
        c: Conn,
        orig: bool,
        len: u64,
    }
}

arg_records! {
    /// What a side prefers, best first, by direction.
    pub struct Prefs<'a>: "SSH::Algorithm_Prefs" {
        client_to_server: Option<Names<'a>>,
        server_to_client: Option<Names<'a>>,
    }
    /// What a side can do.
    pub struct CapabilityLists<'a>: "SSH::Capabilities" {
        kex_algorithms: Names<'a>,
        server_host_key_algorithms: Names<'a>,
        encryption_algorithms: Prefs<'a>,
        mac_algorithms: Prefs<'a>,
        compression_algorithms: Prefs<'a>,
        languages: Option<Prefs<'a>>,
        is_server: bool,
    }
}

/// A name-list, as a vector of strings.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a>(pub NameList<'a>);

impl Argument for Names<'_> {
    const TYPE: ArgType = ArgType::Vector(&ArgType::Named("string"));

    fn put(&self, arena: &mut Arena) -> Part {
        let names: Vec<Part> = self.0.iter().map(|name| arena.text(name)).collect();
        arena.list(&names)
    }
}

impl<'a> CapabilityLists<'a> {
    pub fn of(is_server: bool, can: &KexInit<'a>) -> Self {
        let prefs = |[up, down]: [NameList<'a>; 2]| Prefs {
            client_to_server: Some(Names(up)),
            server_to_client: Some(Names(down)),
        };
        let given = |names: NameList<'a>| Some(Names(names)).filter(|_| !names.0.is_empty());
        let [up, down] = can.languages.map(given);
        let languages = Prefs { client_to_server: up, server_to_client: down };
        CapabilityLists {
            kex_algorithms: Names(can.kex),
            server_host_key_algorithms: Names(can.host_key),
            encryption_algorithms: prefs(can.encryption),
            mac_algorithms: prefs(can.mac),
            compression_algorithms: prefs(can.compression),
            languages: (up.is_some() || down.is_some()).then_some(languages),
            is_server,
        }
    }
}
