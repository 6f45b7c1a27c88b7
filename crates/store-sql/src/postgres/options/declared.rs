//! The options of a PostgreSQL store, in the names of node-postgres (`pg`).

use redkv_core::error::Result;
use redkv_core::options::{Given, Kind, Type, Value, kinds, options};

options! {
    pub(super) struct PostgresTimeout is "SQLConnectionOptions" {
        /// How long one attempt to connect may take, including the lookup of the name, TLS and login.
        connect_timeout as "connectTimeout" or ["connectionTimeoutMillis"]: kinds::Timeout<5000> = "`5000`",
    }
    legacy "LegacyPostgresOptions"
}

options! {
    /// Options of the store `'postgres'`, which keeps entries in a table of a PostgreSQL database (version 12 and later), in
    /// the names of node-postgres.
    ///
    /// What is missing of the connection is taken from the environment: `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`,
    /// `PGDATABASE`, `PGAPPNAME`, `PGOPTIONS`, and what libpq reads of TLS, such as `PGSSLMODE` and `PGSSLROOTCERT`.
    ///
    /// @example
    /// ```js
    /// kv.addStore('postgres', {
    ///   url: 'postgres://app:password@db.example.com/app?sslmode=require',
    ///   tableName: 'kv', keyColumn: 'k', valueColumn: 'v', expiresColumn: 'expires', createTable: true,
    /// })
    /// ```
    pub(super) struct PostgresOptions is "PostgresOptions" extends ["SQLTableOptions", "SQLConnectionOptions"] {
        /// The schema of the table.
        schema as "schema": kinds::Text = "the search path of the user",
        /// The name of the connections that the server shows.
        application_name as "application_name": SessionText = "`'redkv'`",
        /// Settings of the session, such as `'-c statement_timeout=5s'`, or what a hosting provider expects here.
        options as "options": SessionText = "none",
        /// Whether a password is bound to the server's certificate (SCRAM-SHA-256-PLUS), if the server can do that;
        /// `channel_binding=require` in the url refuses a server that cannot.
        enable_channel_binding as "enableChannelBinding": kinds::Boolean = "`false`",
    }
    /// Options of node-postgres that have no effect here. Each gives a warning.
    legacy "LegacyPostgresOptions" extends ["LegacySQLConnectionOptions"] ignores [
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
        "query_timeout",
        "reapIntervalMillis",
        "rows",
        "statement_timeout",
        "stream",
        "types",
        "useBlueBird",
        "useBluebird",
        "verify",
    ]
}

/// Text that is sent to the server at the beginning of a session.
#[derive(Debug)]
pub(super) struct SessionText;

impl Kind for SessionText {
    type Value = String;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        let text = <kinds::AnyText as Kind>::read(value, given)?;
        if text.as_ref().is_some_and(|text| text.contains('\0')) {
            return Err(given.refused(format!("{} must not contain a NUL character", given.path())));
        }
        // A name may look like credentials to some degree (`service:pod@host`); a url is one that came to the wrong place.
        match text {
            Some(text) if text.contains("://") => given.without_credentials(text).map(Some),
            text => Ok(text),
        }
    }
}
