#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nightjar_protocols::websocket::fuzz::check(data));
