//! The store of PostgreSQL servers.

use std::sync::Arc;

use super::connector::PostgresConnector;
use super::options::config::PostgresConfig;
use super::table::Table;
use crate::sql::{ColumnType, Pool, SqlStore, TableOptions};
use redkv_core::clock::Clock;
use redkv_core::notices::Notices;
use redkv_core::store::{Capabilities, Expiry, Pieces, Store};

/// The longest key that fits into an entry of an index.
const LONGEST_KEY: usize = 2_692;

/// The longest value that is taken: a field is up to 1 GB, and a message holds it twice over as text.
const LONGEST_VALUE: usize = 512 * 1024 * 1024;

/// A batch up to this size is one statement.
const PIECES: Pieces = Pieces { min: 500, max: 1_000, bytes: 4 * 1024 * 1024 };

/// Returns a store for the table that `config` names; nothing is connected yet.
pub fn build(config: PostgresConfig, clock: Arc<dyn Clock>, notices: &Notices) -> Arc<dyn Store> {
    let config = Arc::new(config);
    let (login, server) = (&config.login, format!("the postgres server at {}", config.address));
    let connector = PostgresConnector::new(config.clone());
    let pool = Pool::new(connector, login.most_connections, login.connect_timeout, server);
    Arc::new(SqlStore::<Table>::new(pool, capabilities(&config.table), clock, notices.clone()))
}

/// Returns the capabilities of the store, as far as they are known without the server.
fn capabilities(table: &TableOptions) -> Capabilities {
    let is_text = table.column_type == ColumnType::Text;
    Capabilities {
        expiry_option: Some("expiresColumn"),
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
