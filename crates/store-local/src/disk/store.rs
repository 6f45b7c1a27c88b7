//! The store: sends writes to one thread and reads to others.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;

use super::config::DiskConfig;
use super::thread::{Job, Thread};
use super::writes::Change;
use crate::disk::database::open::Open;
use crate::disk::database::slot::Slot;
use crate::lanes::Lanes;
use crate::worker::Worker;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{Answers, Capabilities, Cursor, Page, Pieces, SetMode, Store, Want, answer_all};

/// How many threads read. They do not wait for the one that writes.
const READERS: usize = 2;

const LONGEST_KEY: usize = 1 << 20;
const LONGEST_VALUE: usize = 1 << 30;

/// Keeps entries in an ordered store in a folder of its own, which one process at a time may use.
///
/// It is bounded by what the folder takes on the disk. Entries that were used longest ago make room for new ones, also
/// after the store was closed and opened again: reads move an entry to the newest ones, unless it is among the newest
/// eighth already.
///
/// With `durable` a write is acknowledged once it is on the disk. Without, it is there within a second, and a crash of
/// the process or a loss of power takes back what was written in the last second, all of it from some moment on. What
/// was read in the last second may be forgotten as a use in either case. A crash at any moment damages nothing, and
/// opening the file afterwards takes no longer than otherwise.
pub struct DiskStore {
    config: Arc<DiskConfig>,
    slot: Arc<Slot>,
    writer: Worker<Thread>,
    readers: Lanes,
    /// The reader that is asked next.
    turn: AtomicUsize,
}

impl DiskStore {
    /// A store for the folder that `config` names; nothing is opened yet.
    pub fn new(config: DiskConfig, clock: Arc<dyn Clock>) -> Self {
        let config = Arc::new(config);
        let slot = Arc::<Slot>::default();
        let of_thread = (config.clone(), slot.clone());
        let new_thread = move || {
            let (config, slot) = of_thread.clone();
            Thread::new(config, clock.clone(), slot)
        };
        Self {
            config,
            slot,
            writer: Worker::new("redkv-disk", new_thread),
            readers: Lanes::new("redkv-disk-read", READERS),
            turn: AtomicUsize::new(0),
        }
    }

    async fn write(&self, changes: Vec<Change>) -> Answers<bool> {
        if changes.is_empty() {
            return Vec::new();
        }
        let len = changes.len();
        self.writer
            .ask(|reply| Job::Write(changes, reply))
            .await
            .unwrap_or_else(|error| answer_all(len, &Err(error)))
    }

    /// Reads on a thread for it, once the file is open.
    async fn read<T: Send + 'static>(&self, read: impl FnOnce(&Open) -> T + Send + 'static) -> Result<T> {
        if self.slot.get().is_none() {
            self.init().await?;
        }
        let slot = self.slot.clone();
        let lane = self.turn.fetch_add(1, Ordering::Relaxed) % READERS;
        let failed =
            || Error::new(ErrorKind::Store, "reopening the file after a failure, retry").retryable(true);
        let work = move || {
            let open = slot.get()?;
            let answer = open.check_for_reader().map(|()| {
                let _reading = open.reading.read();
                read(&open)
            });
            slot.look_after(open);
            Some(answer)
        };
        self.readers.run(lane, work).await?.ok_or_else(failed)?
    }

    /// Notes that keys were used.
    fn touched(&self, keys: Vec<Key>) {
        if !keys.is_empty()
            && let Some(open) = self.slot.get()
            && open.touches.add(keys)
        {
            // When the store is closed there is nothing to note.
            self.writer.send(Job::Touched).ok();
        }
    }

    /// Looks through the whole file, and tells what is there and whether all of it fits together. For tests.
    #[cfg(any(test, feature = "conformance"))]
    pub async fn audit(&self) -> Result<super::Audit> {
        self.read(Open::audit).await?
    }
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskStore").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Store for DiskStore {
    fn name(&self) -> &'static str {
        "disk"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_key_bytes: LONGEST_KEY,
            max_value_bytes: LONGEST_VALUE,
            reads: Pieces::WHOLE,
            writes: Pieces::WHOLE,
            durable: true,
            ..Capabilities::BASE
        }
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.writer.ask(Job::Open).await? })
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async {
            if keys.is_empty() {
                return Vec::new();
            }
            let asked = keys.to_vec();
            match self.read(move |open| open.get(&asked)).await {
                Ok((answers, used)) => {
                    self.touched(used);
                    answers
                }
                Err(error) => answer_all(keys.len(), &Err(error)),
            }
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async {
            if keys.is_empty() {
                return Vec::new();
            }
            let asked = keys.to_vec();
            let answers = self.read(move |open| open.has(&asked)).await;
            answers.unwrap_or_else(|error| answer_all(keys.len(), &Err(error)))
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            let change = |(key, entry): &(Key, Entry)| Change::Put(key.clone(), entry.clone(), mode);
            self.write(entries.iter().map(change).collect()).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async {
            let changes = keys.iter().cloned().map(Change::Delete).collect();
            self.write(changes).await.into_iter().map(|answer| answer.map(|_| ())).collect()
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(async move {
            let (prefix, after) = (prefix.to_owned(), after.cloned());
            self.read(move |open| open.keys(&prefix, after.as_ref())).await?
        })
    }

    /// Waits until what was written is on the disk.
    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.writer.ask(Job::Flush).await? })
    }

    /// Finishes what was asked for, brings it to the disk, and closes the file.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.readers.close().await;
            self.writer.close().await;
        })
    }
}
