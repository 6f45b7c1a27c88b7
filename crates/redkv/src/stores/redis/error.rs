//! What went wrong in Redis, said as one of our errors.

use std::io;

use redis::ServerError;

use super::config::RedisAddress;
use super::wire::Lost;
use crate::error::{Error, ErrorKind, Outcome};

/// Everything that can fail between this store and its server.
#[derive(Debug)]
pub(super) enum Failure<'a> {
    /// The server answered a command with an error.
    Server(&'a ServerError),
    /// The connection broke with a command under way.
    Broken(Lost),
    /// No connection came about.
    Connect(&'a RedisAddress, io::Error),
    /// The connection broke before the server had accepted it.
    Refused(&'a RedisAddress, Lost),
    /// No connection came about in time.
    ConnectTimeout(&'a RedisAddress),
    /// The server answered with something that no version of it answers.
    Answer,
}

/// The one mapping of failures to errors.
///
/// Texts of the server are not repeated where they may quote the command: that holds keys and values.
pub(super) fn error_of(failure: Failure<'_>) -> Error {
    match failure {
        Failure::Server(error) => server_error(error),
        Failure::Broken(lost) => {
            let (message, outcome) = if lost.was_sent {
                ("the connection to the redis server broke before it answered", Outcome::Unknown)
            } else {
                ("the connection to the redis server broke before this was sent", Outcome::NotApplied)
            };
            Error::new(ErrorKind::Connection, message).outcome(outcome).caused_by(lost.cause)
        }
        Failure::Connect(address, error) => {
            // Trying again does not mend a certificate.
            let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
            let message = format!("no connection to the redis server at {address}: {error}");
            Error::new(ErrorKind::Connection, message)
                .retryable(!is_tls)
                .outcome(Outcome::NotApplied)
                .caused_by(error)
        }
        Failure::Refused(address, lost) => {
            let message = format!("no connection to the redis server at {address}: {}", lost.cause);
            Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied).caused_by(lost.cause)
        }
        Failure::ConnectTimeout(address) => {
            let message = format!("the redis server at {address} let the time to connect pass");
            Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied)
        }
        Failure::Answer => Error::new(
            ErrorKind::Internal,
            "the redis server gave an answer that does not belong to the command",
        )
        .outcome(Outcome::Unknown),
    }
}

fn server_error(error: &ServerError) -> Error {
    let code = error.code();
    let (kind, retryable, message) = match code {
        "WRONGTYPE" => (ErrorKind::Value, false, "the key holds something other than a string".to_owned()),
        "NOAUTH" => (ErrorKind::Store, false, "the redis server asks for a password (NOAUTH)".to_owned()),
        "WRONGPASS" => {
            (ErrorKind::Store, false, "the redis server refused the user or password (WRONGPASS)".to_owned())
        }
        "NOPERM" => (
            ErrorKind::Store,
            false,
            "the redis user may not run this command or use this key (NOPERM)".to_owned(),
        ),
        // After a fail-over the name of the server leads to another one.
        "READONLY" => (
            ErrorKind::Store,
            true,
            "the redis server is a replica and takes no writes (READONLY)".to_owned(),
        ),
        "MOVED" | "ASK" | "CROSSSLOT" => (
            ErrorKind::Store,
            false,
            format!("the redis server is part of a cluster: set the option cluster ({code})"),
        ),
        "OOM" => (ErrorKind::Store, true, "the redis server is out of memory (OOM)".to_owned()),
        "LOADING" | "BUSY" | "TRYAGAIN" | "CLUSTERDOWN" | "MASTERDOWN" | "NOREPLICAS" | "MISCONF" => {
            (ErrorKind::Store, true, format!("the redis server cannot serve this at the moment ({code})"))
        }
        _ => (ErrorKind::Store, false, format!("the redis server answered with an error: {}", quoted(error))),
    };
    Error::new(kind, message).retryable(retryable).outcome(Outcome::NotApplied)
}

/// The server's own words, cut where it starts to quote the arguments of the command.
fn quoted(error: &ServerError) -> String {
    let details = error.details().unwrap_or_default();
    // A command is none of the caller's words; what follows it is.
    let safe = match details.split_once(", with args") {
        Some((command, _)) if details.starts_with("unknown command") => command,
        _ => details.split(['\'', '`', '"']).next().unwrap_or_default().trim_end(),
    };
    format!("{} {safe}", error.code()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use redis::{Value, parse_redis_value};

    use super::*;

    fn error(line: &str) -> Error {
        let Ok(Value::ServerError(error)) = parse_redis_value(format!("-{line}\r\n").as_bytes()) else {
            panic!("not an error: {line}")
        };
        error_of(Failure::Server(&error))
    }

    #[test]
    fn a_key_of_another_type_is_a_value_error() {
        let error = error("WRONGTYPE Operation against a key holding the wrong kind of value");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Value, false));
    }

    #[test]
    fn passing_troubles_of_the_server_may_be_tried_again() {
        for line in [
            "LOADING Redis is loading",
            "BUSY script",
            "TRYAGAIN x",
            "CLUSTERDOWN x",
            "MASTERDOWN x",
            "READONLY x",
            "OOM x",
        ] {
            let error = error(line);
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true), "{line}");
            assert!(!error.may_have_applied(), "{line}");
        }
    }

    #[test]
    fn refusals_are_final_and_nothing_was_done() {
        for line in ["NOAUTH x", "WRONGPASS x", "NOPERM x", "MOVED 1 a:1", "ERR syntax error"] {
            let error = error(line);
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false), "{line}");
            assert!(!error.may_have_applied(), "{line}");
        }
    }

    #[test]
    fn an_error_that_quotes_the_command_is_cut() {
        let error = error("ERR unknown command 'SET', with args beginning with: 'key' 's3cret'");
        assert_eq!(error.message(), "the redis server answered with an error: ERR unknown command 'SET'");
    }
}
