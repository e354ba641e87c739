//! Both streams of a connection: records (RFC 8446 §5.1, RFC 5246 §6.2), and those of SSL 2.

use crate::reader::Reader;
use crate::tls::broken::{Broken, Result, Take, number};
use crate::tls::event::{ClientHello, Handler, ServerHello, Suites, TlsEvent};
use crate::tls::handshake::Handshakes;
use crate::tls::lists::U24s;
use crate::tls::names::is_tls13;
use crate::tls::{content, version};

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a handshake message that is not whole. Chains of certificates rarely have more than ten thousand. Stops
    /// lengths that never come.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 256 << 10 }
    }
}

/// Bytes of a record's header.
const HEADER: usize = 5;
/// Alerts of one record (Zeek's `SSL::max_alerts_per_record`).
const MAX_ALERTS: usize = 10;

#[derive(Debug, Default)]
struct Side {
    /// The beginning of a record that is not whole, from its header on.
    held: Vec<u8>,
    /// An encrypted record of which so many bytes have still to come; it is told of when they have.
    passing: Option<Passing>,
}

#[derive(Clone, Copy, Debug)]
struct Passing {
    left: usize,
    head: Head,
}

/// What a record's header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// 0 for SSL 2.
    pub version: u16,
    pub content: u16,
    pub len: usize,
    /// Its last two bytes, which belong to the message in SSL 2.
    pub last: [u8; 2],
}

/// Which sides encrypt.
#[derive(Debug, Default)]
pub(super) struct Encryption {
    /// Of the responder and the originator.
    sides: [bool; 2],
    established: bool,
}

impl Encryption {
    pub fn begins(&mut self, is_orig: bool) {
        let [resp, orig] = &mut self.sides;
        *(if is_orig { orig } else { resp }) = true;
    }

    /// Whether this side encrypts.
    pub fn is_on(&self, is_orig: bool) -> bool {
        let [resp, orig] = self.sides;
        if is_orig { orig } else { resp }
    }

    pub fn begins_for_both(&mut self) {
        (self.sides, self.established) = ([true; 2], true);
    }

    pub fn is_established(&self) -> bool {
        self.established
    }

    pub fn flip(&mut self) {
        self.sides.swap(0, 1);
    }

    /// An encrypted record has come.
    pub fn record(&mut self, is_orig: bool, head: Head, handshakes: &Handshakes, handler: &mut impl Handler) {
        self.begins(is_orig);
        let (is_client, len) = (handshakes.is_client(is_orig), head.len as u16);
        if !self.established && is_tls13(handshakes.chosen()) {
            handler.event(is_client, TlsEvent::EncryptedHandshake { len });
        }
        if !self.established && self.sides == [true; 2] {
            self.established = true;
            handler.event(is_client, TlsEvent::Established);
        }
        handler.event(is_client, TlsEvent::Encrypted { version: head.version, content: head.content, len });
    }
}

/// A connection, as far as it was seen.
#[derive(Debug, Default)]
pub struct Session {
    limits: Limits,
    handshakes: Handshakes,
    /// Of the responder and the originator.
    sides: [Side; 2],
    /// The version of the first record, with which all that follow have to be read: 0 before it has come.
    layer: u16,
    is_over: bool,
    encryption: Encryption,
}

impl Session {
    /// A connection of which nothing has come yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, ..Session::default() }
    }

    /// Bytes that are held of what is not whole.
    pub fn buffered(&self) -> usize {
        self.sides.iter().map(|side| side.held.len()).sum::<usize>() + self.handshakes.buffered()
    }

    /// Both sides encrypt: no more than the sizes of records is to be read.
    pub fn is_established(&self) -> bool {
        self.encryption.is_established()
    }

    /// Nothing more will be told.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether what the originator sends is the client's.
    pub fn is_client(&self, is_orig: bool) -> bool {
        self.handshakes.is_client(is_orig)
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        self.sides.swap(0, 1);
        self.encryption.flip();
        self.handshakes.flip();
    }

    /// Bytes are missing, or it is to be given up: nothing more can be read, of either side.
    pub fn give_up(&mut self) {
        self.is_over = true;
        self.handshakes.forget();
        for side in &mut self.sides {
            side.held = Vec::new();
            side.passing = None;
        }
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        if self.is_over {
            return;
        }
        let mut rest = bytes;
        let mut held = std::mem::take(&mut self.side(is_orig).held);
        // A record that was begun before, byte for byte as much as it needs.
        while !held.is_empty() && !rest.is_empty() && !self.is_over {
            let missing = self.missing(&held);
            let (taken, after) = rest.split_at_checked(missing).unwrap_or((rest, &[]));
            debug_assert!(!taken.is_empty() || missing == 0, "a record that is begun takes something");
            held.extend_from_slice(taken);
            rest = after;
            match self.records(is_orig, &held, handler) {
                0 if taken.is_empty() => break,
                0 => {}
                // What the record needs, or less: the other side may have set in the meantime how headers are read.
                done => drop(held.drain(..done)),
            }
        }
        if self.is_over {
            return;
        }
        if held.is_empty() {
            let done = self.records(is_orig, rest, handler);
            let left = rest.get(done..).unwrap_or_default();
            if !self.is_over && !left.is_empty() {
                held.extend_from_slice(left);
            }
        }
        // An empty one holds no memory on to it.
        self.side(is_orig).held = if held.is_empty() { Vec::new() } else { held };
    }

    /// Bytes until the header, or the record, of what is held is whole.
    fn missing(&self, held: &[u8]) -> usize {
        let Some(header) = held.first_chunk::<HEADER>() else { return HEADER - held.len() };
        // It was read before, and found to be good.
        let len = match self.layer {
            0 | version::SSL2 => ssl2_len(header).unwrap_or(0),
            _ => usize::from(u16::from_be_bytes([header[3], header[4]])),
        };
        (HEADER + len).saturating_sub(held.len())
    }

    fn side(&mut self, is_orig: bool) -> &mut Side {
        let [resp, orig] = &mut self.sides;
        if is_orig { orig } else { resp }
    }

    /// Reads records, and says how many bytes are done with.
    fn records(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_over {
            let before = rest.len();
            if let Some(passing) = self.side(is_orig).passing.take() {
                let (_, after) = rest.split_at_checked(passing.left).unwrap_or((rest, &[]));
                let left = passing.left - (rest.len() - after.len());
                rest = after;
                if left > 0 {
                    self.side(is_orig).passing = Some(Passing { left, head: passing.head });
                } else {
                    self.encryption.record(is_orig, passing.head, &self.handshakes, handler);
                }
                continue;
            }
            let Some((header, body)) = rest.split_first_chunk::<HEADER>() else { break };
            let head = match self.head(is_orig, *header) {
                Ok(head) => head,
                Err(reason) => {
                    self.give_up();
                    handler.violation(&reason);
                    break;
                }
            };
            if self.is_encrypted(is_orig, head.content) && head.len > 0 {
                // Those of SSL 2 have no such header.
                if head.version != 0 && handler.wants_records() {
                    let Some((body, after)) = body.split_at_checked(head.len) else { break };
                    rest = after;
                    self.encryption.record(is_orig, head, &self.handshakes, handler);
                    handler.record(is_orig, self.handshakes.is_client(is_orig), *header, body);
                    continue;
                }
                self.side(is_orig).passing = Some(Passing { left: head.len, head });
                rest = body;
                continue;
            }
            let Some((body, after)) = body.split_at_checked(head.len) else { break };
            rest = after;
            if let Err(broken) = self.plain(is_orig, head, body, handler) {
                handler.violation(&broken.to_string());
                // As Zeek's parser does: what came together with it is not read.
                rest = &[];
            }
            if self.handshakes.has_given_up() {
                self.give_up();
            }
            debug_assert!(rest.len() < before, "each round takes something");
        }
        bytes.len() - rest.len()
    }

    /// What a header says; the reason why it is none.
    fn head(&mut self, is_orig: bool, header: [u8; HEADER]) -> std::result::Result<Head, String> {
        let [kind, major, minor, ..] = header;
        let last = [header[3], header[4]];
        let number = u16::from_be_bytes([major, minor]);
        let known = matches!(number, version::SSL3..=version::TLS12);
        match self.layer {
            0 | version::SSL2 => {}
            _ if !known => {
                return Err(format!(
                    "Invalid version late in TLS connection. Packet reported version: {number}"
                ));
            }
            _ => return Ok(Head { version: number, content: u16::from(kind), len: len(last), last }),
        }
        if self.layer == version::SSL2 || kind & 0x80 != 0 {
            let offered = u16::from_be_bytes(last);
            match (minor, is_orig) {
                _ if self.layer == version::SSL2 => {}
                (1, true)
                    if offered == version::SSL2 || matches!(offered, version::SSL3..=version::TLS12) => {}
                (1, true) => return Err(format!("Invalid version in SSL client hello. Version: {offered}")),
                (4, false) if last[1] < 2 => self.layer = version::SSL2,
                _ => {
                    let [_, head1, head2, head3, _] = header;
                    return Err(format!(
                        "Invalid headers in SSL connection. Head1: {head1}, head2: {head2}, head3: {head3}"
                    ));
                }
            }
            let len = ssl2_len(&header).ok_or("Binpac exception: SSL 2 record without a message")?;
            return Ok(Head { version: 0, content: content::SSL2 + u16::from(minor), len, last });
        }
        if !known {
            return Err(format!("Invalid version in TLS connection. Version: {number}"));
        }
        if !(20..=30).contains(&kind) {
            return Err(format!("Invalid type in TLS connection. Version: {number}, Type: {kind}"));
        }
        self.layer = number;
        Ok(Head { version: number, content: u16::from(kind), len: len(last), last })
    }

    /// Whether a side's records of this type are encrypted.
    fn is_encrypted(&self, is_orig: bool, content: u16) -> bool {
        // Of TLS 1.3 ChangeCipherSpec says nothing, and the first application data is the first that is encrypted.
        let chosen = self.handshakes.chosen();
        let is_old = matches!(chosen, version::SSL2 | version::SSL3..=version::TLS12);
        self.encryption.is_on(is_orig) || content == content::APPLICATION_DATA && !is_old
    }

    /// A record that is not encrypted, or not all of it.
    fn plain(&mut self, is_orig: bool, head: Head, body: &[u8], handler: &mut impl Handler) -> Result<()> {
        let mut rest = body;
        while !rest.is_empty() && !self.is_over {
            if self.is_encrypted(is_orig, head.content) {
                self.encryption.record(is_orig, head, &self.handshakes, handler);
                return Ok(());
            }
            let is_client = self.handshakes.is_client(is_orig);
            let before = rest.len();
            match head.content {
                content::CHANGE_CIPHER_SPEC => {
                    rest = rest.get(1..).unwrap_or_default();
                    if !is_tls13(self.handshakes.chosen()) {
                        self.encryption.begins(is_orig);
                    }
                    handler.event(is_client, TlsEvent::ChangeCipherSpec);
                }
                content::ALERT => {
                    alerts(rest, is_tls13(self.handshakes.chosen()), is_client, handler)?;
                    rest = &[];
                }
                content::HANDSHAKE => {
                    self.handshakes.data(is_orig, head.version, rest, self.limits.message, handler);
                    rest = &[];
                }
                content::HEARTBEAT => {
                    let event = heartbeat(rest, head.len as u16)?;
                    handler.event(is_client, event);
                    rest = &[];
                }
                content::APPLICATION_DATA => rest = &[],
                content::SSL2.. => {
                    self.message2(is_orig, head, rest, handler)?;
                    rest = &[];
                }
                other => {
                    let from = if is_orig { "originator" } else { "responder" };
                    handler.violation(&format!("unknown SSL record type ({other}) from {from}"));
                    rest = &[];
                }
            }
            debug_assert!(rest.len() < before, "each round takes something");
            let event =
                TlsEvent::Plaintext { version: head.version, content: head.content, len: head.len as u16 };
            handler.event(self.handshakes.is_client(is_orig), event);
        }
        Ok(())
    }

    /// A message of SSL 2 (draft-hickman-netscape-ssl-00), whose first two bytes are the header's last.
    fn message2(&mut self, is_orig: bool, head: Head, body: &[u8], handler: &mut impl Handler) -> Result<()> {
        let mut r = Reader::new(body);
        let is_client = self.handshakes.is_client(is_orig);
        match head.content - content::SSL2 {
            0 => handler.event(is_client, TlsEvent::Error2(u16::from_be_bytes(head.last))),
            1 => {
                const WHAT: &str = "V2ClientHello";
                let lens = [r.short(WHAT)?, r.short(WHAT)?, r.short(WHAT)?].map(usize::from);
                let suites = U24s(r.bytes(lens[0], WHAT)?);
                let (session_id, random) = (r.bytes(lens[1], WHAT)?, r.bytes(lens[2], WHAT)?);
                // Zeek tells SSL 2 whatever the hello offers.
                self.handshakes.client_hello(version::SSL2, handler);
                handler.event(
                    is_client,
                    TlsEvent::ClientHello(ClientHello {
                        version: version::SSL2,
                        record_version: 0,
                        time: 0,
                        random,
                        session_id,
                        suites: Suites::Three(suites),
                        compressions: &[],
                    }),
                );
            }
            2 => {
                const WHAT: &str = "V2ClientMasterKey";
                r.byte(WHAT)?;
                let lens = [r.short(WHAT)?, r.short(WHAT)?, r.short(WHAT)?].map(usize::from);
                r.bytes(lens.iter().sum(), WHAT)?;
                self.encryption.begins_for_both();
                handler.event(is_client, TlsEvent::Established);
            }
            4 => {
                const WHAT: &str = "V2ServerHello";
                let number = r.short(WHAT)?;
                let lens = [r.short(WHAT)?, r.short(WHAT)?, r.short(WHAT)?].map(usize::from);
                let der = r.bytes(lens[0], WHAT)?;
                let suites = U24s(r.bytes(lens[1], WHAT)?);
                let random = r.bytes(lens[2], WHAT)?;
                if number != version::SSL2 {
                    self.give_up();
                    handler.violation(&format!("Invalid version in SSL server hello. Version: {number}"));
                    return Ok(());
                }
                let suite = suites.iter().next().unwrap_or(0);
                self.handshakes.server_hello(number, None, suite, handler);
                handler.event(
                    is_client,
                    TlsEvent::ServerHello(ServerHello {
                        version: number,
                        record_version: 0,
                        random,
                        session_id: &[],
                        suite,
                        compression: 0,
                    }),
                );
                handler.event(is_client, TlsEvent::Certificate { nth: 0, der });
            }
            other => {
                let from = if is_orig { "originator" } else { "responder" };
                let kind = content::SSL2 + other;
                handler.violation(&format!("unknown SSL record type ({kind}) from {from}"));
            }
        }
        Ok(())
    }
}

fn len(last: [u8; 2]) -> usize {
    usize::from(u16::from_be_bytes(last))
}

/// Bytes of a record of SSL 2 after the five that make a header here: three of them are its message's.
fn ssl2_len(header: &[u8; HEADER]) -> Option<usize> {
    let all = usize::from(u16::from_be_bytes([header[0] & 0x7f, header[1]]));
    all.checked_sub(3)
}

/// Alerts of one record: TLS 1.3 allows one (RFC 8446 §5.1).
pub(super) fn alerts(bytes: &[u8], is_13: bool, is_client: bool, handler: &mut impl Handler) -> Result<()> {
    let most = if is_13 { 1 } else { MAX_ALERTS };
    let count = bytes.len() / 2;
    if bytes.len() > most * 2 {
        handler.weird("SSL_excessive_alerts_in_record", &count.to_string());
    } else if !bytes.len().is_multiple_of(2) {
        return Err(Broken::of("Alert", 2, bytes.len() % 2));
    }
    for [level, description] in bytes.as_chunks::<2>().0.iter().take(most) {
        handler.event(is_client, TlsEvent::Alert { level: *level, description: *description });
    }
    Ok(())
}

/// RFC 6520 §4.
pub(super) fn heartbeat(bytes: &[u8], record: u16) -> Result<TlsEvent<'_>> {
    let mut r = Reader::new(bytes);
    let kind = r.byte("Heartbeat:type")?;
    let payload_len = number(r.bytes(2, "Heartbeat:payload_length")?) as u16;
    Ok(TlsEvent::Heartbeat { record, kind, payload_len, payload: r.rest() })
}
