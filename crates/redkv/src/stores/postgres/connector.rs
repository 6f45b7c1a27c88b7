//! Connections to a PostgreSQL server.

use std::future::ready;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use rustls::client::ClientConfig;
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Statement};

use super::config::{Address, PostgresConfig};
use super::error::{Failure, error_of};
use super::statements::{COUNT, Sql};
use super::wire::{Secured, Tls, Way};
use crate::error::{Error, Result};
use crate::stores::sql::Connector;
use crate::stores::tcp::tcp;

/// Makes connections to the server of a store.
pub(super) struct PostgresConnector {
    pub(super) config: Arc<PostgresConfig>,
    tls: OnceCell<Arc<ClientConfig>>,
}

/// A connection, and what it has prepared.
pub(super) struct Connection {
    pub(super) client: Client,
    task: AbortHandle,
    prepared: [Option<Statement>; COUNT],
    /// Whether it is to be replaced, although it works.
    is_stale: bool,
}

impl Connection {
    /// The statement on this connection; a round trip when it is used for the first time.
    pub(super) async fn prepared(
        &mut self,
        sql: &Sql,
    ) -> std::result::Result<Statement, tokio_postgres::Error> {
        let slot = &mut self.prepared[sql.place];
        match slot {
            Some(statement) => Ok(statement.clone()),
            None => Ok(slot.insert(self.client.prepare(&sql.text).await?).clone()),
        }
    }

    /// Lets this connection end when it is given back: another one may lead to a server that serves better.
    pub(super) fn replace(&mut self) {
        self.is_stale = true;
    }
}

impl PostgresConnector {
    pub(super) fn new(config: Arc<PostgresConfig>) -> Self {
        Self { config, tls: OnceCell::new() }
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
        let tls = match &config.login.tls {
            None => None,
            Some(options) => {
                let client = self.tls.get_or_try_init(|| options.client_config()).await?.clone();
                Some(Tls { client, name: options.name_for(host)? })
            }
        };
        let mut settings = Config::new();
        settings.application_name(config.application_name.as_str());
        settings.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        if let Some(user) = &config.login.user {
            settings.user(user.as_str());
        }
        if let Some(password) = &config.login.password {
            settings.password(password.as_str());
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
        Ok(Connection { client, task, prepared: std::array::from_fn(|_| None), is_stale: false })
    }
}

impl Connector for PostgresConnector {
    type Connection = Connection;

    fn connect(&self) -> BoxFuture<'_, Result<Connection>> {
        Box::pin(self.open())
    }

    fn is_open(connection: &Connection) -> bool {
        !connection.is_stale && !connection.client.is_closed()
    }

    /// Its task reads all the time, and has noticed if the server went.
    fn check<'a>(&'a self, _: &'a mut Connection) -> BoxFuture<'a, Result<()>> {
        Box::pin(ready(Ok::<_, Error>(())))
    }

    fn end(connection: Connection) {
        connection.task.abort();
    }
}
