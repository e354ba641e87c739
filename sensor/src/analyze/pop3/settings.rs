//! What POP3 is told. This file is a part of `config` (tools/lists), which reads options.

use nightjar_protocols::pop3::Limits;

use crate::config::options::{OptionDef, Value, number};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub max_pending: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_pending: Limits::default().max_pending }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[number!(
    "POP3::max_pending_commands",
    protocols.pop3.max_pending,
    usize,
    1000,
    "With more commands than this that wait for those before them, the oldest is taken to have its reply."
)
.key("pop3", "max_pending_commands")];
