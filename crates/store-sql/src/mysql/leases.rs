//! The table of leases, and the steps on it. Names are kept as bytes, which no collation folds.

use mysql_async::Value;

use super::error::{Failure, error_of, is_missing, is_refused};
use super::layout::LONGEST_KEY;
use super::session::{Connection, Raw};
use super::table::strange;
use crate::sql::{LEASE_TABLE, LeaseStep, with_remedy};
use redkv_core::error::{Error, Result};

/// The time of the server in microseconds, when the statement began. No time zone skips or repeats an hour of it.
const NOW: &str = "TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', UTC_TIMESTAMP(6))";

/// The statements on the table of leases. The number of rows that they change tells whether they have done anything.
#[derive(Debug)]
pub(super) struct LeaseTable {
    make: String,
    /// Name, life, life. The token comes as the identity of what was inserted.
    acquire: String,
    /// Life, life, name, token.
    renew: String,
    /// Name, token.
    release: String,
}

impl LeaseTable {
    pub(super) fn new() -> Self {
        let held = format!("name = ? AND token = ? AND ends > {NOW}");
        Self {
            make: format!(
                "CREATE TABLE IF NOT EXISTS {LEASE_TABLE} (name VARBINARY({LONGEST_KEY}) NOT NULL PRIMARY KEY, \
                 token BIGINT NOT NULL, ends BIGINT NOT NULL) ENGINE = InnoDB"
            ),
            // The end is set last: both look at what it was.
            acquire: format!(
                "INSERT INTO {LEASE_TABLE} (name, token, ends) VALUES (?, LAST_INSERT_ID({NOW}), {NOW} + ?) \
                 ON DUPLICATE KEY UPDATE \
                 token = IF(ends <= {NOW}, LAST_INSERT_ID(GREATEST(token + 1, {NOW})), token), \
                 ends = IF(ends <= {NOW}, {NOW} + ?, ends)"
            ),
            // Another end than before, also within a microsecond: else no row would be changed.
            renew: format!("UPDATE {LEASE_TABLE} SET ends = {NOW} + ? + (ends = {NOW} + ?) WHERE {held}"),
            release: format!("UPDATE {LEASE_TABLE} SET ends = 0 WHERE {held}"),
        }
    }

    /// Makes a step, and returns the token of who holds the lease then, or held it until now. Nobody holds anything where
    /// there is no table; who acquires makes it.
    pub(super) async fn step(
        &self,
        connection: &mut Connection,
        name: &str,
        step: LeaseStep,
    ) -> Result<Option<i64>> {
        let changed = match self.ask(connection, name, step).await {
            Err(error) if is_missing(&error) => match step {
                LeaseStep::Acquire { .. } => self.make_and_ask(connection, name, step).await?,
                _ => 0,
            },
            done => done.map_err(|error| self.failed(error))?,
        };
        Ok(match step {
            _ if changed == 0 => None,
            LeaseStep::Acquire { .. } => Some(inserted(connection)?),
            LeaseStep::Renew { token, .. } | LeaseStep::Release { token } => Some(token),
        })
    }

    async fn make_and_ask(&self, connection: &mut Connection, name: &str, step: LeaseStep) -> Result<u64> {
        let made = connection.change(&self.make, Vec::new()).await;
        match (self.ask(connection, name, step).await, made) {
            // Where another process was faster, it is there now.
            (Err(error), Err(refusal)) if is_missing(&error) => {
                Err(with_remedy(&error_of(Failure::Statement(refusal)), &self.make))
            }
            (done, _) => done.map_err(|error| self.failed(error)),
        }
    }

    /// Makes a step, and returns how many rows it has changed.
    async fn ask(&self, connection: &mut Connection, name: &str, step: LeaseStep) -> Raw<u64> {
        let name = Value::Bytes(name.into());
        let (sql, parameters) = match step {
            LeaseStep::Acquire { life } => (&self.acquire, vec![name, Value::Int(life), Value::Int(life)]),
            LeaseStep::Renew { token, life } => {
                (&self.renew, vec![Value::Int(life), Value::Int(life), name, Value::Int(token)])
            }
            LeaseStep::Release { token } => (&self.release, vec![name, Value::Int(token)]),
        };
        connection.change(sql, parameters).await
    }

    /// A server does not say whether there is a table to who has no right to it.
    fn failed(&self, error: mysql_async::Error) -> Error {
        let is_refused = is_refused(&error);
        let error = error_of(Failure::Statement(error));
        if is_refused { with_remedy(&error, &self.make) } else { error }
    }
}

/// Returns the token that the last statement has set.
fn inserted(connection: &Connection) -> Result<i64> {
    connection.conn.last_insert_id().and_then(|id| i64::try_from(id).ok()).ok_or_else(strange)
}
