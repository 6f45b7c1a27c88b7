//! Random operations over stores with random faults, checked against what a chain promises.
//!
//! Every run prints its seed; `REDKV_TEST_SEED=<seed>` replays it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;

use super::{Action, Answer, Chain, Front, Lookup, Question, Replies, Scope, TierConfig};
use crate::clock::ManualClock;
use crate::entry::{Entry, Key};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{Call, Fault, Faults, Faulty, Gate, Operation};
use crate::store::{Immediate, Want};
use crate::stores::{MemoryConfig, MemoryStore};

const KEYS: usize = 3;
const AUTHORITY: &str = "authority";
const TIMEOUT: Duration = Duration::from_secs(1);

/// One operation, with what is known of it when it is answered.
#[derive(Debug)]
struct Event {
    key: usize,
    kind: Kind,
    /// Writes of the key that were called before it.
    before: usize,
    /// What is known once it is answered.
    end: Option<End>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Get,
    Has,
    /// A write to all stores.
    Write,
    /// An operation whose answer is not looked at.
    Other,
}

#[derive(Debug)]
struct End {
    answer: Result<Answer>,
    /// Writes of the key that were called before the answer.
    writes: usize,
    /// Events that were called before the answer.
    events: usize,
}

/// All that was called and answered.
#[derive(Default)]
struct History {
    events: Mutex<Vec<Event>>,
    writes: [AtomicUsize; KEYS],
}

impl History {
    fn writes(&self, key: usize) -> usize {
        self.writes[key].load(Ordering::SeqCst)
    }

    fn begin(&self, key: usize, kind: Kind) -> usize {
        let mut events = self.events.lock().unwrap();
        let before = self.writes(key);
        if matches!(kind, Kind::Write) {
            self.writes[key].fetch_add(1, Ordering::SeqCst);
        }
        events.push(Event { key, kind, before, end: None });
        events.len() - 1
    }

    fn end(&self, event: usize, answer: Result<Answer>) {
        let mut events = self.events.lock().unwrap();
        let count = events.len();
        let event = &mut events[event];
        let end = End { answer, writes: self.writes(event.key), events: count };
        assert!(event.end.replace(end).is_none(), "answered twice");
    }
}

/// The answers to one submission.
struct Submission {
    history: Arc<History>,
    events: Vec<usize>,
}

impl Replies for Submission {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        self.history.end(self.events[index as usize], answer);
    }
}

struct Lab {
    rng: Rng,
    chain: Arc<Chain>,
    history: Arc<History>,
    memories: Vec<Arc<MemoryStore>>,
    faults: Vec<Faults>,
    written: Written,
}

impl Lab {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        // The pauses between repairs.
        fastrand::seed(seed);
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        let chain = Arc::new(Chain::new(clock.clone()));
        let memory = || Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone()));
        let (mut memories, mut faults) = (Vec::new(), Vec::new());
        if rng.bool() {
            memories.push(memory());
            chain.add(memories[0].clone(), TierConfig::default()).unwrap();
        }
        let caches = rng.usize(0..3);
        for name in ["cache"; 2].into_iter().take(caches).chain([AUTHORITY]) {
            let memory = memory();
            let store = Faulty::new(memory.clone()).named(name);
            faults.push(store.faults());
            memories.push(memory);
            let optional = name != AUTHORITY && rng.u8(0..4) == 0;
            let config = TierConfig { timeout: Some(TIMEOUT), optional, ..TierConfig::default() };
            chain.add(Arc::new(store), config).unwrap();
        }
        let share = rng.f64() * 0.4;
        for faults in &faults {
            let mut rng = rng.fork();
            faults.script(move |call| fault(&mut rng, call, share));
        }
        Self { rng, chain, history: Arc::default(), memories, faults, written: vec![Vec::new(); KEYS] }
    }

    fn action(&mut self, key: usize) -> (Kind, Action) {
        let number = self.history.writes(key);
        match self.rng.u8(0..10) {
            0..5 => (Kind::Get, Action::Get(Want::Value)),
            5 => (Kind::Has, Action::Has),
            6 => (Kind::Write, Action::Delete),
            _ => (Kind::Write, Action::Set(Entry::new(number.to_string()))),
        }
    }

    /// Calls a few operations at once.
    fn call(&mut self) {
        let (mut events, mut requests) = (Vec::new(), Vec::new());
        for _ in 0..self.rng.usize(1..4) {
            let key = self.rng.usize(0..KEYS);
            let (kind, action) = self.action(key);
            match &action {
                Action::Set(_) => self.written[key].push(Some(self.history.writes(key).to_string())),
                Action::Delete => self.written[key].push(None),
                _ => {}
            }
            events.push(self.history.begin(key, kind));
            requests.push(self.chain.request(Scope::Chain, name(key), action));
        }
        let replies: Arc<dyn Replies> = Arc::new(Submission { history: self.history.clone(), events });
        self.chain.submit(requests, &replies);
    }

    /// Reads a few keys as one call.
    fn read_many(&mut self) {
        let (kind, question) = match self.rng.u8(0..4) {
            0 => (Kind::Has, Question::Has),
            _ => (Kind::Get, Question::Get(Want::Value)),
        };
        let keys: Vec<_> = (0..self.rng.usize(1..4)).map(|_| self.rng.usize(0..KEYS)).collect();
        let events = keys.iter().map(|key| self.history.begin(*key, kind)).collect();
        let replies: Arc<dyn Replies> = Arc::new(Submission { history: self.history.clone(), events });
        self.chain.submit_reads(Scope::Chain, question, keys.into_iter().map(name).collect(), &replies);
    }

    /// As [`Lab::call`], of operations on single stores too.
    fn call_anything(&mut self) {
        let (mut events, mut requests) = (Vec::new(), Vec::new());
        for _ in 0..self.rng.usize(1..4) {
            let key = self.rng.usize(0..KEYS);
            let place = self.rng.usize(0..self.memories.len() + 1);
            let scope = u16::try_from(place)
                .ok()
                .filter(|_| place < self.memories.len())
                .map_or(Scope::Chain, Scope::Tier);
            let action = match self.rng.u8(0..4) {
                0 => Action::SetIfAbsent(Entry::new("absent")),
                _ => self.action(key).1,
            };
            events.push(self.history.begin(key, Kind::Other));
            requests.push(self.chain.request(scope, name(key), action));
        }
        let replies: Arc<dyn Replies> = Arc::new(Submission { history: self.history.clone(), events });
        self.chain.submit(requests, &replies);
    }

    /// Reads on the calling thread, where that is possible.
    fn look(&mut self, front: &Front) {
        let key = self.rng.usize(0..KEYS);
        if let Lookup::Known(entry) = front.get(&name(key)) {
            let event = self.history.begin(key, Kind::Get);
            self.history.end(event, Ok(Answer::Entry(entry)));
        }
    }

    async fn pause(&mut self) {
        match self.rng.u8(0..8) {
            0 => tokio::time::sleep(Duration::from_millis(self.rng.u64(1..1_500))).await,
            1 => tokio::time::sleep(Duration::from_millis(1)).await,
            2..5 => tokio::task::yield_now().await,
            _ => {}
        }
    }

    /// Ends the faults, and gives everything the time to come to its end.
    async fn calm_down(&self) {
        self.faults.iter().for_each(Faults::heal);
        tokio::time::sleep(Duration::from_secs(120)).await;
    }

    fn assert_at_rest(&self) {
        assert!(self.chain.table().is_empty(), "{:?}", self.chain.table());
        assert!((0..KEYS).all(|key| !self.chain.pending.may_have(&name(key))));
        let events = self.history.events.lock().unwrap();
        assert!(events.iter().all(|event| event.end.is_some()), "an operation was never answered");
    }

    /// Once all is invalidated that had to be, no cache holds anything but what the authority holds.
    fn assert_caches_agree(&self) {
        let shape = self.chain.shape();
        assert!(shape.tiers.iter().all(|tier| tier.stale.is_empty()));
        let (authority, caches) = self.memories.split_last().unwrap();
        for key in (0..KEYS).map(name) {
            let truth = authority.get_now(&key);
            for cache in caches {
                let held = cache.get_now(&key);
                assert!(held.is_none() || held == truth, "{key:?}: {held:?} instead of {truth:?}");
            }
        }
    }
}

fn name(key: usize) -> Key {
    format!("key-{key}").into()
}

fn fault(rng: &mut Rng, call: &Call, share: f64) -> Vec<Fault> {
    if rng.f64() > share || call.operation == Operation::Close {
        return Vec::new();
    }
    let held = |rng: &mut Rng| {
        let gate = Gate::new();
        let (opening, time) = (gate.clone(), Duration::from_millis(rng.u64(1..1_500)));
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            opening.open();
        });
        gate
    };
    let lost = || Error::new(ErrorKind::Connection, "lost");
    let fault = match rng.u8(0..20) {
        0..4 => Fault::Fail(lost()),
        4..7 => Fault::Fail(Error::new(ErrorKind::Store, "refused")),
        7..10 => Fault::LoseAnswer(lost()),
        10..14 => Fault::HoldBefore(held(rng)),
        14..18 => Fault::HoldAfter(held(rng)),
        18 => Fault::AnswerTooFew,
        _ => Fault::Panic,
    };
    vec![fault]
}

/// What became of a write, as far as readers can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing older may be seen by readers after it.
    Made,
    /// It may be seen, and what was before it too.
    Unknown,
    /// It may not be seen.
    Rejected,
}

fn fate(answer: &Result<Answer>) -> Fate {
    match answer {
        Ok(_) => Fate::Made,
        // A cache missed it, after the authority had taken it.
        Err(error) if error.store() != Some(AUTHORITY) => Fate::Made,
        Err(error) if error.may_have_applied() => Fate::Unknown,
        Err(_) => Fate::Rejected,
    }
}

/// What a key holds, as far as it was written.
#[derive(Clone, Debug)]
struct State {
    fate: Fate,
    value: Option<String>,
}

/// The states that a key went through: before all writes, and after each.
fn states(events: &[Event], key: usize, values: &[Option<String>]) -> Vec<State> {
    let writes = events.iter().filter(|event| event.key == key && matches!(event.kind, Kind::Write));
    let first = State { fate: Fate::Made, value: None };
    let after = writes.zip(values).map(|(event, value)| {
        let end = event.end.as_ref().unwrap();
        State { fate: fate(&end.answer), value: value.clone() }
    });
    std::iter::once(first).chain(after).collect()
}

impl History {
    /// Every read saw the newest write that was made before it was called, or something newer that was not
    /// rejected; and nobody saw a key go back in time.
    fn assert_reads_are_right(&self, written: &Written) {
        let events = self.events.lock().unwrap();
        for (key, values) in written.iter().enumerate() {
            let states = states(&events, key, values);
            // Which states were seen, each with the number of events that were called before that was known.
            let mut seen: Vec<(usize, usize)> = Vec::new();
            for (called, event) in events.iter().enumerate().filter(|(_, event)| event.key == key) {
                let end = event.end.as_ref().unwrap();
                let answer = match (&event.kind, &end.answer) {
                    (Kind::Get | Kind::Has, Ok(answer)) => answer,
                    (Kind::Get | Kind::Has, Err(error)) => {
                        assert_eq!(error.store(), Some(AUTHORITY), "{event:?}");
                        continue;
                    }
                    (Kind::Write | Kind::Other, _) => continue,
                };
                let fits = |state: &State| match answer {
                    Answer::Entry(entry) => {
                        state.value.as_deref().map(str::as_bytes) == entry.as_ref().map(|e| &*e.value)
                    }
                    Answer::Has(has) => state.value.is_some() == *has,
                    Answer::Written(_) => false,
                };
                let newest_made = (0..=event.before).rev().find(|at| states[*at].fate == Fate::Made).unwrap();
                let seen_before =
                    seen.iter().filter(|(answered, _)| *answered <= called).map(|(_, at)| *at).max();
                let oldest = newest_made.max(seen_before.unwrap_or(0));
                let found =
                    (oldest..=end.writes).find(|at| states[*at].fate != Fate::Rejected && fits(&states[*at]));
                let Some(at) = found else {
                    panic!("{event:?} may see {oldest} to {} of {states:#?}", end.writes);
                };
                seen.push((end.events, at));
            }
        }
    }
}

/// Per key, what each write wrote; `None` for a delete.
type Written = Vec<Vec<Option<String>>>;

fn seeds() -> Vec<u64> {
    match std::env::var("REDKV_TEST_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..300).map(|_| fastrand::u64(..)).collect(),
    }
}

/// Runs `test` once per seed, in a time of its own that passes at once.
fn for_each_seed<F: Future<Output = ()>>(test: impl Fn(u64) -> F) {
    for seed in seeds() {
        println!("REDKV_TEST_SEED={seed}");
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().unwrap().block_on(test(seed));
    }
}

#[test]
fn random_operations_over_random_faults_keep_the_promises() {
    for_each_seed(|seed| async move {
        let mut lab = Lab::new(seed);
        let front = lab.chain.front(Scope::Chain);
        for _ in 0..150 {
            if lab.rng.u8(0..3) == 0 {
                lab.read_many();
            } else {
                lab.call();
            }
            if let Some(front) = &front {
                lab.look(front);
            }
            lab.pause().await;
            if let Some(front) = &front {
                lab.look(front);
            }
        }
        lab.calm_down().await;
        lab.assert_at_rest();
        lab.assert_caches_agree();
        lab.history.assert_reads_are_right(&lab.written);
        lab.chain.close().await;
    });
}

#[test]
fn whatever_is_called_is_answered_once_although_the_chain_is_closed_meanwhile() {
    for_each_seed(|seed| async move {
        let mut lab = Lab::new(seed);
        for _ in 0..60 {
            lab.call_anything();
            lab.read_many();
            lab.pause().await;
        }
        let chain = lab.chain.clone();
        let close = tokio::spawn(async move { chain.close().await });
        for _ in 0..10 {
            lab.call_anything();
            lab.read_many();
            lab.pause().await;
        }
        close.await.unwrap();
        lab.assert_at_rest();
    });
}
