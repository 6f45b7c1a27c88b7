//! What a chain answers on the calling thread, without a queue, a thread or a promise in between.

use std::sync::Arc;

use super::core::Chain;
use super::request::Scope;
use super::tier::Tier;
use crate::entry::{Entry, Key};
use crate::store::{Immediate, SetMode};

/// An answer that is known at once, or the word to ask the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The answer.
    Known(T),
    /// Only [`Chain::submit`] can tell.
    Ask,
}

/// The immediate first tier of a scope.
#[derive(Debug)]
pub struct Front {
    chain: Arc<Chain>,
    tier: Arc<Tier>,
    /// Whether it is the whole chain, so that its word is final and writes need nobody else.
    alone: bool,
}

impl Chain {
    /// The part of `scope` that answers on the calling thread, if there is one. Ask again after [`Chain::add`].
    pub fn front(self: &Arc<Self>, scope: Scope) -> Option<Front> {
        let shape = self.shape();
        let tier = shape.tiers.get(shape.range(scope).start)?;
        tier.store().immediate()?;
        Some(Front { chain: self.clone(), tier: tier.clone(), alone: shape.alone().is_some() })
    }
}

impl Front {
    /// The store, if it may be asked for `key` past the queue: no write of the key is on its way, and the stores
    /// had their attempt to come up.
    fn store(&self, key: &str) -> Option<&dyn Immediate> {
        let is_free = self.chain.lifecycle.is_settled()
            && !self.chain.is_closed()
            && !self.chain.pending.may_have(key)
            && !self.tier.is_stale(key);
        if is_free { self.tier.store().immediate() } else { None }
    }

    /// As [`Front::store`], for writes: only a chain of one can take them here.
    fn sole_store(&self, key: &str) -> Option<&dyn Immediate> {
        if self.alone { self.store(key) } else { None }
    }

    /// The live entry under `key`.
    pub fn get(&self, key: &str) -> Lookup<Option<Entry>> {
        match self.store(key).map(|store| store.get_now(key)) {
            Some(Some(entry)) => Lookup::Known(Some(entry)),
            Some(None) if self.alone => Lookup::Known(None),
            _ => Lookup::Ask,
        }
    }

    /// Shows the value of the live entry under `key`, or that there is none, to `read`, which must not call the chain.
    pub fn read<T>(&self, key: &str, read: impl FnOnce(Option<&[u8]>) -> T) -> Lookup<T> {
        let Some(store) = self.store(key) else { return Lookup::Ask };
        let mut read = Some(read);
        let mut answer = None;
        store.read_now(key, &mut |value| answer = read.take().map(|read| read(Some(value))));
        match (answer, read) {
            (Some(answer), _) => Lookup::Known(answer),
            (None, Some(read)) if self.alone => Lookup::Known(read(None)),
            (None, _) => Lookup::Ask,
        }
    }

    /// Whether there is a live entry under `key`.
    pub fn has(&self, key: &str) -> Lookup<bool> {
        match self.store(key).map(|store| store.has_now(key)) {
            Some(true) => Lookup::Known(true),
            Some(false) if self.alone => Lookup::Known(false),
            _ => Lookup::Ask,
        }
    }

    /// Writes `entry`, or gives key and entry back for [`Chain::submit`].
    pub fn set(&self, key: Key, entry: Entry) -> Result<(), (Key, Entry)> {
        let Some(store) = self.sole_store(&key) else { return Err((key, entry)) };
        if self.tier.check_key(&key).is_err() || self.tier.check_entry(&entry).is_err() {
            return Err((key, entry));
        }
        store.set_now(key, self.tier.capped(entry), SetMode::Always);
        Ok(())
    }

    /// Deletes the entry under `key`.
    pub fn delete(&self, key: &str) -> Lookup<()> {
        let Some(store) = self.sole_store(key) else { return Lookup::Ask };
        store.delete_now(key);
        Lookup::Known(())
    }
}
