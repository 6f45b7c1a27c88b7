//! Data structures in memory: for tests, and as the model that other backends are compared with.

mod change;
mod data;
mod run;
mod sorted;

use std::sync::Arc;

use futures_util::future::{BoxFuture, ready};
use redkv_core::error::Result;
use redkv_core::lock::Lock;
use redkv_core::service::{Batching, RequestReport, Usage};
use redkv_core::store::Answers;

use crate::answer::Answer;
use crate::atomic::{AtomicAnswer, Write};
use crate::command::Command;
use crate::limits::Limits;
use crate::structures::{Kinds, Structures};
use data::Map;

/// Data structures in the memory of this process.
#[derive(Debug)]
pub struct MemoryStructures {
    limits: Limits,
    map: Lock<Map>,
}

impl MemoryStructures {
    /// Creates an empty one that refuses what exceeds `limits`.
    pub fn new(limits: Limits) -> Self {
        Self { limits, map: Lock::new(Map::default()) }
    }
}

impl Clone for MemoryStructures {
    /// Returns another one that holds the same.
    fn clone(&self) -> Self {
        Self { limits: self.limits, map: Lock::new(self.map.lock().clone()) }
    }
}

impl Default for MemoryStructures {
    fn default() -> Self {
        Self::new(Limits::REDIS)
    }
}

fn at_once<T: Send + 'static>(answer: T) -> BoxFuture<'static, T> {
    Box::pin(ready(answer))
}

impl Structures for MemoryStructures {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn batching(&self) -> Batching {
        Batching::Together(usize::MAX)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn kinds(&self) -> Kinds {
        Kinds::Apart
    }

    fn runs_inline(&self) -> bool {
        true
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        at_once(Ok(()))
    }

    fn create_table(&self) -> BoxFuture<'_, Result<()>> {
        at_once(Ok(()))
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(async move {
            let mut map = self.map.lock();
            let mut answer = |command: &Command| self.limits.check(command).and_then(|()| map.run(command));
            commands.iter().map(&mut answer).collect()
        })
    }

    fn write_atomically<'a>(&'a self, writes: &'a [Write], _: u32) -> BoxFuture<'a, Result<AtomicAnswer>> {
        Box::pin(async move {
            writes.iter().try_for_each(|write| self.limits.check_write(write))?;
            self.map.lock().write(writes)
        })
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn observe(&self, _: Arc<dyn Fn(&RequestReport) + Send + Sync>) {}

    fn close(&self) -> BoxFuture<'_, ()> {
        at_once(())
    }
}
