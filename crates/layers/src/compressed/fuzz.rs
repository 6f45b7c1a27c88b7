//! Properties that hold for any stored value.

use bytes::Bytes;

use super::config::{Algorithm, CompressConfig};
use super::frame::{ESCAPE, MOST, decode, encode, forged};
use redkv_core::error::ErrorKind;
use redkv_testing::Source;

/// What others wrote is read or refused, never longer than it may be; and what was written here is read as it was,
/// whatever it looks like.
pub fn compressed_value(data: &[u8]) {
    let mut source = Source(data);
    let algorithm = match source.byte() % 3 {
        0 => Algorithm::Lz4,
        1 => Algorithm::Zstd(1),
        _ => Algorithm::Zstd(3),
    };
    let config = CompressConfig { algorithm, threshold: source.below(64) };
    let (method, length) = (source.byte(), source.number() % 100_000);
    let any = Bytes::copy_from_slice(source.bytes(usize::MAX));

    let forged = forged(method, u32::try_from(length).unwrap_or(u32::MAX), &any);
    for kept in [&any, &forged] {
        match decode(kept, 50_000) {
            Ok(value) => assert!(value.len() <= kept.len().max(50_000)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Value),
        }
    }
    for value in [&any, &forged, &encode(&any, config)] {
        let kept = encode(value, config);
        assert!(kept.len() <= value.len() + ESCAPE);
        assert!(decode(&kept, MOST).is_ok_and(|read| read == *value));
    }
}
