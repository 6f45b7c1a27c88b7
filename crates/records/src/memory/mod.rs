//! Records in memory: for tests, and as the model that other backends are compared with.

mod data;

use futures_util::future::{BoxFuture, ready};
use redkv_core::error::Result;
use redkv_core::lock::Lock;
use redkv_core::service::{Batching, RequestObserver, Usage};
use redkv_core::store::Answers;

use self::data::Data;
use crate::command::{Answer, Command};
use crate::index::TableShape;
use crate::records::Records;

/// Records in the memory of this process.
#[derive(Debug, Default)]
pub struct MemoryRecords(Lock<Data>);

fn at_once<T: Send + 'static>(answer: T) -> BoxFuture<'static, T> {
    Box::pin(ready(answer))
}

impl Records for MemoryRecords {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn batching(&self) -> Batching {
        Batching::Together(usize::MAX)
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

    fn create_table<'a>(&'a self, shape: &'a TableShape) -> BoxFuture<'a, Result<()>> {
        at_once(self.0.lock().reshape(shape))
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(async move {
            let mut data = self.0.lock();
            commands.iter().map(|command| data.run(command)).collect()
        })
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn observe(&self, _: RequestObserver) {}

    fn close(&self) -> BoxFuture<'_, ()> {
        at_once(())
    }
}
