//! RADIUS (RFC 2865).

pub mod fuzz;
#[cfg(test)]
mod tests;

use crate::bounds::{Cursor, Result};

/// Where servers listen (RFC 2865 §3).
pub const PORT: u16 = 1812;

/// Codes of messages (RFC 2865 §3).
pub const ACCESS_REQUEST: u8 = 1;
/// The login is granted.
pub const ACCESS_ACCEPT: u8 = 2;
/// It is not.
pub const ACCESS_REJECT: u8 = 3;
/// The server asks for more.
pub const ACCESS_CHALLENGE: u8 = 11;

/// What a message begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// What it is.
    pub code: u8,
    /// Tells requests apart.
    pub trans_id: u8,
    /// What answers are checked with, and passwords hidden.
    pub authenticator: &'a [u8],
}

/// An attribute (RFC 2865 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its type.
    pub code: u8,
    /// What it says.
    pub value: &'a [u8],
}

/// A message: its header was read, and its attributes are read one by one. As in Zeek its own length is not looked at:
/// they go on to the end of the datagram.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// What it begins with.
    pub header: Header<'a>,
    attributes: Cursor<'a>,
}

impl<'a> Message<'a> {
    /// Reads a datagram's header.
    ///
    /// # Errors
    ///
    /// It is too short.
    pub fn parse(datagram: &'a [u8]) -> Result<Message<'a>> {
        let mut cursor = Cursor::new(datagram);
        cursor.need(20, "RADIUS_PDU:authenticator")?;
        let [code, trans_id, _, _] = cursor.array("RADIUS_PDU:length")?;
        let authenticator = cursor.take(16, "RADIUS_PDU:authenticator")?;
        Ok(Message { header: Header { code, trans_id, authenticator }, attributes: cursor })
    }

    /// The attributes; after an error there are no more.
    pub fn attributes(&self) -> impl Iterator<Item = Result<Attribute<'a>>> + use<'a> {
        let mut cursor = self.attributes;
        std::iter::from_fn(move || {
            if cursor.is_empty() {
                return None;
            }
            let attribute = cursor.record(|cursor| {
                let [code, length] = cursor.array("RADIUS_Attribute:length")?;
                let value = cursor.up_to(length.into(), "RADIUS_Attribute:value")?;
                Ok(Attribute { code, value })
            });
            if attribute.is_err() {
                cursor.take_rest();
            }
            Some(attribute)
        })
    }
}
