//! The stored form of values: unchanged, or with a header that names the compression.
//!
//! | bytes | |
//! |---|---|
//! | 4 | `FF 52 4B 5A`: no text begins with `FF` |
//! | 1 | what follows: `=` the value as it is, `4` lz4 (a block), `z` zstd (a frame) |
//! | 4 | unless `=`: the CRC-32 of all that follows, little-endian |
//! | 4 | unless `=`: the length of the value, little-endian |
//!
//! A value without a header is what it is, so values that were written without compression read, and those of every
//! algorithm whichever is asked for now.

use bytes::Bytes;

use super::codec;
use super::config::{Algorithm, CompressConfig};
use redkv_core::error::{Error, ErrorKind, Result};

const MAGIC: [u8; 4] = [0xff, b'R', b'K', b'Z'];
const AS_IT_IS: u8 = b'=';
const LZ4: u8 = b'4';
const ZSTD: u8 = b'z';
/// Where the checksum and the bytes that it covers begin.
const CHECKSUM: usize = MAGIC.len() + 1;
const CHECKED: usize = CHECKSUM + 4;
const HEADER: usize = CHECKED + 4;

/// What a value that looks like a header grows by.
pub(super) const ESCAPE: usize = CHECKSUM;

/// Larger values are neither compressed nor believed in: no string of JavaScript is as long.
pub(super) const MOST: usize = 512 << 20;

/// `value` as it is kept.
pub(super) fn encode(value: &Bytes, config: CompressConfig) -> Bytes {
    if may_shrink(value, config)
        && let Some(compressed) = compress(value, config.algorithm)
    {
        return compressed;
    }
    if !value.starts_with(&MAGIC) {
        return value.clone();
    }
    let mut escaped = Vec::with_capacity(ESCAPE + value.len());
    escaped.extend(MAGIC);
    escaped.push(AS_IT_IS);
    escaped.extend_from_slice(value);
    escaped.into()
}

/// Returns whether it is worth trying.
pub(super) fn may_shrink(value: &[u8], config: CompressConfig) -> bool {
    value.len() >= config.threshold && value.len() > HEADER && value.len() <= MOST
}

/// The compressed value with its header, unless that is not smaller.
fn compress(value: &[u8], algorithm: Algorithm) -> Option<Bytes> {
    let most = value.len() - HEADER - 1;
    let method = match algorithm {
        Algorithm::Lz4 => LZ4,
        Algorithm::Zstd(_) => ZSTD,
    };
    let mut output = Vec::with_capacity(value.len());
    output.extend(MAGIC);
    output.push(method);
    output.extend([0; 4]);
    output.extend(u32::try_from(value.len()).ok()?.to_le_bytes());
    let fits = match algorithm {
        Algorithm::Lz4 => codec::lz4(value, &mut output, most),
        Algorithm::Zstd(level) => codec::zstd(value, level, &mut output, most),
    };
    if !fits {
        return None;
    }
    let checksum = crc32fast::hash(&output[CHECKED..]);
    output[CHECKSUM..CHECKED].copy_from_slice(&checksum.to_le_bytes());
    output.shrink_to_fit();
    Some(output.into())
}

/// Returns how many bytes the value has when it is decompressed; 0 if it is not compressed.
pub(super) fn work_in(kept: &[u8]) -> usize {
    match kept.get(CHECKED..HEADER) {
        Some(length) if kept.starts_with(&MAGIC) && kept[MAGIC.len()] != AS_IT_IS => {
            read_u32(length).min(MOST)
        }
        _ => 0,
    }
}

/// The value that is kept as `kept`, which has at most `most` bytes.
pub(super) fn decode(kept: &Bytes, most: usize) -> Result<Bytes> {
    if !kept.starts_with(&MAGIC) {
        return Ok(kept.clone());
    }
    let most_of_one = match kept.get(MAGIC.len()) {
        Some(&AS_IT_IS) => return Ok(kept.slice(ESCAPE..)),
        Some(&LZ4) => codec::MOST_OF_LZ4,
        Some(&ZSTD) => codec::MOST_OF_ZSTD,
        Some(_) => {
            return Err(damaged("it was compressed with an algorithm that this version does not know"));
        }
        None => return Err(damaged("the compressed value ends early")),
    };
    if kept.len() < HEADER {
        return Err(damaged("the compressed value ends early"));
    }
    if crc32fast::hash(&kept[CHECKED..]) as usize != read_u32(&kept[CHECKSUM..CHECKED]) {
        return Err(damaged("the compressed value is damaged"));
    }
    let (length, compressed) = (read_u32(&kept[CHECKED..HEADER]), &kept[HEADER..]);
    // Before anything of that size is allocated.
    if length > most.min(MOST) || length > compressed.len().saturating_mul(most_of_one) {
        return Err(damaged("the compressed value claims a length that it cannot have"));
    }
    let value = match kept[MAGIC.len()] {
        LZ4 => codec::from_lz4(compressed, length),
        _ => codec::from_zstd(compressed, length),
    };
    value.map(Bytes::from).ok_or_else(|| damaged("the compressed value is damaged"))
}

fn read_u32(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

fn damaged(message: &str) -> Error {
    Error::new(ErrorKind::Value, message)
}

/// A header of ours over anything.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn forged(method: u8, length: u32, compressed: &[u8]) -> Bytes {
    let checked = [&length.to_le_bytes(), compressed].concat();
    [&MAGIC[..], &[method], &crc32fast::hash(&checked).to_le_bytes(), &checked].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALGORITHMS: [Algorithm; 4] =
        [Algorithm::Lz4, Algorithm::Zstd(1), Algorithm::Zstd(3), Algorithm::Zstd(19)];

    fn with(algorithm: Algorithm) -> CompressConfig {
        CompressConfig { algorithm, threshold: 0 }
    }

    fn text(length: usize) -> Bytes {
        "so it goes, and so on; ".chars().cycle().take(length).collect::<String>().into()
    }

    fn noise(length: usize) -> Bytes {
        let mut random = fastrand::Rng::with_seed(7);
        (0..length).map(|_| random.u8(..)).collect::<Vec<_>>().into()
    }

    fn refused(kept: &Bytes) -> String {
        let error = decode(kept, MOST).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
        error.message().to_owned()
    }

    #[test]
    fn every_value_reads_back_and_text_shrinks() {
        for algorithm in ALGORITHMS {
            for length in [0, 1, 5, 13, 14, 100, 1_000, 70_000, 300_000, 2_000_000] {
                for value in [text(length), noise(length)] {
                    let kept = encode(&value, with(algorithm));
                    assert!(kept.len() <= value.len());
                    assert_eq!(decode(&kept, MOST).unwrap(), value);
                }
            }
            assert!(encode(&text(10_000), with(algorithm)).len() < 500);
        }
    }

    #[test]
    fn what_does_not_shrink_or_is_small_stays_as_it_is() {
        for algorithm in ALGORITHMS {
            assert_eq!(encode(&noise(5_000), with(algorithm)), noise(5_000));
            let config = CompressConfig { algorithm, threshold: 1_000 };
            assert_eq!(encode(&text(999), config), text(999));
            assert!(encode(&text(1_000), config).len() < 1_000);
        }
    }

    #[test]
    fn a_value_that_looks_like_a_header_reads_back() {
        let compressed = encode(&text(1_000), with(Algorithm::Lz4));
        let behind_magic = |rest: &[u8]| Bytes::from([&MAGIC[..], rest].concat());
        for value in [behind_magic(b""), behind_magic(&[0]), behind_magic(&[9, 9]), compressed] {
            for algorithm in ALGORITHMS {
                let kept = encode(&value, with(algorithm));
                assert!(kept.len() <= value.len() + ESCAPE);
                assert_eq!(decode(&kept, MOST).unwrap(), value);
            }
        }
    }

    #[test]
    fn what_was_written_without_compression_reads() {
        for value in [&b""[..], b"plain", b"\xff", b"\xffRK", b"\0\x01\x02", b"RKZ"] {
            assert_eq!(decode(&Bytes::from_static(value), MOST).unwrap(), value);
        }
    }

    #[test]
    fn damage_is_reported_and_never_read_as_a_value() {
        for algorithm in [Algorithm::Lz4, Algorithm::Zstd(3)] {
            let kept = encode(&text(2_000), with(algorithm));
            for length in MAGIC.len()..kept.len() {
                refused(&kept.slice(..length));
            }
            for place in MAGIC.len()..kept.len() {
                for bit in 0..8 {
                    let mut damaged = kept.to_vec();
                    damaged[place] ^= 1 << bit;
                    refused(&damaged.into());
                }
            }
            let mut longer = kept.to_vec();
            longer.push(0);
            refused(&longer.into());
        }
        assert!(refused(&forged(7, 3, b"abc")).contains("does not know"));
    }

    #[test]
    fn an_absurd_length_is_refused_before_it_is_allocated() {
        for method in [LZ4, ZSTD] {
            for length in [u32::MAX, 600 << 20, 500 << 20] {
                assert!(refused(&forged(method, length, &[0x1f; 50])).contains("claims a length"));
            }
        }
        let kept = encode(&text(5_000), with(Algorithm::Lz4));
        assert_eq!(decode(&kept, 4_999).unwrap_err().kind(), ErrorKind::Value);
        assert!(decode(&kept, 5_000).is_ok());
    }

    #[test]
    fn whatever_stands_behind_a_right_header_neither_panics_nor_reads_with_a_wrong_length() {
        let mut random = fastrand::Rng::with_seed(1);
        let good =
            [with(Algorithm::Lz4), with(Algorithm::Zstd(3))].map(|config| encode(&text(3_000), config));
        for n in 0..20_000 {
            let method = if n % 2 == 0 { LZ4 } else { ZSTD };
            let mut payload = match n % 4 {
                0 | 1 => (0..random.usize(..40)).map(|_| random.u8(..)).collect::<Vec<_>>(),
                _ => good[n % 2][HEADER..].to_vec(),
            };
            if let Some(byte) = random.choice(&mut payload) {
                *byte = random.u8(..);
            }
            let length = random.u32(..4_000);
            if let Ok(value) = decode(&forged(method, length, &payload), MOST) {
                assert_eq!(value.len(), length as usize);
            }
        }
    }
}
