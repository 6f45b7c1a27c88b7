//! The table of leases, and the steps on it. Names are kept as bytes: they need no encoding, and no order.

use super::error::{Failure, error_of, is_missing, is_refused};
use super::parameters::Parameter;
use super::session::{Connection, Raw};
use super::statements::{LEASES, Sql, quoted};
use super::table::query;
use crate::sql::{Kind, LEASE_TABLE, LeaseStep, with_remedy};
use redkv_core::error::{Error, Result};

/// The time of the server in microseconds: when it is read, not when the transaction began.
const NOW: &str = "(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint";

/// The statements on the table of leases.
#[derive(Debug)]
pub(super) struct LeaseTable {
    make: Sql,
    /// Name, life; returns the token if it was taken.
    acquire: Sql,
    /// Name, token, life; returns the token if it was held.
    renew: Sql,
    /// Name, token; returns the token if it was held.
    release: Sql,
}

impl LeaseTable {
    /// Returns the statements for the table in `schema`, or in the first one of the search path.
    pub(super) fn new(schema: Option<&str>) -> Self {
        let table = match schema {
            Some(schema) => format!("{}.{LEASE_TABLE}", quoted(schema)),
            None => LEASE_TABLE.to_owned(),
        };
        let held = format!("name = $1 AND token = $2 AND ends > {NOW} RETURNING token");
        Self {
            make: sql(
                0,
                format!(
                    "CREATE TABLE IF NOT EXISTS {table} \
                     (name BYTEA PRIMARY KEY, token BIGINT NOT NULL, ends BIGINT NOT NULL)"
                ),
            ),
            acquire: sql(
                1,
                format!(
                    "INSERT INTO {table} AS here (name, token, ends) VALUES ($1, {NOW}, {NOW} + $2::bigint) \
                     ON CONFLICT (name) DO UPDATE \
                     SET token = GREATEST(here.token + 1, EXCLUDED.token), ends = EXCLUDED.ends \
                     WHERE here.ends <= {NOW} RETURNING token"
                ),
            ),
            renew: sql(2, format!("UPDATE {table} SET ends = {NOW} + $3::bigint WHERE {held}")),
            release: sql(3, format!("UPDATE {table} SET ends = 0 WHERE {held}")),
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
        match self.ask(connection, name, step).await {
            Err(error) if is_missing(&error) => {}
            done => return done.map_err(|error| self.failed(error)),
        }
        if !matches!(step, LeaseStep::Acquire { .. }) {
            return Ok(None);
        }
        let made = query(connection, &self.make, &[]).await;
        match (self.ask(connection, name, step).await, made) {
            // Where another process was faster, it is there now.
            (Err(error), Err(refusal)) if is_missing(&error) => {
                Err(with_remedy(&error_of(Failure::Statement(refusal)), &self.make.text))
            }
            (done, _) => done.map_err(|error| self.failed(error)),
        }
    }

    async fn ask(&self, connection: &mut Connection, name: &str, step: LeaseStep) -> Raw<Option<i64>> {
        let name = Parameter::item(Kind::Bytes, name.into());
        let (sql, parameters) = match step {
            LeaseStep::Acquire { life } => (&self.acquire, vec![name, Parameter::number(life)]),
            LeaseStep::Renew { token, life } => {
                (&self.renew, vec![name, Parameter::number(token), Parameter::number(life)])
            }
            LeaseStep::Release { token } => (&self.release, vec![name, Parameter::number(token)]),
        };
        let rows = query(connection, sql, &parameters).await?;
        rows.first().map(|row| row.try_get(0)).transpose()
    }

    fn failed(&self, error: tokio_postgres::Error) -> Error {
        let is_refused = is_refused(&error);
        let error = error_of(Failure::Statement(error));
        if is_refused { with_remedy(&error, &self.make.text) } else { error }
    }
}

fn sql(place: usize, text: String) -> Sql {
    Sql { place: LEASES + place, text }
}
