//! What is refused before anything is sent: the limits of DynamoDB, on every backend, so that what works in development works
//! in production.

use redkv_core::error::{Error, Result};

use crate::command::{Action, Change, Command, Listing};
use crate::index::{GlobalIndex, Index, LocalIndex, TableShape};
use crate::record::{NAMES, Record};

/// The longest name of a partition, in bytes of UTF-8.
pub const PARTITION: usize = 2048;
/// The longest key of a record, in bytes of UTF-8.
pub const KEY: usize = 1024;
/// The longest name of a field, in bytes of UTF-8.
pub const FIELD: usize = 255;
/// The most fields that one write may give.
pub const FIELDS: usize = 250;
/// The most bytes that a record may have: names and values of all attributes.
pub const RECORD: usize = 400 * 1024;

/// Fails with the error of the argument that is too long, empty or reserved.
pub fn check(command: &Command) -> Result<()> {
    partition(&command.place.partition)?;
    match &command.action {
        Action::List(listing) => return check_listing(listing),
        _ => text("key", &command.place.key, KEY)?,
    }
    match command.action.change() {
        Some(change) => check_change(change, &command.place.key),
        None => Ok(()),
    }
}

/// Fails if `name` cannot be that of a partition.
pub fn partition(name: &str) -> Result<()> {
    text("partition", name, PARTITION)
}

fn check_change(change: &Change, key: &str) -> Result<()> {
    if change.fields.len() > FIELDS {
        let message =
            format!("fields has {} fields; one write may give {FIELDS} at most", change.fields.len());
        return Err(Error::argument("fields", message));
    }
    change.fields.keys().try_for_each(|name| field(name))?;
    size(change.bytes() + key.len())
}

fn size(bytes: usize) -> Result<()> {
    if bytes <= RECORD {
        return Ok(());
    }
    let message = format!("a record may have {RECORD} bytes at most; value, fields and key have {bytes}");
    Err(Error::argument("value", message))
}

/// Fails if `name` cannot be that of a field.
pub fn field(name: &str) -> Result<()> {
    if NAMES.contains(&name) {
        let message = format!("'{name}' cannot be a field: records have {} of their own", NAMES.join(", "));
        return Err(Error::argument("fields", message));
    }
    text("the name of a field", name, FIELD).map_err(|error| error.about("fields"))
}

fn check_listing(listing: &Listing) -> Result<()> {
    at_most("prefix", &listing.prefix, KEY)?;
    match &listing.index {
        Some(Index::Local(index)) => local(index),
        Some(Index::Global(index)) => global(index),
        None => Ok(()),
    }
}

/// Fails if `record` cannot be in a table of this shape, as it would be after a write: it is too large, or the key of an index
/// is empty or too long.
pub fn check_record(shape: &TableShape, record: &Record) -> Result<()> {
    size(record.bytes())?;
    for index in shape.indexes() {
        for (name, most) in [(index.hash_key(), PARTITION), (index.sort_key(), KEY)] {
            let Some(value) = record.attribute(name) else { continue };
            if value.is_empty() || value.len() > most {
                let message = format!(
                    "'{name}' is a key of the index '{}': it must have 1 to {most} bytes",
                    index.name()
                );
                return Err(Error::argument("fields", message));
            }
        }
    }
    Ok(())
}

/// Fails if a table cannot have this shape.
pub fn check_shape(shape: &TableShape) -> Result<()> {
    shape.local.iter().try_for_each(local)?;
    shape.global.iter().try_for_each(global)
}

fn local(index: &LocalIndex) -> Result<()> {
    text("localIndex.name", &index.name, FIELD)?;
    text("localIndex.sortKey", &index.sort_key, FIELD)
}

fn global(index: &GlobalIndex) -> Result<()> {
    text("globalIndex.name", &index.name, FIELD)?;
    text("globalIndex.hashKey", &index.hash_key, FIELD)?;
    text("globalIndex.sortKey", &index.sort_key, FIELD)
}

fn text(field: &'static str, text: &str, most: usize) -> Result<()> {
    if text.is_empty() {
        return Err(Error::argument(field, format!("{field} must not be empty")));
    }
    at_most(field, text, most)
}

fn at_most(field: &'static str, text: &str, most: usize) -> Result<()> {
    if text.len() <= most {
        return Ok(());
    }
    let message = format!("{field} has {} bytes; {most} are the most", text.len());
    Err(Error::argument(field, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Place;

    fn put(key: &str, change: Change) -> Result<()> {
        check(&Command::new(Place::new("p", key), Action::Put(change), 0))
    }

    fn with_fields(fields: impl IntoIterator<Item = (String, Option<String>)>) -> Change {
        Change { fields: fields.into_iter().collect(), ..Change::default() }
    }

    #[test]
    fn keys_and_partitions_have_bounds() {
        assert_eq!(put("", Change::default()).unwrap_err().field(), Some("key"));
        assert!(put(&"k".repeat(1024), Change::default()).is_ok());
        assert_eq!(put(&"k".repeat(1025), Change::default()).unwrap_err().field(), Some("key"));
        assert_eq!(partition("").unwrap_err().field(), Some("partition"));
        assert_eq!(partition(&"p".repeat(2049)).unwrap_err().field(), Some("partition"));
    }

    #[test]
    fn the_five_names_of_a_record_are_no_fields() {
        for name in NAMES {
            let error = put("k", with_fields([(name.to_owned(), None)])).unwrap_err();
            assert_eq!(error.field(), Some("fields"));
            assert!(error.message().contains(name), "{error}");
        }
        let many = (0..251).map(|number| (number.to_string(), Some(String::new())));
        assert_eq!(put("k", with_fields(many)).unwrap_err().field(), Some("fields"));
        let large = Change { value: Some("x".repeat(RECORD).into()), ..Change::default() };
        assert_eq!(put("k", large).unwrap_err().field(), Some("value"));
    }
}
