//! Backends that have so many calls at a time.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::service::Calls;
use redkv_core::store::Answers;

use crate::answer::Answer;
use crate::atomic::{AtomicAnswer, Write};
use crate::command::Command;
use crate::layers::layer::Layer;
use crate::structures::{Structures, side_by_side};

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

    fn write_each_atomically<'a>(
        &'a self,
        all: &'a [Vec<Write>],
        retries: u32,
    ) -> BoxFuture<'a, Answers<AtomicAnswer>> {
        Box::pin(side_by_side(self, all, retries))
    }
}
