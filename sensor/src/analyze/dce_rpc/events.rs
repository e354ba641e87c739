//! DCE/RPC's events and their arguments.

use nightjar_protocols::dce_rpc::TYPES;

use crate::event::{Arena, ArgType, Argument, Conn, Part, events};

events! { [crate::analyze::first::dce_rpc]
    /// What is known of the connection or pipe that the event is about that comes next.
    pub struct Shows<'a>: "DCE_RPC::shown" {
        c: Conn,
        uuid: &'a [u8],
        named_pipe: &'a [u8],
    }
    /// A PDU begins.
    pub struct Pdu: "dce_rpc_message" {
        c: Conn,
        is_orig: bool,
        fid: u64,
        ptype_id: u8,
        ptype: Type,
    }
    /// An interface is asked for, under a number.
    pub struct Bind<'a>: "dce_rpc_bind" {
        c: Conn,
        fid: u64,
        ctx_id: u16,
        uuid: &'a [u8],
        ver_major: u16,
        ver_minor: u16,
    }
    /// Another interface is asked for, under a number.
    pub struct AlterContext<'a>: "dce_rpc_alter_context" {
        c: Conn,
        fid: u64,
        ctx_id: u16,
        uuid: &'a [u8],
        ver_major: u16,
        ver_minor: u16,
    }
    /// Interfaces are given.
    pub struct BindAck<'a>: "dce_rpc_bind_ack" {
        c: Conn,
        fid: u64,
        sec_addr: &'a [u8],
    }
    /// More interfaces are given.
    pub struct AlterContextResp: "dce_rpc_alter_context_resp" {
        c: Conn,
        fid: u64,
    }
    /// An operation is called.
    pub struct Request: "dce_rpc_request" {
        c: Conn,
        fid: u64,
        ctx_id: u16,
        opnum: u16,
        stub_len: u64,
    }
    /// What it is given, behind dce_rpc_request.
    pub struct RequestStub<'a>: "dce_rpc_request_stub" {
        c: Conn,
        fid: u64,
        ctx_id: u16,
        opnum: u16,
        stub: &'a [u8],
    }
    /// An operation was done.
    pub struct Response: "dce_rpc_response" {
        c: Conn,
        fid: u64,
        ctx_id: u16,
        opnum: u16,
        stub_len: u64,
    }
    /// What it gave back, behind dce_rpc_response.
    pub struct ResponseStub<'a>: "dce_rpc_response_stub" {
        c: Conn,
        fid: u64,
        ctx_id: u16,
        opnum: u16,
        stub: &'a [u8],
    }
}

/// A type of PDUs, by its number.
#[derive(Clone, Copy, Debug)]
pub struct Type(pub u8);

impl Argument for Type {
    const TYPE: ArgType = ArgType::Named("DCE_RPC::PType");

    fn put(&self, arena: &mut Arena) -> Part {
        match TYPES.get(usize::from(self.0)) {
            Some(name) => arena.text(format!("DCE_RPC::{name}").as_bytes()),
            None => Part::Unset,
        }
    }
}
