//! A batch in the order of its slots, with the answers that there are. Whoever takes it to the nodes need not know what
//! it asks for, so that the program has that way once and not once for each kind of batch.

use std::ops::Range;

use redis::Value;

use super::super::batches::Batch;
use crate::protocol::request::Request;
use redkv_core::error::{Error, Result};

/// A batch on its way. Items are known by their places.
pub(super) trait Asked: Send + Sync {
    /// See [`Batch::WRITES`].
    fn writes(&self) -> bool;

    /// See [`Batch::IS_TRANSACTION`].
    fn is_transaction(&self) -> bool;

    /// See [`Batch::joins`].
    fn joins(&self, part: Range<usize>, next: usize) -> bool;

    /// How many bytes of a request a part takes.
    fn bytes(&self, part: Range<usize>) -> usize;

    /// See [`Batch::longest`].
    fn longest(&self, part: Range<usize>) -> usize;

    /// See [`Batch::ask`].
    fn ask(&self, request: &mut Request, part: Range<usize>, unqueued: bool);

    /// See [`Batch::sent`].
    fn sent(&self, commands: usize);

    /// Takes the answers to a part from the replies to it.
    fn answered(&mut self, replies: Vec<Value>, part: Range<usize>, unqueued: bool);

    /// Answers a part with an error.
    fn fail(&mut self, part: Range<usize>, error: &Error);
}

pub(super) struct Sorted<'a, B: Batch> {
    batch: &'a B,
    items: Vec<B::Item>,
    pub(super) answers: Vec<Option<Result<B::Answer>>>,
}

impl<'a, B: Batch> Sorted<'a, B> {
    pub(super) fn new(batch: &'a B, items: Vec<B::Item>) -> Self {
        let answers = vec![None; items.len()];
        Self { batch, items, answers }
    }
}

impl<B: Batch> Asked for Sorted<'_, B> {
    fn writes(&self) -> bool {
        B::WRITES
    }

    fn is_transaction(&self) -> bool {
        B::IS_TRANSACTION
    }

    fn joins(&self, part: Range<usize>, next: usize) -> bool {
        self.batch.joins(&self.items[part], &self.items[next])
    }

    fn bytes(&self, part: Range<usize>) -> usize {
        self.items[part].iter().map(B::bytes).sum()
    }

    fn longest(&self, part: Range<usize>) -> usize {
        self.items[part].iter().map(B::longest).max().unwrap_or_default()
    }

    fn ask(&self, request: &mut Request, part: Range<usize>, unqueued: bool) {
        self.batch.ask(request, &self.items[part], unqueued);
    }

    fn sent(&self, commands: usize) {
        self.batch.sent(commands);
    }

    fn answered(&mut self, replies: Vec<Value>, part: Range<usize>, unqueued: bool) {
        let answers = self.batch.answers(replies, &self.items[part.clone()], unqueued);
        for (place, answer) in part.zip(answers) {
            self.answers[place] = Some(answer);
        }
    }

    fn fail(&mut self, part: Range<usize>, error: &Error) {
        self.answers[part].fill(Some(Err(error.clone())));
    }
}
