//! Repeats statements that collided with each other.

use std::time::Duration;

use tokio::time::sleep;

/// How often a statement is repeated at most.
const TIMES: u32 = 5;

/// Waits a little before the attempt with this number, counted from 0; `false` when there should be none.
pub(crate) async fn again(attempt: u32) -> bool {
    if attempt >= TIMES {
        return false;
    }
    // Of random length: both sides of a deadlock do this.
    sleep(Duration::from_micros(fastrand::u64(500..5_000) << attempt)).await;
    true
}
