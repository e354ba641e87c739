#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nightjar_protocols::pop3::fuzz::check(data));
