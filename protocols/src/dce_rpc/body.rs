//! What stands in a PDU, or in several that belong together.

use super::{Handler, Interface, Uuid};
use crate::bounds::{Cursor, Result};

/// Numbers in the order of bytes that a PDU says (C706 §14.1).
pub(super) struct Ordered<'a> {
    pub cursor: Cursor<'a>,
    pub is_little: bool,
}

impl<'a> Ordered<'a> {
    pub fn u16(&mut self, what: &'static str) -> Result<u16> {
        if self.is_little { self.cursor.u16_le(what) } else { self.cursor.u16(what) }
    }

    pub fn u32(&mut self, what: &'static str) -> Result<u32> {
        if self.is_little { self.cursor.u32_le(what) } else { self.cursor.u32(what) }
    }

    fn interface(&mut self) -> Result<Interface> {
        self.cursor.need(20, "Syntax:ver_minor")?;
        let uuid: Uuid = self.cursor.array("Syntax:uuid")?;
        Ok(Interface { uuid, major: self.u16("Syntax:ver_major")?, minor: self.u16("Syntax:ver_minor")? })
    }

    fn rest(&mut self) -> &'a [u8] {
        self.cursor.take_rest()
    }
}

/// C706 §12.6.4.3, and §12.6.4.1 for more interfaces.
pub(super) fn bind(body: &mut Ordered<'_>, alter: bool, handler: &mut impl Handler) -> Result<()> {
    body.cursor
        .take(8, if alter { "DCE_RPC_AlterContext:assoc_group_id" } else { "DCE_RPC_Bind:assoc_group_id" })?;
    let [count, ..] = body.cursor.array::<4>("ContextList:reserved")?;
    for _ in 0..count {
        body.cursor.need(4, "ContextRequest:reserved")?;
        let context = body.u16("ContextRequest:id")?;
        let [syntaxes, _] = body.cursor.array("ContextRequest:reserved")?;
        let interface = body.interface()?;
        for _ in 0..syntaxes {
            body.interface()?;
        }
        handler.bind(context, &interface, alter);
    }
    Ok(())
}

/// C706 §12.6.4.4, and §12.6.4.2 for more interfaces.
pub(super) fn bind_ack(body: &mut Ordered<'_>, alter: bool, handler: &mut impl Handler) -> Result<()> {
    body.cursor.take(8, "DCE_RPC_Bind_Ack:assoc_group_id")?;
    let len = body.u16("DCE_RPC_Bind_Ack:sec_addr_length")?;
    let address = body.cursor.take(len.into(), "DCE_RPC_Bind_Ack:sec_addr")?;
    let end = body.cursor.position();
    let pad = end.next_multiple_of(4) - end;
    body.cursor.take(pad.min(body.cursor.remaining()), "DCE_RPC_Bind_Ack:pad")?;
    let [count, ..] = body.cursor.array::<4>("ContextList:reserved")?;
    for _ in 0..count {
        body.cursor.take(4, "ContextReply:ack_reason")?;
        body.interface()?;
    }
    match alter {
        true => handler.alter_ack(),
        // Zeek leaves out the last byte, which is most often a NUL.
        false => handler.bind_ack(address.split_last().map_or(address, |(_, address)| address)),
    }
    Ok(())
}

/// The interface's number, the operation, and what it is given (C706 §12.6.4.9).
pub(super) fn request<'a>(body: &mut Ordered<'a>, has_object: bool) -> Result<(u16, u16, &'a [u8])> {
    body.cursor.need(8, "DCE_RPC_Request:opnum")?;
    body.u32("DCE_RPC_Request:alloc_hint")?;
    let (context, operation) = (body.u16("DCE_RPC_Request:context_id")?, body.u16("DCE_RPC_Request:opnum")?);
    if has_object {
        body.cursor.take(16, "DCE_RPC_Request:has_object")?;
    }
    Ok((context, operation, body.rest()))
}

/// The interface's number, and what it gives back (C706 §12.6.4.10).
pub(super) fn response<'a>(body: &mut Ordered<'a>) -> Result<(u16, &'a [u8])> {
    body.cursor.need(8, "DCE_RPC_Response:reserved")?;
    body.u32("DCE_RPC_Response:alloc_hint")?;
    let context = body.u16("DCE_RPC_Response:context_id")?;
    body.u16("DCE_RPC_Response:reserved")?;
    Ok((context, body.rest()))
}
