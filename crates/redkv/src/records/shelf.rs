//! Records as what a desk is in front of.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use redkv_core::service::{Batching, Usage};
use redkv_records::probe::RecordsProbe;
use redkv_records::{Action, Answer, Command, Records, Refusal, Refused, limits};

use crate::desk::{Asked, Subject};
use crate::entry::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::RecordOperation;
use crate::store::Answers;

/// A backend of records.
#[derive(Debug)]
pub struct Shelf(pub(super) Arc<dyn Records>);

impl Subject for Shelf {
    type Command = Command;
    type Answer = Answer;
    type Mark = ();

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn batching(&self) -> Batching {
        self.0.batching()
    }

    fn usage(&self) -> Usage {
        self.0.usage()
    }

    fn check(&self, command: &Command) -> Result<()> {
        limits::check(command)
    }

    fn known(&self, _: &Command) -> Option<Answer> {
        None
    }

    fn mark(&self, _: &[Command]) {}

    fn unmark((): (), _: &Answers<Answer>) {}

    /// A refusal is an error that [tells](Error::told) which record is there: an `Option<Record>`.
    fn told(answer: Answer) -> Result<Answer> {
        match answer {
            Answer::Refused(Refusal { why, found }) => Err(refused(why).telling(found)),
            answer => Ok(answer),
        }
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        self.0.run(commands)
    }
}

fn refused(why: Refused) -> Error {
    match why {
        Refused::Exists => Error::new(ErrorKind::Exists, "there is a record under this key already"),
        Refused::Modified => Error::new(
            ErrorKind::Modified,
            "the record was written or deleted since this version of it was read",
        ),
        Refused::NotFound => Error::new(ErrorKind::NotFound, "there is no record under this key"),
    }
}

impl Asked for Command {
    type Operation = RecordOperation;

    fn operation(&self) -> RecordOperation {
        self.action.operation()
    }

    fn together() -> RecordOperation {
        RecordOperation::GetMany
    }

    /// A list has no place among the operations on its records.
    fn order_key(&self) -> Option<Bytes> {
        match self.action {
            Action::List(_) => None,
            _ => Some(Bytes::copy_from_slice(RecordsProbe::key(&self.place).as_bytes())),
        }
    }

    fn is_write(&self) -> bool {
        self.action.is_write()
    }

    fn goes_together(&self) -> bool {
        Self::goes_together(self)
    }

    fn probe(&self) -> Key {
        RecordsProbe::key(&self.place)
    }
}
