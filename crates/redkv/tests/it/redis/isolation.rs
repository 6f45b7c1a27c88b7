//! Callers who share a batch: what one of them is refused, the others are not.

use std::sync::Arc;

use redkv::clock::{Clock, SystemClock};
use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{Answers, SetMode, Store, Want};
use serde_json::json;

use super::hostile::cuts_off_what_is_large;
use super::{entry, get, set, store};
use crate::redis::support::server::Server;
use crate::redis::support::servers::Cluster;

/// A user who may use the keys `app:*`, and run all commands but `without`.
fn user_of_app(server: &Server, without: &str) -> Arc<dyn Store> {
    let commands = if without.is_empty() { "+@all".to_owned() } else { format!("+@all {without}") };
    let mut words = vec!["ACL", "SETUSER", "app", "on", ">secret", "~app:*"];
    words.extend(commands.split(' '));
    let _: () = server.ask(&words);
    store(json!({ "port": server.port(), "username": "app", "password": "secret" }))
}

fn keys(names: &[&str]) -> Vec<Key> {
    names.iter().map(|name| Key::from(*name)).collect()
}

fn kinds<T: Clone>(answers: &Answers<T>) -> Vec<Result<T, ErrorKind>> {
    answers.iter().map(|answer| answer.clone().map_err(|error| error.kind())).collect()
}

const REFUSED: ErrorKind = ErrorKind::Store;

#[tokio::test]
async fn beside_a_forbidden_key_others_are_read() {
    let server = Server::with(&[]);
    let _: () = server.ask(&["SET", "app:1", "one"]);
    let store = user_of_app(&server, "");
    let batch = keys(&["app:1", "other", "app:2"]);
    let expected = [Ok(entry("one")), Err(REFUSED), Ok(None)];
    assert_eq!(kinds(&store.get(&batch, Want::Value).await), expected);
    assert_eq!(kinds(&store.get(&batch, Want::ValueAndDeadline).await), expected);
    assert_eq!(kinds(&store.has(&batch).await), [Ok(true), Err(REFUSED), Ok(false)]);
}

#[tokio::test]
async fn beside_a_forbidden_key_many_are_read_with_their_deadlines_and_scripts_stay_in_use() {
    let server = Server::with(&[]);
    let _: () = server.ask(&["SET", "app:7", "seven", "PX", "100000"]);
    let store = user_of_app(&server, "");
    let mut batch: Vec<_> = (0..40).map(|n| Key::from(format!("app:{n}"))).collect();
    batch[3] = "other".into();
    let answers = store.get(&batch, Want::ValueAndDeadline).await;
    assert_eq!(answers[3].as_ref().unwrap_err().kind(), REFUSED);
    let found = answers[7].as_ref().unwrap().as_ref().unwrap();
    assert!(found.deadline.is_some_and(|deadline| deadline.remaining(SystemClock.now()) <= 100_000));
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(None))).count(), 38);
    batch[3] = "app:3".into();
    assert!(store.get(&batch, Want::ValueAndDeadline).await.iter().all(Result::is_ok));
    assert!(server.info("cmdstat_eval").starts_with("calls=1,"), "{}", server.info("cmdstat_eval"));
}

#[tokio::test]
async fn beside_a_forbidden_key_others_are_written_and_deleted() {
    let server = Server::with(&[]);
    let store = user_of_app(&server, "");
    let entries = |value: &'static str| -> Vec<(Key, Entry)> {
        keys(&["app:1", "other", "app:2"]).into_iter().map(|key| (key, Entry::new(value))).collect()
    };
    let written = [Ok(true), Err(REFUSED), Ok(true)];
    assert_eq!(kinds(&store.set(&entries("v"), SetMode::Always).await), written);
    let values: Vec<Option<String>> = server.ask(&["MGET", "app:1", "other", "app:2"]);
    assert_eq!(values, [Some("v".to_owned()), None, Some("v".to_owned())]);
    assert_eq!(kinds(&store.delete(&keys(&["app:1", "other"])).await), [Ok(()), Err(REFUSED)]);
    let written = [Ok(true), Err(REFUSED), Ok(false)];
    assert_eq!(kinds(&store.set(&entries("w"), SetMode::IfAbsent).await), written);
}

#[tokio::test]
async fn of_a_user_without_scripts_values_are_read_with_their_deadlines() {
    let server = Server::with(&[]);
    let _: () = server.ask(&["SET", "app:7", "seven", "PX", "100000"]);
    let store = user_of_app(&server, "-eval");
    let mut batch: Vec<_> = (0..40).map(|n| Key::from(format!("app:{n}"))).collect();
    assert!(store.get(&batch, Want::ValueAndDeadline).await.iter().all(Result::is_ok));
    batch[3] = "other".into();
    let answers = store.get(&batch, Want::ValueAndDeadline).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
    assert!(answers[7].as_ref().unwrap().as_ref().unwrap().deadline.is_some());
}

#[tokio::test]
async fn a_user_who_may_not_ask_for_types_learns_what_is_there() {
    let server = Server::with(&[]);
    let _: () = server.ask(&["SET", "app:1", "one"]);
    let store = user_of_app(&server, "-type");
    let batch = keys(&["app:1", "other", "app:2"]);
    for _ in 0..2 {
        assert_eq!(kinds(&store.has(&batch).await), [Ok(true), Err(REFUSED), Ok(false)]);
    }
}

/// A value of more than 1 MB, and others beside it.
fn one_too_large() -> Vec<(Key, Entry)> {
    let mut entries: Vec<_> = (0..5).map(|n| (Key::from(format!("k{n}")), Entry::new("v"))).collect();
    entries[2].1 = Entry::new("x".repeat(2_000_000));
    entries[4].1.deadline = Some(SystemClock.deadline_in(100_000));
    entries
}

/// Writes too large a value again and again, beside others and beside reads and writes of other callers.
async fn write_one_too_large(store: &dyn Store) {
    set(store, &"there".into(), Entry::new("value")).await.unwrap();
    for _ in 0..4 {
        let (entries, there, more) = (one_too_large(), Key::from("there"), Key::from("more"));
        let (written, read, wrote) = futures_util::future::join3(
            store.set(&entries, SetMode::Always),
            get(store, &there),
            set(store, &more, Entry::new("v")),
        )
        .await;
        assert_eq!(kinds(&written), [Ok(true), Ok(true), Err(REFUSED), Ok(true), Ok(true)]);
        let error = written[2].as_ref().unwrap_err();
        assert!(!error.may_have_applied() && !error.is_retryable(), "{error:?}");
        assert_eq!(read.unwrap(), entry("value"));
        assert!(wrote.unwrap());
    }
    for key in keys(&["k0", "k1", "k3", "k4", "more"]) {
        assert_eq!(get(store, &key).await.unwrap().unwrap().value, "v", "{key:?}");
    }
}

#[tokio::test]
async fn a_value_over_the_limit_of_the_server_is_refused_alone_and_costs_one_connection() {
    let server = Server::with(&["--proto-max-bulk-len", "1mb"]);
    let store = store(json!({ "port": server.port() }));
    let before: u64 = server.info("total_connections_received").parse().unwrap();
    write_one_too_large(&*store).await;
    let after: u64 = server.info("total_connections_received").parse().unwrap();
    // Those of the store, and the one that asks.
    assert_eq!(after - before, 3);
    let exact = Entry::new("x".repeat(1 << 20));
    assert!(set(&*store, &"exact".into(), exact).await.unwrap());
}

#[tokio::test]
async fn a_value_over_a_limit_that_the_server_does_not_tell_is_refused_alone() {
    let server = Server::with(&["--proto-max-bulk-len", "1mb"]);
    let _: () = server.ask(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-config"]);
    write_one_too_large(&*store(json!({ "port": server.port(), "username": "app", "password": "secret" })))
        .await;
}

#[tokio::test]
async fn a_key_over_the_limit_of_the_server_is_refused_alone() {
    let server = Server::with(&["--proto-max-bulk-len", "1mb"]);
    let store = store(json!({ "port": server.port() }));
    set(&*store, &"k".into(), Entry::new("v")).await.unwrap();
    let long = "k".repeat(1_100_000);
    let batch = keys(&[&long, "k", "missing"]);
    assert_eq!(kinds(&store.get(&batch, Want::Value).await), [Err(REFUSED), Ok(entry("v")), Ok(None)]);
    let longer = "k".repeat(1_200_000);
    let batch = keys(&["k", &longer, &long]);
    assert_eq!(kinds(&store.get(&batch, Want::ValueAndDeadline).await)[0], Ok(entry("v")));
    assert_eq!(kinds(&store.has(&batch).await), [Ok(true), Err(REFUSED), Err(REFUSED)]);
    assert_eq!(kinds(&store.delete(&batch).await), [Ok(()), Err(REFUSED), Err(REFUSED)]);
}

#[tokio::test]
async fn a_value_over_which_connections_are_closed_without_a_word_is_refused_in_the_end() {
    let server = Server::with(&[]);
    let port = cuts_off_what_is_large(server.port(), 1_000_000).await;
    let store = store(json!({ "port": port }));
    set(&*store, &"there".into(), Entry::new("value")).await.unwrap();
    let mut refused = 0;
    for _ in 0..5 {
        let (large, large_key, there) =
            (Entry::new("x".repeat(3_000_000)), Key::from("large"), Key::from("there"));
        let (written, read) =
            futures_util::future::join(set(&*store, &large_key, large), get(&*store, &there)).await;
        refused += u32::from(written.unwrap_err().kind() == REFUSED);
        assert_eq!(read.unwrap(), entry("value"));
    }
    assert_eq!(refused, 4, "all but the first, which may be an accident");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_keys_fail_alone() {
    let cluster = Cluster::start(3, 0, &["--proto-max-bulk-len", "1mb"]);
    for node in &cluster.nodes {
        let _: () = node.ask(&["ACL", "SETUSER", "app", "on", ">secret", "~app:*", "+@all"]);
    }
    let port = cluster.nodes[0].port();
    let options = json!({ "cluster": [{ "port": port, "host": "127.0.0.1" }], "username": "app", "password": "secret" });
    let store = store(options);
    // In one slot, so that they share commands, and in others.
    let batch = keys(&["app:{a}1", "other{a}", "app:{a}2", "app:b", "other", "app:c"]);
    let expected = |good: bool| -> Vec<_> {
        batch.iter().map(|key| if key.starts_with("app:") { Ok(good) } else { Err(REFUSED) }).collect()
    };
    let entries: Vec<_> = batch.iter().map(|key| (key.clone(), Entry::new("v"))).collect();
    assert_eq!(kinds(&store.set(&entries, SetMode::Always).await), expected(true));
    for want in [Want::Value, Want::ValueAndDeadline] {
        let there =
            kinds(&store.get(&batch, want).await).into_iter().map(|it| it.map(|entry| entry.is_some()));
        assert_eq!(there.collect::<Vec<_>>(), expected(true), "{want:?}");
    }
    assert_eq!(kinds(&store.has(&batch).await), expected(true));
    // One that is too large, in one slot with others.
    let good = keys(&["app:{a}1", "app:{a}2", "app:{a}3", "app:b"]);
    let write = || {
        let size = |n: usize| if n == 1 { 2_000_000 } else { 1 };
        good.iter()
            .enumerate()
            .map(|(n, key)| (key.clone(), Entry::new("w".repeat(size(n)))))
            .collect::<Vec<_>>()
    };
    for _ in 0..3 {
        let written = kinds(&store.set(&write(), SetMode::Always).await);
        assert_eq!(written, [Ok(true), Err(REFUSED), Ok(true), Ok(true)]);
    }
    let list = Key::from("app:{a}list");
    redis::cmd("RPUSH")
        .arg(list.as_str())
        .arg("x")
        .exec(&mut cluster.nodes[cluster.master_of("{a}", 0)].client("", 0))
        .unwrap();
    let two = [good[0].clone(), list];
    assert_eq!(kinds(&store.get(&two, Want::Value).await), [Ok(entry("w")), Ok(None)]);
    assert_eq!(kinds(&store.get(&two[1..], Want::Value).await), [Ok(None)]);
    assert_eq!(kinds(&store.has(&two).await), [Ok(true), Ok(false)]);
    assert_eq!(
        kinds(&store.delete(&batch).await),
        expected(true).into_iter().map(|it| it.map(drop)).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_command_that_a_user_may_not_run_is_named() {
    let server = Server::with(&[]);
    let store = user_of_app(&server, "-pttl -del");
    let key = Key::from("app:1");
    let read = store.get(std::slice::from_ref(&key), Want::ValueAndDeadline).await.remove(0).unwrap_err();
    assert!(read.message().contains("'pttl'"), "{read}");
    let deleted = store.delete(&[key]).await.remove(0).unwrap_err();
    assert!(deleted.message().contains("'del'"), "{deleted}");
}
