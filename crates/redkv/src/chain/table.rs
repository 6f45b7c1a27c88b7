//! Who does what with which key at this moment: order of writes, single flight, fences.
//!
//! Pure bookkeeping: it never waits and never calls a store. Everything that becomes due is handed back to the
//! caller, who starts it and reports when it is done.

use std::collections::VecDeque;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::{Entry as Slot, EntryRef};
use smallvec::SmallVec;

use super::request::{Question, Replies, Scope, Waiter};
use crate::entry::{Entry, Key};

/// What a write does.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Set(Entry),
    SetIfAbsent(Entry),
    Delete,
}

/// A walk that is to be started.
#[derive(Debug)]
pub(super) struct ReadJob {
    pub(super) key: Key,
    pub(super) flight: u64,
    /// The request that it is for, if it begins with the call of that: its caller does not wait in the table, but is
    /// answered by the walk. 0 if readers that had to wait are its only ones.
    pub(super) index: u32,
    pub(super) scope: Scope,
    pub(super) question: Question,
}

/// A write that is to be started.
#[derive(Debug)]
pub(super) struct WriteJob {
    pub(super) key: Key,
    pub(super) scope: Scope,
    pub(super) change: Change,
}

/// What became due.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) reads: Vec<ReadJob>,
    pub(super) writes: Vec<WriteJob>,
}

impl Due {
    pub(super) fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.writes.is_empty()
    }
}

pub(super) type Waiters = SmallVec<[Waiter; 1]>;

/// The keys that somebody works on.
#[derive(Debug, Default)]
pub(super) struct Table {
    keys: HashMap<Key, State, RandomState>,
    flights: u64,
    /// Keys whose next write can begin, collected over one admission so that repeated writes of a key become one.
    startable: Vec<Key>,
    spare: Spare,
}

/// What is going on with a key. Nearly always that is one walk alone, so that has to be small.
#[derive(Debug, Default)]
struct State {
    /// The walk that reads the key, if nothing else was called since it began; `busy` is empty then.
    sole: Option<Sole>,
    busy: Option<Box<Busy>>,
}

/// A walk whose first reader is the only one.
#[derive(Clone, Copy, Debug)]
struct Sole {
    flight: u64,
    scope: Scope,
    question: Question,
}

/// All that can be going on with a key.
#[derive(Debug, Default)]
struct Busy {
    /// Writes called while this lives; a walk that began at another epoch must not back-fill.
    epoch: u64,
    /// Walks on their way.
    flights: SmallVec<[Flight; 1]>,
    /// Back-fills on their way; a write waits for them, so that it is not overtaken.
    fills: u32,
    active: Option<ActiveWrite>,
    queue: VecDeque<QueuedWrite>,
    /// Reads that were called after a write, with the epoch of that write.
    readers: Vec<(u64, Scope, Question, Waiter)>,
}

/// What held keys that nobody works on any more, to be used again.
#[derive(Debug, Default)]
struct Spare(#[expect(clippy::vec_box, reason = "the boxes are what is used again")] Vec<Box<Busy>>);

impl Spare {
    /// As many as writes are on their way in a busy process; some 600 bytes each.
    const MOST: usize = 1024;

    fn take(&mut self) -> Box<Busy> {
        self.0.pop().unwrap_or_default()
    }

    /// Keeps what is left of a key if that is worth while: if it has not grown.
    fn put(&mut self, state: State) {
        if let Some(mut busy) = state.busy
            && self.0.len() < Self::MOST
            && busy.queue.capacity() <= 4
            && busy.readers.capacity() <= 4
        {
            busy.epoch = 0;
            self.0.push(busy);
        }
    }
}

#[derive(Debug)]
struct Flight {
    id: u64,
    scope: Scope,
    question: Question,
    /// The epoch at which it began, or `None` if a write was on its way then.
    fence: Option<u64>,
    /// Its readers, but for the one that it began with.
    waiters: Waiters,
}

#[derive(Debug)]
struct ActiveWrite {
    epoch: u64,
    waiters: Waiters,
}

#[derive(Debug)]
struct QueuedWrite {
    epoch: u64,
    scope: Scope,
    change: Change,
    waiters: Waiters,
}

impl QueuedWrite {
    /// Whether it need not be made once a newer one in `scope` was called. The answer of a conditional write
    /// depends on what it finds, so it is made in any case.
    fn is_overtaken_by(&self, scope: Scope) -> bool {
        scope.covers(self.scope) && !matches!(self.change, Change::SetIfAbsent(_))
    }
}

impl State {
    /// All that is going on, so that there can be more of it.
    fn busy(&mut self, spare: &mut Spare) -> &mut Busy {
        let sole = self.sole.take();
        let busy = self.busy.get_or_insert_with(|| spare.take());
        busy.flights.extend(sole.map(|Sole { flight, scope, question }| Flight {
            id: flight,
            scope,
            question,
            fence: Some(busy.epoch),
            waiters: Waiters::new(),
        }));
        busy
    }

    fn is_read_by(&self, flight: u64) -> bool {
        self.sole.is_some_and(|sole| sole.flight == flight)
    }

    /// Whether nothing was written since `flight` began, nor is being written.
    fn may_fill(&self, flight: u64) -> bool {
        self.is_read_by(flight) || self.busy.as_ref().is_some_and(|busy| busy.may_fill(flight))
    }
}

impl Busy {
    fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.fills == 0 && !self.is_written()
    }

    /// Whether a write is on its way or waits for its turn.
    fn is_written(&self) -> bool {
        self.active.is_some() || !self.queue.is_empty()
    }

    fn position(&self, flight: u64) -> Option<usize> {
        self.flights.iter().position(|candidate| candidate.id == flight)
    }

    fn may_fill(&self, flight: u64) -> bool {
        let fence = self.position(flight).and_then(|position| self.flights[position].fence);
        !self.is_written() && fence == Some(self.epoch)
    }
}

impl Table {
    /// A read was called, as the request at `index` of those that `replies` answers: it joins a walk, waits for the
    /// writes called before it, or is due now.
    pub(super) fn read(
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
                slot.insert(State { sole: Some(Sole { flight, scope, question }), busy: None });
                key
            }
            Slot::Occupied(mut slot) => {
                let busy = slot.get_mut().busy(&mut self.spare);
                let waiter = || Waiter { replies: replies.clone(), index };
                if busy.is_written() {
                    busy.readers.push((busy.epoch, scope, question, waiter()));
                    return None;
                }
                let fence = Some(busy.epoch);
                let joinable = busy.flights.iter_mut().find(|flight| {
                    flight.scope == scope && flight.question == question && flight.fence == fence
                });
                if let Some(flight) = joinable {
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
    pub(super) fn write(&mut self, key: Key, scope: Scope, change: Change, waiter: Waiter) {
        let mut slot = match self.keys.entry(key) {
            Slot::Occupied(slot) => slot,
            Slot::Vacant(slot) => slot.insert_entry(State::default()),
        };
        let busy = slot.get_mut().busy(&mut self.spare);
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
        busy.queue.push_back(QueuedWrite { epoch: busy.epoch, scope, change, waiters });
        if busy.active.is_none() && busy.fills == 0 && !was_startable {
            self.startable.push(slot.key().clone());
        }
    }

    /// The writes that can begin after a number of calls of [`Table::write`].
    pub(super) fn startable(&mut self) -> Vec<WriteJob> {
        let keys = std::mem::take(&mut self.startable);
        keys.into_iter().filter_map(|key| self.next_write(key)).collect()
    }

    fn next_write(&mut self, key: Key) -> Option<WriteJob> {
        let busy = self.keys.get_mut(&key)?.busy.as_mut()?;
        if busy.fills > 0 || busy.active.is_some() {
            return None;
        }
        let QueuedWrite { epoch, scope, change, waiters } = busy.queue.pop_front()?;
        busy.active = Some(ActiveWrite { epoch, waiters });
        Some(WriteJob { key, scope, change })
    }

    /// A write is done: answers whom to tell. Adds what was waiting for it to `due`.
    pub(super) fn finish_write(&mut self, key: &Key, due: &mut Due) -> Waiters {
        let EntryRef::Occupied(mut slot) = self.keys.entry_ref(key) else { return Waiters::new() };
        let Some(busy) = &mut slot.get_mut().busy else { return Waiters::new() };
        let Some(done) = busy.active.take() else { return Waiters::new() };
        let more_writes = !busy.queue.is_empty();
        let fence = (!more_writes).then_some(busy.epoch);
        let first_new = self.flights;
        for (_, scope, question, waiter) in busy.readers.extract_if(.., |reader| reader.0 <= done.epoch) {
            let shared = busy
                .flights
                .iter_mut()
                .find(|flight| flight.id > first_new && flight.scope == scope && flight.question == question);
            if let Some(flight) = shared {
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
            self.spare.put(slot.remove());
        } else if more_writes {
            due.writes.extend(self.next_write(key.clone()));
        }
        done.waiters
    }

    /// A walk found a value that earlier tiers miss: whether they may be filled. If so, [`Table::finish_fill`] must
    /// follow before the walk is finished.
    pub(super) fn begin_fill(&mut self, key: &str, flight: u64) -> bool {
        let Some(state) = self.keys.get_mut(key) else { return false };
        let may_fill = state.may_fill(flight);
        if may_fill {
            state.busy(&mut self.spare).fills += 1;
        }
        may_fill
    }

    /// As [`Table::begin_fill`], for a fill that is made at once, before anything else happens to the table.
    pub(super) fn may_fill_now(&self, key: &str, flight: u64) -> bool {
        self.keys.get(key).is_some_and(|state| state.may_fill(flight))
    }

    /// An old value is to be taken away from a tier: whether nobody writes the key. If so, writes of it wait until
    /// [`Table::finish_fill`].
    pub(super) fn begin_repair(&mut self, key: &Key) -> bool {
        let busy = self.keys.entry_ref(key).or_default().busy(&mut self.spare);
        let is_free = !busy.is_written();
        busy.fills += u32::from(is_free);
        is_free
    }

    /// A back-fill is done, whatever came of it. Adds a write that waited for it to `due`.
    pub(super) fn finish_fill(&mut self, key: &Key, due: &mut Due) {
        let EntryRef::Occupied(mut slot) = self.keys.entry_ref(key) else { return };
        let Some(busy) = &mut slot.get_mut().busy else { return };
        busy.fills = busy.fills.saturating_sub(1);
        if busy.is_idle() {
            self.spare.put(slot.remove());
            return;
        }
        due.writes.extend(self.next_write(key.clone()));
    }

    /// A walk is done: answers whom to tell, besides the caller that it began with.
    pub(super) fn finish_read(&mut self, key: &Key, flight: u64) -> Waiters {
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
            self.spare.put(slot.remove());
        }
        waiters
    }

    /// The tiers changed: walks that began before are no longer joined, and fill nothing.
    pub(super) fn seal(&mut self) {
        for state in self.keys.values_mut() {
            for flight in &mut state.busy(&mut self.spare).flights {
                flight.fence = None;
            }
        }
    }

    /// Whether nobody works on any key.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
