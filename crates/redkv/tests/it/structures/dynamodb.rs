//! The backend over a table of DynamoDB: against an emulator, and against AWS's own DynamoDB Local for a second opinion.
#![expect(clippy::unwrap_used, reason = "a step that fails ends its test")]

mod calls;
mod connections;
mod contention;
mod creation;
mod faults;
mod golden;
mod local;
mod others;
mod suite;
mod table;
