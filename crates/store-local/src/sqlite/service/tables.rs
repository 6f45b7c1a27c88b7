//! What a backend keeps in the tables of a database, and what is done with it.

use std::hash::Hash;
use std::time::Duration;

use redkv_core::error::{Error, Result};
use rusqlite::Connection;

use super::rows::Rows;
use crate::sqlite::config::Location;
use crate::sqlite::error::error_from;

/// The tables of a backend. What is done on their rows blocks.
pub(in crate::sqlite) trait Tables: Send + Sync + 'static {
    /// What it is asked for at once.
    type Step: Step;
    /// What a step is answered.
    type Answer: Clone + Send + 'static;

    /// Returns where the database is.
    fn location(&self) -> &Location;

    /// Returns how long locks are waited for.
    fn busy_timeout(&self) -> Duration;

    /// Returns its tables, with what makes them.
    fn layouts(&self) -> Vec<Layout<'_>>;

    /// Returns the words for what is kept in them.
    fn what(&self) -> &'static str;

    /// Returns statements that must work for the tables to be its own.
    fn statements(&self) -> Vec<String>;

    /// Fails if the tables are not there.
    fn look(&self, rows: Rows<'_>) -> rusqlite::Result<()>;

    /// Makes a step. One that fails may have begun to write.
    fn run(&self, rows: Rows<'_>, step: &Self::Step) -> Found<Self::Answer>;
}

/// What a backend is asked for at once: it is done, or nothing of it.
pub(in crate::sqlite) trait Step: Send + 'static {
    /// What tells apart what steps are about.
    type Key: Clone + Eq + Hash;

    /// Returns whether it can change what is stored.
    fn is_write(&self) -> bool;

    /// Returns what it is about: a read that waits for no write before it may be answered earlier.
    fn touched(&self) -> Touched<Self::Key>;

    /// Returns about how many bytes it writes, in pages that are not full.
    fn bytes(&self) -> usize;

    /// Returns whether it can only make room.
    fn frees(&self) -> bool;
}

/// What a step is about.
pub(in crate::sqlite) enum Touched<Key> {
    Keys(Vec<Key>),
    All,
}

/// A table.
pub(in crate::sqlite) struct Layout<'a> {
    pub(in crate::sqlite) table: &'a str,
    /// Makes it if it is missing.
    pub(in crate::sqlite) create: &'a str,
    pub(in crate::sqlite) columns: &'static [Column],
}

/// The name and the type of a column.
pub(in crate::sqlite) type Column = (&'static str, &'static str);

/// Why something was not done.
pub(in crate::sqlite) enum Fault {
    OfSqlite(rusqlite::Error),
    OfData(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(cause: rusqlite::Error) -> Self {
        Self::OfSqlite(cause)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::OfData(error)
    }
}

pub(in crate::sqlite) type Found<T> = std::result::Result<T, Fault>;

/// How many statements stay prepared.
const PREPARED: usize = 64;

/// Makes the tables if there are none, and finds what is none of ours before the first write does.
pub(super) fn prepare<T: Tables>(connection: &Connection, tables: &T) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(PREPARED);
    for layout in tables.layouts() {
        let Layout { table, create, columns } = layout;
        connection.execute_batch(create).map_err(|cause| refused(tables, table, cause))?;
        let is_ours = has_columns(connection, table, columns);
        if !is_ours.map_err(|cause| error_from(tables.location(), cause))? {
            return Err(of_another_program(tables, table));
        }
    }
    let first = tables.layouts().first().map(|layout| layout.table.to_owned()).unwrap_or_default();
    for statement in tables.statements() {
        connection.prepare_cached(&statement).map_err(|cause| refused(tables, &first, cause))?;
    }
    Ok(())
}

fn refused<T: Tables>(tables: &T, table: &str, cause: rusqlite::Error) -> Error {
    let said = cause.to_string();
    let is_another = [
        "no such column",
        "has no column",
        "ON CONFLICT",
        "no such index",
        "no query solution",
        "views may not",
    ];
    if !is_another.iter().any(|part| said.contains(part)) {
        return error_from(tables.location(), cause);
    }
    of_another_program(tables, table).caused_by(cause)
}

fn of_another_program<T: Tables>(tables: &T, table: &str) -> Error {
    let message = format!("table '{table}' of {} does not keep {}", tables.location(), tables.what());
    Error::argument("tableName", message)
}

/// Returns whether the table has our columns in our types, and no other that must be given.
fn has_columns(connection: &Connection, table: &str, ours: &[Column]) -> rusqlite::Result<bool> {
    let mut ours = ours.to_vec();
    let mut statement = connection
        .prepare("SELECT name, type, \"notnull\", dflt_value IS NULL FROM pragma_table_info(?1)")?;
    let mut rows = statement.query([table])?;
    while let Some(row) = rows.next()? {
        let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let must_be_given = row.get::<_, bool>(2)? && row.get::<_, bool>(3)?;
        match ours.iter().position(|(ours, _)| *ours == name) {
            Some(place) if !ours[place].1.eq_ignore_ascii_case(&kind) => return Ok(false),
            Some(place) => drop(ours.remove(place)),
            None if must_be_given => return Ok(false),
            None => {}
        }
    }
    Ok(ours.is_empty())
}
