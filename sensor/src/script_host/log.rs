//! The Log framework: streams, filters, and the rows that scripts write.

use nightjar_script::vm::NativeFn;

use crate::log::{LogError, Logs};

#[derive(Clone, Default)]
pub(super) struct Log;

impl Log {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        Vec::new()
    }

    /// Hands on the rows that were written since the last call.
    pub fn deliver(&mut self, _logs: &mut Logs) -> Result<(), LogError> {
        Ok(())
    }
}
