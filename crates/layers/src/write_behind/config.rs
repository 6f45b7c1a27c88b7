//! How much may wait, and for how long.

use std::time::Duration;

use serde_json::Value;

use redkv_core::config::Fields;
use redkv_core::error::Result;

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

impl BehindConfig {
    /// Reads `writeBehind`: `true`, `false`, or an object with `maxPending`, `maxPendingBytes` and `retry`. Its former
    /// name `async` is read too, with a warning.
    pub fn from_fields(fields: &mut Fields) -> Result<Option<Self>> {
        fields.prefer(&[("async", "writeBehind")]);
        let former = fields.any("async");
        let mut own = match fields.any("writeBehind").or(former) {
            None | Some(Value::Bool(false)) => return Ok(None),
            Some(Value::Bool(true)) => return Ok(Some(Self::default())),
            Some(other) => fields.nested("writeBehind", other, "true, false or an object")?,
        };
        let default = Self::default();
        let bound = |number: Option<u64>, default| {
            number.map_or(default, |number| usize::try_from(number).unwrap_or(usize::MAX))
        };
        let config = Self {
            max_pending: bound(own.integer("maxPending", 1, u64::MAX)?, default.max_pending),
            max_pending_bytes: bound(own.integer("maxPendingBytes", 1, u64::MAX)?, default.max_pending_bytes),
            retry: if own.is_off("retry") { None } else { own.duration("retry")?.or(default.retry) },
        };
        fields.absorb(own)?;
        Ok(Some(config))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(options: Value) -> Result<Option<BehindConfig>> {
        let mut fields = Fields::new("tierOptions", json!({ "writeBehind": options }))?;
        let config = BehindConfig::from_fields(&mut fields)?;
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
    fn the_former_name_is_read_with_a_warning_and_the_new_one_wins() {
        let read = |options| {
            let mut fields = Fields::new("tierOptions", options).unwrap();
            (BehindConfig::from_fields(&mut fields).unwrap().is_some(), fields.finish().unwrap())
        };
        let warning = vec!["tierOptions: write writeBehind instead of async".to_owned()];
        assert_eq!(read(json!({ "async": true })), (true, warning.clone()));
        assert_eq!(read(json!({ "async": true, "writeBehind": false })), (false, warning));
        assert_eq!(read(json!({ "writeBehind": true })), (true, vec![]));
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
