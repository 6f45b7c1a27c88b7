//! What the disk store keeps, forgets and refuses.
#![expect(clippy::unwrap_used, reason = "a failed helper ends its test")]

mod bounds;
#[cfg(target_os = "linux")]
mod conditions;
mod damage;
mod deadlines;
mod folders;
mod recency;
mod room;
mod support;

use std::sync::Arc;

use redkv::clock::ManualClock;
use redkv::store::{Expiry, Store};
use redkv::stores::DiskStore;
use redkv_testing::conformance::Subject;
use redkv_testing::conformance_suite;
use serde_json::{Value, json};

use crate::disk::support::{START, config, conformance_folder};

fn subject(options: Value) -> Subject {
    let mut options = options;
    options["path"] = json!(conformance_folder());
    let clock = Arc::new(ManualClock::starting_at(START));
    Subject::with_clock(Arc::new(DiskStore::new(config(options), clock.clone())), clock)
}

async fn unbounded() -> Subject {
    subject(json!({}))
}

async fn bounded() -> Subject {
    subject(json!({ "maxBytes": 10_000_000, "maxEntries": 10_000, "cacheBytes": 1 << 20 }))
}

async fn durable() -> Subject {
    subject(json!({ "durable": true }))
}

conformance_suite!(unbounded_conformance, super::unbounded);
conformance_suite!(bounded_conformance, super::bounded);
conformance_suite!(durable_conformance, super::durable);

#[test]
fn capabilities_are_those_of_a_store_of_one_process() {
    let store =
        DiskStore::new(config(json!({ "path": "unused" })), Arc::new(ManualClock::starting_at(START)));
    let capabilities = store.capabilities();
    assert_eq!(capabilities.expiry, Expiry::OnRead);
    assert!(capabilities.durable && !capabilities.shared && capabilities.binary_values);
    assert!(capabilities.enumerable && capabilities.clearable);
}
