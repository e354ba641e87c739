//! The analyzers, by their folders. Written by tools/lists; a test compares it.

#[path = "conn/mod.rs"]
pub(super) mod conn;
#[path = "dns/mod.rs"]
pub(super) mod dns;
#[path = "files/mod.rs"]
pub(super) mod files;
#[path = "http/mod.rs"]
pub(super) mod http;
#[path = "ssh/mod.rs"]
pub(super) mod ssh;
#[path = "syslog/mod.rs"]
pub(super) mod syslog;
