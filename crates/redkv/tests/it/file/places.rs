//! Folders that cannot be used, or go away.

use std::fs;

use redkv::error::ErrorKind;
use redkv::store::Store;

use crate::file::support::{Place, get, set, try_get};

#[tokio::test]
async fn a_missing_folder_is_made_but_not_the_one_around_it() {
    let place = Place::new();
    let nested = Place { path: place.path.join("deeper"), ..place };
    let store = nested.store();
    let error = store.init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("path")));
    assert!(error.message().contains("there is no folder"), "{error}");
    fs::create_dir(nested.path.parent().unwrap()).unwrap();
    set(&store, "k", "value").await.unwrap();
}

#[tokio::test]
async fn a_file_is_no_folder() {
    let place = Place::new();
    fs::write(&place.path, "text").unwrap();
    let error = place.store().init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("path")));
    assert_eq!(error.message(), format!("path '{}' is not a folder", place.path.display()));
}

#[tokio::test]
async fn a_folder_that_was_removed_is_made_again_by_the_next_operation_but_one() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "value").await.unwrap();
    fs::remove_dir_all(&place.path).unwrap();
    assert_eq!(get(&store, "k").await, None);
    let error = set(&store, "k", "new").await.unwrap_err();
    assert!(error.is_retryable() && !error.may_have_applied());
    assert_eq!(error.message(), format!("'{}' was removed", place.path.display()));
    set(&store, "k", "new").await.unwrap();
    assert_eq!(get(&store, "k").await.unwrap(), "new");
}

#[tokio::test]
async fn a_folder_in_the_place_of_an_entry_is_an_error_that_does_not_name_it() {
    let place = Place::new();
    let store = place.store();
    set(&store, "s3cret", "value").await.unwrap();
    let file = place.file();
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let error = try_get(&store, "s3cret").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(!error.message().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn what_users_that_died_left_behind_is_removed_and_nothing_of_those_who_live() {
    let place = Place::new();
    let first = place.store();
    set(&first, "k", "value").await.unwrap();
    let living = place.unfinished();
    let dead = place.path.join(".redkv").join("dead");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("0"), "half").unwrap();

    let second = place.store();
    second.init().await.unwrap();
    assert!(!dead.exists());
    assert!(place.unfinished().is_superset(&living));
    assert_eq!(place.unfinished().len(), 2);

    first.close().await;
    second.close().await;
    assert!(place.unfinished().is_empty());
    assert_eq!(get(&place.store(), "k").await.unwrap(), "value");
}

#[tokio::test]
async fn files_of_others_are_neither_listed_nor_cleared() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "value").await.unwrap();
    let foreign = place.file().with_file_name("README");
    fs::write(&foreign, "text").unwrap();
    redkv_testing::conformance::clear(&store, "").await;
    assert_eq!(place.file(), foreign);
}
