//! The first words to a server: who we are, which database, and whether it serves us at all.

use std::io;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};

use super::config::RedisConfig;
use super::error::{Failure, error_of};
use crate::error::{Error, ErrorKind, Result};

/// Logs in and selects the database, in one round trip.
pub(super) async fn greet(connection: &mut MultiplexedConnection, config: &RedisConfig) -> Result<()> {
    let mut pipeline = Pipeline::new();
    let mut checks: Vec<fn(&Value, &RedisConfig) -> Result<()>> = Vec::new();
    if config.username.is_some() || config.password.is_some() {
        pipeline.cmd("AUTH");
        if let Some(username) = &config.username {
            pipeline.arg(username);
        }
        // A user without password still takes one word in its place.
        pipeline.arg(config.password.as_deref().unwrap_or_default());
        checks.push(logged_in);
    }
    if config.db != 0 {
        pipeline.cmd("SELECT").arg(config.db);
        checks.push(selected);
    }
    // Servers before 7.2 do not know these.
    pipeline.cmd("CLIENT").arg("SETINFO").arg("LIB-NAME").arg("redkv");
    checks.push(anything);
    pipeline.cmd("CLIENT").arg("SETINFO").arg("LIB-VER").arg(env!("CARGO_PKG_VERSION"));
    checks.push(anything);
    // Finds what nothing before it finds: a password that is missing, data that is still loading, too many clients.
    pipeline.cmd("PING");
    checks.push(alive);

    let replies = connection
        .send_packed_commands(&pipeline, 0, pipeline.len())
        .await
        .map_err(|error| error_of(Failure::Connect(&config.address, io::Error::other(error))))?;
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
