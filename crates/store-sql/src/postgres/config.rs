//! The options of a PostgreSQL store, in the names of node-postgres (`pg`).

use std::env;
use std::fmt;
use std::path::PathBuf;

use crate::sql::{Binding, Login, Security, TableOptions, UrlRules, check_name, login_of};
use redkv_core::config::Fields;
use redkv_core::error::{Error, Result};
use redkv_net::host::checked;
use redkv_net::tls::Wish;

/// Longer names are cut by the server, and could then be those of something else.
const LONGEST_NAME: usize = 63;

/// Which table of which database a store of PostgreSQL uses.
#[derive(Clone)]
pub struct PostgresConfig {
    pub(super) address: Address,
    pub(super) login: Login,
    pub(super) schema: Option<String>,
    pub(super) table: TableOptions,
    pub(super) application_name: String,
    /// Settings of the session, as the server's command line has them.
    pub(super) options: Option<String>,
    pub(super) binding: Binding,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
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
    /// Reads the options of the connection (`connectionString` or `url`, `host`, `port`, `user`, `password`,
    /// `database`, `ssl`, `max` or `connectionLimit`, `connectionTimeoutMillis` or `connectTimeout`,
    /// `application_name`, `options`, `enableChannelBinding`) and those of the table:
    ///
    /// - `tableName`, `keyColumn`, `valueColumn` (required): names as they are, never SQL, so also in their case.
    /// - `schema` (default: the search path of the user).
    /// - `expiresColumn` (no default): keeps deadlines in this column, as BIGINT milliseconds since the Unix epoch, NULL
    ///   for never. **Rows whose deadline has passed are deleted.** Without it an entry with a deadline is refused.
    /// - `createTable` (default `false`): makes the table, and the column of deadlines, where they are missing.
    /// - `columnType` (`'binary'` or `'text'`): what the columns are to hold.
    ///
    /// What is missing of the connection is taken from the environment (`PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`,
    /// `PGDATABASE`, `PGAPPNAME`, `PGOPTIONS`, and those about TLS), as node-postgres and libpq do. Options of
    /// node-postgres without meaning here are ignored with a warning.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        fields.ignore(LEGACY);
        let rules = UrlRules {
            store: "postgres",
            schemes: &["postgres", "postgresql"],
            port: environment_port(),
            options: PARAMETERS,
            ignored: IGNORED,
        };
        let (mut login, asked) = login_of(fields, &rules, ["connectTimeout", "connectionTimeoutMillis"])?;
        let user = login.user.take().or_else(|| variable("PGUSER")).or_else(|| variable("USER"));
        login.user = Some(user.unwrap_or_else(|| "postgres".to_owned()));
        login.password = login.password.take().or_else(|| variable("PGPASSWORD"));
        login.database =
            login.database.take().or_else(|| variable("PGDATABASE")).or_else(|| login.user.clone());
        let host = login.host.take().or_else(|| variable("PGHOST")).unwrap_or_else(|| "localhost".to_owned());
        let is_socket = host.starts_with('/');
        // As libpq has it, the environment means connections that others could listen to.
        let environment = if is_socket { Security::default() } else { environment_security()? };
        let of_url = asked.url.binding;
        login.tls = match asked.agreed(&environment)? {
            Wish::Preferred(_) if is_socket => Wish::Off,
            wish => wish,
        };
        if let Wish::On(tls) | Wish::Preferred(tls) = &login.tls {
            tls.warn(fields);
        }
        let address = address(host, &login)?;
        let of_option = fields.boolean("enableChannelBinding")?;
        let of_option = of_option.map(|yes| if yes { Binding::Preferred } else { Binding::Off });
        let binding = of_url.or(of_option).or(environment.binding).unwrap_or_default();
        let schema = fields.string("schema")?;
        if let Some(schema) = &schema {
            check_name("schema", schema, LONGEST_NAME)?;
        }
        let application_name = session_text(fields, "application_name")?.or_else(|| variable("PGAPPNAME"));
        let options = session_text(fields, "options")?.or_else(|| variable("PGOPTIONS"));
        Ok(Self {
            address,
            login,
            schema,
            table: TableOptions::from_fields(fields, LONGEST_NAME)?,
            application_name: application_name.unwrap_or_else(|| "redkv".to_owned()),
            options: options.filter(|options| !options.is_empty()),
            binding,
        })
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

fn environment_port() -> u16 {
    env::var("PGPORT").ok().and_then(|port| port.parse().ok()).unwrap_or(5432)
}

/// What the environment says of TLS and of who may log in how.
fn environment_security() -> Result<Security> {
    let mut security = Security::default();
    for (name, parameter) in SECURITY {
        if let Some(value) = variable(name) {
            let refused = |why: String| Error::argument("ssl", format!("{name} in the environment: {why}"));
            security.take(parameter, &value).map_err(refused)?;
        }
    }
    // libpq heeds the older one where the newer is absent.
    if variable("PGSSLMODE").is_none() && variable("PGREQUIRESSL").is_some_and(|value| value.starts_with('1'))
    {
        security.take("requiressl", "1").map_err(|why| Error::argument("ssl", why))?;
    }
    Ok(security)
}

/// Text that the server is told when a session begins.
fn session_text(fields: &mut Fields, name: &'static str) -> Result<Option<String>> {
    let text = fields.text(name)?;
    if text.as_ref().is_some_and(|text| text.contains('\0')) {
        return Err(Error::argument(name, format!("{name} must not contain a NUL character")));
    }
    Ok(text)
}

/// A host that is a path is the folder of a socket.
fn address(host: String, login: &Login) -> Result<Address> {
    if !host.starts_with('/') {
        return Ok(Address::Tcp(checked("host", host)?, login.port));
    }
    if cfg!(not(unix)) {
        return Err(Error::argument("host", "this system has no Unix sockets"));
    }
    if !matches!(login.tls, Wish::Off) {
        return Err(Error::argument("ssl", "a Unix socket cannot be used with ssl"));
    }
    Ok(Address::Unix(PathBuf::from(host).join(format!(".s.PGSQL.{}", login.port))))
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("address", &self.address)
            .field("login", &self.login)
            .field("schema", &self.schema)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

/// Variables of libpq about security, and the parameters of urls that say the same.
const SECURITY: &[(&str, &str)] = &[
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLSNI", "sslsni"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGGSSENCMODE", "gssencmode"),
];

/// Parameters of urls that are options.
const PARAMETERS: &[(&str, &str)] = &[
    ("application_name", "application_name"),
    ("connectTimeout", "connectTimeout"),
    ("connectionLimit", "connectionLimit"),
    ("connectionTimeoutMillis", "connectionTimeoutMillis"),
    ("connection_limit", "max"),
    ("max", "max"),
    ("options", "options"),
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
    "poolSize",
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

/// Options of node-postgres that have no meaning here.
const LEGACY: &[&str] = &[
    "Promise",
    "allowExitOnIdle",
    "binary",
    "client_encoding",
    "encoding",
    "fallback_application_name",
    "idleTimeoutMillis",
    "idle_in_transaction_session_timeout",
    "keepAlive",
    "keepAliveInitialDelayMillis",
    "lock_timeout",
    "log",
    "maxLifetimeSeconds",
    "maxUses",
    "min",
    "onConnect",
    "parseInputDatesAsUTC",
    "poolIdleTimeout",
    "poolSize",
    "query_timeout",
    "reapIntervalMillis",
    "rows",
    "statement_timeout",
    "stream",
    "types",
    "useBlueBird",
    "useBluebird",
    "verify",
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
        assert_eq!(config.login.password.as_deref(), Some("p"));
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
