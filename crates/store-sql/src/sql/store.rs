//! The store: a pool of connections, and the table.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::{self, BoxFuture, FutureExt};

use super::pool::{Lease, Pool};
use super::table::{ConnectionOf, SqlTable};
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::notices::Notices;
use redkv_core::opening::Opening;
use redkv_core::partial::Partial;
use redkv_core::store::{Answers, Capabilities, Cursor, Expiry, Leases, Page, SetMode, Store, Want};

/// Milliseconds between two looks for entries past their deadline.
const SWEEP_EVERY: u64 = 60_000;

/// Keeps entries in a table of an SQL database, in the layout of redkv 1.x.
///
/// A batch is one statement, and has a connection of the pool for itself meanwhile; statements are prepared once a
/// connection. A caller that stops waiting ends the connection. When a batch fails by one of its rows, each of them is
/// tried for itself.
///
/// Entries with a deadline need a column for it. Those past it are filtered on read, and deleted beside later writes, a
/// hundred at a time, where an index finds them.
pub(crate) struct SqlStore<T: SqlTable> {
    clock: Arc<dyn Clock>,
    pub(super) pool: Pool<T::Connector>,
    table: Opening<T>,
    capabilities: Capabilities,
    /// When to look for entries past their deadline again.
    next_sweep: Arc<AtomicU64>,
    notices: Notices,
}

impl<T: SqlTable> SqlStore<T> {
    pub(crate) fn new(
        pool: Pool<T::Connector>,
        capabilities: Capabilities,
        clock: Arc<dyn Clock>,
        notices: Notices,
    ) -> Self {
        Self { clock, pool, table: Opening::default(), capabilities, next_sweep: Arc::default(), notices }
    }

    /// The table, looked at when it is first needed.
    async fn table(&self) -> Result<&Arc<T>> {
        self.table
            .get(|| {
                let (pool, notices) = (self.pool.clone(), self.notices.clone());
                async move {
                    let mut lease = pool.get().await?;
                    let table = T::find(pool.connector(), lease.begin()?).await;
                    lease.settle_with(std::slice::from_ref(&table));
                    if let Some(notice) = table.as_ref().ok().and_then(T::notice) {
                        notices.tell(&format!("{}: {notice}", T::NAME));
                    }
                    table
                }
            })
            .await
    }

    async fn begin(&self) -> Result<(&Arc<T>, Lease<T::Connector>)> {
        let table = self.table().await?;
        Ok((table, self.pool.get().await?))
    }

    /// Reads what there is under the keys. A connection of the pool may have ended without a sign while nobody used it,
    /// or while this process stood still: then they are read once more on another one.
    async fn read<A>(&self, keys: &[Key], ask: Ask<T, A>) -> Result<Answers<A>> {
        let (table, mut lease) = self.begin().await?;
        let partial = Partial::new(keys, |key| table.check_key(key));
        if partial.good.is_empty() {
            return Ok(partial.complete(Vec::new()));
        }
        let mut was_idle = lease.idle_since().is_some();
        loop {
            let answers = ask(table, lease.begin()?, &partial.good, self.clock.now()).await;
            lease.settle_with(&answers);
            if lease.is_usable() || !was_idle {
                return Ok(partial.complete(answers));
            }
            drop(lease);
            lease = self.pool.get().await?;
            was_idle = false;
        }
    }

    /// A page of keys, read once more as in [`SqlStore::read`].
    async fn page(&self, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
        let (table, mut lease) = self.begin().await?;
        let mut was_idle = lease.idle_since().is_some();
        loop {
            let page = table.keys(lease.begin()?, prefix, after, self.clock.now()).await;
            lease.settle_with(std::slice::from_ref(&page));
            if lease.is_usable() || !was_idle {
                return page;
            }
            drop(lease);
            lease = self.pool.get().await?;
            was_idle = false;
        }
    }

    async fn set_all(&self, entries: &[(Key, Entry)], mode: SetMode) -> Result<Answers<bool>> {
        let (table, mut lease) = self.begin().await?;
        let connection = lease.begin()?;
        let partial = Partial::new(entries, |(key, entry)| {
            if entry.deadline.is_some() && self.capabilities.expiry == Expiry::None {
                return Err(Error::unsupported("a ttl needs the option expiresColumn"));
            }
            table.check_key(key)?;
            table.check_entry(connection, key, entry)
        });
        if partial.good.is_empty() {
            lease.settle();
            return Ok(partial.complete(Vec::new()));
        }
        let answers = table.set(connection, &partial.good, mode, self.clock.now()).await;
        lease.settle_with(&answers);
        self.sweep(table, lease);
        Ok(partial.complete(answers))
    }

    async fn delete_all(&self, keys: &[Key]) -> Result<Answers<()>> {
        let (table, mut lease) = self.begin().await?;
        let partial = Partial::new(keys, |key| table.check_key(key));
        if partial.good.is_empty() {
            return Ok(partial.complete(Vec::new()));
        }
        let answers = table.delete(lease.begin()?, &partial.good).await;
        lease.settle_with(&answers);
        Ok(partial.complete(answers))
    }

    /// Deletes some of the entries past their deadline, after a write and on its connection: once in a while, and
    /// with the next writes for as long as there are more of them. Nobody waits for it.
    fn sweep(&self, table: &Arc<T>, mut lease: Lease<T::Connector>) {
        let now = self.clock.now();
        let due = self.next_sweep.load(Ordering::Relaxed);
        let next = now.saturating_add(SWEEP_EVERY);
        let is_ours =
            || self.next_sweep.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if !table.sweeps() || now < due || !lease.is_usable() || !is_ours() {
            return;
        }
        let (table, next_sweep) = (table.clone(), self.next_sweep.clone());
        tokio::spawn(async move {
            let Ok(connection) = lease.begin() else { return };
            let swept = tokio::time::timeout(SWEEP_PATIENCE, table.sweep(connection, now)).await;
            let Ok(swept) = swept else { return };
            lease.settle_with(std::slice::from_ref(&swept));
            if swept.unwrap_or(false) {
                next_sweep.store(0, Ordering::Relaxed);
            }
        });
    }
}

/// A request for some keys.
type Ask<T, A> = for<'a> fn(&'a T, &'a mut ConnectionOf<T>, &'a [Key], u64) -> BoxFuture<'a, Answers<A>>;

/// How long a sweep may keep its connection from others.
const SWEEP_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// The answers, or the same error for every key.
fn spread<T>(len: usize, result: Result<Answers<T>>) -> Answers<T> {
    result.unwrap_or_else(|error| std::iter::repeat_with(|| Err(error.clone())).take(len).collect())
}

impl<T: SqlTable> fmt::Debug for SqlStore<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").field("name", &T::NAME).field("table", &self.table).finish_non_exhaustive()
    }
}

impl<T: SqlTable> Store for SqlStore<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.begin().await.map(drop) })
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async {
            if keys.is_empty() {
                return Vec::new();
            }
            let get: Ask<T, _> = |table, connection, keys, now| table.get(connection, keys, now).boxed();
            spread(keys.len(), self.read(keys, get).await)
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async {
            if keys.is_empty() {
                return Vec::new();
            }
            let has: Ask<T, _> = |table, connection, keys, now| table.has(connection, keys, now).boxed();
            spread(keys.len(), self.read(keys, has).await)
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            if entries.is_empty() {
                return Vec::new();
            }
            spread(entries.len(), self.set_all(entries, mode).await)
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async {
            if keys.is_empty() { Vec::new() } else { spread(keys.len(), self.delete_all(keys).await) }
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(self.page(prefix, after))
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    /// Ends the connections; those in use when they come back.
    fn close(&self) -> BoxFuture<'_, ()> {
        self.pool.close();
        Box::pin(future::ready(()))
    }
}
