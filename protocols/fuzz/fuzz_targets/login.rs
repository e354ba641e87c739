#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nightjar_protocols::login::fuzz::check(data));
