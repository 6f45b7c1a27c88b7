//! The options of data structures that all backends have, and their policies.

use crate::desk::PolicyRules;
use crate::error::Result;
use crate::options::{Elsewhere, Fields, Given, Kind, Options, Schema, Type, Value, kinds, options};

options! {
    /// Options of data structures that all backends have.
    struct CommonOptions is "StructuresCommonOptions" {
        /// `'strict'` keeps sorted members apart from the value, set or hash of the same key on DynamoDB, too; elsewhere it is so
        /// in any case.
        ///
        /// This costs DynamoDB a transaction for each `zAdd`, `zhAdd` and `zIncrBy`, which take 3 write units more and may
        /// conflict with one another, and a query before the other writes. Without it both may be under one key there.
        kinds as "kinds": KindsName = "kept apart on all backends but DynamoDB",
        /// Holds the limits of DynamoDB on any backend, for development: 2 kB for a key, 1,016 bytes for a field of a sorted
        /// set, 400 kB for an item, nothing empty that is a key there.
        limits as "limits": LimitsName = "those of the backend",
        /// How often an atomic write that met another one is tried again, with growing pauses, before it rejects with
        /// `ERR_REDKV_CONFLICT`.
        retries as "retries": kinds::Integer<0, 100> = "`3`",
    }
}

/// The name of a database whose limits are held.
#[derive(Debug)]
struct LimitsName;

impl Kind for LimitsName {
    type Value = ();
    const TYPE: Type = Type::Words(&["dynamodb"]);

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<()>> {
        match value.as_str() {
            Some("dynamodb") => Ok(Some(())),
            _ => Err(given.wrong("'dynamodb'", &value)),
        }
    }
}

/// How far kinds are kept apart.
#[derive(Debug)]
struct KindsName;

impl Kind for KindsName {
    type Value = ();
    const TYPE: Type = Type::Words(&["strict"]);

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<()>> {
        match value.as_str() {
            Some("strict") => Ok(Some(())),
            _ => Err(given.wrong("'strict'", &value)),
        }
    }
}

/// What is the same for all backends.
#[derive(Clone, Copy, Debug)]
pub struct StructuresConfig {
    /// Whether kinds are kept apart where that costs something.
    pub has_strict_kinds: bool,
    /// Whether the limits of DynamoDB hold.
    pub limits_of_dynamodb: bool,
    /// How often an atomic write that met another one is tried again.
    pub retries: u32,
}

impl StructuresConfig {
    /// The options, as they are declared.
    pub const SCHEMA: Schema = CommonOptions::SCHEMA;

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let CommonOptions { kinds, limits, retries } = CommonOptions::read(fields)?;
        let retries = retries.map_or(3, |retries| u32::try_from(retries).unwrap_or(u32::MAX));
        Ok(Self { has_strict_kinds: kinds.is_some(), limits_of_dynamodb: limits.is_some(), retries })
    }
}

const TO_THE_POLICY: &str = "to the policy: into the third argument of new Structures()";

const TO_THE_OPTIONS: &str = "to the options: into the second argument of new Structures()";

/// Where policies belong that were given among the options.
pub(super) const ELSEWHERE: &[Elsewhere] = &[
    ("timeout", TO_THE_POLICY),
    ("connectTimeout", TO_THE_POLICY),
    ("circuitBreaker", TO_THE_POLICY),
    ("maxPending", TO_THE_POLICY),
    ("maxPendingBytes", TO_THE_POLICY),
    ("prefix", TO_THE_POLICY),
    ("name", TO_THE_POLICY),
];

const NO_TTL: &str = "data structures have no time to live";

/// The policies of data structures.
pub const POLICIES: PolicyRules = PolicyRules {
    of_a_tier: &["timeout", "connectTimeout", "circuitBreaker", "prefix"],
    elsewhere: &[("kinds", TO_THE_OPTIONS), ("limits", TO_THE_OPTIONS), ("retries", TO_THE_OPTIONS)],
    without: &[("ttl", NO_TTL), ("tombstone", NO_TTL)],
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desk::PolicyConfig;

    fn read(policy: Value) -> Result<(PolicyConfig, Vec<String>)> {
        PolicyConfig::read(policy, POLICIES)
    }

    #[test]
    fn policies_of_a_chain_are_refused_with_the_reason() {
        let error = read(json!({ "ttl": "5s" })).unwrap_err();
        assert_eq!(error.field(), Some("ttl"));
        assert_eq!(error.message(), "unknown option 'ttl' in policy: data structures have no time to live");
        assert_eq!(read(json!({ "optional": true })).unwrap_err().field(), Some("optional"));
        let error = read(json!({ "retries": 5 })).unwrap_err();
        assert!(error.message().contains("the second argument of new Structures()"), "{error}");
    }

    #[test]
    fn policies_are_read() {
        let (policy, _) = read(json!({ "timeout": 50, "prefix": "p:", "maxPending": 7 })).unwrap();
        assert_eq!(policy.tier.timeout, Some(std::time::Duration::from_millis(50)));
        assert_eq!(policy.instance.limits.operations, 7);
    }
}
