//! The options that both stores have, in the names of node-postgres, mysql and mysql2.

use redkv_core::error::Result;
use redkv_core::options::{Given, Kind, Secret, Type, Value, kinds, options};
use redkv_net::tls::{Tls, Wish};

use crate::sql::columns::ColumnType;

options! {
    /// How to reach the server of a store `'postgres'` or `'mysql'`.
    pub(crate) struct UrlOptions is "SQLConnectionOptions" {
        /// Such as `postgres://user:password@host:5432/database?sslmode=require` or `mysql://user:password@host/database`,
        /// [also with parameters](#tls-to-sql-servers). Takes precedence over the options below, which fill its gaps.
        ///
        /// What they say of TLS must not contradict it.
        url as "url" or ["connectionString", "uri"]: NamedUrl,
    }
    /// What other clients call options of {@link SQLConnectionOptions}. Each gives a warning.
    legacy "LegacySQLConnectionOptions"
}

options! {
    pub(crate) struct LoginOptions is "SQLConnectionOptions" {
        /// The name or address of the server, looked up for every connection; for `postgres` also the folder of the server's
        /// socket.
        host as "host": kinds::Text = "`'localhost'`",
        /// The port of the server.
        port as "port": kinds::Port = "`5432` for `postgres`, `3306` for `mysql`",
        /// The user who logs in.
        user as "user" or ["username"]: Credential = "for `postgres` the user of the process",
        /// The password of the user.
        ///
        /// It appears in no error, log or `inspect()`.
        password as "password": Credential = "none",
        /// The database.
        database as "database": Database = "for `postgres` the user's name; required for `mysql`, if it is not in the url",
        /// `true` trusts the certificate authorities of the system; an object [says more](#tls), such as `ca`; a word is a mode
        /// [as in a url](#tls-to-sql-servers), such as `'require'`.
        ssl as "ssl": SslOption = "`false`, or for `postgres` what `PGSSLMODE` says",
        /// How many connections there are at most.
        max as "max" or ["connectionLimit", "poolSize"]: kinds::Digits<1, 10_000> = "`10`",
    }
    legacy "LegacySQLConnectionOptions"
}

options! {
    /// The table of a store `'postgres'` or `'mysql'`. Names are taken as they are, never as SQL.
    pub(crate) struct SqlTableOptions is "SQLTableOptions" {
        /// The table. A dot is a part of its name.
        table as "tableName": kinds::Required<kinds::Text>,
        /// The column that holds the key: the `PRIMARY KEY`, or `UNIQUE` by itself and in its full length, of bytes or text.
        key_column as "keyColumn": kinds::Required<kinds::Text>,
        /// The column that holds the value, of bytes or text. A row in which it is `NULL` is no entry.
        value_column as "valueColumn": kinds::Required<kinds::Text>,
        /// The column that holds the deadline of an entry: `BIGINT`, in milliseconds since 1970, `NULL` for never. **Expired
        /// rows are deleted** during later writes, if an index begins with this column. Without it a `ttl` is refused.
        ///
        /// A write with a `ttl` then rejects with `ERR_REDKV_UNSUPPORTED`.
        expires_column as "expiresColumn": kinds::Text = "none",
        /// Whether a missing table is created, with columns of bytes, and a missing `expiresColumn` is added with an index.
        create as "createTable": kinds::Boolean = "`false`",
        /// What the columns hold: with `'text'`, a new table has columns of text, and what is not text is refused before
        /// anything is sent.
        ///
        /// Without it, a column of text refuses it key by key. With `'binary'`, `ready()` rejects when the table has columns
        /// of text.
        column_type as "columnType": ColumnType = "that of the table",
    }
}

/// A url, with the name of the option that it was given as.
#[derive(Debug)]
pub(crate) struct NamedUrl {
    pub(crate) name: &'static str,
    pub(crate) url: Secret<String>,
}

impl PartialEq for NamedUrl {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Kind for NamedUrl {
    type Value = Self;
    const TYPE: Type = Type::Url;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self>> {
        Ok(<kinds::Url as Kind>::read(value, given)?.map(|url| Self { name: given.name(), url }))
    }
}

/// The name of a database; an empty one counts as none.
#[derive(Debug)]
pub(crate) struct Database;

impl Kind for Database {
    type Value = String;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        let name = Credential::read(value, given)?.map(Secret::into_exposed);
        name.map(|name| given.without_credentials(name)).transpose()
    }
}

/// A name or a password with which somebody logs in; an empty one counts as none.
#[derive(Debug)]
pub(crate) struct Credential;

impl Kind for Credential {
    type Value = Secret<String>;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self::Value>> {
        let text = <kinds::Credential as Kind>::read(value, given)?;
        if text.as_ref().is_some_and(|text| text.expose().contains('\0')) {
            return Err(given.refused(format!("{} must not contain a NUL character", given.path())));
        }
        Ok(text)
    }
}

/// The option `ssl` as it was given.
#[derive(Debug)]
pub(crate) enum SslOption {
    /// A mode, as node-postgres and postgres.js take it.
    Word(String),
    Given(Wish),
}

impl Kind for SslOption {
    type Value = Self;
    const TYPE: Type =
        Type::Other { typescript: "boolean | TlsOptions | SSLMode", words: "boolean, object or word" };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self>> {
        match value {
            Value::String(word) if word == "Amazon RDS" => Err(given.refused(format!(
                "{} has no profile 'Amazon RDS': give an object with its certificates as ca, which Amazon publishes as \
                 global-bundle.pem",
                given.path()
            ))),
            Value::String(word) => Ok(Some(Self::Word(word))),
            value => Ok(<Tls as Kind>::read(value, given)?.map(Self::Given)),
        }
    }
}
