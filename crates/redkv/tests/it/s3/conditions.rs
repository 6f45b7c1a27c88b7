//! Writes that must not replace an entry.

use futures_util::future::join_all;
use redkv::entry::{Deadline, Entry};
use redkv::error::ErrorKind;
use redkv::stores::S3Store;
use serde_json::json;

use crate::s3::bucket::{Bucket, EMULATOR};
use crate::s3::calls::{get, set, set_if_absent};
use crate::s3::faults::answer;

const LONG_AGO: u64 = 1_000_000_000_000;

/// Writes of different values at the same time: those that were stored.
async fn race(stores: [&S3Store; 2]) -> Vec<Entry> {
    let entries: Vec<_> = (0..20).map(|n| Entry::new(format!("value {n}"))).collect();
    let writes =
        entries.iter().enumerate().map(|(n, entry)| set_if_absent(stores[n % 2], "k", entry.clone()));
    let stored = join_all(writes).await;
    entries
        .into_iter()
        .zip(stored)
        .filter(|(_, stored)| *stored.as_ref().unwrap())
        .map(|(entry, _)| entry)
        .collect()
}

#[tokio::test]
async fn of_many_writes_of_several_stores_one_wins() {
    let bucket = Bucket::create(EMULATOR).await;
    let (one, other) = (bucket.store(json!({})), bucket.store(json!({})));
    let stored = race([&one, &other]).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(get(&one, "k").await.unwrap(), stored.into_iter().next());
}

#[tokio::test]
async fn of_many_writes_over_an_object_past_its_deadline_one_wins() {
    let bucket = Bucket::create(EMULATOR).await;
    let (one, other) = (bucket.store(json!({})), bucket.store(json!({})));
    set(&one, "k", Entry::until("old", Deadline::at(LONG_AGO))).await.unwrap();
    let stored = race([&one, &other]).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(get(&one, "k").await.unwrap(), stored.into_iter().next());
}

#[tokio::test]
async fn two_writes_that_were_refused_for_each_other_are_made_again() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({}));
    get(&store, "k").await.unwrap();
    proxy.refuse_next(answer("409 Conflict", "ConditionalRequestConflict"));
    assert!(set_if_absent(&store, "k", Entry::new("value")).await.unwrap());
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn an_object_that_was_deleted_before_it_was_replaced_is_written_anew() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({}));
    get(&store, "k").await.unwrap();
    proxy.refuse_next(answer("412 Precondition Failed", "PreconditionFailed"));
    assert!(set_if_absent(&store, "k", Entry::new("value")).await.unwrap());
}

#[tokio::test]
async fn a_service_without_conditional_writes_is_found_out() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "maxRetries": 0 }));
    get(&store, "k").await.unwrap();
    proxy.refuse_next(answer("501 Not Implemented", "NotImplemented"));
    let error = set_if_absent(&store, "k", Entry::new("value")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_conditional_write_that_may_have_met_itself_does_not_claim_to_have_lost() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({}));
    get(&store, "k").await.unwrap();
    proxy.lose_the_next_answer();
    let error = set_if_absent(&store, "k", Entry::new("value")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.may_have_applied());
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn a_conditional_write_that_was_throttled_is_not_in_doubt() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({}));
    set(&store, "k", Entry::new("first")).await.unwrap();
    proxy.refuse_next(answer("503 Slow Down", "SlowDown"));
    assert!(!set_if_absent(&store, "k", Entry::new("second")).await.unwrap());
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("first")));
}
