//! A store in a chain, with the policies that hold for it there.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;

#[cfg(test)]
use super::planted::{Planted, is_planted};
use super::repair::Repair;
use super::stale::StaleKeys;
use crate::clock::Clock;
use crate::config::Fields;
use crate::entry::{Deadline, Entry, Key};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::executor::read_for_others;
use crate::layers::Prefixed;
use crate::store::{Answers, Capabilities, Expiry, Immediate, SetMode, Store, Want, answer_all};

/// The policies of a tier: the second options object of `addStore`, the same for all stores.
#[derive(Clone, Debug, Default)]
pub struct TierConfig {
    /// Longest life of an entry in this tier, in milliseconds; no bound when absent.
    pub ttl: Option<u64>,
    /// How long one operation on this tier may take; 5 seconds when absent. Immediate stores have no bound.
    pub timeout: Option<Duration>,
    /// Whether failures of this tier may not reject a write.
    pub optional: bool,
    /// Put before every key in this tier.
    pub prefix: Option<String>,
}

impl TierConfig {
    const TIMEOUT: Duration = Duration::from_secs(5);

    /// Reads `ttl`, `timeout`, `optional` and `prefix`.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Ok(Self {
            ttl: fields.duration("ttl")?.map(millis),
            timeout: fields.duration("timeout")?,
            optional: fields.boolean("optional")?.unwrap_or(false),
            prefix: fields.string("prefix")?,
        })
    }
}

/// A store at its place in a chain. Bounds every operation in time, keeps the limits of the store, filters what is
/// past its deadline, and says in every error which store it came from.
#[derive(Debug)]
pub struct Tier {
    store: Arc<dyn Store>,
    label: Arc<str>,
    capabilities: Capabilities,
    ttl: Option<u64>,
    timeout: Option<Duration>,
    optional: bool,
    clock: Arc<dyn Clock>,
    /// About how many bytes a value here has, as of the last batches.
    typical_value: AtomicUsize,
    pub(super) stale: StaleKeys,
    pub(super) repair: Repair,
}

impl Tier {
    /// `store` under the policies of `config`.
    ///
    /// Fails when a policy asks for what the store cannot do.
    pub fn new(store: Arc<dyn Store>, config: TierConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let store: Arc<dyn Store> = match config.prefix {
            Some(prefix) => Arc::new(Prefixed::new(prefix, store)),
            None => store,
        };
        let capabilities = store.capabilities();
        let label: Arc<str> = store.name().into();
        if config.ttl.is_some() && capabilities.expiry == Expiry::None {
            return Err(cannot_expire().in_store(&label));
        }
        let timeout = (!capabilities.immediate).then(|| config.timeout.unwrap_or(TierConfig::TIMEOUT));
        Ok(Self {
            store,
            label,
            capabilities,
            ttl: config.ttl,
            timeout,
            optional: config.optional,
            clock,
            typical_value: AtomicUsize::new(0),
            stale: StaleKeys::default(),
            repair: Repair::default(),
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

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Makes the store usable, as far as that goes within the time of an operation.
    pub(super) async fn init_in_time(&self) -> Result<()> {
        let answer = self.bounded("ready", 1, async { vec![self.init().await] }).await.pop();
        answer.unwrap_or_else(|| Err(self.defect()))
    }

    /// Makes the store usable, within the bounds that the store sets itself.
    pub(super) async fn init(&self) -> Result<()> {
        let init = AssertUnwindSafe(async { self.store.init().await }).catch_unwind().await;
        init.unwrap_or_else(|_| Err(self.defect())).map_err(|error| self.tag(error, "ready"))
    }

    /// Ends the store, within the time of an operation. Nobody could act on a failure.
    pub(super) async fn close(&self) {
        let close = async {
            self.store.close().await;
            vec![Ok(())]
        };
        self.bounded("close", 1, close).await;
    }

    /// Reads live entries. Keys that the store cannot have are an error each.
    pub(super) async fn get(&self, keys: &[Key], want: Want) -> Answers<Option<Entry>> {
        let askable = self.askable("get", keys);
        let ask = async { self.store.get(&askable.keys, want).await };
        let answers = self.bounded("get", askable.keys.len(), ask).await;
        let mut answers = askable.complete(answers);
        self.note_sizes(answers.iter().filter_map(|answer| answer.as_ref().ok()?.as_ref()));
        if answers.iter().any(|answer| matches!(answer, Ok(Some(entry)) if entry.deadline.is_some())) {
            let now = self.clock.now();
            for answer in &mut answers {
                if matches!(answer, Ok(Some(entry)) if entry.is_expired(now)) {
                    *answer = Ok(None);
                }
            }
        }
        answers
    }

    /// About how many bytes a value here has.
    pub(super) fn typical_value(&self) -> usize {
        self.typical_value.load(Ordering::Relaxed)
    }

    /// Notes how large the values of a batch are. Batches that end at the same time may overwrite each other's word:
    /// it is an estimate.
    fn note_sizes<'a>(&self, entries: impl Iterator<Item = &'a Entry>) {
        let (count, bytes) =
            entries.fold((0, 0), |(count, bytes), entry| (count + 1, bytes + entry.value.len()));
        if let Some(mean) = bytes.checked_div(count) {
            self.typical_value.store((3 * self.typical_value() + mean) / 4, Ordering::Relaxed);
        }
    }

    /// Whether there are live entries.
    pub(super) async fn has(&self, keys: &[Key]) -> Answers<bool> {
        let askable = self.askable("has", keys);
        let ask = async { self.store.has(&askable.keys).await };
        let answers = self.bounded("has", askable.keys.len(), ask).await;
        askable.complete(answers)
    }

    /// What a store that answers on the calling thread has of `keys`; `None` of any other store, of keys that it
    /// cannot have, and of one that panics: they go the way that leads to errors.
    pub(super) fn ask_now<T>(
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
    pub(super) async fn set(&self, mut entries: Vec<(Key, Entry)>, mode: SetMode) -> Answers<bool> {
        if self.ttl.is_some() {
            for (_, entry) in &mut entries {
                *entry = self.capped(std::mem::replace(entry, Entry::new("")));
            }
        }
        self.note_sizes(entries.iter().map(|(_, entry)| entry));
        self.bounded("set", entries.len(), async { self.store.set(&entries, mode).await }).await
    }

    /// Deletes entries.
    pub(super) async fn delete(&self, keys: &[Key]) -> Answers<()> {
        self.bounded("delete", keys.len(), async { self.store.delete(keys).await }).await
    }

    /// The entry as this tier keeps it: not longer than its ttl.
    pub(super) fn capped(&self, entry: Entry) -> Entry {
        entry.capped(self.cap())
    }

    /// The latest deadline of what is written into this tier now, if it has a ttl.
    pub(super) fn cap(&self) -> Option<Deadline> {
        self.ttl.map(|ttl| self.clock.deadline_in(ttl))
    }

    /// Whether the store can have an entry under `key`, as an error that names the field if not.
    pub(super) fn check_key(&self, key: &str) -> Result<()> {
        let limits = &self.capabilities;
        if key.len() > limits.max_key_bytes {
            let (length, most) = (key.len(), limits.max_key_bytes);
            let message = format!("the key has {length} bytes, the store takes at most {most}");
            return Err(Error::argument("key", message).in_store(&self.label));
        }
        if key.is_empty() && !limits.empty_keys {
            return Err(Error::argument("key", "the store takes no empty key").in_store(&self.label));
        }
        Ok(())
    }

    /// Whether the store can keep `entry`, as an error that names the field if not.
    pub(super) fn check_entry(&self, entry: &Entry) -> Result<()> {
        let limits = &self.capabilities;
        let error = if entry.value.len() > limits.max_value_bytes {
            let (length, most) = (entry.value.len(), limits.max_value_bytes);
            Error::argument("value", format!("the value has {length} bytes, the store takes at most {most}"))
        } else if entry.deadline.is_some() && limits.expiry == Expiry::None {
            cannot_expire()
        } else if !limits.binary_values && std::str::from_utf8(&entry.value).is_err() {
            Error::unsupported("the store keeps text only, and the value is not UTF-8")
        } else {
            return Ok(());
        };
        Err(error.in_store(&self.label))
    }

    /// Sorts out the keys that the store cannot have.
    fn askable<'a>(&self, operation: &'static str, keys: &'a [Key]) -> Askable<'a> {
        if keys.iter().all(|key| self.check_key(key).is_ok()) {
            return Askable { keys: Cow::Borrowed(keys), refused: Vec::new() };
        }
        let refuse = |key: &Key| self.check_key(key).err().map(|error| self.tag(error, operation));
        let refused: Vec<_> = keys.iter().map(refuse).collect();
        let good = keys.iter().zip(&refused).filter(|(_, refused)| refused.is_none());
        Askable { keys: good.map(|(key, _)| key.clone()).collect(), refused }
    }

    fn timeout(&self) -> Option<Duration> {
        #[cfg(test)]
        if is_planted(Planted::NoDeadline) {
            return None;
        }
        self.timeout
    }

    /// Waits for the answers of the store until the deadline of this tier; one answer per key in any case.
    ///
    /// The store must be called inside of `answers`, so that it may panic there too.
    async fn bounded<T: Clone>(
        &self,
        operation: &'static str,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        if len == 0 {
            return Vec::new();
        }
        let mut answers = pin!(AssertUnwindSafe(answers).catch_unwind());
        let answers = match self.timeout() {
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
            Ok(_) | Err(_) => answer_all(len, &Err(self.defect())),
        };
        for answer in &mut answers {
            if let Err(error) = answer {
                *error = self.tag(error.clone(), operation);
            }
        }
        answers
    }

    /// `error`, from this store in this operation.
    pub(super) fn tag(&self, error: Error, operation: &'static str) -> Error {
        error.in_store(&self.label).in_operation(operation)
    }

    fn defect(&self) -> Error {
        Error::new(ErrorKind::Internal, "a defect of RedKV: the store did not answer as it must")
            .outcome(Outcome::Unknown)
    }
}

/// The keys of a batch that a store can have.
struct Askable<'a> {
    keys: Cow<'a, [Key]>,
    /// Per key of the batch, why it is not asked for; empty when all are.
    refused: Vec<Option<Error>>,
}

impl Askable<'_> {
    /// The answers to the whole batch, from those to the keys that were asked for.
    fn complete<T>(self, answers: Answers<T>) -> Answers<T> {
        if self.refused.is_empty() {
            return answers;
        }
        let mut answers = answers.into_iter();
        self.refused.into_iter().filter_map(|refused| refused.map(Err).or_else(|| answers.next())).collect()
    }
}

fn cannot_expire() -> Error {
    let message = "as it is configured here it cannot let entries end, so a ttl cannot be kept";
    Error::unsupported(message).about("ttl")
}
