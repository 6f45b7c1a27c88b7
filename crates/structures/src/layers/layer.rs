//! What goes around a backend.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::service::{Batching, RequestReport, Usage};
use redkv_core::store::Answers;

use crate::answer::Answer;
use crate::atomic::{AtomicAnswer, Write};
use crate::command::Command;
use crate::limits::Limits;
use crate::structures::{Kinds, Structures};

/// What goes around a backend, and is one. It does what the backend does, unless a method says otherwise.
pub trait Layer: fmt::Debug + Send + Sync + 'static {
    /// Returns what it goes around.
    fn inner(&self) -> &Arc<dyn Structures>;

    /// As [`Structures::limits`].
    fn limits(&self) -> Limits {
        self.inner().limits()
    }

    /// As [`Structures::run`].
    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        self.inner().run(commands)
    }

    /// As [`Structures::write_atomically`].
    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        self.inner().write_atomically(writes, retries)
    }

    /// As [`Structures::write_each_atomically`].
    fn write_each_atomically<'a>(
        &'a self,
        all: &'a [Vec<Write>],
        retries: u32,
    ) -> BoxFuture<'a, Answers<AtomicAnswer>> {
        self.inner().write_each_atomically(all, retries)
    }

    /// As [`Structures::close`].
    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner().close()
    }
}

#[deny(clippy::missing_trait_methods)]
impl<L: Layer> Structures for L {
    fn name(&self) -> &'static str {
        self.inner().name()
    }

    fn batching(&self) -> Batching {
        self.inner().batching()
    }

    fn limits(&self) -> Limits {
        Layer::limits(self)
    }

    fn kinds(&self) -> Kinds {
        self.inner().kinds()
    }

    fn runs_inline(&self) -> bool {
        self.inner().runs_inline()
    }

    fn is_shared(&self) -> bool {
        self.inner().is_shared()
    }

    fn is_durable(&self) -> bool {
        self.inner().is_durable()
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner().init()
    }

    fn create_table(&self) -> BoxFuture<'_, Result<()>> {
        self.inner().create_table()
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Layer::run(self, commands)
    }

    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        Layer::write_atomically(self, writes, retries)
    }

    fn write_each_atomically<'a>(
        &'a self,
        all: &'a [Vec<Write>],
        retries: u32,
    ) -> BoxFuture<'a, Answers<AtomicAnswer>> {
        Layer::write_each_atomically(self, all, retries)
    }

    fn usage(&self) -> Usage {
        self.inner().usage()
    }

    fn observe(&self, observer: Arc<dyn Fn(&RequestReport) + Send + Sync>) {
        self.inner().observe(observer);
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Layer::close(self)
    }
}
