//! A chain of stores that misbehave on command, and calls that are made now and awaited later.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redkv::chain::{Action, Answer, Chain, Question, Replies, Scope, TierConfig};
use redkv::clock::{Clock, ManualClock};
use redkv::entry::{Deadline, Entry, Key};
use redkv::error::{Error, ErrorKind, Result};
/// What a caller asked for, where `Operation` is what a store was asked for.
pub(crate) use redkv::operation::Operation as Called;
use redkv::store::{Capabilities, Immediate, SetMode, Want};
use redkv::stores::{MemoryConfig, MemoryStore};
use redkv_testing::{Fault, Faults, Faulty, Operation};
use tokio::sync::oneshot;

/// What the clock of the tests shows at first.
pub(crate) const START: u64 = 1_000_000;

/// A chain, and the clock that it goes by.
pub(crate) struct World {
    caller: Caller,
    pub(crate) clock: Arc<ManualClock>,
    /// Names for the stores to come.
    names: RefCell<std::array::IntoIter<&'static str, 4>>,
}

/// A store in the chain. Its calls act on it alone.
pub(crate) struct TestTier {
    caller: Caller,
    pub(crate) faults: Faults,
    memory: Arc<MemoryStore>,
}

/// Somebody who calls operations in a scope.
pub(crate) struct Caller {
    pub(crate) chain: Arc<Chain>,
    pub(crate) scope: Scope,
}

/// A chain over `N` stores that answer like remote ones: `first`, `second`, `third`.
pub(crate) fn chain<const N: usize>() -> (World, [TestTier; N]) {
    let world = World::empty();
    let tiers = std::array::from_fn(|_| world.add(TierConfig::default(), |_| {}));
    (world, tiers)
}

/// As [`chain`], with a memory store in front that answers at once.
pub(crate) fn chain_behind_memory<const N: usize>() -> (World, TestTier, [TestTier; N]) {
    let world = World::empty();
    let front = world.add_memory();
    let tiers = std::array::from_fn(|_| world.add(TierConfig::default(), |_| {}));
    (world, front, tiers)
}

impl World {
    pub(crate) fn empty() -> Self {
        let clock = Arc::new(ManualClock::starting_at(START));
        let chain = Arc::new(Chain::new(clock.clone()));
        let names = RefCell::new(["first", "second", "third", "fourth"].into_iter());
        Self { caller: Caller { chain, scope: Scope::Chain }, clock, names }
    }

    /// Adds a store that answers like a remote one.
    pub(crate) fn add(&self, config: TierConfig, change: impl FnOnce(&mut Capabilities)) -> TestTier {
        self.try_add(config, change).unwrap()
    }

    pub(crate) fn try_add(
        &self,
        config: TierConfig,
        change: impl FnOnce(&mut Capabilities),
    ) -> Result<TestTier> {
        let memory = self.memory();
        let name = self.names.borrow_mut().next().unwrap();
        let store = Faulty::new(memory.clone()).named(name).with_capabilities(change);
        let faults = store.faults();
        let place = self.chain.add(Arc::new(store), config)?;
        let caller = Caller { chain: self.chain.clone(), scope: Scope::Tier(place) };
        Ok(TestTier { caller, faults, memory })
    }

    /// Adds the store of a tier of another chain, as another process would have it.
    pub(crate) fn share(&self, other: &TestTier, config: TierConfig) -> TestTier {
        let name = self.names.borrow_mut().next().unwrap();
        let store = Faulty::new(other.memory.clone()).named(name);
        let faults = store.faults();
        let place = self.chain.add(Arc::new(store), config).unwrap();
        let caller = Caller { chain: self.chain.clone(), scope: Scope::Tier(place) };
        TestTier { caller, faults, memory: other.memory.clone() }
    }

    /// Adds a memory store that answers at once.
    pub(crate) fn add_memory(&self) -> TestTier {
        self.add_memory_with(TierConfig::default())
    }

    pub(crate) fn add_memory_with(&self, config: TierConfig) -> TestTier {
        self.try_add_memory_with(config).unwrap()
    }

    pub(crate) fn try_add_memory_with(&self, config: TierConfig) -> Result<TestTier> {
        let memory = self.memory();
        let place = self.chain.add(memory.clone(), config)?;
        let caller = Caller { chain: self.chain.clone(), scope: Scope::Tier(place) };
        Ok(TestTier { caller, faults: Faults::default(), memory })
    }

    fn memory(&self) -> Arc<MemoryStore> {
        Arc::new(MemoryStore::new(MemoryConfig::default(), self.clock.clone()))
    }

    /// The deadline `millis` from now.
    pub(crate) fn deadline(&self, millis: u64) -> Deadline {
        self.clock.deadline_in(millis)
    }
}

impl Deref for World {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Deref for TestTier {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl TestTier {
    /// Puts a value into the store without the chain.
    pub(crate) fn put(&self, key: &str, value: &'static str) {
        self.put_entry(key, Entry::new(value));
    }

    pub(crate) fn put_entry(&self, key: &str, entry: Entry) {
        self.memory.set_now(key, (&entry).into(), SetMode::Always);
    }

    /// The value that the store itself holds.
    pub(crate) fn holds(&self, key: &str) -> Option<String> {
        self.holds_entry(key).map(|entry| text(&entry))
    }

    pub(crate) fn holds_entry(&self, key: &str) -> Option<Entry> {
        self.memory.get_now(key)
    }
}

/// What outlives its chain.
pub(crate) struct Kept(Arc<MemoryStore>);

impl Kept {
    pub(crate) fn get(&self, key: &str) -> Option<String> {
        self.0.get_now(key).map(|entry| text(&entry))
    }
}

impl TestTier {
    /// From now on these operations fail as if the store could not be reached.
    pub(crate) fn fail(&self, operations: &[Operation]) {
        for operation in operations {
            self.faults.inject(*operation, Fault::Fail(lost()));
        }
    }

    /// The last calls that came to the store.
    pub(crate) fn ended_with(&self, count: usize) -> Vec<Operation> {
        let calls = self.faults.calls();
        calls[calls.len() - count..].iter().map(|call| call.operation).collect()
    }

    /// The store without its tier.
    pub(crate) fn keep(&self) -> Kept {
        Kept(self.memory.clone())
    }
}

impl Caller {
    pub(crate) fn get(&self, key: &str) -> Waiting {
        self.call(key, Action::Get(Want::Value))
    }

    pub(crate) fn has(&self, key: &str) -> Waiting {
        self.call(key, Action::Has)
    }

    pub(crate) fn set(&self, key: &str, value: &'static str) -> Waiting {
        self.call(key, set(value))
    }

    pub(crate) fn set_if_absent(&self, key: &str, value: &'static str) -> Waiting {
        self.call(key, Action::SetIfAbsent(Entry::new(value)))
    }

    pub(crate) fn delete(&self, key: &str) -> Waiting {
        self.call(key, Action::Delete)
    }

    /// Calls an operation now; the answer can be awaited later.
    pub(crate) fn call(&self, key: &str, action: Action) -> Waiting {
        self.call_all([(key, action)]).remove(0)
    }

    /// Calls operations in one submission.
    pub(crate) fn call_all<'a>(&self, calls: impl IntoIterator<Item = (&'a str, Action)>) -> Vec<Waiting> {
        let requests: Vec<_> = calls
            .into_iter()
            .map(|(key, action)| self.chain.request(self.scope, Key::from(key), action))
            .collect();
        let (replies, waiting) = replies(requests.len());
        self.chain.submit(requests, &replies);
        waiting
    }
}

impl Caller {
    /// Reads many keys as one call.
    pub(crate) fn get_many<const N: usize>(&self, keys: [&str; N]) -> [Waiting; N] {
        self.ask_many(Question::Get(Want::Value), keys)
    }

    pub(crate) fn ask_many<const N: usize>(&self, question: Question, keys: [&str; N]) -> [Waiting; N] {
        let (replies, waiting) = replies(N);
        self.chain.submit_reads(self.scope, question, keys.map(Key::from).into(), &replies);
        waiting.try_into().ok().unwrap()
    }
}

/// Places for `count` answers, and those who wait for them.
pub(crate) fn replies(count: usize) -> (Arc<dyn Replies>, Vec<Waiting>) {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..count).map(|_| oneshot::channel()).unzip();
    let slots = Slots(Mutex::new(senders.into_iter().map(Some).collect()));
    (Arc::new(slots), receivers.into_iter().map(Waiting).collect())
}

struct Slots(Mutex<Vec<Option<oneshot::Sender<Result<Answer>>>>>);

impl Replies for Slots {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        let sender = self.0.lock().unwrap()[index as usize].take();
        let _ = sender.expect("a request is answered once").send(answer);
    }

    fn reply_many(&self, indexes: &[u32], answers: Vec<Result<Answer>>) {
        assert!(!answers.is_empty() && indexes.len() == answers.len(), "an answer for each of some requests");
        indexes.iter().zip(answers).for_each(|(index, answer)| self.reply(*index, answer));
    }

    fn abandon(&self, error: &Error) {
        panic!("the chain panicked: {error}");
    }
}

/// A call that was made and not yet looked at.
pub(crate) struct Waiting(oneshot::Receiver<Result<Answer>>);

impl Waiting {
    pub(crate) fn is_answered(&self) -> bool {
        !self.0.is_empty()
    }

    pub(crate) async fn answer(self) -> Result<Answer> {
        // The time of the tests stands still: this passes at once when nothing else can happen.
        let answer = tokio::time::timeout(Duration::from_secs(3_600), self.0).await;
        answer.expect("an answer comes").expect("a request is not forgotten")
    }

    pub(crate) async fn value(self) -> Option<String> {
        self.entry().await.map(|entry| text(&entry))
    }

    pub(crate) async fn entry(self) -> Option<Entry> {
        match self.answer().await.unwrap() {
            Answer::Entry(entry) => entry,
            other => panic!("{other:?} is not an answer to get"),
        }
    }

    pub(crate) async fn yes(self) -> bool {
        match self.answer().await.unwrap() {
            Answer::Has(has) => has,
            other => panic!("{other:?} is not an answer to has"),
        }
    }

    /// Whether the write was made.
    pub(crate) async fn written(self) -> bool {
        match self.answer().await.unwrap() {
            Answer::Written(written) => written,
            other => panic!("{other:?} is not an answer to a write"),
        }
    }

    pub(crate) async fn error(self) -> Error {
        self.answer().await.unwrap_err()
    }
}

pub(crate) fn set(value: &'static str) -> Action {
    Action::Set(Entry::new(value))
}

pub(crate) const GET: Action = Action::Get(Want::Value);

pub(crate) fn text(entry: &Entry) -> String {
    String::from_utf8(entry.value.to_vec()).unwrap()
}

pub(crate) fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// The store cannot be reached, and nobody knows what it did.
pub(crate) fn lost() -> Error {
    Error::new(ErrorKind::Connection, "the connection broke")
}

/// The store says no, and did nothing.
pub(crate) fn refused() -> Error {
    Error::new(ErrorKind::Store, "the store says no")
}

/// Waits until nothing continues without time passing or a gate opening.
pub(crate) async fn quiet() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Lets time pass that timeouts and pauses go by.
pub(crate) async fn pass(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// As [`TierConfig::default`], and optional.
pub(crate) fn optional() -> TierConfig {
    TierConfig { optional: true, ..TierConfig::default() }
}

/// As [`TierConfig::default`], with a ttl.
pub(crate) fn ttl(millis: u64) -> TierConfig {
    TierConfig { ttl: Some(millis), ..TierConfig::default() }
}
