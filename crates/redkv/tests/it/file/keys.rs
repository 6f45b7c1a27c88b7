//! Keys that would be anything but harmless as names of files.

use std::collections::HashSet;

use redkv::entry::Key;
use redkv::store::Store;

use crate::file::support::{Place, get, set};

#[tokio::test]
async fn keys_of_ten_thousand_bytes_are_kept_listed_and_distinguished() {
    let place = Place::new();
    let store = place.store();
    let (one, other) = (format!("{}1", "ü".repeat(5_000)), format!("{}2", "ü".repeat(5_000)));
    set(&store, &one, "one").await.unwrap();
    set(&store, &other, "other").await.unwrap();
    assert_eq!(get(&store, &one).await.unwrap(), "one");
    assert_eq!(get(&store, &other).await.unwrap(), "other");
    let page = store.keys("ü", None).await.unwrap();
    let mut keys: HashSet<Key> = page.keys.into_iter().collect();
    let mut next = page.next;
    while let Some(after) = next {
        let page = store.keys("ü", Some(&after)).await.unwrap();
        keys.extend(page.keys);
        next = page.next;
    }
    assert_eq!(keys, HashSet::from([one.as_str().into(), other.as_str().into()]));
    store.delete(&[one.as_str().into()]).await.remove(0).unwrap();
    assert_eq!(get(&store, &one).await, None);
}

#[tokio::test]
async fn no_key_leads_out_of_the_folder() {
    let place = Place::new();
    let store = place.store();
    for key in ["../../outside", "/etc/outside", "..", ".", "a/../../outside", "C:\\outside", "nul\0"] {
        set(&store, key, "value").await.unwrap();
        assert_eq!(get(&store, key).await.unwrap(), "value");
    }
    assert_eq!(place.files().len(), 7);
    let around = std::fs::read_dir(place.around.path()).unwrap().count();
    assert_eq!(around, 1, "nothing but the folder of the store");
}

#[tokio::test]
async fn no_name_differs_from_another_by_case_alone() {
    let place = Place::new();
    let store = place.store();
    for key in ["key", "Key", "KEY", "%4bey", "k\u{65}y\u{301}", "ſ", "s", "İ", "i̇"] {
        set(&store, key, "value").await.unwrap();
    }
    let names: HashSet<_> = place.files().iter().map(|path| path.to_str().unwrap().to_lowercase()).collect();
    assert_eq!(names.len(), 9);
}
