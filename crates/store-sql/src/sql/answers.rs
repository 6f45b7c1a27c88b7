//! Converts rows to answers per key.

use std::collections::HashMap;

use redkv_core::entry::Key;
use redkv_core::error::Result;
use redkv_core::store::Answers;

/// The contents of rows, by the bytes of their keys.
pub(crate) type Matched<T> = HashMap<Box<[u8]>, T, foldhash::fast::RandomState>;

/// For every key what its row says. Rows of other keys, which a server may take for the same, do not count.
pub(crate) fn answers_of<T>(keys: &[Key], rows: Result<Matched<T>>) -> Answers<Option<T>> {
    match rows {
        Ok(mut rows) => keys.iter().map(|key| Ok(rows.remove(key.as_bytes()))).collect(),
        Err(error) => keys.iter().map(|_| Err(error.clone())).collect(),
    }
}
