//! Runs statements on one connection.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error as Cause, Params, Row, Value};

use super::error::{is_collision, is_forgotten, wants_another_connection};
use crate::sql::again;

/// A result of the client, before it is said as one of ours.
pub(super) type Raw<T> = Result<T, Cause>;

/// A connection that can be ended at any time.
pub(super) struct Connection {
    pub(super) conn: Conn,
    /// The longest packet that the server takes, in bytes.
    pub(super) longest: usize,
    /// Whether it is to be replaced, although it works.
    pub(super) is_stale: bool,
}

impl Connection {
    /// Runs a statement that reads, again if it ran into another one.
    pub(super) async fn query(&mut self, sql: &str, parameters: Vec<Value>) -> Raw<Vec<Row>> {
        let mut attempt = 0;
        loop {
            match self.conn.exec(sql, Params::Positional(parameters.clone())).await {
                Err(error) if self.goes_on_after(&error, sql, &mut attempt).await => {}
                result => return result,
            }
        }
    }

    /// Runs a statement that writes, again if it ran into another one; how many rows it changed.
    pub(super) async fn change(&mut self, sql: &str, parameters: Vec<Value>) -> Raw<u64> {
        let mut attempt = 0;
        loop {
            match self.conn.exec_drop(sql, Params::Positional(parameters.clone())).await {
                Ok(()) => return Ok(self.conn.affected_rows()),
                Err(error) if self.goes_on_after(&error, sql, &mut attempt).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns whether a statement that failed has done nothing and is to be made again.
    async fn goes_on_after(&mut self, error: &Cause, sql: &str, attempt: &mut u32) -> bool {
        if wants_another_connection(error) {
            self.is_stale = true;
        }
        let is_undone = is_collision(error) || is_forgotten(error) && *attempt == 0 && self.forget(sql).await;
        if !is_undone {
            return false;
        }
        *attempt += 1;
        again(*attempt - 1).await
    }

    /// Lets a statement be prepared again: the other end, such as a pooler, does not know it any more.
    async fn forget(&mut self, sql: &str) -> bool {
        // It comes from the statements that are kept here, the server is not asked.
        match self.conn.prep(sql).await {
            Ok(statement) => self.conn.close(statement).await.is_ok(),
            Err(_) => false,
        }
    }
}
