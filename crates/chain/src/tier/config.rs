//! The policies of a tier.

use std::time::Duration;

use redkv_core::config::Fields;
use redkv_core::error::Result;
use redkv_layers::LayerConfig;

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
    pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
    const CIRCUIT_BREAKER: u32 = 3;

    /// The names of the options that are read.
    pub fn names() -> Vec<&'static str> {
        let read = |mut fields: Fields| Self::from_fields(&mut fields).map(|_| fields.known().to_vec());
        Fields::new("tierOptions", serde_json::Value::Null).and_then(read).unwrap_or_default()
    }

    /// The option `maxValueBytes`, which a store needs before its tier is made; nothing where it is wrong, which
    /// [`TierConfig::from_fields`] reports.
    pub fn max_value_bytes(options: serde_json::Value) -> Option<usize> {
        LayerConfig::max_value_bytes(&mut Fields::new("tierOptions", options).ok()?).ok()?
    }

    /// How long an operation may take: the option `timeout`, which a store may need before its tier is made. The
    /// default where it is wrong, which [`TierConfig::from_fields`] reports.
    pub fn timeout(options: serde_json::Value) -> Duration {
        let read = |mut fields: Fields| fields.duration("timeout");
        Fields::new("tierOptions", options).and_then(read).ok().flatten().unwrap_or(Self::TIMEOUT)
    }

    /// Reads `ttl`, `timeout`, `connectTimeout`, `circuitBreaker`, `tombstone`, `optional`, and what
    /// [`LayerConfig`] reads.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Ok(Self {
            ttl: fields.duration("ttl")?.map(millis),
            timeout: fields.duration("timeout")?,
            connect_timeout: fields.duration("connectTimeout")?,
            circuit_breaker: circuit_breaker(fields)?,
            tombstone: fields.duration("tombstone")?.map(millis),
            optional: fields.boolean("optional")?.unwrap_or(false),
            layers: LayerConfig::from_fields(fields)?,
        })
    }
}

/// A number of failures; `false` for never.
fn circuit_breaker(fields: &mut Fields) -> Result<Option<u32>> {
    if fields.is_off("circuitBreaker") {
        return Ok(None);
    }
    let number = fields.integer("circuitBreaker", 1, u64::from(u32::MAX))?;
    Ok(Some(number.and_then(|number| u32::try_from(number).ok()).unwrap_or(TierConfig::CIRCUIT_BREAKER)))
}
