//! The options of a MySQL store, in the names of mysql and mysql2.

use redkv_core::options::{kinds, options};

options! {
    pub(super) struct MySqlTimeout is "SQLConnectionOptions" {
        /// How long one attempt to connect may take, including the lookup of the name, TLS and login.
        connect_timeout as "connectTimeout" or ["acquireTimeout"]: kinds::Timeout<5000> = "`5000`",
    }
    legacy "LegacyMySQLOptions"
}

options! {
    /// Options of the store `'mysql'`, which keeps entries in a table of a MySQL (version 8) or MariaDB database, in the
    /// names of mysql and mysql2.
    ///
    /// Keys are compared exactly, whatever the collation of the key column. The default ones take `'a'`, `'A'` and `'á'` for
    /// one key: then a key that the column cannot keep beside a stored one is refused with `ERR_REDKV_UNSUPPORTED`, in an
    /// error that names both, and one process warning says how to change the column without loss.
    ///
    /// @example
    /// ```js
    /// kv.addStore('mysql', {
    ///   host: 'db.example.com', user: 'app', password: 'password', database: 'app',
    ///   tableName: 'kv', keyColumn: 'k', valueColumn: 'v', createTable: true,
    /// })
    /// ```
    pub(super) struct MySqlOptions is "MySQLOptions" extends ["SQLTableOptions", "SQLConnectionOptions"] {
        /// The socket file of the server, instead of `host` and `port`; excludes `ssl`; not on Windows.
        socket_path as "socketPath": kinds::Text,
    }
    /// Options of mysql and mysql2 that have no effect here. Each gives a warning.
    legacy "LegacyMySQLOptions" extends ["LegacySQLConnectionOptions"] ignores [
        "authPlugins",
        "authSwitchHandler",
        "bigNumberStrings",
        "charset",
        "charsetNumber",
        "compress",
        "connectAttributes",
        "dateStrings",
        "debug",
        "decimalNumbers",
        "disableEval",
        "enableKeepAlive",
        "flags",
        "idleTimeout",
        "infileStreamFactory",
        "insecureAuth",
        "isServer",
        "keepAliveInitialDelay",
        "localAddress",
        "localInfile",
        "maxIdle",
        "maxPreparedStatements",
        "multipleStatements",
        "namedPlaceholders",
        "nestTables",
        "pool",
        "protocol41",
        "queryFormat",
        "queueLimit",
        "rowsAsArray",
        "stream",
        "stringifyObjects",
        "supportBigNumbers",
        "timezone",
        "trace",
        "typeCast",
        "useBlueBird",
        "useBluebird",
        "waitForConnections",
    ]
}
