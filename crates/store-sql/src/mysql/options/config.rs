//! The options of a MySQL store, in the names of mysql and mysql2.

use super::declared::{MySqlOptions, MySqlTimeout};
use crate::sql::{
    Login, LoginOptions, Security, SqlTableOptions, TableOptions, UrlOptions, UrlRules, login_of,
};
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, Schema};
use redkv_net::tls::{Tls, Wish};

/// Four bytes for each of the 64 characters that a name may have.
const LONGEST_NAME: usize = 256;

const URL: UrlRules = UrlRules {
    schemes: &["mysql", "mariadb"],
    port: || Ok(3306),
    options: &[
        ("acquireTimeout", "connectTimeout"),
        ("connectTimeout", "connectTimeout"),
        ("connectionLimit", "max"),
        ("connection_limit", "max"),
        ("max", "max"),
        ("socket", "socketPath"),
        ("socketPath", "socketPath"),
    ],
    ignored: IGNORED,
};

/// Which table of which database a store of MySQL uses.
#[derive(Clone, Debug)]
pub struct MySqlConfig {
    pub(crate) login: Login,
    pub(crate) database: String,
    pub(crate) socket: Option<String>,
    pub(crate) table: TableOptions,
}

impl MySqlConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[
        MySqlOptions::SCHEMA,
        MySqlTimeout::SCHEMA,
        UrlOptions::SCHEMA,
        LoginOptions::SCHEMA,
        SqlTableOptions::SCHEMA,
        Tls::SCHEMA,
    ];

    /// Reads the options. Those of mysql and mysql2 without meaning here are ignored with a warning.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let (mut login, asked) = login_of(fields, &URL)?;
        let MySqlOptions { socket_path: socket } = MySqlOptions::read(fields)?;
        let MySqlTimeout { connect_timeout } = MySqlTimeout::read(fields)?;
        login.connect_timeout = connect_timeout.unwrap_or(login.connect_timeout);
        login.host = login.host.take().map(|host| login.checked_host(host)).transpose()?;
        let tls_field = asked.field();
        login.tls = match asked.agreed(&Security::default())? {
            Wish::Preferred(_) if socket.is_some() => Wish::Off,
            wish => wish,
        };
        if let Wish::On(tls) | Wish::Preferred(tls) = &login.tls {
            tls.warn(fields);
            if tls.chooses_versions() {
                let message = "the versions of TLS cannot be chosen: the mysql store uses 1.2 and 1.3";
                return Err(Error::argument(tls_field, message));
            }
        }
        let Some(database) = login.database.take() else {
            return Err(fields.missing_field("database"));
        };
        if socket.is_some() {
            if cfg!(not(unix)) {
                return Err(Error::argument("socketPath", "this system has no Unix sockets"));
            }
            if !matches!(login.tls, Wish::Off) {
                return Err(Error::argument(tls_field, "a Unix socket cannot be used with ssl"));
            }
        }
        Ok(Self { login, database, socket, table: TableOptions::from_fields(fields, LONGEST_NAME)? })
    }

    pub(crate) fn host(&self) -> &str {
        self.login.host.as_deref().unwrap_or("localhost")
    }

    /// Where the server listens, for messages.
    pub(crate) fn server(&self) -> String {
        match &self.socket {
            Some(path) => format!("the mysql server at {path}"),
            None if self.host().contains(':') => {
                format!("the mysql server at [{}]:{}", self.host(), self.login.port)
            }
            None => format!("the mysql server at {}:{}", self.host(), self.login.port),
        }
    }
}

/// Parameters of urls that have no meaning here: options of mysql and mysql2, of hosts, and of clients of other languages.
const IGNORED: &[&str] = &[
    "allowNativePasswords",
    "allowPublicKeyRetrieval",
    "autoReconnect",
    "bigNumberStrings",
    "channel_binding",
    "characterEncoding",
    "charset",
    "charsetNumber",
    "collation",
    "compress",
    "dateStrings",
    "debug",
    "decimalNumbers",
    "enableKeepAlive",
    "encoding",
    "flags",
    "idleTimeout",
    "insecureAuth",
    "keepAliveInitialDelay",
    "loc",
    "localAddress",
    "maxIdle",
    "multiStatements",
    "multipleStatements",
    "namedPlaceholders",
    "parseTime",
    "pool_timeout",
    "queueLimit",
    "readTimeout",
    "reconnect",
    "rowsAsArray",
    "serverTimezone",
    "socket_timeout",
    "statement_cache_size",
    "stringifyObjects",
    "supportBigNumbers",
    "timeout",
    "timezone",
    "trace",
    "useUnicode",
    "waitForConnections",
    "writeTimeout",
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<MySqlConfig> {
        let mut all = json!({ "tableName": "t", "keyColumn": "k", "valueColumn": "v", "database": "d" });
        all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let mut fields = Fields::new("mysql options", all)?;
        let config = MySqlConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    #[test]
    fn options_of_the_pool_are_taken_with_their_old_names() {
        let config = read(json!({
            "connectionLimit": 3, "host": "db", "port": 3307, "user": "u", "password": "p", "connectTimeout": 250,
        }))
        .unwrap();
        assert_eq!(config.server(), "the mysql server at db:3307");
        assert_eq!(config.login.most_connections, 3);
        assert_eq!(config.login.connect_timeout.as_millis(), 250);
    }

    #[test]
    fn an_ssl_of_mysql2_that_is_not_here_says_what_to_give() {
        let error = read(json!({ "ssl": "Amazon RDS" })).unwrap_err();
        assert_eq!(error.field(), Some("ssl"));
        assert!(error.message().contains("give an object with its certificates as ca"), "{error}");
        let error = read(json!({ "ssl": "s3cret" })).unwrap_err();
        assert!(error.message().starts_with("options.ssl must be true, false, a mode"), "{error}");
    }

    #[test]
    fn a_database_is_required_and_may_be_in_the_url() {
        assert_eq!(read(json!({ "database": "" })).unwrap_err().field(), Some("database"));
        let config = read(json!({ "database": null, "url": "mysql://u:p@h/of%20url" })).unwrap();
        assert_eq!(config.database, "of url");
    }

    #[test]
    fn debug_output_does_not_hold_credentials() {
        let printed = format!("{:?}", read(json!({ "url": "mysql://someone:s3cret@h/d" })).unwrap());
        assert!(!printed.contains("s3cret") && !printed.contains("someone"), "{printed}");
    }
}
