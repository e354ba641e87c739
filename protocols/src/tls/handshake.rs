//! Handshake messages (RFC 8446 §4, RFC 5246 §7.4), wherever they come from: records of a stream, datagrams, QUIC.

use crate::reader::Reader;
use crate::tls::broken::{Result, Take, number};
use crate::tls::event::{Handler, TlsEvent};
use crate::tls::hello::{self, Place};
use crate::tls::kex::{self, Method};
use crate::tls::lists::{Authorities, U16s};
use crate::tls::names::version;
use crate::tls::{message, names};

/// Bytes of a message's type and length.
const HEADER: usize = 4;

/// What the handshake has come to.
#[derive(Debug, Default)]
pub struct Handshakes {
    method: Method,
    /// The version that the server chose first; 0 before.
    chosen: u16,
    /// The responder is the client.
    flipped: bool,
    /// It was said that it is unclear who the client is.
    is_unclear: bool,
    given_up: bool,
    /// Of the responder and the originator: the beginning of a message that is not whole.
    held: [Vec<u8>; 2],
}

impl Handshakes {
    /// The version that the server chose; 0 while none is known.
    pub fn chosen(&self) -> u16 {
        self.chosen
    }

    /// Whether what the originator sends is the client's.
    pub fn is_client(&self, is_orig: bool) -> bool {
        is_orig != self.flipped
    }

    /// It is a version that nobody knows: nothing more is to be read.
    pub fn has_given_up(&self) -> bool {
        self.given_up
    }

    /// Bytes that are held of messages that are not whole.
    pub fn buffered(&self) -> usize {
        self.held.iter().map(Vec::len).sum()
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        self.flipped = !self.flipped;
        self.held.swap(0, 1);
    }

    /// Forgets what is held.
    pub fn forget(&mut self) {
        self.held = [Vec::new(), Vec::new()];
    }

    /// The next bytes of a side's messages. `limit`: bytes of a message.
    pub fn data(
        &mut self,
        is_orig: bool,
        record_version: u16,
        bytes: &[u8],
        limit: usize,
        handler: &mut impl Handler,
    ) {
        let Some(mut held) = self.held.get_mut(usize::from(is_orig)).map(std::mem::take) else { return };
        let mut rest = bytes;
        if !held.is_empty() {
            // First what its header lacks, then its body.
            for _ in 0..2 {
                let missing = wanted(&held).unwrap_or(HEADER).saturating_sub(held.len());
                let (taken, after) = rest.split_at_checked(missing).unwrap_or((rest, &[]));
                held.extend_from_slice(taken);
                rest = after;
            }
            if wanted(&held) != Some(held.len()) {
                return self.hold(is_orig, held, limit, handler);
            }
            if !self.one(is_orig, record_version, &held, handler) {
                return;
            }
        }
        while let Some(len) = wanted(rest)
            && let Some((message, after)) = rest.split_at_checked(len)
        {
            debug_assert!(after.len() < rest.len(), "a message has a header");
            if !self.one(is_orig, record_version, message, handler) {
                return;
            }
            rest = after;
        }
        if !rest.is_empty() {
            self.hold(is_orig, rest.to_vec(), limit, handler);
        }
    }

    fn hold(&mut self, is_orig: bool, held: Vec<u8>, limit: usize, handler: &mut impl Handler) {
        let len = wanted(&held).unwrap_or(HEADER);
        if len > limit {
            self.given_up = true;
            self.forget();
            return handler.violation(&format!("handshake message of {len} bytes"));
        }
        if let Some(place) = self.held.get_mut(usize::from(is_orig)) {
            *place = held;
        }
    }

    /// A whole message with its header; false where what comes after it in its record is not to be read.
    fn one(
        &mut self,
        is_orig: bool,
        record_version: u16,
        message: &[u8],
        handler: &mut impl Handler,
    ) -> bool {
        let Some(([kind, ..], body)) = message.split_first_chunk::<HEADER>() else { return false };
        self.message(is_orig, record_version, *kind, body, handler) && !self.given_up
    }

    /// A message. False where it is broken, which is told.
    pub fn message(
        &mut self,
        is_orig: bool,
        record_version: u16,
        kind: u8,
        body: &[u8],
        handler: &mut impl Handler,
    ) -> bool {
        match self.read(is_orig, record_version, kind, body, handler) {
            Ok(()) => {
                let event = TlsEvent::Handshake { kind, len: body.len() as u32 };
                handler.event(self.is_client(is_orig), event);
                true
            }
            Err(broken) => {
                handler.violation(&broken.to_string());
                false
            }
        }
    }

    fn read(
        &mut self,
        is_orig: bool,
        record_version: u16,
        kind: u8,
        body: &[u8],
        handler: &mut impl Handler,
    ) -> Result<()> {
        let mut r = Reader::new(body);
        match kind {
            message::CLIENT_HELLO => {
                self.is_from(true, is_orig, handler);
                let is_client = self.is_client(is_orig);
                let hello = hello::client(&mut r, record_version)?;
                hello::extensions(&mut r, Place { kind, is_client }, handler)?;
                self.client_hello(hello.version, handler);
                handler.event(is_client, TlsEvent::ClientHello(hello));
            }
            message::SERVER_HELLO => {
                self.is_from(false, is_orig, handler);
                let is_client = self.is_client(is_orig);
                let hello = hello::server(&mut r, record_version)?;
                let chosen = hello::extensions(&mut r, Place { kind, is_client }, handler)?;
                self.server_hello(hello.version, chosen, hello.suite, handler);
                handler.event(is_client, TlsEvent::ServerHello(hello));
            }
            message::HELLO_REQUEST => self.is_from(false, is_orig, handler),
            message::HELLO_RETRY_REQUEST => {
                self.is_from(false, is_orig, handler);
                let is_client = self.is_client(is_orig);
                r.short("HelloRetryRequest:server_version")?;
                hello::extensions(&mut r, Place { kind, is_client }, handler)?;
            }
            message::HELLO_VERIFY_REQUEST => {
                r.short("HelloVerifyRequest:version")?;
                r.counted8("HelloVerifyRequest:cookie")?;
            }
            message::SESSION_TICKET => {
                let lifetime = r.long("SessionTicketHandshake:ticket_lifetime_hint")?;
                let ticket = r.rest();
                handler.event(self.is_client(is_orig), TlsEvent::SessionTicket { lifetime, ticket });
            }
            message::CERTIFICATE => self.certificates(is_orig, &mut r, handler)?,
            message::CERTIFICATE_STATUS => {
                let kind = r.byte("CertificateStatus:status_type")?;
                r.u24("CertificateStatus:length")?;
                match (kind, r.rest()) {
                    (_, []) => handler.weird("SSL_zero_length_stapled_OCSP_message", ""),
                    (1, response) => handler.event(self.is_client(is_orig), TlsEvent::OcspResponse(response)),
                    _ => {}
                }
            }
            message::SERVER_KEY_EXCHANGE => {
                kex::server(self.method, self.chosen, self.is_client(is_orig), body, handler)?;
            }
            message::CLIENT_KEY_EXCHANGE => {
                kex::client(self.method, self.is_client(is_orig), body, handler);
            }
            message::CERTIFICATE_REQUEST => {
                let types = r.counted8("CertificateRequest:certificate_types")?;
                let has_algorithms = matches!(self.chosen, version::TLS12 | version::DTLS12);
                let algorithms = if has_algorithms {
                    r.counted16("SignatureAlgorithm:supported_signature_algorithms")?
                } else {
                    &[]
                };
                let authorities = Authorities::new(r.counted16("CertificateAuthorities")?)?;
                let event = TlsEvent::CertificateRequest { types, algorithms: U16s(algorithms), authorities };
                handler.event(self.is_client(is_orig), event);
            }
            message::ENCRYPTED_EXTENSIONS
            | message::SERVER_HELLO_DONE
            | message::CERTIFICATE_VERIFY
            | message::FINISHED
            | message::CERTIFICATE_URL => {}
            _ => {
                let from = if is_orig { "originator" } else { "responder" };
                handler.violation(&format!("unknown handshake message ({kind}) from {from}"));
            }
        }
        Ok(())
    }

    /// A hello of a client in this version, SSL 2 too.
    pub(super) fn client_hello(&mut self, number: u16, handler: &mut impl Handler) {
        if is_known(number) {
            handler.confirmed();
        } else {
            self.given_up = true;
            handler.violation(&format!("unsupported client SSL version 0x{number:04x}"));
        }
    }

    /// A hello of a server in this version, and perhaps another one that an extension tells.
    pub(super) fn server_hello(
        &mut self,
        number: u16,
        extension: Option<u16>,
        suite: u32,
        handler: &mut impl Handler,
    ) {
        if self.chosen == 0 {
            self.chosen = extension.unwrap_or(number);
        }
        self.method = Method::of(suite);
        if !is_known(number) {
            self.given_up = true;
            handler.violation(&format!("unsupported server SSL version 0x{number:04x}"));
        }
    }

    fn certificates(&self, is_orig: bool, r: &mut Reader<'_>, handler: &mut impl Handler) -> Result<()> {
        let mut list = Reader::new(r.list24("Certificate")?);
        // All have to be whole before one is told of.
        let mut whole = list;
        while !whole.is_empty() {
            whole.list24("X509Certificate")?;
        }
        let mut nth = 0;
        while !list.is_empty() {
            let der = list.list24("X509Certificate")?;
            handler.event(self.is_client(is_orig), TlsEvent::Certificate { nth, der });
            nth += 1;
        }
        Ok(())
    }

    /// A message that only a client, or only a server, sends tells who it is.
    fn is_from(&mut self, client: bool, is_orig: bool, handler: &mut impl Handler) {
        if self.is_client(is_orig) == client {
            return;
        }
        let was_flipped = self.flipped;
        self.flipped = !was_flipped;
        handler.event(self.is_client(is_orig), TlsEvent::Flipped);
        if was_flipped && !std::mem::replace(&mut self.is_unclear, true) {
            handler.weird("SSL_unclear_connection_direction", "");
        }
    }
}

/// Whether a hello's version is one that there is.
fn is_known(number: u16) -> bool {
    number >> 8 == 0x7f
        || number == names::version::SSL2
        || matches!(number, version::SSL3..=version::TLS13)
        || matches!(number, version::DTLS10 | version::DTLS12 | version::DTLS13)
}

/// Bytes of the message that begins so, with its header; None before that is whole.
fn wanted(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<HEADER>()?;
    Some(HEADER + number(&header[1..]) as usize)
}
