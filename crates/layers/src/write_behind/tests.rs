use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::sleep;

use super::{BehindConfig, Host, WriteBehind};
use redkv_core::clock::ManualClock;
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{SetMode, Store, Want};
use redkv_store_memory::{MemoryConfig, MemoryStore};
use redkv_testing::conformance::Subject;
use redkv_testing::{Fault, Faults, Faulty, Operation};

mod random;

mod over_memory {
    use super::*;

    async fn subject() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        let memory = Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone()));
        Subject::with_clock(Arc::new(behind(memory, clock.clone())), clock)
    }

    redkv_testing::conformance_suite!(conformance, super::subject);
}

mod over_a_store_that_answers_late {
    use super::*;

    async fn subject() -> Subject {
        let Case { store, clock, .. } = Case::new();
        Subject::with_clock(store, clock)
    }

    redkv_testing::conformance_suite!(conformance, super::subject);
}

mod over_a_store_that_often_fails {
    use super::*;

    async fn subject() -> Subject {
        let Case { store, clock, faults, .. } = Case::new();
        // Of a write nobody knows whether it was made; it is made again.
        let mut rng = Rng::with_seed(5);
        faults.script(move |call| {
            let is_write = matches!(call.operation, Operation::Set | Operation::Delete);
            let fault = Fault::LoseAnswer(Error::new(ErrorKind::Connection, "lost"));
            if is_write && rng.bool() { vec![fault] } else { Vec::new() }
        });
        Subject::with_clock(store, clock)
    }

    redkv_testing::conformance_suite!(conformance, super::subject);
}

fn behind(inner: Arc<dyn Store>, clock: Arc<ManualClock>) -> WriteBehind {
    WriteBehind::new(inner, BehindConfig::default(), Duration::from_secs(5), clock)
}

/// Records the reports that it gets.
#[derive(Default)]
struct Witness {
    lost: Mutex<Vec<(Key, bool, Error)>>,
    holds: Mutex<Vec<bool>>,
}

impl Host for Witness {
    fn hold(&self, holds: bool) {
        self.holds.lock().unwrap().push(holds);
    }

    fn failed(&self, _failures: &[(Key, Error)]) {}

    fn lost(&self, key: &Key, entry: Option<&Entry>, error: &Error) {
        self.lost.lock().unwrap().push((key.clone(), entry.is_some(), error.clone()));
    }
}

struct Case {
    store: Arc<WriteBehind>,
    memory: Arc<MemoryStore>,
    faults: Faults,
    clock: Arc<ManualClock>,
    witness: Arc<Witness>,
}

impl Case {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        let memory = Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone()));
        let faulty = Faulty::new(memory.clone());
        let faults = faulty.faults();
        let store = Arc::new(behind(Arc::new(faulty), clock.clone()));
        let witness = Arc::new(Witness::default());
        let host: Weak<Witness> = Arc::downgrade(&witness);
        store.attach(host);
        Self { store, memory, faults, clock, witness }
    }

    async fn set(&self, key: &str, value: impl Into<bytes::Bytes>) -> Result<bool> {
        self.store.set(&[(key.into(), Entry::new(value))], SetMode::Always).await.remove(0)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.store.delete(&[key.into()]).await.remove(0)
    }

    async fn value(&self, key: &str) -> Option<String> {
        value_in(&*self.store, key).await
    }

    async fn held(&self, key: &str) -> Option<String> {
        value_in(&*self.memory, key).await
    }
}

async fn value_in(store: &dyn Store, key: &str) -> Option<String> {
    let entry = store.get(&[key.into()], Want::Value).await.remove(0).unwrap();
    entry.map(|entry| String::from_utf8(entry.value.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_being_sent_is_read_from_the_queue_until_it_is_acknowledged() {
    let case = Case::new();
    let gate = case.faults.hold_before(Operation::Set);
    case.set("k", "v").await.unwrap();
    gate.arrival().await;
    assert_eq!((case.value("k").await.as_deref(), case.held("k").await), (Some("v"), None));
    assert!(case.store.has(&["k".into()]).await.remove(0).unwrap());
    case.delete("k").await.unwrap();
    assert_eq!(case.value("k").await, None);
    assert!(!case.store.has(&["k".into()]).await.remove(0).unwrap());
    gate.open();
    case.store.flush().await.unwrap();
    assert_eq!(case.faults.count(Operation::Get) + case.faults.count(Operation::Has), 0);
    assert_eq!(case.held("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn of_writes_of_a_key_that_wait_only_the_last_is_sent() {
    let case = Case::new();
    let gate = case.faults.hold_before(Operation::Set);
    case.set("k", "1").await.unwrap();
    gate.arrival().await;
    for value in ["2", "3", "4"] {
        case.set("k", value).await.unwrap();
    }
    gate.open();
    case.store.flush().await.unwrap();
    let sent: Vec<_> =
        case.faults.calls_of(Operation::Set).into_iter().flat_map(|call| call.values).collect();
    assert_eq!(sent, ["1", "4"]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_sent_together() {
    let case = Case::new();
    let gate = case.faults.hold_before(Operation::Set);
    for n in 0..8 {
        case.set(&format!("first {n}"), "v").await.unwrap();
        gate.arrival().await;
    }
    for n in 0..20 {
        case.set(&n.to_string(), "v").await.unwrap();
    }
    gate.open();
    case.store.flush().await.unwrap();
    let calls = case.faults.calls_of(Operation::Set);
    assert_eq!(calls.iter().map(|call| call.keys.len()).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 1, 1, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_conditional_write_goes_by_the_queue_and_else_directly_with_later_writes_behind_it() {
    let case = Case::new();
    let add = |value: &'static str| {
        let (store, entries) = (case.store.clone(), [("k".into(), Entry::new(value))]);
        async move { store.set(&entries, SetMode::IfAbsent).await.remove(0).unwrap() }
    };
    let gate = case.faults.hold_before(Operation::Set);
    case.set("k", "1").await.unwrap();
    assert!(!add("2").await);
    case.delete("k").await.unwrap();
    assert!(add("3").await);
    assert_eq!(case.value("k").await.as_deref(), Some("3"));
    assert_eq!(case.faults.count(Operation::SetIfAbsent), 0);
    gate.open();
    case.store.flush().await.unwrap();
    assert_eq!(case.held("k").await.as_deref(), Some("3"));
    case.delete("k").await.unwrap();
    case.store.flush().await.unwrap();

    let gate = case.faults.hold_before(Operation::SetIfAbsent);
    let direct = tokio::spawn(add("4"));
    gate.arrival().await;
    case.faults.forget_calls();
    case.delete("k").await.unwrap();
    sleep(Duration::from_millis(10)).await;
    assert_eq!(case.faults.count(Operation::Delete), 0);
    gate.open();
    assert!(direct.await.unwrap());
    case.store.flush().await.unwrap();
    assert_eq!(case.held("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_conditional_write_that_nobody_waits_for_any_more_holds_nothing_back() {
    let case = Case::new();
    let _gate = case.faults.hold_before(Operation::SetIfAbsent);
    let entries = [("k".into(), Entry::new("1"))];
    let add = case.store.set(&entries, SetMode::IfAbsent);
    assert!(tokio::time::timeout(Duration::from_millis(10), add).await.is_err());
    case.set("k", "2").await.unwrap();
    case.store.flush().await.unwrap();
    assert_eq!(case.held("k").await.as_deref(), Some("2"));
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_ends_while_it_waits_is_gone_and_sent_as_a_deletion() {
    let case = Case::new();
    case.set("k", "old").await.unwrap();
    case.store.flush().await.unwrap();
    case.faults.inject(Operation::Set, Fault::Fail(Error::new(ErrorKind::Connection, "down")));
    let entry = Entry::until("v", Deadline::at(1_000_100));
    case.store.set(&[("k".into(), entry)], SetMode::Always).await.remove(0).unwrap();
    assert_eq!(case.value("k").await.as_deref(), Some("v"));
    case.clock.advance(100);
    assert_eq!(case.value("k").await, None);
    case.store.flush().await.unwrap();
    assert_eq!(case.held("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_holds_a_write_back_until_there_is_room() {
    let mut case = Case::new();
    let config = BehindConfig { max_pending: 2, ..BehindConfig::default() };
    let inner = Faulty::new(case.memory.clone());
    case.faults = inner.faults();
    case.store =
        Arc::new(WriteBehind::new(Arc::new(inner), config, Duration::from_secs(5), case.clock.clone()));
    let gate = case.faults.hold_before(Operation::Set);
    case.set("a", "1").await.unwrap();
    gate.arrival().await;
    case.set("b", "1").await.unwrap();
    case.set("b", "2").await.expect("it takes the place of the one before");
    let error = case.set("c", "1").await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Overload, true));
    assert!(!error.may_have_applied());
    assert_eq!(case.value("c").await, None);
    let store = case.store.clone();
    let waiting =
        tokio::spawn(
            async move { store.set(&[("c".into(), Entry::new("3"))], SetMode::Always).await.remove(0) },
        );
    sleep(Duration::from_millis(10)).await;
    assert!(!waiting.is_finished());
    gate.open();
    assert!(waiting.await.unwrap().unwrap());
    case.store.flush().await.unwrap();
    assert_eq!(case.held("c").await.as_deref(), Some("3"));
}

#[tokio::test(start_paused = true)]
async fn bytes_are_bounded_too_and_what_exceeds_the_bound_by_itself_goes_alone() {
    let case = Case::new();
    let config = BehindConfig { max_pending_bytes: 100, ..BehindConfig::default() };
    let inner = Faulty::new(case.memory.clone());
    let gate = inner.faults().hold_before(Operation::Set);
    let store = WriteBehind::new(Arc::new(inner), config, Duration::from_secs(5), case.clock.clone());
    let set = |key: &str, bytes: usize| {
        let entries = [(Key::from(key), Entry::new(vec![0; bytes]))];
        let store = &store;
        async move { store.set(&entries, SetMode::Always).await.remove(0) }
    };
    set("a", 1_000).await.unwrap();
    assert_eq!(set("b", 1).await.unwrap_err().kind(), ErrorKind::Overload);
    gate.open();
    set("b", 90).await.unwrap();
    store.flush().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_is_made_again_until_it_is_too_old() {
    let case = Case::new();
    case.faults.inject(Operation::Set, Fault::Fail(Error::new(ErrorKind::Timeout, "slow")));
    case.set("k", "1").await.unwrap();
    sleep(Duration::from_secs(50)).await;
    case.set("k", "2").await.unwrap();
    sleep(Duration::from_secs(50)).await;
    assert!(case.witness.lost.lock().unwrap().is_empty(), "the newer write has its own time");
    assert_eq!(case.value("k").await.as_deref(), Some("2"));
    sleep(Duration::from_secs(12)).await;
    let lost = std::mem::take(&mut *case.witness.lost.lock().unwrap());
    assert_eq!(lost.len(), 1);
    assert_eq!((&*lost[0].0, lost[0].1, lost[0].2.kind()), ("k", true, ErrorKind::Timeout));
    assert!(case.faults.count(Operation::Set) > 100, "once a second at least");
    assert_eq!(*case.witness.holds.lock().unwrap(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn what_can_never_work_is_lost_at_once_and_reported_by_the_next_flush_only() {
    let case = Case::new();
    case.faults.inject_for("bad", Operation::Set, Fault::Fail(Error::new(ErrorKind::Store, "too large")));
    case.set("bad", "1").await.unwrap();
    case.set("good", "1").await.unwrap();
    sleep(Duration::from_millis(10)).await;
    assert_eq!(case.witness.lost.lock().unwrap().len(), 1);
    assert_eq!(case.store.flush().await.unwrap_err().message(), "too large");
    assert_eq!(case.held("good").await.as_deref(), Some("1"));
    case.store.flush().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn flushes_on_their_way_all_fail_with_a_loss() {
    let case = Case::new();
    case.faults.inject(Operation::Set, Fault::Fail(Error::new(ErrorKind::Store, "no")));
    case.set("k", "1").await.unwrap();
    let (one, other) = tokio::join!(case.store.flush(), case.store.flush());
    assert!(one.is_err() && other.is_err());
    case.store.flush().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_flush_does_not_wait_for_what_is_written_after_it() {
    let case = Case::new();
    let gate = case.faults.hold_before(Operation::Set);
    case.set("k", "1").await.unwrap();
    gate.arrival().await;
    let store = case.store.clone();
    let flush = tokio::spawn(async move { store.flush().await });
    tokio::task::yield_now().await;
    case.set("k", "2").await.unwrap();
    gate.let_one_pass();
    gate.arrival().await;
    flush.await.unwrap().unwrap();
    assert_eq!(case.held("k").await.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn what_is_queued_at_the_end_is_lost_and_reported() {
    let case = Case::new();
    let gate = case.faults.hold_before(Operation::Set);
    case.set("sent", "1").await.unwrap();
    gate.arrival().await;
    case.delete("sent").await.unwrap();
    for _ in 0..7 {
        case.set("more", fastrand::u64(..).to_string()).await.unwrap();
    }
    case.store.close().await;
    let mut lost: Vec<_> = case.witness.lost.lock().unwrap().clone();
    lost.sort_by_key(|(key, ..)| key.clone());
    let told: Vec<_> = lost.iter().map(|(key, is_set, error)| (&**key, *is_set, error.kind())).collect();
    assert_eq!(told, [("more", true, ErrorKind::Closed), ("sent", false, ErrorKind::Closed)]);
    assert_eq!(case.set("late", "1").await.unwrap_err().kind(), ErrorKind::Closed);
    gate.open();
    sleep(Duration::from_millis(10)).await;
    assert_eq!(*case.witness.holds.lock().unwrap(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn keys_are_listed_as_the_queue_has_them() {
    let case = Case::new();
    case.set("a:there", "1").await.unwrap();
    case.set("a:deleted", "1").await.unwrap();
    case.store.flush().await.unwrap();
    let _gates = [case.faults.hold_before(Operation::Set), case.faults.hold_before(Operation::Delete)];
    case.delete("a:deleted").await.unwrap();
    case.set("a:queued", "1").await.unwrap();
    case.set("b:queued", "1").await.unwrap();
    let mut keys = case.store.keys("a:", None).await.unwrap().keys;
    keys.sort();
    assert_eq!(keys, ["a:queued", "a:there"].map(Key::from));
}
