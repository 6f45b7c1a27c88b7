//! The write-behind layer.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use super::config::BehindConfig;
use super::flushing::Flushing;
use super::host::Host;
use super::queue::{Change, Queue, Room};
use super::sender::Shared;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::store::{Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want};
use redkv_executor::spawn;

/// A store whose writes are queued, and made in the background: in order for each key, the newest in place of those
/// that still wait. Reads are answered from the queue where it has the key. A write that fails is retried until it
/// is too old; then it is lost, and its [`Host`] is notified.
///
/// Belongs around a store whose answers are bounded in time, outside of all layers that change keys and values.
pub struct WriteBehind {
    shared: Arc<Shared>,
    /// How long a write waits for room in the queue.
    patience: Duration,
}

impl WriteBehind {
    /// Writes to `inner` in the background. A write waits for room up to `patience`.
    pub fn new(
        inner: Arc<dyn Store>,
        config: BehindConfig,
        patience: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { shared: Shared::new(inner, config, clock), patience }
    }

    /// Tells `host` what becomes of writes. There is one at most: the first.
    pub fn attach(&self, host: Weak<dyn Host>) {
        drop(self.shared.host.set(host));
    }

    /// Counts up before and after each loss, so that whoever sees no change knows of none.
    pub fn losses(&self) -> u64 {
        self.shared.losses()
    }

    /// Refuses further writes and drops the queued ones: each key is reported as lost.
    pub fn end(&self) {
        let mut queue = self.shared.queue();
        queue.is_closed = true;
        for (key, is_doubtful) in queue.left() {
            let outcome = if is_doubtful { Outcome::Unknown } else { Outcome::NotApplied };
            self.shared.lose(&mut queue, &key, &Error::closed().outcome(outcome), Queue::remove);
        }
        self.shared.told(&mut queue, self.shared.host().as_deref());
        drop(queue);
        self.shared.more.notify_one();
    }

    /// Deletes keys past the queue, or writes `entries` under them; those that have a write in the queue fail.
    pub async fn write_through(&self, keys: &[Key], entries: Option<&[(Key, Entry)]>) -> Answers<()> {
        let direct = self.begin_direct(keys.iter());
        let inner = &self.shared.inner;
        let made: Answers<()> = match entries {
            None => inner.delete(&direct.keys).await,
            Some(entries) => {
                let entries = entries.iter().filter(|(key, _)| direct.keys.contains(key)).cloned();
                let answers = inner.set(&entries.collect::<Vec<_>>(), SetMode::Always).await;
                answers.into_iter().map(|answer| answer.map(drop)).collect()
            }
        };
        let refused = || {
            let error = Error::new(ErrorKind::Connection, "a write of the key is queued, and comes first");
            Err(error.outcome(Outcome::NotApplied))
        };
        direct.complete(keys, made, refused)
    }

    /// Begins calls past the queue, for those of the keys that have nothing in it.
    fn begin_direct<'a>(&self, keys: impl Iterator<Item = &'a Key>) -> Direct {
        let mut queue = self.shared.queue();
        let keys = keys.filter(|key| queue.begin_direct(key)).cloned().collect();
        Direct { shared: self.shared.clone(), keys }
    }

    /// Queues writes as soon as there is room; an answer for each.
    async fn push(&self, mut writes: Vec<(usize, Key, Change)>, answers: &mut Answers<bool>) {
        let room =
            Room { writes: self.shared.config.max_pending, bytes: self.shared.config.max_pending_bytes };
        let deadline = Instant::now() + self.patience;
        loop {
            let less = self.shared.less.notified();
            if !self.push_some(&mut writes, room) {
                fill(&writes, answers, &Error::closed());
                return;
            }
            if writes.is_empty() {
                return;
            }
            if timeout_at(deadline, less).await.is_err() {
                let message = "the write queue is full: writes arrive faster than the store accepts them";
                fill(&writes, answers, &Error::new(ErrorKind::Overload, message).retryable(true));
                return;
            }
        }
    }

    /// Queues the first of `writes`, as many as there is room for, and takes them out. Whether writes are taken at all.
    fn push_some(&self, writes: &mut Vec<(usize, Key, Change)>, room: Room) -> bool {
        let mut queue = self.shared.queue();
        if queue.is_closed {
            return false;
        }
        let was_empty = queue.is_empty();
        writes.retain(|(_, key, change)| !queue.push(key, change.clone(), room));
        if queue.is_empty() {
            return true;
        }
        let host = self.shared.host();
        if was_empty && let Some(host) = &host {
            queue.hold(&**host);
        }
        let is_served = std::mem::replace(&mut queue.is_served, true);
        drop(queue);
        match is_served {
            true => self.shared.more.notify_one(),
            false => spawn(self.shared.clone().serve(host)),
        }
        true
    }

    /// The keys of which nothing is queued, with their places, after `known` was told of the others.
    fn unknown(&self, keys: &[Key], mut known: impl FnMut(usize, Option<&Entry>)) -> (Vec<usize>, Vec<Key>) {
        let now = self.shared.clock.now();
        let queue = self.shared.queue();
        let mut unknown = (Vec::new(), Vec::new());
        for (place, key) in keys.iter().enumerate() {
            match queue.newest(key) {
                Some(change) => known(place, change.as_ref().filter(|entry| !entry.is_expired(now))),
                None => {
                    unknown.0.push(place);
                    unknown.1.push(key.clone());
                }
            }
        }
        unknown
    }

    async fn add(&self, entries: &[(Key, Entry)]) -> Answers<bool> {
        let now = self.shared.clock.now();
        let mut answers = vec![Ok(false); entries.len()];
        let (mut queued, mut places) = (Vec::new(), Vec::new());
        let direct = {
            let mut queue = self.shared.queue();
            let mut keys = Vec::new();
            for (place, (key, entry)) in entries.iter().enumerate() {
                match queue.newest(key) {
                    Some(Some(there)) if !there.is_expired(now) => {}
                    // By the word of the queue there is nothing, so this comes next.
                    Some(_) => queued.push((place, key.clone(), Some(entry.clone()))),
                    None => {
                        queue.begin_direct(key);
                        keys.push(key.clone());
                        places.push(place);
                    }
                }
            }
            Direct { shared: self.shared.clone(), keys }
        };
        queued.iter().for_each(|(place, ..)| answers[*place] = Ok(true));
        self.push(queued, &mut answers).await;
        if !places.is_empty() {
            let asked: Vec<_> = places.iter().map(|place| entries[*place].clone()).collect();
            let made = self.shared.inner.set(&asked, SetMode::IfAbsent).await;
            places.iter().zip(made).for_each(|(place, answer)| answers[*place] = answer);
        }
        drop(direct);
        answers
    }

    /// Waits until the writes that are queued now are made or lost, and returns the first loss.
    async fn settled(&self) -> Result<()> {
        let mut flushing = Flushing::begin(&self.shared);
        loop {
            let less = self.shared.less.notified();
            if let Some(result) = flushing.end() {
                return result;
            }
            less.await;
        }
    }
}

/// The answer of writes for which there was no room.
fn fill(writes: &[(usize, Key, Change)], answers: &mut Answers<bool>, error: &Error) {
    writes.iter().for_each(|(place, ..)| answers[*place] = Err(error.clone()));
}

/// Keys with a call past the queue on its way, which their writes wait for.
struct Direct {
    shared: Arc<Shared>,
    keys: Vec<Key>,
}

impl Direct {
    /// The answers to `keys`, of which `made` are those to the calls.
    fn complete(self, keys: &[Key], made: Answers<()>, refused: impl Fn() -> Result<()>) -> Answers<()> {
        let (mut made, mut direct) = (made.into_iter(), self.keys.iter().peekable());
        let answer = |key: &Key| direct.next_if_eq(&key).and_then(|_| made.next()).unwrap_or_else(&refused);
        keys.iter().map(answer).collect()
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        self.keys.iter().for_each(|key| queue.end_direct(key));
        drop(queue);
        self.shared.more.notify_one();
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for WriteBehind {
    fn name(&self) -> &'static str {
        self.shared.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { immediate: false, ..self.shared.inner.capabilities() }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.shared.inner.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async move {
            let mut answers = vec![Ok(None); keys.len()];
            let (places, asked) = self.unknown(keys, |place, entry| answers[place] = Ok(entry.cloned()));
            if asked.len() == keys.len() {
                return self.shared.inner.get(keys, want).await;
            }
            if !asked.is_empty() {
                let read = self.shared.inner.get(&asked, want).await;
                places.into_iter().zip(read).for_each(|(place, answer)| answers[place] = answer);
            }
            answers
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            let mut answers = vec![Ok(false); keys.len()];
            let (places, asked) = self.unknown(keys, |place, entry| answers[place] = Ok(entry.is_some()));
            if !asked.is_empty() {
                let read = self.shared.inner.has(&asked).await;
                places.into_iter().zip(read).for_each(|(place, answer)| answers[place] = answer);
            }
            answers
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            if mode == SetMode::IfAbsent {
                return self.add(entries).await;
            }
            let write =
                |(place, (key, entry)): (usize, &(Key, Entry))| (place, key.clone(), Some(entry.clone()));
            let mut answers = vec![Ok(true); entries.len()];
            self.push(entries.iter().enumerate().map(write).collect(), &mut answers).await;
            answers
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async move {
            let write = |(place, key): (usize, &Key)| (place, key.clone(), None);
            let mut answers = vec![Ok(true); keys.len()];
            self.push(keys.iter().enumerate().map(write).collect(), &mut answers).await;
            answers.into_iter().map(|answer| answer.map(drop)).collect()
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(async move {
            if !self.capabilities().enumerable {
                return self.shared.inner.keys(prefix, after).await;
            }
            let (mut queued, mut deleted) = (Vec::new(), HashSet::new());
            for (key, change) in self.shared.queue().all(prefix) {
                match change {
                    // What is queued at the first page may never be in one of the store.
                    Some(_) if after.is_none() => queued.push(key.clone()),
                    Some(_) => {}
                    None => drop(deleted.insert(key.clone())),
                }
            }
            let mut page = self.shared.inner.keys(prefix, after).await?;
            let queue = self.shared.queue();
            page.keys.retain(|key| match queue.newest(key) {
                Some(change) => change.is_some(),
                None => !deleted.contains(key),
            });
            drop(queue);
            let told: HashSet<_> = page.keys.iter().cloned().collect();
            page.keys.extend(queued.into_iter().filter(|key| !told.contains(key)));
            Ok(page)
        })
    }

    /// After what is queued now, so that none of it comes back.
    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(async move {
            let last = self.shared.queue().last_number();
            loop {
                let less = self.shared.less.notified();
                if !self.shared.queue().has_up_to(last) {
                    break;
                }
                less.await;
            }
            self.shared.inner.clear(prefix, after).await
        })
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.shared.inner.leases()
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let settled = self.settled().await;
            self.shared.inner.flush().await?;
            settled
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.end();
        self.shared.inner.close()
    }
}

impl fmt::Debug for WriteBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteBehind")
            .field("inner", &self.shared.inner)
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}
