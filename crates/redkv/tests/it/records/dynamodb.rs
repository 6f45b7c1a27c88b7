//! The backend over a table of DynamoDB: against an emulator, and against AWS's own DynamoDB Local for a second opinion.
#![expect(clippy::unwrap_used, reason = "a step that fails ends its test")]

/// Makes a test of each on the emulator and on DynamoDB Local.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod emulator {
            $(#[tokio::test] async fn $name() { super::$name(super::super::table::EMULATOR).await; })*
        }
        mod local {
            $(#[tokio::test] async fn $name() { super::$name(super::super::table::LOCAL).await; })*
        }
    };
}

mod contention;
mod creation;
mod faults;
mod golden;
mod local;
mod others;
mod requests;
mod suite;
mod table;
mod turns;
mod versions;
