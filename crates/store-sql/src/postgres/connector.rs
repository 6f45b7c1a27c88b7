//! Connections to a PostgreSQL server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use rustls::client::ClientConfig;
use tokio::sync::OnceCell;
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode, SslNegotiation};

use super::error::{Failure, error_of};
use super::leases::LeaseTable;
use super::options::config::{Address, PostgresConfig};
use super::session::Connection;
use super::wire::{Secured, Tls, Way};
use crate::sql::{Binding, Connector};
use redkv_core::error::Result;
use redkv_net::tcp::tcp;
use redkv_net::tls::Wish;

/// Makes connections to the server of a store.
pub(super) struct PostgresConnector {
    pub(super) config: Arc<PostgresConfig>,
    pub(super) leases: LeaseTable,
    tls: OnceCell<Arc<ClientConfig>>,
}

impl PostgresConnector {
    pub(super) fn new(config: Arc<PostgresConfig>) -> Self {
        let leases = LeaseTable::new(config.schema.as_deref());
        Self { config, leases, tls: OnceCell::new() }
    }

    async fn open(&self) -> Result<Connection> {
        let config = &*self.config;
        let failed = |error| error_of(Failure::Connect(&config.address, error));
        let (way, host) = match &config.address {
            Address::Tcp(host, port) => (Way::over(tcp(host, *port).await.map_err(failed)?), host.as_str()),
            #[cfg(unix)]
            Address::Unix(path) => {
                (Way::over(tokio::net::UnixStream::connect(path).await.map_err(failed)?), "")
            }
            #[cfg(not(unix))]
            Address::Unix(_) => return Err(failed(std::io::ErrorKind::Unsupported.into())),
        };
        let (mode, tls) = match &config.login.tls {
            Wish::Off => (SslMode::Disable, None),
            Wish::Preferred(options) => (SslMode::Prefer, Some(options)),
            Wish::On(options) => (SslMode::Require, Some(options)),
        };
        let mut settings = Config::new();
        let tls = match tls {
            None => None,
            Some(options) => {
                let client = self.tls.get_or_try_init(|| options.client_config()).await?.clone();
                if !client.alpn_protocols.is_empty() {
                    settings.ssl_negotiation(SslNegotiation::Direct);
                }
                Some(Tls { client, name: options.name_for(host)? })
            }
        };
        settings.ssl_mode(mode);
        settings.channel_binding(match config.binding {
            Binding::Off => ChannelBinding::Disable,
            Binding::Preferred => ChannelBinding::Prefer,
            Binding::Required => ChannelBinding::Require,
        });
        settings.application_name(config.application_name.as_str());
        if let Some(options) = &config.options {
            settings.options(options.expose_str());
        }
        if let Some(user) = &config.login.user {
            settings.user(user.expose_str());
        }
        if let Some(password) = &config.login.password {
            settings.password(password.expose_str());
        }
        if let Some(database) = &config.login.database {
            settings.dbname(database.as_str());
        }
        let (client, connection) = settings
            .connect_raw(way, Secured(tls))
            .await
            .map_err(|error| error_of(Failure::Login(&config.address, error)))?;
        // How it ended is told to those who wait for answers.
        let task = tokio::spawn(connection.map(drop)).abort_handle();
        let failed = |error| error_of(Failure::Login(&config.address, error));
        Connection::new(client, task).await.map_err(failed)
    }
}

impl Connector for PostgresConnector {
    type Connection = Connection;

    /// Its task reads all the time, and has noticed if the server went; not if something in between did.
    const UNCHECKED: Duration = Duration::from_secs(10);

    fn connect(&self) -> BoxFuture<'_, Result<Connection>> {
        Box::pin(self.open())
    }

    fn is_open(connection: &Connection) -> bool {
        connection.is_open()
    }

    fn check<'a>(&'a self, connection: &'a mut Connection) -> BoxFuture<'a, Result<()>> {
        let checked = connection.client.check_connection();
        checked.map(|checked| checked.map_err(|error| error_of(Failure::Statement(error)))).boxed()
    }

    fn end(connection: Connection) {
        connection.end();
    }
}
