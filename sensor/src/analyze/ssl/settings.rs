//! What TLS is told. This file is a part of `config` (tools/lists), which reads options.

use std::sync::Arc;

use nightjar_protocols::tls::{KeyLog, MAX_HISTORY};

use crate::config::options::{OptionDef, Value, number, switch};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// No more of a connection is looked at once both sides encrypt.
    pub leave_established: bool,
    /// Letters of a connection's `ssl_history`.
    pub max_history: usize,
    pub keylog_file: String,
    /// What stands in that file.
    pub keylog: Option<Arc<KeyLog>>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            leave_established: true,
            max_history: MAX_HISTORY,
            keylog_file: String::new(),
            keylog: None,
        }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    switch!(
        "SSL::disable_analyzer_after_detection",
        protocols.ssl.leave_established,
        "Look no more at a TLS connection once both sides encrypt. Otherwise the sizes of records are told of."
    )
    .runtime()
    .key("ssl", "stop_when_encrypted"),
    number!(
        "SSL::max_ssl_history_length",
        protocols.ssl.max_history,
        usize,
        1 << 16,
        "So many letters has `ssl_history` of a connection at most."
    )
    .runtime(),
    OptionDef::engine(
        "SSL::keylog_file",
        "string",
        "A file with secrets of connections, as browsers, curl and OpenSSL write it (SSLKEYLOGFILE) or as Zeek reads it: \
         what these connections carry is analysed like what is not encrypted, where their ciphers are AES-GCM or \
         ChaCha20-Poly1305. It is read at the start, and when the configuration or scripts are read again.",
        |config| Value::Text(config.protocols.ssl.keylog_file.clone()),
        |config, value| {
            let path = value.text()?;
            config.protocols.ssl.keylog = read(path)?;
            config.protocols.ssl.keylog_file = path.to_owned();
            Ok(())
        },
    )
    .key("ssl", "keylog_file"),
];

fn read(path: &str) -> Result<Option<Arc<KeyLog>>, String> {
    if path.is_empty() {
        return Ok(None);
    }
    let text = std::fs::read(path).map_err(|error| format!("names {path}, which cannot be read: {error}"))?;
    let log = KeyLog::parse(&text);
    match log.is_empty() && log.ignored() > 0 {
        true => Err(format!(
            "names {path}, which is no key log: none of its {} lines has a secret",
            log.ignored()
        )),
        false => Ok(Some(Arc::new(log))),
    }
}
