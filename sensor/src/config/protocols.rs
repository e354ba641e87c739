//! What protocols are told, by their folders. Written by tools/lists; a test compares it.

use crate::config::options::OptionDef;

#[path = "../analyze/dce_rpc/settings.rs"]
pub mod dce_rpc;
#[path = "../analyze/dns/settings.rs"]
pub mod dns;
#[path = "../analyze/ftp/settings.rs"]
pub mod ftp;
#[path = "../analyze/http/settings.rs"]
pub mod http;
#[path = "../analyze/krb/settings.rs"]
pub mod krb;
#[path = "../analyze/ldap/settings.rs"]
pub mod ldap;
#[path = "../analyze/login/settings.rs"]
pub mod login;
#[path = "../analyze/mime/settings.rs"]
pub mod mime;
#[path = "../analyze/mqtt/settings.rs"]
pub mod mqtt;
#[path = "../analyze/pop3/settings.rs"]
pub mod pop3;
#[path = "../analyze/quic/settings.rs"]
pub mod quic;
#[path = "../analyze/rdp/settings.rs"]
pub mod rdp;
#[path = "../analyze/redis/settings.rs"]
pub mod redis;
#[path = "../analyze/rpc/settings.rs"]
pub mod rpc;
#[path = "../analyze/sip/settings.rs"]
pub mod sip;
#[path = "../analyze/smb/settings.rs"]
pub mod smb;
#[path = "../analyze/smtp/settings.rs"]
pub mod smtp;
#[path = "../analyze/socks/settings.rs"]
pub mod socks;
#[path = "../analyze/ssh/settings.rs"]
pub mod ssh;
#[path = "../analyze/ssl/settings.rs"]
pub mod ssl;
#[path = "../analyze/websocket/settings.rs"]
pub mod websocket;
#[path = "../analyze/x509/settings.rs"]
pub mod x509;

/// What the analyzers of each are told.
#[derive(Clone, Debug, Default)]
pub struct Protocols {
    pub dce_rpc: dce_rpc::Settings,
    pub dns: dns::Settings,
    pub ftp: ftp::Settings,
    pub http: http::Settings,
    pub krb: krb::Settings,
    pub ldap: ldap::Settings,
    pub login: login::Settings,
    pub mime: mime::Settings,
    pub mqtt: mqtt::Settings,
    pub pop3: pop3::Settings,
    pub quic: quic::Settings,
    pub rdp: rdp::Settings,
    pub redis: redis::Settings,
    pub rpc: rpc::Settings,
    pub sip: sip::Settings,
    pub smb: smb::Settings,
    pub smtp: smtp::Settings,
    pub socks: socks::Settings,
    pub ssh: ssh::Settings,
    pub ssl: ssl::Settings,
    pub websocket: websocket::Settings,
    pub x509: x509::Settings,
}

/// The tables of the configuration file, and what is set in them.
#[rustfmt::skip]
pub const TABLES: &[(&str, &[OptionDef])] = &[
    ("dce_rpc", dce_rpc::OPTIONS),
    ("dns", dns::OPTIONS),
    ("ftp", ftp::OPTIONS),
    ("http", http::OPTIONS),
    ("krb", krb::OPTIONS),
    ("ldap", ldap::OPTIONS),
    ("login", login::OPTIONS),
    ("mime", mime::OPTIONS),
    ("mqtt", mqtt::OPTIONS),
    ("pop3", pop3::OPTIONS),
    ("quic", quic::OPTIONS),
    ("rdp", rdp::OPTIONS),
    ("redis", redis::OPTIONS),
    ("rpc", rpc::OPTIONS),
    ("sip", sip::OPTIONS),
    ("smb", smb::OPTIONS),
    ("smtp", smtp::OPTIONS),
    ("socks", socks::OPTIONS),
    ("ssh", ssh::OPTIONS),
    ("ssl", ssl::OPTIONS),
    ("websocket", websocket::OPTIONS),
    ("x509", x509::OPTIONS),
];
