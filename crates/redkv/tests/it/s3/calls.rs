//! Calls for one key.

use redkv::entry::Entry;
use redkv::error::Error;
use redkv::store::{SetMode, Store, Want};
use redkv::stores::S3Store;

pub(crate) async fn get(store: &S3Store, key: &str) -> Result<Option<Entry>, Error> {
    one(store.get(&[key.into()], Want::ValueAndDeadline).await)
}

pub(crate) async fn has(store: &S3Store, key: &str) -> Result<bool, Error> {
    one(store.has(&[key.into()]).await)
}

pub(crate) async fn set(store: &S3Store, key: &str, entry: Entry) -> Result<bool, Error> {
    one(store.set(&[(key.into(), entry)], SetMode::Always).await)
}

pub(crate) async fn set_if_absent(store: &S3Store, key: &str, entry: Entry) -> Result<bool, Error> {
    one(store.set(&[(key.into(), entry)], SetMode::IfAbsent).await)
}

pub(crate) async fn delete(store: &S3Store, key: &str) -> Result<(), Error> {
    one(store.delete(&[key.into()]).await)
}

pub(crate) fn one<T>(mut answers: Vec<T>) -> T {
    assert_eq!(answers.len(), 1, "one answer per key");
    answers.remove(0)
}
