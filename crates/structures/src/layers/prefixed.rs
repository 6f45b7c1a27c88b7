//! Data structures under keys that begin with a prefix.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::store::Answers;

use crate::answer::Answer;
use crate::atomic::{AtomicAnswer, Write};
use crate::command::Command;
use crate::layers::layer::Layer;
use crate::limits::Limits;
use crate::structures::Structures;

/// A backend in which every key begins with a prefix.
#[derive(Debug)]
pub struct PrefixedStructures {
    prefix: Bytes,
    inner: Arc<dyn Structures>,
}

impl PrefixedStructures {
    /// Puts `prefix` before every key of `inner`.
    pub fn new(prefix: impl Into<Bytes>, inner: Arc<dyn Structures>) -> Self {
        Self { prefix: prefix.into(), inner }
    }

    fn prefixed(&self, key: &[u8]) -> Bytes {
        [&self.prefix[..], key].concat().into()
    }
}

impl Layer for PrefixedStructures {
    fn inner(&self) -> &Arc<dyn Structures> {
        &self.inner
    }

    fn limits(&self) -> Limits {
        let limits = self.inner.limits();
        Limits { key: limits.key.saturating_sub(self.prefix.len()), ..limits }
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(async move {
            let prefixed =
                |command: &Command| Command { key: self.prefixed(&command.key), ..command.clone() };
            let commands: Vec<_> = commands.iter().map(prefixed).collect();
            self.inner.run(&commands).await
        })
    }

    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        Box::pin(async move {
            let prefixed = |write: &Write| Write { key: self.prefixed(&write.key), ..write.clone() };
            let writes: Vec<_> = writes.iter().map(prefixed).collect();
            self.inner.write_atomically(&writes, retries).await
        })
    }

    fn write_each_atomically<'a>(
        &'a self,
        all: &'a [Vec<Write>],
        retries: u32,
    ) -> BoxFuture<'a, Answers<AtomicAnswer>> {
        Box::pin(async move {
            let prefixed = |write: &Write| Write { key: self.prefixed(&write.key), ..write.clone() };
            let all: Vec<Vec<_>> = all.iter().map(|writes| writes.iter().map(prefixed).collect()).collect();
            self.inner.write_each_atomically(&all, retries).await
        })
    }
}
