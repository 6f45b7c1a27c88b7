//! Reads of single items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use redkv_structures::{Action, Answer, Command, Score};

use super::items::{Found, Item, PLAIN, RANK, VALUE, binary_of, bytes_of, field_name, field_of, primary_key};
use super::table::Table;
use super::verdicts::wrong_kind;
use crate::aws::requests::side_by_side;
use crate::tables;
use crate::tables::reads::{AT_A_TIME, Items, Projection};
use redkv_core::error::Result;
use redkv_core::store::Answers;

/// The key and the range key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place(Bytes, Bytes);

impl tables::reads::Place for Place {
    fn key(&self) -> Item {
        primary_key(&self.0, &self.1)
    }

    fn of(item: &Item) -> Self {
        let part = |name| Bytes::copy_from_slice(binary_of(item, name).unwrap_or_default());
        Self(part("hk"), part("rk"))
    }
}

/// Returns whether one item answers `action`, but for sorted members beside it.
pub(super) fn is_of_one_item(action: &Action) -> bool {
    matches!(
        action,
        Action::Get
            | Action::Has
            | Action::SMembers
            | Action::SIsMember(_)
            | Action::SCard
            | Action::HGet(_)
            | Action::HGetAll
            | Action::ZScore(_)
    )
}

impl Table {
    /// Answers commands that are [of one item](is_of_one_item).
    pub(super) async fn read_all(&self, commands: &[Command]) -> Answers<Answer> {
        let mut items: [Items<Place>; 2] = [HashMap::new(), HashMap::new()];
        for (may_be_old, items) in [false, true].into_iter().zip(&mut items) {
            let asked: Vec<_> = commands.iter().filter(|command| command.may_be_old == may_be_old).collect();
            *items = self.read_commands(&asked, !may_be_old).await;
        }
        let answers = commands.iter().map(|command| {
            let found = items[usize::from(command.may_be_old)].get(&place(command));
            self.answer(command, found)
        });
        side_by_side(AT_A_TIME, answers.collect()).await
    }

    /// Answers from the item; and from sorted members, where these count and the item does not decide.
    async fn answer(&self, command: &Command, item: Option<&Result<Option<Item>>>) -> Result<Answer> {
        let item = match item {
            Some(Ok(item)) => item.as_ref(),
            Some(Err(error)) => return Err(error.clone()),
            None => None,
        };
        let answer = decoded(&command.action, item)?;
        let is_absent = Found::of(item).is_absent();
        let consistent = !command.may_be_old;
        match command.action {
            Action::Has if is_absent => Ok(Answer::Is(self.has_sorted(&command.key, consistent).await?)),
            Action::ZScore(_) if self.strict && answer == Answer::Score(None) => {
                self.check_no_plain(&command.key, consistent).await?;
                Ok(answer)
            }
            Action::ZScore(_) | Action::Has => Ok(answer),
            _ if self.strict && is_absent && self.has_sorted(&command.key, consistent).await? => {
                Err(wrong_kind())
            }
            _ => Ok(answer),
        }
    }

    /// Fails if the key holds a value, a set or a hash.
    pub(super) async fn check_no_plain(&self, key: &[u8], consistent: bool) -> Result<()> {
        let item = self.get_item(primary_key(key, PLAIN), None, consistent).await?;
        match Found::of(item.as_ref()) {
            Found::Nothing | Found::Shell | Found::Sorted => Ok(()),
            _ => Err(wrong_kind()),
        }
    }

    async fn read_commands(&self, commands: &[&Command], consistent: bool) -> Items<Place> {
        // Several commands on one item need all of it.
        let projection = if let [command] = commands { projection(&command.action) } else { None };
        self.read_items(commands.iter().map(|command| place(command)), projection, consistent).await
    }
}

/// What is read for a command alone.
fn projection(action: &Action) -> Option<Projection> {
    match action {
        // The value tells whether the key is of another kind.
        Action::HGet(field) => {
            let names = HashMap::from([("#field".to_owned(), field_name(field))]);
            Some((format!("#field, {VALUE}, {RANK}"), Some(names)))
        }
        Action::ZScore(_) => Some((RANK.to_owned(), None)),
        _ => None,
    }
}

/// The place of the item that a command reads.
fn place(command: &Command) -> Place {
    let range = match &command.action {
        Action::ZScore(member) => member.clone(),
        _ => Bytes::from_static(PLAIN),
    };
    Place(command.key.clone(), range)
}

/// Returns what `item` says. Fails if the key is of another kind.
fn decoded(action: &Action, item: Option<&Item>) -> Result<Answer> {
    let value = item.and_then(|item| item.get(VALUE));
    let found = Found::of(item);
    let expects = |is_of_kind: bool| if found.is_absent() || is_of_kind { Ok(()) } else { Err(wrong_kind()) };
    let members = || match value {
        Some(AttributeValue::Bs(members)) => members.as_slice(),
        _ => &[],
    };
    match action {
        Action::Has => Ok(Answer::Is(!found.is_absent())),
        Action::Get => {
            expects(matches!(found, Found::Value(_)))?;
            Ok(Answer::Value(value.and_then(bytes_of)))
        }
        Action::SMembers => {
            expects(found == Found::Set)?;
            Ok(Answer::List(members().iter().map(|member| Bytes::copy_from_slice(member.as_ref())).collect()))
        }
        Action::SIsMember(member) => {
            expects(found == Found::Set)?;
            Ok(Answer::Is(members().iter().any(|other| other.as_ref() == &member[..])))
        }
        Action::SCard => {
            expects(found == Found::Set)?;
            Ok(Answer::Count(members().len() as u64))
        }
        Action::HGet(field) => {
            expects(matches!(found, Found::Hash(_)))?;
            Ok(Answer::Value(item.and_then(|item| item.get(&field_name(field))).and_then(bytes_of)))
        }
        Action::HGetAll => {
            expects(matches!(found, Found::Hash(_)))?;
            let fields = item.into_iter().flatten();
            Ok(Answer::Fields(
                fields.filter_map(|(name, value)| Some((field_of(name)?, bytes_of(value)?))).collect(),
            ))
        }
        _ => Ok(Answer::Score(item.and_then(|item| binary_of(item, RANK)).map(Score::from_sortable))),
    }
}
