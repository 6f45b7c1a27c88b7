//! Records as a store that a chain looks at.

use std::sync::Arc;

use futures_util::future::{BoxFuture, ready};
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::service::Batching;
use redkv_core::store::{
    Answers, Capabilities, Cursor, Expiry, Page, Pieces, SetMode, Store, Want, answer_all, cannot_list_keys,
};

use crate::command::{Action, Answer, Command};
use crate::record::Place;
use crate::records::Records;

/// What is between the name of a partition and a key.
const SEPARATOR: char = '\0';

/// A store whose reads look whether a record is there: by them a chain finds out whether a backend is back. It takes no
/// writes.
#[derive(Debug)]
pub struct RecordsProbe {
    backend: Arc<dyn Records>,
    clock: Arc<dyn Clock>,
}

impl RecordsProbe {
    /// Creates the store that asks `backend`.
    pub fn new(backend: Arc<dyn Records>, clock: Arc<dyn Clock>) -> Self {
        Self { backend, clock }
    }

    /// Returns the key under which it looks for the record at `place`.
    pub fn key(place: &Place) -> Key {
        let Place { partition, key } = place;
        Key::from(format!("{partition}{SEPARATOR}{key}"))
    }

    /// Returns the place of the record that it looks for under `key`.
    fn place(key: &Key) -> Place {
        /// No key is empty.
        const SOME: &str = "redkv";
        let some = |text: &str| -> Arc<str> { if text.is_empty() { SOME.into() } else { text.into() } };
        let (partition, key) = key.split_once(SEPARATOR).unwrap_or((key, ""));
        Place { partition: some(partition), key: some(key) }
    }

    async fn look(&self, keys: &[Key]) -> Answers<bool> {
        let now = self.clock.time_of_day();
        let mut answers = Vec::with_capacity(keys.len());
        for key in keys {
            let command = Command::new(Self::place(key), Action::Exists { may_be_old: false }, now);
            let answer = self.backend.run(&[command]).await.pop();
            answers.push(answer.unwrap_or(Ok(Answer::Is(false))).map(|answer| answer == Answer::Is(true)));
        }
        answers
    }
}

fn no_store() -> Error {
    Error::unsupported("records are no store")
}

impl Store for RecordsProbe {
    fn name(&self) -> &'static str {
        self.backend.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            expiry: Expiry::None,
            reads: Pieces::WHOLE,
            ordered: matches!(self.backend.batching(), Batching::Together(_)),
            writable: false,
            enumerable: false,
            lists_all: false,
            clearable: false,
            shared: self.backend.is_shared(),
            durable: self.backend.is_durable(),
            ..Capabilities::BASE
        }
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.backend.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async {
            let found = self.look(keys).await.into_iter();
            found.map(|found| found.map(|found| found.then(|| Entry::new("")))).collect()
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(self.look(keys))
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], _mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(ready(answer_all(entries.len(), &Err(no_store()))))
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(ready(answer_all(keys.len(), &Err(no_store()))))
    }

    fn keys<'a>(&'a self, _prefix: &'a str, _after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(ready(Err(cannot_list_keys())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.backend.close()
    }
}
