//! The DynamoDB store against an emulator, and against AWS's own DynamoDB Local for a second opinion.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails ends its test")]

#[path = "../support/dynamodb.rs"]
mod client;
#[expect(dead_code, reason = "not every fault is needed here")]
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod conformance;
mod failures;
mod items;
mod table;
