//! The trait of everything that keeps data structures.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};
use redkv_core::error::Result;
use redkv_core::service::{Batching, RequestReport, Usage};
use redkv_core::store::Answers;

use crate::answer::Answer;
use crate::atomic::{AtomicAnswer, Write};
use crate::command::Command;
use crate::limits::Limits;

/// A place that keeps data structures.
///
/// No method blocks the thread, and none panics. Deadlines are kept by the caller, who drops the future. A backend sends
/// nothing again after an unknown outcome, but reads, and a transaction with its token.
pub trait Structures: fmt::Debug + Send + Sync + 'static {
    /// The name under which users know it, such as `redis`.
    fn name(&self) -> &'static str;

    /// Returns how the caller cuts what came together into calls of [`Structures::run`].
    fn batching(&self) -> Batching;

    /// Returns how large keys, members and items may be. The caller keeps to them, with [`Limits::check`].
    fn limits(&self) -> Limits;

    /// Returns how far the kinds of one key are kept apart.
    fn kinds(&self) -> Kinds;

    /// Returns whether the thread of a caller may run its operations up to where they wait for an answer; see
    /// [`Capabilities::runs_inline`](redkv_core::store::Capabilities::runs_inline).
    ///
    /// By default it may not.
    fn runs_inline(&self) -> bool {
        false
    }

    /// Returns whether other processes see what this one writes.
    fn is_shared(&self) -> bool;

    /// Returns whether what is written outlives the process.
    fn is_durable(&self) -> bool;

    /// Connects, opens, reads the description of the table. Idempotent; the other methods do it by themselves.
    fn init(&self) -> BoxFuture<'_, Result<()>>;

    /// Makes the table of the format if it is missing, where there are tables; elsewhere does nothing. Works without
    /// [`Structures::init`].
    fn create_table(&self) -> BoxFuture<'_, Result<()>>;

    /// Makes operations, and returns one answer for each. Those of one key take effect in their order; one that fails
    /// fails alone.
    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>>;

    /// Makes all `writes` or none: none if a condition does not hold. The writes were [merged](crate::atomic::merged): there
    /// is one for each item. An error that is about one of them says [which](redkv_core::error::Error::at_place). A wrong kind
    /// beats a counter that does not count, and both beat conditions. Contention is retried `retries` times with jittered
    /// pauses, then it fails with [`ErrorKind::Conflict`](redkv_core::error::ErrorKind::Conflict), retryable.
    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>>;

    /// Makes atomic writes that came together, each by itself as [`Structures::write_atomically`] does, and returns one answer
    /// for each. Those that have a key in common take effect in their order, where the backend keeps it.
    ///
    /// By default they are begun in their order.
    fn write_each_atomically<'a>(
        &'a self,
        all: &'a [Vec<Write>],
        retries: u32,
    ) -> BoxFuture<'a, Answers<AtomicAnswer>> {
        Box::pin(side_by_side(self, all, retries))
    }

    /// Returns what was consumed so far.
    fn usage(&self) -> Usage;

    /// Reports each request of the backend to `observer` from now on, where there are requests. Only the first counts.
    fn observe(&self, observer: Arc<dyn Fn(&RequestReport) + Send + Sync>);

    /// Ends connections and threads. Idempotent.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// How far a backend keeps the kinds of one key apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// A key has one kind.
    Apart,
    /// A key has one kind as far as commands go. In an atomic write, values, sets and hashes do not see sorted members, nor
    /// these them.
    ApartInCommands,
    /// Sorted members may be under the key of a value, set or hash, and neither sees the other. Only
    /// [`Action::Has`](crate::Action::Has) and [`Deletion::All`](crate::Deletion::All) see both.
    SortedBeside,
}

/// Begins atomic writes in their order, each as [`Structures::write_atomically`] does.
pub async fn side_by_side<S: Structures + ?Sized>(
    backend: &S,
    all: &[Vec<Write>],
    retries: u32,
) -> Answers<AtomicAnswer> {
    join_all(all.iter().map(|writes| backend.write_atomically(writes, retries))).await
}
