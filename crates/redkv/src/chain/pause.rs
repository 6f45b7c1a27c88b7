//! Pauses between attempts that fail.

use std::time::Duration;

use tokio::time::sleep;

/// A pause that doubles with every failure. Each is drawn anew from half to all of it, so that processes which lost the
/// same store do not return to it together.
#[derive(Debug)]
pub(super) struct Pause {
    next: Duration,
    first: Duration,
    longest: Duration,
}

impl Pause {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, first, longest }
    }

    /// Waits, and longer the next time.
    pub(super) async fn pass(&mut self) {
        sleep(self.next.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        self.next = (self.next * 2).min(self.longest);
    }

    /// After a success.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }
}
