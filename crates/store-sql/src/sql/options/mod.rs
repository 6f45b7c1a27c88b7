//! The options of both stores: server, login, TLS, table.

mod declared;
mod merged_tls;
mod security;
mod table;
mod url;

pub(crate) use declared::{LoginOptions, SqlTableOptions, UrlOptions};
#[cfg(feature = "postgres")]
pub(crate) use security::Binding;
pub(crate) use security::Security;
#[cfg(feature = "postgres")]
pub(crate) use table::check_name;
pub(crate) use table::{Login, TableOptions, login_of};
pub(crate) use url::UrlRules;
