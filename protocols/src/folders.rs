//! The parsers, by their folders. Written by tools/lists; a test compares it.

#[path = "dns/mod.rs"]
pub mod dns;
#[path = "files/mod.rs"]
pub mod files;
#[path = "http/mod.rs"]
pub mod http;
#[path = "magic/mod.rs"]
pub mod magic;
#[path = "mime/mod.rs"]
pub mod mime;
#[path = "mysql/mod.rs"]
pub mod mysql;
#[path = "quic/mod.rs"]
pub mod quic;
#[path = "ssh/mod.rs"]
pub mod ssh;
#[path = "syslog/mod.rs"]
pub mod syslog;
#[path = "tls/mod.rs"]
pub mod tls;
#[path = "websocket/mod.rs"]
pub mod websocket;
#[path = "wire/mod.rs"]
pub mod wire;
#[path = "x509/mod.rs"]
pub mod x509;
