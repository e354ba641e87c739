//! Which packets are looked at, and what is told of the protocols in them.

use nightjar_protocols::files::Hashing;

use crate::config::options::{OptionDef, Value, switch};

macro_rules! filters {
    ($name:literal, $field:ident, $doc:literal) => {
        OptionDef::engine(
            $name,
            "table[string] of string",
            $doc,
            |config| Value::Table(config.packet_filter.$field.clone()),
            |config, value| {
                config.packet_filter.$field = value.table()?.clone();
                Ok(())
            },
        )
        .global()
    };
}

macro_rules! filter {
    ($name:literal, $field:ident, $doc:literal) => {
        OptionDef::engine(
            $name,
            "string",
            $doc,
            |config| Value::Text(config.packet_filter.$field.clone()),
            |config, value| {
                config.packet_filter.$field = value.text()?.to_owned();
                Ok(())
            },
        )
    };
}

pub(super) const OPTIONS: &[OptionDef] = &[
    filters!(
        "capture_filters",
        capture,
        "Packets that one of these BPF expressions selects are analysed, or all where there is none; under names. \
         Like those that follow it is read once, at the start."
    ),
    filters!("restrict_filters", restrict, "BPF expressions, under names, that all have to select a packet."),
    filter!(
        "PacketFilter::default_capture_filter",
        default_capture,
        "What stands for capture_filters where there are none."
    ),
    filter!(
        "PacketFilter::unrestricted_filter",
        unrestricted,
        "Packets that this BPF expression selects are analysed whatever the others say; \"\" is none."
    ),
    OptionDef::engine(
        "HTTP::default_capture_password",
        "bool",
        "Log passwords of HTTP logins. Whoever reads the logs would know them.",
        |config| Value::Bool(config.capture_passwords),
        |config, value| {
            config.capture_passwords = value.bool()?;
            Ok(())
        },
    )
    .runtime()
    .key("analysis", "capture_passwords"),
    OptionDef::engine(
        "DPD::ignore_violations_after",
        "count",
        "Bytes of a connection beyond which a protocol is not given up any more for what breaks its rules; 0 is no \
         bound.",
        |config| Value::Count(config.violations.ignored_after),
        |config, value| {
            config.violations.ignored_after = value.size(0, 1 << 60)? as u64;
            Ok(())
        },
    )
    .runtime(),
    switch!("Analyzer::Logging::enable", violations.log, "Write analyzer.log.").runtime(),
    switch!(
        "Analyzer::Logging::include_disabling",
        violations.log_disabling,
        "Log to analyzer.log which analyzers were taken off connections, too."
    )
    .runtime(),
    OptionDef::engine(
        "Analyzer::Logging::failure_data_max_size",
        "count",
        "Bytes that analyzer.log shows of what broke a protocol's rules; 0 is all.",
        |config| Value::Count(config.violations.max_data as u64),
        |config, value| {
            config.violations.max_data = value.size(0, 1 << 30)?;
            Ok(())
        },
    )
    .runtime(),
    OptionDef::engine(
        "Analyzer::Logging::include_confirmations",
        "bool",
        "Log to analyzer.log which protocols were found for sure, too.",
        |config| Value::Bool(config.violations.log_confirmations),
        |config, value| {
            config.violations.log_confirmations = value.bool()?;
            Ok(())
        },
    )
    .runtime(),
    OptionDef::engine(
        "Files::hash",
        "set[string]",
        "Digests to make of every file: md5, sha1, sha256.",
        |config| {
            let hashing = config.file_hashing;
            let all = [("md5", hashing.md5), ("sha1", hashing.sha1), ("sha256", hashing.sha256)];
            Value::Texts(all.iter().filter(|(_, made)| *made).map(|(name, _)| (*name).to_owned()).collect())
        },
        |config, value| {
            let mut hashing = Hashing::NONE;
            for name in value.texts()? {
                match &name[..] {
                    "md5" => hashing.md5 = true,
                    "sha1" => hashing.sha1 = true,
                    "sha256" => hashing.sha256 = true,
                    _ => return Err(format!("has '{name}', which is none of md5, sha1, sha256")),
                }
            }
            config.file_hashing = hashing;
            Ok(())
        },
    )
    .runtime()
    .key("analysis", "file_digests"),
];
