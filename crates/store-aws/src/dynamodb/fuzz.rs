//! Properties that hold for any item of a table.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::items::{Item, Shape};
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::ErrorKind;
use redkv_testing::Source;

/// An item that others wrote is an entry, or none, or an error about its value; what lives by one reading lives by the
/// others; and what was written here is read as it was, with a deadline that is at most a second later.
pub fn dynamodb_item(data: &[u8]) {
    let mut source = Source(data);
    let shape = Shape {
        hash_key: "id".to_owned(),
        attribute: "v".to_owned(),
        ttl_attribute: (source.byte() % 4 > 0).then(|| "ttl".to_owned()),
    };
    let now = source.number();
    let entry = Entry {
        value: source.bytes(32).to_vec().into(),
        deadline: (source.byte() % 2 > 0).then(|| Deadline::at(source.number())),
    };
    let key = Key::from(source.text(16));
    is_written_and_read(&shape, &key, &entry);

    let mut item = Item::new();
    for name in ["id", "v", "ttl"] {
        if source.byte() % 8 > 0 {
            item.insert(name.to_owned(), any_value(&mut source));
        }
    }
    let is_live = shape.is_live(&item, now);
    assert!(
        shape
            .key_of(&item)
            .is_none_or(|key| item.get("id").is_some_and(|id| id.as_s().is_ok_and(|id| id == key)))
    );
    match shape.entry(item) {
        Ok(Some(entry)) => assert_eq!(is_live, !entry.is_expired(now)),
        Ok(None) => assert!(!is_live),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Value),
    }
}

fn is_written_and_read(shape: &Shape, key: &Key, entry: &Entry) {
    let item = shape.item(key, entry);
    assert_eq!(shape.key_of(&item), Some(key.as_str()));
    let read = shape.entry(item).ok().flatten();
    assert_eq!(read.as_ref().map(|read| &read.value), Some(&entry.value));
    let written = entry.deadline.filter(|_| shape.ttl_attribute.is_some());
    match (written, read.and_then(|read| read.deadline)) {
        (Some(written), Some(read)) => assert!(read >= written && read.millis() - written.millis() < 1000),
        (written, read) => assert_eq!(written, read),
    }
}

fn any_value(source: &mut Source<'_>) -> AttributeValue {
    match source.byte() % 10 {
        0 => AttributeValue::S(source.text(16)),
        1 => AttributeValue::B(Blob::new(source.bytes(16))),
        2 => AttributeValue::Bool(true),
        3 => AttributeValue::Null(true),
        4 => AttributeValue::L(vec![AttributeValue::S(source.text(4))]),
        5 => AttributeValue::M(Item::new()),
        6 => AttributeValue::Ss(vec![source.text(4)]),
        7 => AttributeValue::N(source.number().to_string()),
        8 => AttributeValue::N(f64::from_bits(source.number()).to_string()),
        // More than the service would take.
        _ => AttributeValue::N(source.text(16)),
    }
}
