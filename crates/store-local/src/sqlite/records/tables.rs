//! The tables as the thread works with them, and what it is asked for.

use std::sync::Arc;
use std::time::Duration;

use redkv_records::{Action, Answer, Command, Place, TableShape};

use super::config::SqliteRecordsConfig;
use super::rows::Records;
use super::sql::Sql;
use crate::sqlite::config::Location;
use crate::sqlite::service::{self, Column, Found, Layout, Rows, Tables, Touched};

const COLUMNS: [&[Column]; 3] = [
    &[
        ("id", "BLOB"),
        ("name", "BLOB"),
        ("version", "INTEGER"),
        ("expires", "INTEGER"),
        ("payload", "TEXT"),
        ("fields", "TEXT"),
    ],
    &[("number", "INTEGER"), ("kind", "TEXT"), ("name", "TEXT"), ("hash_key", "TEXT"), ("sort_key", "TEXT")],
    &[("number", "INTEGER"), ("hash", "BLOB"), ("sort", "BLOB"), ("id", "BLOB"), ("name", "BLOB")],
];

/// The tables of records.
#[derive(Debug)]
pub(super) struct RecordTables {
    config: Arc<SqliteRecordsConfig>,
    sql: Sql,
}

/// What is asked for.
pub(super) enum Step {
    Run(Command),
    /// Whether all of it is declared.
    IsDeclared(TableShape),
    Declare(TableShape),
}

impl RecordTables {
    pub(super) fn new(config: Arc<SqliteRecordsConfig>) -> Self {
        let sql = Sql::new(&config.table);
        Self { config, sql }
    }
}

impl Tables for RecordTables {
    type Step = Step;
    type Answer = Answer;

    fn location(&self) -> &Location {
        &self.config.location
    }

    fn busy_timeout(&self) -> Duration {
        self.config.busy_timeout
    }

    fn layouts(&self) -> Vec<Layout<'_>> {
        let named = self.sql.tables.iter().zip(&self.sql.create).zip(COLUMNS);
        named.map(|((table, create), columns)| Layout { table, create, columns }).collect()
    }

    fn what(&self) -> &'static str {
        "records"
    }

    fn statements(&self) -> Vec<String> {
        self.sql.all()
    }

    fn look(&self, rows: Rows<'_>) -> rusqlite::Result<()> {
        rows.one(&self.sql.record, [[0_u8; 0]; 2], |_| Ok(()))?;
        rows.one(self.sql.list_index(false), (0, [0_u8; 0], [0_u8; 0], [0_u8; 0], 0), |_| Ok(()))?;
        rows.one(&self.sql.shape, [], |_| Ok(()))?;
        Ok(())
    }

    fn run(&self, rows: Rows<'_>, step: &Step) -> Found<Answer> {
        let records = Records { rows, sql: &self.sql };
        match step {
            Step::Run(command) => records.run(command),
            Step::IsDeclared(shape) => records.has(shape).map(Answer::Is),
            Step::Declare(shape) => records.declare(shape).map(|()| Answer::Done),
        }
    }
}

impl service::Step for Step {
    type Key = Place;

    fn is_write(&self) -> bool {
        match self {
            Self::Run(command) => command.action.is_write(),
            Self::IsDeclared(_) => false,
            Self::Declare(_) => true,
        }
    }

    fn touched(&self) -> Touched<Place> {
        match self {
            Self::Run(Command { action: Action::List(_), .. }) => Touched::All,
            Self::Run(command) => Touched::Keys(vec![command.place.clone()]),
            Self::IsDeclared(_) => Touched::Keys(Vec::new()),
            Self::Declare(_) => Touched::All,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Run(command) if command.action.is_write() => 2 * command.bytes(),
            _ => 0,
        }
    }

    fn frees(&self) -> bool {
        let Self::Run(command) = self else { return false };
        matches!(command.action, Action::Delete | Action::Remove { .. })
    }
}
