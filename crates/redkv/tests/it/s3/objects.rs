//! What is in the bucket.

use bytes::Bytes;
use redkv::entry::{Deadline, Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store, Want};
use serde_json::json;

use crate::s3::bucket::{Bucket, EMULATOR, FILES};
use crate::s3::calls::{delete, get, has, set, set_if_absent};

const LONG_AGO: u64 = 1_000_000_000_000;
const FAR_AWAY: u64 = 4_000_000_000_123;

#[tokio::test]
async fn a_key_is_the_name_of_its_object_behind_the_prefix() {
    let bucket = Bucket::create(EMULATOR).await;
    set(&bucket.store(json!({})), "users/1", Entry::new("value")).await.unwrap();
    set(&bucket.store(json!({ "prefix": "cache/" })), "grüße 🦀", Entry::new("value")).await.unwrap();
    assert_eq!(bucket.names().await, ["cache/grüße 🦀".to_owned(), "users/1".to_owned()].into());
}

#[tokio::test]
async fn keys_that_look_like_paths_stay_in_their_folder() {
    for server in [EMULATOR, FILES] {
        let bucket = Bucket::create(server).await;
        let store = bucket.store(json!({ "prefix": "folder/" }));
        let keys = ["", "...", "../up", "/", "//", "/root", "a//b", "a/./b", "a/../b", "end/", "."];
        for key in keys {
            set(&store, key, Entry::new(key)).await.unwrap();
        }
        for key in keys {
            assert_eq!(get(&store, key).await.unwrap(), Some(Entry::new(key)), "{key:?}");
        }
        assert!(bucket.names().await.iter().all(|name| name.starts_with("folder/")));
        assert_eq!(bucket.names().await.len(), keys.len());
    }
}

#[tokio::test]
async fn a_key_may_go_on_behind_another_one() {
    let store = Bucket::create(EMULATOR).await.store(json!({}));
    for key in ["a", "a/", "a/b", "a/b/c"] {
        set(&store, key, Entry::new(key)).await.unwrap();
    }
    delete(&store, "a").await.unwrap();
    assert_eq!(get(&store, "a").await.unwrap(), None);
    assert_eq!(get(&store, "a/").await.unwrap(), Some(Entry::new("a/")));
    assert_eq!(get(&store, "a/b/c").await.unwrap(), Some(Entry::new("a/b/c")));
}

#[tokio::test]
async fn the_longest_key_that_is_promised_fits() {
    let store = Bucket::create(EMULATOR).await.store(json!({ "prefix": "p/" }));
    let longest = store.capabilities().max_key_bytes;
    assert_eq!(longest, 1022);
    let key = "k".repeat(longest);
    set(&store, &key, Entry::new("value")).await.unwrap();
    assert_eq!(get(&store, &key).await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn a_key_whose_name_is_too_long_does_not_fail_its_neighbours() {
    let store = Bucket::create(EMULATOR).await.store(json!({}));
    let keys: [Key; 3] = ["a".into(), "%".repeat(400).into(), "b".into()];
    let entries = keys.clone().map(|key| (key, Entry::new("value")));
    let written = store.set(&entries, SetMode::Always).await;
    let read = store.get(&keys, Want::Value).await;
    let deleted = store.delete(&keys).await;
    for error in
        [written[1].clone().unwrap_err(), read[1].clone().unwrap_err(), deleted[1].clone().unwrap_err()]
    {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("key")));
    }
    assert!(written[0].clone().unwrap() && written[2].clone().unwrap());
    assert_eq!(read[2].clone().unwrap(), Some(Entry::new("value")));
    assert!(deleted[0].is_ok() && deleted[2].is_ok());
}

#[tokio::test]
async fn a_deadline_is_kept_to_the_millisecond_in_the_metadata() {
    for server in [EMULATOR, FILES] {
        let bucket = Bucket::create(server).await;
        let store = bucket.store(json!({}));
        let entry = Entry::until("value", Deadline::at(FAR_AWAY));
        set(&store, "k", entry.clone()).await.unwrap();
        assert_eq!(bucket.head("k").await.metadata.unwrap()["redkv-expires"], "4000000000123");
        assert_eq!(get(&store, "k").await.unwrap(), Some(entry));

        set(&store, "k", Entry::new("value")).await.unwrap();
        assert!(bucket.head("k").await.metadata.unwrap_or_default().is_empty());
    }
}

#[tokio::test]
async fn an_object_past_its_deadline_is_read_with_it_and_counts_as_absent() {
    for server in [EMULATOR, FILES] {
        let store = Bucket::create(server).await.store(json!({}));
        let old = Entry::until("old", Deadline::at(LONG_AGO));
        set(&store, "k", old.clone()).await.unwrap();
        assert_eq!(get(&store, "k").await.unwrap(), Some(old));
        assert!(!has(&store, "k").await.unwrap());
        assert!(set_if_absent(&store, "k", Entry::new("new")).await.unwrap());
        assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("new")));
    }
}

#[tokio::test]
async fn an_object_that_another_program_put_there_is_read() {
    let bucket = Bucket::create(EMULATOR).await;
    bucket.put("images/a.png", "pixels").await;
    let store = bucket.store(json!({ "prefix": "images/" }));
    assert_eq!(get(&store, "a.png").await.unwrap(), Some(Entry::new("pixels")));
    assert!(has(&store, "a.png").await.unwrap());
}

#[tokio::test]
async fn a_value_of_many_megabytes_reads_back() {
    for server in [EMULATOR, FILES] {
        let store = Bucket::create(server).await.store(json!({}));
        let value: Bytes =
            (0..20_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 4]).collect::<Vec<_>>().into();
        set(&store, "large", Entry::new(value.clone())).await.unwrap();
        assert_eq!(get(&store, "large").await.unwrap().unwrap().value, value);
    }
}

#[tokio::test]
async fn a_value_is_on_its_own_in_memory() {
    let store = Bucket::create(EMULATOR).await.store(json!({}));
    set(&store, "k", Entry::new("value")).await.unwrap();
    let value = get(&store, "k").await.unwrap().unwrap().value;
    assert!(value.try_into_mut().unwrap().capacity() < 100);
}
