//! The store of a single server.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::Value;

use super::apart::{ask_apart, is_broken_off, is_refused_together};
use super::batches::{Batch, Deletes, Entries, Existence, Values, Writes};
use super::cluster::ClusterStore;
use super::error::{Failure, error_of, too_large};
use super::leases::{LeaseStep, LeaseSteps, token, was_held};
use super::listing::{Position, scan};
use super::reads::{Sought, forbidden, lacked_memory};
use super::{reads, script, writes};
use crate::connection::client::Client;
use crate::connection::handshake::alive;
use crate::connection::limits::SUSPECT_FROM;
use crate::connection::lost::Lost;
use crate::options::config::RedisConfig;
use crate::options::topology::RedisTopology;
use crate::protocol::request::Request;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::store::{
    Answers, Capabilities, Cursor, Expiry, Leases, Page, Pieces, SetMode, Store, Want, answer_all,
};
use redkv_layers::Prefixed;

/// Keeps entries in one server of Redis 6 or later, or of Valkey, each as a plain string under its plain key.
///
/// All requests of a store share one connection and reach the server in the order of their calls. It is made
/// when it is first needed and made anew when it breaks; reads that were under way then are sent again, writes fail
/// with an unknown outcome. Where one key of a batch fails the others, they are asked for one by one.
pub struct RedisStore {
    client: Client,
    clock: Arc<dyn Clock>,
    /// Whether scripts are worth a try: until one has failed.
    scripts: AtomicBool,
    /// Whether the user may ask for the type of a key: until he was seen not to.
    types: AtomicBool,
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
        Self {
            client: Client::new(config),
            clock,
            scripts: AtomicBool::new(true),
            types: AtomicBool::new(true),
        }
    }

    async fn ping(&self) -> Result<()> {
        match self.client.send(Request::bare("PING")).await?.first() {
            Some(reply) => alive(reply),
            None => Err(error_of(Failure::Answer)),
        }
    }

    /// Reads values with their deadlines.
    async fn entries(&self, keys: &[Key]) -> Answers<Option<Entry>> {
        let len = keys.len();
        let asked = self.clock.now();
        if len >= script::WORTH_IT && self.scripts.load(Ordering::Relaxed) {
            match self.client.ask(false, || script::entries(keys)).await {
                Ok(replies) if lacked_memory(&replies) => return self.entries_unqueued(keys).await,
                Ok(replies) => {
                    let is_refused = script::is_refused(&replies);
                    match script::entries_read(replies, len, asked) {
                        Some(answers) => return answers,
                        None if is_refused => self.scripts.store(false, Ordering::Relaxed),
                        None => {}
                    }
                }
                Err(error) => return answer_all(len, &Err(error)),
            }
        }
        let asked = self.clock.now();
        match self.client.ask(false, || reads::entries(keys)).await {
            Ok(replies) if lacked_memory(&replies) => self.entries_unqueued(keys).await,
            Ok(replies) => {
                let batch = Entries { asked };
                self.answers(&batch, keys, replies, |replies| reads::entries_read(replies, len, asked)).await
            }
            Err(error) => answer_all(len, &Err(error)),
        }
    }

    /// Reads entries as [`Self::entries`] does, from a server that has no memory left.
    async fn entries_unqueued(&self, keys: &[Key]) -> Answers<Option<Entry>> {
        let (len, asked) = (keys.len(), self.clock.now());
        let read = |replies| reads::entries_unqueued_read(replies, len, asked);
        match self.client.ask(false, || reads::entries_unqueued(keys)).await {
            Ok(replies) => self.answers(&Entries { asked }, keys, replies, read).await,
            Err(error) => answer_all(len, &Err(error)),
        }
    }

    async fn existence(&self, keys: &[Key], sought: Sought) -> Answers<bool> {
        let read = |replies| reads::existence_read(replies, keys.len());
        self.ask(&Existence(sought), keys, || reads::existence(keys, sought), read).await
    }

    /// Writes entries. While it is suspected that one of them is too large for the server, the large ones leave alone.
    async fn write(&self, entries: &[(Key, Entry)], mode: SetMode) -> Answers<bool> {
        if !self.client.limits().is_wary() {
            return self.write_together(entries, mode).await;
        }
        let is_large = |n: &usize| Writes::longest(&entries[*n]) >= SUSPECT_FROM;
        let (large, small): (Vec<usize>, Vec<usize>) = (0..entries.len()).partition(is_large);
        let pick = |places: &[usize]| places.iter().map(|n| entries[*n].clone()).collect::<Vec<_>>();
        let mut answers = answer_all(entries.len(), &Ok(true));
        if !small.is_empty() {
            let small_answers = self.write_together(&pick(&small), mode).await;
            small.iter().zip(small_answers).for_each(|(n, answer)| answers[*n] = answer);
        }
        for n in large {
            let entry = std::slice::from_ref(&entries[n]);
            answers[n] = match self.client.limits().refuses(Writes::longest(&entries[n])) {
                true => Err(too_large()),
                false => self.write_together(entry, mode).await.remove(0),
            };
        }
        answers
    }

    async fn write_together(&self, entries: &[(Key, Entry)], mode: SetMode) -> Answers<bool> {
        let now = self.clock.now();
        let longest = || entries.iter().map(Writes::longest).max().unwrap_or_default();
        let mut writes = None;
        let build = || {
            let (request, made) = writes::writes(entries, mode, now, self.client.is_backlogged());
            writes = Some(made);
            request
        };
        let replies = match self.client.ask(true, build).await {
            Ok(replies) => replies,
            Err(error) => {
                let is_suspect = Lost::in_error(&error).is_some_and(Lost::is_suspect);
                let is_struck = is_suspect && self.client.limits().strike(longest());
                return answer_all(entries.len(), &Err(if is_struck { closes_on(&error) } else { error }));
            }
        };
        let Some(writes) = writes else { return answer_all(entries.len(), &Err(error_of(Failure::Answer))) };
        let mut answers = writes.written(&replies);
        let again = writes.refused_together(&replies);
        if again.is_empty() {
            if self.client.limits().is_wary() {
                self.client.limits().clear(longest());
            }
            return answers;
        }
        let items: Vec<_> = again.iter().map(|n| entries[*n].clone()).collect();
        if is_broken_off(&replies) {
            let refused = items.iter().map(Writes::longest).max().unwrap_or_default();
            self.client.learn_limit(refused).await;
        }
        let batch = Writes { mode, clock: &*self.clock };
        let apart = ask_apart(&self.client, &batch, &items, false).await;
        again.iter().zip(apart).for_each(|(n, answer)| answers[*n] = answer);
        answers
    }

    async fn lease_step(&self, step: LeaseStep) -> Answers<u64> {
        ask_apart(&self.client, &LeaseSteps, &[step], false).await
    }

    /// Sends what `build` makes of `items` and reads its replies; without any, all keys fail alike.
    async fn ask<B: Batch>(
        &self,
        batch: &B,
        items: &[B::Item],
        build: impl FnMut() -> Request,
        read: impl FnOnce(Vec<Value>) -> Answers<B::Answer>,
    ) -> Answers<B::Answer> {
        match self.client.ask(B::WRITES, build).await {
            Ok(replies) => self.answers(batch, items, replies, read).await,
            Err(error) => answer_all(items.len(), &Err(error)),
        }
    }

    /// What `read` makes of the replies to a request for `items`; where some of them may be to blame that all were
    /// refused, the answers to each alone.
    async fn answers<B: Batch>(
        &self,
        batch: &B,
        items: &[B::Item],
        replies: Vec<Value>,
        read: impl FnOnce(Vec<Value>) -> Answers<B::Answer>,
    ) -> Answers<B::Answer> {
        let is_broken_off = is_broken_off(&replies);
        if !is_broken_off && (B::IS_APART || items.len() == 1 || !is_refused_together(&replies)) {
            return read(replies);
        }
        if is_broken_off {
            let refused = items.iter().map(B::longest).max().unwrap_or_default();
            self.client.learn_limit(refused).await;
        }
        let unqueued = B::IS_TRANSACTION && lacked_memory(&replies);
        ask_apart(&self.client, batch, items, unqueued).await
    }
}

/// The refusal of what the server, or what is before it, has closed two connections over.
fn closes_on(error: &Error) -> Error {
    let outcome = if error.may_have_applied() { Outcome::Unknown } else { Outcome::NotApplied };
    let message = "the redis server closes the connection when it receives a value as large as this";
    Error::new(ErrorKind::Store, message).outcome(outcome).caused_by(error.clone())
}

/// Pieces of more bytes keep the server, the wire and this process waiting for each other.
const PIECES: Pieces = Pieces { min: 100, max: 500, bytes: 256 * 1024 };

/// Returns the capabilities of a store on servers of `config`.
pub(super) fn capabilities(config: &RedisConfig) -> Capabilities {
    /// What a server accepts by default.
    const LARGEST: usize = 512 * 1024 * 1024;
    Capabilities {
        expiry: Expiry::Native,
        deadline_costs_extra: true,
        max_key_bytes: LARGEST,
        max_value_bytes: config.max_value_bytes,
        reads: PIECES,
        writes: PIECES,
        // Encryption is work for another thread.
        runs_inline: config.tls.is_none(),
        shared: true,
        // As a server is set up by default, a crash takes the writes since its last snapshot with it, and one with a
        // memory limit may evict any entry.
        durable: false,
        ..Capabilities::BASE
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("config", self.client.config()).finish_non_exhaustive()
    }
}

impl Store for RedisStore {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn capabilities(&self) -> Capabilities {
        capabilities(self.client.config())
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
                    let read = |replies| reads::values_read(replies, len);
                    self.ask(&Values, keys, || reads::values(keys), read).await
                }
                Want::ValueAndDeadline => self.entries(keys).await,
            }
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            if keys.is_empty() {
                return Vec::new();
            }
            if !self.types.load(Ordering::Relaxed) {
                return self.existence(keys, Sought::Anything).await;
            }
            let mut answers = self.existence(keys, Sought::String).await;
            let forbidden = forbidden(keys, &answers);
            if !forbidden.is_empty() {
                let again: Vec<_> = forbidden.iter().map(|n| keys[*n].clone()).collect();
                let others = self.existence(&again, Sought::Anything).await;
                if others.iter().any(Result::is_ok) {
                    self.types.store(false, Ordering::Relaxed);
                }
                forbidden.into_iter().zip(others).for_each(|(n, answer)| answers[n] = answer);
            }
            answers
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            if entries.is_empty() {
                return Vec::new();
            }
            self.write(entries, mode).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async move {
            let len = keys.len();
            if len == 0 {
                return Vec::new();
            }
            let read = |replies: Vec<Value>| writes::deleted(&replies, len);
            self.ask(&Deletes("DEL"), keys, || writes::deletes(keys), read).await
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(async move {
            let from = after.map_or(Position::Start, |cursor| Position::from_bytes(cursor.as_bytes()));
            let (keys, next) = scan(&self.client, prefix, from).await?;
            Ok(Page { keys, next: next.map(Position::cursor) })
        })
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(async move {
            let from = after.map_or(Position::Start, |cursor| Position::from_bytes(cursor.as_bytes()));
            let (keys, next) = scan(&self.client, prefix, from).await?;
            if !keys.is_empty() {
                let len = keys.len();
                let read = |replies: Vec<Value>| writes::deleted(&replies, len);
                let gone = self.ask(&Deletes("UNLINK"), &keys, || writes::unlinks(&keys), read);
                gone.await.into_iter().collect::<Result<()>>()?;
            }
            Ok(next.map(Position::cursor))
        })
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.client.close() })
    }
}

impl Leases for RedisStore {
    fn acquire<'a>(&'a self, name: &'a str, life: Duration) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(async move { token(self.lease_step(LeaseStep::acquire(name, life)).await) })
    }

    fn renew<'a>(&'a self, name: &'a str, token: u64, life: Duration) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { was_held(self.lease_step(LeaseStep::renew(name, token, life)).await) })
    }

    fn release<'a>(&'a self, name: &'a str, token: u64) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { was_held(self.lease_step(LeaseStep::release(name, token)).await) })
    }
}
