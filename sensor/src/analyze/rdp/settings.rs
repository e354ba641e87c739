//! What RDP is told. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, switch};
use crate::time::Interval;

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub check_interval: Interval,
    pub leaves: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { check_interval: Interval::from_secs(10), leaves: false }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    OptionDef::engine(
        "RDP::rdp_check_interval",
        "interval",
        "A connection is logged after this long, if it is not over before.",
        |config| Value::Interval(config.protocols.rdp.check_interval),
        |config, value| {
            config.protocols.rdp.check_interval = value.interval()?;
            Ok(())
        },
    )
    .runtime()
    .key("rdp", "log_after"),
    switch!(
        "RDP::disable_analyzer_after_detection",
        protocols.rdp.leaves,
        "Nothing more is read of a connection once it was logged after that time."
    )
    .runtime()
    .key("rdp", "stop_after_log"),
];
