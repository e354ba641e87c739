#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    nightjar::flow::check_reassembly(data);
});
