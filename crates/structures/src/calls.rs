//! How many calls a backend has at a time.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::service::Batching;
use redkv_core::store::Answers;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::answer::Answer;
use crate::atomic::{AtomicAnswer, Write};
use crate::command::Command;
use crate::layer::Layer;
use crate::structures::Structures;

/// So many connections are worth more than more of them.
const MOST: usize = 64;

/// The calls that one backend has at a time, whoever makes them. Where it takes what came together apart, each may need a
/// connection of its own; where it takes it together, it has one connection for all, and nothing is counted.
#[derive(Debug)]
pub struct Calls(Option<Semaphore>);

impl Calls {
    /// Creates the room for the calls of `backend`.
    pub fn of(backend: &dyn Structures) -> Self {
        Self(match backend.batching() {
            Batching::Together(_) => None,
            Batching::Apart(_) => Some(Semaphore::new(MOST)),
        })
    }

    /// Waits until the backend has room for a call, which ends when the returned value is dropped.
    pub async fn begin(&self) -> Option<SemaphorePermit<'_>> {
        self.0.as_ref()?.acquire().await.ok()
    }
}

/// A backend whose calls wait until there is room for them.
#[derive(Debug)]
pub struct CountedStructures {
    inner: Arc<dyn Structures>,
    calls: Arc<Calls>,
}

impl CountedStructures {
    /// Counts what is asked of `inner` among `calls`.
    pub fn new(inner: Arc<dyn Structures>, calls: Arc<Calls>) -> Self {
        Self { inner, calls }
    }
}

impl Layer for CountedStructures {
    fn inner(&self) -> &Arc<dyn Structures> {
        &self.inner
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(async move {
            let _call = self.calls.begin().await;
            self.inner.run(commands).await
        })
    }

    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        Box::pin(async move {
            let _call = self.calls.begin().await;
            self.inner.write_atomically(writes, retries).await
        })
    }
}
