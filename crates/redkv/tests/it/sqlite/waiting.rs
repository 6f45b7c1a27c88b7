//! What waits for the thread: together, in vain, or for one that panics.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};

use futures_util::FutureExt;
use redkv::clock::Clock;
use redkv::entry::Key;
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store};

use crate::sqlite::support::{Place, START, entries, get, has, set, some, unwrapped};

/// Tells the time until it is told to panic instead, once.
#[derive(Debug, Default)]
struct BrokenClock(AtomicBool);

impl Clock for BrokenClock {
    fn now(&self) -> u64 {
        assert!(!self.0.swap(false, Ordering::SeqCst), "a panic that this test asked for");
        START
    }

    fn time_of_day(&self) -> u64 {
        START
    }
}

#[tokio::test]
async fn a_panic_on_the_thread_is_an_answer_and_the_next_operation_works() {
    let place = Place::new();
    let clock = Arc::new(BrokenClock::default());
    let store = place.store_with_deadlines(clock.clone());
    set(&store, "k", "v").await.unwrap();
    clock.0.store(true, Ordering::SeqCst);
    let error = set(&store, "k", "never").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.may_have_applied());
    assert_eq!(get(&store, "k").await, some("v"));
}

/// Tells the time, but first holds up who asks: once, between `entered` and `release`.
#[derive(Debug)]
struct Gate {
    armed: AtomicBool,
    meet: Barrier,
}

impl Gate {
    fn new() -> Arc<Self> {
        Arc::new(Self { armed: AtomicBool::new(true), meet: Barrier::new(2) })
    }

    fn entered(&self) {
        self.meet.wait();
    }

    fn release(&self) {
        self.meet.wait();
    }
}

impl Clock for Gate {
    fn now(&self) -> u64 {
        if self.armed.swap(false, Ordering::SeqCst) {
            self.meet.wait();
            self.meet.wait();
        }
        START
    }

    fn time_of_day(&self) -> u64 {
        START
    }
}

#[tokio::test]
async fn batches_that_wait_together_are_answered_each_for_itself() {
    let place = Place::new();
    let gate = Gate::new();
    let store = place.store_with_deadlines(gate.clone());
    let (first, second, third) = (entries(["a"]), entries(["k", "b"]), entries(["c", "k", "d"]));
    let keys: Vec<_> = ["a", "missing", "d"].map(Key::from).into();

    let mut running = store.set(&first, SetMode::Always);
    assert!((&mut running).now_or_never().is_none());
    gate.entered();
    let mut one = store.set(&second, SetMode::IfAbsent);
    let mut other = store.set(&third, SetMode::IfAbsent);
    let mut read = store.has(&keys);
    assert!((&mut one).now_or_never().is_none());
    assert!((&mut other).now_or_never().is_none());
    assert!((&mut read).now_or_never().is_none());
    gate.release();

    assert_eq!(unwrapped(running.await), [true]);
    assert_eq!(unwrapped(one.await), [true, true]);
    assert_eq!(unwrapped(other.await), [true, false, true]);
    assert_eq!(unwrapped(read.await), [true, false, true], "a read sees the writes before it");
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_begun() {
    let place = Place::new();
    let gate = Gate::new();
    let store = place.store_with_deadlines(gate.clone());
    let (first, second) = (entries(["a"]), entries(["abandoned"]));
    let mut running = store.set(&first, SetMode::Always);
    assert!((&mut running).now_or_never().is_none());
    gate.entered();
    assert!(store.set(&second, SetMode::Always).now_or_never().is_none());
    gate.release();

    assert_eq!(unwrapped(running.await), [true]);
    assert!(!has(&store, "abandoned").await);
}
