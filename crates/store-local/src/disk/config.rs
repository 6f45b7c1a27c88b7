//! The options of a store on a disk.

use std::path::PathBuf;

use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, Schema, kinds, options};

options! {
    /// Options of the store `'disk'`, which keeps entries in an ordered store in a folder of its own, on a local disk. One
    /// process at a time may use it; a second one is refused at once.
    ///
    /// With limits it keeps what was used lately and deletes what was used longest ago, also after a restart. A crash at any
    /// moment damages nothing. What it may take back is described at {@link DiskOptions.durable | durable}; the uses of the
    /// last second may be forgotten in any case.
    ///
    /// @example
    /// ```js
    /// kv.addStore('disk', { path: './data/cache', maxBytes: 500_000_000 })
    /// ```
    struct DiskOptions is "DiskOptions" {
        /// The folder, for this store alone. A missing one is created, for this user alone (0700); its parent is not.
        path as "path": kinds::Required<kinds::Path>,
        /// How many bytes the folder takes on the disk at most. [How much of that are keys and values](performance.md#what-disk-keeps-of-its-bound)
        /// depends on their sizes. An entry that does not fit by itself is not kept. Free space in the file is used again;
        /// the file does not always become shorter.
        ///
        /// A third of it are keys and values if these are of 100 bytes, most of it if they are large. On Windows it may take
        /// about twice the limit.
        max_bytes as "maxBytes": kinds::Integer<LEAST, MOST> = "no limit",
        /// How many entries it keeps at most.
        max_entries as "maxEntries": kinds::Integer<1, MOST> = "no limit",
        /// How many bytes of the file it keeps in memory.
        ///
        /// The operating system keeps others.
        cache_bytes as "cacheBytes": kinds::Integer<LEAST_CACHE, MOST> = "33,554,432 (32 MiB)",
        /// Whether a write is acknowledged only when it is on the disk (`fsync`). Writes that wait share one.
        ///
        /// Without it, a write is on the disk within a second; a crash of the process or a power failure takes back what was
        /// written since, all of it from some moment on.
        durable as "durable": kinds::Boolean = "`false`",
    }
}

/// The largest bound that leaves what is counted without overflow.
const MOST: u64 = 1 << 50;
/// The least bound that leaves room for entries beside what the file takes for itself.
const LEAST: u64 = 1_000_000;
/// Bytes of the file that are kept in memory, unless something else is asked for.
const CACHE: u64 = 32 << 20;
const LEAST_CACHE: u64 = 1 << 20;

/// Which folder a [`DiskStore`](super::DiskStore) uses, and its bounds.
#[derive(Clone, Debug)]
pub struct DiskConfig {
    pub(super) path: PathBuf,
    pub(super) max_bytes: u64,
    pub(super) max_entries: u64,
    pub(super) cache_bytes: usize,
    pub(super) durable: bool,
}

impl DiskConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[DiskOptions::SCHEMA];

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let DiskOptions { path, max_bytes, max_entries, cache_bytes, durable } = DiskOptions::read(fields)?;
        if path.trim().is_empty() || path.contains('\0') {
            return Err(Error::argument("path", "path must be the name of a folder"));
        }
        // A later change of the working directory does not move it.
        let path = std::path::absolute(&path).map_err(|cause| {
            Error::argument("path", format!("path '{path}' cannot be resolved: {cause}")).caused_by(cause)
        })?;
        Ok(Self {
            path,
            max_bytes: max_bytes.unwrap_or(u64::MAX),
            max_entries: max_entries.unwrap_or(u64::MAX),
            cache_bytes: usize::try_from(cache_bytes.unwrap_or(CACHE)).unwrap_or(usize::MAX),
            durable: durable.unwrap_or(false),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<DiskConfig> {
        let mut fields = Fields::new("disk options", options)?;
        let config = DiskConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    #[test]
    fn without_bounds_there_are_none() {
        let config = read(json!({ "path": "cache" })).unwrap();
        assert_eq!((config.max_bytes, config.max_entries, config.durable), (u64::MAX, u64::MAX, false));
        assert!(config.path.is_absolute());
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_name() {
        for (options, field) in [
            (json!({}), "path"),
            (json!({ "path": " " }), "path"),
            (json!({ "path": "a\0b" }), "path"),
            (json!({ "path": "a", "maxBytes": 0 }), "maxBytes"),
            (json!({ "path": "a", "maxBytes": 999_999 }), "maxBytes"),
            (json!({ "path": "a", "maxEntries": "many" }), "maxEntries"),
            (json!({ "path": "a", "cacheBytes": 5 }), "cacheBytes"),
            (json!({ "path": "a", "durable": 1 }), "durable"),
            (json!({ "path": "a", "maxbytes": 5 }), "maxbytes"),
        ] {
            assert_eq!(read(options).unwrap_err().field(), Some(field));
        }
    }
}
