//! What is written and read.

use crate::engines::Pair;

/// The work of one measurement.
pub struct Work {
    pub value_bytes: usize,
    /// Different keys.
    pub keys: u64,
    /// How often each key is written in all, on average.
    pub rounds: u64,
    /// Pairs in a group that is not waited for.
    pub group: u64,
    /// Groups of `durable_group` pairs each that are waited for.
    pub durable_groups: u64,
    pub durable_group: u64,
    pub reads: u64,
}

impl Work {
    pub fn of(value_bytes: usize) -> Self {
        let keys = if value_bytes < 1_000 { 100_000 } else { 4_000 };
        Self {
            value_bytes,
            keys,
            rounds: 3,
            group: 64,
            durable_groups: 100,
            durable_group: 16,
            reads: 100_000.min(keys * 5),
        }
    }

    /// Bytes of the keys and values that are there in the end.
    pub fn bytes(&self) -> u64 {
        self.keys * (key(0).len() + self.value_bytes) as u64
    }

    pub fn pair(&self, number: u64) -> Pair {
        (key(number), value(self.value_bytes))
    }

    pub fn any_pair(&self) -> Pair {
        self.pair(fastrand::u64(..self.keys))
    }
}

/// Keys in no order, as those of a cache are.
pub fn key(number: u64) -> Vec<u8> {
    format!("user:{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into_bytes()
}

/// Bytes that cannot be compressed.
pub fn value(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fastrand::Rng::new().fill(&mut bytes);
    bytes
}
