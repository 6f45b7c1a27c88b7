//! What is refused before anything is sent: the limits of DynamoDB, on every backend, so that what works in development works
//! in production.

use redkv_core::error::{Error, Result};

use crate::command::{Action, Change, Command, Listing};
use crate::index::{GlobalIndex, Index, LocalIndex, TableShape, argument};
use crate::record::{ID, NAME, NAMES, Record};

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

/// How many characters the name of an index has.
const INDEX: std::ops::RangeInclusive<usize> = 3..=255;
/// The most local indexes of a table.
const LOCAL_INDEXES: usize = 5;
/// The most global indexes of a table.
const GLOBAL_INDEXES: usize = 20;

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
    size(record.bytes() + besides(record))?;
    for index in shape.indexes() {
        for (name, most) in [(index.hash_key(), PARTITION), (index.sort_key(), KEY)] {
            let Some(value) = record.attribute(name) else { continue };
            if value.is_empty() || value.len() > most {
                let message = format!(
                    "'{name}' is a key of the index '{}': it must have 1 to {most} bytes",
                    index.name()
                );
                return Err(Error::argument(argument_of(name), message));
            }
        }
    }
    Ok(())
}

/// About how many bytes DynamoDB counts besides the texts of a record: names of its own attributes, and numbers.
fn besides(record: &Record) -> usize {
    let number = |digits: usize| digits.div_ceil(2) + 1;
    let digits = |number: u64| number.to_string().len();
    let version = "idnameversion".len() + number(digits(record.version));
    let expires = record.expires.map_or(0, |second| "expires".len() + number(digits(second.unsigned_abs())));
    version + expires + record.value.as_ref().map_or(0, |_| "payload".len())
}

/// The argument that an attribute is given by.
fn argument_of(attribute: &str) -> &'static str {
    match attribute {
        ID => "partition",
        NAME => "key",
        "payload" => "value",
        _ => "fields",
    }
}

/// Fails if a table cannot have this shape.
pub fn check_shape(shape: &TableShape) -> Result<()> {
    count("localIndexes", shape.local.len(), LOCAL_INDEXES)?;
    count("globalIndexes", shape.global.len(), GLOBAL_INDEXES)?;
    shape.local.iter().try_for_each(local)?;
    shape.global.iter().try_for_each(global)?;
    let indexes: Vec<_> = shape.indexes().collect();
    indexes.iter().enumerate().try_for_each(|(place, index)| apart(index, &indexes[..place]))
}

/// Fails if a backend that orders by texts cannot keep an index of `shape`: two attributes are numbers.
pub fn check_order(shape: &TableShape) -> Result<()> {
    for index in shape.indexes() {
        for name in [index.hash_key(), index.sort_key()] {
            if matches!(name, "version" | "expires") {
                let message = format!("'{name}' is a number: only DynamoDB has indexes of numbers");
                return Err(Error::argument(argument(&index), message));
            }
        }
    }
    Ok(())
}

fn count(field: &'static str, count: usize, most: usize) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    Err(Error::argument(field, format!("{field} has {count} indexes; a table may have {most} at most")))
}

/// Fails if two indexes have the same name, or one index has the same attribute as both of its keys.
fn apart(index: &Index, before: &[Index]) -> Result<()> {
    let name = index.name();
    if before.iter().any(|other| other.name() == name) {
        return Err(Error::argument(argument(index), format!("there are two indexes '{name}'")));
    }
    if index.hash_key() == index.sort_key() {
        let message = format!("the index '{name}' has one attribute as hash key and as sort key");
        return Err(Error::argument(argument(index), message));
    }
    Ok(())
}

fn index_name(field: &'static str, name: &str) -> Result<()> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if INDEX.contains(&name.len()) && name.bytes().all(is_allowed) {
        return Ok(());
    }
    let message = format!(
        "{field} must have {} to {} of the characters a-z, A-Z, 0-9, '_', '.' and '-'",
        INDEX.start(),
        INDEX.end()
    );
    Err(Error::argument(field, message))
}

fn local(index: &LocalIndex) -> Result<()> {
    index_name("localIndex.name", &index.name)?;
    text("localIndex.sortKey", &index.sort_key, FIELD)
}

fn global(index: &GlobalIndex) -> Result<()> {
    index_name("globalIndex.name", &index.name)?;
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

    fn local(name: &str, sort_key: &str) -> LocalIndex {
        LocalIndex { name: name.into(), sort_key: sort_key.into() }
    }

    fn global(name: &str, hash_key: &str, sort_key: &str) -> GlobalIndex {
        GlobalIndex { name: name.into(), hash_key: hash_key.into(), sort_key: sort_key.into() }
    }

    fn refused(local: Vec<LocalIndex>, global: Vec<GlobalIndex>) -> String {
        let error = check_shape(&TableShape { local, global, ttl: false }).unwrap_err();
        error.field().unwrap().to_owned()
    }

    #[test]
    fn names_and_numbers_are_a_part_of_a_record() {
        let of_bytes = |bytes: usize| Record {
            place: Place::new("p", "k"),
            version: 10,
            expires: Some(1_795_000_000),
            value: Some("x".repeat(bytes).into()),
            fields: [].into(),
        };
        let rest = "pk".len() + "idnameversionexpirespayload".len() + 2 + 6;
        check_record(&TableShape::default(), &of_bytes(RECORD - rest)).unwrap();
        let error = check_record(&TableShape::default(), &of_bytes(RECORD - rest + 1)).unwrap_err();
        assert_eq!(error.field(), Some("value"));
    }

    #[test]
    fn the_name_of_an_index_is_one_that_dynamodb_takes() {
        for name in ["", "l", "ll", "a b", "é€é", "a/b", &"x".repeat(256)] {
            assert_eq!(refused(vec![local(name, "s")], vec![]), "localIndex.name", "{name}");
            assert_eq!(refused(vec![], vec![global(name, "h", "s")]), "globalIndex.name", "{name}");
            let index = Some(Index::Local(local(name, "s")));
            let listing = Action::List(Listing { index, ..Listing::default() });
            let error = check(&Command::new(Place::new("p", ""), listing, 0)).unwrap_err();
            assert_eq!(error.field(), Some("localIndex.name"), "{name}");
        }
        for name in ["abc", "A_.-9", &"x".repeat(255)] {
            let shape = TableShape { local: vec![local(name, "s")], ..TableShape::default() };
            check_shape(&shape).unwrap();
        }
    }

    #[test]
    fn a_table_has_as_many_indexes_as_one_of_dynamodb_each_with_a_name_of_its_own() {
        let locals = |count: usize| (0..count).map(|number| local(&format!("local{number}"), "s")).collect();
        let globals =
            |count: usize| (0..count).map(|number| global(&format!("global{number}"), "h", "s")).collect();
        check_shape(&TableShape { local: locals(5), global: globals(20), ttl: true }).unwrap();
        assert_eq!(refused(locals(6), vec![]), "localIndexes");
        assert_eq!(refused(vec![], globals(21)), "globalIndexes");
        assert_eq!(refused(vec![local("one", "s"), local("one", "s")], vec![]), "localIndex");
        assert_eq!(refused(vec![local("one", "s")], vec![global("one", "h", "s")]), "globalIndex");
        assert_eq!(refused(vec![local("one", "id")], vec![]), "localIndex");
        assert_eq!(refused(vec![], vec![global("one", "h", "h")]), "globalIndex");
    }

    #[test]
    fn a_key_of_an_index_that_is_too_long_is_refused_by_its_own_name() {
        let shape = TableShape { local: vec![local("one", "payload")], ..TableShape::default() };
        let value = Some("x".repeat(KEY + 1).into());
        let record =
            Record { place: Place::new("p", "k"), version: 1, expires: None, value, fields: [].into() };
        assert_eq!(check_record(&shape, &record).unwrap_err().field(), Some("value"));
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
