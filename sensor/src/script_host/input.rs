//! Input: tables and events that are fed from files, and options that change with them.

use nightjar_script::vm::NativeFn;

#[derive(Clone, Default)]
pub(super) struct Input;

impl Input {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        Vec::new()
    }
}
