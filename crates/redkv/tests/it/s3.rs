//! The S3 store against an emulator, and against a server over a folder for a second opinion.
#![expect(clippy::unwrap_used, reason = "a step that fails ends its test")]

mod bounds;
mod bucket;
mod calls;
mod conditions;
mod conformance;
mod failures;
mod faults;
mod listing;
mod objects;
