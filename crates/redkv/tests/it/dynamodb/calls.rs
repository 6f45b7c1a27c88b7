//! Calls for one key.

use redkv::entry::Entry;
use redkv::error::Error;
use redkv::store::{SetMode, Store, Want};
use redkv::stores::DynamoDbStore;

pub(crate) async fn get(store: &DynamoDbStore, key: &str) -> Result<Option<Entry>, Error> {
    one(store.get(&[key.into()], Want::ValueAndDeadline).await)
}

pub(crate) async fn has(store: &DynamoDbStore, key: &str) -> bool {
    one(store.has(&[key.into()]).await).unwrap()
}

pub(crate) async fn set(store: &DynamoDbStore, key: &str, entry: Entry) {
    assert!(one(store.set(&[(key.into(), entry)], SetMode::Always).await).unwrap());
}

pub(crate) async fn set_if_absent(store: &DynamoDbStore, key: &str, entry: Entry) -> Result<bool, Error> {
    one(store.set(&[(key.into(), entry)], SetMode::IfAbsent).await)
}

pub(crate) fn one<T>(mut answers: Vec<T>) -> T {
    assert_eq!(answers.len(), 1, "one answer per key");
    answers.remove(0)
}
