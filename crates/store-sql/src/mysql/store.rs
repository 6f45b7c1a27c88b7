//! The store of MySQL and MariaDB servers.

use std::sync::Arc;

use super::connector::MySqlConnector;
use super::layout::LONGEST_KEY;
use super::options::config::MySqlConfig;
use super::table::Table;
use crate::sql::{ColumnType, Pool, SqlStore, TableOptions};
use redkv_core::clock::Clock;
use redkv_core::notices::Notices;
use redkv_core::store::{Capabilities, Expiry, Pieces, Store};

/// The longest value that a server can be set up to take: that of `max_allowed_packet` is at most 1 GiB.
const LONGEST_VALUE: usize = 1024 * 1024 * 1024 - 8 * 1024;

/// A batch up to this size is one statement: for a power of two of keys, so that few have to be prepared.
const PIECES: Pieces = Pieces { min: 512, max: 512, bytes: 2 * 1024 * 1024 };

/// Returns a store for the table that `config` names; nothing is connected yet.
pub fn build(config: MySqlConfig, clock: Arc<dyn Clock>, notices: &Notices) -> Arc<dyn Store> {
    let config = Arc::new(config);
    let (login, server) = (&config.login, config.server());
    let connector = MySqlConnector::new(config.clone());
    let pool = Pool::new(connector, login.most_connections, login.connect_timeout, server);
    Arc::new(SqlStore::<Table>::new(pool, capabilities(&config.table), clock, notices.clone()))
}

/// Returns the capabilities of the store, as far as they are known without the server.
fn capabilities(table: &TableOptions) -> Capabilities {
    let is_text = table.column_type == ColumnType::Text;
    Capabilities {
        expiry_option: Some("expiresColumn"),
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
