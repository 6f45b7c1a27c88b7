//! On a read-only disk, on a full one, and in folders that strangers see.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use redkv::clock::ManualClock;
use redkv::error::ErrorKind;
use redkv::store::Store;

use crate::file::support::{Place, START, get, listed, set, set_until};
use crate::support::mount::{file_system, fill, make_read_only};

fn place_in(folder: &Path) -> Place {
    let place = Place::new();
    Place { path: folder.join("store"), ..place }
}

#[tokio::test]
async fn a_folder_on_a_read_only_disk_is_read() {
    let Some(folder) = file_system("file::conditions::a_folder_on_a_read_only_disk_is_read", 4_096) else {
        return;
    };
    let place = place_in(&folder);
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with(clock.clone());
    set(&store, "k", "v").await.unwrap();
    set_until(&store, "ended", "v", START + 10).await;
    store.close().await;
    make_read_only(&folder);
    clock.advance(10);

    let store = place.store_with(clock);
    store.init().await.unwrap();
    assert_eq!(get(&store, "k").await.unwrap(), "v");
    assert_eq!(get(&store, "ended").await, None);
    assert_eq!(listed(&store, "").await, ["k"]);
    let error = set(&store, "k", "new").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    assert_eq!(error.message(), format!("'{}' is read-only", place.path.display()));
    assert!(store.delete(&["k".into()]).await.remove(0).is_err());
    store.close().await;
}

#[tokio::test]
async fn a_full_disk_refuses_writes_deletes_and_takes_writes_again() {
    let name = "file::conditions::a_full_disk_refuses_writes_deletes_and_takes_writes_again";
    let Some(folder) = file_system(name, 1_024) else { return };
    let place = place_in(&folder);
    let store = place.store();
    for key in ["a", "b", "c"] {
        set(&store, key, "x".repeat(8_192)).await.unwrap();
    }
    store.close().await;
    let filler = fill(&folder);

    // Opened when it was full already.
    let store = place.store();
    store.init().await.unwrap();
    let error = set(&store, "d", "x".repeat(8_192)).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    assert_eq!(error.message(), format!("no space is left for '{}'", place.path.display()));
    assert_eq!(get(&store, "a").await.unwrap().len(), 8_192);
    store.delete(&["a".into()]).await.remove(0).unwrap();
    store.delete(&["b".into()]).await.remove(0).unwrap();
    assert_eq!(listed(&store, "").await, ["c"]);
    fs::remove_file(filler).unwrap();
    set(&store, "d", "x".repeat(8_192)).await.unwrap();
    assert_eq!(listed(&store, "").await, ["c", "d"]);
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[tokio::test]
async fn what_is_made_is_for_nobody_else() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    assert_eq!(mode(&place.path), 0o700);
    assert_eq!(mode(place.path.join(".redkv")), 0o700);
    assert_eq!(mode(place.path.join(".redkv/0.lock")), 0o600);
    assert_eq!((mode(place.file()), mode(place.file().parent().unwrap())), (0o600, 0o700));
}

#[tokio::test]
async fn a_folder_that_was_there_keeps_its_rights_and_strangers_get_none() {
    for (rights, folders, files) in [(0o755, 0o700, 0o600), (0o1777, 0o770, 0o660)] {
        let place = Place::new();
        fs::create_dir(&place.path).unwrap();
        fs::set_permissions(&place.path, fs::Permissions::from_mode(rights)).unwrap();
        let store = place.store();
        set(&store, "k", "v").await.unwrap();
        assert_eq!(mode(&place.path), rights & 0o777);
        // The umask may take the group's part.
        assert_eq!(mode(place.path.join(".redkv")) | (folders & 0o070), folders);
        assert_eq!(mode(place.path.join(".redkv/f.lock")) | (files & 0o070), files);
        assert_eq!(mode(place.file()) | (files & 0o070), files);
    }
}

#[tokio::test]
async fn a_link_in_the_place_of_a_lock_is_not_followed() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    store.close().await;
    let lock = place.path.join(".redkv/users.lock");
    let elsewhere = place.around.path().join("elsewhere");
    fs::remove_file(&lock).unwrap();
    symlink(&elsewhere, &lock).unwrap();
    let error = set(&place.store(), "k", "new").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(!elsewhere.exists());
}

#[tokio::test]
async fn a_folder_that_another_one_took_the_place_of_is_opened_again() {
    let (place, other) = (Place::new(), Place::new());
    let (store, theirs) = (place.store(), other.store());
    set(&store, "k", "old").await.unwrap();
    set(&theirs, "k", "new").await.unwrap();
    theirs.close().await;
    fs::rename(&place.path, place.around.path().join("before")).unwrap();
    fs::rename(&other.path, &place.path).unwrap();
    let error = set(&store, "k", "lost").await.unwrap_err();
    assert_eq!(error.message(), format!("'{}' was removed", place.path.display()));
    assert!(error.is_retryable() && !error.may_have_applied());
    assert_eq!(get(&store, "k").await.unwrap(), "new");
    set(&store, "k", "newer").await.unwrap();
}
