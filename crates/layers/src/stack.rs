//! The layers that a tier puts around its store.

use std::sync::Arc;

use super::{BehindConfig, Bounded, CompressConfig, Compressed, Hashed, Prefixed, ReadOnly, StoreBounds};
use redkv_core::config::Fields;
use redkv_core::error::{Error, Result};
use redkv_core::store::Store;

/// The layers that a user can ask for, as options of a tier. They are put around a store in one order, whatever the
/// order of the options: what is said first here is nearest to the store, and sees keys and values as the store does.
///
/// 1. `prefix`
/// 2. `maxEntries`, `maxBytes`: they count what the store keeps
/// 3. `hashKeys`
/// 4. `compress`
/// 5. `writeBehind`: inside of what refuses writes, so that none is acknowledged that will be refused
/// 6. `readOnly`
#[derive(Clone, Debug, Default)]
pub struct LayerConfig {
    /// Put before every key.
    pub prefix: Option<String>,
    /// How much the store may hold; any amount when absent.
    pub bounds: Option<StoreBounds>,
    /// Whether entries are kept under hashes of their keys.
    pub hash_keys: bool,
    /// How large values are compressed; not at all when absent.
    pub compress: Option<CompressConfig>,
    /// How writes are queued; they are not when absent.
    pub behind: Option<BehindConfig>,
    /// Whether the store is never written.
    pub read_only: bool,
    /// The most bytes that a value is believed to have; what the store itself says when absent.
    pub max_value_bytes: Option<usize>,
}

impl LayerConfig {
    /// Reads `prefix`, `maxEntries`, `maxBytes`, `hashKeys`, `compress`, `writeBehind`, `readOnly` and
    /// `maxValueBytes`.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            prefix: fields.string("prefix")?,
            bounds: StoreBounds::from_fields(fields)?,
            hash_keys: fields.boolean("hashKeys")?.unwrap_or(false),
            compress: CompressConfig::from_fields(fields)?,
            behind: BehindConfig::from_fields(fields)?,
            read_only: fields.boolean("readOnly")?.unwrap_or(false),
            max_value_bytes: Self::max_value_bytes(fields)?,
        })
    }

    /// Reads `maxValueBytes`.
    pub fn max_value_bytes(fields: &mut Fields) -> Result<Option<usize>> {
        let most = fields.integer("maxValueBytes", 1, u64::MAX)?;
        Ok(most.map(|most| usize::try_from(most).unwrap_or(usize::MAX)))
    }

    /// `store` with its layers. `queue` puts a [`WriteBehind`](super::WriteBehind) around a store, which needs more
    /// than options.
    ///
    /// Fails when a layer needs what the store cannot do.
    pub fn wrap(
        &self,
        store: Arc<dyn Store>,
        queue: impl FnOnce(Arc<dyn Store>, BehindConfig) -> Arc<dyn Store>,
    ) -> Result<Arc<dyn Store>> {
        let mut store = store;
        if let Some(prefix) = &self.prefix {
            store = Arc::new(Prefixed::new(prefix.clone(), store));
        }
        if let Some(bounds) = self.bounds {
            if store.capabilities().immediate {
                let option = bounds.option();
                let message =
                    format!("{option} of the store '{}' belongs among its own options", store.name());
                return Err(Error::argument(option, message));
            }
            store = Arc::new(Bounded::new(store, bounds));
        }
        if self.hash_keys {
            store = Arc::new(Hashed::new(store)?);
        }
        if let Some(compress) = self.compress {
            store = Arc::new(Compressed::new(compress, self.max_value_bytes, store)?);
        }
        if let Some(config) = self.behind
            // Nobody waits for what answers at once.
            && !store.capabilities().immediate
        {
            store = queue(store, config);
        }
        if self.read_only {
            store = Arc::new(ReadOnly::new(store));
        }
        Ok(store)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{Beside, memory_with};
    use crate::{Algorithm, WriteBehind};
    use redkv_core::clock::ManualClock;
    use redkv_testing::Faulty;
    use redkv_testing::conformance::Subject;

    /// `store` in layers, and `readOnly` round all that: what is written past it is read through it.
    fn in_layers(store: Arc<dyn Store>, config: LayerConfig, clock: Arc<ManualClock>) -> Subject {
        let queue = |store, config| -> Arc<dyn Store> {
            Arc::new(WriteBehind::new(store, config, Duration::from_secs(5), clock.clone()))
        };
        let writes = config.wrap(store, queue).unwrap();
        let reads = Arc::new(ReadOnly::new(writes.clone()));
        Subject::with_clock(Arc::new(Beside { reads, writes }), clock)
    }

    fn of_keys_and_values() -> LayerConfig {
        LayerConfig {
            prefix: Some("p:".to_owned()),
            hash_keys: true,
            compress: Some(CompressConfig { algorithm: Algorithm::Zstd(1), threshold: 0 }),
            ..LayerConfig::default()
        }
    }

    async fn over_memory() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        in_layers(memory_with(&clock), of_keys_and_values(), clock)
    }

    async fn over_a_remote_store() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        let config = LayerConfig {
            bounds: Some(StoreBounds { max_entries: Some(10_000), max_bytes: Some(1 << 30) }),
            behind: Some(BehindConfig::default()),
            ..of_keys_and_values()
        };
        in_layers(Arc::new(Faulty::new(memory_with(&clock))), config, clock)
    }

    redkv_testing::conformance_suite!(conformance, super::over_memory);
    redkv_testing::conformance_suite!(conformance_over_a_remote_store, super::over_a_remote_store);
}
