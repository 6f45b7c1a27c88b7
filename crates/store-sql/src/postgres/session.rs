//! Runs statements on one connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::task::AbortHandle;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row, Statement};

use super::error::{is_forgotten, wants_another_connection};
use super::parameters::{Parameter, borrowed, typed};
use super::statements::{COUNT, Sql};
use super::wire::{Bare, Way};

/// A result of the client, before it is said as one of ours.
pub(super) type Raw<T> = Result<T, tokio_postgres::Error>;

/// A connection.
///
/// Statements are prepared where the server at the other end is ours alone: they are then planned once and not each
/// time, which is half of the time that a small one takes there. A pooler in transaction mode gives each transaction to
/// another server, which has not prepared it or, worse, something else under the same name. There each statement goes
/// with its text.
pub(super) struct Connection {
    pub(super) client: Client,
    task: AbortHandle,
    /// `None` where nothing may be prepared.
    prepared: Option<[Option<Statement>; COUNT]>,
    /// Whether it is to be replaced, although it works.
    is_stale: bool,
}

impl Connection {
    /// Inspects a new connection: one round trip finds out whether a pooler is at the other end.
    pub(super) async fn new(client: Client, task: AbortHandle) -> Raw<Self> {
        let is_ours = is_direct(&client).await?;
        let prepared = is_ours.then(|| std::array::from_fn(|_| None));
        Ok(Self { client, task, prepared, is_stale: false })
    }

    pub(super) fn is_open(&self) -> bool {
        !self.is_stale && !self.client.is_closed()
    }

    pub(super) fn end(self) {
        self.task.abort();
    }

    /// Runs a statement and returns its rows.
    pub(super) async fn query(&mut self, sql: &Sql, parameters: &[Parameter]) -> Raw<Vec<Row>> {
        let result = self.query_once(sql, parameters).await;
        let Err(error) = result else { return result };
        if is_forgotten(&error) && self.prepared.take().is_some() {
            // Whoever is at the other end did not run it. Another connection may prepare again.
            self.is_stale = true;
            return self.query_once(sql, parameters).await;
        }
        if wants_another_connection(&error) {
            self.is_stale = true;
        }
        Err(error)
    }

    async fn query_once(&mut self, sql: &Sql, parameters: &[Parameter]) -> Raw<Vec<Row>> {
        match self.prepared(sql).await? {
            Some(statement) => self.client.query(&statement, &borrowed(parameters)).await,
            None => self.client.query_typed(&sql.text, &typed(parameters)).await,
        }
    }

    /// Runs a statement once with each of the parameters, all in one round trip.
    pub(super) async fn query_each(
        &mut self,
        sql: &Sql,
        all: Vec<Vec<Parameter>>,
    ) -> Raw<Vec<Raw<Vec<Row>>>> {
        let statement = self.prepared(sql).await?;
        let (client, statement) = (&self.client, &statement);
        let run = |parameters: Vec<Parameter>| async move {
            match statement {
                Some(statement) => client.query(statement, &borrowed(&parameters)).await,
                None => client.query_typed(&sql.text, &typed(&parameters)).await,
            }
        };
        Ok(futures_util::future::join_all(all.into_iter().map(run)).await)
    }

    /// The statement on this connection, a round trip when it is used for the first time; `None` where nothing may be
    /// prepared.
    async fn prepared(&mut self, sql: &Sql) -> Raw<Option<Statement>> {
        let Some(prepared) = &mut self.prepared else { return Ok(None) };
        let slot = &mut prepared[sql.place];
        if slot.is_none() {
            *slot = Some(self.client.prepare(&sql.text).await?);
        }
        Ok(slot.clone())
    }
}

/// Returns whether the process that greeted us is the one that runs our statements. A pooler in between greets in the
/// name of a process that is none.
async fn is_direct(client: &Client) -> Raw<bool> {
    let rows = client.query_typed("SELECT pg_catalog.pg_backend_pid()", &[] as &[(_, Type)]).await?;
    let process = rows.first().and_then(|row| row.try_get::<_, i32>(0).ok());
    Ok(process.is_some() && process == greeted_by(client).await)
}

/// The number of the process that greeted us. The client uses it only in a request to cancel, so it is asked
/// for one that goes nowhere.
async fn greeted_by(client: &Client) -> Option<i32> {
    let (mut here, there) = duplex(64);
    // Yes, it may be encrypted; nothing is.
    here.write_all(b"S").await.ok()?;
    client.cancel_token().cancel_query_raw(Way::over(there), Bare).await.ok()?;
    let mut sent = Vec::new();
    here.read_to_end(&mut sent).await.ok()?;
    // It ends with the process and its secret.
    let process = sent.len().checked_sub(8)?;
    Some(i32::from_be_bytes(sent.get(process..process + 4)?.try_into().ok()?))
}
