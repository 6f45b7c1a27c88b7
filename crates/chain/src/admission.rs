//! How much may be on its way at a time: what is beyond that is refused at once, before it takes memory.

use std::ops::{Add, Sub};

use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::options::{Fields, Options, Schema, kinds, options};

/// The weight of operations in flight, or of one call: their number and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Operations, one for each key.
    pub operations: usize,
    /// Bytes of keys and values that were handed in.
    pub bytes: usize,
}

impl Add for Weight {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { operations: self.operations + other.operations, bytes: self.bytes + other.bytes }
    }
}

impl Sub for Weight {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { operations: self.operations - other.operations, bytes: self.bytes - other.bytes }
    }
}

options! {
    struct PendingOptions is "RedKVOptions" {
        /// How many operations may be pending, one for each key.
        ///
        /// A call that does not fit is refused at once, as a whole, with `ERR_REDKV_OVERLOAD`. What memory answers at once does
        /// not count.
        max_pending as "maxPending": kinds::Integer<1, { u64::MAX }> = "1,000,000",
        /// How many bytes of keys and values the pending operations may have.
        max_pending_bytes as "maxPendingBytes": kinds::Integer<1, { u64::MAX }> = "536,870,912 (512 MiB)",
    }
}

/// The bounds of what is on its way at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingLimits {
    /// The option `maxPending`.
    pub operations: usize,
    /// The option `maxPendingBytes`.
    pub bytes: usize,
}

/// So much that no burst comes near it, and so little that a process whose store hangs keeps its memory.
impl Default for PendingLimits {
    fn default() -> Self {
        Self { operations: 1_000_000, bytes: 512 << 20 }
    }
}

impl PendingLimits {
    /// The options, as they are declared.
    pub const SCHEMA: Schema = PendingOptions::SCHEMA;

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let bound = |given: Option<u64>, default| {
            given.map_or(default, |bound| usize::try_from(bound).unwrap_or(usize::MAX))
        };
        let (options, default) = (PendingOptions::read(fields)?, Self::default());
        Ok(Self {
            operations: bound(options.max_pending, default.operations),
            bytes: bound(options.max_pending_bytes, default.bytes),
        })
    }

    /// Fails if `more` may not begin while `pending` is in flight. The error names the bound.
    pub fn check(&self, pending: Weight, more: Weight) -> Result<()> {
        let check = |what, option, bound: usize, pending: usize, more: usize| {
            if bound.saturating_sub(pending) >= more {
                return Ok(());
            }
            let message = match more <= bound {
                true => format!(
                    "{pending} {what} are on their way, and with {more} more they would exceed the bound of {bound} \
                     ({option})"
                ),
                false => format!("{more} {what} in one call exceed the bound of {bound} ({option})"),
            };
            // What exceeds the bound by itself does so again.
            Err(Error::new(ErrorKind::Overload, message).about(option).retryable(more <= bound))
        };
        check("operations", "maxPending", self.operations, pending.operations, more.operations)?;
        check("bytes", "maxPendingBytes", self.bytes, pending.bytes, more.bytes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BOUNDS: PendingLimits = PendingLimits { operations: 10, bytes: 100 };

    fn weight(operations: usize, bytes: usize) -> Weight {
        Weight { operations, bytes }
    }

    #[test]
    fn what_fits_is_taken_up_to_the_bounds() {
        assert!(BOUNDS.check(weight(9, 90), weight(1, 10)).is_ok());
        assert!(BOUNDS.check(weight(0, 0), weight(10, 100)).is_ok());
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_bound_and_may_be_tried_again() {
        let error = BOUNDS.check(weight(9, 0), weight(2, 10)).unwrap_err();
        let message =
            "9 operations are on their way, and with 2 more they would exceed the bound of 10 (maxPending)";
        assert_eq!((error.message(), error.field()), (message, Some("maxPending")));
        assert!(error.is_retryable() && !error.may_have_applied());
        let error = BOUNDS.check(weight(1, 91), weight(1, 10)).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Overload, Some("maxPendingBytes")));
    }

    #[test]
    fn what_never_fits_need_not_be_tried_again() {
        let error = BOUNDS.check(weight(0, 0), weight(1, 101)).unwrap_err();
        assert_eq!(error.message(), "101 bytes in one call exceed the bound of 100 (maxPendingBytes)");
        assert!(!error.is_retryable());
    }

    #[test]
    fn bounds_are_whole_numbers_from_one() {
        let read = |options| PendingLimits::from_fields(&mut Fields::new("options", options).unwrap());
        let bounds = read(json!({ "maxPending": 5, "maxPendingBytes": 9_007_199_254_740_991_u64 })).unwrap();
        assert_eq!(bounds, PendingLimits { operations: 5, bytes: 9_007_199_254_740_991 });
        assert_eq!(read(json!({})).unwrap(), PendingLimits::default());
        assert_eq!(read(json!({ "maxPending": 0 })).unwrap_err().field(), Some("maxPending"));
        assert_eq!(read(json!({ "maxPendingBytes": "1MB" })).unwrap_err().field(), Some("maxPendingBytes"));
    }
}
