#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nightjar_protocols::s7comm::fuzz::check(data));
