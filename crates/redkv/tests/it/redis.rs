//! The Redis store against real servers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step ends its test")]

mod cluster;
mod conformance;
mod connecting;
mod deadlines;
mod faults;
mod hostile;
mod idle;
mod isolation;
mod keys;
mod sentinel;
pub(crate) mod support;
mod tls;

use std::sync::Arc;

use redkv::clock::{Clock, SystemClock};
use redkv::entry::{Deadline, Entry, Key};
use redkv::error::{Error, ErrorKind, Result};
use redkv::options::Fields;
use redkv::store::{SetMode, Store, Want};
use redkv::stores::{RedisConfig, build_redis};
use serde_json::{Value, json};

/// The store that `options` describe, as a user would get it.
pub(crate) fn store(options: Value) -> Arc<dyn Store> {
    store_with(options, |_| {})
}

/// The same, with what the tier says of it.
fn store_with(options: Value, change: impl FnOnce(&mut RedisConfig)) -> Arc<dyn Store> {
    let mut fields = Fields::new("redis options", options).unwrap();
    let mut config = RedisConfig::from_fields(&mut fields).unwrap();
    fields.finish().unwrap();
    change(&mut config);
    build_redis(config, Arc::new(SystemClock))
}

fn url() -> String {
    crate::support::server("REDKV_TEST_REDIS_URL")
}

/// A store on the common server, and a client of another kind to look at what it does.
fn common() -> (Arc<dyn Store>, redis::Connection) {
    (store(json!({ "url": url() })), redis::Client::open(url()).unwrap().get_connection().unwrap())
}

fn key(name: &str) -> Key {
    format!("redis-test-{:016x}:{name}", fastrand::u64(..)).into()
}

async fn get(store: &dyn Store, key: &Key) -> Result<Option<Entry>> {
    store.get(std::slice::from_ref(key), Want::Value).await.remove(0)
}

async fn get_with_deadline(store: &dyn Store, key: &Key) -> Result<Option<Entry>> {
    store.get(std::slice::from_ref(key), Want::ValueAndDeadline).await.remove(0)
}

async fn set(store: &dyn Store, key: &Key, entry: Entry) -> Result<bool> {
    store.set(&[(key.clone(), entry)], SetMode::Always).await.remove(0)
}

async fn set_if_absent(store: &dyn Store, key: &Key, entry: Entry) -> Result<bool> {
    store.set(&[(key.clone(), entry)], SetMode::IfAbsent).await.remove(0)
}

fn entry(value: &'static str) -> Option<Entry> {
    Some(Entry::new(value))
}

fn in_the_past() -> Deadline {
    Deadline::at(SystemClock.now() - 1)
}

#[tokio::test]
async fn a_key_of_another_type_is_missing_alone_and_in_company() {
    let (store, mut other) = common();
    let (list, string) = (key("list"), key("string"));
    redis::cmd("RPUSH").arg(list.as_str()).arg("x").exec(&mut other).unwrap();
    set(&*store, &string, Entry::new("value")).await.unwrap();
    let both = [list.clone(), string.clone()];
    for want in [Want::Value, Want::ValueAndDeadline] {
        assert_eq!(store.get(&both[..1], want).await.remove(0).unwrap(), None, "alone, {want:?}");
        let answers: Vec<_> = store.get(&both, want).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [None, entry("value")], "in company, {want:?}");
        let many = [&both[..], &(0..40).map(|n| key(&n.to_string())).collect::<Vec<_>>()].concat();
        let answers: Vec<_> = store.get(&many, want).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers[..2], [None, entry("value")], "in large company, {want:?}");
    }
    let there: Vec<_> = store.has(&both).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(there, [false, true]);
}

#[tokio::test]
async fn a_back_fill_does_not_replace_another_type() {
    let (store, mut other) = common();
    let key = key("list");
    redis::cmd("RPUSH").arg(key.as_str()).arg("x").exec(&mut other).unwrap();
    assert!(!set_if_absent(&*store, &key, Entry::new("value")).await.unwrap());
    let kind: String = redis::cmd("TYPE").arg(key.as_str()).query(&mut other).unwrap();
    assert_eq!(kind, "list");
}

#[tokio::test]
async fn a_write_replaces_another_type() {
    let (store, mut other) = common();
    let key = key("list");
    redis::cmd("RPUSH").arg(key.as_str()).arg("x").exec(&mut other).unwrap();
    set(&*store, &key, Entry::new("value")).await.unwrap();
    assert_eq!(get(&*store, &key).await.unwrap(), entry("value"));
}

#[tokio::test]
async fn writing_an_entry_past_its_deadline_takes_the_old_one_away() {
    let (store, _) = common();
    let (old, plain) = (key("old"), key("plain"));
    set(&*store, &old, Entry::new("old")).await.unwrap();
    let entries = [(old.clone(), Entry::until("v", in_the_past())), (plain.clone(), Entry::new("v"))];
    assert!(store.set(&entries, SetMode::Always).await.into_iter().all(|answer| answer.unwrap()));
    assert_eq!(get(&*store, &old).await.unwrap(), None);
    assert_eq!(get(&*store, &plain).await.unwrap(), entry("v"));
}

#[tokio::test]
async fn an_entry_past_its_deadline_fills_no_absent_key_and_keeps_a_present_one() {
    let (store, _) = common();
    let (absent, present) = (key("absent"), key("present"));
    set(&*store, &present, Entry::new("v")).await.unwrap();
    assert!(set_if_absent(&*store, &absent, Entry::until("x", in_the_past())).await.unwrap());
    assert!(!set_if_absent(&*store, &present, Entry::until("x", in_the_past())).await.unwrap());
    assert_eq!(get(&*store, &absent).await.unwrap(), None);
    assert_eq!(get(&*store, &present).await.unwrap(), entry("v"));
}

#[tokio::test]
async fn if_absent_keeps_the_deadline_of_what_it_writes() {
    let (store, mut other) = common();
    let key = key("k");
    let entry = Entry::until("v", SystemClock.deadline_in(100_000));
    assert!(set_if_absent(&*store, &key, entry).await.unwrap());
    let left: i64 = redis::cmd("PTTL").arg(key.as_str()).query(&mut other).unwrap();
    assert!((1..=100_000).contains(&left), "{left}");
}

#[tokio::test]
async fn if_absent_answers_a_batch_key_by_key() {
    let (store, _) = common();
    let (present, absent) = (key("present"), key("absent"));
    set(&*store, &present, Entry::new("old")).await.unwrap();
    let entries = [(present.clone(), Entry::new("new")), (absent.clone(), Entry::new("new"))];
    let answers: Vec<_> =
        store.set(&entries, SetMode::IfAbsent).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [false, true]);
    assert_eq!(get(&*store, &present).await.unwrap(), entry("old"));
    assert_eq!(get(&*store, &absent).await.unwrap(), entry("new"));
}

#[tokio::test]
async fn a_deadline_beyond_all_calendars_is_taken() {
    let (store, _) = common();
    let key = key("k");
    assert!(set(&*store, &key, Entry::until("v", Deadline::at(u64::MAX))).await.unwrap());
    assert!(get_with_deadline(&*store, &key).await.unwrap().unwrap().deadline.is_some());
}

#[tokio::test]
async fn a_batch_too_large_for_one_command_is_written_whole() {
    let (store, _) = common();
    let value = "0123456789abcdef".repeat(30_000);
    let entries: Vec<_> = (0..9).map(|n| (key(&n.to_string()), Entry::new(format!("{n}{value}")))).collect();
    assert!(store.set(&entries, SetMode::Always).await.into_iter().all(|answer| answer.unwrap()));
    let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
    let read: Vec<_> =
        store.get(&keys, Want::Value).await.into_iter().map(|answer| answer.unwrap().unwrap()).collect();
    let written: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
    assert!(read == written);
}

/// More writes than a task may make progress with in one go, all to one key.
async fn last_of_many_writes(store: &dyn Store) -> Option<Entry> {
    let key = key("k");
    let writes: Vec<[(Key, Entry); 1]> =
        (0..1000).map(|n| [(key.clone(), Entry::new(n.to_string()))]).collect();
    let answers =
        futures_util::future::join_all(writes.iter().map(|write| store.set(write, SetMode::Always))).await;
    assert!(answers.into_iter().flatten().all(|answer| answer.unwrap()));
    get(store, &key).await.unwrap()
}

#[tokio::test]
async fn writes_that_wait_for_the_connection_keep_their_order() {
    let (store, _) = common();
    assert_eq!(last_of_many_writes(&*store).await, entry("999"));
}

#[tokio::test]
async fn writes_on_an_open_connection_keep_their_order() {
    let (store, _) = common();
    store.init().await.unwrap();
    assert_eq!(last_of_many_writes(&*store).await, entry("999"));
}

#[tokio::test]
async fn the_prefix_stands_before_keys_on_the_server() {
    let mut other = redis::Client::open(url()).unwrap().get_connection().unwrap();
    let key = key("k");
    let store = store(json!({ "url": url(), "prefix": "p:" }));
    set(&*store, &key, Entry::new("v")).await.unwrap();
    let value: String = redis::cmd("GET").arg(format!("p:{}", key.as_str())).query(&mut other).unwrap();
    assert_eq!(value, "v");
}

#[tokio::test]
async fn after_closing_every_operation_is_refused() {
    let (store, _) = common();
    store.init().await.unwrap();
    store.close().await;
    store.close().await;
    assert_eq!(get(&*store, &key("k")).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(store.init().await.unwrap_err().kind(), ErrorKind::Closed);
}

/// The texts of an error and of all its causes.
fn all_texts(error: &Error) -> String {
    let mut texts = format!("{error:?} {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        texts.push_str(&format!(" {cause:?} {cause}"));
        source = cause.source();
    }
    texts
}
