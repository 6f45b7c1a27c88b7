#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| redkv::fuzz::compressed_value(data));
