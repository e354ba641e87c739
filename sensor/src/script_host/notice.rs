//! Notices: what leaves the sensor when one is raised.

use nightjar_script::vm::NativeFn;

#[derive(Clone, Default)]
pub(super) struct Notice;

impl Notice {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        Vec::new()
    }
}
