//! Paths at which there is no database.

use std::fs;

use redkv::store::Store;
use serde_json::json;

use crate::sqlite::support::{Place, argument, open, set};

#[tokio::test]
async fn a_missing_directory_is_named_and_may_appear_later() {
    let place = Place::new();
    let directory = place.directory.path().join("missing");
    let path = directory.join("kv.db");
    let store = open(json!({ "path": path }));
    let error = store.init().await.unwrap_err();
    let message = format!(
        "path '{}' cannot be opened: there is no directory '{}'",
        path.display(),
        directory.display()
    );
    assert_eq!(argument(&error), (Some("path"), message.as_str()));

    fs::create_dir(&directory).unwrap();
    set(&store, "k", "v").await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let place = Place::new();
    let content = "this is a text, not a database. ".repeat(100);
    fs::write(&place.path, &content).unwrap();
    let error = place.store().init().await.unwrap_err();
    let message = format!("path '{}' is not a SQLite database", place.path.display());
    assert_eq!(argument(&error), (Some("path"), message.as_str()));
    assert_eq!(fs::read_to_string(&place.path).unwrap(), content);
}

#[tokio::test]
async fn a_directory_is_no_database() {
    let place = Place::new();
    let error = open(json!({ "path": place.directory.path() })).init().await.unwrap_err();
    let message = format!("path '{}' is a directory", place.directory.path().display());
    assert_eq!(argument(&error), (Some("path"), message.as_str()));
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_made_is_for_nobody_else_and_one_that_is_there_keeps_its_rights() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    assert_eq!(mode(&place.path), 0o600);
    assert_eq!(mode(&place.directory.path().join("kv.db-wal")), 0o600);

    let theirs = Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv)");
    fs::set_permissions(&theirs.path, fs::Permissions::from_mode(0o644)).unwrap();
    set(&theirs.store(), "k", "v").await.unwrap();
    assert_eq!(mode(&theirs.path), 0o644);
}
