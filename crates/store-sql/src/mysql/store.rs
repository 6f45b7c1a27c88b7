//! The store of MySQL and MariaDB servers.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};

use super::config::MySqlConfig;
use super::connector::MySqlConnector;
use super::layout::{Columns, LONGEST_KEY};
use super::session::Connection;
use super::table::Table;
use crate::sql::{ColumnType, Dialect, Pool, SqlStore};
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::notices::Notices;
use redkv_core::store::{Answers, Capabilities, Cursor, Expiry, Page, Pieces, SetMode, Store};

/// The longest value that a server can be set up to take: that of `max_allowed_packet` is at most 1 GiB.
const LONGEST_VALUE: usize = 1024 * 1024 * 1024 - 8 * 1024;

/// A batch up to this size is one statement: for a power of two of keys, so that few have to be prepared.
const PIECES: Pieces = Pieces { min: 512, max: 512, bytes: 2 * 1024 * 1024 };

/// A store for the table that `config` names; nothing is connected yet.
pub fn build(config: MySqlConfig, clock: Arc<dyn Clock>, notices: &Notices) -> Arc<dyn Store> {
    let config = Arc::new(config);
    let (login, server) = (&config.login, config.server());
    let connector = MySqlConnector::new(config.clone());
    let pool = Pool::new(connector, login.most_connections, login.connect_timeout, server);
    Arc::new(SqlStore::new(pool, config.table.expires_column.is_some(), clock, notices.clone()))
}

impl Dialect for MySqlConnector {
    type Table = Table;

    const NAME: &'static str = "mysql";

    fn capabilities(&self) -> Capabilities {
        let table = &self.config.table;
        let is_text = table.column_type == ColumnType::Text;
        Capabilities {
            expiry: if table.expires_column.is_some() { Expiry::OnRead } else { Expiry::None },
            // In a column of text the length is counted in characters, of up to four bytes.
            max_key_bytes: if is_text { LONGEST_KEY / 4 } else { LONGEST_KEY },
            max_value_bytes: LONGEST_VALUE,
            binary_values: !is_text,
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
        async { Ok(Table::new(Columns::find(&mut connection.conn, &self.config).await?)) }.boxed()
    }

    fn notice(table: &Table) -> Option<&str> {
        table.columns.advice.as_deref()
    }

    fn check_key(_: &Table, _: &Key) -> Result<()> {
        Ok(())
    }

    fn check_entry(table: &Table, connection: &Connection, key: &Key, entry: &Entry) -> Result<()> {
        table.check_entry(connection, key, entry)
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
