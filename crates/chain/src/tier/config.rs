//! The policies of a tier.

use std::time::Duration;

use redkv_core::error::Result;
use redkv_core::options::{Fields, Options, Schema, kinds, options};
use redkv_layers::LayerConfig;

options! {
    struct TierOptions is "TierOptions" {
        /// How long an entry lives in this store at most. It limits the `ttl` of a write, and of entries that are filled in
        /// from later stores. Refused for a store in which entries cannot expire.
        ///
        /// For `'dynamodb'` set `ttlAttribute`, for the SQL stores set `expiresColumn`, else `addStore` throws with
        /// `ERR_REDKV_UNSUPPORTED`.
        ttl as "ttl": kinds::Duration = "no limit",
        /// How long one operation on this store may take; after that it fails with `ERR_REDKV_TIMEOUT`, and a read continues
        /// with the next store. Has no meaning for `memory`.
        timeout as "timeout": kinds::Duration = "`5000`",
        /// How long `ready()` waits for this store to connect or open; after that it fails with `ERR_REDKV_TIMEOUT`. The
        /// attempt to connect continues.
        ///
        /// Operations that come later may find it done.
        connect_timeout as "connectTimeout": kinds::Duration = "its `timeout`",
        /// Failures in a row (timeouts, lost connections) after which the store counts as down. It also counts as down if it
        /// does not connect within its `timeout` while the first operations wait for it. It is then not asked until it has
        /// answered a probe in the background, so it costs no time. `false` asks it in any case.
        ///
        /// While it is down, reads pass it by at once, and its part of a write, or an operation that needs it, fails at once
        /// with `ERR_REDKV_CONNECTION`. It is probed after 0.1 seconds at first and at least once in 3.
        circuit_breaker as "circuitBreaker": kinds::OrFalse<kinds::Integer<1, { u32::MAX as u64 }>> = "`3`",
        /// For a cache that several processes share: how long a deleted key is remembered there, so that no other process
        /// [puts an old value back](architecture.md#what-holds-and-where-it-ends). More than twice `timeout`.
        ///
        /// Without it, a process that read a value just before another process deleted it may put it back into this store,
        /// where it stays for its `ttl`. With it, `delete` leaves a marker that no back-fill replaces, only a write; for as
        /// long as it exists, reads of the key go to the later stores. It must be the same in all processes. Other programs
        /// that read the store see the marker as a value. Not for `'memory'`, which nobody shares, nor for the last store.
        tombstone as "tombstone": kinds::Duration = "none",
        /// Whether the chain can do without the store: its failures never reject a write or `ready()`, and what it cannot
        /// keep is left out there. Not for the last store, the source of truth.
        ///
        /// With the last store `optional`, `ready()` rejects.
        optional as "optional": kinds::Boolean = "`false`",
    }
}

/// The policies of a tier: the second options object of `addStore`, the same for all stores.
#[derive(Clone, Debug)]
pub struct TierConfig {
    /// Longest life of an entry in this tier, in milliseconds; no bound when absent.
    pub ttl: Option<u64>,
    /// How long one operation on this tier may take; 5 seconds when absent. Immediate stores have no bound.
    pub timeout: Option<Duration>,
    /// How long [`Chain::ready`](crate::Chain::ready) waits for this tier; as long as for an operation when absent.
    pub connect_timeout: Option<Duration>,
    /// Failures in a row after which the store is not asked until it has answered a probe; never when absent.
    pub circuit_breaker: Option<u32>,
    /// For how many milliseconds a deleted key is remembered in this tier, so that no back-fill of another process
    /// brings it back; not at all when absent.
    pub tombstone: Option<u64>,
    /// Whether failures of this tier may not reject a write.
    pub optional: bool,
    /// The layers around its store.
    pub layers: LayerConfig,
}

impl Default for TierConfig {
    fn default() -> Self {
        Self {
            ttl: None,
            timeout: None,
            connect_timeout: None,
            circuit_breaker: Some(Self::CIRCUIT_BREAKER),
            tombstone: None,
            optional: false,
            layers: LayerConfig::default(),
        }
    }
}

impl TierConfig {
    /// How long one operation may take, where nothing else was said.
    pub const TIMEOUT: Duration = Duration::from_secs(5);
    const CIRCUIT_BREAKER: u32 = 3;

    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[TierOptions::SCHEMA, LayerConfig::SCHEMA];

    /// Returns the names of all options.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::SCHEMAS.iter().flat_map(Schema::names)
    }

    /// Returns the option `maxValueBytes`, which a store needs before its tier is made; nothing where the options are
    /// wrong, which [`TierConfig::from_fields`] reports.
    pub fn max_value_bytes(options: serde_json::Value) -> Option<usize> {
        LayerConfig::from_fields(&mut Fields::new("tierOptions", options).ok()?).ok()?.max_value_bytes
    }

    /// Returns how long an operation may take: the option `timeout`, which a store may need before its tier is made. The
    /// usual time where the options are wrong, which [`TierConfig::from_fields`] reports.
    pub fn timeout(options: serde_json::Value) -> Duration {
        let read = |mut fields: Fields| TierOptions::read(&mut fields);
        let options = Fields::new("tierOptions", options).and_then(read);
        options.ok().and_then(|options| options.timeout).unwrap_or(Self::TIMEOUT)
    }

    /// Reads the options, and what [`LayerConfig`] reads.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let options = TierOptions::read(fields)?;
        Ok(Self {
            ttl: options.ttl.map(millis),
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
            circuit_breaker: match options.circuit_breaker {
                None => Some(Self::CIRCUIT_BREAKER),
                Some(failures) => failures.and_then(|failures| u32::try_from(failures).ok()),
            },
            tombstone: options.tombstone.map(millis),
            optional: options.optional.unwrap_or(false),
            layers: LayerConfig::from_fields(fields)?,
        })
    }
}
