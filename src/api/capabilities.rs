//! The capabilities of a store as JSON.

use redkv::store::{Capabilities, Expiry};
use serde_json::{Value, json};

/// What matters to callers. A bound that there is not is `null`.
pub(crate) fn of_store(of: Capabilities) -> Value {
    json!({
        "expiry": match of.expiry {
            Expiry::Native => "native",
            Expiry::OnRead => "onRead",
            Expiry::None => "none",
        },
        "expiryGranularity": of.expiry_granularity,
        "maxKeyBytes": bound(of.max_key_bytes),
        "emptyKeys": of.empty_keys,
        "maxValueBytes": bound(of.max_value_bytes),
        "binaryValues": of.binary_values,
        "nulCharacters": of.nul_characters,
        "ordered": of.ordered,
        "writable": of.writable,
        "enumerable": of.enumerable,
        "clearable": of.clearable,
        "shared": of.shared,
        "durable": of.durable,
    })
}

fn bound(bytes: usize) -> Option<usize> {
    (bytes < usize::MAX).then_some(bytes)
}
