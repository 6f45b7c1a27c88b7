//! The options of both: who logs in where, and which columns of which table.

use std::time::Duration;

use super::declared::{LoginOptions, SqlTableOptions, SslOption};
use super::merged_tls::Asked;
use super::security::Security;
use super::url::{UrlParts, UrlRules};
use crate::sql::columns::ColumnType;
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, Secret};
use redkv_net::host::checked;
use redkv_net::tls::Wish;

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
    /// Reads the options. A name of more than `longest` bytes is refused.
    pub(crate) fn from_fields(fields: &mut Fields, longest: usize) -> Result<Self> {
        let options = SqlTableOptions::read(fields)?;
        let options = Self {
            table: options.table,
            key_column: options.key_column,
            value_column: options.value_column,
            expires_column: options.expires_column,
            create: options.create.unwrap_or(false),
            column_type: options.column_type.unwrap_or_default(),
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
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) host: Option<String>,
    /// The option of the url that says the host, if one does.
    pub(crate) host_is_in: Option<&'static str>,
    pub(crate) port: u16,
    pub(crate) user: Option<Secret<String>>,
    pub(crate) password: Option<Secret<String>>,
    pub(crate) database: Option<String>,
    pub(crate) tls: Wish,
    pub(crate) most_connections: usize,
    pub(crate) connect_timeout: Duration,
}

const NO_SSL: &str = "options.ssl must be true, false, a mode such as 'require' or 'verify-full', or an object with options of TLS";

impl Login {
    /// Returns the name or address that is to be asked, which may come from a url.
    pub(crate) fn checked_host(&self, host: String) -> Result<String> {
        match self.host_is_in {
            Some(option) => checked(option, &format!("the host in options.{option}"), host),
            None => checked("host", "options.host", host),
        }
    }
}

/// How long one attempt to connect may take, unless an option says it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads what the clients of both servers have in common. What the url says wins over the others, which fill its gaps.
/// What is said of TLS comes beside it, to be agreed upon.
pub(crate) fn login_of(fields: &mut Fields, rules: &UrlRules) -> Result<(Login, Asked)> {
    let url = UrlParts::from_fields(fields, rules)?;
    let options = LoginOptions::read(fields)?;
    let option = match options.ssl {
        None => None,
        Some(SslOption::Given(wish)) => Some(wish),
        Some(SslOption::Word(word)) => {
            let mut said = Security::default();
            said.take("ssl", &word).map_err(|_| Error::argument("ssl", NO_SSL))?;
            let asked = Asked { option: None, url: said, url_named: url.named };
            Some(asked.agreed(&Security::default())?)
        }
    };
    let port = match url.port.or(options.port) {
        Some(port) => port,
        None => (rules.port)()?,
    };
    let login = Login {
        host_is_in: url.host.as_ref().map(|_| url.named),
        host: url.host.or(options.host),
        port,
        user: url.user.map(Secret::new).or(options.user),
        password: url.password.map(Secret::new).or(options.password),
        database: url.database.or(options.database),
        tls: Wish::Off,
        most_connections: options.max.and_then(|most| usize::try_from(most).ok()).unwrap_or(10),
        connect_timeout: CONNECT_TIMEOUT,
    };
    Ok((login, Asked { option, url: url.security, url_named: url.named }))
}
