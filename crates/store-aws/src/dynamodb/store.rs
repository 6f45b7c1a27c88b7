//! The store over a table.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{self, BoxFuture, FutureExt};

use super::config::DynamoDbConfig;
use super::reads::{Entries, MOST_KEYS, Presence};
use super::table::{Table, side_by_side};
use super::writes::{Change, MOST_CHANGES};
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::opening::Opening;
use redkv_core::partial::Partial;
use redkv_core::store::{
    Answers, Capabilities, Cursor, Expiry, Leases, Page, Pieces, SetMode, Store, Want, answer_all,
    clear_a_page,
};

/// Keeps entries as items of an Amazon DynamoDB table whose primary key is one text attribute.
///
/// A write replaces the whole item. Deadlines are kept in whole seconds, in the attribute that the table's time to
/// live is set to; the service removes what has ended within days, and until then it is filtered here. Throttled
/// requests are tried again with growing waits of random length.
pub struct DynamoDbStore {
    config: DynamoDbConfig,
    clock: Arc<dyn Clock>,
    table: Opening<Table>,
}

impl DynamoDbStore {
    /// A store over the table that `config` names. Looks for it when it is first used.
    pub fn new(config: DynamoDbConfig, clock: Arc<dyn Clock>) -> Self {
        Self { config, clock, table: Opening::default() }
    }

    pub(super) async fn table(&self) -> Result<&Arc<Table>> {
        self.table
            .get(|| {
                let config = self.config.clone();
                async move { Table::open(&config).await }
            })
            .await
    }

    fn check_entry(&self, entry: &Entry) -> Result<()> {
        if entry.deadline.is_none() || self.config.ttl_attribute.is_some() {
            return Ok(());
        }
        let message = "entries with a ttl need the option 'ttlAttribute', the table's attribute for it";
        Err(Error::unsupported(message))
    }

    async fn put_all(&self, table: &Table, entries: &[(Key, Entry)]) -> Answers<bool> {
        let partial = Partial::new(entries, |(_, entry)| self.check_entry(entry));
        let changes: Vec<_> = partial.good.iter().map(|(key, entry)| Change::Put(key, entry)).collect();
        let written = table.write(&changes).await;
        partial.complete(written.into_iter().map(|answer| answer.map(|()| true)).collect())
    }

    async fn put_if_absent(&self, table: &Table, key: &Key, entry: &Entry) -> Result<bool> {
        self.check_entry(entry)?;
        table.put_if_absent(key, entry, self.clock.now()).await
    }
}

impl fmt::Debug for DynamoDbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbStore").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The largest item, its names and all of its values counted.
const LARGEST_ITEM: usize = 400 << 10;
const LONGEST_KEY: usize = 2048;
/// The longest name of a hash key, which is not known before the table was looked at.
const LONGEST_KEY_NAME: usize = 255;
/// The most that a number takes.
const LARGEST_NUMBER: usize = 21;

impl Store for DynamoDbStore {
    fn name(&self) -> &'static str {
        "dynamodb"
    }

    fn capabilities(&self) -> Capabilities {
        let ttl = self.config.ttl_attribute.as_ref();
        let beside_value = LONGEST_KEY
            + LONGEST_KEY_NAME
            + self.config.attribute.len()
            + ttl.map_or(0, |name| name.len() + LARGEST_NUMBER);
        Capabilities {
            expiry_option: Some("ttlAttribute"),
            expiry: if ttl.is_some() { Expiry::OnRead } else { Expiry::None },
            expiry_granularity: 1000,
            max_key_bytes: LONGEST_KEY,
            empty_keys: false,
            max_value_bytes: LARGEST_ITEM.saturating_sub(beside_value),
            reads: Pieces { min: MOST_KEYS, max: MOST_KEYS, bytes: usize::MAX },
            writes: Pieces { min: MOST_CHANGES, max: MOST_CHANGES, bytes: usize::MAX },
            // Requests go over several connections, and some are sent again.
            ordered: false,
            shared: true,
            durable: true,
            ..Capabilities::BASE
        }
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.table().map(|table| table.map(|_| ())).boxed()
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        async move {
            if keys.is_empty() {
                return Vec::new();
            }
            match self.table().await {
                Ok(table) => table.read(keys, &Entries).await,
                Err(error) => answer_all(keys.len(), &Err(error)),
            }
        }
        .boxed()
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        async move {
            if keys.is_empty() {
                return Vec::new();
            }
            match self.table().await {
                Ok(table) => table.read(keys, &Presence { now: self.clock.now() }).await,
                Err(error) => answer_all(keys.len(), &Err(error)),
            }
        }
        .boxed()
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        async move {
            if entries.is_empty() {
                return Vec::new();
            }
            let table = match self.table().await {
                Ok(table) => table,
                Err(error) => return answer_all(entries.len(), &Err(error)),
            };
            match mode {
                SetMode::Always => self.put_all(table, entries).await,
                SetMode::IfAbsent => {
                    let puts = entries.iter().map(|(key, entry)| self.put_if_absent(table, key, entry));
                    side_by_side(puts.collect()).await
                }
            }
        }
        .boxed()
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        async move {
            if keys.is_empty() {
                return Vec::new();
            }
            let changes: Vec<_> = keys.iter().map(Change::Delete).collect();
            match self.table().await {
                Ok(table) => table.write(&changes).await,
                Err(error) => answer_all(keys.len(), &Err(error)),
            }
        }
        .boxed()
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        async move {
            let table = self.table().await?;
            table.keys(prefix, after, self.clock.now()).await
        }
        .boxed()
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        clear_a_page(self, prefix, after).boxed()
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    /// Nothing to end: requests under way finish, and idle connections are closed with the store.
    fn close(&self) -> BoxFuture<'_, ()> {
        future::ready(()).boxed()
    }
}
