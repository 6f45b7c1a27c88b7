//! What was sent, and how long it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use redkv_structures::{RequestReport, Usage};

/// Hears of each request.
pub(super) type Observer = Arc<dyn Fn(&RequestReport) + Send + Sync>;

/// Counts requests and their commands, and reports them.
#[derive(Default)]
pub(super) struct Meter {
    requests: AtomicU64,
    commands: AtomicU64,
    observer: OnceLock<Observer>,
}

impl Meter {
    /// Counts a request of so many commands.
    pub(super) fn sent(&self, commands: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.commands.fetch_add(commands as u64, Ordering::Relaxed);
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            requests: self.requests.load(Ordering::Relaxed),
            commands: self.commands.load(Ordering::Relaxed),
            ..Usage::default()
        }
    }

    /// Sets who hears of requests, once.
    pub(super) fn observe(&self, observer: Observer) {
        // Only the first counts.
        drop(self.observer.set(observer));
    }

    /// Waits for `request`, and reports how long that took.
    pub(super) async fn timed<T>(&self, operation: &'static str, request: impl Future<Output = T>) -> T {
        let Some(observer) = self.observer.get() else { return request.await };
        let since = Instant::now();
        let result = request.await;
        observer(&RequestReport { operation, duration: since.elapsed(), units: None, input: None });
        result
    }
}
