//! Asks sentinels which server is the master.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::Value;
use rustls::client::ClientConfig;
use tokio::sync::OnceCell;

use super::connect::connect;
use super::handshake::Handshake;
use super::pipeline::Pipeline;
use crate::error::{Failure, error_of};
use crate::options::config::{RedisAddress, RedisConfig};
use crate::options::topology::{NatMap, RedisSentinels, RedisTopology};
use crate::protocol::request::Request;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::options::Secret;
use redkv_executor::spawn_owned;

/// Asks sentinels where the master is, for every connection anew.
pub(crate) struct Sentinels {
    config: RedisSentinels,
    nat: NatMap,
    tls: OnceCell<Arc<ClientConfig>>,
    /// The one to ask first: who knew it last.
    first: AtomicUsize,
    /// How long one of them may take, so that there is time for the others and for the master.
    patience: Duration,
}

impl Sentinels {
    /// The sentinels of `config`, if it has any.
    pub(crate) fn of(config: &RedisConfig) -> Option<Self> {
        let RedisTopology::Sentinel(sentinels) = &config.topology else { return None };
        let parts = u32::try_from(sentinels.addresses.len() + 1).unwrap_or(u32::MAX);
        Some(Self {
            config: sentinels.clone(),
            nat: config.nat.clone(),
            tls: OnceCell::new(),
            first: AtomicUsize::new(0),
            patience: config.connect_timeout / parts,
        })
    }

    /// Returns the address of the master, from the first sentinel that knows it.
    pub(crate) async fn master(&self) -> Result<RedisAddress> {
        let count = self.config.addresses.len();
        let first = self.first.load(Ordering::Relaxed);
        let mut failure = None;
        for place in (0..count).map(|n| (first + n) % count) {
            let sentinel = &self.config.addresses[place];
            match tokio::time::timeout(self.patience, self.ask(sentinel)).await {
                Ok(Ok(master)) => {
                    self.first.store(place, Ordering::Relaxed);
                    return Ok(master);
                }
                Ok(Err(error)) => failure = Some(error),
                Err(_) => failure = Some(error_of(Failure::ConnectTimeout(sentinel))),
            }
        }
        let reason = failure.unwrap_or_else(|| error_of(Failure::Answer));
        let message = format!("no sentinel knows the redis master: {}", reason.message());
        Err(Error::new(ErrorKind::Connection, message)
            .retryable(reason.is_retryable())
            .outcome(Outcome::NotApplied)
            .caused_by(reason))
    }

    /// The server that was named is not there, or not the master: another sentinel may know better.
    pub(crate) fn doubt(&self) {
        let next = (self.first.load(Ordering::Relaxed) + 1) % self.config.addresses.len();
        self.first.store(next, Ordering::Relaxed);
    }

    async fn ask(&self, sentinel: &RedisAddress) -> Result<RedisAddress> {
        let stream = connect(sentinel, self.config.tls.as_ref(), &self.tls).await?;
        let (pipeline, task) = Pipeline::new(stream, 0);
        let _task = spawn_owned(task);
        let handshake = Handshake {
            address: sentinel,
            username: self.config.username.as_ref().map(Secret::expose_str),
            password: self.config.password.as_ref().map(Secret::expose_str),
            db: 0,
            is_master: false,
        };
        handshake.perform(&pipeline).await?;
        let mut request = Request::default();
        request.command(3, "SENTINEL").arg(b"GET-MASTER-ADDR-BY-NAME").arg(self.config.name.as_bytes());
        let replies =
            pipeline.send(request.talk()).await.map_err(|lost| error_of(Failure::Refused(sentinel, lost)))?;
        let reply = replies.into_iter().next().unwrap_or(Value::Nil);
        let (host, port) = self.named(reply)?;
        Ok(self.nat.address(host, port))
    }

    fn named(&self, reply: Value) -> Result<(String, u16)> {
        let parts = match reply {
            Value::Array(parts) => parts,
            Value::Nil => {
                let message = format!("it knows no master called '{}'", self.config.name);
                return Err(Error::new(ErrorKind::Connection, message));
            }
            Value::ServerError(error) => return Err(error_of(Failure::Server(&error))),
            _ => return Err(error_of(Failure::Answer)),
        };
        let mut texts = parts.into_iter().map(|part| match part {
            Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
            _ => None,
        });
        match (texts.next().flatten(), texts.next().flatten().and_then(|port| port.parse().ok())) {
            (Some(host), Some(port)) => Ok((host, port)),
            _ => Err(error_of(Failure::Answer)),
        }
    }
}
