//! How protocols are found, and how those that are analysed are read.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::options::{OptionDef, Value};
use crate::config::{Config, Http};

/// A number of things, up to some.
macro_rules! number {
    ($name:literal, $($field:ident).+, $as:ty, $most:expr, $doc:literal) => {
        OptionDef::engine(
            $name,
            "count",
            $doc,
            |config| Value::Count(config.$($field).+ as u64),
            |config, value| {
                config.$($field).+ = value.size(0, $most)? as $as;
                Ok(())
            },
        )
    };
}

macro_rules! switch {
    ($name:literal, $($field:ident).+, $doc:literal) => {
        OptionDef::engine(
            $name,
            "bool",
            $doc,
            |config| Value::Bool(config.$($field).+),
            |config, value| {
                config.$($field).+ = value.bool()?;
                Ok(())
            },
        )
    };
}

/// What differs from the default is shared by all connections.
fn unless_usual(texts: &BTreeSet<String>, usual: &BTreeSet<String>) -> Option<Arc<BTreeSet<String>>> {
    (texts != usual).then(|| Arc::new(texts.clone()))
}

fn set_methods(config: &mut Config, value: &Value) -> Result<(), String> {
    let names = value.texts()?;
    config.http.other_methods = unless_usual(names, &Http::default().methods);
    config.http.methods.clone_from(names);
    Ok(())
}

fn set_proxy_headers(config: &mut Config, value: &Value) -> Result<(), String> {
    let names = value.texts()?;
    config.http.other_proxy_headers = unless_usual(names, &Http::default().proxy_headers);
    config.http.proxy_headers.clone_from(names);
    Ok(())
}

pub(super) const OPTIONS: &[OptionDef] = &[
    switch!(
        "dpd_ignore_ports",
        detection.ignores_ports,
        "Protocols are found by content alone, and those that have no signatures are not."
    ),
    number!(
        "dpd_buffer_size",
        detection.bytes,
        usize,
        1 << 20,
        "Bytes of a stream, of both directions, in which protocols are looked for."
    ),
    number!("dpd_max_packets", detection.segments, usize, 10_000, "Segments in which they are looked for."),
    OptionDef::engine(
        "HTTP::proxy_headers",
        "set[string]",
        "Headers, in upper case, that `proxied` of http.log shows.",
        |config| Value::Texts(config.http.proxy_headers.clone()),
        set_proxy_headers,
    )
    .runtime(),
    OptionDef::engine(
        "HTTP::http_methods",
        "set[string]",
        "Methods that are no weird.",
        |config| Value::Texts(config.http.methods.clone()),
        set_methods,
    )
    .runtime(),
    number!(
        "HTTP::max_pending_requests",
        http.max_pending,
        u32,
        u32::MAX as u64,
        "With more requests than this that wait for their reply, in one connection, all are logged as they are; 0 is \
         no bound."
    )
    .runtime(),
    number!(
        "HTTP::max_files_orig",
        http.max_files_orig,
        u32,
        u32::MAX as u64,
        "So many files of a request http.log names."
    )
    .runtime(),
    number!(
        "HTTP::max_files_resp",
        http.max_files_resp,
        u32,
        u32::MAX as u64,
        "So many files of a reply http.log names."
    )
    .runtime(),
    number!("MIME::max_depth", http.mime_depth, u16, 1000, "So many parts in each other a body may have."),
    OptionDef::engine(
        "truncate_http_URI",
        "int",
        "Bytes of an URI that is told, with \"...\" behind them; -1 is all.",
        |config| Value::Int(config.http.max_uri),
        |config, value| {
            config.http.max_uri = value.int()?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "http_entity_data_delivery_size",
        "count",
        "Bytes of a body that one http_entity_data tells.",
        |config| Value::Count(config.http.delivery as u64),
        |config, value| {
            config.http.delivery = value.size(1, 1 << 20)?;
            Ok(())
        },
    )
    .global(),
    number!(
        "DNS::max_pending_msgs",
        dns.pending.messages,
        usize,
        1 << 16,
        "With more messages of one id than this that wait for their other half, those before are logged as they are."
    )
    .runtime(),
    number!(
        "DNS::max_pending_query_ids",
        dns.pending.ids,
        usize,
        1 << 16,
        "With more ids than this of such messages, in one connection, all are logged as they are."
    )
    .runtime(),
    number!(
        "dns_max_queries",
        dns.max_questions,
        u16,
        u16::MAX as u64,
        "A message with more questions than this is no DNS; 0 is no bound."
    )
    .global(),
    switch!("dns_skip_all_auth", dns.skip_authority, "Events do not tell of the authority section.").global(),
    switch!("dns_skip_all_addl", dns.skip_additional, "Nor of the additional section, EDNS among it.").global(),
    OptionDef::engine(
        "SSH::compression_algorithms",
        "set[string]",
        "Compression under which the sizes of packets do not tell whether a login succeeded.",
        |config| Value::Texts((*config.ssh.compressed).clone()),
        |config, value| {
            config.ssh.compressed = Arc::new(value.texts()?.clone());
            Ok(())
        },
    )
    .runtime(),
    switch!(
        "SSH::disable_analyzer_after_detection",
        ssh.ends_with_login,
        "Nothing more is read of a connection once a login has succeeded."
    )
    .runtime(),
];
