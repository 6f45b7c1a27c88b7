//! Runs several requests concurrently.

use futures_util::stream::{self, StreamExt};

/// Runs `requests` side by side, so many at a time, and answers in their order.
pub(crate) async fn side_by_side<F: Future>(at_a_time: usize, requests: Vec<F>) -> Vec<F::Output> {
    stream::iter(requests).buffered(at_a_time).collect().await
}
