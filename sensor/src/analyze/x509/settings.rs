//! What is told of certificates. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, number, switch};
use crate::time::Interval;

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Certificates have rows in files.log too.
    pub files_log: bool,
    /// A certificate has another row in x509.log after this long; zero for every time.
    pub relog_after: Interval,
    /// So many certificates are remembered for that.
    pub max_known: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { files_log: false, relog_after: Interval::from_secs(24 * 60 * 60), max_known: 1_000_000 }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    switch!("X509::log_x509_in_files_log", protocols.x509.files_log, "Log certificates to files.log, too.")
        .runtime()
        .key("x509", "log_in_files_log"),
    OptionDef::engine(
        "X509::relog_known_certificates_after",
        "interval",
        "A certificate has another row in x509.log after this long; 0 is every time.",
        |config| Value::Interval(config.protocols.x509.relog_after),
        |config, value| {
            config.protocols.x509.relog_after = value.interval()?;
            Ok(())
        },
    )
    .runtime()
    .key("x509", "log_again_after"),
    number!(
        "X509::known_log_certs_maximum_size",
        protocols.x509.max_known,
        usize,
        1 << 32,
        "So many certificates are remembered not to be logged again."
    )
    .runtime()
    .key("x509", "max_remembered"),
];
