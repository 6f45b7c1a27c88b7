//! Backends under a prefix, and as stores of a chain.
#![expect(clippy::unwrap_used, reason = "a failed helper ends its test")]

use std::sync::Arc;

use bytes::Bytes;
use redkv::chain::{Chain, TierConfig};
use redkv::clock::{ManualClock, SystemClock};
use redkv::entry::{Deadline, Entry, Key};
use redkv::error::{ErrorKind, Result};
use redkv::store::{Expiry, SetMode, Store, Want};
use redkv::structures::{AtomicWrite, Database, Layered, StructuresConfig, layered};
use redkv_structures::plain_values::PlainValues;
use redkv_structures::prefixed::PrefixedStructures;
use redkv_structures::{Action, Answer, Change, Command, Limits, MemoryStructures, Structures, Write};
use redkv_testing::conformance::Subject;
use redkv_testing::{conformance_suite, structures_suite};

fn memory() -> Arc<MemoryStructures> {
    Arc::new(MemoryStructures::default())
}

async fn under_a_prefix() -> Arc<dyn Structures> {
    Arc::new(PrefixedStructures::new("app:", memory()))
}

structures_suite!(suite_under_a_prefix, super::under_a_prefix);

async fn plain_values() -> Subject {
    let clock = Arc::new(ManualClock::starting_at(1_000_000));
    Subject::with_clock(Arc::new(PlainValues::new(memory())), clock)
}

conformance_suite!(plain_values_conformance, super::plain_values);

async fn get(db: &dyn Structures, key: &'static str) -> Option<Bytes> {
    let Answer::Value(value) = run(db, key, Action::Get).await.unwrap() else { unreachable!("a value") };
    value
}

async fn run(db: &dyn Structures, key: &'static str, action: Action) -> Result<Answer> {
    db.run(&[Command::new(key, action)]).await.remove(0)
}

#[tokio::test]
async fn a_prefix_is_before_every_key_and_keeps_two_of_them_apart() {
    let inner = memory();
    let one = PrefixedStructures::new("one:", inner.clone());
    let other = PrefixedStructures::new("other:", inner.clone());
    run(&one, "k", Action::Set("1".into())).await.unwrap();
    let write = [Write::new("k", Change::Set("2".into()))];
    other.write_atomically(&write, 0).await.unwrap();
    assert_eq!(get(&*inner, "one:k").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(get(&*inner, "other:k").await.as_deref(), Some(&b"2"[..]));
    assert_eq!(get(&one, "k").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(get(&*inner, "k").await, None);
    let each = ["3", "4"].map(|text| vec![Write::new("k", Change::Set(text.into()))]);
    assert!(other.write_each_atomically(&each, 0).await.iter().all(Result::is_ok));
    assert_eq!(get(&*inner, "other:k").await.as_deref(), Some(&b"4"[..]));
    assert_eq!(get(&one, "k").await.as_deref(), Some(&b"1"[..]));
}

#[tokio::test]
async fn a_database_names_the_operation_of_an_atomic_write_that_an_error_is_about() {
    let Layered { backend, values, fences, calls, policy } = layered(memory(), TierConfig::default());
    let chain = Arc::new(Chain::new(Arc::new(SystemClock)));
    chain.add(values, policy).unwrap();
    let config = StructuresConfig { has_strict_kinds: false, limits_of_dynamodb: false, retries: 3 };
    let database = Arc::new(Database::new(chain, backend.clone(), fences, calls, config));
    run(&*backend, "text", Action::Set("text".into())).await.unwrap();
    let operations = vec![Write::new("k", Change::Set("v".into())), Write::new("text", Change::IncrBy(1))];
    let error = database.write_atomically(AtomicWrite { operations, retries: None }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(error.message().ends_with("(operation 1 of the atomic write, incrBy)"), "{error}");
}

#[tokio::test]
async fn a_prefix_takes_its_part_of_the_longest_key() {
    let db = PrefixedStructures::new("app:", Arc::new(MemoryStructures::new(Limits::DYNAMODB)));
    assert_eq!(db.limits(), Limits { key: 2_044, ..Limits::DYNAMODB });
    let longest = Command::new("k".repeat(2_044), Action::Get);
    assert!(db.limits().check(&longest).is_ok());
    assert!(db.run(&[longest]).await.remove(0).is_ok());
    assert!(db.limits().check(&Command::new("k".repeat(2_045), Action::Get)).is_err());
}

#[tokio::test]
async fn a_store_of_plain_values_shares_them_with_its_backend() {
    let inner = memory();
    let store = PlainValues::new(inner.clone());
    run(&*inner, "n", Action::IncrBy(7)).await.unwrap();
    let read = store.get(&["n".into()], Want::Value).await.remove(0).unwrap();
    assert_eq!(read, Some(Entry::new("7")));
    assert!(store.set(&[("k".into(), Entry::new("v"))], SetMode::Always).await.remove(0).unwrap());
    assert_eq!(get(&*inner, "k").await.as_deref(), Some(&b"v"[..]));
    let capabilities = store.capabilities();
    assert_eq!(capabilities.expiry, Expiry::None);
    assert!(!capabilities.enumerable && !capabilities.clearable && !capabilities.durable);
}

#[tokio::test]
async fn in_a_store_of_plain_values_a_key_of_another_kind_fails_alone_and_is_replaced_when_it_is_written() {
    let inner = memory();
    let store = PlainValues::new(inner.clone());
    run(&*inner, "s", Action::SAdd(vec!["m".into()])).await.unwrap();
    run(&*inner, "k", Action::Set("v".into())).await.unwrap();
    let keys: [Key; 2] = ["s".into(), "k".into()];
    let mut answers = store.get(&keys, Want::Value).await;
    assert_eq!(answers.remove(1).unwrap(), Some(Entry::new("v")));
    assert_eq!(answers.remove(0).unwrap_err().kind(), ErrorKind::Type);
    assert!(store.has(&keys[..1]).await.remove(0).unwrap());
    assert!(!store.set(&[("s".into(), Entry::new("x"))], SetMode::IfAbsent).await.remove(0).unwrap());
    assert!(store.set(&[("s".into(), Entry::new("x"))], SetMode::Always).await.remove(0).unwrap());
    assert_eq!(get(&*inner, "s").await.as_deref(), Some(&b"x"[..]));
}

#[tokio::test]
async fn in_a_store_of_plain_values_a_deadline_is_refused() {
    let store = PlainValues::new(memory());
    let entry = Entry::until("v", Deadline::at(2_000_000));
    let error = store.set(&[("k".into(), entry)], SetMode::Always).await.remove(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(!store.has(&["k".into()]).await.remove(0).unwrap());
}
