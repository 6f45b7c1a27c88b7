//! What the tables of different servers do differently.

use super::leases::LeaseStep;
use super::pool::Connector;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{Answers, Cursor, Page, SetMode};

/// A connection to the server of a table.
pub(crate) type ConnectionOf<T> = <<T as SqlTable>::Connector as Connector>::Connection;

/// The table of a store on one kind of server: what is known of it, and the statements that are run on it.
///
/// Batches are not empty here, and contain nothing that [`SqlTable::check_key`] and [`SqlTable::check_entry`] refuse.
/// Entries past their deadline at `now` are absent. A future that is dropped leaves its connection in an unknown state;
/// nobody uses it any more then.
pub(crate) trait SqlTable: Sized + Send + Sync + 'static {
    /// Connects to the server.
    type Connector: Connector;

    /// The name of the store.
    const NAME: &'static str;

    /// Reads the columns of the table, and creates it if the options say so.
    fn find(
        connector: &Self::Connector,
        connection: &mut ConnectionOf<Self>,
    ) -> impl Future<Output = Result<Self>> + Send;

    /// Returns what the user should know about the table.
    fn notice(&self) -> Option<&str>;

    /// Refuses what cannot be a key in this table.
    fn check_key(&self, key: &Key) -> Result<()>;

    /// Refuses what the table cannot store. The key was checked before.
    fn check_entry(&self, connection: &ConnectionOf<Self>, key: &Key, entry: &Entry) -> Result<()>;

    /// Reads the entries of `keys`.
    fn get(
        &self,
        connection: &mut ConnectionOf<Self>,
        keys: &[Key],
        now: u64,
    ) -> impl Future<Output = Answers<Option<Entry>>> + Send;

    /// Returns which of `keys` have entries.
    fn has(
        &self,
        connection: &mut ConnectionOf<Self>,
        keys: &[Key],
        now: u64,
    ) -> impl Future<Output = Answers<bool>> + Send;

    /// Writes `entries`.
    fn set(
        &self,
        connection: &mut ConnectionOf<Self>,
        entries: &[(Key, Entry)],
        mode: SetMode,
        now: u64,
    ) -> impl Future<Output = Answers<bool>> + Send;

    /// Deletes the entries of `keys`.
    fn delete(
        &self,
        connection: &mut ConnectionOf<Self>,
        keys: &[Key],
    ) -> impl Future<Output = Answers<()>> + Send;

    /// Lists some keys that begin with `prefix`.
    fn keys(
        &self,
        connection: &mut ConnectionOf<Self>,
        prefix: &str,
        after: Option<&Cursor>,
        now: u64,
    ) -> impl Future<Output = Result<Page>> + Send;

    /// Makes a step on the lease called `name`, which needs no table of entries. Returns the token of who holds it then, or
    /// held it until now; `None` where that is another one, or nobody.
    fn lease(
        connector: &Self::Connector,
        connection: &mut ConnectionOf<Self>,
        name: &str,
        step: LeaseStep,
    ) -> impl Future<Output = Result<Option<i64>>> + Send;

    /// Returns whether [`SqlTable::sweep`] does anything.
    fn sweeps(&self) -> bool;

    /// Deletes some rows whose deadline has passed, and returns whether there may be more.
    fn sweep(
        &self,
        connection: &mut ConnectionOf<Self>,
        now: u64,
    ) -> impl Future<Output = Result<bool>> + Send;
}
