//! The options of a PostgreSQL store, in the names of node-postgres (`pg`).

use std::fmt;
use std::path::PathBuf;

use super::declared::{PostgresOptions, PostgresTimeout};
use super::environment::{environment_host, environment_security, port_of, variable};
use crate::sql::{
    Binding, Login, LoginOptions, Security, SqlTableOptions, TableOptions, UrlOptions, UrlRules, check_name,
    login_of,
};
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, Schema, Secret};
use redkv_net::tls::{Tls, Wish};

/// Longer names are cut by the server, and could then be those of something else.
const LONGEST_NAME: usize = 63;

/// Which table of which database a store of PostgreSQL uses.
#[derive(Clone, Debug)]
pub struct PostgresConfig {
    pub(crate) address: Address,
    pub(crate) login: Login,
    pub(crate) schema: Option<String>,
    pub(crate) table: TableOptions,
    pub(crate) application_name: String,
    /// Settings of the session, as the server's command line has them.
    pub(crate) options: Option<Secret<String>>,
    pub(crate) binding: Binding,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(String, u16),
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

impl PostgresConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[
        PostgresOptions::SCHEMA,
        PostgresTimeout::SCHEMA,
        UrlOptions::SCHEMA,
        LoginOptions::SCHEMA,
        SqlTableOptions::SCHEMA,
        Tls::SCHEMA,
    ];

    /// Reads the options.
    ///
    /// What is missing of the connection is taken from the environment (`PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`,
    /// `PGDATABASE`, `PGAPPNAME`, `PGOPTIONS`, and those about TLS), as node-postgres and libpq do. Options of
    /// node-postgres without meaning here are ignored with a warning.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let rules = UrlRules {
            schemes: &["postgres", "postgresql"],
            port: || port_of(variable("PGPORT").as_deref()),
            options: PARAMETERS,
            ignored: IGNORED,
        };
        let (mut login, asked) = login_of(fields, &rules)?;
        let own = PostgresOptions::read(fields)?;
        let timeout = PostgresTimeout::read(fields)?.connect_timeout;
        login.connect_timeout = timeout.unwrap_or(login.connect_timeout);
        let user = login.user.take().map(Secret::into_exposed);
        let user = user.or_else(|| variable("PGUSER")).or_else(|| variable("USER"));
        let user = user.unwrap_or_else(|| "postgres".to_owned());
        login.password = login.password.take().or_else(|| variable("PGPASSWORD").map(Secret::new));
        login.database =
            login.database.take().or_else(|| variable("PGDATABASE")).or_else(|| Some(user.clone()));
        login.user = Some(user.into());
        let host = match login.host.take() {
            Some(host) => host,
            None => environment_host()?,
        };
        let is_socket = host.starts_with('/');
        // As libpq has it, the environment means connections that others could listen to.
        let environment = if is_socket { Security::default() } else { environment_security()? };
        let of_url = asked.url.binding;
        let tls_field = asked.field();
        login.tls = match asked.agreed(&environment)? {
            Wish::Preferred(_) if is_socket => Wish::Off,
            wish => wish,
        };
        if let Wish::On(tls) | Wish::Preferred(tls) = &login.tls {
            tls.warn(fields);
        }
        let address = address(host, &login, tls_field)?;
        let of_option =
            own.enable_channel_binding.map(|yes| if yes { Binding::Preferred } else { Binding::Off });
        let binding = of_url.or(of_option).or(environment.binding).unwrap_or_default();
        if let Some(schema) = &own.schema {
            check_name("schema", schema, LONGEST_NAME)?;
        }
        let application_name = own.application_name.or_else(|| variable("PGAPPNAME"));
        let options = own.options.or_else(|| variable("PGOPTIONS"));
        Ok(Self {
            address,
            login,
            schema: own.schema,
            table: TableOptions::from_fields(fields, LONGEST_NAME)?,
            application_name: application_name.unwrap_or_else(|| "redkv".to_owned()),
            options: options.filter(|options| !options.is_empty()).map(Secret::new),
            binding,
        })
    }
}

/// A host that is a path is the folder of a socket.
fn address(host: String, login: &Login, tls_field: &'static str) -> Result<Address> {
    if !host.starts_with('/') {
        return Ok(Address::Tcp(login.checked_host(host)?, login.port));
    }
    if cfg!(not(unix)) {
        let field = login.host_is_in.unwrap_or("host");
        return Err(Error::argument(field, "this system has no Unix sockets"));
    }
    if !matches!(login.tls, Wish::Off) {
        return Err(Error::argument(tls_field, "a Unix socket cannot be used with ssl"));
    }
    Ok(Address::Unix(PathBuf::from(host).join(format!(".s.PGSQL.{}", login.port))))
}

/// Parameters of urls that are options.
const PARAMETERS: &[(&str, &str)] = &[
    ("application_name", "application_name"),
    ("connectTimeout", "connectTimeout"),
    ("connectionLimit", "max"),
    ("connectionTimeoutMillis", "connectTimeout"),
    ("connection_limit", "max"),
    ("max", "max"),
    ("options", "options"),
    ("poolSize", "max"),
    ("schema", "schema"),
];

/// Parameters of urls that have no meaning here: of libpq, of hosts and poolers, and of clients of other languages.
const IGNORED: &[&str] = &[
    "TimeZone",
    "client_encoding",
    "currentSchema",
    "endpoint",
    "fallback_application_name",
    "hostaddr",
    "idleTimeoutMillis",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "lock_timeout",
    "max_conns",
    "min",
    "passfile",
    "pgbouncer",
    "pool_max_conns",
    "pool_mode",
    "pool_size",
    "pool_timeout",
    "prepare",
    "prepareThreshold",
    "preparedStatements",
    "prepared_statements",
    "project",
    "query_timeout",
    "replication",
    "search_path",
    "socket_timeout",
    "sslcompression",
    "ssl_compression",
    "statement_cache_size",
    "statement_timeout",
    "supa",
    "target_session_attrs",
    "targetServerType",
    "tcp_user_timeout",
    "timezone",
    "workaround",
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<PostgresConfig> {
        let mut fields = Fields::new("postgres options", options)?;
        let config = PostgresConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    fn with(more: Value) -> Value {
        let mut options = json!({ "tableName": "t", "keyColumn": "k", "valueColumn": "v" });
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    }

    fn refused(options: Value) -> (String, String) {
        let error = read(options).unwrap_err();
        (error.field().unwrap().to_owned(), error.message().to_owned())
    }

    fn named(field: &str, message: &str) -> (String, String) {
        (field.to_owned(), message.to_owned())
    }

    #[test]
    fn table_and_columns_are_required() {
        for field in ["tableName", "keyColumn", "valueColumn"] {
            let mut options = with(json!({}));
            options.as_object_mut().unwrap().remove(field);
            assert_eq!(refused(options), named(field, &format!("postgres options.{field} is required")));
        }
    }

    #[test]
    fn options_of_the_pool_are_taken_with_their_old_names() {
        let config = read(with(json!({
            "host": "db", "port": "6000", "user": "u", "password": "p", "database": "d", "max": 3,
            "connectionTimeoutMillis": 250,
        })))
        .unwrap();
        assert_eq!(config.address, Address::Tcp("db".to_owned(), 6000));
        assert_eq!(config.login.database.as_deref(), Some("d"));
        assert_eq!(config.login.most_connections, 3);
        assert_eq!(config.login.connect_timeout.as_millis(), 250);
    }

    #[test]
    fn the_url_wins_over_single_options_and_they_fill_its_gaps() {
        let config = read(with(json!({
            "connectionString": "postgres://far/one", "host": "near", "user": "u", "password": "p", "database": "two",
        })))
        .unwrap();
        assert_eq!(config.address, Address::Tcp("far".to_owned(), 5432));
        assert_eq!(config.login.database.as_deref(), Some("one"));
        assert_eq!(config.login.password.as_ref().map(Secret::expose_str), Some("p"));
    }

    #[test]
    fn what_no_option_says_is_reported_of_the_url() {
        assert_eq!(
            refused(with(json!({ "uri": "postgres://h/d?host=a,b" }))),
            named(
                "uri",
                "the host in options.uri must be the name or address of one server, without scheme, user and port"
            )
        );
        assert_eq!(
            refused(with(json!({ "url": "postgres:///d?host=/run/postgresql&sslmode=require" }))),
            named("url", "a Unix socket cannot be used with ssl")
        );
        assert_eq!(
            refused(with(json!({ "url": "postgres://h", "uri": "postgres://i" }))),
            named(
                "uri",
                "postgres options.url and postgres options.uri are one option, and have different values"
            )
        );
    }

    #[test]
    fn values_of_older_clients_are_taken_with_their_meaning() {
        let config = read(with(json!({
            "connectionTimeoutMillis": 0, "poolSize": "7", "password": 12345, "url": "postgres://h/d",
        })))
        .unwrap();
        assert_eq!(config.login.connect_timeout.as_secs(), 5);
        assert_eq!(config.login.most_connections, 7);
        assert_eq!(config.login.password.as_ref().map(Secret::expose_str), Some("12345"));
        let config = read(with(json!({ "connectionTimeoutMillis": "250" }))).unwrap();
        assert_eq!(config.login.connect_timeout.as_millis(), 250);
    }

    #[test]
    fn a_host_that_is_a_path_is_the_folder_of_a_socket() {
        let config = read(with(json!({ "host": "/run/postgresql", "user": "u" }))).unwrap();
        assert_eq!(config.address, Address::Unix("/run/postgresql/.s.PGSQL.5432".into()));
        assert_eq!(
            refused(with(json!({ "host": "/run/postgresql", "ssl": true }))),
            named("ssl", "a Unix socket cannot be used with ssl")
        );
    }

    #[test]
    fn names_that_the_server_would_cut_are_refused() {
        assert_eq!(
            refused(with(json!({ "keyColumn": "k".repeat(64) }))),
            named("keyColumn", "keyColumn must not be longer than 63 bytes")
        );
        assert_eq!(
            refused(with(json!({ "tableName": "a\0b" }))),
            named("tableName", "tableName must not contain a NUL character")
        );
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        assert_eq!(
            refused(with(json!({ "valueColumn": "k" }))),
            named("valueColumn", "valueColumn must not be the same as keyColumn")
        );
        assert_eq!(
            refused(with(json!({ "expiresColumn": "V" }))),
            named("expiresColumn", "expiresColumn must not be the same as valueColumn")
        );
    }

    #[test]
    fn a_misspelt_option_is_refused() {
        assert_eq!(
            refused(with(json!({ "tablename": "t" }))),
            named("tablename", "unknown option 'tablename' in postgres options; did you mean 'tableName'?")
        );
    }

    #[test]
    fn debug_output_does_not_hold_credentials() {
        let config = read(with(json!({ "url": "postgres://someone:s3cret@h/d" }))).unwrap();
        let printed = format!("{config:?}");
        assert!(!printed.contains("s3cret") && !printed.contains("someone"), "{printed}");
    }
}
