#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nightjar_protocols::bacnet::fuzz::check(data));
