//! What SSH is told. This file is a part of `config` (tools/lists), which reads options.

use std::collections::BTreeSet;
use std::sync::Arc;

use nightjar_protocols::ssh;

use crate::config::options::{OptionDef, Value, switch};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Compression under which sizes of packets do not tell whether a login succeeded.
    pub compressed: Arc<BTreeSet<String>>,
    /// After a login nothing more is read.
    pub ends_with_login: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { compressed: Arc::new(ssh::COMPRESSED.map(str::to_owned).into()), ends_with_login: true }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    OptionDef::engine(
        "SSH::compression_algorithms",
        "set[string]",
        "Compression under which the sizes of packets do not tell whether a login succeeded.",
        |config| Value::Texts((*config.protocols.ssh.compressed).clone()),
        |config, value| {
            config.protocols.ssh.compressed = Arc::new(value.texts()?.clone());
            Ok(())
        },
    )
    .runtime()
    .key("ssh", "compression_algorithms"),
    switch!(
        "SSH::disable_analyzer_after_detection",
        protocols.ssh.ends_with_login,
        "Nothing more is read of a connection once a login has succeeded."
    )
    .runtime()
    .key("ssh", "stop_after_login"),
];
