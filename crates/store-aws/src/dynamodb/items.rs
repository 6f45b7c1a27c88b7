//! Converts between entries and items: `{ <hash key>: S, <attribute>: S or B, <ttl attribute>: N }`.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;

use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};

/// An item as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The names of the attributes that make up an entry.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) hash_key: String,
    pub(super) attribute: String,
    pub(super) ttl_attribute: Option<String>,
}

impl Shape {
    /// The primary key of `key`.
    pub(super) fn primary_key(&self, key: &Key) -> Item {
        Item::from([(self.hash_key.clone(), AttributeValue::S(key.as_str().to_owned()))])
    }

    /// The item that keeps `entry`; its deadline is left out where the table has no place for it.
    pub(super) fn item(&self, key: &Key, entry: &Entry) -> Item {
        let mut item = self.primary_key(key);
        let value = match std::str::from_utf8(&entry.value) {
            Ok(text) => AttributeValue::S(text.to_owned()),
            Err(_) => AttributeValue::B(Blob::new(entry.value.to_vec())),
        };
        item.insert(self.attribute.clone(), value);
        if let (Some(name), Some(deadline)) = (&self.ttl_attribute, entry.deadline) {
            // Up, because an entry may live longer by the granularity, never shorter.
            let seconds = deadline.millis().div_ceil(1000);
            item.insert(name.clone(), AttributeValue::N(seconds.to_string()));
        }
        item
    }

    /// The key that an item, or a primary key, belongs to.
    pub(super) fn key_of<'a>(&self, item: &'a Item) -> Option<&'a str> {
        item.get(&self.hash_key)?.as_s().ok().map(String::as_str)
    }

    /// The entry in `item`; `None` where the value's attribute is missing.
    pub(super) fn entry(&self, mut item: Item) -> Result<Option<Entry>> {
        let deadline = self.deadline(&item);
        let value = match item.remove(&self.attribute) {
            None => return Ok(None),
            Some(AttributeValue::S(text)) => Bytes::from(text),
            // 1.x gave out numbers that other programs had written, as text.
            Some(AttributeValue::N(number)) => Bytes::from(number),
            Some(AttributeValue::B(blob)) => Bytes::from(blob.into_inner()),
            Some(other) => return Err(self.unreadable(&other)),
        };
        Ok(Some(Entry { value, deadline }))
    }

    /// Returns whether `item` holds a value that has not ended at `now`.
    pub(super) fn is_live(&self, item: &Item, now: u64) -> bool {
        item.contains_key(&self.attribute)
            && self.deadline(item).is_none_or(|deadline| !deadline.has_passed(now))
    }

    /// The deadline in `item`; what other programs wrote there and is not a number is none.
    fn deadline(&self, item: &Item) -> Option<Deadline> {
        let Some(AttributeValue::N(number)) = item.get(self.ttl_attribute.as_ref()?) else { return None };
        seconds(number).map(|seconds| Deadline::at(seconds.saturating_mul(1000)))
    }

    fn unreadable(&self, value: &AttributeValue) -> Error {
        let kind = match value {
            AttributeValue::Bool(_) => "a boolean",
            AttributeValue::Null(_) => "null",
            AttributeValue::L(_) => "a list",
            AttributeValue::M(_) => "a map",
            AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_) => "a set",
            _ => "of an unknown type",
        };
        let message =
            format!("the attribute '{}' is {kind}: only text, numbers and binary are values", self.attribute);
        Error::new(ErrorKind::Value, message)
    }
}

/// Whole seconds, rounded up as a comparison inside the service with whole seconds would.
fn seconds(number: &str) -> Option<u64> {
    if let Ok(whole) = number.parse() {
        return Some(whole);
    }
    let seconds = number.parse::<f64>().ok().filter(|seconds| seconds.is_finite())?.ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, as it should"
    )]
    Some(seconds as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(ttl_attribute: Option<&str>) -> Shape {
        Shape {
            hash_key: "id".into(),
            attribute: "v".into(),
            ttl_attribute: ttl_attribute.map(str::to_owned),
        }
    }

    fn item_with_deadline(value: AttributeValue) -> Item {
        Item::from([("v".into(), AttributeValue::S("value".into())), ("ttl".into(), value)])
    }

    fn deadline(value: AttributeValue) -> Option<u64> {
        let entry = shape(Some("ttl")).entry(item_with_deadline(value)).unwrap().unwrap();
        entry.deadline.map(Deadline::millis)
    }

    #[test]
    fn an_item_holds_the_key_and_the_value_and_nothing_else() {
        let item = shape(None).item(&"k".into(), &Entry::new("text"));
        let expected = [("id", "k"), ("v", "text")].map(|(k, v)| (k.to_owned(), AttributeValue::S(v.into())));
        assert_eq!(item, Item::from(expected));
    }

    #[test]
    fn a_deadline_is_written_in_seconds_rounded_up() {
        let item = shape(Some("ttl")).item(&"k".into(), &Entry::until("v", Deadline::at(1_700_000_000_001)));
        assert_eq!(item["ttl"], AttributeValue::N("1700000001".into()));
        let item = shape(Some("ttl")).item(&"k".into(), &Entry::until("v", Deadline::at(1_700_000_000_000)));
        assert_eq!(item["ttl"], AttributeValue::N("1700000000".into()));
    }

    #[test]
    fn an_entry_without_deadline_has_no_ttl_attribute() {
        let item = shape(Some("ttl")).item(&"k".into(), &Entry::new("v"));
        assert!(!item.contains_key("ttl"));
    }

    #[test]
    fn a_deadline_that_others_wrote_is_read_as_far_as_it_is_a_number() {
        let number = |text: &str| AttributeValue::N(text.into());
        assert_eq!(deadline(number("1700000000")), Some(1_700_000_000_000));
        assert_eq!(deadline(number("1700000000.5")), Some(1_700_000_001_000));
        assert_eq!(deadline(number("-5")), Some(1));
        assert_eq!(deadline(number("1e120")), Some(u64::MAX));
        assert_eq!(deadline(AttributeValue::S("1700000000".into())), None);
        assert_eq!(deadline(AttributeValue::Bool(true)), None);
    }

    #[test]
    fn an_item_without_the_value_is_not_there() {
        let item = Item::from([("id".into(), AttributeValue::S("k".into()))]);
        assert!(!shape(None).is_live(&item, 0));
        assert_eq!(shape(None).entry(item).unwrap(), None);
    }
}
