//! Requests to a chain, and the answers to them.

use std::sync::Arc;

use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::operation::Operation;
use redkv_core::store::Want;

/// Which tiers an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them, in order.
    Chain,
    /// One, by its place in the chain.
    Tier(u16),
}

impl Scope {
    /// Returns whether a write in this scope replaces everything that a write in `other` does.
    pub(crate) fn covers(self, other: Self) -> bool {
        self == Self::Chain || self == other
    }
}

/// An operation on a key.
#[derive(Clone, Debug)]
pub enum Action {
    /// Read the entry.
    Get(Want),
    /// Look whether there is an entry.
    Has,
    /// Write the entry.
    Set(Entry),
    /// Write the entry unless there is one.
    SetIfAbsent(Entry),
    /// Delete the entry.
    Delete,
}

/// What a read asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The entry, like [`Action::Get`].
    Get(Want),
    /// Whether there is an entry, like [`Action::Has`].
    Has,
}

impl Question {
    pub(crate) fn operation(self) -> Operation {
        match self {
            Self::Get(_) => Operation::Get,
            Self::Has => Operation::Has,
        }
    }

    pub(crate) fn action(self) -> Action {
        match self {
            Self::Get(want) => Action::Get(want),
            Self::Has => Action::Has,
        }
    }
}

impl Action {
    /// Returns the operation that callers know it as.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Get(_) => Operation::Get,
            Self::Has => Operation::Has,
            Self::Set(_) | Self::SetIfAbsent(_) => Operation::Set,
            Self::Delete => Operation::Delete,
        }
    }

    pub(crate) fn is_write(&self) -> bool {
        !matches!(self, Self::Get(_) | Self::Has)
    }
}

/// One operation, made by [`Chain::request`](crate::Chain::request).
///
/// A write counts as called from the moment it is made, so it must be submitted.
#[derive(Debug)]
#[must_use = "a write that is made but never submitted blocks the synchronous reads of its key"]
pub struct Request {
    pub(crate) scope: Scope,
    pub(crate) key: Key,
    pub(crate) action: Action,
}

/// The answer to an [`Action`] that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Action::Get`].
    Entry(Option<Entry>),
    /// To [`Action::Has`].
    Has(bool),
    /// To a write: whether it was made (`false` only for [`Action::SetIfAbsent`] on a key that had an entry).
    Written(bool),
}

/// Receives the answers to one submission, one per request, in any order, from any thread.
pub trait Replies: Send + Sync {
    /// The answer to the request at `index` of the submission.
    fn reply(&self, index: u32, answer: Result<Answer>);

    /// The answers to the requests at `indexes`, one at least, which became known together. Implement it where that is
    /// cheaper than one by one.
    fn reply_many(&self, indexes: &[u32], answers: Vec<Result<Answer>>) {
        indexes.iter().zip(answers).for_each(|(index, answer)| self.reply(*index, answer));
    }

    /// `error` is the answer to all requests that have none yet; those that come later are for nobody.
    fn abandon(&self, error: &Error);
}

/// Somebody who waits for the answer to one request.
#[derive(Clone)]
pub(crate) struct Waiter {
    pub(crate) replies: Arc<dyn Replies>,
    pub(crate) index: u32,
}

impl Waiter {
    pub(crate) fn reply(&self, answer: Result<Answer>) {
        self.replies.reply(self.index, answer);
    }
}

impl std::fmt::Debug for Waiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Waiter").field(&self.index).finish()
    }
}
