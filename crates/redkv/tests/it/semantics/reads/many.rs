//! Reads of many keys as one call: each key is answered as if it had been read alone.

use redkv::chain::{Chain, Question, TierConfig};
use redkv::error::ErrorKind;
use redkv_testing::{Fault, Operation};

use crate::semantics::harness::*;

#[tokio::test(start_paused = true)]
async fn every_key_is_answered_at_its_place() {
    let (world, [first, second]) = chain();
    first.put("a", "1");
    second.put("b", "2");
    let [b, missing, a] = world.get_many(["b", "missing", "a"]);
    assert_eq!(b.value().await, some("2"));
    assert_eq!(missing.value().await, None);
    assert_eq!(a.value().await, some("1"));
    assert_eq!(first.holds("b"), some("2"));
}

#[tokio::test(start_paused = true)]
async fn many_keys_are_asked_for_as_one_batch() {
    let (world, [first]) = chain();
    first.put("a", "1");
    let [a, b, c] = world.get_many(["a", "b", "c"]);
    assert_eq!((a.value().await, b.value().await, c.value().await), (some("1"), None, None));
    assert_eq!(first.faults.calls_of(Operation::Get).len(), 1);
    assert_eq!(first.faults.calls_of(Operation::Get)[0].keys.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn repeated_keys_are_asked_for_once_and_answered_each() {
    let (world, [first]) = chain();
    first.put("k", "v");
    let [one, two, other, three] = world.get_many(["k", "k", "other", "k"]);
    assert_eq!(
        [one.value().await, two.value().await, three.value().await],
        [some("v"), some("v"), some("v")]
    );
    assert_eq!(other.value().await, None);
    assert_eq!(first.faults.calls_of(Operation::Get)[0].keys.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn whether_there_are_entries_is_answered_for_each() {
    let (world, [first, second]) = chain();
    first.put("a", "1");
    second.put("b", "2");
    let [a, b, missing, again] = world.ask_many(Question::Has, ["a", "b", "missing", "a"]);
    assert!(a.yes().await && b.yes().await && again.yes().await);
    assert!(!missing.yes().await);
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_being_written_wait_for_that_and_the_others_do_not() {
    let (world, [first, second]) = chain();
    second.put("written", "old");
    first.put("free", "1");
    let gate = second.faults.hold_before(Operation::Set);
    let set = world.set("written", "new");
    gate.arrival().await;
    let [written, free] = world.get_many(["written", "free"]);
    assert_eq!(free.value().await, some("1"));
    assert!(!written.is_answered());
    gate.open();
    assert!(set.written().await);
    assert_eq!(written.value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn keys_that_others_are_reading_join_them() {
    let (world, [first]) = chain();
    first.put("shared", "1");
    first.put("own", "2");
    let gate = first.faults.hold_before(Operation::Get);
    let before = world.get("shared");
    gate.arrival().await;
    first.faults.heal();
    let [own, shared] = world.get_many(["own", "shared"]);
    assert_eq!(own.value().await, some("2"));
    assert!(!shared.is_answered());
    gate.open();
    assert_eq!((before.value().await, shared.value().await), (some("1"), some("1")));
    let asked: Vec<_> = first.faults.calls_of(Operation::Get).iter().map(|call| call.keys.len()).collect();
    assert_eq!(asked, [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn others_join_the_read_of_many_keys() {
    let (world, [first]) = chain();
    first.put("a", "1");
    first.put("b", "2");
    let gate = first.faults.hold_before(Operation::Get);
    let [a, b] = world.get_many(["a", "b"]);
    gate.arrival().await;
    let (single, [b_again, a_again]) = (world.get("b"), world.get_many(["b", "a"]));
    gate.open();
    assert_eq!([a.value().await, a_again.value().await], [some("1"), some("1")]);
    assert_eq!(
        [b.value().await, b_again.value().await, single.value().await],
        [some("2"), some("2"), some("2")]
    );
    assert_eq!(first.faults.count(Operation::Get), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_written_meanwhile_is_not_filled_and_the_others_are() {
    let (world, [first, second]) = chain();
    second.put("written", "old");
    second.put("other", "1");
    let gate = second.faults.hold_after(Operation::Get);
    let [written, other] = world.get_many(["written", "other"]);
    gate.arrival().await;
    second.faults.heal();
    assert!(world.set("written", "new").written().await);
    gate.open();
    assert_eq!((written.value().await, other.value().await), (some("old"), some("1")));
    assert_eq!((first.holds("written"), first.holds("other")), (some("new"), some("1")));
    assert_eq!(world.get("written").value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn keys_that_were_filled_by_a_walk_that_was_joined_are_answered_to_all() {
    let (world, front, [second]) = chain_behind_memory();
    second.put("a", "1");
    second.put("b", "2");
    let gate = second.faults.hold_before(Operation::Get);
    let [a, b] = world.get_many(["a", "b"]);
    gate.arrival().await;
    let joined = world.get("a");
    gate.open();
    assert_eq!([a.value().await, joined.value().await, b.value().await], [some("1"), some("1"), some("2")]);
    assert_eq!((front.holds("a"), front.holds("b")), (some("1"), some("2")));
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_one_key_leaves_the_others_alone() {
    let (world, [first]) = chain();
    first.put("good", "1");
    first.faults.inject_for("bad", Operation::Get, Fault::Fail(lost()));
    let [bad, good, missing] = world.get_many(["bad", "good", "missing"]);
    assert_eq!(bad.error().await.store(), Some("first"));
    assert_eq!((good.value().await, missing.value().await), (some("1"), None));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_a_store_cannot_have_is_an_error_and_the_others_are_read() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |capabilities| capabilities.empty_keys = false);
    first.put("k", "v");
    let [empty, k] = world.get_many(["", "k"]);
    assert_eq!(empty.error().await.kind(), ErrorKind::Argument);
    assert_eq!(k.value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_store_is_an_error_for_every_key() {
    let (world, [first]) = chain();
    first.faults.inject(Operation::Get, Fault::Panic);
    let [a, b] = world.get_many(["a", "b"]);
    assert_eq!(a.error().await.kind(), ErrorKind::Internal);
    assert_eq!(b.error().await.kind(), ErrorKind::Internal);
}

#[tokio::test(start_paused = true)]
async fn without_stores_every_key_is_refused() {
    let world = World::empty();
    let [a, b] = world.get_many(["a", "b"]);
    assert_eq!([a.error().await.kind(), b.error().await.kind()], [ErrorKind::NoStores; 2]);
    let [a] = world.ask_many(Question::Has, ["a"]);
    assert!(!a.yes().await);
}

#[tokio::test(start_paused = true)]
async fn a_closed_chain_refuses_every_key() {
    let (world, [_first]) = chain();
    world.chain.close().await;
    let [a, b] = world.get_many(["a", "b"]);
    assert_eq!([a.error().await.kind(), b.error().await.kind()], [ErrorKind::Closed; 2]);
}

#[tokio::test(start_paused = true)]
async fn many_keys_wait_for_the_stores_to_come_up_and_close_waits_for_them() {
    let (world, [first]) = chain();
    first.put("k", "v");
    let gate = first.faults.hold_before(Operation::Init);
    let [k, missing] = world.get_many(["k", "missing"]);
    gate.arrival().await;
    let chain = world.chain.clone();
    let closed = tokio::spawn(async move { Chain::close(&chain).await });
    tokio::task::yield_now().await;
    assert!(!closed.is_finished() && !k.is_answered());
    gate.open();
    assert_eq!((k.value().await, missing.value().await), (some("v"), None));
    closed.await.unwrap();
}
