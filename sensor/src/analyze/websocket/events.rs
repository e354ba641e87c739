//! WebSocket's events.

use crate::event::{Conn, events};

events! { [crate::analyze::first::websocket]
    /// A connection is WebSocket from here on.
    pub struct Established: "websocket_established" {
        c: Conn,
        aid: u64,
    }
    /// A frame began; `opcode` is its own.
    pub struct FrameBegan: "websocket_frame" {
        c: Conn,
        is_orig: bool,
        fin: bool,
        rsv: u64,
        opcode: u64,
        payload_len: u64,
    }
    /// Some of what a frame carries, without its mask, at most `WebSocket::payload_chunk_size` bytes.
    pub struct FrameData<'a>: "websocket_frame_data" {
        c: Conn,
        is_orig: bool,
        data: &'a [u8],
    }
    /// A message is complete; `opcode` is that of its first frame.
    pub struct Message: "websocket_message" {
        c: Conn,
        is_orig: bool,
        opcode: u64,
    }
    /// A side ends the connection; the status is 0 where it gave none.
    pub struct Close<'a>: "websocket_close" {
        c: Conn,
        is_orig: bool,
        status: u64,
        reason: &'a [u8],
    }
}
