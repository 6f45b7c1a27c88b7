//! What an operation does, given what is there.

use redkv_core::error::Result;

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
    /// Returns what it does where `found` is there, be it expired or not. A list is not asked for here: its page is empty. Fails
    /// where the version would have to grow beyond the largest.
    pub fn effect(&self, found: Option<&Record>) -> Result<Effect> {
        let live = found.filter(|record| !record.has_expired(self.now));
        let version = live.map(|live| live.version);
        let refused = |why| Effect::Answer(Answer::Refused(Refusal { why, found: live.cloned() }));
        let written = |change: &Change| change.applied(&self.place, found, self.now).map(Effect::Write);
        Ok(match &self.action {
            Action::Get { .. } => Effect::Answer(Answer::Record(live.cloned())),
            Action::Exists { .. } => Effect::Answer(Answer::Is(live.is_some())),
            Action::Put(change) => written(change)?,
            Action::Create(_) if live.is_some() => refused(Refused::Exists),
            Action::Create(change) => written(change)?,
            Action::Replace { version: expected, .. } if version != Some(*expected) => {
                refused(Refused::Modified)
            }
            Action::Replace { change, .. } => written(change)?,
            Action::Remove { .. } if live.is_none() => refused(Refused::NotFound),
            Action::Remove { version: expected } if version != Some(*expected) => refused(Refused::Modified),
            Action::Remove { .. } | Action::Delete => Effect::Remove,
            Action::List(_) => Effect::Answer(Answer::Page(Page::default())),
        })
    }
}

#[cfg(test)]
mod tests {
    use redkv_core::error::ErrorKind;

    use super::*;
    use crate::record::{LARGEST_VERSION, Place};

    fn record(version: u64, expires: Option<i64>) -> Record {
        Record { place: Place::new("p", "k"), version, expires, value: None, fields: [].into() }
    }

    fn effect(action: Action, found: &Record) -> Result<Effect> {
        Command::new(Place::new("p", "k"), action, 5_000).effect(Some(found))
    }

    #[test]
    fn no_version_grows_beyond_the_largest() {
        let change = Change::default;
        let largest = record(LARGEST_VERSION, None);
        let replace = || Action::Replace { change: change(), version: LARGEST_VERSION };
        for action in [Action::Put(change()), replace()] {
            let error = effect(action, &largest).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Value);
            assert!(error.message().ends_with("its version cannot grow"), "{error}");
        }
        let expired = record(LARGEST_VERSION, Some(1));
        assert!(effect(Action::Create(change()), &expired).is_err());
        assert!(matches!(effect(Action::Create(change()), &largest), Ok(Effect::Answer(_))));
        let remove = Action::Remove { version: LARGEST_VERSION };
        assert_eq!(effect(remove, &largest).unwrap(), Effect::Remove);
        let last = record(LARGEST_VERSION - 1, None);
        assert_eq!(effect(Action::Put(change()), &last).unwrap(), Effect::Write(largest));
    }

    #[test]
    fn what_has_no_version_is_at_version_0() {
        let change = Change::default();
        let none = record(0, None);
        let first = Effect::Write(record(1, None));
        assert_eq!(effect(Action::Put(change.clone()), &none).unwrap(), first);
        assert_eq!(effect(Action::Replace { change, version: 0 }, &none).unwrap(), first);
        assert_eq!(effect(Action::Remove { version: 0 }, &none).unwrap(), Effect::Remove);
    }
}
