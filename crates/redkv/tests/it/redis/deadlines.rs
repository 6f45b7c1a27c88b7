//! Values with the time they have left: by commands when there are few, by a script when there are many.

use std::sync::Arc;

use redkv::clock::{Clock, SystemClock};
use redkv::entry::{Deadline, Entry, Key};
use redkv::store::{SetMode, Store, Want};
use serde_json::json;

use crate::redis::support::server::Server;
use crate::redis::{common, entry, key, set, store};

/// Keys without entries: with these a batch is one of many.
fn fillers() -> Vec<Key> {
    (0..500).map(|_| key("filler")).collect()
}

/// A server, a store on it whose user may run no scripts, and a client of another kind.
fn without_scripts() -> (Server, Arc<dyn Store>, redis::Connection) {
    let server = Server::with(&["--user", "reader", "on", ">pw", "~*", "+@all", "-@scripting"]);
    let options = json!({ "port": server.port(), "username": "reader", "password": "pw" });
    let other = server.client("", 0);
    (server, store(options), other)
}

async fn every_value_gets_its_own_deadline(store: &dyn Store, others: Vec<Key>) {
    let keys = [vec![key("a"), key("b"), key("c"), key("d")], others].concat();
    let soon = SystemClock.deadline_in(100_000);
    let late = SystemClock.deadline_in(10_000_000_000);
    let entries = [
        (keys[0].clone(), Entry::until("a", soon)),
        (keys[1].clone(), Entry::new("b")),
        (keys[3].clone(), Entry::until("d", late)),
    ];
    assert!(store.set(&entries, SetMode::Always).await.into_iter().all(|answer| answer.unwrap()));
    let mut answers = store.get(&keys, Want::ValueAndDeadline).await.into_iter().map(Result::unwrap);

    let a = answers.next().unwrap().unwrap();
    assert_eq!(a.value, "a");
    assert!(a.deadline.unwrap().millis().abs_diff(soon.millis()) < 50_000);
    assert_eq!(answers.next().unwrap(), entry("b"));
    assert_eq!(answers.next().unwrap(), None);
    let d = answers.next().unwrap().unwrap();
    assert_eq!(d.value, "d");
    assert!(d.deadline.unwrap().millis().abs_diff(late.millis()) < 50_000);
    assert!(answers.all(|answer| answer.is_none()));
}

#[tokio::test]
async fn in_a_small_batch_every_value_gets_its_own_deadline() {
    let (store, _) = common();
    every_value_gets_its_own_deadline(&*store, Vec::new()).await;
}

#[tokio::test]
async fn in_a_large_batch_every_value_gets_its_own_deadline() {
    let (store, _) = common();
    every_value_gets_its_own_deadline(&*store, fillers()).await;
}

#[tokio::test]
async fn a_user_without_scripts_reads_large_batches_as_well() {
    let (_server, store, _) = without_scripts();
    every_value_gets_its_own_deadline(&*store, fillers()).await;
    every_value_gets_its_own_deadline(&*store, fillers()).await;
}

#[tokio::test]
async fn a_server_without_scripts_is_read_in_large_batches_as_well() {
    let server = Server::with(&["--rename-command", "EVAL", ""]);
    every_value_gets_its_own_deadline(&*store(json!({ "port": server.port() })), fillers()).await;
}

async fn another_type_is_missing(others: Vec<Key>) {
    let (store, mut other) = common();
    let (list, string, missing) = (key("list"), key("string"), key("missing"));
    redis::cmd("RPUSH").arg(list.as_str()).arg("x").exec(&mut other).unwrap();
    set(&*store, &string, Entry::new("value")).await.unwrap();
    let keys = [vec![list, string, missing], others].concat();
    let mut answers = store.get(&keys, Want::ValueAndDeadline).await;
    assert_eq!(answers.remove(0).unwrap(), None);
    assert_eq!(answers.remove(0).unwrap(), entry("value"));
    assert_eq!(answers.remove(0).unwrap(), None);
}

#[tokio::test]
async fn in_a_small_batch_with_deadlines_another_type_is_missing() {
    another_type_is_missing(Vec::new()).await;
}

#[tokio::test]
async fn in_a_large_batch_with_deadlines_another_type_is_missing() {
    another_type_is_missing(fillers()).await;
}

#[tokio::test]
async fn in_a_large_batch_a_deadline_beyond_all_calendars_is_read() {
    let (store, _) = common();
    let key = key("k");
    set(&*store, &key, Entry::until("v", Deadline::at(u64::MAX))).await.unwrap();
    let keys = [vec![key], fillers()].concat();
    let read = store.get(&keys, Want::ValueAndDeadline).await.remove(0).unwrap().unwrap();
    assert!(read.deadline.unwrap().millis() > SystemClock.now() + (1 << 59));
}

/// Reads a key that another client writes all the time, with and without a deadline by turns, between so many
/// others that a server reads the request in several goes, with the other client in between.
async fn pairs_stay_together(store: &dyn Store, mut other: redis::Connection) {
    let (key, stop) = (key("k"), key("stop"));
    let (name, stopped) = (key.clone(), stop.clone());
    let writer = std::thread::spawn(move || {
        while redis::cmd("EXISTS").arg(stopped.as_str()).query::<u8>(&mut other).unwrap() == 0 {
            let set = |value| redis::cmd("SET").arg(name.as_str()).arg(value).clone();
            set("mortal").arg("PX").arg(1_000_000).exec(&mut other).unwrap();
            set("immortal").exec(&mut other).unwrap();
        }
    });
    let keys = [fillers(), vec![key]].concat();
    for _ in 0..200 {
        let read = store.get(&keys, Want::ValueAndDeadline).await.remove(500).unwrap();
        let pair = read.map(|entry| (entry.value == "mortal", entry.deadline.is_some()));
        assert!(matches!(pair, None | Some((true, true)) | Some((false, false))), "{pair:?}");
    }
    set(store, &stop, Entry::new("")).await.unwrap();
    writer.join().unwrap();
}

#[tokio::test]
async fn a_value_is_never_paired_with_the_deadline_of_another_one() {
    let (store, other) = common();
    pairs_stay_together(&*store, other).await;
}

#[tokio::test]
async fn without_scripts_a_value_is_never_paired_with_the_deadline_of_another_one() {
    let (_server, store, other) = without_scripts();
    pairs_stay_together(&*store, other).await;
}
