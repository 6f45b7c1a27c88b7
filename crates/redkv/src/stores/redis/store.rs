//! Entries in Redis or Valkey.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use redis::Value;

use super::cluster::ClusterStore;
use super::config::RedisConfig;
use super::connection::Connection;
use super::error::{Failure, error_of};
use super::greet::alive;
use super::request::Request;
use super::scan::{Place, scan};
use super::topology::RedisTopology;
use super::{read, script, write};
use crate::clock::Clock;
use crate::entry::{Entry, Key};
use crate::error::Result;
use crate::layers::Prefixed;
use crate::store::{
    Answers, Capabilities, Cursor, Expiry, Immediate, Page, Pieces, SetMode, Store, Want, answer_all,
};

/// Keeps entries in one server of Redis 6 or later, or of Valkey, each as a plain string under its plain key.
///
/// All requests of a store share one connection and reach the server in the order of their calls. It is made
/// when it is first needed and made anew when it breaks; what was under way then fails with an unknown outcome
/// and is not sent again.
pub struct RedisStore {
    connection: Connection,
    clock: Arc<dyn Clock>,
    /// Whether scripts are worth a try: until one has failed.
    scripts: AtomicBool,
}

/// The store of `config`, with its prefix before every key.
pub fn build(config: RedisConfig, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
    let prefix = config.prefix.clone();
    let store: Arc<dyn Store> = match &config.topology {
        RedisTopology::Cluster(seeds) => {
            let seeds = seeds.clone();
            Arc::new(ClusterStore::new(config, seeds, clock))
        }
        RedisTopology::Single | RedisTopology::Sentinel(_) => Arc::new(RedisStore::new(config, clock)),
    };
    if prefix.is_empty() { store } else { Arc::new(Prefixed::new(prefix, store)) }
}

impl RedisStore {
    /// A store that will connect when it is first used. Keys go to the server as they are: [`build`] puts the
    /// prefix of `config` before them.
    pub fn new(config: RedisConfig, clock: Arc<dyn Clock>) -> Self {
        Self { connection: Connection::new(config), clock, scripts: AtomicBool::new(true) }
    }

    async fn ping(&self) -> Result<()> {
        match self.connection.send(Request::bare("PING")).await?.first() {
            Some(reply) => alive(reply),
            None => Err(error_of(Failure::Answer)),
        }
    }

    /// Reads values with their deadlines.
    async fn entries(&self, keys: &[Key]) -> Answers<Option<Entry>> {
        let len = keys.len();
        let asked = self.clock.now();
        if len >= script::WORTH_IT && self.scripts.load(Ordering::Relaxed) {
            match self.connection.send(script::entries(keys)).await {
                Ok(replies) if read::lacked_memory(&replies) => return self.entries_unqueued(keys).await,
                Ok(replies) => match script::entries_read(replies, len, asked) {
                    Some(answers) => return answers,
                    None => self.scripts.store(false, Ordering::Relaxed),
                },
                Err(error) => return answer_all(len, &Err(error)),
            }
        }
        let asked = self.clock.now();
        match self.connection.send(read::entries(keys)).await {
            Ok(replies) if read::lacked_memory(&replies) => self.entries_unqueued(keys).await,
            Ok(replies) => read::entries_read(replies, len, asked),
            Err(error) => answer_all(len, &Err(error)),
        }
    }

    /// As [`Self::entries`], of a server that has no memory left.
    async fn entries_unqueued(&self, keys: &[Key]) -> Answers<Option<Entry>> {
        let (len, asked) = (keys.len(), self.clock.now());
        let request = read::entries_unqueued(keys);
        self.ask(request, len, |replies| read::entries_unqueued_read(replies, len, asked)).await
    }

    /// Sends `request` and reads its replies; without any, all keys fail alike.
    async fn ask<T: Clone>(
        &self,
        request: Request,
        len: usize,
        answers: impl FnOnce(Vec<Value>) -> Answers<T>,
    ) -> Answers<T> {
        match self.connection.send(request).await {
            Ok(replies) => answers(replies),
            Err(error) => answer_all(len, &Err(error)),
        }
    }
}

/// Pieces of more bytes keep the server, the wire and this process waiting for each other.
const PIECES: Pieces = Pieces { min: 100, max: 500, bytes: 256 * 1024 };

/// What a store on servers of `config` can do.
pub(super) fn capabilities(config: &RedisConfig) -> Capabilities {
    const LARGEST: usize = 512 * 1024 * 1024;
    Capabilities {
        expiry: Expiry::Native,
        deadline_costs_extra: true,
        max_key_bytes: LARGEST,
        max_value_bytes: LARGEST,
        reads: PIECES,
        writes: PIECES,
        // Encryption is work for another thread.
        light: config.tls.is_none(),
        shared: true,
        // As a server is set up by default, a crash takes the writes since its last snapshot with it, and one with a
        // memory limit may evict any entry.
        durable: false,
        ..Capabilities::BASE
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("config", self.connection.config()).finish_non_exhaustive()
    }
}

impl Store for RedisStore {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn capabilities(&self) -> Capabilities {
        capabilities(self.connection.config())
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.ping())
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async move {
            let len = keys.len();
            match want {
                _ if len == 0 => Vec::new(),
                Want::Value => {
                    self.ask(read::values(keys), len, |replies| read::values_read(replies, len)).await
                }
                Want::ValueAndDeadline => self.entries(keys).await,
            }
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            let len = keys.len();
            if len == 0 {
                return Vec::new();
            }
            self.ask(read::existence(keys), len, |replies| read::existence_read(replies, len)).await
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            if entries.is_empty() {
                return Vec::new();
            }
            let (request, writes) = write::writes(entries, mode, self.clock.now());
            self.ask(request, entries.len(), |replies| writes.written(&replies)).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async move {
            let len = keys.len();
            if len == 0 {
                return Vec::new();
            }
            self.ask(write::deletes(keys), len, |replies| write::deleted(&replies, len)).await
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(async move {
            let from = after.map_or(Place::Start, |cursor| Place::from_bytes(cursor.as_bytes()));
            let (keys, next) = scan(&self.connection, prefix, from).await?;
            Ok(Page { keys, next: next.map(|place| Cursor::new(place.to_bytes())) })
        })
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(async move {
            let from = after.map_or(Place::Start, |cursor| Place::from_bytes(cursor.as_bytes()));
            let (keys, next) = scan(&self.connection, prefix, from).await?;
            if !keys.is_empty() {
                let len = keys.len();
                let gone = self.ask(write::unlinks(&keys), len, |replies| write::deleted(&replies, len));
                gone.await.into_iter().collect::<Result<()>>()?;
            }
            Ok(next.map(|place| Cursor::new(place.to_bytes())))
        })
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.connection.close() })
    }
}
