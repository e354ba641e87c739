#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    nightjar::pipeline::fuzz::check(data);
});
