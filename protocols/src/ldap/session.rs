//! A connection: messages in the clear, wrapped by SASL, or under TLS.

use crate::asn1;
use crate::bounds::Cursor;
use crate::ldap::message::{self, Message, Operation, START_TLS};
use crate::ldap::names::opcode;
use crate::pending::{Pending, Step};

/// Ceilings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a message that are held and read; of one that is longer this beginning. Entries that a search found,
    /// which may hold photographs, have their name in it.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 64 << 10 }
    }
}

/// Hears what a session reads.
pub trait Handler {
    /// A message.
    fn message(&mut self, is_orig: bool, message: &Message<'_>);

    /// Behind this both directions are TLS.
    fn starttls(&mut self) {}

    /// Bytes of that.
    fn tls_data(&mut self, _is_orig: bool, _bytes: &[u8]) {}

    /// Of a message only the beginning was read.
    fn cut(&mut self) {}

    /// It is not LDAP; nothing more of this direction is read. What could not be read is `data`.
    fn violation(&mut self, reason: &str, data: &[u8]);
}

/// What messages are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Clear,
    /// SASL has begun: the next bytes tell what it does.
    Unsure,
    /// Behind four bytes with its length each, encrypted.
    Encrypted,
    /// The same, of Kerberos, which may have wrapped without encrypting (RFC 4121 §4.2.6.2).
    Wrapped,
    Tls,
}

/// A direction.
#[derive(Debug, Default)]
struct Side {
    pending: Pending,
    /// Bytes of messages to come that are wrapped together, and what stands behind them.
    wrap: Option<(u64, u64)>,
    /// Nothing more is read.
    over: bool,
}

/// What both directions share.
#[derive(Debug)]
struct Context {
    mode: Mode,
    mechanism: Mechanism,
    asked_for_tls: bool,
    limits: Limits,
}

/// What the client chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    None,
    Spnego,
    Gss,
    Other,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    sides: [Side; 2],
    context: Context,
}

/// Kerberos as Microsoft names it, with its tag and length: 1.2.840.48018.1.2.2.
const MS_KRB5: &[u8] = b"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02";

/// What a token of Kerberos begins with that wraps a message.
const WRAP: [u8; 2] = [5, 4];

impl Session {
    /// At a connection's beginning.
    pub fn new(limits: Limits) -> Self {
        let context = Context { mode: Mode::Clear, mechanism: Mechanism::None, asked_for_tls: false, limits };
        Session { sides: Default::default(), context }
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.sides.iter().map(|side| side.pending.len()).sum()
    }

    /// Whether all that follows is TLS.
    pub fn is_tls(&self) -> bool {
        self.context.mode == Mode::Tls
    }

    /// The next bytes of a direction.
    pub fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        let Session { sides, context } = self;
        let [orig, resp] = sides;
        let side = if is_orig { orig } else { resp };
        if side.over && context.mode != Mode::Tls {
            return;
        }
        let Side { pending, wrap, over } = side;
        pending.feed(data, |rest| {
            if *over && context.mode != Mode::Tls {
                return Step::Discard;
            }
            match context.step(is_orig, rest, wrap, h) {
                Ok(step) => step,
                Err((reason, at)) => {
                    *over = true;
                    h.violation(&reason, rest.get(at..).unwrap_or_default());
                    Step::Discard
                }
            }
        });
    }

    /// A datagram, which holds whole messages.
    pub fn datagram<H: Handler>(&mut self, is_orig: bool, payload: &[u8], h: &mut H) {
        self.sides = Default::default();
        self.data(is_orig, payload, h);
    }

    /// Bytes of a direction are missing: where the next message begins is not known.
    pub fn gap(&mut self, is_orig: bool) {
        let [orig, resp] = &mut self.sides;
        let side = if is_orig { orig } else { resp };
        side.pending.take();
        side.over = true;
    }

    /// Originator and responder are the other way round.
    pub fn flip(&mut self) {
        self.sides.reverse();
    }
}

/// What is wrong, and where.
type Wrong = (String, usize);

impl Context {
    fn step<H: Handler>(
        &mut self,
        is_orig: bool,
        rest: &[u8],
        wrap: &mut Option<(u64, u64)>,
        h: &mut H,
    ) -> Result<Step, Wrong> {
        if let Some((left, behind)) = *wrap {
            if left > 0 {
                return self.wrapped(is_orig, rest, wrap, h);
            }
            *wrap = None;
            if behind > 0 {
                return Ok(Step::Took(behind));
            }
        }
        match self.mode {
            Mode::Clear => self.message(is_orig, rest, h),
            Mode::Unsure => {
                let Some(mode) = self.guess(rest) else { return Ok(Step::NeedMore) };
                self.mode = mode;
                self.step(is_orig, rest, wrap, h)
            }
            Mode::Encrypted => Ok(match rest.first_chunk::<4>() {
                Some(len) => Step::Took(4 + u64::from(u32::from_be_bytes(*len))),
                None => Step::NeedMore,
            }),
            Mode::Wrapped => unwrap(rest, wrap),
            Mode::Tls => {
                h.tls_data(is_orig, rest);
                Ok(Step::Took(rest.len() as u64))
            }
        }
    }

    /// What SASL does, by what comes first: a message that is not encrypted begins as one; one that is has its length
    /// there, which would have to be 768 MB to look alike.
    fn guess(&self, rest: &[u8]) -> Option<Mode> {
        if *rest.first()? == 0x30 {
            return Some(Mode::Clear);
        }
        if self.mechanism == Mechanism::Other {
            return Some(Mode::Encrypted);
        }
        let [a, b, c, d] = *rest.first_chunk()?;
        if u32::from_be_bytes([a, b, c, d]) < 2 {
            return Some(Mode::Encrypted);
        }
        let token = rest.get(4..6)?;
        Some(if token == WRAP { Mode::Wrapped } else { Mode::Encrypted })
    }

    fn message<H: Handler>(&mut self, is_orig: bool, rest: &[u8], h: &mut H) -> Result<Step, Wrong> {
        let found = message::length(rest).map_err(|reason| (reason.to_owned(), 1))?;
        let Some((head, whole)) = found else { return Ok(Step::NeedMore) };
        let held = usize::try_from(whole).unwrap_or(usize::MAX).min(self.limits.message.max(head));
        let Some(content) = rest.get(head..held) else { return Ok(Step::NeedMore) };
        let cut = (held as u64) < whole;
        if cut {
            h.cut();
        }
        let message = Message::parse(content, cut).map_err(|broken| (words(&broken), head))?;
        h.message(is_orig, &message);
        self.follow(&message, h);
        Ok(Step::Took(whole))
    }

    fn wrapped<H: Handler>(
        &mut self,
        is_orig: bool,
        rest: &[u8],
        wrap: &mut Option<(u64, u64)>,
        h: &mut H,
    ) -> Result<Step, Wrong> {
        let step = self.message(is_orig, rest, h)?;
        if let (Step::Took(taken), Some((left, _))) = (step, wrap.as_mut()) {
            *left = left.checked_sub(taken).ok_or_else(|| ("insufficient input".to_owned(), 0))?;
        }
        Ok(step)
    }

    /// Takes note of what a message changes for those that follow.
    fn follow<H: Handler>(&mut self, message: &Message<'_>, h: &mut H) {
        let succeeded = message.outcome.is_some_and(|outcome| outcome.code == 0);
        match message.operation {
            Operation::Bind(auth) => {
                if let Some(mechanism) = auth.mechanism {
                    self.mechanism = match mechanism {
                        b"" => Mechanism::None,
                        b"GSS-SPNEGO" => Mechanism::Spnego,
                        other if other.starts_with(b"GSS") => Mechanism::Gss,
                        _ => Mechanism::Other,
                    };
                }
            }
            Operation::Bound(token) => {
                if self.mechanism != Mechanism::None && succeeded {
                    self.mode = Mode::Unsure;
                }
                if self.mechanism == Mechanism::Spnego && token.is_some_and(is_ms_krb5) {
                    self.mode = Mode::Wrapped;
                }
            }
            Operation::Extended(START_TLS, _) => self.asked_for_tls = true,
            Operation::ExtendedDone(..) if self.asked_for_tls && succeeded && self.mode != Mode::Tls => {
                debug_assert_eq!(message.opcode, opcode::EXTENDED_RESPONSE);
                self.mode = Mode::Tls;
                h.starttls();
            }
            _ => {}
        }
    }
}

/// What Kerberos puts around messages.
fn unwrap(rest: &[u8], wrap: &mut Option<(u64, u64)>) -> Result<Step, Wrong> {
    let mut cursor = Cursor::new(rest);
    let (Ok(len), Ok(token)) = (cursor.u32(""), cursor.array::<2>("")) else { return Ok(Step::NeedMore) };
    let len = u64::from(len);
    if token != WRAP {
        return Ok(Step::Took(4 + len));
    }
    let (Ok([flags, filler]), Ok(extra), Ok(rotated), Ok(_)) =
        (cursor.array::<2>(""), cursor.u16(""), cursor.u16(""), cursor.array::<8>(""))
    else {
        return Ok(Step::NeedMore);
    };
    if filler != 0xff {
        return Err(("expecting '\\xff'".to_owned(), 7));
    }
    const HEAD: u64 = 16;
    if flags & 2 != 0 {
        return Ok(Step::Took(4 + len.max(HEAD)));
    }
    let extra = u64::from(extra);
    let (before, behind) = match u64::from(rotated) {
        rotated if rotated == extra => (extra, 0),
        0 => (0, extra),
        rotated => return Err((format!("Unhandled rc {extra} and ec {rotated}"), 8)),
    };
    let payload = len.checked_sub(HEAD + before + behind);
    let payload = payload.ok_or_else(|| ("insufficient input".to_owned(), 4))?;
    *wrap = Some((payload, behind));
    Ok(Step::Took(4 + HEAD + before))
}

/// Whether a server's token says that it takes Kerberos (RFC 4178 §4.2.2).
fn is_ms_krb5(token: &[u8]) -> bool {
    let read = || {
        let (tag, response) = asn1::encoding(&mut Cursor::new(token)).ok()?;
        let (_, fields) = asn1::encoding(&mut Cursor::new(response)).ok().filter(|_| tag == 0xa1)?;
        let (mut fields, mut accepted, mut mechanism) = (Cursor::new(fields), false, None);
        while !fields.is_empty() {
            match asn1::encoding(&mut fields).ok()? {
                (tag, content) if tag & 0x1f == 0 => accepted = content == b"\x0a\x01\x00",
                (tag, content) if tag & 0x1f == 1 => mechanism = Some(content),
                _ => {}
            }
        }
        Some(accepted && mechanism == Some(MS_KRB5))
    };
    read().unwrap_or(false)
}

/// What is wrong, without the words of Zeek's other parsers.
fn words(broken: &crate::bounds::Broken) -> String {
    match broken {
        crate::bounds::Broken::Other(why) => why.clone(),
        _ => "insufficient input".to_owned(),
    }
}
