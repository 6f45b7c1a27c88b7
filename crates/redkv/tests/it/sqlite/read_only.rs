//! On a read-only disk.

use std::fs;
use std::path::Path;

use redkv::error::ErrorKind;
use redkv::store::Store;
use redkv::stores::SqliteStore;
use rusqlite::Connection;
use serde_json::json;

use crate::sqlite::support::{Place, get, get_entry, listed, open, set, some};
use crate::support::mount::{file_system, make_read_only};

fn store_at(path: &Path) -> SqliteStore {
    open(json!({ "path": path }))
}

/// Reads what is there, and is told that nothing can be written.
async fn assert_that_it_is_only_read(path: &Path) {
    let store = store_at(path);
    store.init().await.unwrap();
    assert_eq!(get(&store, "k").await, some("v"));
    assert_eq!(listed(&store, "").await, ["k"]);
    let error = set(&store, "k", "new").await.unwrap_err();
    assert_eq!(error.message(), format!("'{}' or its directory is read-only", path.display()));
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    store.close().await;
}

#[tokio::test]
async fn a_file_that_was_closed_is_read() {
    let Some(folder) = file_system("sqlite::read_only::a_file_that_was_closed_is_read", 4_096) else {
        return;
    };
    let path = folder.join("kv.db");
    let store = store_at(&path);
    set(&store, "k", "v").await.unwrap();
    store.close().await;
    make_read_only(&folder);
    assert_that_it_is_only_read(&path).await;
}

#[tokio::test]
async fn a_file_that_others_left_in_wal_mode_is_read() {
    let name = "sqlite::read_only::a_file_that_others_left_in_wal_mode_is_read";
    let Some(folder) = file_system(name, 4_096) else { return };
    let path = folder.join("k%v#?.db");
    let outside = Connection::open(&path).unwrap();
    outside
        .execute_batch(
            "PRAGMA journal_mode = WAL; CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv);
            INSERT INTO redkv VALUES ('k', 'v')",
        )
        .unwrap();
    drop(outside);
    make_read_only(&folder);
    assert_that_it_is_only_read(&path).await;
}

#[tokio::test]
async fn a_file_with_changes_that_lie_beside_it_is_refused() {
    let name = "sqlite::read_only::a_file_with_changes_that_lie_beside_it_is_refused";
    let Some(folder) = file_system(name, 4_096) else { return };
    let path = folder.join("kv.db");
    let store = store_at(&path);
    set(&store, "k", "v").await.unwrap();
    let copy = folder.join("copy.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(folder.join("kv.db-wal"), folder.join("copy.db-wal")).unwrap();
    store.close().await;
    make_read_only(&folder);
    let error = store_at(&copy).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
}

#[tokio::test]
async fn close_leaves_the_mode_that_it_found_and_others_their_connections() {
    let place = Place::new();
    let (one, other) = (place.store(), place.store());
    set(&one, "k", "v").await.unwrap();
    set(&other, "k", "w").await.unwrap();
    one.close().await;
    assert_eq!(get(&other, "k").await, some("w"));
    set(&other, "k", "x").await.unwrap();
    other.close().await;

    let place = Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv)");
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    assert_eq!(place.ask("PRAGMA journal_mode"), "wal".to_owned().into());
    store.close().await;
    assert_eq!(place.ask("PRAGMA journal_mode"), "delete".to_owned().into());

    place.outside().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    store.close().await;
    assert_eq!(place.ask("PRAGMA journal_mode"), "wal".to_owned().into());
}

#[tokio::test]
async fn a_missing_file_is_an_error() {
    let Some(folder) = file_system("sqlite::read_only::a_missing_file_is_an_error", 1_024) else { return };
    make_read_only(&folder);
    let error = get_entry(&store_at(&folder.join("kv.db")), "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
}
