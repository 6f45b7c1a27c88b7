//! The store over a bucket.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{self, BoxFuture, FutureExt};

use super::bucket::Bucket;
use super::config::S3Config;
use super::names::Names;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::opening::Opening;
use redkv_core::store::{
    Answers, Capabilities, Cursor, Expiry, Page, Pieces, SetMode, Store, Want, answer_all,
};

/// The largest object that one request can write, where the address space has room for it.
#[cfg(target_pointer_width = "64")]
const LARGEST_VALUE: usize = 5 << 30;
#[cfg(not(target_pointer_width = "64"))]
const LARGEST_VALUE: usize = 1 << 30;

/// Keeps entries as objects in a bucket of Amazon S3, or of a service that speaks its protocol.
///
/// The name of an object is its key, with what services change in names escaped. Deadlines are in the metadata of
/// objects; what has ended is filtered here and stays until it is replaced or a rule of the bucket removes it. Each key
/// of a batch is a request of its own, but for deletes.
pub struct S3Store {
    config: S3Config,
    clock: Arc<dyn Clock>,
    bucket: Opening<Bucket>,
}

impl S3Store {
    /// A store over the bucket that `config` names. Looks for it when it is first used.
    pub fn new(config: S3Config, clock: Arc<dyn Clock>) -> Self {
        Self { config, clock, bucket: Opening::default() }
    }

    async fn bucket(&self) -> Result<&Arc<Bucket>> {
        self.bucket
            .get(|| {
                let config = self.config.clone();
                async move { Bucket::open(&config).await }
            })
            .await
    }
}

impl fmt::Debug for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Store").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Store for S3Store {
    fn name(&self) -> &'static str {
        "s3"
    }

    fn capabilities(&self) -> Capabilities {
        const READS_IN_A_PIECE: usize = 64;
        const WRITES_IN_A_PIECE: usize = 256;
        const BYTES_IN_A_PIECE: usize = 64 << 20;
        Capabilities {
            expiry: Expiry::OnRead,
            max_key_bytes: Names::new(self.config.prefix.clone()).longest_key(),
            max_value_bytes: self.config.max_value_bytes.min(LARGEST_VALUE),
            reads: Pieces { min: READS_IN_A_PIECE, max: READS_IN_A_PIECE, bytes: BYTES_IN_A_PIECE },
            // Deletes are cheaper the more there are in one request.
            writes: Pieces { min: WRITES_IN_A_PIECE, max: WRITES_IN_A_PIECE, bytes: BYTES_IN_A_PIECE },
            // Requests go over several connections, and some are sent again.
            ordered: false,
            shared: true,
            durable: true,
            ..Capabilities::BASE
        }
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.bucket().map(|bucket| bucket.map(|_| ())).boxed()
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        async move {
            if keys.is_empty() {
                return Vec::new();
            }
            match self.bucket().await {
                Ok(bucket) => bucket.get(keys).await,
                Err(error) => answer_all(keys.len(), &Err(error)),
            }
        }
        .boxed()
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        async move {
            if keys.is_empty() {
                return Vec::new();
            }
            match self.bucket().await {
                Ok(bucket) => bucket.has(keys, self.clock.now()).await,
                Err(error) => answer_all(keys.len(), &Err(error)),
            }
        }
        .boxed()
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        async move {
            if entries.is_empty() {
                return Vec::new();
            }
            let bucket = match self.bucket().await {
                Ok(bucket) => bucket,
                Err(error) => return answer_all(entries.len(), &Err(error)),
            };
            match mode {
                SetMode::Always => bucket.put(entries).await,
                SetMode::IfAbsent => bucket.put_where_absent(entries, self.clock.now()).await,
            }
        }
        .boxed()
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        async move {
            if keys.is_empty() {
                return Vec::new();
            }
            match self.bucket().await {
                Ok(bucket) => bucket.delete(keys).await,
                Err(error) => answer_all(keys.len(), &Err(error)),
            }
        }
        .boxed()
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        async move { self.bucket().await?.live_keys(prefix, after, self.clock.now()).await }.boxed()
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        async move {
            let bucket = self.bucket().await?;
            let Page { keys, next } = bucket.keys(prefix, after).await?;
            bucket.delete(&keys).await.into_iter().collect::<Result<()>>()?;
            Ok(next)
        }
        .boxed()
    }

    /// Nothing to end: requests under way finish, and idle connections are closed with the store.
    fn close(&self) -> BoxFuture<'_, ()> {
        future::ready(()).boxed()
    }
}
