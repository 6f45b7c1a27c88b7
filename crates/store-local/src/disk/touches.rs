//! Keys whose use is not written yet.

use std::collections::HashSet;

use redkv_core::entry::Key;
use redkv_core::lock::Lock;

/// Most keys that are remembered; the uses of others in the same second are forgotten.
const MOST: usize = 16_384;

/// Keys that were read since they were last taken.
#[derive(Debug, Default)]
pub(super) struct Touches(Lock<HashSet<Key>>);

impl Touches {
    /// Remembers keys, and tells whether they are the first ones.
    pub(super) fn add(&self, keys: Vec<Key>) -> bool {
        let mut all = self.0.lock();
        let were_none = all.is_empty();
        let room = MOST - all.len();
        all.extend(keys.into_iter().take(room));
        were_none && !all.is_empty()
    }

    pub(super) fn take(&self) -> HashSet<Key> {
        std::mem::take(&mut self.0.lock())
    }
}
