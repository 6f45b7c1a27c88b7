//! A store in a chain, with the policies that hold for it there.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use crate::background::Background;
use crate::chain::Chain;
use crate::events::{Event, Events};
use crate::mutants::{Planted, is_planted};
use crate::ops::repair::Repair;
use crate::ops::write_behind::Behind;
use crate::tier::breaker::Breaker;
use crate::tier::config::TierConfig;
use crate::tier::limits::cannot_expire;
use crate::tier::stale::StaleKeys;
use crate::tier::stats::Counters;
use crate::tier::tombstone::{Tombstones, is_tombstone};
use redkv_core::clock::Clock;
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::panics::caught;
use redkv_core::store::{Answers, Capabilities, Expiry, Immediate, SetMode, Store, Want, answer_all};
use redkv_executor::read_for_others;

/// A store at its place in a chain. Bounds every operation in time, keeps the limits of the store, filters what is
/// past its deadline, and says in every error which store it came from.
#[derive(Debug)]
pub struct Tier {
    store: Arc<dyn Store>,
    /// The queue of its writes, if they are acknowledged early.
    pub(crate) behind: Option<Behind>,
    pub(crate) label: Arc<str>,
    pub(crate) capabilities: Capabilities,
    ttl: Option<u64>,
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    pub(crate) tombstones: Option<Tombstones>,
    optional: bool,
    clock: Arc<dyn Clock>,
    /// About how many bytes a value here has, as of the last batches.
    typical_value: AtomicUsize,
    pub(crate) breaker: Breaker,
    /// Where it is in its chain, and what it has from there.
    pub(crate) place: u16,
    pub(crate) events: Events,
    pub(crate) background: Weak<Background>,
    pub(crate) chain: Weak<Chain>,
    pub(crate) me: Weak<Self>,
    pub(crate) stale: StaleKeys,
    pub(crate) repair: Repair,
    pub(crate) counters: Counters,
}

impl Tier {
    /// `store` under the policies of `config`.
    ///
    /// Fails when a policy asks for what the store cannot do.
    pub fn new(store: Arc<dyn Store>, config: TierConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let label: Arc<str> = store.name().into();
        let patience = config.timeout.unwrap_or(TierConfig::TIMEOUT);
        let mut behind = None;
        let queue = |store, config| {
            let made = behind.insert(Behind::new(store, config, patience, clock.clone()));
            made.queue.clone() as Arc<dyn Store>
        };
        let store = config.layers.wrap(store, queue).map_err(|error| error.in_store(&label))?;
        let mut capabilities = store.capabilities();
        if let Some(most) = config.layers.max_value_bytes {
            capabilities.max_value_bytes = capabilities.max_value_bytes.min(most);
        }
        if config.ttl.is_some() && !capabilities.writable {
            let message = "nothing is written into a store that is readOnly, so it has no ttl of its own";
            return Err(Error::argument("ttl", message).in_store(&label));
        }
        if config.ttl.is_some() && capabilities.expiry == Expiry::None {
            return Err(cannot_expire().in_store(&label));
        }
        let timeout = (!capabilities.immediate).then(|| config.timeout.unwrap_or(TierConfig::TIMEOUT));
        let tombstones =
            Tombstones::new(&config, &capabilities, timeout).map_err(|error| error.in_store(&label))?;
        Ok(Self {
            store,
            behind,
            label,
            capabilities,
            ttl: config.ttl,
            timeout,
            connect_timeout: config.connect_timeout,
            tombstones,
            optional: config.optional,
            clock,
            typical_value: AtomicUsize::new(0),
            breaker: Breaker::new(config.break_after),
            place: 0,
            events: Events::default(),
            background: Weak::new(),
            chain: Weak::new(),
            me: Weak::new(),
            stale: StaleKeys::default(),
            repair: Repair::default(),
            counters: Counters::default(),
        })
    }

    /// The tier at its place in `chain`.
    pub(crate) fn placed(self, place: u16, chain: &Arc<Chain>) -> Arc<Self> {
        let (events, background) = (chain.events.clone(), Arc::downgrade(&chain.background));
        Arc::new_cyclic(|me| {
            self.behind.iter().for_each(|behind| behind.attach(me));
            Self { place, events, background, chain: Arc::downgrade(chain), me: me.clone(), ..self }
        })
    }

    /// The name of the store.
    pub fn name(&self) -> &'static str {
        self.store.name()
    }

    /// What the store can do.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Whether failures of this tier may not reject a write.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// How long one operation may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Makes the store usable, as far as that goes within the time of an operation.
    pub(crate) async fn init_in_time(&self) -> Result<()> {
        self.init_within(self.timeout).await
    }

    /// Makes the store usable, within the time to connect, which is that of an operation if nothing else was said.
    pub(crate) async fn init(&self) -> Result<()> {
        self.init_within(self.connect_timeout.or(self.timeout)).await
    }

    async fn init_within(&self, timeout: Option<Duration>) -> Result<()> {
        let init = async { vec![self.store.init().await] };
        let answer = self.bounded("ready", timeout, 1, init).await.pop();
        let answer = answer.unwrap_or_else(|| Err(self.defect()));
        if answer.is_ok() {
            self.is_alive();
        }
        answer
    }

    /// Ends the store, within the time of an operation. Nobody could act on a failure.
    pub(crate) async fn close(&self) {
        let close = async {
            self.store.close().await;
            vec![Ok(())]
        };
        self.bounded("close", self.timeout, 1, close).await;
    }

    /// Reads live entries. Keys that the store cannot have are an error each.
    pub(crate) async fn get(&self, keys: &[Key], want: Want) -> Answers<Option<Entry>> {
        self.read("get", keys, want).await
    }

    async fn read(&self, operation: &'static str, keys: &[Key], want: Want) -> Answers<Option<Entry>> {
        let askable = self.askable(operation, keys);
        let ask =
            || self.guarded(operation, &askable.keys, async { self.store.get(&askable.keys, want).await });
        let answers = self.past_losses(operation, &askable.keys, ask).await;
        let mut answers = askable.complete(answers);
        let largest = self.note_sizes(answers.iter().filter_map(|answer| answer.as_ref().ok()?.as_ref()));
        if largest > self.capabilities.max_value_bytes {
            self.refuse_large(operation, &mut answers);
        }
        if self.tombstones.is_some() {
            for answer in &mut answers {
                if matches!(answer, Ok(Some(entry)) if is_tombstone(entry)) {
                    *answer = Ok(None);
                }
            }
        }
        if answers.iter().any(|answer| matches!(answer, Ok(Some(entry)) if entry.deadline.is_some())) {
            let now = self.clock.now();
            for answer in &mut answers {
                if matches!(answer, Ok(Some(entry)) if entry.is_expired(now)) {
                    *answer = Ok(None);
                }
            }
        }
        self.counters.read(&answers);
        answers
    }

    /// About how many bytes a value here has.
    pub(crate) fn typical_value(&self) -> usize {
        self.typical_value.load(Ordering::Relaxed)
    }

    /// Notes how large the values of a batch are. Batches that end at the same time may overwrite each other's word:
    /// it is an estimate.
    /// The size of the largest.
    fn note_sizes<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> usize {
        let (count, bytes, largest) = entries.fold((0, 0, 0), |(count, bytes, largest), entry| {
            let len = entry.value.len();
            (count + 1, bytes + len, len.max(largest))
        });
        if let Some(mean) = bytes.checked_div(count) {
            self.typical_value.store((3 * self.typical_value() + mean) / 4, Ordering::Relaxed);
        }
        largest
    }

    /// Whether there are live entries.
    pub(crate) async fn has(&self, keys: &[Key]) -> Answers<bool> {
        if self.tombstones.is_some() {
            // Only the value tells an entry from a tombstone.
            let entries = self.read("has", keys, Want::Value).await;
            return entries.into_iter().map(|answer| answer.map(|entry| entry.is_some())).collect();
        }
        let askable = self.askable("has", keys);
        let ask = || self.guarded("has", &askable.keys, async { self.store.has(&askable.keys).await });
        let answers = self.past_losses("has", &askable.keys, ask).await;
        self.counters.looked(&answers);
        askable.complete(answers)
    }

    /// What a store that answers on the calling thread has of `keys`; `None` of any other store, of keys that it
    /// cannot have, and of one that panics: they go the way that leads to errors.
    pub(crate) fn ask_now<T>(
        &self,
        keys: &[Key],
        ask: impl Fn(&dyn Immediate, &Key) -> Result<T>,
    ) -> Option<Answers<T>> {
        let store = self.store.immediate()?;
        if !keys.iter().all(|key| self.check_key(key).is_ok()) {
            return None;
        }
        let ask = || keys.iter().map(|key| ask(store, key)).collect();
        std::panic::catch_unwind(AssertUnwindSafe(ask)).ok()
    }

    /// Writes entries, none of them longer than the ttl of this tier.
    pub(crate) async fn set(&self, mut entries: Vec<(Key, Entry)>, mode: SetMode) -> Answers<bool> {
        if self.ttl.is_some() {
            for (_, entry) in &mut entries {
                *entry = self.capped(std::mem::replace(entry, Entry::new("")));
            }
        }
        self.note_sizes(entries.iter().map(|(_, entry)| entry));
        let Some((key, _)) = entries.first() else { return Vec::new() };
        let answers = self
            .guarded_batch("set", key, entries.len(), async { self.store.set(&entries, mode).await })
            .await;
        let written = entries.iter().zip(&answers).filter(|(_, answer)| matches!(answer, Ok(true)));
        self.counters.wrote(written.map(|((_, entry), _)| entry.value.len()).sum());
        answers
    }

    /// Deletes entries.
    pub(crate) async fn delete(&self, keys: &[Key]) -> Answers<()> {
        if is_planted(Planted::NoTombstones) {
            return self.guarded("delete", keys, async { self.store.delete(keys).await }).await;
        }
        if let Some(tombstones) = self.tombstones {
            let entries = tombstones.over(keys, &*self.clock);
            let set = async { self.store.set(&entries, SetMode::Always).await };
            let answers = self.guarded("delete", keys, set).await;
            return answers.into_iter().map(|answer| answer.map(|_| ())).collect();
        }
        self.guarded("delete", keys, async { self.store.delete(keys).await }).await
    }

    /// The entry as this tier keeps it: not longer than its ttl.
    pub(crate) fn capped(&self, entry: Entry) -> Entry {
        entry.capped(self.cap())
    }

    /// The latest deadline of what is written into this tier now, if it has a ttl.
    pub(crate) fn cap(&self) -> Option<Deadline> {
        self.ttl.map(|ttl| self.clock.deadline_in(ttl))
    }

    /// As [`Tier::bounded`], of a store that is not asked while it counts as down.
    async fn guarded<T: Clone>(
        &self,
        operation: &'static str,
        keys: &[Key],
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let Some(key) = keys.first() else { return Vec::new() };
        self.guarded_batch(operation, key, keys.len(), answers).await
    }

    /// As [`Tier::guarded`], with one of `len` keys.
    async fn guarded_batch<T: Clone>(
        &self,
        operation: &'static str,
        key: &Key,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        if self.behind.is_some() {
            // It is the calls of the queue that are guarded.
            return self.bounded(operation, None, len, answers).await;
        }
        self.guarded_below(operation, key, len, answers).await
    }

    /// As [`Tier::guarded_batch`], of the store under the queue of its writes.
    pub(crate) async fn guarded_below<T: Clone>(
        &self,
        operation: &'static str,
        key: &Key,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        if let Some(error) = self.breaker.refusal() {
            self.counters.refused(len);
            return answer_all(len, &Err(self.tag(error, operation)));
        }
        let asking = self.counters.asking(len);
        let start = Instant::now();
        let answers = self.bounded(operation, self.timeout, len, answers).await;
        drop(asking);
        self.counters.answered(operation, start.elapsed(), &answers);
        self.learn(key, &answers);
        answers
    }

    /// Waits for the answers of the store until `timeout` has passed; one answer per key in any case.
    ///
    /// The store must be called inside of `answers`, so that it may panic there too.
    pub(crate) async fn bounded<T: Clone>(
        &self,
        operation: &'static str,
        timeout: Option<Duration>,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let timeout = timeout.filter(|_| !is_planted(Planted::NoDeadline));
        let mut answers = pin!(caught(answers));
        let answers = match timeout {
            None => answers.await,
            Some(timeout) => match tokio::time::timeout(timeout, &mut answers).await {
                Ok(answers) => answers,
                Err(_) => {
                    // The answer may be there, and only nobody had the time to read it.
                    read_for_others().await;
                    answers.now_or_never().unwrap_or_else(|| {
                        let message = format!("no answer to {operation} within {} ms", timeout.as_millis());
                        Ok(answer_all(len, &Err(Error::new(ErrorKind::Timeout, message))))
                    })
                }
            },
        };
        let mut answers = match answers {
            Ok(answers) if answers.len() == len => answers,
            Ok(_) => answer_all(len, &Err(self.defect())),
            Err(panic) => answer_all(len, &Err(panic)),
        };
        for answer in &mut answers {
            if let Err(error) = answer {
                *error = self.tag(error.clone(), operation);
            }
        }
        answers
    }

    /// Tells of the failures in `answers`, which no caller is told of. That the store is down was told before, and that
    /// it cannot have a key is no failure.
    pub(crate) fn report<T>(&self, answers: &[Result<T>]) {
        if self.breaker.is_open() {
            return;
        }
        let is_failure = |error: &&Error| error.kind() != ErrorKind::Argument;
        let mut errors = answers.iter().filter_map(|answer| answer.as_ref().err()).filter(is_failure);
        if let Some(first) = errors.next() {
            let (keys, error) = (1 + errors.count(), first.clone());
            self.events.tell(Event::TierError { tier: self.place, keys, error });
        }
    }

    /// `error`, from this store in this operation.
    pub(crate) fn tag(&self, error: Error, operation: &'static str) -> Error {
        error.in_store(&self.label).in_operation(operation)
    }

    pub(crate) fn defect(&self) -> Error {
        Error::new(ErrorKind::Internal, "a defect of RedKV: the store did not answer as it must")
            .outcome(Outcome::Unknown)
    }
}
