//! What parsers cost: `cargo bench -p nightjar-protocols -- NAME::`, or all without a name.
//!
//! Written by tools/lists from what is in this folder; a test compares it.

mod dns;
mod http;
mod ldap;
mod magic;
mod memcached;
mod mqtt;
mod mysql;
mod pe;
mod postgresql;
mod quic;
mod rdp;
mod redis;
mod rfb;
mod rpc;
mod sip;
mod smb;
mod websocket;
mod wire;

fn main() {
    divan::main();
}
