//! DTLS (RFC 6347, RFC 9147): records in datagrams, and handshake messages that come in fragments.

use crate::pieces::Pieces;
use crate::reader::Reader;
use crate::tls::broken::{Result, Take};
use crate::tls::event::{Handler, TlsEvent};
use crate::tls::handshake::Handshakes;
use crate::tls::names::is_tls13;
use crate::tls::stream::{Encryption, Head, alerts, heartbeat};
use crate::tls::{content, version};

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct DtlsLimits {
    /// Bytes of a handshake message that comes in fragments.
    pub message: usize,
    /// Fragments of one. Stops single bytes, which cost far more than they say.
    pub fragments: usize,
    /// Records in versions that are none, without a good one, after which it is given up (`SSL::dtls_max_version_errors`).
    pub version_errors: u16,
    /// So many of these are told (`SSL::dtls_max_reported_version_errors`).
    pub told_version_errors: u16,
}

impl Default for DtlsLimits {
    fn default() -> Self {
        DtlsLimits { message: 100_000, fragments: 64, version_errors: 10, told_version_errors: 1 }
    }
}

/// Fragments of the message that a side is sending.
#[derive(Debug, Default)]
struct Partial {
    kind: u8,
    number: u16,
    len: usize,
    /// Those that told something new.
    fragments: usize,
    pieces: Pieces,
}

/// A connection, as far as it was seen.
#[derive(Debug, Default)]
pub struct DtlsSession {
    limits: DtlsLimits,
    handshakes: Handshakes,
    encryption: Encryption,
    /// Of the responder and the originator.
    partial: [Partial; 2],
    is_over: bool,
    is_confirmed: bool,
    version_errors: u16,
    told_version_errors: u16,
}

impl DtlsSession {
    /// A connection of which nothing has come yet.
    pub fn new(limits: DtlsLimits) -> Self {
        DtlsSession { limits, ..DtlsSession::default() }
    }

    /// Bytes that are held of messages that are not whole.
    pub fn buffered(&self) -> usize {
        self.partial.iter().map(|partial| partial.pieces.len()).sum()
    }

    /// Whether both sides encrypt.
    pub fn is_established(&self) -> bool {
        self.encryption.is_established()
    }

    /// Nothing more will be told.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether this side is the client.
    pub fn is_client(&self, is_orig: bool) -> bool {
        self.handshakes.is_client(is_orig)
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        self.handshakes.flip();
        self.encryption.flip();
        self.partial.swap(0, 1);
    }

    /// Nothing more is read.
    pub fn give_up(&mut self) {
        self.is_over = true;
        self.partial = Default::default();
    }

    /// A datagram's payload.
    pub fn datagram(&mut self, is_orig: bool, payload: &[u8], handler: &mut impl Handler) {
        // STUN comes in between, with its magic cookie (RFC 5389 §6).
        let is_stun = payload.len() > 20 && payload.get(4..8) == Some(&[0x21, 0x12, 0xa4, 0x42]);
        if self.is_over || is_stun {
            return;
        }
        let mut r = Reader::new(payload);
        while !r.is_empty() && !self.is_over {
            let before = r.remaining();
            let is_unified = r.rest().first().is_some_and(|first| first & 0xe0 == 0x20);
            if is_unified && self.handshakes.chosen() == version::DTLS13 {
                // RFC 9147 §4: encrypted. The connection's identifier has no length here.
                return;
            }
            if let Err(broken) = self.record(is_orig, &mut r, handler) {
                // What was never seen to be DTLS need not be it.
                if self.is_confirmed {
                    handler.violation(&broken.to_string());
                }
                return;
            }
            debug_assert!(r.remaining() < before, "a record has a header");
        }
    }

    fn record(&mut self, is_orig: bool, r: &mut Reader<'_>, handler: &mut impl Handler) -> Result<()> {
        let kind = u16::from(r.byte("SSLRecord")?);
        let number = r.short("SSLRecord")?;
        let epoch = r.short("SSLRecord")?;
        r.bytes(6, "SSLRecord")?;
        let len = usize::from(r.short("SSLRecord")?);
        if !matches!(number, version::DTLS10 | version::DTLS12) {
            self.odd_version(number, handler);
            let rest = r.remaining();
            r.bytes(rest, "SSLRecord").map(|_| ())?;
            return Ok(());
        }
        if self.is_confirmed {
            self.version_errors = 0;
        }
        let body = r.bytes(len, "SSLRecord:rec")?;
        if body.is_empty() {
            return Ok(());
        }
        let head = Head { version: number, content: kind, len, last: [0; 2] };
        if epoch != 0 {
            self.encryption.record(is_orig, head, &self.handshakes, handler);
            return Ok(());
        }
        self.plain(is_orig, head, body, handler)?;
        if self.handshakes.has_given_up() {
            self.give_up();
        }
        Ok(())
    }

    fn odd_version(&mut self, number: u16, handler: &mut impl Handler) {
        self.version_errors += 1;
        if self.is_confirmed && self.told_version_errors < self.limits.told_version_errors {
            self.told_version_errors += 1;
            handler
                .violation(&format!("Invalid version in DTLS connection. Packet reported version: {number}"));
        }
        if self.version_errors > self.limits.version_errors {
            self.give_up();
        }
    }

    fn plain(&mut self, is_orig: bool, head: Head, body: &[u8], handler: &mut impl Handler) -> Result<()> {
        let is_client = self.handshakes.is_client(is_orig);
        match head.content {
            content::CHANGE_CIPHER_SPEC => {
                if !is_tls13(self.handshakes.chosen()) {
                    self.encryption.begins(is_orig);
                }
                handler.event(is_client, TlsEvent::ChangeCipherSpec);
            }
            content::ALERT => alerts(body, is_tls13(self.handshakes.chosen()), is_client, handler)?,
            content::HANDSHAKE => {
                let mut r = Reader::new(body);
                while !r.is_empty() && !self.handshakes.has_given_up() {
                    self.fragment(is_orig, head.version, &mut r, handler)?;
                }
            }
            content::HEARTBEAT => {
                let event = heartbeat(body, head.len as u16)?;
                handler.event(is_client, event);
            }
            content::APPLICATION_DATA => {}
            other => {
                let from = if is_orig { "originator" } else { "responder" };
                handler.violation(&format!("unknown SSL record type ({other}) from {from}"));
            }
        }
        let event =
            TlsEvent::Plaintext { version: head.version, content: head.content, len: head.len as u16 };
        handler.event(self.handshakes.is_client(is_orig), event);
        Ok(())
    }

    /// RFC 6347 §4.2.2: a message, or a fragment of one.
    fn fragment(
        &mut self,
        is_orig: bool,
        record_version: u16,
        r: &mut Reader<'_>,
        handler: &mut impl Handler,
    ) -> Result<()> {
        let kind = r.byte("Handshake:msg_type")?;
        let len = r.u24("Handshake:length")?;
        let seq = r.short("Handshake:message_seq")?;
        let offset = r.u24("Handshake:fragment_offset")?;
        let fragment = r.u24("Handshake:fragment_length")?;
        let Ok(data) = r.take(fragment, "fragment") else {
            handler.violation("DTLS handshake record length does not match packet length");
            let rest = r.remaining();
            return r.bytes(rest, "Handshake:data").map(|_| ());
        };
        if offset == 0 && fragment == len {
            self.message(is_orig, record_version, kind, data, handler);
            return Ok(());
        }
        if len > self.limits.message {
            handler.violation(&format!("DTLS record length {len} larger than allowed maximum."));
            return Ok(());
        }
        if offset + fragment > len {
            handler.violation("DTLS handshake fragment trying to write past end of buffer");
            return Ok(());
        }
        let max_fragments = self.limits.fragments;
        let Some(partial) = self.partial.get_mut(usize::from(is_orig)) else { return Ok(()) };
        if (partial.kind, partial.number, partial.len) != (kind, seq, len) {
            *partial = Partial { kind, number: seq, len, ..Partial::default() };
        }
        let before = partial.pieces.len();
        partial.pieces.add(offset, data);
        partial.fragments += usize::from(partial.pieces.len() > before);
        if let Some(message) = partial.pieces.front(len) {
            *partial = Partial::default();
            self.message(is_orig, record_version, kind, &message, handler);
        } else if partial.fragments > max_fragments {
            *partial = Partial::default();
            handler.violation(&format!(
                "DTLS Message fragmented over more than {max_fragments} pieces. Cannot reassemble."
            ));
        }
        Ok(())
    }

    fn message(
        &mut self,
        is_orig: bool,
        record_version: u16,
        kind: u8,
        body: &[u8],
        handler: &mut impl Handler,
    ) {
        let mut hears = Hears { handler, confirmed: &mut self.is_confirmed };
        self.handshakes.message(is_orig, record_version, kind, body, &mut hears);
    }
}

/// Passes on what is told, and notes that it is DTLS for sure.
struct Hears<'h, H> {
    handler: &'h mut H,
    confirmed: &'h mut bool,
}

impl<H: Handler> Handler for Hears<'_, H> {
    fn event(&mut self, is_client: bool, what: TlsEvent<'_>) {
        self.handler.event(is_client, what);
    }

    fn confirmed(&mut self) {
        *self.confirmed = true;
        self.handler.confirmed();
    }

    fn violation(&mut self, reason: &str) {
        self.handler.violation(reason);
    }

    fn weird(&mut self, name: &'static str, addl: &str) {
        self.handler.weird(name, addl);
    }
}
