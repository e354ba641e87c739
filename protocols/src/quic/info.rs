//! What quic.log has of a connection.

use std::borrow::Cow;

use crate::quic::packet::{Header, Packet};
use crate::quic::version;
use crate::tls::{self, Handshakes, TlsEvent};

/// Bytes of a handshake message's type and length.
const MESSAGE_HEADER: usize = 4;

/// A connection, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// That of the first packet.
    pub version: u32,
    /// What the client's first packet was for.
    pub client_initial_dcid: Option<Box<[u8]>>,
    /// The client's own identifier.
    pub client_scid: Option<Box<[u8]>>,
    /// The server's own identifier.
    pub server_scid: Option<Box<[u8]>>,
    /// The first name that the client asked for.
    pub server_name: Option<Box<[u8]>>,
    /// The protocol that the client likes best (ALPN).
    pub client_protocol: Option<Box<[u8]>>,
    /// What came, a letter for each, the originator's in upper case.
    pub history: Vec<u8>,
}

/// A letter was the last one that [`Info::history`] has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Info {
    /// Of a connection whose first packet this is.
    pub fn new(header: &Header<'_>) -> Info {
        Info { version: header.version, ..Info::default() }
    }

    /// A packet has come. `max`: letters of history.
    pub fn packet(
        &mut self,
        is_orig: bool,
        header: &Header<'_>,
        packet: &Packet<'_>,
        max: usize,
    ) -> Option<Full> {
        if is_orig {
            if self.client_initial_dcid.is_none() && !header.dcid.is_empty() {
                self.client_initial_dcid = Some(header.dcid.into());
            }
            self.client_scid = Some(header.scid.into());
        } else {
            self.server_scid = Some(header.scid.into());
        }
        let letter = match packet {
            Packet::Initial => b'i',
            Packet::ZeroRtt => b'z',
            Packet::Handshake => b'h',
            Packet::Retry { .. } => b'r',
            Packet::Unhandled => b'u',
        };
        self.note(is_orig, letter, max)
    }

    /// A side closed the connection.
    pub fn close(&mut self, is_orig: bool, max: usize) -> Option<Full> {
        self.note(is_orig, b'c', max)
    }

    /// A side said hello with this message of TLS. `others`: is told the protocols that the client can do beside the one
    /// that it likes best, and that one.
    pub fn hello(
        &mut self,
        is_orig: bool,
        message: &[u8],
        max: usize,
        others: impl FnMut(&mut dyn Iterator<Item = &[u8]>),
    ) -> Option<Full> {
        let ([kind, ..], body) = message.split_first_chunk::<MESSAGE_HEADER>()?;
        let mut hears = Hears { info: self, max, full: None, others };
        Handshakes::default().message(is_orig, tls::version::TLS12, *kind, body, &mut hears);
        hears.full
    }

    fn note(&mut self, is_orig: bool, letter: u8, max: usize) -> Option<Full> {
        if self.history.len() >= max {
            return None;
        }
        self.history.push(if is_orig { letter.to_ascii_uppercase() } else { letter });
        (self.history.len() == max).then_some(Full)
    }

    /// The version by its name in Zeek.
    pub fn version_name(&self) -> Cow<'static, str> {
        version::name(self.version)
    }
}

/// Hears what a hello says.
struct Hears<'i, F> {
    info: &'i mut Info,
    max: usize,
    full: Option<Full>,
    others: F,
}

impl<F: FnMut(&mut dyn Iterator<Item = &[u8]>)> tls::Handler for Hears<'_, F> {
    fn event(&mut self, is_client: bool, what: TlsEvent<'_>) {
        match what {
            TlsEvent::ServerNames(names) if is_client => {
                let first = names.iter().find(|(kind, _)| *kind == 0);
                self.info.server_name = first.map(|(_, name)| name.into()).or(self.info.server_name.take());
            }
            TlsEvent::Alpn(names) if is_client => {
                if let Some(first) = names.iter().next() {
                    self.info.client_protocol = Some(first.into());
                }
                if names.iter().nth(1).is_some() {
                    (self.others)(&mut names.iter());
                }
            }
            TlsEvent::ClientHello(_) => self.full = self.info.note(true, b's', self.max),
            TlsEvent::ServerHello(_) => self.full = self.info.note(false, b's', self.max),
            _ => {}
        }
    }

    fn confirmed(&mut self) {}

    // The analyzer that the message is passed on to says what is wrong with it.
    fn violation(&mut self, _: &str) {}

    fn weird(&mut self, _: &'static str, _: &str) {}
}
