//! The DynamoDB store against an emulator, and against AWS's own DynamoDB Local for a second opinion.
#![expect(clippy::unwrap_used, reason = "a step that fails ends its test")]

mod calls;
mod conformance;
mod credentials;
mod failures;
mod isolation;
mod items;
pub(crate) mod table;
