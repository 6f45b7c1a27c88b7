//! What was done, and how long it took.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use redkv_core::service::{RequestObserver, RequestReport, Usage};

/// Counts transactions and the statements in them, and reports the transactions.
#[derive(Default)]
pub(super) struct Meter {
    transactions: AtomicU64,
    statements: AtomicU64,
    observer: OnceLock<RequestObserver>,
}

impl Meter {
    pub(super) fn usage(&self) -> Usage {
        Usage {
            requests: self.transactions.load(Ordering::Relaxed),
            commands: self.statements.load(Ordering::Relaxed),
            ..Usage::default()
        }
    }

    /// Sets who hears of transactions, once.
    pub(super) fn observe(&self, observer: RequestObserver) {
        // Only the first counts.
        drop(self.observer.set(observer));
    }

    /// Counts a transaction that began at `since` and had so many statements.
    pub(super) fn count(&self, operation: &'static str, since: Instant, statements: u64) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.statements.fetch_add(statements, Ordering::Relaxed);
        if let Some(observer) = self.observer.get() {
            observer(&RequestReport { operation, duration: since.elapsed(), units: None, input: None });
        }
    }
}
