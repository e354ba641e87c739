//! What SOCKS is told. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, switch};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    pub passwords: bool,
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[switch!(
    "SOCKS::default_capture_password",
    protocols.socks.passwords,
    "Whether socks.log has passwords."
)
.runtime()
.key("socks", "capture_passwords")];
