//! What WebSocket is told. This file is a part of `config` (tools/lists), which reads options.

use nightjar_protocols::websocket::Limits;

use crate::config::options::{OptionDef, Value, number, switch};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes.
    pub chunk: usize,
    pub looks_inside: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { chunk: Limits::default().chunk, looks_inside: true }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    number!(
        "WebSocket::payload_chunk_size",
        protocols.websocket.chunk,
        usize,
        1 << 20,
        "Bytes of a frame that one websocket_frame_data tells, and that are held."
    )
    .key("websocket", "payload_chunk_size"),
    switch!(
        "WebSocket::use_dpd_default",
        protocols.websocket.looks_inside,
        "What messages carry is analysed as the content of a connection."
    )
    .key("websocket", "look_inside"),
];
