#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| redkv::fuzz::redis_lives(data));
