//! Data structures as what a desk is in front of.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use redkv_structures::cached::{CachedStructures, Fences, Writing};
use redkv_structures::{Action, Answer, Batching, Command, Limits, Structures, Usage};

use crate::desk::{Asked, Subject};
use crate::entry::Key;
use crate::error::Result;
use crate::operation::StructureOperation;
use crate::store::Answers;

/// A backend, with the cache in front of it if there is one.
#[derive(Debug)]
pub struct Cabinet {
    pub(super) backend: Arc<dyn Structures>,
    pub(super) limits: Limits,
    pub(super) fences: Arc<Fences>,
    pub(super) cached: Option<CachedStructures>,
}

impl Subject for Cabinet {
    type Command = Command;
    type Answer = Answer;
    /// Keeps what is written out of caches.
    type Mark = Option<Writing>;

    fn name(&self) -> &'static str {
        self.backend.name()
    }

    fn batching(&self) -> Batching {
        self.backend.batching()
    }

    fn usage(&self) -> Usage {
        self.backend.usage()
    }

    fn check(&self, command: &Command) -> Result<()> {
        self.limits.check(command)
    }

    fn known(&self, command: &Command) -> Option<Answer> {
        self.cached.as_ref()?.known(command)
    }

    fn mark(&self, commands: &[Command]) -> Option<Writing> {
        self.fences.writing_of(commands)
    }

    fn unmark(writing: Option<Writing>, answers: &Answers<Answer>) {
        if let Some(writing) = writing {
            writing.end_with(answers);
        }
    }

    fn told(answer: Answer) -> Result<Answer> {
        Ok(answer)
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        match &self.cached {
            Some(cached) => Box::pin(cached.ask(commands)),
            None => self.backend.run(commands),
        }
    }
}

impl Asked for Command {
    type Operation = StructureOperation;

    fn operation(&self) -> StructureOperation {
        self.action.operation()
    }

    fn together() -> StructureOperation {
        StructureOperation::Batch
    }

    fn order_key(&self) -> Option<Bytes> {
        Some(self.key.clone())
    }

    fn is_write(&self) -> bool {
        self.action.is_write()
    }

    /// One item answers it.
    fn goes_together(&self) -> bool {
        matches!(
            self.action,
            Action::Get
                | Action::SMembers
                | Action::SIsMember(_)
                | Action::SCard
                | Action::HGet(_)
                | Action::HGetAll
                | Action::ZScore(_)
        )
    }

    fn probe(&self) -> Key {
        key_of(&self.key)
    }
}

/// Returns the key of a plain value to probe a backend with.
pub(super) fn key_of(key: &[u8]) -> Key {
    /// An empty key is none everywhere.
    const SOME: &str = "redkv";
    match std::str::from_utf8(key) {
        Ok(key) if !key.is_empty() => Key::from(key),
        _ => Key::from(SOME),
    }
}
