//! The options of the store `map`.

use redkv_core::error::Result;
use redkv_core::options::{Fields, Options, Schema, kinds, options};

options! {
    /// Options of the store `'map'`, which keeps entries in a sorted map in the memory of this process.
    ///
    /// @example
    /// ```js
    /// kv.addStore('map', { maxKeyBytes: 100 })
    /// ```
    struct MapOptions is "MapOptions" {
        /// The longest key, in bytes of UTF-8. Longer ones are refused.
        max_key_bytes as "maxKeyBytes": kinds::Integer<1, 65_536> = "1024",
    }
}

/// How a [`MapStore`](super::MapStore) keeps entries.
#[derive(Clone, Copy, Debug)]
pub struct MapConfig {
    /// The longest key, in bytes of UTF-8.
    pub max_key_bytes: usize,
}

impl Default for MapConfig {
    fn default() -> Self {
        Self { max_key_bytes: 1024 }
    }
}

impl MapConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[MapOptions::SCHEMA];

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let MapOptions { max_key_bytes } = MapOptions::read(fields)?;
        let max_key_bytes = max_key_bytes.and_then(|bytes| usize::try_from(bytes).ok());
        Ok(Self { max_key_bytes: max_key_bytes.unwrap_or(Self::default().max_key_bytes) })
    }
}
