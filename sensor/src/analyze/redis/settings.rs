//! What Redis is told. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, number};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub max_pending: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_pending: 10_000 }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[number!(
    "Redis::max_pending_commands",
    protocols.redis.max_pending,
    usize,
    1_000_000,
    "Commands that may wait for their answers; beyond that they are logged without."
)
.runtime()
.key("redis", "max_pending_commands")];
