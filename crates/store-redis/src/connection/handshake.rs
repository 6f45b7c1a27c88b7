//! The handshake: logs in, selects the database, and checks that the server is usable.

use redis::Value;

use super::pipeline::Pipeline;
use crate::error::{Failure, error_of};
use crate::options::config::{RedisAddress, RedisConfig};
use crate::protocol::request::Request;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::options::Secret;

/// The parameters of a handshake.
pub(crate) struct Handshake<'a> {
    pub(crate) address: &'a RedisAddress,
    pub(crate) username: Option<&'a str>,
    pub(crate) password: Option<&'a str>,
    pub(crate) db: u32,
    /// Whether it must be a master.
    pub(crate) is_master: bool,
}

impl<'a> Handshake<'a> {
    /// The handshake of the server at `address`, as `config` says.
    pub(crate) fn of(config: &'a RedisConfig, address: &'a RedisAddress, is_master: bool) -> Self {
        Self {
            address,
            username: config.username.as_ref().map(Secret::expose_str),
            password: config.password.as_ref().map(Secret::expose_str),
            db: config.db,
            is_master,
        }
    }

    /// Logs in and selects the database, in one round trip.
    pub(crate) async fn perform(&self, pipeline: &Pipeline) -> Result<()> {
        let mut request = Request::default();
        let mut checks: Vec<fn(&Value, &Handshake<'_>) -> Result<()>> = Vec::new();
        if self.username.is_some() || self.password.is_some() {
            // A user without password still takes one word in its place.
            let password = self.password.unwrap_or_default().as_bytes();
            match self.username {
                Some(username) => request.command(3, "AUTH").arg(username.as_bytes()).arg(password),
                None => request.command(2, "AUTH").arg(password),
            };
            checks.push(logged_in);
        }
        if self.db != 0 {
            request.command(2, "SELECT").number(self.db.into());
            checks.push(selected);
        }
        // Servers before 7.2 do not know these.
        for (name, value) in [("LIB-NAME", "redkv"), ("LIB-VER", env!("CARGO_PKG_VERSION"))] {
            request.command(4, "CLIENT").arg(b"SETINFO").arg(name.as_bytes()).arg(value.as_bytes());
            checks.push(anything);
        }
        // Finds what nothing before it finds: a password that is missing, data that is still loading, too many clients.
        request.command(1, "PING");
        checks.push(|reply, _| alive(reply));
        if self.is_master {
            request.command(1, "ROLE");
            checks.push(master);
        }

        let replies = pipeline
            .send(request.talk())
            .await
            .map_err(|lost| error_of(Failure::Refused(self.address, lost)))?;
        checks.iter().zip(&replies).try_for_each(|(check, reply)| check(reply, self))
    }
}

/// Returns whether a `PING` was answered by a server that serves this user.
pub(crate) fn alive(reply: &Value) -> Result<()> {
    match reply {
        // A user need not be allowed to ping.
        Value::ServerError(error) if error.code() != "NOPERM" => Err(error_of(Failure::Server(error))),
        _ => Ok(()),
    }
}

fn anything(_: &Value, _: &Handshake<'_>) -> Result<()> {
    Ok(())
}

/// Sentinels may name a server that is not the master any more, or not yet.
fn master(reply: &Value, handshake: &Handshake<'_>) -> Result<()> {
    let Value::Array(parts) = reply else { return Ok(()) };
    match parts.first() {
        Some(Value::BulkString(role)) if role != b"master" => {
            let message = format!("the redis server at {} is not the master", handshake.address);
            Err(Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied))
        }
        // A user need not be allowed to ask.
        _ => Ok(()),
    }
}

fn logged_in(reply: &Value, handshake: &Handshake<'_>) -> Result<()> {
    let Value::ServerError(error) = reply else { return Ok(()) };
    // node_redis went on when a server had no password at all, and so do test set-ups that count on it.
    let needs_none = error.details().is_some_and(|text| text.contains("without any password configured"));
    if needs_none && handshake.username.is_none() { Ok(()) } else { Err(error_of(Failure::Server(error))) }
}

fn selected(reply: &Value, handshake: &Handshake<'_>) -> Result<()> {
    match reply {
        Value::ServerError(error) if error.code() == "ERR" => {
            Err(Error::new(ErrorKind::Store, format!("the redis server has no database {}", handshake.db)))
        }
        Value::ServerError(error) => Err(error_of(Failure::Server(error))),
        _ => Ok(()),
    }
}
