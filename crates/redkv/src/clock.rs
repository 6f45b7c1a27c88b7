//! The wall clock, injected so that no test waits for a deadline.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::entry::Deadline;

/// Tells the time of day in milliseconds since the Unix epoch.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now(&self) -> u64;

    /// The deadline `ttl` milliseconds from now.
    fn deadline_in(&self, ttl: u64) -> Deadline {
        Deadline::at(self.now().saturating_add(ttl))
    }
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since_epoch.map_or(0, |elapsed| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
    }
}

/// A clock that stands still until it is told to move, for tests.
#[derive(Debug)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn starting_at(now: u64) -> Self {
        Self(AtomicU64::new(now))
    }

    /// Moves the clock `millis` milliseconds ahead.
    pub fn advance(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}
