//! The synchronous fast path: answers on the calling thread, without a queue or a promise in between.

use std::sync::Arc;

use crate::chain::Chain;
use crate::request::Scope;
use crate::tier::stats::counters::FrontCounters;
use crate::tier::tier::Tier;
use redkv_core::entry::{Draft, Entry};
use redkv_core::store::{Immediate, SetMode};

/// An answer that is known at once, or the hint to ask the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The answer.
    Known(T),
    /// Only [`Chain::submit`] finds the answer.
    Ask,
}

/// The immediate first tier of a scope.
#[derive(Debug)]
pub struct FastPath {
    chain: Arc<Chain>,
    tier: Arc<Tier>,
    /// Whether it is the whole chain: a miss is final, and writes need no other tier.
    alone: bool,
}

impl Chain {
    /// The part of `scope` that answers on the calling thread, if there is one. Ask again after [`Chain::add`].
    pub fn fast_path(self: &Arc<Self>, scope: Scope) -> Option<FastPath> {
        let tiers = self.tiers();
        let tier = tiers.all.get(tiers.range(scope).start)?;
        tier.store().immediate()?;
        Some(FastPath { chain: self.clone(), tier: tier.clone(), alone: tiers.alone().is_some() })
    }
}

impl FastPath {
    /// Returns the store if it may be asked for `key` on this thread: no write of the key is in flight, and the stores
    /// had their attempt to come up.
    fn store(&self, key: &str) -> Option<&dyn Immediate> {
        let is_free = self.chain.lifecycle().is_settled() && !self.chain.is_closed() && self.is_current(key);
        if is_free { self.tier.store().immediate() } else { None }
    }

    fn counters(&self) -> &FrontCounters {
        self.tier.counters().front()
    }

    /// Returns whether what the store has of `key` is what was called last.
    fn is_current(&self, key: &str) -> bool {
        !self.chain.may_be_writing(key) && !self.tier.is_stale(key)
    }

    /// Returns the store if it may be written to on this thread: only a chain of one tier takes writes here.
    fn sole_store(&self, key: &str) -> Option<&dyn Immediate> {
        if self.alone && self.tier.capabilities().writable { self.store(key) } else { None }
    }

    /// The live entry under `key`.
    pub fn get(&self, key: &str) -> Lookup<Option<Entry>> {
        match self.store(key).map(|store| store.get_now(key)) {
            Some(Some(entry)) => {
                self.counters().hit(entry.value.len());
                Lookup::Known(Some(entry))
            }
            Some(None) if self.alone => {
                self.counters().miss();
                Lookup::Known(None)
            }
            _ => Lookup::Ask,
        }
    }

    /// Shows the value of the live entry under `key`, or that there is none, to `read`, which must not call the chain.
    pub fn read<T>(&self, key: &str, read: impl FnOnce(Option<&[u8]>) -> T) -> Lookup<T> {
        let Some(store) = self.store(key) else { return Lookup::Ask };
        let mut read = Some(read);
        let mut answer = None;
        let mut bytes = 0;
        store.read_now(key, &mut |value| {
            bytes = value.len();
            answer = read.take().map(|read| read(Some(value)));
        });
        match (answer, read) {
            (Some(answer), _) => {
                self.counters().hit(bytes);
                Lookup::Known(answer)
            }
            (None, Some(read)) if self.alone => {
                self.counters().miss();
                Lookup::Known(read(None))
            }
            (None, _) => Lookup::Ask,
        }
    }

    /// Shows the values under `keys` to `read` in their order, until only the chain knows one, or `read` returns
    /// `false`. Returns whether all were shown.
    pub fn read_many(&self, keys: &[&str], mut read: impl FnMut(Option<&[u8]>) -> bool) -> bool {
        let Some((first, others)) = keys.split_first() else { return true };
        let Some(store) = self.store(first) else { return false };
        let (mut hits, mut bytes) = (0, 0);
        let were_read = others.iter().all(|key| self.is_current(key))
            && store.read_many_now(keys, &mut |value| {
                hits += u64::from(value.is_some());
                bytes += value.map_or(0, <[u8]>::len);
                (value.is_some() || self.alone) && read(value)
            });
        if were_read {
            self.counters().read(hits, keys.len() as u64 - hits, bytes);
        }
        were_read
    }

    /// Returns whether there is a live entry under `key`.
    pub fn has(&self, key: &str) -> Lookup<bool> {
        match self.store(key).map(|store| store.has_now(key)) {
            Some(true) => {
                self.counters().hit(0);
                Lookup::Known(true)
            }
            Some(false) if self.alone => {
                self.counters().miss();
                Lookup::Known(false)
            }
            _ => Lookup::Ask,
        }
    }

    /// Returns whether [`FastPath::set`] takes `entry`.
    pub fn takes(&self, key: &str, entry: Draft<'_>) -> bool {
        self.takes_delete(key) && self.tier.check_key(key).is_ok() && self.tier.check_draft(entry).is_ok()
    }

    /// Returns whether [`FastPath::delete`] deletes `key`.
    pub fn takes_delete(&self, key: &str) -> bool {
        self.sole_store(key).is_some()
    }

    /// Writes `entry`, if the store can have it.
    pub fn set(&self, key: &str, entry: Draft<'_>) -> Lookup<()> {
        let Some(store) = self.sole_store(key) else { return Lookup::Ask };
        if self.tier.check_key(key).is_err() || self.tier.check_draft(entry).is_err() {
            return Lookup::Ask;
        }
        store.set_now(key, entry.capped(self.tier.cap()), SetMode::Always);
        self.counters().set(entry.value.len());
        Lookup::Known(())
    }

    /// Deletes the entry under `key`.
    pub fn delete(&self, key: &str) -> Lookup<()> {
        let Some(store) = self.sole_store(key) else { return Lookup::Ask };
        store.delete_now(key);
        self.counters().delete();
        Lookup::Known(())
    }
}
