//! What TLS is told. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, switch};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// No more of a connection is looked at once both sides encrypt.
    pub leave_established: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { leave_established: true }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[switch!(
    "SSL::disable_analyzer_after_detection",
    protocols.ssl.leave_established,
    "Look no more at a TLS connection once both sides encrypt. Otherwise the sizes of records are told of."
)
.runtime()
.key("ssl", "stop_when_encrypted")];
