//! Who does what with which key at this moment: order of writes, single flight, fences.
//!
//! Pure bookkeeping: it never waits and never calls a store. Everything that becomes due is handed back to the
//! caller, who starts it and reports when it is done.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::{Entry as Slot, EntryRef};
use smallvec::SmallVec;

use crate::request::{Question, Replies, Scope, Waiter};
use crate::schedule::key_state::{Busy, Change, Flight, Pool, QueuedWrite, SingleRead, State, Waiters};
use redkv_core::entry::Key;

/// A walk that is to be started.
#[derive(Debug)]
pub(crate) struct ReadJob {
    pub(crate) key: Key,
    pub(crate) flight: u64,
    /// The request that it is for, if it begins with the call of that: its caller does not wait in the table, but is
    /// answered by the walk. 0 if readers that had to wait are its only ones.
    pub(crate) index: u32,
    pub(crate) scope: Scope,
    pub(crate) question: Question,
}

/// A write that is to be started.
#[derive(Debug)]
pub(crate) struct WriteJob {
    pub(crate) key: Key,
    pub(crate) scope: Scope,
    pub(crate) change: Change,
}

/// Jobs that can start now.
#[derive(Debug, Default)]
pub(crate) struct Due {
    pub(crate) reads: Vec<ReadJob>,
    pub(crate) writes: Vec<WriteJob>,
}

impl Due {
    pub(crate) fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.writes.is_empty()
    }
}

/// The keys that somebody works on.
#[derive(Debug, Default)]
pub(crate) struct Table {
    keys: HashMap<Key, State, RandomState>,
    flights: u64,
    /// Keys whose next write can begin, collected over one admission so that repeated writes of a key become one.
    startable: Vec<Key>,
    pool: Pool,
    /// Reads that joined the walk of another one.
    coalesced: u64,
}

impl Table {
    /// A read was called, as the request at `index` of those that `replies` answers: it joins a walk, waits for the
    /// writes called before it, or is due now.
    pub(crate) fn read(
        &mut self,
        key: Key,
        scope: Scope,
        question: Question,
        replies: &Arc<dyn Replies>,
        index: u32,
    ) -> Option<ReadJob> {
        let flight = self.flights + 1;
        let key = match self.keys.entry(key) {
            Slot::Vacant(slot) => {
                let key = slot.key().clone();
                slot.insert(State { single_read: Some(SingleRead { flight, scope, question }), busy: None });
                key
            }
            Slot::Occupied(mut slot) => {
                let busy = slot.get_mut().busy(&mut self.pool);
                let waiter = || Waiter { replies: replies.clone(), index };
                if busy.holds_reads() {
                    busy.readers.push((busy.epoch, scope, question, waiter()));
                    return None;
                }
                let fence = Some(busy.epoch);
                let joinable = busy.flights.iter_mut().find(|flight| {
                    flight.scope == scope && flight.question == question && flight.is_joinable(busy.epoch)
                });
                if let Some(flight) = joinable {
                    self.coalesced += 1;
                    flight.waiters.push(waiter());
                    return None;
                }
                let waiters = Waiters::new();
                busy.flights.push(Flight { id: flight, scope, question, fence, waiters });
                slot.key().clone()
            }
        };
        self.flights = flight;
        Some(ReadJob { key, flight, index, scope, question })
    }

    /// A write was called: it takes the place of queued writes that it overtakes, and waits for those before it.
    /// What can begin is handed out by [`Table::startable`].
    pub(crate) fn write(&mut self, key: Key, scope: Scope, change: Change, waiter: Waiter) {
        let mut slot = match self.keys.entry(key) {
            Slot::Occupied(slot) => slot,
            Slot::Vacant(slot) => slot.insert_entry(State::default()),
        };
        let busy = slot.get_mut().busy(&mut self.pool);
        busy.epoch += 1;
        let was_startable = !busy.queue.is_empty();
        let mut waiters = Waiters::new();
        if !matches!(change, Change::SetIfAbsent(_)) {
            while let Some(overtaken) = busy.queue.pop_back_if(|queued| queued.is_overtaken_by(scope)) {
                // The older callers first: they are answered in the order in which they called. Those who were
                // gathered before are moved, not copied, so that many writes of one key stay cheap.
                let newer = std::mem::replace(&mut waiters, overtaken.waiters);
                waiters.extend(newer);
            }
        }
        waiters.push(waiter);
        if busy.queue.capacity() == 0 {
            // Most keys have one write at a time, and each that is on its way keeps this.
            busy.queue.reserve_exact(1);
        }
        busy.queue.push_back(QueuedWrite { epoch: busy.epoch, scope, change, waiters });
        if !busy.holds_writes() && !was_startable {
            self.startable.push(slot.key().clone());
        }
    }

    /// The writes that can begin after a number of calls of [`Table::write`].
    pub(crate) fn startable(&mut self) -> Vec<WriteJob> {
        let keys = std::mem::take(&mut self.startable);
        keys.into_iter().filter_map(|key| self.next_write(key)).collect()
    }

    fn next_write(&mut self, key: Key) -> Option<WriteJob> {
        let busy = self.keys.get_mut(&key)?.busy.as_mut()?;
        if busy.holds_writes() {
            return None;
        }
        let QueuedWrite { epoch, scope, change, waiters } = busy.queue.pop_front()?;
        busy.begin_write(epoch, waiters);
        Some(WriteJob { key, scope, change })
    }

    /// Ends a write and returns its waiters. Adds what was waiting for it to `due`.
    pub(crate) fn finish_write(&mut self, key: &Key, due: &mut Due) -> Waiters {
        let EntryRef::Occupied(mut slot) = self.keys.entry_ref(key) else { return Waiters::new() };
        let Some(busy) = &mut slot.get_mut().busy else { return Waiters::new() };
        let Some(done) = busy.end_write() else { return Waiters::new() };
        let more_writes = !busy.queue.is_empty();
        let fence = (!more_writes).then_some(busy.epoch);
        let first_new = self.flights;
        for (_, scope, question, waiter) in busy.readers.extract_if(.., |reader| reader.0 <= done.epoch) {
            let shared = busy
                .flights
                .iter_mut()
                .find(|flight| flight.id > first_new && flight.scope == scope && flight.question == question);
            if let Some(flight) = shared {
                self.coalesced += 1;
                flight.waiters.push(waiter);
                continue;
            }
            self.flights += 1;
            let waiters = SmallVec::from_iter([waiter]);
            busy.flights.push(Flight { id: self.flights, scope, question, fence, waiters });
            due.reads.push(ReadJob { key: key.clone(), flight: self.flights, index: 0, scope, question });
        }
        // Every reader waits for a write that was called.
        debug_assert!(
            more_writes || busy.readers.is_empty(),
            "a reader waits for a write that does not come"
        );
        if busy.is_idle() {
            self.pool.put(slot.remove());
        } else if more_writes {
            due.writes.extend(self.next_write(key.clone()));
        }
        done.waiters
    }

    /// A walk found a value that earlier tiers miss: whether they may be filled. If so, [`Table::finish_fill`] must
    /// follow before the walk is finished.
    pub(crate) fn begin_fill(&mut self, key: &str, flight: u64) -> bool {
        let Some(state) = self.keys.get_mut(key) else { return false };
        let may_fill = state.may_fill(flight);
        if may_fill {
            state.busy(&mut self.pool).fills += 1;
        }
        may_fill
    }

    /// As [`Table::begin_fill`], for a fill that is made at once, before anything else happens to the table.
    pub(crate) fn may_fill_now(&self, key: &str, flight: u64) -> bool {
        self.keys.get(key).is_some_and(|state| state.may_fill(flight))
    }

    /// An old value is to be taken away from a tier: whether nobody writes the key, or fills in what may be the very
    /// value. If so, writes of it wait until [`Table::finish_repair`].
    pub(crate) fn begin_repair(&mut self, key: &Key) -> bool {
        let busy = self.keys.entry_ref(key).or_default().busy(&mut self.pool);
        let is_free = !busy.is_written() && busy.fills == 0;
        busy.repairs += u32::from(is_free);
        is_free
    }

    /// An old value was taken away, or not. Adds a write that waited for it to `due`.
    pub(crate) fn finish_repair(&mut self, key: &Key, due: &mut Due) {
        self.release(key, |busy| busy.repairs = busy.repairs.saturating_sub(1), due);
    }

    /// A back-fill is done, whatever came of it. Adds a write that waited for it to `due`.
    pub(crate) fn finish_fill(&mut self, key: &Key, due: &mut Due) {
        self.release(key, |busy| busy.fills = busy.fills.saturating_sub(1), due);
    }

    fn release(&mut self, key: &Key, end: impl FnOnce(&mut Busy), due: &mut Due) {
        let EntryRef::Occupied(mut slot) = self.keys.entry_ref(key) else { return };
        let Some(busy) = &mut slot.get_mut().busy else { return };
        end(busy);
        if busy.is_idle() {
            self.pool.put(slot.remove());
            return;
        }
        due.writes.extend(self.next_write(key.clone()));
    }

    /// Ends a walk and returns the readers that joined it.
    pub(crate) fn finish_read(&mut self, key: &Key, flight: u64) -> Waiters {
        let EntryRef::Occupied(mut slot) = self.keys.entry_ref(key) else { return Waiters::new() };
        let state = slot.get_mut();
        if state.is_read_by(flight) {
            slot.remove();
            return Waiters::new();
        }
        let Some(busy) = &mut state.busy else { return Waiters::new() };
        let Some(position) = busy.position(flight) else { return Waiters::new() };
        let waiters = busy.flights.remove(position).waiters;
        if busy.is_idle() {
            self.pool.put(slot.remove());
        }
        waiters
    }

    /// The tiers changed: walks that began before are no longer joined, and fill nothing.
    pub(crate) fn seal(&mut self) {
        for state in self.keys.values_mut() {
            for flight in &mut state.busy(&mut self.pool).flights {
                flight.fence = None;
            }
        }
    }

    /// The keys that are being written or filled.
    pub(crate) fn keys_on_their_way(&self) -> Vec<Key> {
        let is_changed =
            |state: &State| state.busy.as_ref().is_some_and(|busy| busy.is_written() || busy.fills > 0);
        self.keys.iter().filter(|(_, state)| is_changed(state)).map(|(key, _)| key.clone()).collect()
    }

    /// Returns how many reads had no walk of their own so far.
    pub(crate) fn coalesced(&self) -> u64 {
        self.coalesced
    }

    /// Returns whether nobody works on any key.
    #[cfg(any(test, feature = "mutants"))]
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
