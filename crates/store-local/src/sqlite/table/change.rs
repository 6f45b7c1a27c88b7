//! A write to one key.

use redkv_core::entry::{Entry, Key};
use redkv_core::store::SetMode;

/// A change of one row.
#[derive(Debug)]
pub(crate) enum Change {
    Put(Key, Entry, SetMode),
    Delete(Key),
}

impl Change {
    pub(crate) fn key(&self) -> &Key {
        match self {
            Self::Put(key, ..) | Self::Delete(key) => key,
        }
    }
}
