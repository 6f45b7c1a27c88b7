//! The layers that a tier puts around its store.

use std::sync::Arc;

use super::{BehindConfig, Bounded, CompressConfig, Compressed, Hashed, Prefixed, ReadOnly, StoreBounds};
use crate::bounded::MOST;
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, Schema, kinds, options};
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

options! {
    /// How the chain treats one of its stores: the third argument of `addStore`, the second one of `addChain`, the same for
    /// all stores.
    struct LayerOptions is "TierOptions" {
        /// Put before every key in this store.
        ///
        /// So several chains share it without meeting.
        prefix as "prefix": kinds::Text = "none",
        /// How many entries the store may hold. The least used ones are [deleted from it](#bounds-of-a-store).
        ///
        /// What was used least is **deleted from it**, in the background. A store that is the source of truth loses data by
        /// that, as was asked for. What is used again and again outlasts what was used once.
        ///
        /// The keys, and how they were used, are kept in the memory of this process. What the store held before is learned
        /// page by page when it connects, if the store can list its keys; elsewhere an entry counts from when this process
        /// reads or writes it. Entries that have expired, or that others have deleted, count until they are looked for or
        /// their turn comes. Others that write to the store do not know of the limit. `'memory'` has this option among its
        /// own.
        max_entries as "maxEntries": kinds::Integer<1, MOST> = "no limit",
        /// How many bytes of keys and values the store may hold.
        ///
        /// Otherwise as `maxEntries`; with both, the tighter one holds. To learn the sizes of what the store held before, its
        /// values are read once, in the background, a few at a time. An entry that is larger by itself is deleted again.
        max_bytes as "maxBytes": kinds::Integer<1, MOST> = "no limit",
        /// Keeps entries under [hashes of their keys](#hashkeys).
        ///
        /// The hash is the SHA-256 of the key, as 43 characters of base64url after the `prefix`, so that keys may be of any length
        /// whatever the store takes. The keys themselves cannot be listed any more. A store that takes no keys of 43 bytes is
        /// refused with `ERR_REDKV_UNSUPPORTED`.
        hash_keys as "hashKeys": kinds::Boolean = "`false`",
        /// [Keeps large values compressed](#compress).
        ///
        /// `'lz4'` is the faster algorithm, `'zstd'` saves more. Only values of 1 KiB and more that shrink are changed. A
        /// header says what was done, so values that were written without compression, or with the other algorithm, read as
        /// well, and the option can be turned on or changed at any time. Without it, what is compressed reads as bytes that
        /// begin with `FF 52 4B 5A`; a `threshold` of 4_294_967_295 stops compressing and goes on reading. A damaged value
        /// fails with `ERR_REDKV_VALUE`.
        ///
        /// Compression happens off the JavaScript thread, so a `'memory'` store with this option does not answer at once any
        /// more. A store that keeps text only is refused with `ERR_REDKV_UNSUPPORTED`.
        compress as "compress": CompressConfig = "no compression",
        /// [The largest value that is accepted](#maxvaluebytes).
        ///
        /// A value with more bytes is not written, and not read. It is also the most that the values of one request may have
        /// together (of some hundred keys, as a turn of the event loop or `getMany` reads them), where the answer comes from
        /// a server or is decompressed: so what a server says, or what a few compressed bytes claim to be, does not decide
        /// how much memory is taken. A value that is too large rejects with `ERR_REDKV_VALUE`, one that is too much beside
        /// others with `ERR_REDKV_OVERLOAD`; other keys are served.
        max_value_bytes as "maxValueBytes": kinds::Integer<1, { u64::MAX }> = "536,870,912 for `redis`, `s3` and with `compress`, else the limit of the store",
        /// Whether writes are queued and made in the background ([write-behind](#writes-in-the-background)).
        ///
        /// `set` and `delete` resolve when they are queued here, and made in the other stores. They are sent in the
        /// background, as batches, in order for each key; of several writes of a key that wait only the last one is sent.
        /// Reads of this process are answered from the queue where it has the key.
        ///
        /// **A crash loses what is queued**: when the process is killed, or calls `process.exit()`, up to `maxPending` writes
        /// and `maxPendingBytes` bytes that were acknowledged are gone. A process that ends by itself, or calls
        /// {@link RedKV.close | close()}, sends them first. `flush()` waits for them. Other processes see a write when it has
        /// been sent.
        ///
        /// A write that fails for good emits the event {@link Events.writeError | writeError}. Reads skip a cache that lost a
        /// write until it is invalidated. When the last store has lost one, what it holds counts again, and the caches in
        /// front are invalidated.
        ///
        /// Has no meaning for `'memory'`, which answers at once.
        write_behind as "writeBehind" or ["async"]: BehindConfig = "`false`",
        /// [The store is read and never written](#readonly).
        ///
        /// As the last store of a chain it fills those before it, and every `set` and `delete` of the chain rejects with
        /// `ERR_REDKV_UNSUPPORTED`, with nothing written anywhere. Stores after one that is `readOnly` must be so too, else
        /// `addStore` throws: it would continue to serve values that were overwritten or deleted after it. Excludes `ttl`.
        read_only as "readOnly": kinds::Boolean = "`false`",
    }
    /// Tier options under an earlier name, for code that migrates: `TierOptions & LegacyTierOptions`.
    legacy "LegacyTierOptions"
}

impl LayerConfig {
    /// The options, as they are declared.
    pub const SCHEMA: Schema = LayerOptions::SCHEMA;

    /// Reads the options of the layers.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let options = LayerOptions::read(fields)?;
        Ok(Self {
            bounds: StoreBounds::new(options.max_entries, options.max_bytes),
            hash_keys: options.hash_keys.unwrap_or(false),
            compress: options.compress,
            behind: options.write_behind.flatten(),
            read_only: options.read_only.unwrap_or(false),
            max_value_bytes: options.max_value_bytes.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            prefix: options.prefix,
        })
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
