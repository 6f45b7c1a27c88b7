//! The table: its columns and rows, and the statements that read and write them.

pub(crate) mod change;
pub(crate) mod column;
pub(crate) mod layout;
pub(crate) mod listing;
pub(crate) mod row;
pub(crate) mod statements;
#[expect(clippy::module_inception, reason = "one noun a file, and this file is about the table")]
pub(crate) mod table;
