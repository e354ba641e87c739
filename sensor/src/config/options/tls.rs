//! What is told of TLS and certificates.

use crate::config::options::{OptionDef, Value};

pub(super) const OPTIONS: &[OptionDef] = &[
    OptionDef::engine(
    "SSL::disable_analyzer_after_detection",
    "bool",
    "Look no more at a TLS connection once both sides encrypt. Otherwise the sizes of records are told of.",
    |config| Value::Bool(config.tls.leave_established),
    |config, value| {
        config.tls.leave_established = value.bool()?;
        Ok(())
    },
)
.runtime(),
    OptionDef::engine(
        "X509::log_x509_in_files_log",
        "bool",
        "Log certificates to files.log, too.",
        |config| Value::Bool(config.tls.files_log),
        |config, value| {
            config.tls.files_log = value.bool()?;
            Ok(())
        },
    )
    .runtime(),
    OptionDef::engine(
        "X509::relog_known_certificates_after",
        "interval",
        "A certificate has another row in x509.log after this long; 0 is every time.",
        |config| Value::Interval(config.tls.relog_after),
        |config, value| {
            config.tls.relog_after = value.interval()?;
            Ok(())
        },
    )
    .runtime(),
    OptionDef::engine(
        "X509::known_log_certs_maximum_size",
        "count",
        "So many certificates are remembered not to be logged again.",
        |config| Value::Count(config.tls.max_known as u64),
        |config, value| {
            config.tls.max_known = value.size(0, 1 << 32)?;
            Ok(())
        },
    )
    .runtime(),
];
