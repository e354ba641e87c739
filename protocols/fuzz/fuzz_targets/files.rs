#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| nightjar_protocols::files::check_invariants(script));
