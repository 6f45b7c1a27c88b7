//! What must hold for any input: of the validator of options and of every parser. Each property is a function that
//! takes any bytes, and panics if something does not hold. `fuzz/` of the repository runs them under libFuzzer, the
//! tests here with seeds that are changed at random.

mod durations;
mod options;
#[cfg(test)]
mod tests;

pub use durations::durations;
pub use options::options;

pub use crate::layers::fuzz::compressed_value;
#[cfg(feature = "dynamodb")]
pub use crate::stores::fuzz::dynamodb_item;
#[cfg(feature = "sqlite")]
pub use crate::stores::fuzz::sqlite_row;
#[cfg(feature = "redis")]
pub use crate::stores::fuzz::{redis_lives, redis_replies, redis_url};

/// Takes values of a kind from bytes that are given, and zeros once there are none left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a>(pub(crate) &'a [u8]);

impl<'a> Source<'a> {
    pub(crate) fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let bytes = self.bytes(N);
        array[..bytes.len()].copy_from_slice(bytes);
        array
    }

    pub(crate) fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(u16::from_le_bytes(self.array())) % end
    }

    /// At most so many bytes.
    pub(crate) fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    pub(crate) fn text(&mut self, most: usize) -> String {
        String::from_utf8_lossy(self.bytes(most)).into_owned()
    }
}
