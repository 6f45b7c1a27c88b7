//! What the stores over tables of SQL servers have in common.

mod answers;
mod backoff;
mod checked;
mod columns;
mod dialect;
mod lease;
mod options;
mod pool;
mod security;
mod store;
mod url;

pub(super) use answers::{Matched, answers_of};
pub(super) use backoff::again;
pub(super) use columns::{ColumnType, Kind, Length};
pub(super) use dialect::Dialect;
#[cfg(feature = "postgres")]
pub(super) use options::check_name;
pub(super) use options::{Login, TableOptions, login_of};
pub(super) use pool::{Connector, Pool};
#[cfg(feature = "postgres")]
pub(super) use security::Binding;
pub(super) use security::Security;
pub(super) use store::SqlStore;
pub(super) use url::UrlRules;
