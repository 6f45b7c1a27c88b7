//! Keys of a bucket that others use too.

use std::collections::BTreeSet;
use std::sync::Arc;

use redkv::clock::ManualClock;
use redkv::entry::{Deadline, Entry};
use redkv::store::Store;
use redkv::stores::S3Store;
use serde_json::json;

use crate::s3::bucket::{Bucket, EMULATOR, FILES};
use crate::s3::calls::{get, set};

async fn keys(store: &S3Store, prefix: &str) -> BTreeSet<String> {
    let (mut keys, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.keys(prefix, after.as_ref()).await.unwrap();
        keys.extend(page.keys.iter().map(|key| key.as_str().to_owned()));
        let Some(next) = page.next else { return keys };
        after = Some(next);
    }
}

fn set_of<const N: usize>(keys: [&str; N]) -> BTreeSet<String> {
    keys.map(str::to_owned).into()
}

#[tokio::test]
async fn keys_with_a_common_beginning_are_listed_however_they_are_named() {
    for server in [EMULATOR, FILES] {
        let store = Bucket::create(server).await.store(json!({ "prefix": "p/" }));
        for key in ["a/", "a/b", "a//", "a /", "ab", "", " ", " a", "...", "../up", ".x"] {
            set(&store, key, Entry::new("value")).await.unwrap();
        }
        assert_eq!(keys(&store, "a/").await, set_of(["a/", "a/b", "a//"]));
        assert_eq!(keys(&store, "a").await, set_of(["a/", "a/b", "a//", "a /", "ab"]));
        assert_eq!(keys(&store, " ").await, set_of([" ", " a"]));
        assert_eq!(keys(&store, "..").await, set_of(["...", "../up"]));
        assert_eq!(keys(&store, ".").await, set_of(["...", "../up", ".x"]));
        assert_eq!(keys(&store, "").await.len(), 11);
        assert_eq!(keys(&store, "b").await, set_of([]));
    }
}

#[tokio::test]
async fn objects_beside_the_prefix_and_names_that_no_key_has_are_left_alone() {
    let bucket = Bucket::create(EMULATOR).await;
    for name in ["other", "p", "p/folder/", "p/%zz", "p/%61"] {
        bucket.put(name, "of others").await;
    }
    let store = bucket.store(json!({ "prefix": "p/" }));
    set(&store, "k", Entry::new("value")).await.unwrap();
    assert_eq!(keys(&store, "").await, set_of(["k"]));
    redkv_testing::conformance::clear(&store, "").await;
    assert_eq!(get(&store, "k").await.unwrap(), None);
    assert_eq!(bucket.names().await, set_of(["other", "p", "p/folder/", "p/%zz", "p/%61"]));
}

#[tokio::test]
async fn what_has_ended_is_not_listed_and_is_cleared_all_the_same() {
    let bucket = Bucket::create(EMULATOR).await;
    let clock = Arc::new(ManualClock::starting_at(1_000));
    let store = bucket.store_with_clock(json!({ "prefix": "p/" }), clock.clone());
    set(&store, "ended", Entry::until("value", Deadline::at(1_010))).await.unwrap();
    set(&store, "a/", Entry::until("value", Deadline::at(1_010))).await.unwrap();
    set(&store, "later", Entry::until("value", Deadline::at(1_020))).await.unwrap();
    set(&store, "for ever", Entry::new("value")).await.unwrap();
    bucket.put("p/theirs", "of others").await;
    clock.advance(10);
    assert_eq!(keys(&store, "").await, set_of(["for ever", "later", "theirs"]));
    assert_eq!(keys(&store, "a/").await, set_of([]));
    redkv_testing::conformance::clear(&store, "").await;
    assert_eq!(bucket.names().await, set_of([]));
}
