//! A back-fill never brings back what was overwritten or deleted meanwhile.

use redkv_testing::Operation;

use crate::semantics::harness::*;

#[tokio::test(start_paused = true)]
async fn a_read_called_before_a_set_does_not_fill_its_old_value_into_memory() {
    let (world, memory, [first]) = chain_behind_memory();
    first.put("k", "old");
    let gate = first.faults.hold_after(Operation::Get);
    let get = world.get("k");
    gate.arrival().await;
    assert!(world.set("k", "new").written().await);
    gate.open();
    assert_eq!(get.value().await, some("old"));
    assert_eq!(memory.holds("k"), some("new"));
    assert_eq!(world.get("k").value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_read_called_before_a_delete_does_not_bring_the_value_back_into_memory() {
    let (world, memory, [first]) = chain_behind_memory();
    first.put("k", "old");
    let gate = first.faults.hold_after(Operation::Get);
    let get = world.get("k");
    gate.arrival().await;
    assert!(world.delete("k").written().await);
    gate.open();
    assert_eq!(get.value().await, some("old"));
    assert_eq!(memory.holds("k"), None);
    assert_eq!(world.get("k").value().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_read_called_before_a_set_does_not_fill_its_old_value_into_a_remote_tier() {
    let (world, [first, second]) = chain();
    second.put("k", "old");
    let gate = second.faults.hold_after(Operation::Get);
    let get = world.get("k");
    gate.arrival().await;
    assert!(world.set("k", "new").written().await);
    gate.open();
    assert_eq!(get.value().await, some("old"));
    assert_eq!(first.holds("k"), some("new"));
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 0);
}

#[tokio::test(start_paused = true)]
async fn a_read_called_before_a_delete_does_not_bring_the_value_back_into_a_remote_tier() {
    let (world, [first, second]) = chain();
    second.put("k", "old");
    let gate = second.faults.hold_after(Operation::Get);
    let get = world.get("k");
    gate.arrival().await;
    assert!(world.delete("k").written().await);
    gate.open();
    assert_eq!(get.value().await, some("old"));
    assert_eq!(first.holds("k"), None);
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 0);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_began_while_a_write_was_on_its_way_fills_nothing_old() {
    let (world, [first, second]) = chain();
    second.put("k", "old");
    let at_set = second.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    at_set.arrival().await;
    let get = world.get("k");
    let two = world.delete("k");
    let at_get = second.faults.hold_after(Operation::Get);
    let at_first = first.faults.hold_after(Operation::Delete);
    first.put("k", "evicted later");
    at_set.open();
    assert!(one.written().await);
    at_first.arrival().await;
    at_first.open();
    assert!(two.written().await);
    at_get.open();
    get.answer().await.unwrap();
    assert_eq!(first.holds("k"), None);
    assert_eq!(world.get("k").value().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_write_to_one_store_alone_fences_back_fills_too() {
    let (world, [first, second]) = chain();
    second.put("k", "old");
    let gate = second.faults.hold_after(Operation::Get);
    let get = world.get("k");
    gate.arrival().await;
    assert!(first.delete("k").written().await);
    gate.open();
    assert_eq!(get.value().await, some("old"));
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 0);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_write_fences_back_fills_too() {
    let (world, [first, second]) = chain();
    second.put("k", "old");
    let gate = second.faults.hold_after(Operation::Get);
    let get = world.get("k");
    gate.arrival().await;
    second.faults.inject(Operation::Set, redkv_testing::Fault::LoseAnswer(lost()));
    world.set("k", "new").error().await;
    gate.open();
    assert_eq!(get.value().await, some("old"));
    quiet().await;
    assert_eq!(first.holds("k"), None);
    assert_eq!(world.get("k").value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_set_waits_for_a_back_fill_that_is_on_its_way() {
    let (world, [first, second]) = chain();
    second.put("k", "old");
    let gate = first.faults.hold_before(Operation::SetIfAbsent);
    let get = world.get("k");
    gate.arrival().await;
    let set = world.set("k", "new");
    quiet().await;
    assert_eq!(second.faults.count(Operation::Set), 0);
    gate.open();
    assert_eq!(get.value().await, some("old"));
    assert!(set.written().await);
    assert_eq!(first.holds("k"), some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_delete_waits_for_a_back_fill_that_is_on_its_way() {
    let (world, [first, second]) = chain();
    second.put("k", "old");
    let gate = first.faults.hold_before(Operation::SetIfAbsent);
    let get = world.get("k");
    gate.arrival().await;
    let delete = world.delete("k");
    quiet().await;
    assert_eq!(second.faults.count(Operation::Delete), 0);
    gate.open();
    assert_eq!(get.value().await, some("old"));
    assert!(delete.written().await);
    assert_eq!((first.holds("k"), second.holds("k")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_write_waits_for_all_back_fills_of_its_key() {
    let (world, [first, second, third]) = chain();
    third.put("k", "old");
    let (at_first, at_second) =
        (first.faults.hold_before(Operation::SetIfAbsent), second.faults.hold_before(Operation::SetIfAbsent));
    let get = world.get("k");
    at_first.arrival().await;
    at_second.arrival().await;
    let delete = world.delete("k");
    at_first.open();
    quiet().await;
    assert_eq!(third.faults.count(Operation::Delete), 0);
    at_second.open();
    assert!(delete.written().await);
    assert_eq!(get.value().await, some("old"));
    assert_eq!((first.holds("k"), second.holds("k")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_back_fill_of_one_key_does_not_hold_writes_of_others() {
    let (world, [first, second]) = chain();
    second.put("k", "v");
    let gate = first.faults.hold_before(Operation::SetIfAbsent);
    let get = world.get("k");
    gate.arrival().await;
    assert!(world.set("other", "v").written().await);
    assert!(!get.is_answered());
    gate.open();
    assert_eq!(get.value().await, some("v"));
}
