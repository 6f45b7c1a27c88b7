//! What is no file in the place of one: nobody waits for it.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use redkv::error::ErrorKind;
use redkv::store::Store;
use redkv::stores::FileStore;

use crate::file::support::{Place, get, has, listed, set, set_if_absent, try_get};

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A store with an entry in whose place `make` has put something else.
async fn with(make: impl FnOnce(&Path)) -> (Place, FileStore) {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "value").await.unwrap();
    let file = place.file();
    fs::remove_file(&file).unwrap();
    make(&file);
    set(&store, "other", "value").await.unwrap();
    (place, store)
}

async fn is_damaged(store: &FileStore) {
    let error = try_get(store, "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(error.message().ends_with("it is not a regular file"), "{error}");
    assert!(store.has(&["k".into()]).await.remove(0).is_err());
    assert!(set_if_absent(store, "k", "new").await.is_err());
    assert_eq!(listed(store, "").await, ["k", "other"]);
    assert_eq!(get(store, "other").await.unwrap(), "value");
}

/// It is damaged, and the next write takes its place.
async fn may_be_replaced(store: &FileStore) {
    is_damaged(store).await;
    set(store, "k", "new").await.unwrap();
    assert_eq!(get(store, "k").await.unwrap(), "new");
}

#[tokio::test]
async fn a_pipe_is_damaged_and_may_be_replaced() {
    let (_place, store) = with(make_pipe).await;
    may_be_replaced(&store).await;
}

#[tokio::test]
async fn a_socket_is_damaged_and_may_be_replaced() {
    let (_place, store) = with(|path| drop(UnixListener::bind(path).unwrap())).await;
    may_be_replaced(&store).await;
}

#[tokio::test]
async fn a_device_is_damaged_and_may_be_replaced() {
    let (_place, store) = with(|path| symlink("/dev/zero", path).unwrap()).await;
    may_be_replaced(&store).await;
}

#[tokio::test]
async fn a_link_to_itself_is_damaged_and_may_be_replaced() {
    let (_place, store) = with(|path| symlink(path, path).unwrap()).await;
    may_be_replaced(&store).await;
}

#[tokio::test]
async fn a_folder_is_damaged_and_stays() {
    let (place, store) = with(|path| fs::create_dir(path).unwrap()).await;
    is_damaged(&store).await;
    assert_eq!(set(&store, "k", "new").await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(store.delete(&["k".into()]).await.remove(0).unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(place.files().iter().filter(|path| path.is_dir()).count(), 1);
}

#[tokio::test]
async fn a_pipe_is_deleted_and_cleared_as_an_entry() {
    let (_place, store) = with(make_pipe).await;
    let mut after = store.clear("", None).await.unwrap();
    while after.is_some() {
        after = store.clear("", after.as_ref()).await.unwrap();
    }
    assert!(!has(&store, "k").await);
    assert_eq!(listed(&store, "").await, [""; 0]);
}

async fn is_refused(lock: &str) {
    let place = Place::new();
    set(&place.store(), "k", "value").await.unwrap();
    let path = place.path.join(".redkv").join(lock);
    fs::remove_file(&path).unwrap();
    make_pipe(&path);
    let store = place.store();
    assert_eq!(set(&store, "k", "new").await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(get(&store, "k").await.unwrap(), "value");
}

#[tokio::test]
async fn a_pipe_in_the_place_of_a_lock_refuses_writes() {
    is_refused("0.lock").await;
    is_refused("users.lock").await;
}

#[tokio::test]
async fn who_holds_the_lock_of_those_who_come_is_waited_for_for_a_while() {
    let place = Place::new();
    set(&place.store(), "k", "value").await.unwrap();
    let held = fs::File::open(place.path.join(".redkv/users.lock")).unwrap();
    held.lock().unwrap();
    let store = place.store();
    let error = set(&store, "k", "new").await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true));
    assert!(error.message().ends_with("is locked by another process"), "{error}");
    held.unlock().unwrap();
    set(&store, "k", "new").await.unwrap();
    assert_eq!(get(&store, "k").await.unwrap(), "new");
}
