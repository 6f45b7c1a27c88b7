//! The state of one key in the [table](crate::schedule::table).

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::mutants::{Planted, is_planted};
use crate::request::{Question, Scope, Waiter};
use redkv_core::entry::Entry;

/// What a write does.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Set(Entry),
    SetIfAbsent(Entry),
    Delete,
}

pub(crate) type Waiters = SmallVec<[Waiter; 1]>;

/// The state of a key. Nearly always that is one walk alone, so that has to be small.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The walk that reads the key, if nothing else was called since it began; `busy` is empty then.
    pub(crate) single_read: Option<SingleRead>,
    pub(crate) busy: Option<Box<Busy>>,
}

/// A walk whose first reader is the only one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SingleRead {
    pub(crate) flight: u64,
    pub(crate) scope: Scope,
    pub(crate) question: Question,
}

/// All that can be going on with a key.
#[derive(Debug, Default)]
pub(crate) struct Busy {
    /// Writes called while this lives; a walk that began at another epoch must not back-fill.
    pub(crate) epoch: u64,
    /// Walks on their way.
    pub(crate) flights: SmallVec<[Flight; 1]>,
    /// Back-fills on their way; a write waits for them, so that it is not overtaken.
    pub(crate) fills: u32,
    /// Invalidations on their way; a write waits for them too.
    pub(crate) repairs: u32,
    pub(crate) active: Option<ActiveWrite>,
    pub(crate) queue: VecDeque<QueuedWrite>,
    /// Reads that were called after a write, with the epoch of that write.
    pub(crate) readers: Vec<(u64, Scope, Question, Waiter)>,
}

/// Memory of keys that are idle again, to be reused.
#[derive(Debug, Default)]
pub(crate) struct Pool(
    #[expect(clippy::vec_box, reason = "the boxes are what is used again")] Vec<Box<Busy>>,
);

impl Pool {
    /// As many as writes are on their way in a busy process; some 600 bytes each.
    const MOST: usize = 1024;

    fn take(&mut self) -> Box<Busy> {
        self.0.pop().unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Keeps what is left of a key if that is worth while: if it has not grown.
    pub(crate) fn put(&mut self, state: State) {
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
pub(crate) struct Flight {
    pub(crate) id: u64,
    pub(crate) scope: Scope,
    pub(crate) question: Question,
    /// The epoch at which it began, or `None` if a write was on its way then.
    pub(crate) fence: Option<u64>,
    /// Its readers, but for the one that it began with.
    pub(crate) waiters: Waiters,
}

#[derive(Debug)]
pub(crate) struct ActiveWrite {
    pub(crate) epoch: u64,
    pub(crate) waiters: Waiters,
    /// Writes that are made at the same time.
    #[cfg(feature = "mutants")]
    others: u32,
}

#[derive(Debug)]
pub(crate) struct QueuedWrite {
    pub(crate) epoch: u64,
    pub(crate) scope: Scope,
    pub(crate) change: Change,
    pub(crate) waiters: Waiters,
}

impl QueuedWrite {
    /// Returns whether it need not be made once a newer one in `scope` was called. The answer of a conditional write
    /// depends on what it finds, so it is made in any case.
    pub(crate) fn is_overtaken_by(&self, scope: Scope) -> bool {
        scope.covers(self.scope) && !matches!(self.change, Change::SetIfAbsent(_))
    }
}

impl State {
    /// All that is going on, so that there can be more of it.
    pub(crate) fn busy(&mut self, pool: &mut Pool) -> &mut Busy {
        let single_read = self.single_read.take();
        let busy = self.busy.get_or_insert_with(|| pool.take());
        busy.flights.extend(single_read.map(|SingleRead { flight, scope, question }| Flight {
            id: flight,
            scope,
            question,
            fence: Some(busy.epoch),
            waiters: Waiters::new(),
        }));
        busy
    }

    pub(crate) fn is_read_by(&self, flight: u64) -> bool {
        self.single_read.is_some_and(|single_read| single_read.flight == flight)
    }

    /// Returns whether nothing was written since `flight` began, nor is being written.
    pub(crate) fn may_fill(&self, flight: u64) -> bool {
        if is_planted(Planted::NoFence) {
            return true;
        }
        self.is_read_by(flight) || self.busy.as_ref().is_some_and(|busy| busy.may_fill(flight))
    }
}

impl Busy {
    pub(crate) fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.fills == 0 && self.repairs == 0 && !self.is_written()
    }

    /// Returns whether a write is on its way or waits for its turn.
    pub(crate) fn is_written(&self) -> bool {
        self.active.is_some() || !self.queue.is_empty()
    }

    /// Returns whether the reads that are called now wait for a write.
    pub(crate) fn holds_reads(&self) -> bool {
        if is_planted(Planted::ReadsOvertake) {
            return false;
        }
        self.is_written()
    }

    /// Returns whether the next write has to wait.
    pub(crate) fn holds_writes(&self) -> bool {
        if is_planted(Planted::NoOrder) {
            return self.fills > 0 || self.repairs > 0;
        }
        self.fills > 0 || self.repairs > 0 || self.active.is_some()
    }

    pub(crate) fn begin_write(&mut self, epoch: u64, waiters: Waiters) {
        let active = ActiveWrite::new(epoch, waiters);
        #[cfg(feature = "mutants")]
        let active = active.beside(self.active.take());
        self.active = Some(active);
    }

    /// Takes the waiters of the write that was being made.
    pub(crate) fn end_write(&mut self) -> Option<ActiveWrite> {
        #[cfg(feature = "mutants")]
        if self.active.as_mut().is_some_and(ActiveWrite::end_other) {
            return None;
        }
        self.active.take()
    }

    pub(crate) fn position(&self, flight: u64) -> Option<usize> {
        self.flights.iter().position(|candidate| candidate.id == flight)
    }

    pub(crate) fn may_fill(&self, flight: u64) -> bool {
        let fence = self.position(flight).and_then(|position| self.flights[position].fence);
        !self.is_written() && fence == Some(self.epoch)
    }
}

impl Flight {
    /// Returns whether it began after the last write, which had the epoch `last`.
    pub(crate) fn is_joinable(&self, last: u64) -> bool {
        if is_planted(Planted::JoinsOldWalks) {
            return true;
        }
        self.fence == Some(last)
    }
}

impl ActiveWrite {
    fn new(epoch: u64, waiters: Waiters) -> Self {
        Self {
            epoch,
            waiters,
            #[cfg(feature = "mutants")]
            others: 0,
        }
    }
}

#[cfg(feature = "mutants")]
impl ActiveWrite {
    /// This write, if it did not wait for the one that is `active`.
    fn beside(mut self, active: Option<Self>) -> Self {
        let Some(mut active) = active else { return self };
        active.waiters.append(&mut self.waiters);
        Self { epoch: self.epoch, waiters: active.waiters, others: active.others + 1 }
    }

    /// Ends one of several. Returns whether others continue.
    fn end_other(&mut self) -> bool {
        let goes_on = self.others > 0;
        self.others = self.others.saturating_sub(1);
        goes_on
    }
}
