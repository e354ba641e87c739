//! Kerberos 5 (RFC 4120): what clients, key distribution centres and services say to each other, over TCP and UDP or
//! inside other protocols.
//!
//! Messages are read as Zeek reads them: fields in their order, few of their tags looked at. What of a message is broken
//! is told after what came before it.

mod body;
pub mod fuzz;
mod session;
#[cfg(test)]
mod tests;

pub use body::read;
pub use session::{Limits, Session};

use crate::probe::Probe;

/// Where key distribution centres listen, over TCP and UDP.
pub const PORT: u16 = 88;

/// Hears what messages say.
pub trait Handler {
    /// A message was read; what it says follows, if it is told.
    fn confirmed(&mut self);

    /// What a message says.
    fn message(&mut self, message: &Message<'_>);
}

/// Hears what a stream says.
pub trait StreamHandler: Handler {
    /// What was read is no message, for this reason.
    fn violation(&mut self, reason: &str);

    /// A message was passed over, being longer than [`Limits::message`].
    fn too_long(&mut self);
}

/// What is said.
#[derive(Clone, Debug)]
pub enum Message<'a> {
    /// A ticket for tickets is asked for (RFC 4120 §3.1.1).
    AsRequest(Request<'a>),
    /// It is given.
    AsResponse(Response<'a>),
    /// A ticket for a service is asked for (RFC 4120 §3.3.1).
    TgsRequest(Request<'a>),
    /// It is given.
    TgsResponse(Response<'a>),
    /// A ticket is shown (RFC 4120 §3.2.1), be it inside a request for another.
    ApRequest(Ticket<'a>, ApOptions),
    /// It is accepted.
    ApResponse,
    /// Something with a checksum (RFC 4120 §3.4).
    Safe(Safe<'a>),
    /// Something encrypted (RFC 4120 §3.5).
    Private,
    /// Tickets are handed on (RFC 4120 §3.6).
    Credentials(Vec<Ticket<'a>>),
    /// Something went wrong (RFC 4120 §5.9.1).
    Error(Error<'a>),
}

/// RFC 4120 §5.4.1.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// 5.
    pub version: u64,
    /// Which message it is.
    pub kind: u64,
    /// What goes before.
    pub pa_data: Option<PaData<'a>>,
    /// What is asked for, from the highest bit on.
    pub options: Option<Options>,
    /// Who asks.
    pub client: Option<Vec<u8>>,
    /// Of the service.
    pub realm: Option<&'a [u8]>,
    /// What for.
    pub service: Option<Vec<u8>>,
    /// From when on; seconds since 1970, as the others.
    pub from: Option<i64>,
    /// Until when.
    pub till: Option<i64>,
    /// Until when it may be renewed.
    pub renew_till: Option<i64>,
    /// Tells requests apart.
    pub nonce: Option<u64>,
    /// Kinds of encryption that the client knows.
    pub ciphers: Vec<u64>,
    /// From where it may be used.
    pub addresses: Vec<Address<'a>>,
    /// More tickets.
    pub tickets: Vec<Ticket<'a>>,
}

/// RFC 4120 §5.4.2.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    /// 5.
    pub version: u64,
    /// Which message it is.
    pub kind: u64,
    /// What goes before.
    pub pa_data: Option<PaData<'a>>,
    /// Of the client.
    pub realm: &'a [u8],
    /// Whom it is for.
    pub client: Vec<u8>,
    /// What is given.
    pub ticket: Ticket<'a>,
}

/// RFC 4120 §5.3.
#[derive(Clone, Debug)]
pub struct Ticket<'a> {
    /// 5.
    pub version: u64,
    /// Of the service.
    pub realm: &'a [u8],
    /// What for.
    pub service: Vec<u8>,
    /// How it is encrypted.
    pub cipher: u64,
    /// The rest.
    pub ciphertext: &'a [u8],
}

/// What goes before a login (RFC 4120 §5.2.7).
#[derive(Clone, Debug, Default)]
pub struct PaData<'a> {
    /// Those that say something to whoever listens, by their type.
    pub values: Vec<(u64, &'a [u8])>,
    /// Certificates (RFC 4556 §3.2), one after the other in each.
    pub certificates: Vec<&'a [u8]>,
}

/// RFC 4120 §5.4.1, `KDCOptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options(pub u32);

impl Options {
    /// Whether a bit is set, counted from the highest.
    pub const fn has(self, bit: u32) -> bool {
        self.0 >> (31 - bit) & 1 != 0
    }
}

/// RFC 4120 §5.5.1, `APOptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApOptions {
    /// The ticket is encrypted with the service's own ticket's key.
    pub use_session_key: bool,
    /// The service has to answer.
    pub mutual_required: bool,
}

/// RFC 4120 §5.2.5, of which kind it is and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// 2 and 24 are addresses of IP, 20 is a NetBIOS name (RFC 4120 §7.5.3).
    pub kind: u64,
    /// The address.
    pub bytes: &'a [u8],
}

/// RFC 4120 §5.6.1.
#[derive(Clone, Debug, Default)]
pub struct Safe<'a> {
    /// 5.
    pub version: u64,
    /// Which message it is.
    pub kind: u64,
    /// What is said.
    pub data: &'a [u8],
    /// When, in seconds since 1970 and microseconds.
    pub time: Option<(i64, u64)>,
    /// Tells messages apart.
    pub number: Option<u64>,
    /// Who says it.
    pub sender: Option<Address<'a>>,
    /// To whom.
    pub recipient: Option<Address<'a>>,
}

/// RFC 4120 §5.9.1.
#[derive(Clone, Debug, Default)]
pub struct Error<'a> {
    /// 5.
    pub version: Option<u64>,
    /// Which message it is.
    pub kind: Option<u64>,
    /// The client's, in seconds since 1970 and microseconds.
    pub client_time: Option<(i64, u64)>,
    /// The server's.
    pub server_time: Option<(i64, u64)>,
    /// What went wrong.
    pub code: u64,
    /// Of the client.
    pub client_realm: Option<&'a [u8]>,
    /// Whom it concerns.
    pub client: Option<Vec<u8>>,
    /// Of the service.
    pub realm: Option<&'a [u8]>,
    /// What was asked for.
    pub service: Option<Vec<u8>>,
    /// The same in words.
    pub text: Option<&'a [u8]>,
    /// What is to go before, where that was missing.
    pub pa_data: Option<PaData<'a>>,
}

/// A login has to be preceded by something (RFC 4120 §7.5.9).
pub const PREAUTH_REQUIRED: u64 = 25;

/// How requests and answers begin: a message's type, and then a version and the type again.
const STARTS: [(&[u8], &[u8; 9]); 2] = [
    (b"\x6a\x6c", b"\xa1\x03\x02\x01\x05\xa2\x03\x02\x01"),
    (b"\x6b\x6d\x7e", b"\xa0\x03\x02\x01\x05\xa1\x03\x02\x01"),
];

/// Whether a datagram looks like a message, as Zeek's signatures say.
pub fn probe(datagram: &[u8]) -> Probe {
    let Some((kind, rest)) = datagram.split_first() else { return Probe::NeedMore };
    let Some((_, mark)) = STARTS.iter().find(|(kinds, _)| kinds.contains(kind)) else {
        return Probe::NoMatch;
    };
    lengths(rest, |rest| match Probe::prefix(rest, b"0") {
        Probe::Match => lengths(rest.get(1..).unwrap_or_default(), |rest| Probe::prefix(rest, &mark[..])),
        other => other,
    })
}

/// Whether a direction of a stream begins with one behind its length.
pub fn probe_stream(bytes: &[u8]) -> Probe {
    let (length, message) = bytes.split_at_checked(4).unwrap_or((bytes, &[]));
    if length.contains(&b'\n') {
        return Probe::NoMatch;
    }
    probe(message)
}

/// What is made of what follows on a length of one to four bytes, of which none ends a line.
fn lengths(bytes: &[u8], what: impl Fn(&[u8]) -> Probe) -> Probe {
    let most = bytes.iter().take(4).position(|byte| *byte == b'\n').unwrap_or(4);
    let mut found = Probe::NoMatch;
    for len in 1..=most {
        match bytes.get(len..).map_or(Probe::NeedMore, &what) {
            Probe::Match => return Probe::Match,
            Probe::NeedMore => found = Probe::NeedMore,
            Probe::NoMatch => {}
        }
    }
    found
}
