//! What a desk is in front of.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use redkv_core::service::{Batching, Usage};

use crate::entry::Key;
use crate::error::Result;
use crate::operation::OperationSet;
use crate::store::Answers;

/// A command of a service.
pub trait Asked: Send + Sync + 'static {
    /// The operations by which callers know such commands.
    type Operation: OperationSet;

    /// Returns the operation that callers know it by.
    fn operation(&self) -> Self::Operation;

    /// Returns the operation under which commands of different ones go together.
    fn together() -> Self::Operation;

    /// Returns what it keeps its place for among the commands of a service that keeps no order itself.
    fn order_key(&self) -> Option<Bytes>;

    /// Returns whether it can change what is stored.
    fn is_write(&self) -> bool;

    /// Returns whether it is a read of one item, many of which are best asked for together.
    fn goes_together(&self) -> bool;

    /// Returns the key that the store of the chain is probed with, should the command fail.
    fn probe(&self) -> Key;
}

/// A service that takes commands.
pub trait Subject: Send + Sync + 'static {
    /// What it takes.
    type Command: Asked;
    /// What it answers.
    type Answer: Clone + Send + 'static;
    /// What is kept from the call of commands until they are answered.
    type Mark: Send + 'static;

    /// The name under which users know it.
    fn name(&self) -> &'static str;

    /// Returns how what came together is cut.
    fn batching(&self) -> Batching;

    /// Returns what it has consumed.
    fn usage(&self) -> Usage;

    /// Fails if `command` must not be sent.
    fn check(&self, command: &Self::Command) -> Result<()>;

    /// Returns the answer to `command`, if it is known without asking.
    fn known(&self, command: &Self::Command) -> Option<Self::Answer>;

    /// Notes commands when they are called.
    fn mark(&self, commands: &[Self::Command]) -> Self::Mark;

    /// Notes the answers of commands that were noted.
    fn unmark(mark: Self::Mark, answers: &Answers<Self::Answer>);

    /// Returns an answer as callers get it: some are errors for them, which are no failures of the service.
    fn told(answer: Self::Answer) -> Result<Self::Answer>;

    /// Makes operations, and returns one answer for each.
    fn run<'a>(&'a self, commands: &'a [Self::Command]) -> BoxFuture<'a, Answers<Self::Answer>>;
}

/// Receives the answers to the commands of one call of [`Desk::submit`](super::Desk::submit).
pub trait Receiver<A>: Send + Sync {
    /// Answers the commands at the indexes, each of which is answered once.
    fn answer(&self, answers: Vec<(u32, Result<A>)>);
}
