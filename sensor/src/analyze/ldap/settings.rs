//! What LDAP is told. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, switch};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    pub passwords: bool,
    pub attributes: bool,
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    switch!("LDAP::default_capture_password", protocols.ldap.passwords, "Whether ldap.log has passwords.")
        .runtime()
        .key("ldap", "capture_passwords"),
    switch!(
        "LDAP::default_log_search_attributes",
        protocols.ldap.attributes,
        "Whether ldap_search.log has the attributes that are asked for."
    )
    .runtime()
    .key("ldap", "log_search_attributes"),
];
