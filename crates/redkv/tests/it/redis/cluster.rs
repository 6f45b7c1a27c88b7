//! A cluster whose slots move.

mod faults;

use std::time::Duration;

use futures_util::FutureExt;
use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Want};
use serde_json::json;
use tokio::time::sleep;

use super::{entry, get, set, set_if_absent, store};
use crate::redis::support::load::Load;
use crate::redis::support::server::Server;
use crate::redis::support::servers::{Cluster, until};
use crate::support::port::free_port;

fn tagged(count: usize) -> Vec<Key> {
    (0..count).map(|n| Key::from(format!("{{tag}}:{n}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_moves_under_load_and_nobody_notices() {
    let cluster = Cluster::start(3, 0, &[]);
    let slot = cluster.slot("{tag}");
    let from = cluster.master_of("{tag}", 0);
    let to = (from + 1) % 3;
    let load = Load::on(cluster.store(), tagged(20), false);
    load.progress(5).await;
    cluster.begin_to_move(slot, from, to);
    load.progress(5).await;
    while cluster.move_keys(slot, from, to, 2) {
        load.progress(2).await;
    }
    let (asked, moved) = (cluster.errors("ASK"), cluster.errors("MOVED"));
    assert!(asked > 0, "keys that had moved were asked for");
    cluster.end_move(slot, from, to);
    load.progress(5).await;
    assert!(cluster.errors("MOVED") > moved, "the slot had moved");
    assert!(load.counters.iter().all(|counter| counter.failures() == 0));
    load.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_on_a_slot_that_is_half_moved_are_answered_key_by_key() {
    let cluster = Cluster::start(3, 0, &[]);
    let slot = cluster.slot("{tag}");
    let from = cluster.master_of("{tag}", 0);
    let to = (from + 1) % 3;
    let store = cluster.store();
    let keys = tagged(20);
    let entries =
        |value: &'static str| -> Vec<_> { keys.iter().map(|key| (key.clone(), Entry::new(value))).collect() };
    assert!(store.set(&entries("old"), SetMode::Always).await.into_iter().all(|answer| answer.unwrap()));
    cluster.begin_to_move(slot, from, to);
    assert!(cluster.move_keys(slot, from, to, 10));
    for want in [Want::Value, Want::ValueAndDeadline] {
        let read = store.get(&keys, want).await;
        assert!(read.into_iter().all(|answer| answer.unwrap() == entry("old")));
    }
    assert!(cluster.errors("TRYAGAIN") > 0, "no node had all keys of a command");
    assert!(store.has(&keys).await.into_iter().all(|answer| answer.unwrap()));
    assert!(store.set(&entries("x"), SetMode::IfAbsent).await.into_iter().all(|answer| !answer.unwrap()));
    assert!(store.set(&entries("new"), SetMode::Always).await.into_iter().all(|answer| answer.unwrap()));
    let read = store.get(&keys, Want::Value).await;
    assert!(read.into_iter().all(|answer| answer.unwrap() == entry("new")));
    assert!(store.delete(&keys).await.into_iter().all(|answer| answer.is_ok()));
    assert!(store.has(&keys).await.into_iter().all(|answer| !answer.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_slot_is_no_reason_for_everybody_to_ask_for_the_map() {
    let cluster = Cluster::start(3, 0, &[]);
    let slot = cluster.slot("{tag}");
    let from = cluster.master_of("{tag}", 0);
    let to = (from + 1) % 3;
    let store = cluster.store();
    let keys = tagged(200);
    assert!(store.has(&keys).await.into_iter().all(|answer| answer.is_ok()));
    cluster.begin_to_move(slot, from, to);
    cluster.end_move(slot, from, to);
    let (before, moved) = (cluster.map_requests(), cluster.errors("MOVED"));
    // It hears nothing until all have left.
    cluster.nodes[from].pause();
    let mut asked = Box::pin(futures_util::future::join_all(keys.iter().map(|key| get(&*store, key))));
    assert!(asked.as_mut().now_or_never().is_none());
    cluster.nodes[from].resume();
    assert!(asked.await.into_iter().all(|answer| answer.is_ok()));
    assert!(cluster.errors("MOVED") >= moved + 100, "they were on their way when the first was told");
    until("a request for the map", || cluster.map_requests() > before);
    sleep(Duration::from_millis(300)).await;
    let requests = cluster.map_requests() - before;
    assert!(requests < 10, "{requests} for the {} that were moved", cluster.errors("MOVED") - moved);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_absent_answers_once_however_far_it_goes() {
    let cluster = Cluster::start(3, 0, &[]);
    let slot = cluster.slot("{tag}");
    let from = cluster.master_of("{tag}", 0);
    let to = (from + 1) % 3;
    let store = cluster.store();
    let keys = tagged(3);
    set(&*store, &keys[0], Entry::new("v")).await.unwrap();
    cluster.begin_to_move(slot, from, to);
    let entries: Vec<_> = keys.iter().map(|key| (key.clone(), Entry::new("w"))).collect();
    let answers: Vec<_> =
        store.set(&entries, SetMode::IfAbsent).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [false, true, true]);
    assert!(!set_if_absent(&*store, &keys[1], Entry::new("x")).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_although_slots_move_meanwhile() {
    let cluster = Cluster::start(3, 0, &[]);
    let slot = cluster.slot("{tag}");
    let from = cluster.master_of("{tag}", 0);
    let store = cluster.store();
    let entries: Vec<_> = (0..3000).map(|n| (Key::from(format!("k{n}")), Entry::new("v"))).collect();
    assert!(store.set(&entries, SetMode::Always).await.into_iter().all(|answer| answer.unwrap()));
    let moving = tagged(50);
    for key in &moving {
        set(&*store, key, Entry::new("v")).await.unwrap();
    }
    let mut found = std::collections::HashSet::new();
    let (mut after, mut pages) = (None, 0);
    loop {
        let page = store.keys("", after.as_ref()).await.unwrap();
        found.extend(page.keys);
        pages += 1;
        if pages == 2 {
            let to = (from + 2) % 3;
            cluster.begin_to_move(slot, from, to);
            while cluster.move_keys(slot, from, to, 100) {}
            cluster.end_move(slot, from, to);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(moving.iter().chain(entries.iter().map(|(key, _)| key)).all(|key| found.contains(key)));
    redkv_testing::conformance::clear(&*store, "k").await;
    assert!(store.has(&moving).await.into_iter().all(|answer| answer.unwrap()));
    let keys: Vec<_> = entries.into_iter().map(|(key, _)| key).collect();
    assert!(store.has(&keys).await.into_iter().all(|answer| !answer.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_cluster_is_a_final_error() {
    let server = Server::with(&[]);
    let error = store(json!({ "cluster": true, "port": server.port() })).init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false));
    assert!(error.message().contains("is not part of a cluster"), "{error}");
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_a_retryable_error_and_nothing_was_done() {
    let store = store(json!({ "cluster": [{ "host": "127.0.0.1", "port": free_port() }] }));
    let error = set(&*store, &Key::from("k"), Entry::new("v")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    assert!(!error.may_have_applied());
    store.close().await;
    assert_eq!(get(&*store, &Key::from("k")).await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn addresses_of_another_network_are_mapped() {
    let node = Server::node(&["--cluster-announce-ip", "10.255.255.1"]);
    let _: () = node.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    until("the cluster", || node.ask::<String>(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    let port = node.port();
    let map = json!({ format!("10.255.255.1:{port}"): { "host": "127.0.0.1", "port": port } });
    let store = store(json!({ "cluster": true, "port": port, "natMap": map }));
    let key = Key::from("k");
    set(&*store, &key, Entry::new("v")).await.unwrap();
    assert_eq!(get(&*store, &key).await.unwrap(), entry("v"));
}
