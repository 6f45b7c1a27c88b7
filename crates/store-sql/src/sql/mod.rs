//! Parts that the stores in SQL tables share.

mod answers;
mod backoff;
mod columns;
mod leases;
mod options;
mod pool;
mod store;
mod table;

pub(super) use answers::{Matched, answers_of};
pub(super) use backoff::again;
pub(super) use columns::{ColumnType, Kind, Length};
pub(super) use leases::{LEASE_TABLE, LeaseStep, with_remedy};
#[cfg(feature = "postgres")]
pub(super) use options::{Binding, check_name};
pub(super) use options::{
    Login, LoginOptions, Security, SqlTableOptions, TableOptions, UrlOptions, UrlRules, login_of,
};
pub(super) use pool::{Connector, Pool};
pub(super) use store::SqlStore;
pub(super) use table::SqlTable;
