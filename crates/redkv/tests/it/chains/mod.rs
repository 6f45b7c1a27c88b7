//! The suite over chains.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod in_memory;
mod real;
