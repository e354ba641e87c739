//! Any text: it compiles or is refused, and what compiles runs within its budgets.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| nightjar_script::fuzz_source(text));
