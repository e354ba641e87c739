#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nightjar_protocols::xmpp::fuzz::check(data));
