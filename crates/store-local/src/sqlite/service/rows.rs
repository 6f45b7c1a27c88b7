//! Statements that are prepared once, and counted.

use std::cell::Cell;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

/// Runs statements that are prepared once, and counts them.
#[derive(Clone, Copy)]
pub(in crate::sqlite) struct Rows<'a> {
    pub(super) connection: &'a Connection,
    pub(super) statements: &'a Cell<u64>,
}

impl<'a> Rows<'a> {
    /// Returns what `read` makes of the first row, if there is one.
    pub(in crate::sqlite) fn one<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        self.statement(sql)?.query_row(parameters, read).optional()
    }

    /// Returns what `read` makes of each row.
    pub(in crate::sqlite) fn many<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        self.statement(sql)?.query_map(parameters, read)?.collect()
    }

    /// Changes rows, and returns how many.
    pub(in crate::sqlite) fn change(&self, sql: &str, parameters: impl Params) -> rusqlite::Result<usize> {
        self.statement(sql)?.execute(parameters)
    }

    /// Returns a statement whose rows are read one by one.
    pub(in crate::sqlite) fn statement(&self, sql: &str) -> rusqlite::Result<CachedStatement<'a>> {
        self.statements.set(self.statements.get() + 1);
        self.connection.prepare_cached(sql)
    }
}
