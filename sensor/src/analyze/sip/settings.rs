//! What SIP is told. This file is a part of `config` (tools/lists), which reads options.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::options::{OptionDef, Value};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Methods that are no weird.
    pub methods: Arc<BTreeSet<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        const METHODS: [&str; 8] =
            ["REGISTER", "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "NOTIFY", "SUBSCRIBE"];
        Settings { methods: Arc::new(METHODS.map(str::to_owned).into()) }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[OptionDef::engine(
    "SIP::sip_methods",
    "set[string]",
    "Methods of requests that are no weird.",
    |config| Value::Texts((*config.protocols.sip.methods).clone()),
    |config, value| {
        config.protocols.sip.methods = Arc::new(value.texts()?.clone());
        Ok(())
    },
)
.runtime()
.key("sip", "methods")];
