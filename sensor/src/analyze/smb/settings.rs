//! What SMB is told. This file is a part of `config` (tools/lists), which reads options.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::options::{OptionDef, Value, number, switch};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// By their full names.
    pub logged: Arc<BTreeSet<String>>,
    pub pipes: Arc<BTreeSet<String>>,
    pub max_pending: usize,
    pub max_pipes: usize,
    pub clears: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let set = |names: &[&str]| Arc::new(names.iter().map(|name| (*name).to_owned()).collect());
        Settings {
            logged: set(&[
                "SMB::FILE_OPEN",
                "SMB::FILE_RENAME",
                "SMB::FILE_DELETE",
                "SMB::PRINT_OPEN",
                "SMB::PRINT_CLOSE",
            ]),
            pipes: set(&["spoolss", "winreg", "samr", "srvsvc", "netdfs", "lsarpc", "wkssvc", "MsFteWds"]),
            max_pending: 1000,
            max_pipes: 1000,
            clears: true,
        }
    }
}

/// What may be done to files, pipes and printers, without its module: what is not among them is a mistake.
const ACTIONS: [&str; 15] = [
    "FILE_READ",
    "FILE_WRITE",
    "FILE_OPEN",
    "FILE_CLOSE",
    "FILE_DELETE",
    "FILE_RENAME",
    "FILE_SET_ATTRIBUTE",
    "PIPE_READ",
    "PIPE_WRITE",
    "PIPE_OPEN",
    "PIPE_CLOSE",
    "PRINT_READ",
    "PRINT_WRITE",
    "PRINT_OPEN",
    "PRINT_CLOSE",
];

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    OptionDef::engine(
        "SMB::logged_file_actions",
        "set[SMB::Action]",
        "What is done to files, pipes and printers that smb_files.log has.",
        |config| Value::Enums(config.protocols.smb.logged.as_ref().clone()),
        |config, value| {
            let actions = value.enums()?;
            let is_known = |name: &str| name.strip_prefix("SMB::").is_some_and(|name| ACTIONS.contains(&name));
            if let Some(wrong) = actions.iter().find(|name| !is_known(name)) {
                return Err(format!("has no action {wrong}"));
            }
            config.protocols.smb.logged = Arc::new(actions.clone());
            Ok(())
        },
    )
    .runtime()
    .key("smb", "logged_file_actions"),
    OptionDef::engine(
        "SMB::pipe_filenames",
        "set[string]",
        "Names that only pipes have: a share in which one is opened has pipes, where nothing else said so.",
        |config| Value::Texts(config.protocols.smb.pipes.as_ref().clone()),
        |config, value| {
            config.protocols.smb.pipes = Arc::new(value.texts()?.clone());
            Ok(())
        },
    )
    .key("smb", "pipe_filenames"),
    number!(
        "SMB::max_pending_messages",
        protocols.smb.max_pending,
        usize,
        1 << 20,
        "So many requests of SMB 2 may wait for answers; beyond that what is known of them is forgotten, which is a weird. \
         0 is no bound but that of the sensor."
    )
    .key("smb", "max_pending_messages"),
    number!(
        "SMB::max_dce_rpc_analyzers",
        protocols.smb.max_pipes,
        usize,
        1 << 20,
        "So many pipes of a connection are read at a time, of which the sensor itself has room for 60; with one more all \
         that is known of them is forgotten, which is a weird."
    )
    .key("smb", "max_pipes"),
    switch!(
        "SMB::enable_clear_script_state",
        protocols.smb.clears,
        "Forget all that is known of a connection's files and shares when too many requests wait for answers."
    )
    .runtime()
    .key("smb", "clear_state"),
];
