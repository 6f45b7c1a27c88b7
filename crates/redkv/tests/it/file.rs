//! What the file store keeps, shares and refuses, looked at from outside too.
#![expect(clippy::unwrap_used, reason = "a failed helper ends its test")]

#[cfg(target_os = "linux")]
mod conditions;
mod damage;
mod deadlines;
#[cfg(target_os = "linux")]
mod foreign;
mod keys;
mod places;
mod sharing;
mod support;

use std::sync::Arc;

use redkv::clock::ManualClock;
use redkv::store::{Expiry, Store};
use redkv::stores::FileStore;
use redkv_testing::conformance::Subject;
use redkv_testing::conformance_suite;
use serde_json::json;

use crate::file::support::{START, config, conformance_folder};

fn subject(durable: bool) -> Subject {
    let clock = Arc::new(ManualClock::starting_at(START));
    let config = config(json!({ "path": conformance_folder(), "durable": durable }));
    Subject::with_clock(Arc::new(FileStore::new(config, clock.clone())), clock)
}

async fn plain() -> Subject {
    subject(false)
}

async fn durable() -> Subject {
    subject(true)
}

conformance_suite!(plain_conformance, super::plain);
conformance_suite!(durable_conformance, super::durable);

#[test]
fn capabilities_are_those_of_a_shared_folder() {
    let store =
        FileStore::new(config(json!({ "path": "unused" })), Arc::new(ManualClock::starting_at(START)));
    let capabilities = store.capabilities();
    assert_eq!(capabilities.expiry, Expiry::OnRead);
    assert!(capabilities.durable && capabilities.shared && capabilities.binary_values);
    assert!(capabilities.enumerable && capabilities.clearable);
}
