//! Maps failures of MySQL and MariaDB to errors.

use mysql_async::{DriverError, Error as Cause, IoError, ServerError};

use super::options::config::MySqlConfig;
use super::statements::OVERLAP;
use redkv_core::error::{Error, ErrorKind, Outcome};

/// Everything that can fail between this store and its server.
pub(super) enum Failure<'a> {
    /// No connection came about, or the server did not let us in.
    Connect(&'a MySqlConfig, Cause),
    /// A statement failed, or the connection under it.
    Statement(Cause),
}

/// The one mapping of failures to errors.
///
/// What the server says is not repeated where it may quote a parameter: that is a key or a value. So its errors are no
/// causes either.
pub(super) fn error_of(failure: Failure<'_>) -> Error {
    match failure {
        Failure::Connect(config, Cause::Server(error)) => refused(config, &error),
        Failure::Connect(config, Cause::Driver(DriverError::UnknownAuthPlugin { name })) => {
            unknown_login(config, &name)
        }
        Failure::Connect(config, Cause::Driver(DriverError::CleartextPluginDisabled)) => {
            unknown_login(config, "mysql_clear_password")
        }
        Failure::Connect(config, Cause::Driver(DriverError::MysqlOldPasswordDisabled)) => {
            unknown_login(config, "mysql_old_password")
        }
        Failure::Connect(config, error) => {
            // Trying again does not mend a certificate.
            let is_tls = is_tls(&error);
            let reason = match &error {
                Cause::Io(IoError::Io(error)) => error.to_string(),
                Cause::Io(error) => error.to_string(),
                error => error.to_string(),
            };
            let message = format!("no connection to {}: {reason}", config.server());
            not_applied(ErrorKind::Connection, message).retryable(!is_tls)
        }
        Failure::Statement(Cause::Server(error)) => server_error(&error),
        Failure::Statement(Cause::Io(_) | Cause::Driver(DriverError::ConnectionClosed)) => {
            Error::new(ErrorKind::Connection, "the connection to the mysql server broke before its reply")
        }
        // What the client itself could not do or read.
        Failure::Statement(_) => {
            Error::new(ErrorKind::Internal, "the mysql server sent what its client does not understand")
                .outcome(Outcome::Unknown)
        }
    }
}

/// The server asks for an authentication method that is unknown here.
fn unknown_login(config: &MySqlConfig, plugin: &str) -> Error {
    // The server may say anything.
    let plugin: String = plugin.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect();
    let message = format!(
        "{} asks this user to log in by the plugin '{plugin}', which redkv does not support; it supports mysql_native_password, \
         caching_sha2_password and ed25519",
        config.server()
    );
    not_applied(ErrorKind::Store, message)
}

/// The client panicked over what a server said before it let us in.
pub(super) fn not_understood(config: &MySqlConfig, panic: Error) -> Error {
    if panic.message().contains("`parsec`") {
        return unknown_login(config, "parsec");
    }
    panic.outcome(Outcome::NotApplied)
}

fn is_tls(error: &Cause) -> bool {
    match error {
        Cause::Io(IoError::Tls(_)) => true,
        Cause::Io(IoError::Io(error)) => error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()),
        Cause::Driver(DriverError::NoClientSslFlagFromServer) => true,
        _ => false,
    }
}

fn not_applied(kind: ErrorKind, message: String) -> Error {
    Error::new(kind, message).outcome(Outcome::NotApplied)
}

/// The reason why the server refused the connection.
fn refused(config: &MySqlConfig, error: &ServerError) -> Error {
    let message = format!("{} refused the connection: {}", config.server(), words_of(error));
    match error.code {
        // Access denied, and no such database.
        1044 | 1045 | 1049 | 1251 | 1524 | 1698 | 3118 => not_applied(ErrorKind::Store, message),
        _ => not_applied(ErrorKind::Connection, message),
    }
}

fn server_error(error: &ServerError) -> Error {
    let store = |retryable: bool| {
        let message = format!("the mysql server returned an error: {}", words_of(error));
        not_applied(ErrorKind::Store, message).retryable(retryable)
    };
    match error.code {
        // The server, or our session on it, ended in the middle.
        1053 | 1079 | 1080 | 1152 | 1159 | 1161 | 1184 | 1927 | 2006 | 2013 | 4031 => {
            let message = format!("the mysql server ended the connection: {}", words_of(error));
            Error::new(ErrorKind::Connection, message)
        }
        // Too little of something, locks and deadlocks, timeouts of the server, a replica.
        1021 | 1037 | 1040 | 1041 | 1114 | 1203 | 1205 | 1206 | 1213 | 1226 | 1290 | 1317 | 1461 | 1615
        | 1243 | 1637 | 1792 | 1836 | 1969 | 3024 => store(true),
        1366 => Error::unsupported("the column cannot store this text in its character set"),
        1406 => Error::argument("value", "the key or the value is too long for its column"),
        1153 | 1301 => Error::argument("value", "the value is longer than max_allowed_packet of the server"),
        _ => store(false),
    }
}

/// The server's own words, cut where it starts to quote what may be a parameter.
fn words_of(error: &ServerError) -> String {
    let words = if quotes_names(error.code) {
        error.message.lines().next().unwrap_or_default()
    } else {
        error.message.split(['"', '\'', '`', ':']).next().unwrap_or_default().trim_end()
    };
    format!("{words} ({})", error.code)
}

/// Returns whether what the server quotes are the names of tables, columns, users, databases, hosts and settings.
fn quotes_names(code: u16) -> bool {
    matches!(
        code,
        // Logins and rights.
        1044 | 1045 | 1129 | 1130 | 1142 | 1143 | 1203 | 1226 | 1227 | 1251 | 1524 | 1698 | 1820 | 1862 | 3118
        // What is missing, or asked for.
        | 1046 | 1048 | 1049 | 1054 | 1146 | 1364 | 1932
        // What is full, broken or not to be written.
        | 1114 | 1194 | 1195 | 1264 | 1265 | 1290 | 1406 | 1792 | 1836
        // Constraints, but for the one that quotes a key.
        | 1369 | 1451 | 1452 | 3819 | 4025
    )
}

/// Returns whether another connection may lead to a server that can do it: this one is read-only.
pub(super) fn wants_another_connection(error: &Cause) -> bool {
    is_one_of(error, &[1290, 1792, 1836])
}

/// Returns whether a statement is to be prepared again.
pub(super) fn is_forgotten(error: &Cause) -> bool {
    is_one_of(error, &[1243, 1615])
}

/// Returns whether a write met the row of another key.
pub(super) fn is_overlap(error: &Cause) -> bool {
    is_one_of(error, &[OVERLAP])
}

/// Returns whether there is no such table.
pub(super) fn is_missing(error: &Cause) -> bool {
    is_one_of(error, &[1146])
}

/// Returns whether the user has no right to do this.
pub(super) fn is_refused(error: &Cause) -> bool {
    is_one_of(error, &[1142, 1143])
}

fn is_one_of(error: &Cause, codes: &[u16]) -> bool {
    matches!(error, Cause::Server(error) if codes.contains(&error.code))
}

/// Returns whether statements ran into each other, and this one was undone.
pub(super) fn is_collision(error: &Cause) -> bool {
    is_one_of(error, &[1213, 1020])
}

/// Returns whether an error of a batch may come from one of its rows: then nothing of the batch was done.
pub(super) fn may_be_of_one(error: &Cause) -> bool {
    let Cause::Server(error) = error else { return false };
    let answer = server_error(error);
    !answer.is_retryable() && answer.kind() != ErrorKind::Connection
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(code: u16, message: &str) -> String {
        words_of(&ServerError { code, message: message.to_owned(), state: String::new() })
    }

    #[test]
    fn names_that_the_server_quotes_are_in_the_error() {
        assert_eq!(words(1146, "Table 'app.kv' doesn't exist"), "Table 'app.kv' doesn't exist (1146)");
        let denied = "Access denied for user 'u'@'localhost' to database 'app'";
        assert_eq!(words(1044, denied), format!("{denied} (1044)"));
        let denied = "INSERT command denied to user 'u'@'localhost' for table `app`.`kv`";
        assert_eq!(words(1142, denied), format!("{denied} (1142)"));
        assert_eq!(
            words(1364, "Field 'owner' doesn't have a default value"),
            "Field 'owner' doesn't have a default value (1364)"
        );
    }

    #[test]
    fn keys_and_values_that_the_server_quotes_are_not() {
        assert_eq!(words(1062, "Duplicate entry 's3cret' for key 'PRIMARY'"), "Duplicate entry (1062)");
        assert_eq!(
            words(1292, "Truncated incorrect DOUBLE value: 's3cret'"),
            "Truncated incorrect DOUBLE value (1292)"
        );
        assert_eq!(words(1644, "a trigger says 's3cret'"), "a trigger says (1644)");
    }
}
