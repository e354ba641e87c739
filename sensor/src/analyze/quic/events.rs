//! QUIC's events.

use crate::event::{Conn, events};

events! { [crate::analyze::first::quic]
    /// A packet that begins the handshake (RFC 9000 §17.2.2).
    pub struct InitialPacket<'a>: "QUIC::initial_packet" {
        c: Conn,
        is_orig: bool,
        version: u32,
        dcid: &'a [u8],
        scid: &'a [u8],
    }
    /// The client is to begin again (RFC 9000 §17.2.5); after it the row is written.
    pub struct RetryPacket<'a>: "QUIC::retry_packet" {
        c: Conn,
        is_orig: bool,
        version: u32,
        dcid: &'a [u8],
        scid: &'a [u8],
        retry_token: &'a [u8],
        retry_integrity_tag: &'a [u8],
    }
    /// A packet of the rest of the handshake (RFC 9000 §17.2.4).
    pub struct HandshakePacket<'a>: "QUIC::handshake_packet" {
        c: Conn,
        is_orig: bool,
        version: u32,
        dcid: &'a [u8],
        scid: &'a [u8],
    }
    /// A packet of early data (RFC 9000 §17.2.3).
    pub struct ZeroRttPacket<'a>: "QUIC::zero_rtt_packet" {
        c: Conn,
        is_orig: bool,
        version: u32,
        dcid: &'a [u8],
        scid: &'a [u8],
    }
    /// A side closed the connection where that can still be read, in the first packets; after it the row is written.
    pub struct ConnectionCloseFrame<'a>: "QUIC::connection_close_frame" {
        c: Conn,
        is_orig: bool,
        version: u32,
        dcid: &'a [u8],
        scid: &'a [u8],
        error_code: u64,
        reason_phrase: &'a [u8],
    }
    /// A packet of a version that is not read, or the negotiation of versions; after it the row is written.
    pub struct UnhandledVersion<'a>: "QUIC::unhandled_version" {
        c: Conn,
        is_orig: bool,
        version: u32,
        dcid: &'a [u8],
        scid: &'a [u8],
    }
}
