//! TLS from SSL 2 (the hellos) over SSL 3 (RFC 6101) and TLS 1.0 to 1.2 (RFC 2246, 4346, 5246) to 1.3 (RFC 8446) and its
//! drafts, and DTLS (RFC 6347, RFC 9147): records, handshake messages, and when all becomes encrypted.
//!
//! [`Session`] follows the streams of a connection and [`DtlsSession`] its datagrams; both tell a [`Handler`] what they
//! read. [`Handshakes`] reads handshake messages wherever they come from. [`Info`] makes of all that what ssl.log has.
//! [`Decryption`] reads what is encrypted where a [`KeyLog`] has the secrets.

mod broken;
mod decrypt;
mod dtls;
mod event;
mod expand;
pub mod fuzz;
mod handshake;
mod hello;
mod info;
mod kex;
mod keylog;
mod lists;
pub mod names;
mod stream;
mod suites;
#[cfg(test)]
mod tests;

pub use decrypt::Decryption;
pub use dtls::{DtlsLimits, DtlsSession};
pub use event::{ClientHello, Handler, ServerHello, Suites, TlsEvent};
pub(crate) use expand::expand_label;
pub use handshake::Handshakes;
pub use info::{Info, MAX_HISTORY};
pub use keylog::{KeyLog, RANDOM, Secrets};
pub use lists::{
    Authorities, ProtocolNames, PskBinders, PskIdentities, PskIdentity, ServerNames, Shares, U16s, U24s,
};
pub use names::version;
pub use stream::{Limits, Session};

use crate::probe::Probe;

/// Where servers usually listen (Zeek's `SSL::ssl_ports`): HTTPS, NNTPS, LDAPS, FTPS, Telnet, IMAPS, POP3S, XMPP.
pub const PORTS: [u16; 11] = [443, 563, 585, 614, 636, 989, 990, 992, 993, 995, 5223];

/// The same of DTLS.
pub const DTLS_PORTS: [u16; 1] = [443];

/// Record types (RFC 8446 §5.1, RFC 6520).
pub mod content {
    /// Keys are used from the next record on.
    pub const CHANGE_CIPHER_SPEC: u16 = 20;
    /// An alert.
    pub const ALERT: u16 = 21;
    /// Messages of the handshake.
    pub const HANDSHAKE: u16 = 22;
    /// What is protected.
    pub const APPLICATION_DATA: u16 = 23;
    /// RFC 6520.
    pub const HEARTBEAT: u16 = 24;
    /// Those of SSL 2 are its message types, and this.
    pub const SSL2: u16 = 300;
}

/// Handshake message types (IANA's registry "TLS HandshakeType").
pub mod message {
    /// The server asks for a new handshake.
    pub const HELLO_REQUEST: u8 = 0;
    /// The client offers.
    pub const CLIENT_HELLO: u8 = 1;
    /// The server chooses.
    pub const SERVER_HELLO: u8 = 2;
    /// DTLS: the client is to prove its address (RFC 6347 §4.2.1).
    pub const HELLO_VERIFY_REQUEST: u8 = 3;
    /// RFC 5077.
    pub const SESSION_TICKET: u8 = 4;
    /// What was sent early has ended.
    pub const END_OF_EARLY_DATA: u8 = 5;
    /// The client is to offer again; not sent as such in TLS 1.3.
    pub const HELLO_RETRY_REQUEST: u8 = 6;
    /// Extensions that are encrypted.
    pub const ENCRYPTED_EXTENSIONS: u8 = 8;
    /// Certificates.
    pub const CERTIFICATE: u8 = 11;
    /// The server's part of the key exchange.
    pub const SERVER_KEY_EXCHANGE: u8 = 12;
    /// The server asks for a certificate.
    pub const CERTIFICATE_REQUEST: u8 = 13;
    /// The server is done.
    pub const SERVER_HELLO_DONE: u8 = 14;
    /// Proof that a certificate is the side's own.
    pub const CERTIFICATE_VERIFY: u8 = 15;
    /// The client's part of the key exchange.
    pub const CLIENT_KEY_EXCHANGE: u8 = 16;
    /// All before is authenticated.
    pub const FINISHED: u8 = 20;
    /// RFC 6066 §5.
    pub const CERTIFICATE_URL: u8 = 21;
    /// RFC 6066 §8.
    pub const CERTIFICATE_STATUS: u8 = 22;
    /// RFC 4680.
    pub const SUPPLEMENTAL_DATA: u8 = 23;
    /// The next keys are used.
    pub const KEY_UPDATE: u8 = 24;
    /// Stands for a message in digests.
    pub const MESSAGE_HASH: u8 = 254;
}

/// Whether a stream begins as a client's does: with a hello in a record of SSL 3 or later (Zeek's `dpd_tls_client`).
pub fn probe_client(bytes: &[u8]) -> Probe {
    follows(bytes, &[BYTE(0x16), BYTE(3), UPTO(3), ANY, ANY, BYTE(1), ANY, ANY, ANY, BYTE(3), UPTO(3)])
}

/// Whether a stream begins as a server's does, perhaps with an alert before its hello (Zeek's `dpd_tls_server`).
pub fn probe_server(bytes: &[u8]) -> Probe {
    const ALERT: [Step; 7] = [BYTE(0x15), BYTE(3), UPTO(3), ANY, ANY, ANY, ANY];
    let begins = match follows(bytes, &ALERT) {
        Probe::Match => bytes.get(ALERT.len()..).unwrap_or_default(),
        Probe::NeedMore => return Probe::NeedMore,
        Probe::NoMatch => bytes,
    };
    let hello = [BYTE(0x16), BYTE(3), UPTO(3), ANY, ANY, BYTE(2), ANY, ANY, ANY];
    match follows(begins, &hello) {
        Probe::Match => match begins.get(hello.len()..).unwrap_or_default() {
            [3, 0..=4, ..] | [0x7f, 0..=0x50, ..] => Probe::Match,
            [] | [3 | 0x7f] => Probe::NeedMore,
            _ => Probe::NoMatch,
        },
        verdict => verdict,
    }
}

/// Whether a datagram begins as a client's does: with a hello in DTLS' first record (Zeek's `dpd_dtls_client`).
pub fn probe_dtls_client(bytes: &[u8]) -> Probe {
    let steps = [
        &[BYTE(0x16), BYTE(0xfe), EITHER(0xff, 0xfd)][..],
        &[BYTE(0); 7],
        &[ANY; 3],
        &[BYTE(1)],
        &[ANY; 11],
        &[BYTE(0xfe), EITHER(0xff, 0xfd)],
    ];
    follows(bytes, &steps.concat())
}

use Step::{Any as ANY, Byte as BYTE, Either as EITHER, UpTo as UPTO};

/// What one byte has to be.
#[derive(Clone, Copy)]
enum Step {
    Any,
    Byte(u8),
    UpTo(u8),
    Either(u8, u8),
}

fn follows(bytes: &[u8], steps: &[Step]) -> Probe {
    let fits = |(byte, step): (&u8, &Step)| match *step {
        Step::Any => true,
        Step::Byte(wanted) => *byte == wanted,
        Step::UpTo(most) => *byte <= most,
        Step::Either(one, other) => *byte == one || *byte == other,
    };
    if !bytes.iter().zip(steps).all(fits) {
        Probe::NoMatch
    } else if bytes.len() < steps.len() {
        Probe::NeedMore
    } else {
        Probe::Match
    }
}
