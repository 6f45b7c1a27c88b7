//! What the stores of different servers do differently.

use futures_util::future::BoxFuture;

use super::pool::Connector;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{Answers, Capabilities, Cursor, Page, SetMode};

/// A kind of server, and the table of a store on it.
///
/// Batches are not empty here, and everything that [`Dialect::check_key`] and [`Dialect::check_entry`] refuse was
/// sorted out. Entries past their deadline at `now` are none. A future that is dropped leaves its connection in an
/// unknown state; nobody uses it any more then.
pub(crate) trait Dialect: Connector {
    /// What was found out about the table.
    type Table: Send + Sync + 'static;

    /// The name of the store.
    const NAME: &'static str;

    /// What the store can do, as far as it is known without the server.
    fn capabilities(&self) -> Capabilities;

    /// Looks at the table, and makes it where that is asked for.
    fn find<'a>(&'a self, connection: &'a mut Self::Connection) -> BoxFuture<'a, Result<Self::Table>>;

    /// What the user should know about the table.
    fn notice(table: &Self::Table) -> Option<&str>;

    /// Refuses what is no key in this table.
    fn check_key(table: &Self::Table, key: &Key) -> Result<()>;

    /// Refuses what the table cannot keep, of keys that were checked.
    fn check_entry(
        table: &Self::Table,
        connection: &Self::Connection,
        key: &Key,
        entry: &Entry,
    ) -> Result<()>;

    fn get<'a>(
        table: &'a Self::Table,
        connection: &'a mut Self::Connection,
        keys: &'a [Key],
        now: u64,
    ) -> BoxFuture<'a, Answers<Option<Entry>>>;

    fn has<'a>(
        table: &'a Self::Table,
        connection: &'a mut Self::Connection,
        keys: &'a [Key],
        now: u64,
    ) -> BoxFuture<'a, Answers<bool>>;

    fn set<'a>(
        table: &'a Self::Table,
        connection: &'a mut Self::Connection,
        entries: &'a [(Key, Entry)],
        mode: SetMode,
        now: u64,
    ) -> BoxFuture<'a, Answers<bool>>;

    fn delete<'a>(
        table: &'a Self::Table,
        connection: &'a mut Self::Connection,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Answers<()>>;

    fn keys<'a>(
        table: &'a Self::Table,
        connection: &'a mut Self::Connection,
        prefix: &'a str,
        after: Option<&'a Cursor>,
        now: u64,
    ) -> BoxFuture<'a, Result<Page>>;

    /// Whether there is anything that sweeps.
    fn sweeps(table: &Self::Table) -> bool;

    /// Deletes some rows whose deadline has passed. Whether there may be more.
    fn sweep<'a>(
        table: &'a Self::Table,
        connection: &'a mut Self::Connection,
        now: u64,
    ) -> BoxFuture<'a, Result<bool>>;
}
