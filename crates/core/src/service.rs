//! What services beside stores have in common: backends of data structures and of records.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// How commands that came together are best made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// All in one call, in pieces of up to this many: the backend keeps the order.
    Together(usize),
    /// Plain reads of single items together, up to this many; everything else in a call of its own. The caller keeps the
    /// order of the operations on a key.
    Apart(usize),
}

/// A request of a backend, as it is reported.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestReport {
    /// Its name in the interface of the server, such as `Query` or `pipeline`.
    pub operation: &'static str,
    /// How long it took.
    pub duration: Duration,
    /// The capacity units that it consumed, where there are any.
    pub units: Option<f64>,
    /// What was asked for, as JSON, where that is reported.
    pub input: Option<Box<str>>,
}

/// Told of each request of a backend. Must not block.
pub type RequestObserver = Arc<dyn Fn(&RequestReport) + Send + Sync>;

/// What a backend has consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Requests: round trips.
    pub requests: u64,
    /// Commands in them, where these are counted apart.
    pub commands: u64,
    /// Read capacity units, where there are any.
    pub read_units: f64,
    /// Write capacity units, where there are any.
    pub write_units: f64,
}

/// So many connections are worth more than more of them.
const MOST_CALLS: usize = 64;

/// Limits the concurrent calls of one backend. A backend with [`Batching::Apart`] may need a connection for each call, so its
/// calls are counted; one with [`Batching::Together`] has one connection for all, and no limit.
#[derive(Debug)]
pub struct Calls(Option<Semaphore>);

impl Calls {
    /// Creates the room for the calls of a backend.
    pub fn of(batching: Batching) -> Self {
        Self(match batching {
            Batching::Together(_) => None,
            Batching::Apart(_) => Some(Semaphore::new(MOST_CALLS)),
        })
    }

    /// Waits until the backend has room for a call, which ends when the returned value is dropped.
    pub async fn begin(&self) -> Option<SemaphorePermit<'_>> {
        self.0.as_ref()?.acquire().await.ok()
    }
}
