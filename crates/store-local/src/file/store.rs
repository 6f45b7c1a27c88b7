//! The store: distributes each batch over its threads and collects the answers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{BoxFuture, join_all};

use super::config::FileConfig;
use super::folder::Folder;
use super::listing::Which;
use super::locks::LOCKS;
use super::name::Place;
use super::sweep::Sweep;
use crate::lanes::Lanes;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::lock::Lock;
use redkv_core::store::{Answers, Capabilities, Cursor, Page, Pieces, SetMode, Store, Want};

/// How many threads wait for the disk. Each has its share of the keys, so that what is done with a key is done in
/// order.
const THREADS: usize = 4;

/// Longest key, in bytes.
pub(super) const LONGEST_KEY: usize = 1 << 20;

/// Keeps every entry in a file of its own, in a folder that other processes may use at the same time.
///
/// A file is written beside its place and then moved there, so a reader, and whoever comes after a crash, finds the old
/// entry or the new one. With `durable` a write is acknowledged once the file and its folder are on the disk; without,
/// a loss of power may take back what was written in the seconds before it (and what the file system had begun to write
/// is read as damaged), the end of the process takes nothing.
///
/// Entries past their deadline are removed when they are read, and beside later writes with a deadline.
pub struct FileStore {
    config: FileConfig,
    shared: Arc<Shared>,
    lanes: Lanes,
}

/// What the threads have in common.
#[derive(Debug)]
struct Shared {
    config: FileConfig,
    clock: Arc<dyn Clock>,
    /// Opened when it is first needed, and again after it was removed.
    folder: Lock<Option<Arc<Folder>>>,
    /// Whether entries that end were seen: only then it is worth looking for them.
    may_end: AtomicBool,
    sweeps: Vec<Lock<Sweep>>,
}

impl Shared {
    /// Does `work` in the open folder.
    fn with<T>(&self, work: impl FnOnce(&Folder) -> Result<T>) -> Result<T> {
        let folder = self.folder()?;
        let answer = work(&folder);
        if answer.as_ref().is_err_and(|error| error.is_retryable()) && folder.is_gone() {
            *self.folder.lock() = None;
        }
        answer
    }

    fn folder(&self) -> Result<Arc<Folder>> {
        let mut open = self.folder.lock();
        if let Some(folder) = &*open {
            return Ok(folder.clone());
        }
        Ok(open.insert(Arc::new(Folder::open(&self.config, self.clock.clone())?)).clone())
    }

    fn set(&self, lane: usize, key: &Key, entry: &Entry, mode: SetMode) -> Result<bool> {
        if entry.deadline.is_some() {
            self.may_end.store(true, Ordering::Relaxed);
        }
        self.with(|folder| {
            let answer = folder.set(key, entry, mode);
            if self.may_end.load(Ordering::Relaxed)
                && let Some(sweep) = self.sweeps.get(lane)
            {
                sweep.lock().step(folder);
            }
            answer
        })
    }

    fn get(&self, key: &Key) -> Result<Option<Entry>> {
        let entry = self.with(|folder| folder.get(key))?;
        if entry.as_ref().is_some_and(|entry| entry.deadline.is_some()) {
            self.may_end.store(true, Ordering::Relaxed);
        }
        Ok(entry)
    }
}

/// The thread of a key: all keys of a lock have the same, because a lock knows threads of one process not apart.
fn lane_of(key: &str) -> usize {
    usize::from(Place::of(key).folder) % LOCKS % THREADS
}

impl FileStore {
    /// A store for the folder that `config` names; nothing is opened yet.
    pub fn new(config: FileConfig, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared {
            config: config.clone(),
            clock,
            folder: Lock::new(None),
            may_end: AtomicBool::new(false),
            sweeps: (0..THREADS).map(|lane| Lock::new(Sweep::new(lane, THREADS))).collect(),
        };
        Self { config, shared: Arc::new(shared), lanes: Lanes::new("redkv-file", THREADS) }
    }

    /// Asks for every item on the thread of its key.
    async fn each<I: Clone + Send + 'static, T: Send + 'static>(
        &self,
        items: &[I],
        key_of: impl Fn(&I) -> &Key,
        ask: impl Fn(&Shared, usize, &I) -> Result<T> + Clone + Send + 'static,
    ) -> Answers<T> {
        let mut shares: [Vec<usize>; THREADS] = Default::default();
        for (index, item) in items.iter().enumerate() {
            shares[lane_of(key_of(item))].push(index);
        }
        let asked = shares.iter().enumerate().filter(|(_, share)| !share.is_empty()).map(|(lane, share)| {
            let mine: Vec<I> = share.iter().map(|index| items[*index].clone()).collect();
            let (shared, ask) = (self.shared.clone(), ask.clone());
            let work = move || mine.iter().map(|item| ask(&shared, lane, item)).collect::<Answers<T>>();
            async move { (share, self.lanes.run(lane, work).await) }
        });
        let mut answers: Vec<Option<Result<T>>> = items.iter().map(|_| None).collect();
        for (share, answered) in join_all(asked).await {
            match answered {
                Ok(all) => {
                    for (index, answer) in share.iter().zip(all) {
                        answers[*index] = Some(answer);
                    }
                }
                Err(error) => share.iter().for_each(|index| answers[*index] = Some(Err(error.clone()))),
            }
        }
        let lost = || Err(Error::new(ErrorKind::Internal, "an answer was lost"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    async fn list(&self, which: Which, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        self.once(move |folder| folder.keys(which, &prefix, after.as_ref())).await
    }

    /// Asks once, on a thread of the store.
    async fn once<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Folder) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = self.shared.clone();
        self.lanes.run(0, move || shared.with(ask)).await?
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Store for FileStore {
    fn name(&self) -> &'static str {
        "file"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_key_bytes: LONGEST_KEY,
            reads: Pieces::WHOLE,
            writes: Pieces::WHOLE,
            shared: true,
            durable: true,
            ..Capabilities::BASE
        }
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.once(Folder::prepare))
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(self.each(keys, |key| key, |shared, _, key| shared.get(key)))
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(self.each(keys, |key| key, |shared, _, key| shared.with(|folder| folder.has(key))))
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let ask = move |shared: &Shared, lane: usize, (key, entry): &(Key, Entry)| {
            shared.set(lane, key, entry, mode)
        };
        Box::pin(self.each(entries, |(key, _)| key, ask))
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(self.each(keys, |key| key, |shared, _, key| shared.with(|folder| folder.delete(key))))
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(self.list(Which::Live, prefix, after))
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(async move {
            let Page { keys, next } = self.list(Which::All, prefix, after).await?;
            self.delete(&keys).await.into_iter().collect::<Result<()>>()?;
            Ok(next)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.lanes.close().await;
            let folder = self.shared.folder.lock().take();
            if let Some(folder) = folder {
                // Removes its files of this user, which is work for a thread too.
                let last = Lanes::new("redkv-file", 1);
                last.run(0, move || drop(folder)).await.ok();
                last.close().await;
            }
        })
    }
}
