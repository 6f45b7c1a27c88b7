//! Reads of single items.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use bytes::Bytes;
use redkv_structures::{Action, Answer, Command, Score};

use super::items::{Found, Item, PLAIN, RANK, VALUE, binary_of, bytes_of, field_name, field_of, primary_key};
use super::requests::read;
use super::table::{Table, Units, unmade};
use super::verdicts::wrong_kind;
use crate::aws::attempts::Attempts;
use crate::aws::backoff::Backoff;
use crate::aws::requests::side_by_side;
use crate::dynamodb::error::{may_be_of_one_key, throttled};
use redkv_core::error::{Error, Outcome, Result};
use redkv_core::store::Answers;

/// The most keys that one request may ask for.
pub(super) const MOST_KEYS: usize = 100;
/// Requests that are made side by side.
pub(super) const AT_A_TIME: usize = 8;

/// The key and the range key of an item.
type Place = (Bytes, Bytes);

/// Items by their place, those that could not be read included.
type Items = HashMap<Place, Result<Option<Item>>>;

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
        let mut items: [Items; 2] = [HashMap::new(), HashMap::new()];
        for (may_be_old, items) in [false, true].into_iter().zip(&mut items) {
            let asked: Vec<_> = commands.iter().filter(|command| command.may_be_old == may_be_old).collect();
            *items = self.read_items(&asked, !may_be_old).await;
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

    async fn read_items(&self, commands: &[&Command], consistent: bool) -> Items {
        let places: HashSet<_> = commands.iter().map(|command| place(command)).collect();
        let places: Vec<_> = places.into_iter().collect();
        if let [one] = &places[..] {
            // Several commands on one item need all of it.
            let projection = if let [command] = commands { projection(&command.action) } else { None };
            let item = self.get_item(primary_key(&one.0, &one.1), projection, consistent).await;
            return Items::from([(one.clone(), item)]);
        }
        let pieces = places.chunks(MOST_KEYS).map(|piece| self.read_piece(piece, consistent));
        side_by_side(AT_A_TIME, pieces.collect()).await.into_iter().flatten().collect()
    }

    /// Reads items by one request, and by others for what is left unprocessed.
    async fn read_piece(&self, places: &[Place], consistent: bool) -> Items {
        let mut items = Items::new();
        let mut left: Vec<&Place> = places.iter().collect();
        let attempts = Attempts::default();
        let mut backoff = Backoff::default();
        let all = |left: Vec<&Place>, error: Error| {
            left.into_iter().map(|place| (place.clone(), Err(error.clone()))).collect::<Vec<_>>()
        };
        while !left.is_empty() {
            let wanted = match wanted(&left, consistent) {
                Ok(wanted) => wanted,
                Err(error) => {
                    items.extend(all(left, error));
                    break;
                }
            };
            let request = self
                .client
                .batch_get_item()
                .request_items(&self.name, wanted)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .customize()
                .interceptor(attempts.clone());
            let sent = self.timed("BatchGetItem", request.send(), |answer| {
                let consumed = answer.consumed_capacity.iter().flatten();
                Some(Units::Read(consumed.filter_map(|consumed| consumed.capacity_units).sum()))
            });
            let answer = match sent.await {
                Ok(answer) => answer,
                // One key that cannot work, or is not allowed, refuses the whole batch: asked alone, the others are answered.
                Err(error) if may_be_of_one_key(&error) => {
                    let single = left
                        .iter()
                        .map(|(key, range)| self.get_item(primary_key(key, range), None, consistent));
                    let single = side_by_side(AT_A_TIME, single.collect()).await;
                    items.extend(left.into_iter().cloned().zip(single));
                    break;
                }
                Err(error) => {
                    let error = self.failed(error, &attempts).outcome(Outcome::NotApplied);
                    items.extend(all(left, error));
                    break;
                }
            };
            for item in answer.responses.into_iter().flat_map(HashMap::into_values).flatten() {
                items.insert(place_of(&item), Ok(Some(item)));
            }
            let unprocessed: HashSet<_> = answer
                .unprocessed_keys
                .iter()
                .flat_map(HashMap::values)
                .flat_map(|table| &table.keys)
                .map(place_of)
                .collect();
            let before = left.len();
            left.retain(|place| unprocessed.contains(*place));
            if left.is_empty() {
                break;
            }
            match backoff.after(left.len() < before) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    items.extend(all(left, throttled(&attempts).outcome(Outcome::NotApplied)));
                    break;
                }
            }
        }
        items
    }

    /// Reads an item, or the attributes of it that `projection` names.
    pub(super) async fn get_item(
        &self,
        key: Item,
        projection: Option<Projection>,
        consistent: bool,
    ) -> Result<Option<Item>> {
        let attempts = Attempts::default();
        let (expression, names) = projection.unzip();
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(consistent)
            .set_projection_expression(expression)
            .set_expression_attribute_names(names.flatten())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone());
        let sent = self.timed("GetItem", request.send(), |answer| read(answer.consumed_capacity.as_ref()));
        match sent.await {
            Ok(answer) => Ok(answer.item),
            Err(error) => Err(self.failed(error, &attempts).outcome(Outcome::NotApplied)),
        }
    }
}

/// An expression that names attributes, and what its placeholders stand for.
pub(super) type Projection = (String, Option<HashMap<String, String>>);

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

fn wanted(places: &[&Place], consistent: bool) -> Result<KeysAndAttributes> {
    let keys = places.iter().map(|(key, range)| primary_key(key, range)).collect();
    KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build().map_err(unmade)
}

/// The place of the item that a command reads.
fn place(command: &Command) -> Place {
    let range = match &command.action {
        Action::ZScore(member) => member.clone(),
        _ => Bytes::from_static(PLAIN),
    };
    (command.key.clone(), range)
}

fn place_of(item: &Item) -> Place {
    let part = |name| Bytes::copy_from_slice(binary_of(item, name).unwrap_or_default());
    (part("hk"), part("rk"))
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
