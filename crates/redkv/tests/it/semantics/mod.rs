//! What a chain promises, one test a statement.
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod events;
mod harness;
mod keys;
mod life;
mod limits;
mod read_only;
mod reads;
mod stale;
mod stats;
mod write_behind;
mod writes;
