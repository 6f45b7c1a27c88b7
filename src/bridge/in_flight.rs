//! What is in flight in one instance, from the call until its promise is settled.

use std::cell::Cell;
use std::rc::Rc;

use redkv::chain::{Action, PendingLimits, Weight};
use redkv::entry::{Entry, Key};
use redkv::error::Result;
use redkv::operation::Operation;

/// The weight of what is in flight in one instance.
#[derive(Debug)]
pub(crate) struct InFlightGauge {
    /// The instance.
    pub(crate) id: u32,
    bounds: PendingLimits,
    pending: Cell<Weight>,
}

impl InFlightGauge {
    pub(crate) fn new(id: u32, bounds: PendingLimits) -> Rc<Self> {
        Rc::new(Self { id, bounds, pending: Cell::default() })
    }

    /// Whether the bounds have room for `load`, as an error if not.
    pub(crate) fn check(&self, load: Weight, operation: Operation) -> Result<()> {
        self.bounds.check(self.pending.get(), load).map_err(|error| error.with_operation_if_unset(operation))
    }

    /// Returns what is in flight.
    pub(crate) fn pending(&self) -> Weight {
        self.pending.get()
    }

    /// Counts a call as in flight, whatever the bounds are.
    pub(crate) fn count(self: &Rc<Self>, load: Weight, operation: Operation) -> InFlight {
        self.pending.set(self.pending.get() + load);
        InFlight { gauge: self.clone(), load, operation }
    }
}

/// What one call holds of the bounds, until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    gauge: Rc<InFlightGauge>,
    load: Weight,
    /// What was called.
    pub(crate) operation: Operation,
}

impl InFlight {
    /// Whether it is of the instance `id`.
    pub(crate) fn is_of(&self, id: u32) -> bool {
        self.gauge.id == id
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.gauge.pending.set(self.gauge.pending.get() - self.load);
    }
}

/// What the reads or deletes of keys weigh.
pub(crate) fn of_keys(keys: &[Key]) -> Weight {
    Weight { operations: keys.len(), bytes: keys.iter().map(|key| key.len()).sum() }
}

/// What writes weigh.
pub(crate) fn of_writes(writes: &[(Key, Entry)]) -> Weight {
    let bytes = writes.iter().map(|(key, entry)| key.len() + entry.value.len()).sum();
    Weight { operations: writes.len(), bytes }
}

/// What an operation weighs.
pub(crate) fn of_action(key: &Key, action: &Action) -> Weight {
    let value = match action {
        Action::Set(entry) | Action::SetIfAbsent(entry) => entry.value.len(),
        Action::Get(_) | Action::Has | Action::Delete => 0,
    };
    Weight { operations: 1, bytes: key.len() + value }
}

/// What operations weigh.
pub(crate) fn of_actions(actions: &[(Key, Action)]) -> Weight {
    actions.iter().fold(Weight::default(), |load, (key, action)| load + of_action(key, action))
}
