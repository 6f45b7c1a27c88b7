//! The options of both: who logs in where, and which columns of which table.

use std::fmt;
use std::time::Duration;

use super::merged_tls::Asked;
use super::security::Security;
use super::url::{UrlParts, UrlRules};
use crate::sql::columns::ColumnType;
use redkv_core::config::Fields;
use redkv_core::error::{Error, Result};
use redkv_net::tls::{Tls, Wish};

/// Which columns of which table hold the entries.
#[derive(Clone, Debug)]
pub(crate) struct TableOptions {
    pub(crate) table: String,
    pub(crate) key_column: String,
    pub(crate) value_column: String,
    pub(crate) expires_column: Option<String>,
    pub(crate) create: bool,
    pub(crate) column_type: ColumnType,
}

impl TableOptions {
    /// Reads `tableName`, `keyColumn` and `valueColumn`, which are required, `expiresColumn`, `createTable` and
    /// `columnType`. A name of more than `longest` bytes is refused.
    pub(crate) fn from_fields(fields: &mut Fields, longest: usize) -> Result<Self> {
        let options = Self {
            table: fields.required_string("tableName")?,
            key_column: fields.required_string("keyColumn")?,
            value_column: fields.required_string("valueColumn")?,
            expires_column: fields.string("expiresColumn")?,
            create: fields.boolean("createTable")?.unwrap_or(false),
            column_type: ColumnType::from_fields(fields)?,
        };
        let names = [
            ("tableName", Some(&options.table)),
            ("keyColumn", Some(&options.key_column)),
            ("valueColumn", Some(&options.value_column)),
            ("expiresColumn", options.expires_column.as_ref()),
        ];
        for (field, name) in names.iter().filter_map(|(field, name)| name.map(|name| (*field, name))) {
            check_name(field, name, longest)?;
        }
        let columns = &names[1..];
        for (at, (field, name)) in columns.iter().enumerate() {
            // A name in another case may be the same for the server; nobody needs two that differ in nothing else.
            let same = |other: &Option<&String>| {
                name.zip(*other).is_some_and(|(name, other)| name.eq_ignore_ascii_case(other))
            };
            if let Some((other, _)) = columns[..at].iter().find(|(_, other)| same(other)) {
                return Err(Error::argument(*field, format!("{field} must not be the same as {other}")));
            }
        }
        Ok(options)
    }
}

/// Refuses a name that no server has, or that it would silently cut.
pub(crate) fn check_name(field: &'static str, name: &str, longest: usize) -> Result<()> {
    if name.contains('\0') {
        return Err(Error::argument(field, format!("{field} must not contain a NUL character")));
    }
    if name.len() > longest {
        return Err(Error::argument(field, format!("{field} must not be longer than {longest} bytes")));
    }
    Ok(())
}

/// Where the server is, and who logs in.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) host: Option<String>,
    pub(crate) port: u16,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) tls: Wish,
    pub(crate) most_connections: usize,
    pub(crate) connect_timeout: Duration,
}

/// Reads what the clients of both servers have in common: `url` (also `connectionString` and `uri`), `host`, `port`,
/// `user` (also `username`), `password`, `database`, `ssl`, `max` (also `connectionLimit`), and the time to connect
/// under the names of `timeouts`. What the url says wins over the others, which fill its gaps. What is said of TLS comes
/// beside it, to be agreed upon.
pub(crate) fn login_of(
    fields: &mut Fields,
    rules: &UrlRules,
    timeouts: [&'static str; 2],
) -> Result<(Login, Asked)> {
    fields.prefer(OLDER);
    let url = UrlParts::from_fields(fields, rules)?;
    let host = fields.string("host")?;
    let port = fields.integer("port", 1, u64::from(u16::MAX))?.and_then(|port| u16::try_from(port).ok());
    let user = text(fields, &["user", "username"])?;
    let password = text(fields, &["password"])?;
    let database = text(fields, &["database"])?;
    let option = match fields.word("ssl") {
        None => Tls::from_fields(fields, "ssl")?,
        // As node-postgres and postgres.js take it.
        Some(word) => {
            let mut said = Security::default();
            said.take("ssl", &word)
                .map_err(|why| Error::argument("ssl", format!("options.{why}, or an object")))?;
            let asked = Asked { option: None, url: said, url_named: url.named };
            Some(asked.agreed(&Security::default())?)
        }
    };
    let most = fields.integer("max", 1, 10_000)?;
    let limit = fields.integer("connectionLimit", 1, 10_000)?;
    let first = fields.duration(timeouts[0])?;
    let second = fields.duration(timeouts[1])?;
    let login = Login {
        host: url.host.or(host),
        port: url.port.or(port).unwrap_or(rules.port),
        user: url.user.or(user),
        password: url.password.or(password),
        database: url.database.or(database),
        tls: Wish::Off,
        most_connections: most.or(limit).and_then(|most| usize::try_from(most).ok()).unwrap_or(10),
        connect_timeout: first.or(second).unwrap_or(Duration::from_secs(5)),
    };
    Ok((login, Asked { option, url: url.security, url_named: url.named }))
}

/// Names that are read, and what to write instead.
const OLDER: &[(&str, &str)] = &[
    ("acquireTimeout", "connectTimeout"),
    ("connectionLimit", "max"),
    ("connectionString", "url"),
    ("connectionTimeoutMillis", "connectTimeout"),
    ("uri", "url"),
    ("username", "user"),
];

/// The first option of `names` that has text in it; all of them count as known.
fn text(fields: &mut Fields, names: &[&'static str]) -> Result<Option<String>> {
    let mut found = None;
    for name in names {
        let text = fields.text(name)?.filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.contains('\0')) {
            return Err(Error::argument(*name, format!("{name} must not contain a NUL character")));
        }
        found = found.or(text);
    }
    Ok(found)
}

/// Says whether there are credentials, not what they are.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user.is_some())
            .field("password", &self.password.is_some())
            .field("database", &self.database)
            .field("tls", &self.tls)
            .field("most_connections", &self.most_connections)
            .field("connect_timeout", &self.connect_timeout)
            .finish()
    }
}
