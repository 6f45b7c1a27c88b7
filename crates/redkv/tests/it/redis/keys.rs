//! Telling keys and deleting all of them.

use std::collections::HashSet;

use redkv::entry::{Entry, Key};
use redkv::store::{Cursor, SetMode, Store};
use serde_json::json;

use super::{common, entry, get, key, set, store};
use crate::redis::support::server::Server;

/// All keys from `after` on.
async fn rest(store: &dyn Store, prefix: &str, mut after: Option<Cursor>) -> HashSet<Key> {
    let mut keys = HashSet::new();
    loop {
        let page = store.keys(prefix, after.as_ref()).await.unwrap();
        keys.extend(page.keys);
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}

async fn fill(store: &dyn Store, prefix: &str, count: usize) -> HashSet<Key> {
    let entries: Vec<_> =
        (0..count).map(|n| (Key::from(format!("{prefix}{n}")), Entry::new("value"))).collect();
    assert!(store.set(&entries, SetMode::Always).await.into_iter().all(|answer| answer.is_ok()));
    entries.into_iter().map(|(key, _)| key).collect()
}

#[tokio::test]
async fn what_is_no_string_or_no_text_is_not_listed_and_not_cleared() {
    let (store, mut other) = common();
    let (list, prefix) = (key("list"), key(""));
    let list = format!("{}{}", prefix.as_str(), list.as_str());
    let bytes = [prefix.as_bytes(), b"\xff"].concat();
    redis::cmd("RPUSH").arg(&list).arg("x").exec(&mut other).unwrap();
    redis::cmd("SET").arg(&bytes).arg("x").exec(&mut other).unwrap();
    let ours = fill(&*store, &prefix, 3).await;
    assert_eq!(rest(&*store, &prefix, None).await, ours);
    redkv_testing::conformance::clear(&*store, &prefix).await;
    assert_eq!(rest(&*store, &prefix, None).await, HashSet::new());
    let left: usize = redis::cmd("EXISTS").arg(&list).arg(&bytes).query(&mut other).unwrap();
    assert_eq!(left, 2);
}

#[tokio::test]
async fn another_server_is_listed_from_its_beginning() {
    let mut server = Server::with(&[]);
    let store = store(json!({ "port": server.port() }));
    fill(&*store, "k:", 5_000).await;
    let first = store.keys("k:", None).await.unwrap();
    assert!(first.next.is_some());
    server.kill();
    server.start();
    // Its hash table has another order.
    while store.init().await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let keys = fill(&*store, "k:", 5_000).await;
    assert_eq!(rest(&*store, "k:", first.next).await, keys);
}

#[tokio::test]
async fn clear_of_everything_leaves_other_databases_alone() {
    let server = Server::with(&[]);
    let (first, second) =
        (store(json!({ "port": server.port() })), store(json!({ "port": server.port(), "db": 1 })));
    fill(&*first, "k:", 2_500).await;
    set(&*second, &key("k"), Entry::new("v")).await.unwrap();
    let kept = Key::from("kept");
    set(&*second, &kept, Entry::new("v")).await.unwrap();
    redkv_testing::conformance::clear(&*first, "").await;
    assert_eq!(rest(&*first, "", None).await, HashSet::new());
    assert_eq!(get(&*second, &kept).await.unwrap(), entry("v"));
}
