//! Runs programs, many at a time, and tells of one that fails.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::history::Event;
use super::program::{KEYS, NAMES, Program};
use super::promises::{Failure, Promise, judge};
use super::shrink::shrink;
use super::world::{Outcome, run};
use super::{generate, program};
use redkv_chain::mutants::{Planted, plant};

use redkv_core::lock::Lock;

/// A program that fails, and how.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) seed: u64,
    /// How many programs were run before it.
    pub(super) runs: u64,
    pub(super) failure: Failure,
}

/// Runs the programs of `count` seeds from `first` on, on all processors, until one fails.
pub(super) fn search(first: u64, count: u64, bug: Option<Planted>) -> Option<Finding> {
    let (next, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let found: Lock<Option<Finding>> = Lock::default();
    let work = || {
        plant(bug);
        while !is_over.load(Ordering::Relaxed) {
            let runs = next.fetch_add(1, Ordering::Relaxed);
            if runs >= count {
                return;
            }
            let seed = first.wrapping_add(runs);
            let program = generate::program(seed);
            if let Err(failure) = judge(&program, &run(&program)) {
                is_over.store(true, Ordering::Relaxed);
                let mut found = found.lock();
                if found.as_ref().is_none_or(|found| found.runs > runs) {
                    *found = Some(Finding { seed, runs, failure });
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    found.into_inner()
}

/// Whether a program breaks `promise`.
pub(super) fn breaks(program: &Program, promise: Promise) -> bool {
    judge(program, &run(program)).is_err_and(|failure| failure.promise == promise)
}

/// The smallest program found that breaks the same promise as `program`.
pub(super) fn smallest(program: &Program, promise: Promise) -> Program {
    shrink(program.clone(), |candidate| breaks(candidate, promise))
}

/// The program of a seed made as small as it goes, if it fails: how to replay it, what it does and what happened.
pub(super) fn explain(seed: u64) -> Option<String> {
    let program = generate::program(seed);
    let failure = judge(&program, &run(&program)).err()?;
    let small = smallest(&program, failure.promise);
    Some(format!("REDKV_TEST_SEED={seed} breaks a promise.\n{}", describe(&small)))
}

/// A program, what happened in it, and what was wrong.
pub(super) fn describe(program: &Program) -> String {
    let outcome = run(program);
    let mut text = format!("{program}\n{}", trace(&outcome));
    if let Err(Failure { promise, what }) = judge(program, &outcome) {
        let _ = writeln!(text, "\n{promise:?} does not hold: {what}");
    }
    text
}

/// What happened, a line each.
pub(super) fn trace(outcome: &Outcome) -> String {
    let mut text = String::new();
    let start = outcome.record.events.first().map_or(0, |event| event.0);
    for (number, (time, event)) in outcome.record.events.iter().enumerate() {
        let _ = write!(text, "  {number:4} {:6} ms  ", time - start);
        let _ = match event {
            Event::Called(op) => {
                let called = &outcome.record.ops[*op];
                writeln!(text, "operation {op}: instance {}: {}", called.instance, called.request)
            }
            Event::Answered(op, reply) => writeln!(text, "operation {op} answered: {reply:?}"),
            Event::Sent { tier, instance, operation, keys, plan } => {
                let keys: Vec<_> =
                    KEYS.iter().zip(keys).filter_map(|(key, named)| named.then_some(*key)).collect();
                let store = NAMES[*tier];
                let gone =
                    if *plan == program::Plan::default() { String::new() } else { format!(" ({plan})") };
                writeln!(text, "  {store}, instance {instance}: {operation:?} {keys:?}{gone}")
            }
            Event::Made(effect) => {
                let late = if effect.is_late { ", late" } else { "" };
                let (store, key) = (NAMES[effect.tier], KEYS[effect.key]);
                writeln!(text, "  {store}, instance {}: {key} {:?}{late}", effect.instance, effect.change)
            }
            Event::Down { tier, instance } => {
                writeln!(text, "instance {instance} does not ask {} any more", NAMES[*tier])
            }
            Event::Up { tier, instance } => writeln!(text, "instance {instance} asks {} again", NAMES[*tier]),
            Event::Closed(instance) => writeln!(text, "instance {instance} closed"),
        };
    }
    text
}
