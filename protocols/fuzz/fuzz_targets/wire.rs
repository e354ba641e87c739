#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nightjar_protocols::wire::fuzz::check(data));
