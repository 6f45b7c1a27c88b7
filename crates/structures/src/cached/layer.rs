//! A backend with a read cache in front of it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::store::Answers;

use super::cache::{Cache, CacheConfig, CacheUsage};
use super::fences::Fences;
use crate::answer::Answer;
use crate::atomic::{AtomicAnswer, Write};
use crate::command::Command;
use crate::layers::layer::Layer;
use crate::structures::Structures;

/// A backend with a read cache in front of it.
///
/// It keeps answers, also that there is nothing, and no errors, until the key is written through it or through another layer
/// with the same [`Fences`]. Pages of iterations are not kept. What others write it does not see before
/// [`CachedStructures::invalidate`] or the end of the ttl.
#[derive(Debug)]
pub struct CachedStructures {
    inner: Arc<dyn Structures>,
    fences: Arc<Fences>,
    cache: Arc<Cache>,
}

impl CachedStructures {
    /// Puts a cache in front of `inner`, whose other writers note their writes in `fences`.
    pub fn new(inner: Arc<dyn Structures>, config: CacheConfig, fences: Arc<Fences>) -> Self {
        let cache = Cache::new(config, fences.clone());
        Self { inner, fences, cache }
    }

    /// Forgets the answers about `key`, and keeps none of the reads on their way.
    pub fn invalidate(&self, key: &[u8]) {
        self.cache.invalidate(key);
    }

    /// Forgets all answers, and keeps none of the reads on their way.
    pub fn clear(&self) {
        self.cache.clear();
    }

    /// Returns what the cache did so far, and what it keeps.
    pub fn cache_usage(&self) -> CacheUsage {
        self.cache.usage()
    }

    /// Returns the answer to `command` if the cache has it. It never has one while a write of the key is in flight.
    pub fn known(&self, command: &Command) -> Option<Answer> {
        self.cache.answer(command)
    }

    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.cache.queued()
    }

    /// Asks the backend, and keeps what it answers. Writes among the commands must be [noted](Fences::writing) before.
    pub async fn ask(&self, commands: &[Command]) -> Answers<Answer> {
        let asked: Vec<_> = commands.iter().map(|command| self.cache.ask(command)).collect();
        let answers = self.inner.run(commands).await;
        for ((command, asked), answer) in commands.iter().zip(asked).zip(&answers) {
            if let (Some(asked), Ok(answer)) = (asked, answer) {
                self.cache.keep(&command.key, asked, answer);
            }
        }
        answers
    }

    /// Answers with what the cache has, and asks for the rest.
    async fn run_noted(&self, commands: &[Command]) -> Answers<Answer> {
        let mut known: Vec<_> = commands.iter().map(|command| self.known(command)).collect();
        if known.iter().all(Option::is_none) {
            return self.ask(commands).await;
        }
        let rest = commands.iter().zip(&known).filter(|(_, known)| known.is_none());
        let rest: Vec<_> = rest.map(|(command, _)| command.clone()).collect();
        if rest.is_empty() {
            return known.into_iter().flatten().map(Ok).collect();
        }
        let mut asked = self.ask(&rest).await.into_iter();
        known.iter_mut().filter_map(|known| known.take().map(Ok).or_else(|| asked.next())).collect()
    }
}

impl Layer for CachedStructures {
    fn inner(&self) -> &Arc<dyn Structures> {
        &self.inner
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(async move {
            let writing = self.fences.writing_of(commands);
            let answers = self.run_noted(commands).await;
            if let Some(writing) = writing {
                writing.end_with(&answers);
            }
            answers
        })
    }

    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        Box::pin(async move {
            let writing = self.fences.writing(writes.iter().map(|write| &write.key));
            let answer = self.inner.write_atomically(writes, retries).await;
            if let Some(writing) = writing {
                writing.end_with(std::slice::from_ref(&answer));
            }
            answer
        })
    }

    fn write_each_atomically<'a>(
        &'a self,
        all: &'a [Vec<Write>],
        retries: u32,
    ) -> BoxFuture<'a, Answers<AtomicAnswer>> {
        Box::pin(async move {
            let writing = self.fences.writing(all.iter().flatten().map(|write| &write.key));
            let answers = self.inner.write_each_atomically(all, retries).await;
            if let Some(writing) = writing {
                writing.end_with(&answers);
            }
            answers
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.cache.clear();
        self.inner.close()
    }
}
