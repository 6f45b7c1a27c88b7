//! What an operation does, given what is there.

use crate::command::{Action, Answer, Change, Command, Page, Refusal, Refused};
use crate::record::Record;

/// What an operation does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Nothing is changed.
    Answer(Answer),
    /// The record is written, in place of the one that is there; the answer is [`Answer::Written`].
    Write(Record),
    /// What is there is deleted; the answer is [`Answer::Done`].
    Remove,
}

impl Command {
    /// Returns what it does where `found` is there, be it expired or not. A list is not asked for here: its page is empty.
    pub fn effect(&self, found: Option<&Record>) -> Effect {
        let live = found.filter(|record| !record.has_expired(self.now));
        let version = live.map(|live| live.version);
        let refused = |why| Effect::Answer(Answer::Refused(Refusal { why, found: live.cloned() }));
        let written = |change: &Change| Effect::Write(change.applied(&self.place, found, self.now));
        match &self.action {
            Action::Get { .. } => Effect::Answer(Answer::Record(live.cloned())),
            Action::Exists { .. } => Effect::Answer(Answer::Is(live.is_some())),
            Action::Put(change) => written(change),
            Action::Create(_) if live.is_some() => refused(Refused::Exists),
            Action::Create(change) => written(change),
            Action::Replace { version: expected, .. } if version != Some(*expected) => {
                refused(Refused::Modified)
            }
            Action::Replace { change, .. } => written(change),
            Action::Remove { .. } if live.is_none() => refused(Refused::NotFound),
            Action::Remove { version: expected } if version != Some(*expected) => refused(Refused::Modified),
            Action::Remove { .. } | Action::Delete => Effect::Remove,
            Action::List(_) => Effect::Answer(Answer::Page(Page::default())),
        }
    }
}
