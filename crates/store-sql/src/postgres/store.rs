//! The store of PostgreSQL servers.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};

use super::config::PostgresConfig;
use super::connector::PostgresConnector;
use super::layout::Columns;
use super::session::Connection;
use super::table::Table;
use crate::sql::{ColumnType, Dialect, Pool, SqlStore};
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::notices::Notices;
use redkv_core::store::{Answers, Capabilities, Cursor, Expiry, Page, Pieces, SetMode, Store};

/// The longest key that fits into an entry of an index.
const LONGEST_KEY: usize = 2_692;

/// The longest value that is taken: a field is up to 1 GB, and a message holds it twice over as text.
const LONGEST_VALUE: usize = 512 * 1024 * 1024;

/// A batch up to this size is one statement.
const PIECES: Pieces = Pieces { min: 500, max: 1_000, bytes: 4 * 1024 * 1024 };

/// A store for the table that `config` names; nothing is connected yet.
pub fn build(config: PostgresConfig, clock: Arc<dyn Clock>, notices: &Notices) -> Arc<dyn Store> {
    let config = Arc::new(config);
    let (login, server) = (&config.login, format!("the postgres server at {}", config.address));
    let connector = PostgresConnector::new(config.clone());
    let pool = Pool::new(connector, login.most_connections, login.connect_timeout, server);
    Arc::new(SqlStore::new(pool, config.table.expires_column.is_some(), clock, notices.clone()))
}

impl Dialect for PostgresConnector {
    type Table = Table;

    const NAME: &'static str = "postgres";

    fn capabilities(&self) -> Capabilities {
        let table = &self.config.table;
        let is_text = table.column_type == ColumnType::Text;
        Capabilities {
            expiry: if table.expires_column.is_some() { Expiry::OnRead } else { Expiry::None },
            max_key_bytes: LONGEST_KEY,
            max_value_bytes: LONGEST_VALUE,
            binary_values: !is_text,
            nul_characters: !is_text,
            reads: PIECES,
            writes: PIECES,
            // There are several connections.
            ordered: false,
            shared: true,
            durable: true,
            ..Capabilities::BASE
        }
    }

    fn find<'a>(&'a self, connection: &'a mut Connection) -> BoxFuture<'a, Result<Table>> {
        async { Ok(Table::new(Columns::find(&connection.client, &self.config).await?)) }.boxed()
    }

    fn notice(_: &Table) -> Option<&str> {
        None
    }

    fn check_key(table: &Table, key: &Key) -> Result<()> {
        table.check_key(key)
    }

    fn check_entry(table: &Table, _: &Connection, key: &Key, entry: &Entry) -> Result<()> {
        table.check_entry(key, entry)
    }

    fn get<'a>(
        table: &'a Table,
        connection: &'a mut Connection,
        keys: &'a [Key],
        now: u64,
    ) -> BoxFuture<'a, Answers<Option<Entry>>> {
        table.get(connection, keys, now).boxed()
    }

    fn has<'a>(
        table: &'a Table,
        connection: &'a mut Connection,
        keys: &'a [Key],
        now: u64,
    ) -> BoxFuture<'a, Answers<bool>> {
        table.has(connection, keys, now).boxed()
    }

    fn set<'a>(
        table: &'a Table,
        connection: &'a mut Connection,
        entries: &'a [(Key, Entry)],
        mode: SetMode,
        now: u64,
    ) -> BoxFuture<'a, Answers<bool>> {
        table.set(connection, entries, mode, now).boxed()
    }

    fn delete<'a>(
        table: &'a Table,
        connection: &'a mut Connection,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Answers<()>> {
        table.delete(connection, keys).boxed()
    }

    fn keys<'a>(
        table: &'a Table,
        connection: &'a mut Connection,
        prefix: &'a str,
        after: Option<&'a Cursor>,
        now: u64,
    ) -> BoxFuture<'a, Result<Page>> {
        table.keys(connection, prefix, after, now).boxed()
    }

    fn sweeps(table: &Table) -> bool {
        table.statements.sweep.is_some()
    }

    fn sweep<'a>(table: &'a Table, connection: &'a mut Connection, now: u64) -> BoxFuture<'a, Result<bool>> {
        table.sweep(connection, now).boxed()
    }
}
