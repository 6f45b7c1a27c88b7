use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use futures_util::FutureExt;
use tokio::time::sleep;

use super::{Bounded, StoreBounds};
use redkv_core::clock::ManualClock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind};
use redkv_core::store::{Immediate, SetMode, Store, Want};
use redkv_store_memory::{MemoryConfig, MemoryStore};
use redkv_testing::conformance::Subject;
use redkv_testing::{Fault, Faults, Faulty, Operation};

mod over_memory {
    use super::*;

    async fn subject() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        let memory = Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone()));
        Subject::with_clock(Arc::new(Bounded::new(memory, both(100_000, 1 << 30))), clock)
    }

    redkv_testing::conformance_suite!(conformance, super::subject);
}

mod over_a_store_that_answers_late {
    use super::*;

    async fn subject() -> Subject {
        let Case { store, clock, .. } = Case::new(both(100_000, 1 << 30));
        Subject::with_clock(store, clock)
    }

    redkv_testing::conformance_suite!(conformance, super::subject);
}

fn both(entries: u64, bytes: u64) -> StoreBounds {
    StoreBounds { max_entries: Some(entries), max_bytes: Some(bytes) }
}

fn entries(most: u64) -> StoreBounds {
    StoreBounds { max_entries: Some(most), max_bytes: None }
}

fn bytes(most: u64) -> StoreBounds {
    StoreBounds { max_entries: None, max_bytes: Some(most) }
}

struct Case {
    store: Arc<Bounded>,
    memory: Arc<MemoryStore>,
    faults: Faults,
    clock: Arc<ManualClock>,
}

impl Case {
    fn new(bounds: StoreBounds) -> Self {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        let memory = Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone()));
        let faulty = Faulty::new(memory.clone());
        let faults = faulty.faults();
        Self { store: Arc::new(Bounded::new(Arc::new(faulty), bounds)), memory, faults, clock }
    }

    async fn set(&self, key: &str, value: &str) {
        let entries = [(key.into(), Entry::new(value.as_bytes().to_vec()))];
        self.store.set(&entries, SetMode::Always).await.remove(0).unwrap();
    }

    async fn get(&self, key: &str) -> bool {
        self.store.get(&[key.into()], Want::Value).await.remove(0).unwrap().is_some()
    }

    fn put(&self, key: &str, value: &str) {
        let entry = Entry::new(value.as_bytes().to_vec());
        self.memory.set_now(key, (&entry).into(), SetMode::Always);
    }

    async fn held(&self) -> Vec<Key> {
        let mut keys = self.memory.keys("", None).await.unwrap().keys;
        keys.sort();
        keys
    }

    /// How many entries and bytes the store holds.
    async fn load(&self) -> (usize, usize) {
        let keys = self.held().await;
        let value = |key: &Key| self.memory.get_now(key).unwrap().value.len();
        (keys.len(), keys.iter().map(|key| key.len() + value(key)).sum())
    }
}

/// Waits until nothing goes on any more.
async fn quiet() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn no_more_entries_stay_than_the_bound_says() {
    let case = Case::new(entries(100));
    for n in 0..1_000 {
        case.set(&n.to_string(), "v").await;
    }
    quiet().await;
    assert_eq!(case.load().await.0, 100);
}

#[tokio::test(start_paused = true)]
async fn no_more_bytes_stay_than_the_bound_says_and_what_exceeds_it_by_itself_goes() {
    let case = Case::new(bytes(1_000));
    for n in 0..100 {
        case.set(&n.to_string(), &"v".repeat(n)).await;
    }
    quiet().await;
    let (count, held) = case.load().await;
    assert!(count > 5 && held <= 1_000, "{count} entries with {held} bytes");
    case.set("large", &"v".repeat(1_001)).await;
    quiet().await;
    assert!(!case.get("large").await);
}

#[tokio::test(start_paused = true)]
async fn of_two_bounds_both_hold() {
    let case = Case::new(both(10, 100));
    for n in 0..50 {
        case.set(&format!("{n:02}"), "v").await;
    }
    quiet().await;
    assert_eq!(case.load().await.0, 10);
    for n in 0..50 {
        case.set(&format!("{n:02}"), &"v".repeat(18)).await;
    }
    quiet().await;
    assert!(case.load().await.1 <= 100);
}

#[tokio::test(start_paused = true)]
async fn what_is_used_again_and_again_outlasts_a_scan() {
    let case = Case::new(entries(100));
    for _ in 0..5 {
        for n in 0..20 {
            case.set(&format!("hot {n}"), "v").await;
            assert!(case.get(&format!("hot {n}")).await);
        }
    }
    for n in 0..2_000 {
        case.set(&format!("scan {n}"), "v").await;
    }
    quiet().await;
    let hot = case.held().await.iter().filter(|key| key.starts_with("hot")).count();
    assert_eq!(hot, 20);
}

#[tokio::test(start_paused = true)]
async fn what_is_pushed_out_is_deleted_in_batches_that_nobody_waits_for() {
    let case = Case::new(entries(10));
    let gate = case.faults.hold_before(Operation::Delete);
    for n in 0..200 {
        case.set(&n.to_string(), "v").await;
    }
    assert!(case.get("199").await);
    gate.open();
    quiet().await;
    assert_eq!(case.load().await.0, 10);
    let calls = case.faults.calls_of(Operation::Delete);
    assert!(calls.len() <= 3, "{} calls", calls.len());
}

#[tokio::test(start_paused = true)]
async fn a_write_of_a_key_that_is_being_deleted_comes_after_that() {
    let case = Case::new(entries(1));
    let gate = case.faults.hold_before(Operation::Delete);
    case.set("a", "old").await;
    case.set("b", "v").await;
    let doomed = {
        gate.arrival().await;
        case.faults.calls_of(Operation::Delete).remove(0).keys.remove(0)
    };
    let store = case.store.clone();
    let key = doomed.clone();
    let write = tokio::spawn(async move { store.set(&[(key, Entry::new("new"))], SetMode::Always).await });
    quiet().await;
    assert!(!write.is_finished());
    gate.let_one_pass();
    write.await.unwrap().remove(0).unwrap();
    assert_eq!(case.memory.get_now(&doomed).unwrap().value, "new");
    gate.open();
    quiet().await;
    assert_eq!(case.load().await.0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_fails_is_made_again() {
    let case = Case::new(entries(1));
    case.faults.inject(Operation::Delete, Fault::Fail(Error::new(ErrorKind::Connection, "down")));
    case.set("a", "v").await;
    case.set("b", "v").await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(case.load().await.0, 2);
    case.faults.heal();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(case.load().await.0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_panics_or_hangs_holds_no_write_back_for_ever() {
    let case = Case::new(entries(1));
    case.faults.inject(Operation::Delete, Fault::Panic);
    case.set("a", "v").await;
    case.set("b", "v").await;
    quiet().await;
    case.faults.heal();
    let _gate = case.faults.hold_before(Operation::Delete);
    sleep(Duration::from_secs(2)).await;
    case.set("a", "w").await;
    case.set("b", "w").await;
}

#[tokio::test(start_paused = true)]
async fn what_was_there_before_is_learned_and_counts() {
    for bounds in [entries(10), bytes(20)] {
        let case = Case::new(bounds);
        for n in 0..50 {
            case.put(&format!("{n:02}"), "");
        }
        case.store.init().await.unwrap();
        quiet().await;
        assert_eq!(case.load().await.0, 10);
        assert_eq!(case.store.shared.index().len(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn learning_goes_on_after_a_failure() {
    let case = Case::new(bytes(20));
    for n in 0..50 {
        case.put(&format!("{n:02}"), "");
    }
    case.faults.inject(Operation::Keys, Fault::Fail(Error::new(ErrorKind::Connection, "down")));
    case.store.init().await.unwrap();
    sleep(Duration::from_secs(3)).await;
    case.faults.heal();
    case.faults.inject(Operation::Get, Fault::Panic);
    sleep(Duration::from_secs(10)).await;
    case.faults.heal();
    sleep(Duration::from_secs(120)).await;
    assert_eq!(case.load().await.0, 10);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_tells_its_keys_without_an_end_is_asked_again_much_later() {
    let case = Case::new(entries(10));
    case.faults.inject(Operation::Keys, Fault::NoEnd);
    case.store.init().await.unwrap();
    sleep(Duration::from_secs(60 * 60 * 24)).await;
    let asked = case.faults.count(Operation::Keys);
    assert!((48..=100).contains(&asked), "{asked}");
    case.faults.heal();
    for n in 0..50 {
        case.put(&format!("{n:02}"), "");
    }
    sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(case.load().await.0, 10);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_is_adopted_when_it_is_read() {
    let case = Case::new(entries(10));
    for n in 0..50 {
        case.put(&n.to_string(), "v");
    }
    for n in 0..50 {
        assert!(case.get(&n.to_string()).await);
    }
    quiet().await;
    assert_eq!(case.load().await.0, 10);
}

#[tokio::test(start_paused = true)]
async fn what_others_deleted_no_longer_counts_once_it_was_looked_for() {
    let case = Case::new(entries(10));
    for n in 0..10 {
        case.set(&n.to_string(), "v").await;
    }
    for n in 0..10 {
        case.memory.delete_now(&n.to_string());
        assert!(!case.get(&n.to_string()).await);
    }
    assert_eq!(case.store.shared.index().len(), 0);
    case.store.clear("", None).await.unwrap();
}

/// Random calls at the same time, over a store that sometimes fails: in the end the bounds hold, and no key is lost
/// that is known to be there.
#[tokio::test(start_paused = true)]
async fn random_calls_keep_the_bound_and_what_is_known() {
    for seed in 0..200 {
        let mut rng = Rng::with_seed(seed);
        let case = Arc::new(Case::new(both(5, 60)));
        let mut faults = rng.fork();
        case.faults.script(move |_| {
            let error = Error::new(ErrorKind::Timeout, "on purpose");
            match faults.u8(..20) {
                0 => vec![Fault::Fail(error)],
                1 => vec![Fault::LoseAnswer(error)],
                _ => Vec::new(),
            }
        });
        let calls = (0..rng.usize(10..80)).map(|_| {
            let (case, mut rng) = (case.clone(), rng.fork());
            tokio::spawn(async move {
                sleep(Duration::from_millis(rng.u64(..20))).await;
                let key = Key::from(rng.u8(..12).to_string());
                match rng.u8(..4) {
                    0 => drop(case.store.delete(&[key]).await),
                    1 => drop(case.store.get(&[key], Want::Value).await),
                    _ => {
                        let entry = Entry::new("v".repeat(rng.usize(..12)));
                        drop(case.store.set(&[(key, entry)], SetMode::Always).await);
                    }
                }
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        case.faults.heal();
        sleep(Duration::from_secs(200)).await;
        let (count, held) = case.load().await;
        assert!(count <= 5 && held <= 60, "seed {seed}: {count} entries, {held} bytes");
        let index = case.store.shared.index();
        for key in case.memory.keys("", None).now_or_never().unwrap().unwrap().keys {
            assert!(index.knows(&key), "seed {seed}: {key:?} is there and does not count");
        }
    }
}
