//! Batches that can be split: by slot in a cluster, by key where one key fails the others.

use redis::Value;

use super::reads::Sought;
use super::{reads, writes};
use crate::protocol::request::{Request, copied};
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::store::{Answers, SetMode};

/// A batch that is cut into parts. A part is one command or one transaction, so that it is made as a whole or not at
/// all, and its keys are all in one slot.
pub(crate) trait Batch: Sync {
    /// What is asked for.
    type Item: Clone + Send + Sync;
    /// What each item is answered with.
    type Answer: Clone + Send + Sync;
    /// Whether a part changes something: then it may be sent again only when it is certain that it was not made.
    const WRITES: bool;
    /// Whether a part is a transaction.
    const IS_TRANSACTION: bool = false;

    /// Whether each item has a command of its own, so that none fails another.
    const IS_APART: bool = false;

    fn key(item: &Self::Item) -> &[u8];

    /// The length of the longest string that an item takes in a request.
    fn longest(item: &Self::Item) -> usize {
        Self::key(item).len()
    }

    /// How many bytes of a request an item takes.
    fn bytes(item: &Self::Item) -> usize {
        Self::key(item).len()
    }

    /// Returns whether `next`, of the same slot, may be in one part with `part`.
    fn joins(&self, part: &[Self::Item], next: &Self::Item) -> bool;

    /// Writes the commands of a part; `unqueued` without a transaction.
    fn ask(&self, request: &mut Request, part: &[Self::Item], unqueued: bool);

    /// Notes that a request of so many commands is sent to a node.
    fn sent(&self, _commands: usize) {}

    fn answers(&self, replies: Vec<Value>, part: &[Self::Item], unqueued: bool) -> Answers<Self::Answer>;
}

/// Values alone.
pub(super) struct Values;

impl Batch for Values {
    type Item = Key;
    type Answer = Option<Entry>;
    const WRITES: bool = false;

    fn key(item: &Key) -> &[u8] {
        item.as_bytes()
    }

    fn joins(&self, _: &[Key], _: &Key) -> bool {
        true
    }

    fn ask(&self, request: &mut Request, part: &[Key], _: bool) {
        reads::ask_values(request, part);
    }

    fn answers(&self, replies: Vec<Value>, part: &[Key], _: bool) -> Answers<Option<Entry>> {
        reads::values_read(replies, part.len())
    }
}

/// Values with the time that they have left.
pub(super) struct Entries {
    pub(super) asked: u64,
}

impl Batch for Entries {
    type Item = Key;
    type Answer = Option<Entry>;
    const WRITES: bool = false;
    const IS_TRANSACTION: bool = true;

    fn key(item: &Key) -> &[u8] {
        item.as_bytes()
    }

    fn bytes(item: &Key) -> usize {
        // The transaction, and the key once more.
        2 * item.len() + 64
    }

    fn joins(&self, _: &[Key], _: &Key) -> bool {
        true
    }

    fn ask(&self, request: &mut Request, part: &[Key], unqueued: bool) {
        if unqueued { reads::ask_entries_unqueued(request, part) } else { reads::ask_entries(request, part) }
    }

    fn answers(&self, replies: Vec<Value>, part: &[Key], unqueued: bool) -> Answers<Option<Entry>> {
        if unqueued {
            reads::entries_unqueued_read(replies, part.len(), self.asked)
        } else {
            reads::entries_read(replies, part.len(), self.asked)
        }
    }
}

/// Whether there are entries.
pub(super) struct Existence(pub(super) Sought);

impl Batch for Existence {
    type Item = Key;
    type Answer = bool;
    const WRITES: bool = false;
    const IS_APART: bool = true;

    fn key(item: &Key) -> &[u8] {
        item.as_bytes()
    }

    fn joins(&self, _: &[Key], _: &Key) -> bool {
        false
    }

    fn ask(&self, request: &mut Request, part: &[Key], _: bool) {
        reads::ask_existence(request, part, self.0);
    }

    fn answers(&self, replies: Vec<Value>, part: &[Key], _: bool) -> Answers<bool> {
        reads::existence_read(replies, part.len())
    }
}

/// Entries to write.
pub(super) struct Writes<'a> {
    pub(super) mode: SetMode,
    pub(super) clock: &'a dyn Clock,
}

impl Batch for Writes<'_> {
    type Item = (Key, Entry);
    type Answer = bool;
    const WRITES: bool = true;

    fn key((key, _): &(Key, Entry)) -> &[u8] {
        key.as_bytes()
    }

    fn longest((key, entry): &(Key, Entry)) -> usize {
        key.len().max(entry.value.len())
    }

    fn bytes((key, entry): &(Key, Entry)) -> usize {
        key.len() + copied(&entry.value) + 32
    }

    fn joins(&self, part: &[(Key, Entry)], next: &(Key, Entry)) -> bool {
        writes::go_together(part, next, self.mode)
    }

    fn ask(&self, request: &mut Request, part: &[(Key, Entry)], _: bool) {
        // The time that an entry has left, whenever it is sent.
        writes::ask_write(request, part, self.mode, self.clock.now());
    }

    fn answers(&self, replies: Vec<Value>, part: &[(Key, Entry)], _: bool) -> Answers<bool> {
        writes::write_done(&replies, part.len(), self.mode)
    }
}

/// Keys to delete, by the command of this name.
pub(super) struct Deletes(pub(super) &'static str);

impl Batch for Deletes {
    type Item = Key;
    type Answer = ();
    const WRITES: bool = true;

    fn key(item: &Key) -> &[u8] {
        item.as_bytes()
    }

    fn joins(&self, _: &[Key], _: &Key) -> bool {
        true
    }

    fn ask(&self, request: &mut Request, part: &[Key], _: bool) {
        writes::ask_deletes(request, self.0, part);
    }

    fn answers(&self, replies: Vec<Value>, part: &[Key], _: bool) -> Answers<()> {
        writes::deleted(&replies, part.len())
    }
}
