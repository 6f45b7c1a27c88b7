//! Files that are not what was written.

use std::fs;

use redkv::error::ErrorKind;
use redkv::store::Store;

use crate::file::support::{Place, get, set, set_if_absent, try_get};

/// What reading says after the bytes of the file were changed.
async fn said_after(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let place = Place::new();
    let store = place.store();
    set(&store, "s3cret-key", "s3cret-value").await.unwrap();
    let file = place.file();
    let mut bytes = fs::read(&file).unwrap();
    change(&mut bytes);
    fs::write(&file, bytes).unwrap();

    let error = try_get(&store, "s3cret-key").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(!error.message().contains("s3cret"), "{error}");
    assert!(store.has(&["s3cret-key".into()]).await.remove(0).is_err());
    // Nobody knows whether it was live.
    assert!(set_if_absent(&store, "s3cret-key", "new").await.is_err());

    set(&store, "s3cret-key", "new").await.unwrap();
    assert_eq!(get(&store, "s3cret-key").await.unwrap(), "new");
    error.message().rsplit(": ").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_damaged_and_may_be_replaced() {
    let said = said_after(|bytes| bytes.truncate(bytes.len() - 1)).await;
    assert_eq!(said, "its length is not the one in its header");
}

#[tokio::test]
async fn a_file_that_has_grown_is_damaged() {
    let said = said_after(|bytes| bytes.push(0)).await;
    assert_eq!(said, "its length is not the one in its header");
}

#[tokio::test]
async fn an_empty_file_is_damaged() {
    assert_eq!(said_after(Vec::clear).await, "it does not begin like a file of this store");
}

#[tokio::test]
async fn a_file_of_zeroes_is_damaged() {
    assert_eq!(said_after(|bytes| bytes.fill(0)).await, "it does not begin like a file of this store");
}

#[tokio::test]
async fn a_header_that_was_changed_is_damaged() {
    assert_eq!(said_after(|bytes| bytes[20] ^= 1).await, "its header does not match its checksum");
}

#[tokio::test]
async fn a_key_that_was_changed_is_damaged() {
    assert_eq!(said_after(|bytes| bytes[40] ^= 1).await, "its header does not match its checksum");
}

#[tokio::test]
async fn a_key_that_says_that_it_is_too_long_is_damaged() {
    assert_eq!(said_after(|bytes| bytes[35] = 0xFF).await, "its key is too long");
}

#[tokio::test]
async fn a_file_of_an_earlier_layout_is_damaged() {
    let said = said_after(|bytes| bytes[7] = 1).await;
    assert_eq!(said, "it does not begin like a file of this store");
}

#[tokio::test]
async fn a_value_that_was_changed_is_damaged() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "value").await.unwrap();
    let mut bytes = fs::read(place.file()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(place.file(), bytes).unwrap();
    let error = try_get(&store, "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(error.message().ends_with("its value does not match its checksum"), "{error}");
    set(&store, "k", "new").await.unwrap();
    assert_eq!(get(&store, "k").await.unwrap(), "new");
}

#[tokio::test]
async fn the_file_of_another_key_is_damaged() {
    let place = Place::new();
    let store = place.store();
    set(&store, "one", "value").await.unwrap();
    let one = place.file();
    set(&store, "other", "value").await.unwrap();
    let other = place.files().into_iter().find(|file| *file != one).unwrap();
    fs::copy(one, other).unwrap();
    let error = try_get(&store, "other").await.unwrap_err();
    assert!(error.message().ends_with("it belongs to another key"), "{error}");
}

#[tokio::test]
async fn a_damaged_file_can_be_deleted() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "value").await.unwrap();
    fs::write(place.file(), "half").unwrap();
    store.delete(&["k".into()]).await.remove(0).unwrap();
    assert_eq!(get(&store, "k").await, None);
}
