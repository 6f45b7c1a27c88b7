//! The suite over chains.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

#[path = "../support/dynamodb.rs"]
mod dynamodb;
#[path = "../support/mod.rs"]
mod support;

mod in_memory;
mod real;
