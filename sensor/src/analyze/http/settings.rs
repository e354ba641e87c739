//! What HTTP is told. This file is a part of `config` (tools/lists), which reads options.

use std::collections::BTreeSet;
use std::sync::Arc;

use nightjar_protocols::http::log::KNOWN_METHODS;

use crate::config::Config;
use crate::config::options::{OptionDef, Value, number};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// In upper case.
    pub proxy_headers: BTreeSet<String>,
    /// The same, if they are not those of the default.
    pub other_proxy_headers: Option<Arc<BTreeSet<String>>>,
    /// Methods that are no weird.
    pub methods: BTreeSet<String>,
    /// The same, if they are not those of the default.
    pub other_methods: Option<Arc<BTreeSet<String>>>,
    pub max_pending: u32,
    pub max_files_orig: u32,
    pub max_files_resp: u32,
    /// Bytes of an URI that is told; negative for all.
    pub max_uri: i64,
    /// Bytes of a body that one event tells.
    pub delivery: usize,
    /// Parts in parts of a body.
    pub mime_depth: u16,
}

impl Default for Settings {
    fn default() -> Self {
        const PROXIES: [&str; 7] = [
            "FORWARDED",
            "X-FORWARDED-FOR",
            "X-FORWARDED-FROM",
            "CLIENT-IP",
            "VIA",
            "XROXY-CONNECTION",
            "PROXY-CONNECTION",
        ];
        Settings {
            proxy_headers: PROXIES.map(str::to_owned).into(),
            other_proxy_headers: None,
            methods: KNOWN_METHODS.map(str::to_owned).into(),
            other_methods: None,
            max_pending: 100,
            max_files_orig: 15,
            max_files_resp: 15,
            max_uri: -1,
            delivery: 1500,
            mime_depth: 100,
        }
    }
}

/// What differs from the default is shared by all connections.
fn unless_usual(texts: &BTreeSet<String>, usual: &BTreeSet<String>) -> Option<Arc<BTreeSet<String>>> {
    (texts != usual).then(|| Arc::new(texts.clone()))
}

fn set_methods(config: &mut Config, value: &Value) -> Result<(), String> {
    let names = value.texts()?;
    config.protocols.http.other_methods = unless_usual(names, &Settings::default().methods);
    config.protocols.http.methods.clone_from(names);
    Ok(())
}

fn set_proxy_headers(config: &mut Config, value: &Value) -> Result<(), String> {
    let names = value.texts()?;
    config.protocols.http.other_proxy_headers = unless_usual(names, &Settings::default().proxy_headers);
    config.protocols.http.proxy_headers.clone_from(names);
    Ok(())
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    OptionDef::engine(
        "HTTP::proxy_headers",
        "set[string]",
        "Headers, in upper case, that `proxied` of http.log shows.",
        |config| Value::Texts(config.protocols.http.proxy_headers.clone()),
        set_proxy_headers,
    )
    .runtime()
    .key("http", "proxy_headers"),
    OptionDef::engine(
        "HTTP::http_methods",
        "set[string]",
        "Methods that are no weird.",
        |config| Value::Texts(config.protocols.http.methods.clone()),
        set_methods,
    )
    .runtime()
    .key("http", "methods"),
    number!(
        "HTTP::max_pending_requests",
        protocols.http.max_pending,
        u32,
        u32::MAX as u64,
        "With more requests than this that wait for their reply, in one connection, all are logged as they are; 0 is \
         no bound."
    )
    .runtime()
    .key("http", "max_pending_requests"),
    number!(
        "HTTP::max_files_orig",
        protocols.http.max_files_orig,
        u32,
        u32::MAX as u64,
        "So many files of a request http.log names."
    )
    .runtime()
    .key("http", "max_files_orig"),
    number!(
        "HTTP::max_files_resp",
        protocols.http.max_files_resp,
        u32,
        u32::MAX as u64,
        "So many files of a reply http.log names."
    )
    .runtime()
    .key("http", "max_files_resp"),
    number!("MIME::max_depth", protocols.http.mime_depth, u16, 1000, "So many parts in each other a body may have.")
    .key("http", "max_depth"),
    OptionDef::engine(
        "truncate_http_URI",
        "int",
        "Bytes of an URI that is told, with \"...\" behind them; -1 is all.",
        |config| Value::Int(config.protocols.http.max_uri),
        |config, value| {
            config.protocols.http.max_uri = value.int()?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "http_entity_data_delivery_size",
        "count",
        "Bytes of a body that one http_entity_data tells.",
        |config| Value::Count(config.protocols.http.delivery as u64),
        |config, value| {
            config.protocols.http.delivery = value.size(1, 1 << 20)?;
            Ok(())
        },
    )
    .global()
    .key("http", "delivery_size"),
];
