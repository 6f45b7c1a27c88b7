//! Connections to a MySQL or MariaDB server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, OptsBuilder, SslOpts};
use tokio::sync::OnceCell;

use super::error::{Failure, error_of, not_understood};
use super::leases::LeaseTable;
use super::options::config::MySqlConfig;
use super::session::Connection;
use crate::sql::Connector;
use redkv_core::error::Result;
use redkv_core::options::Secret;
use redkv_core::panics::caught;
use redkv_net::tls::Wish;

/// Said on every new connection: whatever the server is set up with, statements count for themselves, nothing is cut to
/// fit into a column, backticks quote, and text travels as UTF-8 (a server may be told to ignore what a client greets
/// it with).
const SETUP: &str = "SET autocommit = 1, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
     character_set_client = utf8mb4, character_set_connection = utf8mb4, character_set_results = utf8mb4";

/// Statements that a connection keeps prepared: those of a store, for the sizes of its batches.
const PREPARED: usize = 64;

/// Makes connections to the server of a store.
pub(super) struct MySqlConnector {
    pub(super) config: Arc<MySqlConfig>,
    pub(super) leases: LeaseTable,
    tls: OnceCell<SslOpts>,
}

impl MySqlConnector {
    pub(super) fn new(config: Arc<MySqlConfig>) -> Self {
        Self { config, leases: LeaseTable::new(), tls: OnceCell::new() }
    }

    async fn open(&self) -> Result<Connection> {
        let config = &*self.config;
        let tls = match &config.login.tls {
            Wish::Off => None,
            // One for all connections: it keeps what was made of the certificates.
            Wish::On(tls) | Wish::Preferred(tls) => {
                Some(self.tls.get_or_try_init(|| tls.mysql_options()).await?.clone())
            }
        };
        let options = OptsBuilder::default()
            .ip_or_hostname(config.host())
            .tcp_port(config.login.port)
            .user(config.login.user.as_ref().map(Secret::expose_str))
            .pass(config.login.password.as_ref().map(Secret::expose_str))
            .db_name(Some(config.database.as_str()))
            .socket(config.socket.as_deref())
            .prefer_socket(false)
            .ssl_opts(tls)
            .tcp_keepalive(Some(Duration::from_secs(15)))
            .stmt_cache_size(PREPARED)
            // The number of rows that were changed tells whether one was absent.
            .client_found_rows(false)
            .setup(vec![SETUP]);
        let failed = |error| error_of(Failure::Connect(config, error));
        // The client panics over what it does not know of a login.
        let greet = |options: OptsBuilder| {
            caught(Conn::new(options)).map(|made| made.map_err(|panic| not_understood(config, panic)))
        };
        let mut conn = match (greet(options.clone()).await?, &config.login.tls) {
            (Err(mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer)), Wish::Preferred(_)) => {
                greet(options.ssl_opts(None)).await?
            }
            (made, _) => made,
        }
        .map_err(failed)?;
        let longest: Option<u64> = conn.query_first("SELECT @@max_allowed_packet").await.map_err(failed)?;
        let longest = longest.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX);
        Ok(Connection { conn, longest, is_stale: false })
    }
}

impl Connector for MySqlConnector {
    type Connection = Connection;

    const UNCHECKED: Duration = Duration::from_secs(1);

    fn connect(&self) -> BoxFuture<'_, Result<Connection>> {
        Box::pin(self.open())
    }

    fn is_open(connection: &Connection) -> bool {
        !connection.is_stale
    }

    /// Nothing reads while a connection is idle, so only this notices that the server went.
    fn check<'a>(&'a self, connection: &'a mut Connection) -> BoxFuture<'a, Result<()>> {
        connection.conn.ping().map(|pong| pong.map_err(|error| error_of(Failure::Statement(error)))).boxed()
    }

    /// A connection that is only dropped would wait for the rest of its answer, which may never come. One that takes
    /// its leave does not, not even for that.
    fn end(connection: Connection) {
        drop(connection.conn.disconnect().now_or_never());
    }
}
