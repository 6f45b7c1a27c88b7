//! The format: what items hold.

use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use redkv_records::index::{hash_key, sort_key};
use redkv_records::record::{ID, LARGEST_VERSION, NAME, has_expired};
use redkv_records::{Index, KeyValue, NAMES, Place, Position, Record};

pub(super) use crate::tables::Item;
use crate::tables::reads;
use redkv_core::error::{Error, ErrorKind, Result};

pub(super) const VERSION: &str = "version";
/// The attribute with the second in which a record expires.
pub(super) const EXPIRES: &str = "expires";
/// The attribute with the value.
pub(super) const PAYLOAD: &str = "payload";

impl reads::Place for Place {
    fn key(&self) -> Item {
        primary_key(self)
    }

    fn of(item: &Item) -> Self {
        Self::new(text_of(item, ID), text_of(item, NAME))
    }
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A value as an attribute: one that is empty is stored as `NULL`.
pub(super) fn payload(value: &str) -> AttributeValue {
    if value.is_empty() { AttributeValue::Null(true) } else { text(value) }
}

/// The primary key of the item at `place`.
pub(super) fn primary_key(place: &Place) -> Item {
    Item::from([(ID.to_owned(), text(&place.partition)), (NAME.to_owned(), text(&place.key))])
}

/// The item with a record.
pub(super) fn item_of(record: &Record) -> Item {
    let mut item = primary_key(&record.place);
    item.insert(VERSION.to_owned(), number(record.version));
    if let Some(expires) = record.expires {
        item.insert(EXPIRES.to_owned(), number(expires));
    }
    if let Some(value) = &record.value {
        item.insert(PAYLOAD.to_owned(), payload(value));
    }
    item.extend(record.fields.iter().map(|(name, value)| (name.clone(), text(value))));
    item
}

fn text_of<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.get(name) {
        Some(AttributeValue::S(text)) => text,
        _ => "",
    }
}

/// Returns where an item that was listed is, unless it cannot be in the list. Most are in `partition`; only those of a global
/// index may be in another.
pub(super) fn place_of(item: &Item, partition: &Arc<str>, index: Option<&Index>) -> Option<Place> {
    let (id, key) = (text_of(item, ID), text_of(item, NAME));
    if text_of(item, hash_key(index)) != &**partition || id.is_empty() || key.is_empty() {
        return None;
    }
    let partition = if id == &**partition { partition.clone() } else { id.into() };
    Some(Place::new(partition, key))
}

/// Returns whether the record in `item` is absent at `now`, in milliseconds.
pub(super) fn is_expired(item: &Item, now: u64) -> bool {
    expires_of(item).is_some_and(|expires| has_expired(expires, now))
}

/// Returns the second in which the record in `item` expires; `None` if it never does, or what is there is no number.
fn expires_of(item: &Item) -> Option<i64> {
    match item.get(EXPIRES) {
        Some(AttributeValue::N(digits)) => whole(digits),
        _ => None,
    }
}

/// Returns a number without its fraction; one beyond 64 bits is the one nearest to it.
fn whole(digits: &str) -> Option<i64> {
    if digits.contains(['e', 'E']) {
        #[expect(clippy::cast_possible_truncation, reason = "it ends at the largest and the smallest")]
        return digits.parse::<f64>().ok().map(|number| number.trunc() as i64);
    }
    let integer = digits.split_once('.').map_or(digits, |(integer, _)| integer);
    let (is_negative, unsigned) = (integer.starts_with('-'), integer.trim_start_matches('-'));
    match integer.parse() {
        Ok(number) => Some(number),
        _ if unsigned.is_empty() => Some(0),
        _ if !unsigned.bytes().all(|byte| byte.is_ascii_digit()) => None,
        _ if is_negative => Some(i64::MIN),
        _ => Some(i64::MAX),
    }
}

/// Returns the version of the record in `item`: 0 where another program has written none, `None` where it is no version.
pub(super) fn version(item: &Item) -> Option<u64> {
    let version = match item.get(VERSION) {
        Some(AttributeValue::N(digits)) => digits.parse().ok(),
        Some(_) => None,
        None => Some(0),
    };
    version.filter(|version| *version <= LARGEST_VERSION)
}

fn unreadable(place: &Place) -> Error {
    let Place { partition, key } = place;
    let message = format!(
        "the record '{key}' of the partition '{partition}' cannot be read: its version is no whole number from 0 to 2^53 - 1"
    );
    Error::new(ErrorKind::Value, message)
}

/// Returns the record in the item at `place`. Fails if its version is none.
pub(super) fn record_of(place: Place, mut item: Item) -> Result<Record> {
    let version = version(&item).ok_or_else(|| unreadable(&place))?;
    let expires = expires_of(&item);
    let value = match item.remove(PAYLOAD) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => Some(text.into()),
        Some(AttributeValue::B(bytes)) => Some(base64::encode(bytes).into()),
        Some(AttributeValue::Null(_)) => Some("".into()),
        _ => None,
    };
    let field = |(name, value): (String, _)| match value {
        AttributeValue::S(text) | AttributeValue::N(text) if !NAMES.contains(&name.as_str()) => {
            Some((name, text))
        }
        _ => None,
    };
    Ok(Record { place, version, expires, value, fields: item.into_iter().filter_map(field).collect() })
}

/// Returns the record in the item at `place`, unless it is absent at `now`.
pub(super) fn live_record(place: &Place, item: Option<Item>, now: u64) -> Result<Option<Record>> {
    let live = item.filter(|item| !is_expired(item, now));
    live.map(|item| record_of(place.clone(), item)).transpose()
}

/// Returns the position after an item in the list that `index` orders, or in its partition.
pub(super) fn position_after(item: &Item, index: Option<&Index>) -> Position {
    let names = [ID, NAME, hash_key(index), sort_key(index)];
    position(names.into_iter().filter_map(|name| item.get_key_value(name)))
}

/// Returns the position that key attributes say.
pub(super) fn position<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a AttributeValue)>,
) -> Position {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => Some(KeyValue::Text(text.clone())),
        AttributeValue::N(digits) => Some(KeyValue::Number(digits.clone())),
        AttributeValue::B(bytes) => Some(KeyValue::Binary(base64::encode(bytes))),
        _ => None,
    };
    Position(attributes.into_iter().filter_map(|(name, own)| Some((name.clone(), value(own)?))).collect())
}

/// Returns the key attributes of a position.
pub(super) fn start_key(position: &Position) -> Result<Item> {
    let value = |value: &KeyValue| match value {
        KeyValue::Text(text) => Ok(AttributeValue::S(text.clone())),
        KeyValue::Number(digits) => Ok(AttributeValue::N(digits.clone())),
        KeyValue::Binary(base64) => {
            let bytes = base64::decode(base64).map_err(|error| {
                Error::argument("after", "after has a key attribute that is not base64").caused_by(error)
            })?;
            Ok(AttributeValue::B(Blob::new(bytes)))
        }
    };
    position.0.iter().map(|(name, own)| Ok((name.clone(), value(own)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(attributes: &[(&str, AttributeValue)]) -> Item {
        attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn read(attributes: &[(&str, AttributeValue)]) -> Result<Record> {
        record_of(Place::new("p", "k"), item(attributes))
    }

    #[test]
    fn a_record_reads_as_it_was_written() {
        for value in [None, Some(""), Some("v")] {
            let record = Record {
                place: Place::new("p", "k"),
                version: 3,
                expires: Some(1_795_813_642),
                value: value.map(Into::into),
                fields: [("created".to_owned(), "2020".to_owned()), ("empty".to_owned(), String::new())]
                    .into(),
            };
            let item = item_of(&record);
            assert_eq!(place_of(&item, &"p".into(), None).as_ref(), Some(&record.place));
            assert_eq!(place_of(&item, &"other".into(), None), None);
            assert_eq!(record_of(record.place.clone(), item).unwrap(), record);
        }
    }

    #[test]
    fn what_others_wrote_is_read_as_far_as_it_is_text() {
        let one = ("version", number(1));
        let value = |payload: AttributeValue| read(&[one.clone(), ("payload", payload)]).unwrap().value;
        assert_eq!(value(number("1.5")).as_deref(), Some("1.5"));
        assert_eq!(value(AttributeValue::B(Blob::new([0x00, 0xff, 0x78]))).as_deref(), Some("AP94"));
        assert_eq!(value(AttributeValue::Bool(true)), None);
        let fields = read(&[one, ("n", number(7)), ("l", AttributeValue::L(vec![]))]).unwrap().fields;
        assert_eq!(fields, [("n".to_owned(), "7".to_owned())].into());
    }

    #[test]
    fn a_version_is_a_whole_number_that_javascript_counts_to() {
        for wrong in [text("1"), number(-1), number("1.5"), number(LARGEST_VERSION + 1)] {
            let error = read(&[("version", wrong)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Value);
            assert!(error.message().contains("'k' of the partition 'p'"), "{error}");
        }
        for version in [0, 1, LARGEST_VERSION] {
            assert_eq!(read(&[("version", number(version))]).unwrap().version, version);
        }
        assert_eq!(read(&[]).unwrap().version, 0);
    }

    #[test]
    fn an_expiry_is_a_number_without_its_fraction() {
        let expires = |value| expires_of(&item(&[(EXPIRES, value)]));
        assert_eq!(expires(number("1700000000.99999999999999999999")), Some(1_700_000_000));
        assert_eq!(expires(number("-0.5")), Some(0));
        assert_eq!(expires(number("1E+30")), Some(i64::MAX));
        assert_eq!(expires(number("-100000000000000000000000000000")), Some(i64::MIN));
        assert_eq!(expires(number("99999999999999999999")), Some(i64::MAX));
        assert_eq!(expires(number(format!("-1{}", "0".repeat(100)))), Some(i64::MIN));
        assert_eq!(expires(text("1")), None);
    }

    #[test]
    fn a_position_keeps_the_types_of_keys() {
        let key = item(&[
            ("id", text("p")),
            ("name", text("k")),
            ("n", number("-1.5")),
            ("b", AttributeValue::B(Blob::new([0, 255]))),
        ]);
        assert_eq!(start_key(&position(&key)).unwrap(), key);
        let wrong = Position([("b".to_owned(), KeyValue::Binary("?".to_owned()))].into());
        assert_eq!(start_key(&wrong).unwrap_err().field(), Some("after"));
    }
}
