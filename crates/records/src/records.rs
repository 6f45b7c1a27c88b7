//! The trait of everything that keeps records.

use std::fmt;

use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::service::{Batching, RequestObserver, Usage};
use redkv_core::store::Answers;

use crate::command::{Answer, Command};
use crate::index::TableShape;

/// A table that keeps versioned records in partitions.
///
/// No method blocks the thread, and none panics. Deadlines are kept by the caller, who drops the future, and so are the
/// [limits](crate::limits::check). A backend sends nothing again after an unknown outcome, but reads.
pub trait Records: fmt::Debug + Send + Sync + 'static {
    /// The name under which users know it, such as `dynamodb`.
    fn name(&self) -> &'static str;

    /// Returns how the caller cuts what came together into calls of [`Records::run`]. Where commands go apart, those that
    /// [go together](Command::goes_together) do.
    fn batching(&self) -> Batching;

    /// Returns whether other processes see what this one writes.
    fn is_shared(&self) -> bool;

    /// Returns whether what is written outlives the process.
    fn is_durable(&self) -> bool;

    /// Connects, opens, reads the description of the table. Idempotent; the other methods do it by themselves.
    fn init(&self) -> BoxFuture<'_, Result<()>>;

    /// Makes the table if it is missing, with what `shape` has; adds what is missing to one that is there, as far as the
    /// backend can, and else fails. Works without [`Records::init`]. Waits until all of it can be used.
    fn create_table<'a>(&'a self, shape: &'a TableShape) -> BoxFuture<'a, Result<()>>;

    /// Makes operations, and returns one answer for each. Those on one record take effect in their order; one that fails
    /// fails alone.
    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>>;

    /// Returns what was consumed so far.
    fn usage(&self) -> Usage;

    /// Reports each request of the backend to `observer` from now on, where there are requests. Only the first counts.
    fn observe(&self, observer: RequestObserver);

    /// Ends connections and threads. Idempotent.
    fn close(&self) -> BoxFuture<'_, ()>;
}

impl Command {
    /// Returns whether it is a read of one record, many of which are best asked for together.
    pub fn goes_together(&self) -> bool {
        use crate::command::Action;
        matches!(self.action, Action::Get { .. } | Action::Exists { .. })
    }
}
