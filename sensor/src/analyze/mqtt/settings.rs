//! What MQTT is told. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, number};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes.
    pub max_payload: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_payload: 100 }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[number!(
    "MQTT::max_payload_size",
    protocols.mqtt.max_payload,
    usize,
    64 << 10,
    "Bytes of what a message says that are told and logged."
)
.runtime()
.key("mqtt", "max_payload_size")];
