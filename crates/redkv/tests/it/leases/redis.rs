//! Leases in Redis: one server, behind a sentinel, and in a cluster.

use std::time::Duration;

use redkv::store::leases::LEASE_KEY;
use redkv_testing::conformance::clear;
use redkv_testing::leases::{LONG, Pair, assert_held, of, taken, taken_soon};
use redkv_testing::leases_suite;
use serde_json::{Value, json};

use crate::redis::store;
use crate::redis::support::server::Server;
use crate::support;

fn pair(options: &Value) -> Pair {
    [store(options.clone()), store(options.clone())]
}

async fn server() -> Pair {
    pair(&json!({ "url": support::server("REDKV_TEST_REDIS_URL") }))
}

async fn server_with_a_prefix() -> Pair {
    pair(&json!({ "url": support::server("REDKV_TEST_REDIS_URL"), "prefix": "leases}:" }))
}

async fn cluster() -> Pair {
    pair(&json!({ "cluster": [support::server("REDKV_TEST_REDIS_CLUSTER_URL")] }))
}

async fn cluster_with_a_hash_tag() -> Pair {
    let node = support::server("REDKV_TEST_REDIS_CLUSTER_URL");
    pair(&json!({ "cluster": [node], "prefix": "{leases}:" }))
}

async fn sentinel() -> Pair {
    pair(&json!({ "sentinels": [support::server("REDKV_TEST_REDIS_SENTINEL_URL")], "name": "main" }))
}

leases_suite!(of_a_server, super::server);
leases_suite!(of_a_server_with_a_prefix, super::server_with_a_prefix);
leases_suite!(of_a_cluster, super::cluster);
leases_suite!(of_a_cluster_with_a_hash_tag, super::cluster_with_a_hash_tag);
leases_suite!(behind_a_sentinel, super::sentinel);

/// Stores on a server of the test's own.
fn alone() -> (Server, Pair) {
    let server = Server::with(&[]);
    let stores = pair(&json!({ "port": server.port() }));
    (server, stores)
}

#[tokio::test]
async fn a_lease_is_a_key_with_the_token_that_lives_to_the_millisecond() {
    let (server, stores) = alone();
    let token = taken(&stores[0], "a}b", Duration::from_millis(60_123)).await;
    let key = format!("{LEASE_KEY}{{a%7Db}}");
    let last = format!("{key}:last");
    assert_eq!(server.ask::<u64>(&["GET", &key]), token);
    assert_eq!(server.ask::<u64>(&["GET", &last]), token);
    let life: u64 = server.ask(&["PTTL", &key]);
    assert!((1..=60_123).contains(&life), "{life}");
    assert!(server.ask::<u64>(&["PTTL", &last]) > 24 * 3600 * 1000);
    assert!(of(&stores[0]).renew("a}b", token, LONG).await.unwrap());
    assert!(server.ask::<u64>(&["PTTL", &key]) > 60_123);
    assert!(of(&stores[0]).release("a}b", token).await.unwrap());
    assert_eq!(server.ask::<u64>(&["EXISTS", &key, &last]), 1);
}

#[tokio::test]
async fn tokens_grow_after_everything_was_flushed() {
    let (server, stores) = alone();
    let first = taken(&stores[0], "a", LONG).await;
    server.ask::<()>(&["FLUSHALL"]);
    assert!(!of(&stores[0]).renew("a", first, LONG).await.unwrap());
    assert!(taken(&stores[1], "a", LONG).await > first);
}

#[tokio::test]
async fn tokens_grow_while_the_clock_of_the_server_is_behind() {
    let (server, stores) = alone();
    let first = taken(&stores[0], "a", LONG).await;
    // As it is for a server whose clock was set back by an hour since.
    let ahead = first + 3_600_000_000;
    server.ask::<()>(&["SET", &format!("{LEASE_KEY}{{a}}:last"), &ahead.to_string()]);
    assert!(of(&stores[0]).release("a", first).await.unwrap());
    assert_eq!(taken(&stores[1], "a", Duration::from_millis(10)).await, ahead + 1);
    assert_eq!(taken_soon(&stores[0], "a", LONG).await, ahead + 2);
}

#[tokio::test]
async fn listing_and_clearing_a_whole_server_leaves_leases_alone() {
    let (server, stores) = alone();
    let token = taken(&stores[0], "a", LONG).await;
    server.ask::<()>(&["SET", "k", "v"]);
    let page = stores[0].keys("", None).await.unwrap();
    assert_eq!(page.keys.iter().map(|key| key.as_str()).collect::<Vec<_>>(), ["k"]);
    clear(&*stores[0], "").await;
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), 2);
    assert_held(&stores, "a", token).await;
}

#[tokio::test]
async fn a_step_without_an_answer_is_not_made_again() {
    let (mut server, stores) = alone();
    let token = taken(&stores[0], "a", LONG).await;
    server.pause();
    let asked = async {
        let renewed = of(&stores[0]).renew("a", token, LONG);
        let killed = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.kill();
            server.start();
        };
        futures_util::future::join(renewed, killed).await.0
    };
    assert!(asked.await.unwrap_err().may_have_applied());
}

#[tokio::test]
async fn a_lease_under_a_key_of_another_type_is_an_error() {
    let (server, stores) = alone();
    server.ask::<()>(&["RPUSH", &format!("{LEASE_KEY}{{a}}:last"), "x"]);
    let error = of(&stores[0]).acquire("a", LONG).await.unwrap_err();
    assert!(!error.is_retryable() && !error.may_have_applied(), "{error}");
    assert_eq!(server.ask::<u64>(&["EXISTS", &format!("{LEASE_KEY}{{a}}")]), 0);
}
