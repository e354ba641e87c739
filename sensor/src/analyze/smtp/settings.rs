//! What SMTP is told. This file is a part of `config` (tools/lists), which reads options.

use nightjar_protocols::smtp::{Limits, MessageLimits};

use crate::config::options::{Form, OptionDef, Value, number, switch};

/// Of which hosts the way of a mail is followed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    Local,
    Remote,
    All,
    None,
}

const HOSTS: [(&str, Hosts); 4] = [
    ("LOCAL_HOSTS", Hosts::Local),
    ("REMOTE_HOSTS", Hosts::Remote),
    ("ALL_HOSTS", Hosts::All),
    ("NO_HOSTS", Hosts::None),
];

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub path: Hosts,
    pub messages: MessageLimits,
    pub max_bdat_line: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let max_bdat_line = Limits::default().max_bdat_line;
        Settings { path: Hosts::All, messages: MessageLimits::default(), max_bdat_line }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    OptionDef::engine(
        "SMTP::mail_path_capture",
        "Host",
        "The way of a mail is followed along its Received headers up to the first host that is none of these: \
         \"local\", \"remote\", \"all\" or \"none\". Private addresses do not end it.",
        |config| {
            let hosts = config.protocols.smtp.path;
            let name = HOSTS.iter().find(|(_, known)| *known == hosts).map_or("", |(name, _)| *name);
            Value::Enum(name.to_owned())
        },
        |config, value| {
            let name = value.text()?.trim_start_matches("GLOBAL::");
            let known = HOSTS.iter().find(|(known, _)| *known == name);
            config.protocols.smtp.path = known.map(|(_, hosts)| *hosts).ok_or("is none of its type's names")?;
            Ok(())
        },
    )
    .runtime()
    .key_as(
        "smtp",
        "mail_path",
        Form::Words(&[
            ("all", "ALL_HOSTS"),
            ("local", "LOCAL_HOSTS"),
            ("remote", "REMOTE_HOSTS"),
            ("none", "NO_HOSTS"),
        ]),
    ),
    switch!(
        "SMTP::mail_transaction_validation",
        protocols.smtp.messages.validates,
        "Recipients without a sender, and mails without a recipient, are weirds."
    )
    .runtime()
    .key("smtp", "validate"),
    number!(
        "SMTP::max_invalid_mail_transactions",
        protocols.smtp.messages.max_invalid,
        u64,
        u64::MAX >> 1,
        "With more of those than this nothing more is read of a connection; 0 is no bound."
    )
    .runtime()
    .key("smtp", "max_invalid"),
    number!(
        "SMTP::max_rcptto_addresses",
        protocols.smtp.messages.max_rcptto,
        usize,
        100_000,
        "So many recipients of a message smtp.log names; 0 is no bound but that of its texts."
    )
    .key("smtp", "max_recipients"),
    number!(
        "SMTP::max_to_addresses",
        protocols.smtp.messages.max_to,
        usize,
        100_000,
        "The same, of mailboxes in To headers."
    )
    .key("smtp", "max_to"),
    number!(
        "SMTP::max_cc_addresses",
        protocols.smtp.messages.max_cc,
        usize,
        100_000,
        "The same, of mailboxes in Cc headers."
    )
    .key("smtp", "max_cc"),
    number!(
        "SMTP::max_path_length",
        protocols.smtp.messages.max_path,
        usize,
        100_000,
        "The same, of hosts in its path."
    )
    .key("smtp", "max_path"),
    number!(
        "SMTP::bdat_max_line_length",
        protocols.smtp.max_bdat_line,
        usize,
        1 << 16,
        "A line of a mail in chunks is cut where it is longer than this, and that is a weird."
    )
    .key("smtp", "max_chunk_line"),
];
