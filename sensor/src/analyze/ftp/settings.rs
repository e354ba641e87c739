//! What FTP is told. This file is a part of `config` (tools/lists), which reads options.

use std::sync::Arc;

use nightjar_protocols::ftp::LogSettings;

use crate::config::options::{OptionDef, Value, number};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub max_command: usize,
    pub log: Arc<LogSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_command: 100, log: Arc::default() }
    }
}

/// A number of what is logged.
macro_rules! most {
    ($name:literal, $field:ident, $most:expr, $doc:literal) => {
        OptionDef::engine(
            $name,
            "count",
            $doc,
            |config| Value::Count(config.protocols.ftp.log.$field as u64),
            |config, value| {
                Arc::make_mut(&mut config.protocols.ftp.log).$field = value.size(0, $most)?;
                Ok(())
            },
        )
        .runtime()
        .key("ftp", stringify!($field))
    };
}

/// Names of what is logged.
macro_rules! names {
    ($name:literal, $field:ident, $key:literal, $doc:literal) => {
        OptionDef::engine(
            $name,
            "set[string]",
            $doc,
            |config| Value::Texts(config.protocols.ftp.log.$field.clone()),
            |config, value| {
                Arc::make_mut(&mut config.protocols.ftp.log).$field = value.texts()?.clone();
                Ok(())
            },
        )
        .runtime()
        .key("ftp", $key)
    };
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    names!(
        "FTP::logged_commands",
        logged,
        "logged_commands",
        "Commands, in upper case, that are logged with their replies."
    ),
    names!("FTP::guest_ids", guests, "guest_ids", "Users, in small letters, whose passwords are no secret."),
    OptionDef::engine(
        "FTP::default_capture_password",
        "bool",
        "Whether ftp.log has the passwords of others, too.",
        |config| Value::Bool(config.protocols.ftp.log.passwords),
        |config, value| {
            Arc::make_mut(&mut config.protocols.ftp.log).passwords = value.bool()?;
            Ok(())
        },
    )
    .runtime()
    .key("ftp", "capture_passwords"),
    most!(
        "FTP::max_pending_commands",
        max_pending,
        1000,
        "So many commands may wait for a reply; more are a weird, and not followed."
    ),
    most!("FTP::max_user_length", max_user, 1 << 16, "Bytes of a user's name that are logged."),
    most!("FTP::max_password_length", max_password, 1 << 16, "Bytes of a password that are logged."),
    most!("FTP::max_arg_length", max_arg, 1 << 16, "Bytes of an argument that are logged."),
    most!("FTP::max_reply_msg_length", max_reply, 1 << 16, "Bytes of a reply that are logged."),
    number!(
        "FTP::max_command_length",
        protocols.ftp.max_command,
        usize,
        1 << 16,
        "A word with more letters than this is no command but a weird; 0 is no bound."
    )
    .key("ftp", "max_command_length"),
];
