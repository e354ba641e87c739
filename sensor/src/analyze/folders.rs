//! The analyzers, by their folders. Written by tools/lists; a test compares it.

#[path = "conn/mod.rs"]
pub(super) mod conn;
#[path = "dhcp/mod.rs"]
pub(super) mod dhcp;
#[path = "dns/mod.rs"]
pub(super) mod dns;
#[path = "files/mod.rs"]
pub(super) mod files;
#[path = "http/mod.rs"]
pub(super) mod http;
#[path = "mysql/mod.rs"]
pub(super) mod mysql;
#[path = "ocsp/mod.rs"]
pub(super) mod ocsp;
#[path = "quic/mod.rs"]
pub(super) mod quic;
#[path = "ssh/mod.rs"]
pub(super) mod ssh;
#[path = "ssl/mod.rs"]
pub(super) mod ssl;
#[path = "syslog/mod.rs"]
pub(super) mod syslog;
#[path = "websocket/mod.rs"]
pub(super) mod websocket;
#[path = "x509/mod.rs"]
pub(super) mod x509;
