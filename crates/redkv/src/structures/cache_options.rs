//! The options of a read cache.

use redkv_structures::cached::CacheConfig;

use crate::error::Result;
use crate::options::{Fields, Options, Schema, Value, kinds, options};

options! {
    /// Options of a read cache in front of data structures.
    struct CacheOptions is "StructuresCacheOptions" {
        /// Of how many keys it keeps answers at most.
        ///
        /// Beyond that, those that are rarely used are evicted.
        max_entries as "maxEntries": kinds::Integer<1, MOST> = "`10000`",
        /// How many bytes it keeps at most, counting keys, answers, and what it needs for each.
        ///
        /// Beyond that, answers that are rarely used are evicted. One that is larger is not kept.
        max_bytes as "maxBytes": kinds::Integer<1, MOST> = "64 MiB",
        /// How long it keeps an answer after it was asked for.
        ttl as "ttl": kinds::Duration = "until the key is written through it, invalidated or evicted",
    }
}

/// More than any memory has.
const MOST: u64 = 1 << 50;

/// The options, as they are declared.
pub const CACHE_SCHEMA: Schema = CacheOptions::SCHEMA;

/// Reads the options of a read cache, and returns them with warnings.
pub fn cache_config(options: Value) -> Result<(CacheConfig, Vec<String>)> {
    let mut fields = Fields::new("options", options)?;
    let CacheOptions { max_entries, max_bytes, ttl } = CacheOptions::read(&mut fields)?;
    let warnings = fields.finish()?;
    let standard = CacheConfig::default();
    let size = |given: Option<u64>, standard| {
        given.map_or(standard, |given| usize::try_from(given).unwrap_or(usize::MAX))
    };
    let config = CacheConfig {
        max_entries: size(max_entries, standard.max_entries),
        max_bytes: size(max_bytes, standard.max_bytes),
        ttl,
    };
    Ok((config, warnings))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn without_options_it_has_bounds_and_no_ttl() {
        let (config, warnings) = cache_config(Value::Null).unwrap();
        assert_eq!(config, CacheConfig { max_entries: 10_000, max_bytes: 64 << 20, ttl: None });
        assert!(warnings.is_empty());
    }

    #[test]
    fn options_are_read_and_what_is_wrong_is_named() {
        let (config, _) = cache_config(json!({ "maxEntries": 5, "maxBytes": 1000, "ttl": "5s" })).unwrap();
        let ttl = Some(Duration::from_secs(5));
        assert_eq!(config, CacheConfig { max_entries: 5, max_bytes: 1000, ttl });
        for wrong in [json!({ "maxEntries": 0 }), json!({ "maxBytes": "x" }), json!({ "ttl": -1 })] {
            let name = wrong.as_object().unwrap().keys().next().unwrap().clone();
            assert_eq!(cache_config(wrong).unwrap_err().field(), Some(&name[..]));
        }
        assert_eq!(cache_config(json!({ "maxEntry": 5 })).unwrap_err().field(), Some("maxEntry"));
    }
}
