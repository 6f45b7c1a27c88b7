//! The model checker at work, and that it finds what is planted.

use super::generate;
use super::report::{breaks, describe, explain, search, smallest, trace};
use super::world::run;
use redkv_chain::mutants::{Planted, plant};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[test]
fn random_programs_keep_the_promises() {
    if let Some(seed) = number("REDKV_TEST_SEED") {
        if let Some(text) = explain(seed) {
            panic!("{text}");
        }
        return println!("the program of seed {seed} breaks no promise");
    }
    let (first, count) = (fastrand::u64(..), number("REDKV_MODEL_RUNS").unwrap_or(3_000));
    let began = std::time::Instant::now();
    let found = search(first, count, None);
    println!("{count} programs, seeds from {first} on, {:.1} s", began.elapsed().as_secs_f64());
    if let Some(found) = found {
        panic!("{}", explain(found.seed).unwrap_or_else(|| format!("not again: {found:?}")));
    }
}

#[test]
fn a_seed_always_runs_the_same_way() {
    let first = fastrand::u64(..);
    for seed in (0..200).map(|number| first.wrapping_add(number)) {
        let program = generate::program(seed);
        assert_eq!(trace(&run(&program)), trace(&run(&program)), "REDKV_TEST_SEED={seed}\n{program}");
    }
}

#[test]
fn a_program_that_fails_is_made_smaller() {
    let found = search(fastrand::u64(..), 20_000, Some(Planted::ReadsOvertake)).unwrap();
    plant(Some(Planted::ReadsOvertake));
    let small = smallest(&generate::program(found.seed), found.failure.promise);
    assert!(small.steps.len() <= 8, "{}", describe(&small));
    assert!(breaks(&small, found.failure.promise), "{}", describe(&small));
    plant(None);
}

fn assert_found(bug: Planted) {
    let first = fastrand::u64(..);
    let found = search(first, 20_000, Some(bug));
    let found = found.unwrap_or_else(|| panic!("{bug:?} is not found from seed {first} on"));
    println!("{bug:?}: found after {} programs: {:?}", found.runs + 1, found.failure);
}

#[test]
fn it_finds_a_missing_fence() {
    assert_found(Planted::NoFence);
}

#[test]
fn it_finds_back_fills_that_replace() {
    assert_found(Planted::FillReplaces);
}

#[test]
fn it_finds_writes_out_of_order() {
    assert_found(Planted::NoOrder);
}

#[test]
fn it_finds_reads_that_overtake_writes() {
    assert_found(Planted::ReadsOvertake);
}

#[test]
fn it_finds_reads_that_join_old_walks() {
    assert_found(Planted::JoinsOldWalks);
}

#[test]
fn it_finds_a_missing_invalidation() {
    assert_found(Planted::NoInvalidation);
}

#[test]
fn it_finds_reads_of_what_waits_to_be_invalidated() {
    assert_found(Planted::ReadsStale);
}

#[test]
fn it_finds_synchronous_reads_that_overtake_writes() {
    assert_found(Planted::FrontOvertakes);
}

#[test]
fn it_finds_a_store_that_counts_as_down_for_ever() {
    assert_found(Planted::NoBreakerReset);
}

#[test]
fn it_finds_that_a_store_that_is_down_is_asked() {
    assert_found(Planted::AsksWhatIsDown);
}

#[test]
fn it_finds_missing_tombstones() {
    assert_found(Planted::NoTombstones);
}

#[test]
fn it_finds_that_late_writes_are_not_waited_for() {
    assert_found(Planted::NoQuarantine);
}

#[test]
fn it_finds_a_missing_deadline() {
    assert_found(Planted::NoDeadline);
}
