//! Flushes of the queue.

use std::sync::Arc;

use super::sender::Shared;
use redkv_core::error::Result;

/// A flush in progress. A loss is reported to all of them, and forgotten after the last one.
pub(super) struct Flushing {
    shared: Arc<Shared>,
    last: u64,
    has_ended: bool,
}

impl Flushing {
    /// Begins a flush of what is queued now.
    pub(super) fn begin(shared: &Arc<Shared>) -> Self {
        let mut queue = shared.queue();
        queue.flushes += 1;
        Self { shared: shared.clone(), last: queue.last_number(), has_ended: false }
    }

    /// The result to report, once it is known.
    pub(super) fn end(&mut self) -> Option<Result<()>> {
        let mut queue = self.shared.queue();
        if queue.has_up_to(self.last) {
            return None;
        }
        self.has_ended = true;
        queue.flushes -= 1;
        let failure = if queue.flushes == 0 { queue.failure.take() } else { queue.failure.clone() };
        Some(failure.map_or(Ok(()), Err))
    }
}

impl Drop for Flushing {
    fn drop(&mut self) {
        // It was cancelled before it reported a result.
        if !self.has_ended {
            self.shared.queue().flushes -= 1;
        }
    }
}
