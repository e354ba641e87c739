//! What QUIC is told. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, number};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub max_history: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_history: 100 }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[number!(
    "QUIC::max_history_length",
    protocols.quic.max_history,
    usize,
    1 << 16,
    "So many letters has `history` of a connection at most."
)
.runtime()];
