//! The first words to a server: who we are, which database, and whether it serves us at all.

use redis::Value;

use super::config::RedisConfig;
use super::error::{Failure, error_of};
use super::request::Request;
use super::wire::Wire;
use crate::error::{Error, ErrorKind, Result};

/// Logs in and selects the database, in one round trip.
pub(super) async fn greet(wire: &Wire, config: &RedisConfig) -> Result<()> {
    let mut request = Request::default();
    let mut checks: Vec<fn(&Value, &RedisConfig) -> Result<()>> = Vec::new();
    if config.username.is_some() || config.password.is_some() {
        // A user without password still takes one word in its place.
        let password = config.password.as_deref().unwrap_or_default().as_bytes();
        match &config.username {
            Some(username) => request.command(3, "AUTH").arg(username.as_bytes()).arg(password),
            None => request.command(2, "AUTH").arg(password),
        };
        checks.push(logged_in);
    }
    if config.db != 0 {
        request.command(2, "SELECT").number(config.db.into());
        checks.push(selected);
    }
    // Servers before 7.2 do not know these.
    for (name, value) in [("LIB-NAME", "redkv"), ("LIB-VER", env!("CARGO_PKG_VERSION"))] {
        request.command(4, "CLIENT").arg(b"SETINFO").arg(name.as_bytes()).arg(value.as_bytes());
        checks.push(anything);
    }
    // Finds what nothing before it finds: a password that is missing, data that is still loading, too many clients.
    request.command(1, "PING");
    checks.push(alive);

    let replies =
        wire.send(request).await.map_err(|lost| error_of(Failure::Refused(&config.address, lost)))?;
    checks.iter().zip(&replies).try_for_each(|(check, reply)| check(reply, config))
}

/// Whether a `PING` was answered by a server that serves this user.
pub(super) fn alive(reply: &Value, _: &RedisConfig) -> Result<()> {
    match reply {
        // A user need not be allowed to ping.
        Value::ServerError(error) if error.code() != "NOPERM" => Err(error_of(Failure::Server(error))),
        _ => Ok(()),
    }
}

fn anything(_: &Value, _: &RedisConfig) -> Result<()> {
    Ok(())
}

fn logged_in(reply: &Value, config: &RedisConfig) -> Result<()> {
    let Value::ServerError(error) = reply else { return Ok(()) };
    // node_redis went on when a server had no password at all, and so do test set-ups that count on it.
    let needs_none = error.details().is_some_and(|text| text.contains("without any password configured"));
    if needs_none && config.username.is_none() { Ok(()) } else { Err(error_of(Failure::Server(error))) }
}

fn selected(reply: &Value, config: &RedisConfig) -> Result<()> {
    match reply {
        Value::ServerError(error) if error.code() == "ERR" => {
            Err(Error::new(ErrorKind::Store, format!("the redis server has no database {}", config.db)))
        }
        Value::ServerError(error) => Err(error_of(Failure::Server(error))),
        _ => Ok(()),
    }
}
