//! Answers on the calling thread.

use redkv::chain::{Action, FastPath, Lookup, Scope, TierConfig};
use redkv::entry::{Entry, Key};
use redkv_testing::{Fault, Operation};

use crate::semantics::harness::*;

fn front(world: &World) -> FastPath {
    world.chain.fast_path(Scope::Chain).unwrap()
}

fn known(value: &'static str) -> Lookup<Option<Entry>> {
    Lookup::Known(Some(Entry::new(value)))
}

#[tokio::test(start_paused = true)]
async fn a_hit_in_an_immediate_first_tier_is_answered_at_once() {
    let (world, memory, [_first]) = chain_behind_memory();
    world.get("up").value().await;
    memory.put("k", "v");
    assert_eq!(front(&world).get("k"), known("v"));
    assert_eq!(front(&world).has("k"), Lookup::Known(true));
}

#[tokio::test(start_paused = true)]
async fn a_miss_is_for_the_chain_to_answer() {
    let (world, _memory, [_first]) = chain_behind_memory();
    world.get("up").value().await;
    assert_eq!(front(&world).get("k"), Lookup::Ask);
    assert_eq!(front(&world).has("k"), Lookup::Ask);
}

#[tokio::test(start_paused = true)]
async fn writes_of_a_chain_of_several_stores_are_for_the_chain() {
    let (world, memory, [_first]) = chain_behind_memory();
    world.get("up").value().await;
    memory.put("k", "v");
    assert_eq!(front(&world).set("k", (&Entry::new("new")).into()), Lookup::Ask);
    assert_eq!(front(&world).delete("k"), Lookup::Ask);
    assert_eq!(memory.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_memory_alone_answers_everything_at_once() {
    let world = World::empty();
    let memory = world.add_memory();
    let front = front(&world);
    assert_eq!(front.get("k"), Lookup::Known(None));
    assert_eq!(front.has("k"), Lookup::Known(false));
    assert_eq!(front.set("k", (&Entry::new("v")).into()), Lookup::Known(()));
    assert_eq!(memory.holds("k"), some("v"));
    assert_eq!(front.get("k"), known("v"));
    assert_eq!(front.delete("k"), Lookup::Known(()));
    assert_eq!(front.get("k"), Lookup::Known(None));
}

#[tokio::test(start_paused = true)]
async fn an_entry_past_its_deadline_is_not_answered() {
    let (world, memory, [_first]) = chain_behind_memory();
    world.get("up").value().await;
    memory.put_entry("k", Entry::until("v", world.deadline(10)));
    world.clock.advance(10);
    assert_eq!(front(&world).get("k"), Lookup::Ask);
    assert_eq!(front(&world).has("k"), Lookup::Ask);
}

#[tokio::test(start_paused = true)]
async fn a_remote_first_tier_has_no_front() {
    let (world, [_first]) = chain();
    assert!(world.chain.fast_path(Scope::Chain).is_none());
    assert!(World::empty().chain.fast_path(Scope::Chain).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_memory_store_after_others_has_a_fast_path_of_its_own() {
    let world = World::empty();
    let _first = world.add(TierConfig::default(), |_| {});
    let memory = world.add_memory();
    world.get("up").value().await;
    memory.put("k", "v");
    assert!(world.chain.fast_path(Scope::Chain).is_none());
    let front = world.chain.fast_path(memory.scope).unwrap();
    assert_eq!(front.get("k"), known("v"));
    assert_eq!(front.set("k", (&Entry::new("new")).into()), Lookup::Ask);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_answered_before_the_stores_had_their_attempt() {
    let (world, memory, [_first]) = chain_behind_memory();
    memory.put("k", "v");
    assert_eq!(front(&world).get("k"), Lookup::Ask);
    world.get("up").value().await;
    assert_eq!(front(&world).get("k"), known("v"));
}

#[tokio::test(start_paused = true)]
async fn a_read_does_not_pass_by_a_write_that_was_called_but_not_yet_submitted() {
    let (world, memory, [_first]) = chain_behind_memory();
    world.get("up").value().await;
    memory.put("k", "old");
    let request = world.chain.request(Scope::Chain, Key::from("k"), Action::Set(Entry::new("new")));
    assert_eq!(front(&world).get("k"), Lookup::Ask);
    assert_eq!(front(&world).has("k"), Lookup::Ask);
    let (replies, mut waiting) = replies(1);
    world.chain.submit(vec![request], &replies);
    assert_eq!(front(&world).get("k"), Lookup::Ask);
    assert!(waiting.remove(0).written().await);
    assert_eq!(front(&world).get("k"), known("new"));
}

#[tokio::test(start_paused = true)]
async fn a_read_does_not_pass_by_a_write_that_is_held_at_the_authority() {
    let (world, memory, [first]) = chain_behind_memory();
    world.set("k", "old").written().await;
    let gate = first.faults.hold_before(Operation::Set);
    let set = world.set("k", "new");
    gate.arrival().await;
    assert_eq!(front(&world).get("k"), Lookup::Ask);
    assert_eq!(memory.holds("k"), some("old"));
    let get = world.get("k");
    gate.open();
    assert_eq!(get.value().await, some("new"));
    assert!(set.written().await);
    assert_eq!(front(&world).get("k"), known("new"));
}

#[tokio::test(start_paused = true)]
async fn a_read_does_not_pass_by_a_write_that_waits_for_the_stores_to_come_up() {
    let world = World::empty();
    let memory = world.add_memory();
    let front = front(&world);
    memory.put("k", "old");
    let first = world.add(TierConfig::default(), |_| {});
    let gate = first.faults.hold_before(Operation::Init);
    let delete = world.delete("k");
    gate.arrival().await;
    assert_eq!(front.get("k"), Lookup::Ask);
    gate.open();
    assert!(delete.written().await);
    assert_eq!(memory.holds("k"), None);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_does_not_block_the_reads_after_it() {
    let world = World::empty();
    let memory = world.add_memory();
    let first = world.add(TierConfig::default(), |can| can.max_key_bytes = 3);
    memory.put("long", "v");
    world.set("long", "new").error().await;
    assert_eq!(front(&world).get("long"), known("v"));
    assert_eq!(first.faults.count(Operation::Set), 0);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_write_does_not_block_the_reads_after_it() {
    let (world, _memory, [first]) = chain_behind_memory();
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Set, Fault::Fail(refused()));
    world.set("k", "new").error().await;
    assert_eq!(front(&world).get("k"), known("old"));
}

#[tokio::test(start_paused = true)]
async fn a_value_from_before_a_write_of_unknown_outcome_is_not_answered() {
    let (world, memory, [first]) = chain_behind_memory();
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Set, Fault::LoseAnswer(lost()));
    let front = front(&world);
    world.set("k", "new").error().await;
    assert_eq!(front.get("k"), Lookup::Ask);
    assert_eq!(world.get("k").value().await, some("new"));
    quiet().await;
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(memory.holds("k"), some("new"));
    assert_eq!(front.get("k"), known("new"));
}

#[tokio::test(start_paused = true)]
async fn what_a_read_filled_is_answered_at_once_from_then_on() {
    let (world, _memory, [first]) = chain_behind_memory();
    first.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(front(&world).get("k"), known("v"));
}

#[tokio::test(start_paused = true)]
async fn a_closed_chain_answers_nothing_at_once() {
    let world = World::empty();
    let memory = world.add_memory();
    memory.put("k", "v");
    let front = front(&world);
    world.chain.refuse();
    assert_eq!(front.get("k"), Lookup::Ask);
    assert_eq!(front.set("k", (&Entry::new("new")).into()), Lookup::Ask);
    assert_eq!(memory.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn the_ttl_of_the_tier_caps_what_is_written_at_once() {
    let world = World::empty();
    let memory = redkv::stores::MemoryStore::new(Default::default(), world.clock.clone());
    world.chain.add(std::sync::Arc::new(memory), ttl(500)).unwrap();
    let front = front(&world);
    assert_eq!(front.set("k", (&Entry::new("v")).into()), Lookup::Known(()));
    assert_eq!(front.get("k"), Lookup::Known(Some(Entry::until("v", world.deadline(500)))));
}

/// What `front` shows of `keys`, and whether it showed them all.
fn shown(front: &FastPath, keys: &[&str]) -> (Vec<Option<Vec<u8>>>, bool) {
    let mut shown = Vec::new();
    let were_all = front.read_many(keys, |value| {
        shown.push(value.map(<[u8]>::to_vec));
        true
    });
    (shown, were_all)
}

#[tokio::test(start_paused = true)]
async fn many_keys_are_answered_at_once_up_to_the_first_that_is_not_known() {
    let (world, memory, [_first]) = chain_behind_memory();
    world.get("up").value().await;
    memory.put("a", "1");
    memory.put("c", "3");
    let one = Some(b"1".to_vec());
    assert_eq!(shown(&front(&world), &["a", "a"]), (vec![one.clone(), one.clone()], true));
    assert_eq!(shown(&front(&world), &["a", "missing", "c"]), (vec![one], false));
}

#[tokio::test(start_paused = true)]
async fn of_a_store_alone_what_is_missing_is_known_too() {
    let world = World::empty();
    let memory = world.add_memory();
    memory.put("b", "2");
    assert_eq!(shown(&front(&world), &["a", "b"]), (vec![None, Some(b"2".to_vec())], true));
}

#[tokio::test(start_paused = true)]
async fn many_keys_are_not_answered_at_once_while_one_of_them_is_written() {
    let (world, memory, [_first]) = chain_behind_memory();
    world.get("up").value().await;
    memory.put("a", "1");
    memory.put("b", "old");
    let set = world.set("b", "new");
    assert_eq!(shown(&front(&world), &["a", "b"]), (Vec::new(), false));
    set.written().await;
    assert_eq!(shown(&front(&world), &["b"]), (vec![Some(b"new".to_vec())], true));
}
