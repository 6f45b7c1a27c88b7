//! The bounds of a write-behind queue.

use std::time::Duration;

use redkv_core::error::Result;
use redkv_core::options::{Given, Kind, Options, Schema, Type, Value, kinds, options};

/// The bounds of a [`WriteBehind`](super::WriteBehind).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BehindConfig {
    /// Writes that may wait or be on their way at a time.
    pub max_pending: usize,
    /// Bytes of their keys and values.
    pub max_pending_bytes: usize,
    /// How old a write may be that is tried again after it failed; never again when absent.
    pub retry: Option<Duration>,
}

impl Default for BehindConfig {
    fn default() -> Self {
        Self { max_pending: 10_000, max_pending_bytes: 64 << 20, retry: Some(Duration::from_secs(60)) }
    }
}

options! {
    /// The bounds of a queue of writes, see {@link TierOptions.writeBehind}.
    struct WriteBehindOptions is "WriteBehindOptions" {
        /// How many writes may wait or be in flight at a time.
        ///
        /// Of the writes of one key that wait only the last one counts. A write that finds no room waits for it up to the
        /// `timeout` of the store, then it rejects with `ERR_REDKV_OVERLOAD`: it was not made (`outcome: 'not-applied'`).
        max_pending as "maxPending": kinds::Integer<1, { u64::MAX }> = "10,000",
        /// How many bytes the keys and values of these writes may have.
        ///
        /// A single write that has more goes alone. Otherwise as `maxPending`.
        max_pending_bytes as "maxPendingBytes": kinds::Integer<1, { u64::MAX }> = "67,108,864 (64 MiB)",
        /// How old a write may be that is tried again after it failed; `false` tries once.
        ///
        /// There are pauses that grow to 1 second. A store that is down (see `circuitBreaker`) is not asked meanwhile, and
        /// the time passes. Only what may work the next time is tried again: lost connections, timeouts, what the store
        /// calls temporary. A newer write of the key takes the place of the one that failed, with a time of its own.
        retry as "retry": kinds::OrFalse<kinds::Duration> = "`'60s'`",
    }
}

impl BehindConfig {
    /// The options, as they are declared.
    pub const SCHEMA: Schema = WriteBehindOptions::SCHEMA;

    fn new(options: WriteBehindOptions) -> Self {
        let default = Self::default();
        let bound = |number: Option<u64>, default| {
            number.map_or(default, |number| usize::try_from(number).unwrap_or(usize::MAX))
        };
        Self {
            max_pending: bound(options.max_pending, default.max_pending),
            max_pending_bytes: bound(options.max_pending_bytes, default.max_pending_bytes),
            retry: options.retry.unwrap_or(default.retry),
        }
    }
}

impl Kind for BehindConfig {
    /// `None` where writes are not queued.
    type Value = Option<Self>;
    const TYPE: Type =
        Type::Other { typescript: "boolean | WriteBehindOptions", words: "`true` or an object" };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self::Value>> {
        if let Value::Bool(on) = value {
            return Ok(Some(on.then(Self::default)));
        }
        let mut own = given.nested(value, "true, false or an object")?;
        let options = WriteBehindOptions::read(&mut own)?;
        given.fields().absorb(own)?;
        Ok(Some(Some(Self::new(options))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use redkv_core::options::Fields;

    fn read(options: Value) -> Result<Option<BehindConfig>> {
        let mut fields = Fields::new("tierOptions", json!({ "writeBehind": options }))?;
        let config = fields.read_any::<BehindConfig>("writeBehind", &["async"])?.flatten();
        fields.finish()?;
        Ok(config)
    }

    #[test]
    fn true_and_an_empty_object_are_the_defaults_and_false_is_none() {
        assert_eq!(read(json!(true)).unwrap(), Some(BehindConfig::default()));
        assert_eq!(read(json!({})).unwrap(), Some(BehindConfig::default()));
        assert_eq!(read(json!(false)).unwrap(), None);
        assert_eq!(read(json!(null)).unwrap(), None);
    }

    #[test]
    fn the_former_name_is_read_with_a_warning_and_refused_where_it_contradicts_the_new_one() {
        let read = |options| {
            let mut fields = Fields::new("tierOptions", options)?;
            let config = fields.read_any::<BehindConfig>("writeBehind", &["async"])?.flatten();
            Ok::<_, redkv_core::error::Error>((config.is_some(), fields.finish()?))
        };
        let warning = vec!["tierOptions: write writeBehind instead of async".to_owned()];
        assert_eq!(read(json!({ "async": true })).unwrap(), (true, warning.clone()));
        assert_eq!(read(json!({ "async": true, "writeBehind": {} })).unwrap(), (true, warning));
        assert_eq!(read(json!({ "writeBehind": true })).unwrap(), (true, vec![]));
        let error = read(json!({ "async": true, "writeBehind": false })).unwrap_err();
        assert_eq!(
            error.message(),
            "tierOptions.writeBehind and tierOptions.async are one option, and have different values"
        );
    }

    #[test]
    fn bounds_and_the_time_of_retries_are_read() {
        let config =
            read(json!({ "maxPending": 5, "maxPendingBytes": 1000, "retry": "2s" })).unwrap().unwrap();
        assert_eq!((config.max_pending, config.max_pending_bytes), (5, 1000));
        assert_eq!(config.retry, Some(Duration::from_secs(2)));
        assert_eq!(read(json!({ "retry": false })).unwrap().unwrap().retry, None);
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_named() {
        let error = |options| read(options).unwrap_err();
        assert_eq!(
            error(json!("yes")).message(),
            "tierOptions.writeBehind must be true, false or an object, got a string"
        );
        assert_eq!(error(json!({ "maxPending": 0 })).field(), Some("maxPending"));
        assert_eq!(error(json!({ "retry": 0 })).field(), Some("retry"));
        let misspelt = error(json!({ "maxPendin": 5 }));
        assert_eq!(
            misspelt.message(),
            "unknown option 'maxPendin' in tierOptions.writeBehind; did you mean 'maxPending'?"
        );
    }
}
