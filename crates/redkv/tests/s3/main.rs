//! The S3 store against an emulator, and against a server over a folder for a second opinion.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails ends its test")]

#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/mod.rs"]
mod support;

mod bucket;
mod calls;
mod conditions;
mod conformance;
mod failures;
mod faults;
mod listing;
mod objects;
