//! What a chain promises, one test a statement.
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod behind;
mod behind_ends;
mod behind_random;
mod breaker;
mod closing;
mod events;
mod fences;
mod front;
mod harness;
mod keys;
mod lifecycle;
mod limits;
mod many;
mod order;
mod queued;
mod read_only;
mod reads;
mod single_flight;
mod stale;
mod stats;
mod tombstones;
mod writes;
