//! The plain values of a backend, as a store of a chain.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::service::Batching;
use redkv_core::store::partial::Partial;
use redkv_core::store::{
    Answers, Capabilities, Cursor, Expiry, Immediate, Leases, Page, Pieces, SetMode, Store, Want,
    cannot_clear, cannot_list_keys,
};

use crate::answer::Answer;
use crate::command::{Action, Command, Deletion};
use crate::structures::Structures;
use crate::value::Value;

/// A store that keeps entries as plain values of a backend of data structures. Nothing expires there, and keys are not
/// listed. A key of another kind fails with [`ErrorKind::Type`], and is replaced when it is written.
#[derive(Debug)]
pub struct PlainValues {
    backend: Arc<dyn Structures>,
    capabilities: Capabilities,
}

impl PlainValues {
    /// Creates the store of the plain values of `backend`.
    pub fn new(backend: Arc<dyn Structures>) -> Self {
        let limits = backend.limits();
        let pieces = match backend.batching() {
            Batching::Together(_) => Pieces { min: 64, max: 500, bytes: 256 << 10 },
            Batching::Apart(most) => Pieces { min: most, max: most, bytes: usize::MAX },
        };
        let capabilities = Capabilities {
            expiry: Expiry::None,
            max_key_bytes: limits.key,
            max_value_bytes: limits.item,
            empty_keys: limits.may_be_empty,
            reads: pieces,
            writes: pieces,
            runs_inline: backend.runs_inline(),
            ordered: matches!(backend.batching(), Batching::Together(_)),
            enumerable: false,
            lists_all: false,
            clearable: false,
            shared: backend.is_shared(),
            durable: backend.is_durable(),
            ..Capabilities::BASE
        };
        Self { backend, capabilities }
    }

    /// Makes one action for each key, and reads the answers.
    async fn run<T>(
        &self,
        commands: impl Iterator<Item = (Key, Action)>,
        read: impl Fn(Answer) -> Option<T>,
    ) -> Answers<T> {
        let command =
            |(key, action): (Key, Action)| Command::new(Bytes::copy_from_slice(key.as_bytes()), action);
        let commands: Vec<_> = commands.map(command).collect();
        let defect = || Error::new(ErrorKind::Internal, "a defect of RedKV: an answer of a wrong kind");
        let answers = match self.backend.batching() {
            Batching::Together(_) => self.backend.run(&commands).await,
            // Such a backend takes one command at a time, but for reads.
            Batching::Apart(most) => {
                let mut answers = Vec::with_capacity(commands.len());
                let is_read = commands.iter().all(|command| matches!(command.action, Action::Get));
                let size = if is_read { most } else { 1 };
                let runs = commands.chunks(size).map(|piece| self.backend.run(piece));
                for run in futures_util::future::join_all(runs).await {
                    answers.extend(run);
                }
                answers
            }
        };
        answers.into_iter().map(|answer| answer.and_then(|answer| read(answer).ok_or_else(defect))).collect()
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for PlainValues {
    fn name(&self) -> &'static str {
        self.backend.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.backend.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        let commands = keys.iter().map(|key| (key.clone(), Action::Get));
        Box::pin(self.run(commands, |answer| match answer {
            Answer::Value(value) => Some(value.map(Entry::new)),
            _ => None,
        }))
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(self.run(keys.iter().map(|key| (key.clone(), Action::Has)), is))
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            let partial = Partial::new(entries, without_deadline);
            let command = |(key, entry): &(Key, Entry)| {
                let value = Value::Text(entry.value.clone());
                let action = match mode {
                    SetMode::Always => Action::Set(value),
                    SetMode::IfAbsent => Action::SetNx(value),
                };
                (key.clone(), action)
            };
            let written = |answer| match answer {
                Answer::Done => Some(true),
                other => is(other),
            };
            let answers = self.run(partial.good.iter().map(command), written).await;
            partial.complete(answers)
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        let commands = keys.iter().map(|key| (key.clone(), Action::Delete(Deletion::Value)));
        Box::pin(self.run(commands, |answer| is(answer).map(|_| ())))
    }

    fn keys<'a>(&'a self, _prefix: &'a str, _after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(std::future::ready(Err(cannot_list_keys())))
    }

    fn clear<'a>(
        &'a self,
        _prefix: &'a str,
        _after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(std::future::ready(Err(cannot_clear())))
    }

    fn leases(&self) -> Option<&dyn Leases> {
        None
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.backend.close()
    }
}

fn without_deadline((_, entry): &(Key, Entry)) -> Result<()> {
    match entry.deadline {
        Some(_) => Err(Error::unsupported("data structures have no time to live")),
        None => Ok(()),
    }
}

fn is(answer: Answer) -> Option<bool> {
    match answer {
        Answer::Is(is) => Some(is),
        _ => None,
    }
}
