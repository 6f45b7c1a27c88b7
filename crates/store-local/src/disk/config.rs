//! Where the store is, and how much it keeps.

use std::path::PathBuf;

use redkv_core::config::Fields;
use redkv_core::error::{Error, Result};

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
    /// Reads the options:
    ///
    /// - `path` (required): the folder, for this store alone. One that is missing is made, the folder around it is not.
    /// - `maxBytes` (default no bound, at least a million): most that the folder takes on the disk.
    /// - `maxEntries` (default no bound): most entries to keep.
    /// - `cacheBytes` (default 32 MiB, at least 1 MiB): how much of the file is kept in memory.
    /// - `durable` (default `false`): whether a write is acknowledged only once it is on the disk.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let path = fields.required_string("path")?;
        if path.trim().is_empty() || path.contains('\0') {
            return Err(Error::argument("path", "path must be the name of a folder"));
        }
        // A later change of the working directory does not move it.
        let path = std::path::absolute(&path).map_err(|cause| {
            Error::argument("path", format!("path '{path}' cannot be resolved: {cause}")).caused_by(cause)
        })?;
        let cache_bytes = fields.integer("cacheBytes", LEAST_CACHE, MOST)?.unwrap_or(CACHE);
        Ok(Self {
            path,
            max_bytes: fields.integer("maxBytes", LEAST, MOST)?.unwrap_or(u64::MAX),
            max_entries: fields.integer("maxEntries", 1, MOST)?.unwrap_or(u64::MAX),
            cache_bytes: usize::try_from(cache_bytes).unwrap_or(usize::MAX),
            durable: fields.boolean("durable")?.unwrap_or(false),
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
