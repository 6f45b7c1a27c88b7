//! Leases, in a table beside that of the entries.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::store::SqlStore;
use super::table::SqlTable;
use redkv_core::error::{Error, Outcome, Result};
use redkv_core::store::Leases;

/// The table of leases, which is made by the first one. Its rows stay when a lease is over, so that tokens grow.
pub(crate) const LEASE_TABLE: &str = "redkv_leases";

/// What is done with a lease. Lives are in microseconds, as the table has them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LeaseStep {
    Acquire { life: i64 },
    Renew { token: i64, life: i64 },
    Release { token: i64 },
}

impl<T: SqlTable> SqlStore<T> {
    /// Makes a step on one connection, once. Returns the token of who holds the lease then, or held it until now.
    async fn step(&self, name: &str, step: LeaseStep) -> Result<Option<u64>> {
        let mut connection = self.pool.get().await?;
        let done = T::lease(self.pool.connector(), connection.begin()?, name, step).await;
        connection.settle_with(std::slice::from_ref(&done));
        Ok(done?.and_then(|token| u64::try_from(token).ok()))
    }

    /// Makes a step of who has `token`, if that can be one of the table.
    async fn own_step(&self, name: &str, token: u64, step: impl FnOnce(i64) -> LeaseStep) -> Result<bool> {
        let Ok(token) = i64::try_from(token) else { return Ok(false) };
        Ok(self.step(name, step(token)).await?.is_some())
    }
}

/// The server's clock decides when a life is over.
impl<T: SqlTable> Leases for SqlStore<T> {
    fn acquire<'a>(&'a self, name: &'a str, life: Duration) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(self.step(name, LeaseStep::Acquire { life: micros(life) }))
    }

    fn renew<'a>(&'a self, name: &'a str, token: u64, life: Duration) -> BoxFuture<'a, Result<bool>> {
        let life = micros(life);
        Box::pin(self.own_step(name, token, move |token| LeaseStep::Renew { token, life }))
    }

    fn release<'a>(&'a self, name: &'a str, token: u64) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.own_step(name, token, |token| LeaseStep::Release { token }))
    }
}

/// Returns a life as the table has it, within what can be added to a time.
fn micros(life: Duration) -> i64 {
    i64::try_from(life.as_micros()).unwrap_or(i64::MAX).min(i64::MAX / 4)
}

/// Returns the refusal of a server to make the table of leases, or to let it be used, with what mends it: `make` makes it.
pub(crate) fn with_remedy(refusal: &Error, make: &str) -> Error {
    let message = format!(
        "{}; leases need this table, with the rights to SELECT, INSERT and UPDATE: {make}",
        refusal.message()
    );
    Error::new(refusal.kind(), message).outcome(Outcome::NotApplied).retryable(refusal.is_retryable())
}
