//! A store in a chain, with the policies that hold for it there.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;

use super::stale::StaleKeys;
use crate::clock::Clock;
use crate::config::Fields;
use crate::entry::{Entry, Key};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::layers::Prefixed;
use crate::store::{Answers, Capabilities, Expiry, SetMode, Store, Want, answer_all};

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
    pub(super) stale: StaleKeys,
    pub(super) repair: Repair,
}

/// Whether a repair of the tier is on its way; there is one at most.
#[derive(Debug, Default)]
pub(super) struct Repair(AtomicBool);

impl Repair {
    /// Whether the caller is the one to do it.
    pub(super) fn begin(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    pub(super) fn end(&self) {
        self.0.store(false, Ordering::Release);
    }
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
            return Err(cannot_expire(&label).in_store(&label));
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
        self.one(self.bounded("ready", 1, async { vec![self.init().await] }).await)
    }

    /// Makes the store usable, within the bounds that the store sets itself.
    pub(super) async fn init(&self) -> Result<()> {
        let init = AssertUnwindSafe(self.store.init()).catch_unwind().await;
        init.unwrap_or_else(|_| Err(self.defect())).map_err(|error| self.tag(error, "ready"))
    }

    fn one<T>(&self, mut answers: Answers<T>) -> Result<T> {
        answers.pop().unwrap_or_else(|| Err(self.defect()))
    }

    /// Reads live entries. Keys that the store cannot have are an error each.
    pub(super) async fn get(&self, keys: &[Key], want: Want) -> Answers<Option<Entry>> {
        let mut answers = self.within_limits("get", keys, |keys| self.store.get(keys, want)).await;
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

    /// Whether there are live entries.
    pub(super) async fn has(&self, keys: &[Key]) -> Answers<bool> {
        self.within_limits("has", keys, |keys| self.store.has(keys)).await
    }

    /// Writes entries, none of them longer than the ttl of this tier.
    pub(super) async fn set(&self, mut entries: Vec<(Key, Entry)>, mode: SetMode) -> Answers<bool> {
        if self.ttl.is_some() {
            for (_, entry) in &mut entries {
                *entry = self.capped(std::mem::replace(entry, Entry::new("")));
            }
        }
        self.bounded("set", entries.len(), self.store.set(&entries, mode)).await
    }

    /// Deletes entries.
    pub(super) async fn delete(&self, keys: &[Key]) -> Answers<()> {
        self.bounded("delete", keys.len(), self.store.delete(keys)).await
    }

    /// The entry as this tier keeps it: not longer than its ttl.
    pub(super) fn capped(&self, entry: Entry) -> Entry {
        match self.ttl {
            Some(ttl) => entry.capped(Some(self.clock.deadline_in(ttl))),
            None => entry,
        }
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
            cannot_expire(&self.label)
        } else if !limits.binary_values && std::str::from_utf8(&entry.value).is_err() {
            Error::unsupported("the store keeps text only, and the value is not UTF-8")
        } else {
            return Ok(());
        };
        Err(error.in_store(&self.label))
    }

    /// Asks the store for the keys that it can have, and answers the others with an error.
    async fn within_limits<'a, T, F>(
        &self,
        operation: &'static str,
        keys: &'a [Key],
        ask: impl Fn(&'a [Key]) -> F,
    ) -> Answers<T>
    where
        T: Clone,
        F: Future<Output = Answers<T>>,
    {
        let checks: Vec<_> = keys.iter().map(|key| self.check_key(key)).collect();
        if checks.iter().all(Result::is_ok) {
            return self.bounded(operation, keys.len(), ask(keys)).await;
        }
        // Rare enough that the few good keys beside a bad one may be asked for one by one.
        let mut answers = Vec::with_capacity(keys.len());
        for (key, check) in keys.iter().zip(checks) {
            answers.push(match check {
                Ok(()) => self.one(self.bounded(operation, 1, ask(std::slice::from_ref(key))).await),
                Err(error) => Err(self.tag(error, operation)),
            });
        }
        answers
    }

    /// Waits for the answers of the store until the deadline of this tier; one answer per key in any case.
    async fn bounded<T: Clone>(
        &self,
        operation: &'static str,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let answers = AssertUnwindSafe(answers).catch_unwind();
        let answers = match self.timeout {
            None => answers.await,
            Some(timeout) => match tokio::time::timeout(timeout, answers).await {
                Ok(answers) => answers,
                Err(_) => {
                    let message = format!("no answer to {operation} within {} ms", timeout.as_millis());
                    Ok(answer_all(len, &Err(Error::new(ErrorKind::Timeout, message))))
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

    fn tag(&self, error: Error, operation: &'static str) -> Error {
        error.in_store(&self.label).in_operation(operation)
    }

    fn defect(&self) -> Error {
        Error::new(ErrorKind::Internal, "a defect of RedKV: the store did not answer as it must")
            .outcome(Outcome::Unknown)
    }
}

fn cannot_expire(store: &str) -> Error {
    let message = format!("{store} as configured here cannot let entries end, so a ttl cannot be kept");
    Error::unsupported(message).about("ttl")
}
