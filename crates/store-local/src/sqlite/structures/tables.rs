//! The table as the thread works with it, and what it is asked for.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redkv_structures::{Action, Answer, AtomicAnswer, Change, Command, Write};

use super::config::SqliteStructuresConfig;
use super::keys::Keys;
use super::sql::Sql;
use crate::sqlite::config::Location;
use crate::sqlite::service::{self, Column, Found, Layout, Rows, Tables, Touched};

const COLUMNS: &[Column] =
    &[("hk", "BLOB"), ("rk", "BLOB"), ("rk2", "BLOB"), ("kind", "INTEGER"), ("value", "BLOB")];

/// The table of data structures.
pub(super) struct StructureTables {
    config: Arc<SqliteStructuresConfig>,
    sql: Sql,
}

/// What is asked for.
pub(super) enum Step {
    Run(Command),
    Write(Vec<Write>),
}

/// What is answered.
#[derive(Clone)]
pub(super) enum Done {
    Run(Answer),
    Write(AtomicAnswer),
}

impl Done {
    /// Returns the answer to a command.
    pub(super) fn answer(self) -> Option<Answer> {
        match self {
            Self::Run(answer) => Some(answer),
            Self::Write(_) => None,
        }
    }
}

impl StructureTables {
    pub(super) fn new(config: Arc<SqliteStructuresConfig>) -> Self {
        let sql = Sql::new(&config.table);
        Self { config, sql }
    }

    fn keys<'a>(&'a self, rows: Rows<'a>) -> Keys<'a> {
        Keys { rows, sql: &self.sql }
    }
}

impl Tables for StructureTables {
    type Step = Step;
    type Answer = Done;

    fn location(&self) -> &Location {
        &self.config.location
    }

    fn busy_timeout(&self) -> Duration {
        self.config.busy_timeout
    }

    fn layouts(&self) -> Vec<Layout<'_>> {
        vec![Layout { table: &self.config.table, create: &self.sql.create, columns: COLUMNS }]
    }

    fn what(&self) -> &'static str {
        "data structures"
    }

    fn statements(&self) -> Vec<String> {
        self.sql.all()
    }

    fn look(&self, rows: Rows<'_>) -> rusqlite::Result<()> {
        self.keys(rows).has(b"").map(|_| ())
    }

    fn run(&self, rows: Rows<'_>, step: &Step) -> Found<Done> {
        let keys = self.keys(rows);
        Ok(match step {
            Step::Run(command) => Done::Run(keys.run(command)?),
            Step::Write(writes) => Done::Write(keys.write(writes)?),
        })
    }
}

impl service::Step for Step {
    type Key = Bytes;

    fn is_write(&self) -> bool {
        match self {
            Self::Run(command) => command.action.is_write(),
            Self::Write(_) => true,
        }
    }

    fn touched(&self) -> Touched<Bytes> {
        Touched::Keys(match self {
            Self::Run(command) => vec![command.key.clone()],
            Self::Write(writes) => writes.iter().map(|write| write.key.clone()).collect(),
        })
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Run(command) if command.action.is_write() => {
                2 * (command.key.len() + command.action.bytes())
            }
            Self::Run(_) => 0,
            Self::Write(writes) => {
                writes.iter().map(|write| 2 * (write.key.len() + write.change.bytes())).sum()
            }
        }
    }

    fn frees(&self) -> bool {
        match self {
            Self::Run(command) => command_frees(command),
            Self::Write(writes) => writes.iter().all(write_frees),
        }
    }
}

fn command_frees(command: &Command) -> bool {
    use Action as A;
    matches!(command.action, A::Delete(_) | A::SRem(_) | A::HDel(_) | A::ZRem(_) | A::ZhRem(_))
}

fn write_frees(write: &Write) -> bool {
    match &write.change {
        Change::Delete | Change::DeleteXx | Change::SRem(_) | Change::ZRem { .. } => true,
        Change::Hash { set, set_new, .. } => set.is_empty() && set_new.is_empty(),
        _ => false,
    }
}
