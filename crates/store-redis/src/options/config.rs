//! The options of a Redis store, in the names of node_redis 2 and 3.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::declared::RedisOptions;
use super::topology::{NatMap, RedisTopology, Several};
use super::url::{UrlParts, agreed};
use redkv_core::error::{Error, Result};
use redkv_core::options::Secret;
use redkv_core::options::{Fields, Options, Schema};
use redkv_core::store::MOST_VALUE_BYTES;
use redkv_net::host::checked;
use redkv_net::tls::Tls as RedisTls;

/// Where a Redis server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RedisAddress {
    /// A host name or address, looked up anew for every connection, and a port.
    Tcp(String, u16),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// How to reach a Redis server, and what to do with keys.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// Where the server listens; `127.0.0.1:6379` by default. Without meaning in a cluster and behind sentinels.
    pub address: RedisAddress,
    /// Whether there is one server, a cluster, or one that sentinels know.
    pub topology: RedisTopology,
    /// Which addresses to use in the place of those that servers tell.
    pub(crate) nat: NatMap,
    /// TLS, or `None` for a plain connection.
    pub tls: Option<RedisTls>,
    /// Number of the database.
    pub db: u32,
    /// User of the server's access list; the default user when absent.
    pub username: Option<Secret<String>>,
    /// Password; no authentication when absent and there is no user either.
    pub password: Option<Secret<String>>,
    /// Stands before every key; [`build`](crate::build) applies it, the store itself does not.
    pub prefix: String,
    /// The most bytes of a value, and of all values that one request reads; 512 MiB by default.
    pub max_value_bytes: usize,
    /// Bounds one attempt to connect: name lookup, TLS, authentication. 5 seconds by default.
    pub connect_timeout: Duration,
}

impl RedisConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[RedisOptions::SCHEMA, RedisTls::SCHEMA];

    /// Reads the options.
    ///
    /// Where options contradict each other, the winner is the one that won in node_redis: what the url says over
    /// single options, and a Unix socket over host and port. Empty text counts as absent for credentials and
    /// prefix. Options of node_redis without meaning here are ignored with a warning.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let mut options = RedisOptions::read(fields)?;
        let several = Several::new(&mut options)?;
        let RedisOptions {
            url, host, port, path, db, username, password, tls, prefix, connect_timeout, ..
        } = options;
        let url = url.unwrap_or_default();
        let path = path.map(PathBuf::from);
        let db = db.and_then(|db| u32::try_from(db).ok());
        if several.brings_addresses() {
            let given = [
                ("url", url != UrlParts::default()),
                ("host", host.is_some()),
                ("port", port.is_some()),
                ("path", path.is_some()),
            ];
            if let Some((field, _)) = given.iter().find(|(_, given)| *given) {
                let message = format!("options.{field} cannot be combined with {}", several.field());
                return Err(Error::argument(*field, message));
            }
        }

        let said = url.said();
        let path_is_of_url = url.path.is_some();
        let address = match url.path.or(path) {
            Some(path) => RedisAddress::Unix(path),
            None => RedisAddress::Tcp(
                url.host
                    .map(|host| checked("url", "the host in options.url", host))
                    .transpose()?
                    .or(host)
                    .unwrap_or_else(|| "127.0.0.1".to_owned()),
                url.port.or(port).unwrap_or(6379),
            ),
        };
        let tls_is_of_url = url.tls && tls.is_none();
        let listed = several.listed().map(|listed| listed.said).unwrap_or_default();
        let tls = agreed("tls", tls, said.and(listed))?;
        if let Some(tls) = &tls {
            tls.warn(fields);
        }
        if matches!(address, RedisAddress::Unix(_)) {
            if cfg!(not(unix)) {
                return Err(Error::argument("path", "this system has no Unix sockets"));
            }
            if tls.is_some() {
                let field = if tls_is_of_url { "url" } else { "tls" };
                return Err(Error::argument(field, "a Unix socket cannot be used with tls"));
            }
        }
        let of = |is_of_url, field| if is_of_url { "url" } else { field };
        several.check(&address, of(path_is_of_url, "path"), url.db.or(db), of(url.db.is_some(), "db"))?;
        let db = url.db.or(db).unwrap_or(0);
        let username = url.username.or(username);
        let password = url.password.or(password);
        let (username, password) = match several.listed() {
            Some(listed) => listed.login("cluster", ("username", username), ("password", password))?,
            None => (username, password),
        };
        let (topology, nat) = several.finish(&address);
        Ok(Self {
            address,
            topology,
            nat,
            tls,
            db,
            username,
            password,
            prefix: prefix.unwrap_or_default(),
            max_value_bytes: MOST_VALUE_BYTES,
            connect_timeout: connect_timeout.unwrap_or(Duration::from_secs(5)),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<RedisConfig> {
        let mut fields = Fields::new("redis options", options)?;
        let config = RedisConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    fn tcp(host: &str, port: u16) -> RedisAddress {
        RedisAddress::Tcp(host.to_owned(), port)
    }

    #[test]
    fn without_options_it_is_the_server_next_door() {
        let config = read(json!({})).unwrap();
        assert_eq!(config.address, tcp("127.0.0.1", 6379));
        assert_eq!((config.db, config.prefix.as_str()), (0, ""));
        assert_eq!(config.connect_timeout, Duration::from_secs(5));
        assert!(config.tls.is_none() && config.username.is_none() && config.password.is_none());
    }

    #[test]
    fn single_options_are_taken_with_their_old_names() {
        let config = read(json!({
            "host": "cache", "port": "7000", "db": "3", "user": "u", "auth_pass": "p", "prefix": "app:",
            "connectTimeout": "2s",
        }))
        .unwrap();
        assert_eq!(config.address, tcp("cache", 7000));
        assert_eq!((config.db, config.prefix.as_str()), (3, "app:"));
        assert_eq!(
            (
                config.username.as_ref().map(Secret::expose_str),
                config.password.as_ref().map(Secret::expose_str)
            ),
            (Some("u"), Some("p"))
        );
        assert_eq!(config.connect_timeout, Duration::from_secs(2));
    }

    #[test]
    fn values_of_older_clients_are_taken_with_their_meaning() {
        let config = read(json!({ "connect_timeout": "2000", "password": 12345 })).unwrap();
        assert_eq!(config.connect_timeout, Duration::from_secs(2));
        assert_eq!(config.password.as_ref().map(Secret::expose_str), Some("12345"));
        assert_eq!(read(json!({ "connectTimeout": 0 })).unwrap().connect_timeout, Duration::from_secs(5));
        assert_eq!(read(json!({ "connect_timeout": 0 })).unwrap().connect_timeout, Duration::from_secs(5));
    }

    #[test]
    fn empty_credentials_are_no_credentials() {
        let config = read(json!({ "username": "", "password": "", "prefix": "" })).unwrap();
        assert!(config.username.is_none() && config.password.is_none());
    }

    #[test]
    fn the_url_wins_over_single_options_and_they_fill_its_gaps() {
        let config =
            read(json!({ "url": "redis://far:7000", "host": "near", "port": 1, "db": 2, "password": "p" }))
                .unwrap();
        assert_eq!(config.address, tcp("far", 7000));
        assert_eq!((config.db, config.password.as_ref().map(Secret::expose_str)), (2, Some("p")));
    }

    #[test]
    fn a_path_wins_over_host_and_port() {
        let config = read(json!({ "path": "/tmp/redis.sock", "host": "near", "port": 1 })).unwrap();
        assert_eq!(config.address, RedisAddress::Unix("/tmp/redis.sock".into()));
    }

    #[test]
    fn a_path_wins_over_a_host_in_the_url() {
        let config = read(json!({ "url": "redis://far/2", "path": "/tmp/redis.sock" })).unwrap();
        assert_eq!((config.address, config.db), (RedisAddress::Unix("/tmp/redis.sock".into()), 2));
    }

    #[test]
    fn a_unix_socket_with_tls_is_refused() {
        let error = read(json!({ "path": "/tmp/redis.sock", "tls": true })).unwrap_err();
        assert_eq!(error.field(), Some("tls"));
        let error = read(json!({ "path": "/tmp/redis.sock", "url": "rediss://far" })).unwrap_err();
        assert_eq!(error.field(), Some("url"));
    }

    #[test]
    fn options_of_the_old_client_are_accepted() {
        read(json!({ "retry_strategy": {}, "no_ready_check": true, "useBluebird": true, "family": "IPv4" }))
            .unwrap();
    }

    #[test]
    fn a_misspelt_option_is_refused() {
        let error = read(json!({ "pasword": "x" })).unwrap_err();
        assert_eq!(error.message(), "unknown option 'pasword' in redis options; did you mean 'password'?");
    }

    #[test]
    fn debug_output_does_not_hold_credentials() {
        let config = read(json!({ "url": "redis://someone:s3cret@h", "prefix": "p:" })).unwrap();
        let printed = format!("{config:?}");
        assert!(!printed.contains("s3cret") && !printed.contains("someone"), "{printed}");
    }
}
