//! The compression algorithms: bytes in, bytes out.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

/// What the algorithms need as memory of their own is kept from one value to the next, unless it was large.
const KEEP_UP_TO: usize = 256 * 1024;

thread_local! {
    static COMPRESSOR: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Puts `value` compressed behind `output`, if that takes no more than `most` bytes.
pub(super) fn lz4(value: &[u8], output: &mut Vec<u8>, most: usize) -> bool {
    let start = output.len();
    output.resize(start + lz4_flex::block::get_maximum_output_size(value.len()), 0);
    match lz4_flex::block::compress_into(value, &mut output[start..]) {
        Ok(length) if length <= most => {
            output.truncate(start + length);
            true
        }
        _ => false,
    }
}

/// Compresses with zstd; see [`lz4`].
pub(super) fn zstd(value: &[u8], level: i32, output: &mut Vec<u8>, most: usize) -> bool {
    let start = output.len();
    output.resize(start + most, 0);
    let written = COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept.take() {
            Some((of, compressor)) if of == level => Ok(compressor),
            _ => Compressor::new(level),
        };
        let mut compressor = compressor.ok()?;
        // It fails where there is no room: that is a value which does not shrink.
        let written = compressor.compress_to_buffer(value, &mut output[start..]).ok();
        if value.len() <= KEEP_UP_TO {
            *kept = Some((level, compressor));
        }
        written
    });
    output.truncate(start + written.unwrap_or(0));
    written.is_some()
}

/// The most that lz4 makes of one byte.
pub(super) const MOST_OF_LZ4: usize = 255;

/// The value of `length` bytes; `None` if it is not that.
pub(super) fn from_lz4(compressed: &[u8], length: usize) -> Option<Vec<u8>> {
    let value = lz4_flex::block::decompress(compressed, length).ok()?;
    (value.len() == length).then_some(value)
}

/// The most that zstd makes of one byte: 128 KiB of a block of four.
pub(super) const MOST_OF_ZSTD: usize = 32 * 1024;

/// Decompresses from zstd; see [`from_lz4`].
pub(super) fn from_zstd(compressed: &[u8], length: usize) -> Option<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let mut decompressor = match kept.take() {
            Some(decompressor) => decompressor,
            None => Decompressor::new().ok()?,
        };
        let value = decompressor.decompress(compressed, length).ok();
        *kept = Some(decompressor);
        value.filter(|value| value.len() == length)
    })
}
