//! The format: what items hold.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use bytes::Bytes;
use redkv_structures::{Score, Value};

pub(super) use crate::tables::Item;

/// The range key of the item with the value, the set or the hash of a key.
pub(super) const PLAIN: &[u8] = b"_";
/// The attribute with a value, a set, or the value of a sorted member.
pub(super) const VALUE: &str = "v";
/// The attribute with the score and the field of a sorted member.
pub(super) const RANK: &str = "rk2";

pub(super) fn binary(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

pub(super) fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A value as an attribute: integers are numbers, everything else is binary.
pub(super) fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Text(bytes) => binary(bytes),
        Value::Integer(integer) => number(*integer),
    }
}

/// Members as an attribute, in which none may repeat.
pub(super) fn members(members: &[Bytes]) -> AttributeValue {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_unstable();
    members.dedup();
    AttributeValue::Bs(members.into_iter().map(|member| Blob::new(&member[..])).collect())
}

/// The primary key of the item at `range`.
pub(super) fn primary_key(key: &[u8], range: &[u8]) -> Item {
    Item::from([("hk".to_owned(), binary(key)), ("rk".to_owned(), binary(range))])
}

/// The item with a value.
pub(super) fn value_item(key: &[u8], value: &Value) -> Item {
    let mut item = primary_key(key, PLAIN);
    item.insert(VALUE.to_owned(), attribute(value));
    item
}

/// The item of a sorted member.
pub(super) fn sorted_item(key: &[u8], field: &[u8], member: &[u8], score: Score) -> Item {
    let mut item = primary_key(key, field);
    item.insert(VALUE.to_owned(), binary(member));
    item.insert(RANK.to_owned(), binary(&rank(score, field)));
    item
}

/// The place of a sorted member in the index.
pub(super) fn rank(score: Score, field: &[u8]) -> Vec<u8> {
    [&score.to_sortable()[..], field].concat()
}

/// The name of the attribute with a field of a hash.
pub(super) fn field_name(field: &[u8]) -> String {
    let encoded = base64::encode(field).replace('+', "-").replace('/', "_");
    format!("~{}", encoded.trim_end_matches('='))
}

/// The field that an attribute holds; `None` for other attributes.
pub(super) fn field_of(name: &str) -> Option<Bytes> {
    let mut encoded = name.strip_prefix('~')?.replace('-', "+").replace('_', "/");
    while !encoded.len().is_multiple_of(4) {
        encoded.push('=');
    }
    base64::decode(encoded).ok().map(Bytes::from)
}

/// The bytes of an attribute that holds one value.
pub(super) fn bytes_of(attribute: &AttributeValue) -> Option<Bytes> {
    match attribute {
        AttributeValue::B(blob) => Some(Bytes::copy_from_slice(blob.as_ref())),
        AttributeValue::N(text) | AttributeValue::S(text) => Some(Bytes::copy_from_slice(text.as_bytes())),
        _ => None,
    }
}

/// The bytes of a binary attribute of an item.
pub(super) fn binary_of<'a>(item: &'a Item, name: &str) -> Option<&'a [u8]> {
    item.get(name)?.as_b().ok().map(AsRef::as_ref)
}

/// What is in the plain item of a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// There is no item.
    Nothing,
    /// The item was left empty, and counts as absent.
    Shell,
    /// A value or counter.
    Value(AttributeValue),
    /// A set.
    Set,
    /// A hash, with the names of its attributes. None of them where there is a value too, which then counts.
    Hash(Vec<String>),
    /// A member `_` of a sorted set, which another program put here.
    Sorted,
    /// A value of a type that is none of the format, which another program put here.
    Foreign,
}

impl Found {
    pub(super) fn of(item: Option<&Item>) -> Self {
        let Some(item) = item else { return Self::Nothing };
        if item.contains_key(RANK) {
            return Self::Sorted;
        }
        match item.get(VALUE) {
            Some(AttributeValue::Bs(_)) => Self::Set,
            Some(value) if bytes_of(value).is_some() => Self::Value(value.clone()),
            Some(_) => Self::Foreign,
            None => {
                let fields: Vec<_> = fields_of(item).map(str::to_owned).collect();
                if fields.is_empty() { Self::Shell } else { Self::Hash(fields) }
            }
        }
    }

    /// Returns whether it counts as absent.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Nothing | Self::Shell)
    }
}

/// The names of the attributes of an item that hold fields of a hash.
pub(super) fn fields_of(item: &Item) -> impl Iterator<Item = &str> {
    item.keys().map(String::as_str).filter(|name| name.starts_with('~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_names_in_base64_without_padding() {
        for (field, name) in
            [(&b"bar"[..], "~YmFy"), (b"f2", "~ZjI"), (b"?>", "~Pz4"), (b"c", "~Yw"), (b"", "~")]
        {
            assert_eq!(field_name(field), name);
            assert_eq!(field_of(name).as_deref(), Some(field));
        }
        assert_eq!(field_name(&[0xfb, 0xff]), "~-_8");
        assert_eq!(field_of("~-_8").as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(field_of("v"), None);
    }

    #[test]
    fn members_do_not_repeat() {
        let all = members(&[Bytes::from("b"), Bytes::from("a"), Bytes::from("b")]);
        assert_eq!(all, AttributeValue::Bs(vec![Blob::new("a"), Blob::new("b")]));
    }

    #[test]
    fn an_item_says_what_it_is() {
        assert_eq!(Found::of(None), Found::Nothing);
        let mut item = primary_key(b"k", PLAIN);
        assert_eq!(Found::of(Some(&item)), Found::Shell);
        item.insert("~YQ".into(), binary(b"1"));
        assert_eq!(Found::of(Some(&item)), Found::Hash(vec!["~YQ".into()]));
        item.insert(VALUE.into(), number(1));
        assert_eq!(Found::of(Some(&item)), Found::Value(number(1)));
        item.insert(RANK.into(), binary(b"12345678_"));
        assert_eq!(Found::of(Some(&item)), Found::Sorted);
    }
}
