//! What holds for both SQL stores. `super::site` says what differs: the name of the store, and its server.

pub(crate) mod daemon;
mod entries;
mod faults;
mod setup;
pub(crate) mod tls;

use std::sync::Arc;
use std::time::Duration;

use redkv::clock::{Clock, ManualClock, SystemClock};
use redkv::entry::{Entry, Key};
use redkv::error::Result;
use redkv::store::{SetMode, Store, Want};
use redkv_testing::conformance::Subject;
use serde_json::{Value, json};

use super::site::{self, NAME};

/// Far beyond what anything here takes: a test that hangs ends with it.
pub(crate) const FOREVER: Duration = Duration::from_secs(60);

/// A name that no other test uses.
pub(crate) fn fresh() -> String {
    format!("t_{:016x}", fastrand::u64(..))
}

/// Options of a store over `table`, on the common server.
pub(crate) fn options(table: &str, more: Value) -> Value {
    let mut options = json!({ "url": site::url(), "tableName": table, "keyColumn": "k", "valueColumn": "v" });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

pub(crate) fn store(options: Value) -> Arc<dyn Store> {
    store_with_clock(options, Arc::new(SystemClock))
}

pub(crate) fn store_with_clock(options: Value, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
    redkv::stores::build(NAME, options, &[], clock).unwrap().store
}

/// A store over a table that it makes itself.
pub(crate) fn created(more: Value) -> Arc<dyn Store> {
    let mut more = more;
    more.as_object_mut().unwrap().insert("createTable".to_owned(), json!(true));
    store(options(&fresh(), more))
}

/// The store over a table of its own under test.
pub(crate) fn subject(table: &str, more: Value) -> Subject {
    let clock = Arc::new(ManualClock::starting_at(SystemClock.now()));
    Subject::with_clock(store_with_clock(options(table, more), clock.clone()), clock)
}

pub(crate) async fn get(store: &dyn Store, key: &str) -> Result<Option<Entry>> {
    store.get(&[key.into()], Want::Value).await.remove(0)
}

pub(crate) async fn set(store: &dyn Store, key: &str, value: &str) -> Result<bool> {
    store.set(&[entry(key, value)], SetMode::Always).await.remove(0)
}

pub(crate) fn entry(key: &str, value: &str) -> (Key, Entry) {
    (key.into(), Entry::new(value.to_owned()))
}

pub(crate) fn some(value: &str) -> Option<Entry> {
    Some(Entry::new(value.to_owned()))
}
