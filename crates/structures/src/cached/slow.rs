//! A backend for tests that counts what it is asked, and can be held up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::store::Answers;
use tokio::sync::Semaphore;

use crate::memory::MemoryStructures;
use crate::{
    Answer, AtomicAnswer, Batching, Command, Kinds, Limits, RequestReport, Structures, Usage, Write,
};

/// A backend that answers when it is let go: what it reads it has read before.
#[derive(Debug)]
pub(super) struct Slow {
    pub(super) inner: MemoryStructures,
    pub(super) asked: AtomicU64,
    pub(super) is_held: AtomicBool,
    pub(super) gate: Semaphore,
    pub(super) fails: AtomicBool,
}

impl Slow {
    pub(super) fn hold(&self) {
        self.is_held.store(true, Ordering::Relaxed);
    }

    pub(super) fn let_go(&self) {
        self.is_held.store(false, Ordering::Relaxed);
        self.gate.add_permits(1);
    }

    async fn held(&self) {
        if self.is_held.load(Ordering::Relaxed) {
            self.gate.acquire().await.unwrap().forget();
        }
    }

    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Structures for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn batching(&self) -> Batching {
        self.inner.batching()
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    fn kinds(&self) -> Kinds {
        self.inner.kinds()
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.init()
    }

    fn create_table(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.create_table()
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(async move {
            self.asked.fetch_add(commands.len() as u64, Ordering::Relaxed);
            let answers = self.inner.run(commands).await;
            self.held().await;
            if self.fails.load(Ordering::Relaxed) {
                let error = Error::new(ErrorKind::Connection, "lost").outcome(Outcome::Unknown);
                return commands.iter().map(|_| Err(error.clone())).collect();
            }
            answers
        })
    }

    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        self.inner.write_atomically(writes, retries)
    }

    fn usage(&self) -> Usage {
        self.inner.usage()
    }

    fn observe(&self, observer: Arc<dyn Fn(&RequestReport) + Send + Sync>) {
        self.inner.observe(observer);
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}
