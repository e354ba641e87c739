//! GSS-API's negotiation (RFC 4178, MS-SPNG): the tokens of mechanisms that a message carries, and what was agreed.

pub mod fuzz;
#[cfg(test)]
mod tests;

use crate::asn1::{APPLICATION, content, head, number};
use crate::bounds::{Broken, Cursor, Result};
use crate::ntlm;

/// Hears what a message says, in its order: what comes after may be broken.
pub trait Handler {
    /// How the negotiation stands (RFC 4178 §4.2.2).
    fn state(&mut self, state: u64);

    /// A message of NTLM.
    fn ntlm(&mut self, message: &[u8]);

    /// A message of Kerberos (RFC 4121 §4.1).
    fn kerberos(&mut self, message: &[u8]);
}

/// Tokens of established contexts (RFC 4121 §4.2.6), which say nothing here.
const MIC: [u8; 2] = [4, 4];
const WRAP: [u8; 2] = [5, 4];

/// Reads a message.
///
/// # Errors
///
/// Where something is missing or unknown.
pub fn read(message: &[u8], handler: &mut impl Handler) -> Result<()> {
    let cursor = &mut Cursor::new(message);
    let is_init = message.first() == Some(&APPLICATION);
    head(cursor)?;
    if message.starts_with(&MIC) || message.starts_with(&WRAP) {
        return Ok(());
    }
    if is_init {
        content(cursor)?;
        head(cursor)?;
    }
    head(cursor)?;
    while !cursor.is_empty() {
        cursor
            .record(|cursor| if is_init { of_init(cursor, handler) } else { of_response(cursor, handler) })?;
    }
    Ok(())
}

/// A field of a first message (RFC 4178 §4.2.1).
fn of_init(cursor: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
    let meta = head(cursor)?;
    let field = &mut Cursor::new(cursor.take(meta.size(), "GSSAPI_NEG_TOKEN_INIT_Arg:args")?);
    match meta.index() {
        0 | 1 | 3 => content(field).map(|_| ()),
        2 => token(field, handler),
        other => Err(Broken::Case { what: "GSSAPI_NEG_TOKEN_INIT_Arg_Data", index: other.into() }),
    }
}

/// A field of those that follow (RFC 4178 §4.2.2).
fn of_response(cursor: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
    let meta = head(cursor)?;
    let field = &mut Cursor::new(cursor.take(meta.size(), "GSSAPI_NEG_TOKEN_RESP_Arg:args")?);
    match meta.index() {
        0 => content(field).map(|state| handler.state(number(state))),
        1 | 3 => content(field).map(|_| ()),
        2 => token(field, handler),
        other => Err(Broken::Case { what: "GSSAPI_NEG_TOKEN_RESP_Arg", index: other.into() }),
    }
}

/// A mechanism's token, which is told if it is known.
fn token(cursor: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
    let meta = head(cursor)?;
    let token = cursor.record(|cursor| cursor.take(meta.size(), "GSSAPI_NEG_TOKEN_MECH_TOKEN:token"))?;
    if token.starts_with(ntlm::SIGNATURE) {
        handler.ntlm(token);
    } else if token.first() == Some(&APPLICATION) {
        handler.kerberos(kerberos(token)?);
    }
    Ok(())
}

/// What stands in a token of Kerberos behind its mechanism and its type.
fn kerberos(token: &[u8]) -> Result<&[u8]> {
    let cursor = &mut Cursor::new(token);
    head(cursor)?;
    content(cursor)?;
    cursor.u16_le("KRB_BLOB:token_id")?;
    Ok(cursor.take_rest())
}
