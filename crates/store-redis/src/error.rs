//! Maps failures of Redis to errors.

use std::io;

use redis::{ServerError, Value};

use crate::connection::lost::Lost;
use crate::options::config::RedisAddress;
use crate::protocol::allowance::Excess;
use redkv_core::error::{Error, ErrorKind, Outcome};

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
    /// The server answered with something that no version of it answers, of the kind that was due.
    Answer,
}

/// The one mapping of failures to errors.
///
/// Texts of the server are not repeated where they may quote the command: that holds keys and values.
pub(super) fn error_of(failure: Failure<'_>) -> Error {
    match failure {
        Failure::Server(error) => server_error(error),
        Failure::Broken(lost) => {
            let (message, outcome) = if lost.fate.may_be_done() {
                ("the connection to the redis server broke before its reply", Outcome::Unknown)
            } else {
                ("the connection to the redis server broke before this was sent", Outcome::NotApplied)
            };
            let message = match lost.cause.kind() {
                io::ErrorKind::InvalidData => format!("{message}: {}", lost.cause),
                _ => message.to_owned(),
            };
            if let Some(defect) = lost.cause.get_ref().and_then(|cause| cause.downcast_ref::<Error>()) {
                return defect.clone().outcome(outcome);
            }
            Error::new(ErrorKind::Connection, message).outcome(outcome).caused_by(lost)
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
            let message = format!("timed out while connecting to the redis server at {address}");
            Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied)
        }
        Failure::Answer => Error::new(
            ErrorKind::Connection,
            "the redis server sent a reply that does not belong to the command",
        ),
    }
}

/// The code of the error that stands in the place of a reply, where the server has not read the command.
pub(super) const UNREAD: &str = "REDKVUNREAD";

/// Returns whether the server could not read a command: it reads nothing more then, and closes the connection.
pub(super) fn is_protocol_error(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(error) if is_unreadable(error))
}

fn is_unreadable(error: &ServerError) -> bool {
    let details = || error.details().unwrap_or_default().trim_start();
    error.code() == "ERR" && details().starts_with("Protocol error")
}

/// Returns whether `error`, with which a command for many keys was refused, may be about some of them only. Not what
/// the server says to every command in its state.
pub(super) fn may_be_of_one_key(error: &ServerError) -> bool {
    const OF_THE_SERVER: [&str; 14] = [
        "ASK",
        "BUSY",
        "CLUSTERDOWN",
        "LOADING",
        "MASTERDOWN",
        "MISCONF",
        "MOVED",
        "NOAUTH",
        "NOREPLICAS",
        "NOTBUSY",
        "READONLY",
        "TRYAGAIN",
        "UNKILLABLE",
        "WRONGPASS",
    ];
    !OF_THE_SERVER.contains(&error.code())
}

fn server_error(error: &ServerError) -> Error {
    let code = error.code();
    if code == UNREAD {
        let message = "the connection to the redis server broke before this was sent";
        return Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied);
    }
    if is_unreadable(error) {
        return too_large();
    }
    let (kind, retryable, message) = match code {
        "WRONGTYPE" => (ErrorKind::Value, false, "the key holds something other than a string".to_owned()),
        "NOAUTH" => (ErrorKind::Store, false, "the redis server asks for a password (NOAUTH)".to_owned()),
        "WRONGPASS" => {
            (ErrorKind::Store, false, "the redis server refused the user or password (WRONGPASS)".to_owned())
        }
        "NOPERM" => (ErrorKind::Store, false, not_permitted(error.details().unwrap_or_default())),
        // After a fail-over the name of the server leads to another one.
        "READONLY" => (
            ErrorKind::Store,
            true,
            "the redis server is a replica and accepts no writes (READONLY)".to_owned(),
        ),
        "MOVED" | "ASK" | "CROSSSLOT" => (
            ErrorKind::Store,
            false,
            format!("the redis server is part of a cluster: set the option cluster ({code})"),
        ),
        _ if code == Excess::Value.code() => {
            (ErrorKind::Value, false, "the value is larger than maxValueBytes allows".to_owned())
        }
        _ if code == Excess::Batch.code() => (
            ErrorKind::Overload,
            true,
            "the values of this batch are together larger than maxValueBytes allows: read fewer at a time"
                .to_owned(),
        ),
        "OOM" => (ErrorKind::Store, true, "the redis server is out of memory (OOM)".to_owned()),
        "LOADING" | "BUSY" | "TRYAGAIN" | "CLUSTERDOWN" | "MASTERDOWN" | "NOREPLICAS" | "MISCONF" => {
            (ErrorKind::Store, true, format!("the redis server cannot serve this at the moment ({code})"))
        }
        _ => (ErrorKind::Store, false, format!("the redis server returned an error: {}", quoted(error))),
    };
    Error::new(kind, message).retryable(retryable).outcome(Outcome::NotApplied)
}

/// The refusal of a key or value that the server takes no command with.
pub(super) fn too_large() -> Error {
    let message = "the key or value is larger than the redis server accepts (proto-max-bulk-len)";
    Error::new(ErrorKind::Store, message).outcome(Outcome::NotApplied)
}

/// Describes what the user may not do. The server names the command, but not the key.
fn not_permitted(details: &str) -> String {
    let command = details.split_once("run the '").and_then(|(_, rest)| rest.split_once('\'')).map(|it| it.0);
    let is_name = |name: &&str| {
        name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"|-_.".contains(&byte))
    };
    if let Some(name) = command.filter(is_name) {
        return format!("the redis user may not run the command '{name}' (NOPERM)");
    }
    let what = if details.contains("key") { "use this key" } else { "run this command or use this key" };
    format!("the redis user may not {what} (NOPERM)")
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
    use std::sync::Arc;

    use redis::{Value, parse_redis_value};

    use super::*;
    use crate::connection::lost::Fate;

    #[test]
    fn a_connection_that_ended_by_a_panic_did_not_break() {
        let broken = |fate| {
            let defect = Error::new(ErrorKind::Internal, "a defect");
            error_of(Failure::Broken(Lost { fate, cause: Arc::new(io::Error::other(defect)) }))
        };
        assert_eq!(
            (broken(Fate::First).kind(), broken(Fate::First).may_have_applied()),
            (ErrorKind::Internal, true)
        );
        assert!(!broken(Fate::Unsent).may_have_applied());
    }

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
    fn the_command_that_is_not_permitted_is_named() {
        let may_not = |what: &str| format!("the redis user may not {what} (NOPERM)");
        for (line, what) in [
            ("User app has no permissions to run the 'pttl' command", "run the command 'pttl'"),
            (
                "this user has no permissions to run the 'config|get' command or its subcommand",
                "run the command 'config|get'",
            ),
            ("No permissions to access a key", "use this key"),
            ("this user has no permissions to access one of the keys used as arguments", "use this key"),
            ("no", "run this command or use this key"),
            ("may not run the 'a\"secret' command", "run this command or use this key"),
        ] {
            assert_eq!(error(&format!("NOPERM {line}")).message(), may_not(what));
        }
    }

    #[test]
    fn what_the_server_cannot_read_is_too_large_for_it() {
        let error = error("ERR Protocol error: invalid bulk length");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false));
        assert!(error.message().contains("proto-max-bulk-len") && !error.may_have_applied());
    }

    #[test]
    fn the_state_of_a_server_is_no_fault_of_a_key() {
        let of_one = |line: &str| {
            let Ok(Value::ServerError(error)) = parse_redis_value(format!("-{line}\r\n").as_bytes()) else {
                panic!("not an error: {line}")
            };
            may_be_of_one_key(&error)
        };
        assert!(["NOPERM x", "WRONGTYPE x", "CROSSSLOT x", "OOM x", "ERR x"].into_iter().all(of_one));
        assert!(!["LOADING x", "READONLY x", "MISCONF x", "BUSY x", "NOAUTH x"].into_iter().any(of_one));
    }

    #[test]
    fn an_error_that_quotes_the_command_is_cut() {
        let error = error("ERR unknown command 'SET', with args beginning with: 'key' 's3cret'");
        assert_eq!(error.message(), "the redis server returned an error: ERR unknown command 'SET'");
    }
}
