//! Both directions of a connection.

use crate::asn1;
use crate::bounds::{Broken, Cursor, Result};
use crate::pending::{Pending, Step};
use crate::rdp::blocks::{self, Channel, ClientCluster, ClientCore, ClientSecurity, ServerSecurity};
use crate::rdp::{CLIENT_KEY, COOKIE, SERVER_KEY};

/// Hears what a session reads.
pub trait Handler {
    /// A client wants to connect; with what it says who it is, which may be nothing.
    fn connect_request(&mut self, cookie: &[u8]);

    /// The server chose how what follows is protected.
    fn negotiation_response(&mut self, protocol: u32);

    /// The server refuses, and this is why.
    fn negotiation_failure(&mut self, code: u32);

    /// A client's settings. It is RDP for sure.
    fn client_core(&mut self, core: &ClientCore<'_>);

    /// How a client can encrypt.
    fn client_security(&mut self, security: ClientSecurity);

    /// The virtual channels that a client asks for.
    fn client_network(&mut self, channels: &[Channel<'_>]);

    /// Which session a client wants to be brought to.
    fn client_cluster(&mut self, cluster: ClientCluster);

    /// The server's answer to a client's settings. It is RDP for sure.
    fn server_response(&mut self, result: u8);

    /// A certificate of the server's, in DER; before [`server_certificate`](Self::server_certificate).
    fn certificate(&mut self, der: &[u8]);

    /// The server has shown its certificates, of this type.
    fn server_certificate(&mut self, kind: u32, permanent: bool);

    /// From here on all is encrypted: by RDP itself (0), or as was chosen.
    fn encrypted(&mut self, protocol: u32);

    /// How the server encrypts. It is RDP for sure.
    fn server_security(&mut self, method: u32, level: u32);

    /// Bytes that RDP itself has encrypted.
    fn native(&mut self, is_orig: bool, len: usize);

    /// Bytes of what follows: TLS.
    fn inside(&mut self, is_orig: bool, bytes: &[u8]);

    /// The bytes are not RDP's, for this reason, in Zeek's words.
    fn violation(&mut self, reason: &str);
}

/// Bytes of a packet at the most, which a side may have held: its length has two bytes.
pub const MOST: usize = 0xffff;

/// Bytes of a packet's header (RFC 1006 §6).
const HEADER: usize = 4;

/// What packets are (X.224 §13).
pub const CONFIRM: u8 = 0xd0;
const REQUEST: u8 = 0xe0;
const DATA: u8 = 0xf0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Plain,
    Native,
    Inside,
    /// Bytes are missing.
    Lost,
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    orig: Pending,
    resp: Pending,
    phase: Phase,
}

impl Default for Session {
    fn default() -> Self {
        Session { orig: Pending::default(), resp: Pending::default(), phase: Phase::Plain }
    }
}

impl Session {
    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.orig.len() + self.resp.len()
    }

    /// Bytes are missing: nothing more can be read, of either direction.
    pub fn gap(&mut self) {
        *self = Session { phase: Phase::Lost, ..Session::default() };
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        std::mem::swap(&mut self.orig, &mut self.resp);
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        match self.phase {
            Phase::Lost => return,
            Phase::Native => return handler.native(is_orig, bytes.len()),
            Phase::Inside => return handler.inside(is_orig, bytes),
            Phase::Plain => {}
        }
        let mut pending = std::mem::take(if is_orig { &mut self.orig } else { &mut self.resp });
        pending.feed(bytes, |rest| self.packet(is_orig, rest, handler));
        if self.phase == Phase::Plain {
            *(if is_orig { &mut self.orig } else { &mut self.resp }) = pending;
        } else {
            // What the other side has begun to say is not read any more.
            (self.orig, self.resp) = Default::default();
        }
    }

    fn packet(&mut self, is_orig: bool, rest: &[u8], handler: &mut impl Handler) -> Step {
        let all = Step::Took(rest.len() as u64);
        match self.phase {
            Phase::Plain => {}
            Phase::Native => {
                handler.native(is_orig, rest.len());
                return all;
            }
            Phase::Inside => {
                handler.inside(is_orig, rest);
                return all;
            }
            Phase::Lost => return all,
        }
        let Some(&[_, _, high, low]) = rest.first_chunk::<HEADER>() else { return Step::NeedMore };
        let len = usize::from(u16::from_be_bytes([high, low])).max(HEADER);
        let Some(packet) = rest.get(..len) else { return Step::NeedMore };
        match self.tpdu(packet, handler) {
            Ok(()) => Step::Took(len as u64),
            Err(broken) => {
                handler.violation(&broken.to_string());
                Step::Discard
            }
        }
    }

    fn encrypted(&mut self, protocol: u32, handler: &mut impl Handler) {
        self.phase = if protocol == 0 { Phase::Native } else { Phase::Inside };
        handler.encrypted(protocol);
    }

    fn tpdu(&mut self, packet: &[u8], handler: &mut impl Handler) -> Result<()> {
        let mut r = Cursor::new(packet);
        r.take(HEADER, "TPKT:tpkt_len")?;
        r.record(|r| {
            let [len, kind] = r.array("COTP:pdu")?;
            match kind {
                CONFIRM => r.record(|r| self.confirm(len, r, handler)),
                REQUEST => r.record(|r| request(len, r, handler)),
                DATA => {
                    let [_, _, kind] = r.record(|r| r.array("DT_Data:application_type"))?;
                    match kind {
                        0x65 => client(r, handler),
                        0x66 => self.server(r, handler),
                        _ => Ok(()),
                    }
                }
                _ => Ok(()),
            }
        })
    }

    /// MS-RDPBCGR §2.2.1.2.
    fn confirm(&mut self, len: u8, r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
        let begin = r.position();
        r.take(5, "Connect_Confirm:flags")?;
        if is_over(len, r.position() - begin) {
            return Ok(());
        }
        let kind = r.record(|r| r.u8("Connect_Confirm_Record:response_type"))?;
        match kind {
            2 => {
                r.record(|r| r.need(7, "RDP_Negotiation_Response:selected_protocol"))?;
                r.take(3, "")?;
                let protocol = r.u32_le("")?;
                if protocol > 0 {
                    self.encrypted(protocol, handler);
                }
                handler.negotiation_response(protocol);
            }
            3 => {
                r.record(|r| r.need(7, "RDP_Negotiation_Failure:failure_code"))?;
                r.take(3, "")?;
                handler.negotiation_failure(r.u32_le("")?);
            }
            other => return Err(Broken::Case { what: "Connect_Confirm_Record", index: i64::from(other) }),
        }
        Ok(())
    }

    /// A server's answer to a client's settings (§2.2.1.4).
    fn server(&mut self, r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
        let result = r.record(|r| {
            r.take(3, "Server_Header:type_length")?;
            // What came of it, and its number; then what the domain has.
            asn1::encoding(r)?;
            asn1::encoding(r)?;
            skip_sequence(r, "Server_Header:domain_parameters")?;
            r.take(4, "Server_Header:user_data_length")?;
            conference(r, 1, "GCC_Server_Connection_Data:connect_data_connect_pdu")?;
            let [_, _, _, _, _, result, _, _, _] =
                r.record(|r| r.array("GCC_Server_Create_Response:h221_nonstandard_length"))?;
            key(r, SERVER_KEY, "GCC_Server_Create_Response:h221_nonstandard_key")?;
            r.take(2, "GCC_Server_Create_Response:user_data_value_length")?;
            Ok(result)
        })?;
        handler.server_response(result);
        while !r.is_empty() {
            if let Some(ServerSecurity { method, level }) = blocks::block(r, handler)? {
                if method > 0 && level > 0 {
                    self.encrypted(0, handler);
                }
                handler.server_security(method, level);
            }
        }
        Ok(())
    }
}

/// Whether a packet of this length has nothing behind what was read of it.
fn is_over(len: u8, read: usize) -> bool {
    usize::from(len) == read + 1
}

/// A client's request (§2.2.1.1), with the user's name or without.
fn request(len: u8, r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
    let begin = r.position();
    r.take(5, "Connect_Request:flow_control")?;
    let mut cookie = &[][..];
    if r.rest().starts_with(COOKIE) {
        r.take(COOKIE.len(), "Connect_Request:cookie_mstshash")?;
        let end = r.rest().iter().position(|byte| *byte == b'\r').unwrap_or(r.remaining());
        cookie = r.take(end, "Connect_Request:cookie_value")?;
        key(r, b"\r\n", "Connect_Request:cookie_terminator")?;
    }
    if !is_over(len, r.position() - begin) {
        r.record(|r| r.take(8, "RDP_Negotiation_Request:requested_protocols"))?;
    }
    handler.connect_request(cookie);
    Ok(())
}

/// A client's settings (§2.2.1.3).
fn client(r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
    r.record(|r| {
        // A length that the encoding takes for a number, two names, and a flag.
        for _ in 0..4 {
            asn1::encoding(r)?;
        }
        skip_sequence(r, "Client_Header:targ_parameters_pad")?;
        skip_sequence(r, "Client_Header:min_parameters_pad")?;
        skip_sequence(r, "Client_Header:max_parameters_pad")?;
        r.take(4, "Client_Header:user_data_length")?;
        conference(r, 2, "GCC_Client_Connection_Data:connect_data_connect_pdu")?;
        r.record(|r| r.take(8, "GCC_Client_Create_Request:h221_nonstandard_length"))?;
        key(r, CLIENT_KEY, "GCC_Client_Create_Request:h221_nonstandard_key")?;
        r.take(2, "GCC_Client_Create_Request:user_data_value_length")
    })?;
    while !r.is_empty() {
        blocks::block(r, handler)?;
    }
    Ok(())
}

fn skip_sequence(r: &mut Cursor<'_>, what: &'static str) -> Result<()> {
    let (_, len) = asn1::meta(r)?;
    r.take(usize::try_from(len).unwrap_or(usize::MAX), what).map(|_| ())
}

/// What a conference is named by (T.124 §8.7), and `more` bytes.
fn conference(r: &mut Cursor<'_>, more: usize, what: &'static str) -> Result<()> {
    r.record(|r| {
        let len = r.u16("GCC_Connection_Data:key_object_length")?;
        r.take(len.into(), "GCC_Connection_Data:key_object")?;
        r.take(more, what).map(|_| ())
    })
}

/// Bytes that have to stand there.
fn key(r: &mut Cursor<'_>, expected: &[u8], what: &'static str) -> Result<()> {
    if r.rest().starts_with(expected) {
        return r.take(expected.len(), what).map(|_| ());
    }
    let shown = r.rest().get(..r.remaining().min(expected.len())).unwrap_or_default();
    Err(Broken::mismatch(what, &expected.escape_ascii().to_string(), shown))
}
