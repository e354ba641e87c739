//! What parsers cost: `cargo bench -p nightjar-protocols -- NAME::`, or all without a name.
//!
//! Written by tools/lists from what is in this folder; a test compares it.

mod dns;
mod http;
mod ldap;
mod magic;
mod mqtt;
mod mysql;
mod pe;
mod quic;
mod rdp;
mod rfb;
mod sip;
mod smb;
mod websocket;
mod wire;

fn main() {
    divan::main();
}
