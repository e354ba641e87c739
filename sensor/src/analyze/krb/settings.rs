//! What Kerberos is told. This file is a part of `config` (tools/lists), which reads options.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::options::{OptionDef, Value};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Texts of errors that are none.
    pub ignored: Arc<BTreeSet<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        // As MIT's and Microsoft's servers say it.
        const PREAUTH: [&str; 2] = ["NEEDED_PREAUTH", "Need to use PA-ENC-TIMESTAMP/PA-PK-AS-REQ"];
        Settings { ignored: Arc::new(PREAUTH.map(str::to_owned).into()) }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[OptionDef::engine(
    "KRB::ignored_errors",
    "set[string]",
    "Texts of errors that are not logged: that a login has to be preceded by something is said to nearly all.",
    |config| Value::Texts((*config.protocols.krb.ignored).clone()),
    |config, value| {
        config.protocols.krb.ignored = Arc::new(value.texts()?.clone());
        Ok(())
    },
)
.runtime()
.key("krb", "ignored_errors")];
