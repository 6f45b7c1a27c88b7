//! Data structures under keys that begin with a prefix.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::service::{Batching, RequestReport, Usage};
use redkv_core::store::Answers;

use crate::answer::Answer;
use crate::atomic::{AtomicAnswer, Write};
use crate::command::Command;
use crate::limits::Limits;
use crate::structures::{Kinds, Structures};

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

#[deny(clippy::missing_trait_methods)]
impl Structures for PrefixedStructures {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn batching(&self) -> Batching {
        self.inner.batching()
    }

    fn limits(&self) -> Limits {
        let limits = self.inner.limits();
        Limits {
            key: limits.key.saturating_sub(self.prefix.len()),
            may_be_empty: limits.may_be_empty,
            ..limits
        }
    }

    fn kinds(&self) -> Kinds {
        self.inner.kinds()
    }

    fn runs_inline(&self) -> bool {
        self.inner.runs_inline()
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    fn is_durable(&self) -> bool {
        self.inner.is_durable()
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.init()
    }

    fn create_table(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.create_table()
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
