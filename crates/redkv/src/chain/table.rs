//! Who does what with which key at this moment: order of writes, single flight, fences.
//!
//! Pure bookkeeping: it never waits and never calls a store. Everything that becomes due is handed back to the
//! caller, who starts it and reports when it is done.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::{Entry as Slot, EntryRef};
use smallvec::SmallVec;

#[cfg(test)]
use super::planted::{Planted, is_planted};
use super::request::{Scope, Waiter};
use crate::entry::{Entry, Key};
use crate::store::Want;

/// What a read wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Get(Want),
    Has,
}

impl Question {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get(_) => "get",
            Self::Has => "has",
        }
    }
}

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
    /// What held the writes of keys that have none any more, to be used again.
    #[expect(clippy::vec_box, reason = "the boxes are what is used again")]
    spare: Vec<Box<Writes>>,
}

/// As many as writes are on their way in a busy process; some 600 bytes each.
const MOST_SPARE: usize = 1024;

#[derive(Debug, Default)]
struct State {
    /// Writes called while this state lives; a walk that began at another epoch must not back-fill.
    epoch: u64,
    /// Walks on their way.
    flights: SmallVec<[Flight; 1]>,
    /// Back-fills on their way; a write waits for them, so that it is not overtaken.
    fills: u32,
    writes: Option<Box<Writes>>,
}

#[derive(Debug)]
struct Flight {
    id: u64,
    scope: Scope,
    question: Question,
    /// The epoch at which it began, or `None` if a write was on its way then.
    fence: Option<u64>,
    waiters: Waiters,
}

#[derive(Debug, Default)]
struct Writes {
    active: Option<ActiveWrite>,
    queue: VecDeque<QueuedWrite>,
    /// Reads that were called after a write, with the epoch of that write.
    readers: Vec<(u64, Scope, Question, Waiter)>,
}

#[derive(Debug)]
struct ActiveWrite {
    epoch: u64,
    waiters: Waiters,
    /// Writes that are made at the same time.
    #[cfg(test)]
    others: u32,
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

#[cfg(test)]
impl ActiveWrite {
    /// A write that did not wait for the one that is `active`.
    fn beside(active: Option<Self>, epoch: u64, waiters: Waiters) -> Self {
        let Some(mut active) = active else { return Self { epoch, waiters, others: 0 } };
        active.waiters.extend(waiters);
        Self { epoch, waiters: active.waiters, others: active.others + 1 }
    }

    /// Ends one of several; whether others go on.
    fn end_other(&mut self) -> bool {
        let goes_on = self.others > 0;
        self.others = self.others.saturating_sub(1);
        goes_on
    }
}

impl Writes {
    /// Whether the next write has to wait.
    fn is_busy(&self) -> bool {
        #[cfg(test)]
        if is_planted(Planted::NoOrder) {
            return false;
        }
        self.active.is_some()
    }

    /// Whether it is worth keeping: empty, and not grown.
    fn is_small(&self) -> bool {
        self.queue.capacity() <= 4 && self.readers.capacity() <= 4
    }
}

impl Flight {
    /// Whether it began after the last write, which had the epoch `last`.
    fn is_joinable(&self, last: u64) -> bool {
        #[cfg(test)]
        if is_planted(Planted::JoinsOldWalks) {
            return true;
        }
        self.fence == Some(last)
    }
}

impl State {
    /// The writes that a read has to wait for.
    fn writes_ahead(&mut self) -> Option<&mut Writes> {
        #[cfg(test)]
        if is_planted(Planted::ReadsOvertake) {
            return None;
        }
        self.writes.as_deref_mut()
    }

    fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.fills == 0 && self.writes.is_none()
    }

    fn position(&self, flight: u64) -> Option<usize> {
        self.flights.iter().position(|candidate| candidate.id == flight)
    }

    /// Whether nothing was written since `flight` began, nor is being written.
    fn may_fill(&self, flight: u64) -> bool {
        #[cfg(test)]
        if is_planted(Planted::NoFence) {
            return true;
        }
        let fence = self.position(flight).and_then(|position| self.flights[position].fence);
        self.writes.is_none() && fence == Some(self.epoch)
    }
}

impl Table {
    /// A read was called: it joins a walk, waits for the writes called before it, or is due now.
    pub(super) fn read(
        &mut self,
        key: Key,
        scope: Scope,
        question: Question,
        waiter: Waiter,
    ) -> Option<ReadJob> {
        let mut slot = match self.keys.entry(key) {
            Slot::Occupied(slot) => slot,
            Slot::Vacant(slot) => slot.insert_entry(State::default()),
        };
        let state = slot.get_mut();
        let epoch = state.epoch;
        if let Some(writes) = state.writes_ahead() {
            writes.readers.push((epoch, scope, question, waiter));
            return None;
        }
        let joinable = state
            .flights
            .iter_mut()
            .find(|flight| flight.scope == scope && flight.question == question && flight.is_joinable(epoch));
        if let Some(flight) = joinable {
            flight.waiters.push(waiter);
            return None;
        }
        self.flights += 1;
        let flight = Flight {
            id: self.flights,
            scope,
            question,
            fence: Some(state.epoch),
            waiters: SmallVec::from_iter([waiter]),
        };
        state.flights.push(flight);
        Some(ReadJob { key: slot.key().clone(), flight: self.flights, scope, question })
    }

    /// A write was called: it takes the place of queued writes that it overtakes, and waits for those before it.
    /// What can begin is handed out by [`Table::startable`].
    pub(super) fn write(&mut self, key: Key, scope: Scope, change: Change, waiter: Waiter) {
        let mut slot = match self.keys.entry(key) {
            Slot::Occupied(slot) => slot,
            Slot::Vacant(slot) => slot.insert_entry(State::default()),
        };
        let state = slot.get_mut();
        state.epoch += 1;
        let fills = state.fills;
        let writes = state.writes.get_or_insert_with(|| self.spare.pop().unwrap_or_default());
        let was_startable = !writes.queue.is_empty();
        let mut waiters = Waiters::new();
        if !matches!(change, Change::SetIfAbsent(_)) {
            while let Some(overtaken) = writes.queue.pop_back_if(|queued| queued.is_overtaken_by(scope)) {
                // The older callers first: they are answered in the order in which they called. Those who were
                // gathered before are moved, not copied, so that many writes of one key stay cheap.
                let newer = std::mem::replace(&mut waiters, overtaken.waiters);
                waiters.extend(newer);
            }
        }
        waiters.push(waiter);
        writes.queue.push_back(QueuedWrite { epoch: state.epoch, scope, change, waiters });
        if !writes.is_busy() && fills == 0 && !was_startable {
            self.startable.push(slot.key().clone());
        }
    }

    /// The writes that can begin after a number of calls of [`Table::write`].
    pub(super) fn startable(&mut self) -> Vec<WriteJob> {
        let keys = std::mem::take(&mut self.startable);
        keys.into_iter().filter_map(|key| self.next_write(key)).collect()
    }

    fn next_write(&mut self, key: Key) -> Option<WriteJob> {
        let state = self.keys.get_mut(&key)?;
        let writes = state.writes.as_mut()?;
        if state.fills > 0 || writes.is_busy() {
            return None;
        }
        let QueuedWrite { epoch, scope, change, waiters } = writes.queue.pop_front()?;
        #[cfg(not(test))]
        let active = ActiveWrite { epoch, waiters };
        #[cfg(test)]
        let active = ActiveWrite::beside(writes.active.take(), epoch, waiters);
        writes.active = Some(active);
        Some(WriteJob { key, scope, change })
    }

    /// A write is done: answers whom to tell. Adds what was waiting for it to `due`.
    pub(super) fn finish_write(&mut self, key: &Key, due: &mut Due) -> Waiters {
        let EntryRef::Occupied(mut slot) = self.keys.entry_ref(key) else { return Waiters::new() };
        let state = slot.get_mut();
        let Some(writes) = &mut state.writes else { return Waiters::new() };
        #[cfg(test)]
        if writes.active.as_mut().is_some_and(ActiveWrite::end_other) {
            return Waiters::new();
        }
        let Some(done) = writes.active.take() else { return Waiters::new() };
        let released: Vec<_> = writes.readers.extract_if(.., |reader| reader.0 <= done.epoch).collect();
        let more_writes = !writes.queue.is_empty();
        if !more_writes {
            // Every reader waits for a write that was called, and none is left.
            debug_assert!(writes.readers.is_empty(), "a reader waits for a write that does not come");
            let spare = state.writes.take().filter(|writes| writes.is_small());
            self.spare.extend(spare.filter(|_| self.spare.len() < MOST_SPARE));
        }
        let fence = (!more_writes).then_some(state.epoch);
        let first_new = self.flights;
        for (_, scope, question, waiter) in released {
            let shared = state
                .flights
                .iter_mut()
                .find(|flight| flight.id > first_new && flight.scope == scope && flight.question == question);
            if let Some(flight) = shared {
                flight.waiters.push(waiter);
                continue;
            }
            self.flights += 1;
            let waiters = SmallVec::from_iter([waiter]);
            state.flights.push(Flight { id: self.flights, scope, question, fence, waiters });
            due.reads.push(ReadJob { key: key.clone(), flight: self.flights, scope, question });
        }
        if more_writes {
            due.writes.extend(self.next_write(key.clone()));
        } else if state.is_idle() {
            slot.remove();
        }
        done.waiters
    }

    /// A walk found a value that earlier tiers miss: whether they may be filled. If so, [`Table::finish_fill`] must
    /// follow before the walk is finished.
    pub(super) fn begin_fill(&mut self, key: &str, flight: u64) -> bool {
        let Some(state) = self.keys.get_mut(key) else { return false };
        let may_fill = state.may_fill(flight);
        state.fills += u32::from(may_fill);
        may_fill
    }

    /// As [`Table::begin_fill`], for a fill that is made at once, before anything else happens to the table.
    pub(super) fn may_fill_now(&self, key: &str, flight: u64) -> bool {
        self.keys.get(key).is_some_and(|state| state.may_fill(flight))
    }

    /// A back-fill is done, whatever came of it. Adds a write that waited for it to `due`.
    pub(super) fn finish_fill(&mut self, key: &Key, due: &mut Due) {
        let Some(state) = self.keys.get_mut(key) else { return };
        state.fills = state.fills.saturating_sub(1);
        due.writes.extend(self.next_write(key.clone()));
    }

    /// A walk is done: answers whom to tell.
    pub(super) fn finish_read(&mut self, key: &Key, flight: u64) -> Waiters {
        let EntryRef::Occupied(mut slot) = self.keys.entry_ref(key) else { return Waiters::new() };
        let state = slot.get_mut();
        let Some(position) = state.position(flight) else { return Waiters::new() };
        let waiters = state.flights.remove(position).waiters;
        if state.is_idle() {
            slot.remove();
        }
        waiters
    }

    /// The tiers changed: walks that began before are no longer joined, and fill nothing.
    pub(super) fn seal(&mut self) {
        for flight in self.keys.values_mut().flat_map(|state| &mut state.flights) {
            flight.fence = None;
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
