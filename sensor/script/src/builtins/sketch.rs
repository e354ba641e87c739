//! What the probabilistic types share: seeded hashes of values.

use crate::value::{HashKeys, Value, siphash24};
use crate::vm::Vm;

/// 64 bits for a value under a seed. Numbers hash by value whatever their kind.
pub fn hash(vm: &Vm, v: &Value, seed: u64) -> u64 {
    let keys = HashKeys(seed, seed ^ 0x5851_f42d_4c95_7f2d);
    match v {
        Value::Str(s) => siphash24(keys, s),
        Value::Count(_) | Value::Int(_) => siphash24(keys, &v.as_count().to_le_bytes()),
        Value::Addr(a) => siphash24(keys, &a.0),
        v => siphash24(keys, &vm.text(v)),
    }
}
