//! Logs as scripts see them.

use crate::record::Schema;

/// A log of traffic: the type that scripts have for its rows, and where they find them.
#[derive(Debug)]
pub struct LogDecl {
    pub schema: &'static Schema,
    /// The type of its rows, in its module: `SSH::Info`.
    pub info: &'static str,
    /// The record that shows the row that events are about, and the field: `("connection", "ssh")`.
    pub holder: Option<(&'static str, &'static str)>,
    /// The event that a row is about to be written, without its module: `log_ssh`.
    pub event: Option<&'static str>,
}

impl LogDecl {
    /// The module that it is declared in.
    pub fn module(&self) -> &'static str {
        self.info.rsplit_once("::").map_or("GLOBAL", |(module, _)| module)
    }
}
