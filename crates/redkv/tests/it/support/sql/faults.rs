//! Servers that die, hang and come back; callers that leave.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use redkv::error::{ErrorKind, Result};
use redkv::store::{SetMode, Store};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::super::site::{Server, lock_row};
use super::{FOREVER, created, entry, fresh, get, set, some, store};

fn on(server: &Server, more: Value) -> Arc<dyn Store> {
    let mut options = json!({
        "url": server.url(), "tableName": "t", "keyColumn": "k", "valueColumn": "v", "createTable": true,
    });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    store(options)
}

/// Repeats an operation that may fail while a server comes back.
async fn eventually<T, F: Future<Output = Result<T>>>(operation: impl Fn() -> F) -> T {
    let repeated = async {
        loop {
            match timeout(Duration::from_secs(5), operation()).await {
                Ok(Ok(value)) => return value,
                Ok(Err(error)) if !error.is_retryable() => panic!("{error}"),
                _ => sleep(Duration::from_millis(50)).await,
            }
        }
    };
    timeout(FOREVER, repeated).await.unwrap()
}

#[tokio::test]
async fn a_server_that_was_killed_and_started_again_is_used_again() {
    let mut server = Server::start(&[]);
    let store = on(&server, json!({}));
    set(&*store, "a", "1").await.unwrap();
    let names: Vec<_> = (0..30).map(|n| n.to_string()).collect();
    join_all(names.iter().map(|name| set(&*store, name, "v"))).await;
    server.kill();
    let error = timeout(FOREVER, get(&*store, "a")).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error:?}");
    server.restart();
    assert_eq!(eventually(|| get(&*store, "a")).await, some("1"));
    assert!(eventually(|| set(&*store, "a", "2")).await);
}

#[tokio::test]
async fn a_server_that_hangs_keeps_callers_no_longer_than_they_want_and_is_used_again() {
    let server = Server::start(&[]);
    let store = on(&server, json!({ "max": 3 }));
    set(&*store, "a", "1").await.unwrap();
    let names: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    join_all(names.iter().map(|name| set(&*store, name, "v"))).await;
    server.pause();
    // Not all of its processes stop at once.
    while matches!(timeout(Duration::from_millis(200), get(&*store, "a")).await, Ok(Ok(_))) {}
    for _ in 0..3 {
        // More than there are connections.
        let calls = names.iter().map(|name| timeout(Duration::from_millis(200), get(&*store, name)));
        for call in timeout(FOREVER, join_all(calls)).await.unwrap() {
            assert!(call.is_err() || call.unwrap().is_err());
        }
    }
    server.resume();
    assert_eq!(eventually(|| get(&*store, "a")).await, some("1"));
    for name in names {
        assert_eq!(eventually(|| get(&*store, &name)).await, some("v"));
    }
}

#[tokio::test]
async fn a_write_under_way_when_the_server_dies_has_an_unknown_outcome() {
    let mut server = Server::start(&[]);
    let store = on(&server, json!({}));
    set(&*store, "a", "1").await.unwrap();
    server.pause();
    let write = tokio::spawn({
        let store = store.clone();
        async move { set(&*store, "a", "2").await }
    });
    sleep(Duration::from_millis(200)).await;
    server.kill();
    let error = timeout(FOREVER, write).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.may_have_applied());
    let error = timeout(FOREVER, set(&*store, "a", "3")).await.unwrap().unwrap_err();
    assert!(!error.may_have_applied(), "no connection came about: {error:?}");
}

#[tokio::test]
async fn a_caller_that_leaves_in_the_middle_leaves_no_half_read_answer_behind() {
    let store = created(json!({ "max": 1 }));
    let large = "0123456789abcdef".repeat(200_000);
    let batch: Vec<_> = (0..8).map(|n| entry(&format!("k{n}"), &large)).collect();
    for answer in store.set(&batch, SetMode::Always).await {
        answer.unwrap();
    }
    set(&*store, "small", "v").await.unwrap();
    let keys: Vec<_> = batch.iter().map(|(key, _)| key.clone()).collect();
    for millis in [0, 1, 2, 5, 10, 20, 40, 80] {
        let read = store.get(&keys, redkv::store::Want::Value);
        timeout(Duration::from_millis(millis), read).await.ok();
        assert_eq!(get(&*store, "small").await.unwrap(), some("v"));
    }
}

#[tokio::test]
async fn a_write_that_waits_for_a_lock_takes_nobody_elses_connection() {
    let table = fresh();
    let store = store(super::options(&table, json!({ "createTable": true, "max": 2 })));
    set(&*store, "locked", "1").await.unwrap();
    let lock = lock_row(&table, "locked").await;
    assert!(timeout(Duration::from_millis(300), set(&*store, "locked", "2")).await.is_err());
    let others = (0..10).map(|_| get(&*store, "locked"));
    for read in timeout(FOREVER, join_all(others)).await.unwrap() {
        assert_eq!(read.unwrap(), some("1"));
    }
    drop(lock);
}

#[tokio::test]
async fn no_more_connections_are_made_than_are_allowed() {
    let server = Server::start(&[]);
    let store = on(&server, json!({ "max": 2 }));
    let names: Vec<_> = (0..40).map(|n| n.to_string()).collect();
    let writes = join_all(names.iter().map(|name| set(&*store, name, "v"))).await;
    assert!(writes.into_iter().all(|answer| answer.unwrap()));
    // The server counts a client of the test itself until it notices that it has gone.
    let is_within = async { while server.connections().await > 2 {} };
    timeout(Duration::from_secs(10), is_within).await.expect("more connections than allowed");
}

#[tokio::test]
async fn a_read_on_a_connection_that_ended_while_it_was_idle_is_made_once_more() {
    let server = Server::start(&[]);
    let store = on(&server, json!({ "max": 1 }));
    set(&*store, "a", "1").await.unwrap();
    server.end_connections().await;
    assert_eq!(get(&*store, "a").await.unwrap(), some("1"));
    server.end_connections().await;
    assert!(store.has(&["a".into()]).await.remove(0).unwrap());
    server.end_connections().await;
    assert_eq!(store.keys("", None).await.unwrap().keys, ["a".into()]);
}
