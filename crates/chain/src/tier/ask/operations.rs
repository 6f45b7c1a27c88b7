//! The operations of a tier.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use super::guard::Subject;
use crate::mutants::{Planted, is_planted};
use crate::tier::tier::Tier;
use crate::tier::tombstone::is_tombstone;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::operation::Operation;
use redkv_core::store::{Answers, Immediate, SetMode, Want};

impl Tier {
    /// Makes the store usable, as far as that goes within the time of an operation.
    pub(crate) async fn init_in_time(&self) -> Result<()> {
        self.init_within(self.timeout).await
    }

    /// Makes the store usable, within the time to connect, which is that of an operation if nothing else was said.
    pub(crate) async fn init(&self) -> Result<()> {
        self.init_within(self.connect_timeout.or(self.timeout)).await
    }

    async fn init_within(&self, timeout: Option<Duration>) -> Result<()> {
        let init = async { self.store.init().await };
        let answer = self.guard(Operation::Ready, Subject::STORE).within(timeout).call_once(init).await;
        if answer.is_ok() {
            self.is_alive();
        }
        answer
    }

    /// Closes the store, within the time of an operation. No caller could act on a failure.
    pub(crate) async fn close(&self) {
        let close = async {
            self.store.close().await;
            Ok(())
        };
        let ended = self.guard(Operation::Close, Subject::STORE).within(self.timeout).call_once(close).await;
        drop(ended);
    }

    /// Reads live entries. Keys that the store cannot have are an error each.
    pub(crate) async fn get(&self, keys: &[Key], want: Want) -> Answers<Option<Entry>> {
        self.read(Operation::Get, keys, want).await
    }

    async fn read(&self, operation: Operation, keys: &[Key], want: Want) -> Answers<Option<Entry>> {
        let allowed = self.allowed(operation, keys);
        let get = || async { self.store.get(&allowed.good, want).await };
        let ask = || self.guard(operation, &*allowed.good).call(get());
        let answers = self.past_losses(operation, &allowed.good, ask).await;
        let mut answers = allowed.complete(answers);
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

    /// Returns whether there are live entries.
    pub(crate) async fn has(&self, keys: &[Key]) -> Answers<bool> {
        if self.tombstones.is_some() {
            // Only the value distinguishes an entry from a tombstone.
            let entries = self.read(Operation::Has, keys, Want::Value).await;
            return entries.into_iter().map(|answer| answer.map(|entry| entry.is_some())).collect();
        }
        let allowed = self.allowed(Operation::Has, keys);
        let has = || async { self.store.has(&allowed.good).await };
        let ask = || self.guard(Operation::Has, &*allowed.good).call(has());
        let answers = self.past_losses(Operation::Has, &allowed.good, ask).await;
        self.counters.looked(&answers);
        allowed.complete(answers)
    }

    /// Asks a store that answers on the calling thread. Returns `None` for any other store, for keys that it cannot
    /// have, and when it panics: the asynchronous way makes errors of these.
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
        let set = async { self.store.set(&entries, mode).await };
        let answers = self.guard(Operation::Set, &*entries).call(set).await;
        let written = entries.iter().zip(&answers).filter(|(_, answer)| matches!(answer, Ok(true)));
        self.counters.wrote(written.map(|((_, entry), _)| entry.value.len()).sum());
        answers
    }

    /// Deletes entries.
    pub(crate) async fn delete(&self, keys: &[Key]) -> Answers<()> {
        let guard = self.guard(Operation::Delete, keys);
        if let Some(tombstones) = self.tombstones.filter(|_| !is_planted(Planted::NoTombstones)) {
            let entries = tombstones.over(keys, &*self.clock);
            let set = async { self.store.set(&entries, SetMode::Always).await };
            let answers = guard.call(set).await;
            return answers.into_iter().map(|answer| answer.map(|_| ())).collect();
        }
        guard.call(async { self.store.delete(keys).await }).await
    }
}
