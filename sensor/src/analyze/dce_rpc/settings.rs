//! What DCE/RPC is told. This file is a part of `config` (tools/lists), which reads options.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::options::{OptionDef, Value, number};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub max_messages: usize,
    pub max_message: usize,
    /// By interface, operations that are not logged.
    pub ignored: Arc<BTreeMap<String, BTreeSet<String>>>,
    /// Names of interfaces and of their operations that scripts have changed or added (`DCE_RPC::uuid_endpoint_map`,
    /// `DCE_RPC::operations`).
    pub named: Arc<Named>,
}

/// Names by interface, and by interface and number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub endpoints: BTreeMap<[u8; 16], String>,
    pub operations: BTreeMap<([u8; 16], u16), String>,
}

/// Those that are asked for all the time, and say little.
const IGNORED: &[(&str, &[&str])] = &[
    ("spoolss", &["RpcClosePrinter", "RpcSplOpenPrinter"]),
    (
        "winreg",
        &[
            "BaseRegCloseKey",
            "BaseRegDeleteKeyEx",
            "BaseRegEnumKey",
            "BaseRegGetVersion",
            "BaseRegOpenKey",
            "BaseRegQueryValue",
            "OpenClassesRoot",
            "OpenLocalMachine",
        ],
    ),
    ("wkssvc", &["NetrWkstaGetInfo"]),
];

impl Default for Settings {
    fn default() -> Self {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let ignored = IGNORED.iter().map(|(interface, names)| ((*interface).to_owned(), set(names)));
        Settings {
            max_messages: 20,
            max_message: 30_000,
            ignored: Arc::new(ignored.collect()),
            named: Arc::default(),
        }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    number!(
        "DCE_RPC::max_cmd_reassembly",
        protocols.dce_rpc.max_messages,
        usize,
        1 << 16,
        "So many messages of a direction may have begun and not ended; with more it is given up."
    )
    .key("dce_rpc", "max_messages"),
    number!(
        "DCE_RPC::max_frag_data",
        protocols.dce_rpc.max_message,
        usize,
        1 << 24,
        "Bytes of a message in fragments; with more its connection is given up."
    )
    .key("dce_rpc", "max_message"),
    OptionDef::engine(
        "DCE_RPC::ignored_operations",
        "table[string] of set[string]",
        "Of interfaces, operations that are not logged; \"*\" is all.",
        |config| Value::Sets((*config.protocols.dce_rpc.ignored).clone()),
        |config, value| {
            config.protocols.dce_rpc.ignored = Arc::new(value.sets()?.clone());
            Ok(())
        },
    )
    .runtime()
    .key("dce_rpc", "ignored_operations"),
];
