//! The bookkeeping, step by step.

use std::sync::Arc;

use super::*;
use crate::{Answer, Replies};
use redkv_core::entry::Entry;
use redkv_core::error::{Error, Result};
use redkv_core::store::Want;

struct Nobody;

impl Replies for Nobody {
    fn reply(&self, _index: u32, _answer: Result<Answer>) {}

    fn abandon(&self, _error: &Error) {}
}

fn nobody() -> Arc<dyn Replies> {
    Arc::new(Nobody)
}

fn waiter(index: u32) -> Waiter {
    Waiter { replies: nobody(), index }
}

fn told(waiters: &Waiters) -> Vec<u32> {
    waiters.iter().map(|waiter| waiter.index).collect()
}

const GET: Question = Question::Get(Want::Value);

fn key() -> Key {
    "k".into()
}

fn value(job: &WriteJob) -> &[u8] {
    match &job.change {
        Change::Set(entry) | Change::SetIfAbsent(entry) => &entry.value,
        Change::Delete => b"-",
    }
}

impl Table {
    fn get(&mut self, index: u32) -> Option<ReadJob> {
        self.ask(Scope::Chain, GET, index)
    }

    fn ask(&mut self, scope: Scope, question: Question, index: u32) -> Option<ReadJob> {
        self.read(key(), scope, question, &nobody(), index)
    }

    /// Who is told of the end of a walk, its caller first.
    fn arrive(&mut self, job: &ReadJob) -> Vec<u32> {
        let caller = (job.index != 0).then_some(job.index);
        caller.into_iter().chain(told(&self.finish_read(&key(), job.flight))).collect()
    }

    fn call(&mut self, scope: Scope, change: Change, index: u32) {
        self.write(key(), scope, change, waiter(index));
    }

    fn set(&mut self, value: &'static str, index: u32) {
        self.call(Scope::Chain, Change::Set(Entry::new(value)), index);
    }

    /// The one write that can begin.
    fn begin(&mut self) -> WriteJob {
        let mut jobs = self.startable();
        assert_eq!(jobs.len(), 1);
        jobs.remove(0)
    }

    fn finish(&mut self) -> (Vec<u32>, Due) {
        let mut due = Due::default();
        let waiters = self.finish_write(&key(), &mut due);
        (told(&waiters), due)
    }
}

#[test]
fn a_read_of_an_idle_key_is_due_at_once_and_leaves_nothing_behind() {
    let mut table = Table::default();
    let job = table.get(1).unwrap();
    assert_eq!(table.arrive(&job), [1]);
    assert!(table.is_empty());
}

#[test]
fn a_read_joins_a_walk_with_the_same_question_and_scope() {
    let mut table = Table::default();
    let job = table.get(1).unwrap();
    assert!(table.get(2).is_none());
    assert!(table.ask(Scope::Tier(0), GET, 3).is_some());
    assert!(table.ask(Scope::Chain, Question::Has, 4).is_some());
    assert_eq!(table.arrive(&job), [1, 2]);
    assert!(!table.is_empty());
}

#[test]
fn a_finished_walk_has_nobody_left_to_tell() {
    let mut table = Table::default();
    let job = table.get(1).unwrap();
    table.finish_read(&key(), job.flight);
    assert!(table.finish_read(&key(), job.flight).is_empty());
}

#[test]
fn a_write_of_an_idle_key_is_startable_at_once_and_leaves_nothing_behind() {
    let mut table = Table::default();
    table.set("1", 1);
    assert_eq!(value(&table.begin()), b"1");
    let (told, due) = table.finish();
    assert_eq!(told, [1]);
    assert!(due.is_empty());
    assert!(table.is_empty());
}

#[test]
fn writes_of_one_admission_become_one_and_keep_the_order_of_their_callers() {
    let mut table = Table::default();
    table.set("1", 1);
    table.set("2", 2);
    table.set("3", 3);
    assert_eq!(value(&table.begin()), b"3");
    assert!(table.startable().is_empty());
    assert_eq!(table.finish().0, [1, 2, 3]);
    assert!(table.is_empty());
}

#[test]
fn a_write_waits_for_the_one_on_its_way() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    table.set("2", 2);
    table.set("3", 3);
    assert!(table.startable().is_empty());
    let (told, due) = table.finish();
    assert_eq!(told, [1]);
    assert_eq!(value(&due.writes[0]), b"3");
    assert_eq!(table.finish().0, [2, 3]);
    assert!(table.is_empty());
}

#[test]
fn a_write_overtakes_what_it_covers_up_to_what_it_does_not() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    table.set("2", 2);
    table.call(Scope::Tier(0), Change::Delete, 3);
    table.call(Scope::Tier(0), Change::Set(Entry::new("4")), 4);
    table.call(Scope::Tier(1), Change::Delete, 5);
    table.call(Scope::Tier(0), Change::Delete, 6);
    let (_, due) = table.finish();
    assert_eq!((value(&due.writes[0]), due.writes[0].scope), (&b"2"[..], Scope::Chain));
    let (two, due) = table.finish();
    assert_eq!((value(&due.writes[0]), due.writes[0].scope), (&b"4"[..], Scope::Tier(0)));
    let (four, due) = table.finish();
    assert_eq!(due.writes[0].scope, Scope::Tier(1));
    let (five, due) = table.finish();
    assert_eq!(due.writes[0].scope, Scope::Tier(0));
    let (six, _) = table.finish();
    assert_eq!([two, four, five, six], [vec![2], vec![3, 4], vec![5], vec![6]]);
    assert!(table.is_empty());
}

#[test]
fn a_write_of_the_chain_overtakes_all_queued_ones_in_the_order_of_their_callers() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    table.set("2", 2);
    table.call(Scope::Tier(0), Change::Delete, 3);
    table.call(Scope::Tier(1), Change::Delete, 4);
    table.set("5", 5);
    let (_, due) = table.finish();
    assert_eq!(value(&due.writes[0]), b"5");
    assert_eq!(table.finish().0, [2, 3, 4, 5]);
    assert!(table.is_empty());
}

#[test]
fn a_conditional_write_neither_overtakes_nor_is_overtaken() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    table.set("2", 2);
    table.call(Scope::Chain, Change::SetIfAbsent(Entry::new("3")), 3);
    table.set("4", 4);
    table.set("5", 5);
    assert_eq!(table.finish().0, [1]);
    assert_eq!(table.finish().0, [2]);
    assert_eq!(table.finish().0, [3]);
    assert_eq!(table.finish().0, [4, 5]);
    assert!(table.is_empty());
}

#[test]
fn a_read_waits_for_the_writes_called_before_it_and_for_no_others() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    assert!(table.get(2).is_none());
    table.set("3", 3);
    assert!(table.get(4).is_none());
    let (_, due) = table.finish();
    assert_eq!(table.arrive(&due.reads[0]), [2]);
    let (_, due) = table.finish();
    assert_eq!(table.arrive(&due.reads[0]), [4]);
    assert!(table.is_empty());
}

#[test]
fn a_read_that_waits_for_an_overtaken_write_is_released_by_the_newer_one() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    table.set("2", 2);
    assert!(table.get(3).is_none());
    table.set("4", 4);
    let (_, due) = table.finish();
    assert!(due.reads.is_empty());
    let (_, due) = table.finish();
    assert_eq!(table.arrive(&due.reads[0]), [3]);
    assert!(table.is_empty());
}

#[test]
fn readers_that_are_released_together_share_a_walk_per_question_and_scope() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    table.get(2);
    table.ask(Scope::Tier(0), GET, 3);
    table.get(4);
    table.ask(Scope::Chain, Question::Has, 5);
    let (_, due) = table.finish();
    let walks: Vec<_> = due.reads.iter().map(|job| table.arrive(job)).collect();
    assert_eq!(walks, [vec![2, 4], vec![3], vec![5]]);
    assert!(table.is_empty());
}

#[test]
fn a_reader_that_was_released_does_not_join_a_walk_from_before_the_write() {
    let mut table = Table::default();
    let before = table.get(1).unwrap();
    table.set("2", 2);
    table.begin();
    table.get(3);
    let (_, due) = table.finish();
    assert_eq!(due.reads.len(), 1);
    assert!(table.get(4).is_none());
    assert_eq!(table.arrive(&before), [1]);
    assert_eq!(table.arrive(&due.reads[0]), [3, 4]);
    assert!(table.is_empty());
}

#[test]
fn a_walk_that_began_between_two_writes_is_not_joined_after_the_second() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    table.get(2);
    table.set("3", 3);
    let (_, between) = table.finish();
    table.finish();
    assert!(table.get(4).is_some());
    assert!(!table.begin_fill("k", between.reads[0].flight));
}

#[test]
fn a_walk_may_fill_while_nothing_is_written() {
    let mut table = Table::default();
    let job = table.get(1).unwrap();
    assert!(table.may_fill_now("k", job.flight));
    assert!(table.begin_fill("k", job.flight));
}

#[test]
fn a_walk_that_was_released_by_the_last_write_may_fill() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    table.get(2);
    let (_, due) = table.finish();
    assert!(table.begin_fill("k", due.reads[0].flight));
}

#[test]
fn a_walk_may_not_fill_once_a_write_was_called_whatever_became_of_it() {
    let mut table = Table::default();
    let job = table.get(1).unwrap();
    table.set("2", 2);
    assert!(!table.may_fill_now("k", job.flight));
    assert!(!table.begin_fill("k", job.flight));
    table.begin();
    assert!(!table.begin_fill("k", job.flight));
    table.finish();
    assert!(!table.may_fill_now("k", job.flight));
    assert!(!table.begin_fill("k", job.flight));
}

#[test]
fn a_walk_that_is_unknown_may_not_fill() {
    let mut table = Table::default();
    assert!(!table.begin_fill("k", 1));
    let job = table.get(1).unwrap();
    table.finish_read(&key(), job.flight);
    assert!(!table.may_fill_now("k", job.flight));
}

#[test]
fn a_write_waits_for_all_fills_and_then_begins_with_what_came_last() {
    let mut table = Table::default();
    let (one, two) = (table.get(1).unwrap(), table.ask(Scope::Chain, Question::Has, 2).unwrap());
    assert!(table.begin_fill("k", one.flight));
    assert!(table.begin_fill("k", two.flight));
    table.set("3", 3);
    assert!(table.startable().is_empty());
    table.set("4", 4);
    assert!(table.startable().is_empty());
    let mut due = Due::default();
    table.finish_fill(&key(), &mut due);
    assert!(due.writes.is_empty());
    table.finish_fill(&key(), &mut due);
    assert_eq!(value(&due.writes[0]), b"4");
    table.finish_read(&key(), one.flight);
    table.finish_read(&key(), two.flight);
    assert_eq!(table.finish().0, [3, 4]);
    assert!(table.is_empty());
}

#[test]
fn a_read_during_a_fill_joins_its_walk_until_a_write_is_called() {
    let mut table = Table::default();
    let job = table.get(1).unwrap();
    table.begin_fill("k", job.flight);
    assert!(table.get(2).is_none());
    table.set("3", 3);
    assert!(table.get(4).is_none());
    let mut due = Due::default();
    table.finish_fill(&key(), &mut due);
    assert_eq!(table.arrive(&job), [1, 2]);
    let (_, due) = table.finish();
    assert_eq!(table.arrive(&due.reads[0]), [4]);
    assert!(table.is_empty());
}

#[test]
fn a_sealed_walk_is_neither_joined_nor_fills() {
    let mut table = Table::default();
    let job = table.get(1).unwrap();
    table.seal();
    assert!(table.get(2).is_some());
    assert!(!table.begin_fill("k", job.flight));
    assert_eq!(table.arrive(&job), [1]);
}

#[test]
fn keys_do_not_know_of_each_other() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    assert!(table.read("other".into(), Scope::Chain, GET, &nobody(), 2).is_some());
    table.write("third".into(), Scope::Chain, Change::Delete, waiter(3));
    assert_eq!(table.begin().key, "third".into());
}

#[test]
fn what_held_the_writes_of_a_key_comes_empty_to_the_next() {
    let mut table = Table::default();
    table.set("1", 1);
    table.begin();
    table.get(2);
    table.set("3", 3);
    let (_, due) = table.finish();
    table.finish();
    table.arrive(&due.reads[0]);
    assert_eq!(table.pool.len(), 1);
    table.write("other".into(), Scope::Chain, Change::Delete, waiter(4));
    let job = table.begin();
    assert_eq!((value(&job), table.pool.len()), (&b"-"[..], 0));
    let mut due = Due::default();
    assert_eq!(told(&table.finish_write(&job.key, &mut due)), [4]);
    assert!(due.is_empty());
}

#[test]
fn what_is_finished_twice_or_unknown_tells_nobody() {
    let mut table = Table::default();
    assert!(table.finish().0.is_empty());
    table.set("1", 1);
    table.begin();
    table.finish();
    assert!(table.finish().0.is_empty());
    table.finish_fill(&key(), &mut Due::default());
    assert!(table.is_empty());
}
