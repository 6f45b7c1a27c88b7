//! Events: what happens in a chain and is no answer to a caller.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redkv_core::entry::Key;
use redkv_core::error::Error;
use redkv_core::operation::Operation;

/// Something that no caller gets as an answer. `tier` is the place of the store in the chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A store failed so often in a row that it is not asked any more until a probe of it succeeds.
    TierDown {
        /// The place of the store.
        tier: u16,
        /// Its last failure.
        error: Error,
    },
    /// A probe of a store that was down succeeded: it is asked again.
    TierUp {
        /// The place of the store.
        tier: u16,
        /// For how long it was down.
        after: Duration,
    },
    /// A store failed where the operation continues without it, or where nobody waits for it. No caller gets this
    /// error.
    TierError {
        /// The place of the store.
        tier: u16,
        /// How many keys failed together.
        keys: usize,
        /// The first of their errors; it names the store and the operation.
        error: Error,
    },
    /// Old values that a store had kept because a write did not reach it were taken away there.
    Repair {
        /// The place of the store.
        tier: u16,
        /// How many keys are served from it again.
        keys: usize,
    },
    /// A write that was acknowledged before the store had made it is lost.
    WriteError {
        /// The place of the store.
        tier: u16,
        /// What was to be written or deleted.
        key: Key,
        /// What was called.
        operation: Operation,
        /// Why; it names the store.
        error: Error,
    },
    /// A store found something that its user should know. Not of the chain: it comes from
    /// [`Notices`](redkv_core::notices::Notices).
    Notice {
        /// What, in words for a person.
        text: String,
    },
    /// A request of data structures was made. Not of the chain: it comes from their backend.
    Request {
        /// Its name in the interface of the server.
        operation: &'static str,
        /// How long it took.
        duration: Duration,
        /// The capacity units that it consumed, where there are any.
        units: Option<f64>,
        /// What was asked for, as JSON, where that is reported.
        input: Option<Box<str>>,
    },
    /// A store has acknowledged writes that it has not made yet, or has none any more.
    Queued {
        /// The place of the store.
        tier: u16,
        /// Whether there are any.
        any: bool,
    },
}

/// Receives the events of a chain, from any thread. Must not block.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn observe(&self, event: Event);
}

/// The destination of the events of a chain; none until there is an observer.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<OnceLock<Arc<dyn Observer>>>);

impl Events {
    /// Sends all events to `observer` from now on, unless there is one already.
    pub(crate) fn observe(&self, observer: Arc<dyn Observer>) {
        drop(self.0.set(observer));
    }

    pub(crate) fn report(&self, event: Event) {
        if let Some(observer) = self.0.get() {
            observer.observe(event);
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("observed", &self.0.get().is_some()).finish()
    }
}
