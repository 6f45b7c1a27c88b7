//! Maps failures of PostgreSQL to errors.

use std::error::Error as StdError;
use std::io;

use tokio_postgres::error::{DbError, SqlState};

use super::options::config::Address;
use redkv_core::error::{Error, ErrorKind, Outcome};

/// Everything that can fail between this store and its server.
pub(super) enum Failure<'a> {
    /// No connection came about.
    Connect(&'a Address, io::Error),
    /// The server did not let us in.
    Login(&'a Address, tokio_postgres::Error),
    /// A statement failed, or the connection under it.
    Statement(tokio_postgres::Error),
}

/// The one mapping of failures to errors.
///
/// What the server says is not repeated where it may quote a parameter: that is a key or a value. So its errors are no
/// causes either.
pub(super) fn error_of(failure: Failure<'_>) -> Error {
    match failure {
        Failure::Connect(address, error) => {
            let message = format!("no connection to the postgres server at {address}: {error}");
            not_applied(ErrorKind::Connection, message).caused_by(error)
        }
        Failure::Login(address, error) => match error.as_db_error() {
            Some(refusal) => refused(refusal),
            None => {
                let is_tls = tls_error_of(&error);
                let reason = root_of(&error);
                let message = format!("no connection to the postgres server at {address}: {reason}");
                // Trying again does not mend a certificate.
                not_applied(ErrorKind::Connection, message).retryable(!is_tls)
            }
        },
        Failure::Statement(error) => match error.as_db_error() {
            Some(error) => server_error(error),
            None if error.is_closed() || io_error_of(&error) => {
                let message = "the connection to the postgres server broke before its reply";
                Error::new(ErrorKind::Connection, message)
            }
            // What the client itself could not do or read.
            None => Error::new(
                ErrorKind::Internal,
                "the postgres server sent what its client does not understand",
            )
            .outcome(Outcome::Unknown),
        },
    }
}

fn not_applied(kind: ErrorKind, message: String) -> Error {
    Error::new(kind, message).outcome(Outcome::NotApplied)
}

fn causes(error: &tokio_postgres::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

fn io_error_of(error: &tokio_postgres::Error) -> bool {
    causes(error).any(|cause| cause.is::<io::Error>())
}

fn tls_error_of(error: &tokio_postgres::Error) -> bool {
    causes(error).any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        io.and_then(io::Error::get_ref).is_some_and(|inner| inner.is::<rustls::Error>())
            || cause.is::<rustls::Error>()
    })
}

fn root_of(error: &tokio_postgres::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The reason why the server refused the connection.
fn refused(error: &DbError) -> Error {
    let code = error.code();
    let message = format!("the postgres server refused the connection: {}", words_of(error));
    if *code == SqlState::INVALID_CATALOG_NAME || code.code().starts_with("28") {
        return not_applied(ErrorKind::Store, message);
    }
    not_applied(ErrorKind::Connection, message)
}

fn server_error(error: &DbError) -> Error {
    let store = |retryable: bool| {
        let message = format!("the postgres server returned an error: {}", words_of(error));
        not_applied(ErrorKind::Store, message).retryable(retryable)
    };
    match error.code().code() {
        // The server, or our session on it, ended in the middle.
        "57P01" | "57P02" | "57P03" | "57P05" | "08000" | "08003" | "08006" => {
            let message = format!("the postgres server ended the connection: {}", words_of(error));
            Error::new(ErrorKind::Connection, message)
        }
        // Deadlocks, locks, timeouts of the server, too little of something, a standby, a plan that is out of date.
        "40001" | "40P01" | "55P03" | "57014" | "25006" | "0A000" | "26000" | "42P05" => store(true),
        code if code.starts_with("53") => store(true),
        "22021" | "22P05" => Error::unsupported("the database cannot store this text in its encoding"),
        "22001" => Error::argument("value", "the key or the value is too long for its column"),
        "54000" => Error::argument("key", "the key is too long for the index of the table"),
        _ => store(false),
    }
}

/// The server's own words, cut where it starts to quote what may be a parameter, with the name of a constraint.
fn words_of(error: &DbError) -> String {
    let (words, code) = (error.message(), error.code().code());
    let words =
        if quotes_names(code) { words.lines().next().unwrap_or_default() } else { before_quotes(words) };
    match error.constraint() {
        Some(name) => format!("{words} (constraint {name}, {code})"),
        None => format!("{words} ({code})"),
    }
}

/// Returns whether what the server quotes are the names of tables, columns, users, databases and settings.
fn quotes_names(code: &str) -> bool {
    /// Logins and rights, what is missing, and what the server has too little of. Values are quoted by the data
    /// exceptions (22), and by whatever triggers raise: that may have the code of a constraint (23).
    const CLASSES: [&str; 10] = ["08", "25", "26", "28", "3D", "3F", "42", "53", "55", "57"];
    code.get(..2).is_some_and(|class| CLASSES.contains(&class))
}

fn before_quotes(words: &str) -> &str {
    words.split(['"', '\'', '`', ':']).next().unwrap_or_default().trim_end()
}

/// Returns whether another connection may lead to a server that can do it.
pub(super) fn wants_another_connection(error: &tokio_postgres::Error) -> bool {
    is_one_of(error, &["25006"]) || is_forgotten(error)
}

/// Returns whether what was prepared is not there any more, is there in another form, or cannot be: nothing was run.
pub(super) fn is_forgotten(error: &tokio_postgres::Error) -> bool {
    is_one_of(error, &["26000", "42P05", "0A000"])
}

/// Returns whether there is no such table.
pub(super) fn is_missing(error: &tokio_postgres::Error) -> bool {
    is_one_of(error, &["42P01"])
}

/// Returns whether the user has no right to do this.
pub(super) fn is_refused(error: &tokio_postgres::Error) -> bool {
    is_one_of(error, &["42501"])
}

/// Returns whether the database has no such text in its encoding.
pub(super) fn is_outside_encoding(error: &tokio_postgres::Error) -> bool {
    is_one_of(error, &["22021", "22P05"])
}

fn is_one_of(error: &tokio_postgres::Error, codes: &[&str]) -> bool {
    error.code().is_some_and(|code| codes.contains(&code.code()))
}

/// Returns whether statements ran into each other, and this one was undone.
pub(super) fn is_collision(error: &tokio_postgres::Error) -> bool {
    is_one_of(error, &["40001", "40P01"])
}
