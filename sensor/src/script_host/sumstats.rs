//! SumStats: counting per key, and what happens when a threshold is crossed.

use nightjar_script::vm::NativeFn;

#[derive(Clone, Default)]
pub(super) struct SumStats;

impl SumStats {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        Vec::new()
    }
}
