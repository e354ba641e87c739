//! What RPC is told. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, number, switch};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub return_data: bool,
    pub return_data_max: usize,
    pub return_data_first_only: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { return_data: false, return_data_max: 512, return_data_first_only: true }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    switch!("NFS3::return_data", protocols.rpc.return_data, "Whether events tell what files hold.")
        .key("rpc", "nfs_return_data"),
    number!(
        "NFS3::return_data_max",
        protocols.rpc.return_data_max,
        usize,
        8192,
        "Bytes of what files hold that an event tells."
    )
    .key("rpc", "nfs_return_data_max"),
    switch!(
        "NFS3::return_data_first_only",
        protocols.rpc.return_data_first_only,
        "Whether only the beginnings of files are told."
    )
    .key("rpc", "nfs_return_data_first_only"),
];
