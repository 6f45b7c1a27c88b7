//! Data structures in Redis or Valkey, in the format of `keyvaluestore`.
//!
//! Values and counters are strings, sets are sets, hashes are hashes, and sorted members are sorted sets. A sorted hash is a
//! sorted set of its fields, with a hash beside it that holds their values: its companion. An entry of a companion counts
//! only while its field is in the sorted set, and whatever puts a field there writes or removes its entry. So what a
//! companion has left, because another program deleted the key or a value replaced it, never comes back.

mod added;
mod answers;
mod atomic;
mod cluster;
mod commands;
mod meter;
mod place;
mod ranges;
mod score;
mod scripts;
mod single;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::store::Answers;
use redkv_structures::{
    Answer, AtomicAnswer, Batching, Command, Kinds, Limits, RequestReport, Structures, Usage, Write,
    side_by_side,
};

use self::answers::stray;
use self::cluster::Cluster;
use self::meter::Meter;
use self::single::Single;
use crate::connection::client::Client;
use crate::options::config::RedisConfig;
use crate::options::topology::RedisTopology;

/// The options: those of the store.
pub type RedisStructuresConfig = RedisConfig;

/// What requests are called in reports.
const OPERATION: &str = "pipeline";

/// The most commands of one request.
const TOGETHER: usize = 512;

/// Keeps data structures in one server of Redis 6 or later or of Valkey, behind sentinels, or in a cluster.
///
/// What comes together goes to the server in one pipeline, over one connection that is made when it is first needed. Reads
/// that were under way when it broke are sent again, writes fail with an unknown outcome.
///
/// In a cluster, a key and its companion are in one slot only where the key has a `{tag}`. Without one, what is done to the
/// companion follows in a second command: between the two, and if the second fails, others see the field with its name for
/// a value, or with its value before.
pub struct RedisStructures {
    config: RedisConfig,
    prefix: Bytes,
    servers: Servers,
    meter: Meter,
}

enum Servers {
    Single(Single),
    Cluster(Cluster),
}

impl RedisStructures {
    /// Creates a backend that connects when it is first used. The prefix of `config` is before every key.
    pub fn new(config: RedisStructuresConfig) -> Self {
        let servers = match &config.topology {
            RedisTopology::Cluster(seeds) => Servers::Cluster(Cluster::new(config.clone(), seeds.clone())),
            RedisTopology::Single | RedisTopology::Sentinel(_) => {
                Servers::Single(Single::new(Client::new(config.clone())))
            }
        };
        let prefix = Bytes::copy_from_slice(config.prefix.as_bytes());
        Self { config, prefix, servers, meter: Meter::default() }
    }
}

impl fmt::Debug for RedisStructures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStructures").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Structures for RedisStructures {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn batching(&self) -> Batching {
        match &self.servers {
            Servers::Single(_) => Batching::Together(TOGETHER),
            // Of two requests for one key, the first may have to follow it to another node while the second finds it there.
            Servers::Cluster(_) => Batching::Apart(TOGETHER),
        }
    }

    fn limits(&self) -> Limits {
        Limits::REDIS
    }

    fn kinds(&self) -> Kinds {
        Kinds::Apart
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn is_durable(&self) -> bool {
        // As a server is set up by default, a crash takes the writes since its last snapshot with it.
        false
    }

    fn runs_inline(&self) -> bool {
        // Encryption is work for another thread.
        self.config.tls.is_none()
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            match &self.servers {
                Servers::Single(single) => single.ping().await,
                Servers::Cluster(cluster) => cluster.init().await,
            }
        })
    }

    fn create_table(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(async move {
            match &self.servers {
                _ if commands.is_empty() => Vec::new(),
                Servers::Single(single) => single.run(&self.prefix, &self.meter, commands).await,
                Servers::Cluster(cluster) => cluster.run(&self.prefix, &self.meter, commands).await,
            }
        })
    }

    /// There is no contention: the server runs one script at a time.
    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        _retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        Box::pin(async move {
            match &self.servers {
                _ if writes.is_empty() => Ok(AtomicAnswer::Committed),
                Servers::Single(single) => {
                    let answer = single.write_atomically(&self.prefix, &self.meter, &[writes]).await.pop();
                    answer.unwrap_or_else(|| Err(stray()))
                }
                Servers::Cluster(cluster) => {
                    cluster.write_atomically(&self.prefix, &self.meter, writes).await
                }
            }
        })
    }

    fn write_each_atomically<'a>(
        &'a self,
        all: &'a [Vec<Write>],
        retries: u32,
    ) -> BoxFuture<'a, Answers<AtomicAnswer>> {
        Box::pin(async move {
            match &self.servers {
                Servers::Single(single) if !all.iter().any(Vec::is_empty) => {
                    let all: Vec<&[Write]> = all.iter().map(Vec::as_slice).collect();
                    single.write_atomically(&self.prefix, &self.meter, &all).await
                }
                _ => side_by_side(self, all, retries).await,
            }
        })
    }

    fn usage(&self) -> Usage {
        self.meter.usage()
    }

    fn observe(&self, observer: Arc<dyn Fn(&RequestReport) + Send + Sync>) {
        self.meter.observe(observer);
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            match &self.servers {
                Servers::Single(single) => single.client.close(),
                Servers::Cluster(cluster) => cluster.close(),
            }
        })
    }
}
