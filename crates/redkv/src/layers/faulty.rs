//! Misbehaves on command, for tests.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::entry::{Entry, Key};
use crate::error::{Error, Result};
use crate::store::{Answers, Capabilities, Immediate, SetMode, Store, Want};

/// What a store is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// [`Store::init`].
    Init,
    /// [`Store::get`].
    Get,
    /// [`Store::has`].
    Has,
    /// [`Store::set`] with [`SetMode::Always`].
    Set,
    /// [`Store::set`] with [`SetMode::IfAbsent`], as back-fills are.
    SetIfAbsent,
    /// [`Store::delete`].
    Delete,
    /// [`Store::close`].
    Close,
}

/// A call that came to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What was asked for.
    pub operation: Operation,
    /// The keys of the batch; none for [`Operation::Init`] and [`Operation::Close`].
    pub keys: Vec<Key>,
    /// What was to be written under them, for writes.
    pub values: Vec<Bytes>,
}

/// A way in which a call goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Fails without reaching the store.
    Fail(Error),
    /// Reaches the store; the answer is lost, and this error comes in its place.
    LoseAnswer(Error),
    /// Waits at the gate before it reaches the store. A gate that never opens is a store that hangs.
    HoldBefore(Gate),
    /// Reaches the store, and waits at the gate before it answers.
    HoldAfter(Gate),
    /// Panics in the method itself.
    PanicAtOnce,
    /// Panics in the future that the method made.
    Panic,
    /// Answers one key too few.
    AnswerTooFew,
}

/// Where calls wait until a test lets them pass.
#[derive(Clone, Debug)]
pub struct Gate(Arc<GateState>);

#[derive(Debug)]
struct GateState {
    arrivals: Semaphore,
    passes: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(GateState { arrivals: Semaphore::new(0), passes: Semaphore::new(0) }))
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until a call is at the gate; every call is waited for once.
    pub async fn arrival(&self) {
        if let Ok(arrival) = self.0.arrivals.acquire().await {
            arrival.forget();
        }
    }

    /// Lets one call pass, now or when it comes.
    pub fn let_one_pass(&self) {
        self.0.passes.add_permits(1);
    }

    /// Lets all calls pass from now on.
    pub fn open(&self) {
        self.0.passes.close();
    }

    async fn pass(&self) {
        self.0.arrivals.add_permits(1);
        // An error means that the gate is open for good.
        if let Ok(pass) = self.0.passes.acquire().await {
            pass.forget();
        }
    }
}

type Script = Box<dyn FnMut(&Call) -> Vec<Fault> + Send>;

/// Commands a [`Faulty`] store, and tells what came to it.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    script: Option<Script>,
    calls: Vec<Call>,
}

struct Rule {
    operation: Operation,
    /// The key that it is for, or `None` for all.
    key: Option<Key>,
    fault: Fault,
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on every call of `operation` goes wrong in this way, until [`Faults::heal`].
    pub fn inject(&self, operation: Operation, fault: Fault) {
        self.state().rules.push(Rule { operation, key: None, fault });
    }

    /// As [`Faults::inject`], for one key: of a batch only this key fails, but all of it waits or panics.
    pub fn inject_for(&self, key: &str, operation: Operation, fault: Fault) {
        self.state().rules.push(Rule { operation, key: Some(key.into()), fault });
    }

    /// Calls of `operation` wait at the gate before they reach the store.
    pub fn hold_before(&self, operation: Operation) -> Gate {
        let gate = Gate::new();
        self.inject(operation, Fault::HoldBefore(gate.clone()));
        gate
    }

    /// Calls of `operation` wait at the gate after they have reached the store.
    pub fn hold_after(&self, operation: Operation) -> Gate {
        let gate = Gate::new();
        self.inject(operation, Fault::HoldAfter(gate.clone()));
        gate
    }

    /// Asks `script` how each call goes wrong, beside what is injected.
    pub fn script(&self, script: impl FnMut(&Call) -> Vec<Fault> + Send + 'static) {
        self.state().script = Some(Box::new(script));
    }

    /// Ends all faults. Calls that wait at a gate go on waiting.
    pub fn heal(&self) {
        let mut state = self.state();
        state.rules.clear();
        state.script = None;
    }

    /// The calls so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// The calls of one operation so far.
    pub fn calls_of(&self, operation: Operation) -> Vec<Call> {
        self.state().calls.iter().filter(|call| call.operation == operation).cloned().collect()
    }

    /// How many calls of one operation came so far.
    pub fn count(&self, operation: Operation) -> usize {
        self.state().calls.iter().filter(|call| call.operation == operation).count()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.state().calls.clear();
    }

    /// Notes a call and decides how it goes.
    #[expect(clippy::panic, reason = "that is the fault that was asked for")]
    fn plan(&self, operation: Operation, keys: &[Key], values: Vec<Bytes>) -> Plan {
        let call = Call { operation, keys: keys.to_vec(), values };
        let mut plan = Plan { fates: vec![Fate::Reach; keys.len().max(1)], ..Plan::default() };
        let mut state = self.state();
        for rule in state.rules.iter().filter(|rule| rule.operation == operation) {
            match &rule.key {
                None => plan.add(&rule.fault, None),
                Some(wanted) => {
                    if let Some(place) = keys.iter().position(|key| key == wanted) {
                        plan.add(&rule.fault, Some(place));
                    }
                }
            }
        }
        if let Some(script) = &mut state.script {
            script(&call).iter().for_each(|fault| plan.add(fault, None));
        }
        state.calls.push(call);
        drop(state);
        if plan.panics == Panics::AtOnce {
            panic!("a store panics, as the test asked");
        }
        plan
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("rules", &self.state().rules.len()).finish_non_exhaustive()
    }
}

/// How one call goes.
#[derive(Default)]
struct Plan {
    /// One per key, and one for a call without keys.
    fates: Vec<Fate>,
    before: Vec<Gate>,
    after: Vec<Gate>,
    panics: Panics,
    answers_too_few: bool,
}

#[derive(Clone)]
enum Fate {
    Reach,
    Fail(Error),
    Lose(Error),
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Panics {
    #[default]
    Never,
    AtOnce,
    Later,
}

impl Plan {
    fn add(&mut self, fault: &Fault, place: Option<usize>) {
        let fate = match fault {
            Fault::Fail(error) => Fate::Fail(error.clone()),
            Fault::LoseAnswer(error) => Fate::Lose(error.clone()),
            Fault::HoldBefore(gate) => return self.before.push(gate.clone()),
            Fault::HoldAfter(gate) => return self.after.push(gate.clone()),
            Fault::PanicAtOnce => return self.panics = Panics::AtOnce,
            Fault::Panic => return self.panics = Panics::Later,
            Fault::AnswerTooFew => return self.answers_too_few = true,
        };
        match place {
            Some(place) => self.fates[place] = fate,
            None => self.fates.fill(fate),
        }
    }

    #[expect(clippy::panic, reason = "that is the fault that was asked for")]
    async fn before(&self) {
        // Nothing here is answered in the first poll, as nothing remote is.
        tokio::task::yield_now().await;
        for gate in &self.before {
            gate.pass().await;
        }
        if self.panics == Panics::Later {
            panic!("a store panics, as the test asked");
        }
    }

    /// What of a batch reaches the store.
    fn reaching<T: Clone>(&self, batch: &[T]) -> Vec<T> {
        let reaches = |fate: &Fate| !matches!(fate, Fate::Fail(_));
        batch
            .iter()
            .zip(&self.fates)
            .filter(|(_, fate)| reaches(fate))
            .map(|(item, _)| item.clone())
            .collect()
    }

    /// The answers to a batch of `len`, of which `answers` came from the store.
    async fn after<T>(self, len: usize, answers: Answers<T>) -> Answers<T> {
        for gate in &self.after {
            gate.pass().await;
        }
        let mut answers = answers.into_iter();
        let mut all: Vec<_> = self
            .fates
            .into_iter()
            .take(len)
            .filter_map(|fate| match fate {
                Fate::Reach => answers.next(),
                Fate::Fail(error) => Some(Err(error)),
                Fate::Lose(error) => answers.next().map(|_| Err(error)),
            })
            .collect();
        if self.answers_too_few {
            all.pop();
        }
        all
    }
}

/// A store inside another one that fails, waits, hangs and panics when its [`Faults`] say so.
///
/// It never is immediate, so that even round a store in memory it takes the way of a remote one.
#[derive(Debug)]
pub struct Faulty {
    name: &'static str,
    inner: Arc<dyn Store>,
    capabilities: Capabilities,
    faults: Faults,
}

impl Faulty {
    /// `inner`, without a fault to begin with.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        let capabilities = Capabilities { immediate: false, ..inner.capabilities() };
        Self { name: inner.name(), inner, capabilities, faults: Faults::default() }
    }

    /// Goes by another name than the inner store.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Claims other capabilities than the inner store has.
    #[must_use]
    pub fn with_capabilities(mut self, change: impl FnOnce(&mut Capabilities)) -> Self {
        change(&mut self.capabilities);
        self
    }

    /// What commands this store.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }
}

impl Store for Faulty {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        let plan = self.faults.plan(Operation::Init, &[], Vec::new());
        Box::pin(async move {
            plan.before().await;
            let answers =
                if plan.reaching(&[()]).is_empty() { Vec::new() } else { vec![self.inner.init().await] };
            plan.after(1, answers).await.pop().unwrap_or(Ok(()))
        })
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        let plan = self.faults.plan(Operation::Get, keys, Vec::new());
        Box::pin(async move {
            plan.before().await;
            let answers = self.inner.get(&plan.reaching(keys), want).await;
            plan.after(keys.len(), answers).await
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        let plan = self.faults.plan(Operation::Has, keys, Vec::new());
        Box::pin(async move {
            plan.before().await;
            let answers = self.inner.has(&plan.reaching(keys)).await;
            plan.after(keys.len(), answers).await
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let operation = match mode {
            SetMode::Always => Operation::Set,
            SetMode::IfAbsent => Operation::SetIfAbsent,
        };
        let (keys, values): (Vec<_>, _) =
            entries.iter().map(|(key, entry)| (key.clone(), entry.value.clone())).unzip();
        let plan = self.faults.plan(operation, &keys, values);
        Box::pin(async move {
            plan.before().await;
            let answers = self.inner.set(&plan.reaching(entries), mode).await;
            plan.after(entries.len(), answers).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        let plan = self.faults.plan(Operation::Delete, keys, Vec::new());
        Box::pin(async move {
            plan.before().await;
            let answers = self.inner.delete(&plan.reaching(keys)).await;
            plan.after(keys.len(), answers).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let plan = self.faults.plan(Operation::Close, &[], Vec::new());
        Box::pin(async move {
            plan.before().await;
            self.inner.close().await;
            plan.after::<()>(1, Vec::new()).await;
        })
    }
}

#[cfg(all(test, feature = "memory"))]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::conformance::Subject;
    use crate::error::ErrorKind;
    use crate::stores::{MemoryConfig, MemoryStore};

    fn faulty(clock: &Arc<ManualClock>) -> Faulty {
        Faulty::new(Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone())))
    }

    async fn subject() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        Subject::with_clock(Arc::new(faulty(&clock)), clock)
    }

    crate::conformance_suite!(conformance, super::subject);

    #[tokio::test]
    async fn a_fault_of_one_key_leaves_the_others_of_its_batch_alone() {
        let store = faulty(&Arc::new(ManualClock::starting_at(1_000)));
        let error = Error::new(ErrorKind::Store, "no");
        store.faults().inject_for("b", Operation::Set, Fault::Fail(error.clone()));
        store.faults().inject_for("c", Operation::Set, Fault::LoseAnswer(error));
        let entries = ["a", "b", "c", "d"].map(|key| (Key::from(key), Entry::new(key)));
        let written = store.set(&entries, SetMode::Always).await;
        assert_eq!(written.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false, true]);
        let keys = ["a", "b", "c", "d"].map(Key::from);
        let there: Vec<_> = store.has(&keys).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(there, [true, false, true, true]);
    }
}
