//! Messages (RFC 4511 §4.1.1).

use std::borrow::Cow;

use crate::asn1::{self, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE};
use crate::bounds::{Broken, Cursor, Result};
use crate::ldap::names::opcode;
use crate::ldap::{ascii, filter, utf8};

/// Attributes of a search that are told.
const MAX_ATTRIBUTES: usize = 1024;

/// The request that asks for TLS (RFC 4511 §4.14.1).
pub(super) const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// A message.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Which of the connection's; what answers it has the same.
    pub id: i64,
    /// What it is, by its tag.
    pub opcode: u8,
    /// What came of it, in answers.
    pub outcome: Option<Outcome<'a>>,
    /// What it is about: a name, the number of another message, an extension.
    pub object: Cow<'a, [u8]>,
    /// More exactly: a password, a mechanism, how far a search goes.
    pub argument: Cow<'a, [u8]>,
    /// The rest.
    pub operation: Operation<'a>,
}

/// What came of a request (RFC 4511 §4.1.9).
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// 0 is success.
    pub code: u8,
    /// As much of a name as there is.
    pub matched: &'a [u8],
    /// For whoever reads logs.
    pub diagnostic: &'a [u8],
}

/// What some kinds of messages have beside that.
#[derive(Clone, Debug)]
pub enum Operation<'a> {
    /// A client says who it is.
    Bind(Auth<'a>),
    /// What came of that: what SASL's mechanism answers.
    Bound(Option<&'a [u8]>),
    /// A search.
    Search(Search<'a>),
    /// One of what it found.
    Entry(&'a [u8]),
    /// Something else is asked for: what, and with which value.
    Extended(&'a [u8], &'a [u8]),
    /// What came of that.
    ExtendedDone(&'a [u8], &'a [u8]),
    /// Nothing more.
    Other,
}

/// Who a client is, and how it proves that (RFC 4511 §4.2).
#[derive(Clone, Copy, Debug)]
pub struct Auth<'a> {
    /// Of the protocol.
    pub version: i64,
    /// Who it is.
    pub name: &'a [u8],
    /// A password, SASL, or Active Directory's own.
    pub kind: u8,
    /// SASL's mechanism.
    pub mechanism: Option<&'a [u8]>,
}

/// A search (RFC 4511 §4.5.1).
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// Where it begins.
    pub base: &'a [u8],
    /// How far it goes from there.
    pub scope: u8,
    /// Which aliases are followed.
    pub deref: u8,
    /// So many answers are wanted; 0 is all.
    pub size_limit: i64,
    /// So many seconds it may take; 0 is as long as it takes.
    pub time_limit: i64,
    /// Values are not wanted.
    pub types_only: bool,
    filter: &'a [u8],
    /// Of what is found these are wanted.
    pub attributes: Vec<&'a [u8]>,
}

impl Search<'_> {
    /// What is looked for, as text.
    pub fn filter(&self) -> Vec<u8> {
        filter::text(self.filter)
    }
}

const NOT_A_MESSAGE: &str = "&requires failed: ($$.tag.class == ASN1::ASN1Class::Universal && $$.tag.type_ == ASN1::ASN1Type::Sequence)";
const NO_NUMBER: &str = "&requires failed: ($$.tag.class == ASN1::ASN1Class::Universal && $$.tag.type_ == ASN1::ASN1Type::Integer)";
const NO_OPERATION: &str = "&requires failed: ($$.tag.class == ASN1::ASN1Class::Application)";

/// What is wrong, in Zeek's words as far as they do not tell of places in its source.
fn wrong(why: &str) -> Broken {
    Broken::Other(why.to_owned())
}

/// Whether bytes begin a message, and how many it has: what it begins with, and all of it. None where that is not
/// there yet.
pub(super) fn length(bytes: &[u8]) -> std::result::Result<Option<(usize, u64)>, &'static str> {
    let Some(first) = bytes.first() else { return Ok(None) };
    if first & 0xdf != SEQUENCE & 0xdf {
        return Err(NOT_A_MESSAGE);
    }
    let mut cursor = Cursor::new(bytes);
    match asn1::meta(&mut cursor) {
        Ok((_, len)) => Ok(Some((cursor.position(), (cursor.position() as u64).saturating_add(len)))),
        Err(_) => Ok(None),
    }
}

impl<'a> Message<'a> {
    /// Reads what stands behind a message's own tag and length. Of one that is `cut` less is there than it says.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(content: &'a [u8], cut: bool) -> Result<Message<'a>> {
        let mut cursor = Cursor::new(content);
        let (tag, id) = asn1::encoding(&mut cursor)?;
        if tag & 0xdf != INTEGER {
            return Err(wrong(NO_NUMBER));
        }
        let id = signed(id)?;
        let (tag, len) = asn1::meta(&mut cursor)?;
        if tag & 0xc0 != 0x40 {
            return Err(wrong(NO_OPERATION));
        }
        let there = cursor.remaining();
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let body = cursor.take(if cut { len.min(there) } else { len }, "Message:body")?;
        let mut message = Message {
            id,
            opcode: tag & 0x1f,
            outcome: None,
            object: Cow::Borrowed(b""),
            argument: Cow::Borrowed(b""),
            operation: Operation::Other,
        };
        match message.read(&mut Cursor::new(body)) {
            // What is missing may be what was cut off.
            Err(Broken::OutOfBound { .. }) if cut => {}
            result => result?,
        }
        Ok(message)
    }

    fn read(&mut self, cursor: &mut Cursor<'a>) -> Result<()> {
        match self.opcode {
            opcode::BIND_REQUEST => self.bind(cursor)?,
            opcode::BIND_RESPONSE => {
                self.outcome = Some(outcome(cursor)?);
                let mut token = None;
                while !cursor.is_empty() {
                    match asn1::encoding(cursor)? {
                        (tag, content) if tag & 0xdf == 0x87 => token = token.or(Some(content)),
                        // Where else to go (RFC 4511 §4.1.10).
                        (tag, _) if tag & 0xdf == 0x83 => {}
                        _ => {
                            return Err(wrong(
                                "&requires failed: ($$.tag.class == ASN1::ASN1Class::ContextSpecific && $$.tag.type_ == ASN1::ASN1Type(7))",
                            ));
                        }
                    }
                }
                self.operation = Operation::Bound(token);
            }
            opcode::SEARCH_REQUEST => self.search(cursor)?,
            opcode::SEARCH_RESULT_ENTRY => {
                let name = string(cursor)?;
                self.object = ascii(name);
                self.operation = Operation::Entry(name);
            }
            opcode::MODIFY_REQUEST => self.object = ascii(string(cursor)?),
            // The name is not inside anything (RFC 4511 §4.8).
            opcode::DEL_REQUEST => self.object = ascii(cursor.take_rest()),
            opcode::SEARCH_RESULT_DONE
            | opcode::MODIFY_RESPONSE
            | opcode::ADD_RESPONSE
            | opcode::DEL_RESPONSE
            | opcode::MOD_DN_RESPONSE
            | opcode::COMPARE_RESPONSE => self.outcome = Some(outcome(cursor)?),
            opcode::ABANDON_REQUEST => {
                self.object = Cow::Owned(signed(cursor.take_rest())?.to_string().into_bytes());
            }
            opcode::EXTENDED_REQUEST => {
                let (_, name) = context(cursor)?;
                let value = if cursor.is_empty() { &[][..] } else { context(cursor)?.1 };
                self.object = ascii(name);
                self.operation = Operation::Extended(name, value);
            }
            opcode::EXTENDED_RESPONSE => {
                self.outcome = Some(outcome(cursor)?);
                let [mut name, mut value]: [&[u8]; 2] = [b""; 2];
                while !cursor.is_empty() {
                    match context(cursor)? {
                        (10, content) => name = content,
                        (11, content) => value = content,
                        (3, _) => {}
                        (tag, _) => return Err(wrong(&format!("Unhandled extended response tag {tag}"))),
                    }
                }
                self.operation = Operation::ExtendedDone(name, value);
            }
            opcode::UNBIND_REQUEST
            | opcode::ADD_REQUEST
            | opcode::MOD_DN_REQUEST
            | opcode::COMPARE_REQUEST
            | opcode::SEARCH_RESULT_REFERENCE
            | opcode::INTERMEDIATE_RESPONSE => {}
            _ => return Err(wrong("no matching case in switch statement")),
        }
        Ok(())
    }

    fn bind(&mut self, cursor: &mut Cursor<'a>) -> Result<()> {
        let version = integer(cursor)?;
        let name = string(cursor)?;
        self.object = ascii(name);
        let (tag, content) = asn1::encoding(cursor)?;
        if tag & 0xc0 == 0 {
            return Err(wrong(
                "&requires failed: (self?.authType && (self.authType != BindAuthType::Undef))",
            ));
        }
        let kind = tag & 0x1f;
        let mut mechanism = None;
        match kind {
            0 => self.argument = utf8(content),
            3 => {
                let named = string(&mut Cursor::new(content))?;
                self.argument = ascii(named);
                mechanism = Some(named);
            }
            // What Active Directory calls Sicily (MS-ADTS §5.1.1.1.3).
            10 | 11 if content.starts_with(b"NTLMSSP") => self.argument = Cow::Borrowed(b"NTLMSSP"),
            _ => {}
        }
        self.operation = Operation::Bind(Auth { version, name, kind, mechanism });
        Ok(())
    }

    fn search(&mut self, cursor: &mut Cursor<'a>) -> Result<()> {
        let base = string(cursor)?;
        self.object = ascii(base);
        let scope = number(cursor)?;
        self.argument = Cow::Borrowed(match scope {
            0 => b"SearchScope::SEARCH_BASE",
            1 => b"SearchScope::SEARCH_SINGLE",
            2 => b"SearchScope::SEARCH_TREE",
            _ => b"SearchScope::Undef",
        });
        let deref = number(cursor)?;
        let (size_limit, time_limit) = (integer(cursor)?, integer(cursor)?);
        let (_, types_only) = asn1::encoding(cursor)?;
        let rest = cursor.rest();
        let before = cursor.position();
        asn1::encoding(cursor)?;
        let filter = rest.get(..cursor.position() - before).unwrap_or_default();
        let mut attributes = Vec::new();
        let (_, list) = asn1::encoding(cursor)?;
        let mut list = Cursor::new(list);
        while !list.is_empty() && attributes.len() < MAX_ATTRIBUTES {
            attributes.push(asn1::encoding(&mut list)?.1);
        }
        let types_only = types_only.first().is_some_and(|byte| *byte != 0);
        self.operation = Operation::Search(Search {
            base,
            scope,
            deref,
            size_limit,
            time_limit,
            types_only,
            filter,
            attributes,
        });
        Ok(())
    }
}

fn outcome<'a>(cursor: &mut Cursor<'a>) -> Result<Outcome<'a>> {
    Ok(Outcome { code: number(cursor)?, matched: string(cursor)?, diagnostic: string(cursor)? })
}

/// A text, which has to be one.
fn string<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let (tag, content) = asn1::encoding(cursor)?;
    if tag & 0xdf != OCTET_STRING {
        return Err(wrong("attribute not set"));
    }
    Ok(content)
}

/// A number or what stands for something.
fn integer(cursor: &mut Cursor<'_>) -> Result<i64> {
    let (tag, content) = asn1::encoding(cursor)?;
    if !matches!(tag & 0xdf, INTEGER | ENUMERATED) {
        return Err(wrong("attribute not set"));
    }
    signed(content)
}

/// What stands for something, of which Zeek looks at a byte.
fn number(cursor: &mut Cursor<'_>) -> Result<u8> {
    let [low, ..] = integer(cursor)?.to_le_bytes();
    Ok(low)
}

/// A field with a tag of its own, without what tells that it is one.
fn context<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8])> {
    let (tag, content) = asn1::encoding(cursor)?;
    if tag & 0xc0 != 0x80 {
        return Err(wrong("&requires failed: ($$.tag.class == ASN1::ASN1Class::ContextSpecific)"));
    }
    Ok((tag & 0x1f, content))
}

/// A number in two's complement, of at most eight bytes.
fn signed(bytes: &[u8]) -> Result<i64> {
    let Some(first) = bytes.first().filter(|_| bytes.len() <= 8) else {
        return Err(wrong("cannot convert bytes to integer"));
    };
    let negative = if first & 0x80 != 0 { -1 } else { 0 };
    Ok(bytes.iter().fold(negative, |number: i64, byte| number << 8 | i64::from(*byte)))
}
