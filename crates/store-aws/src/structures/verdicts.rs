//! What it means that the condition of a write did not hold.

use aws_sdk_dynamodb::types::AttributeValue;
use redkv_structures::{Change, Write, number_of};

use super::changes::{HAS_VALUE, NO_VALUE, add_members, increment, planned};
use super::items::{Found, PLAIN, RANK, attribute, bytes_of, field_name, number, primary_key, value_item};
use crate::tables::writes::{ItemWrite, Returns};
use redkv_core::error::{Error, ErrorKind, Result};

/// What a write comes to whose condition did not hold.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Its own conditions do not hold, of which these.
    Failed(Vec<bool>),
    /// There is nothing to change, as long as this check holds.
    Nothing(ItemWrite),
    /// It is to be made in this way.
    Again(ItemWrite),
}

/// Returns what becomes of `write` where `found` is the item. Fails if the key is of another kind, or no counter.
pub(super) fn judged(write: &Write, found: &Found) -> Result<Verdict> {
    match &write.change {
        Change::SetNx(value) => Ok(match found {
            Found::Nothing => again(write)?,
            Found::Shell => {
                // Whether it is a hash by now, the old item tells: it keeps its fields.
                let update =
                    ItemWrite::update(plain(write), "SET v = :value").value(":value", attribute(value));
                Verdict::Again(update.when(NO_VALUE).returning(Returns::Old))
            }
            _ => Verdict::Failed(vec![true]),
        }),
        Change::SetXx(value) => replaced(write, found, ItemWrite::put(value_item(&write.key, value))),
        Change::DeleteXx => replaced(write, found, ItemWrite::delete(plain(write))),
        Change::SetEq { expected, .. } => match found {
            Found::Nothing | Found::Shell => Ok(Verdict::Failed(vec![true])),
            Found::Value(value) if bytes_of(value) == Some(expected.to_bytes()) => {
                // Of a type that another program chose, as it is.
                let Verdict::Again(update) = again(write)? else { return again(write) };
                Ok(Verdict::Again(is_exactly(update, value.clone())))
            }
            Found::Value(_) => Ok(Verdict::Failed(vec![true])),
            _ => Err(wrong_kind()),
        },
        Change::IncrBy(by) => incremented(write, *by, found),
        Change::SAdd(added) => match found {
            Found::Nothing | Found::Set => again(write),
            Found::Shell => {
                let update = add_members(plain(write), added).when(NO_VALUE);
                Ok(Verdict::Again(update.returning(Returns::Old)))
            }
            _ => Err(wrong_kind()),
        },
        Change::SRem(_) => match found {
            Found::Set => again(write),
            Found::Nothing | Found::Shell => Ok(Verdict::Nothing(ItemWrite::check(plain(write), NO_VALUE))),
            _ => Err(wrong_kind()),
        },
        Change::Hash { set, set_new, .. } => match found {
            Found::Nothing | Found::Shell if set.is_empty() && set_new.is_empty() => {
                Ok(Verdict::Nothing(ItemWrite::check(plain(write), NO_VALUE)))
            }
            Found::Nothing | Found::Shell => again(write),
            Found::Hash(names) => {
                let failed: Vec<_> =
                    set_new.iter().map(|(field, _)| names.contains(&field_name(field))).collect();
                if failed.contains(&true) { Ok(Verdict::Failed(failed)) } else { again(write) }
            }
            _ => Err(wrong_kind()),
        },
        Change::ZAddNx { .. } => match found {
            Found::Nothing => again(write),
            _ => Ok(Verdict::Failed(vec![true])),
        },
        Change::ZRem { .. } => {
            let condition = format!("attribute_not_exists({RANK})");
            Ok(Verdict::Nothing(ItemWrite::check(plain(write), condition)))
        }
        Change::Set(_) | Change::Delete | Change::ZAdd { .. } => again(write),
    }
}

/// Adds the condition that the value is just this one.
fn is_exactly(mut write: ItemWrite, value: AttributeValue) -> ItemWrite {
    write.values.retain(|name, _| name != ":text" && name != ":number");
    write.value(":old", value).when("v = :old")
}

fn plain(write: &Write) -> super::items::Item {
    primary_key(&write.key, PLAIN)
}

fn again(write: &Write) -> Result<Verdict> {
    planned(write).map(Verdict::Again)
}

/// What replaces or deletes whatever is there, if there is something.
fn replaced(write: &Write, found: &Found, replacing: ItemWrite) -> Result<Verdict> {
    /// So many fields are looked for: if all of them went meanwhile, the next try sees what is left.
    const FIELDS: usize = 20;
    match found {
        Found::Nothing | Found::Shell => Ok(Verdict::Failed(vec![true])),
        Found::Hash(names) => {
            let mut replacing = replacing;
            let mut condition = HAS_VALUE.to_owned();
            for (place, name) in names.iter().take(FIELDS).enumerate() {
                condition.push_str(&format!(" OR attribute_exists(#{place})"));
                replacing = replacing.name(format!("#{place}"), name);
            }
            Ok(Verdict::Again(replacing.when(condition)))
        }
        _ => again(write),
    }
}

fn incremented(write: &Write, by: i64, found: &Found) -> Result<Verdict> {
    let value = match found {
        Found::Nothing => return again(write),
        Found::Shell => {
            let update = increment(plain(write), by).when(NO_VALUE);
            return Ok(Verdict::Again(update.returning(Returns::Old)));
        }
        Found::Value(value) => value,
        _ => return Err(wrong_kind()),
    };
    let no_number = || Error::new(ErrorKind::Value, "the value is not an integer within 64 bits");
    let now = bytes_of(value).and_then(|text| number_of(&text)).ok_or_else(no_number)?;
    let beyond = || Error::new(ErrorKind::Value, "the counter would leave 64 bits");
    let sum = now.checked_add(by).ok_or_else(beyond)?;
    if matches!(value, AttributeValue::N(_)) {
        return again(write);
    }
    // The text becomes a number, unless it is another one by now.
    let update = ItemWrite::update(plain(write), "SET v = :sum").value(":sum", number(sum));
    Ok(Verdict::Again(update.when("v = :old").value(":old", value.clone()).returning(Returns::New)))
}

/// The error of an operation on a key of another kind.
pub(super) fn wrong_kind() -> Error {
    Error::new(ErrorKind::Type, "the key holds another kind of data than this operation is for")
}

#[cfg(test)]
mod tests {
    use redkv_structures::Value;

    use super::super::items::binary;
    use super::*;

    fn verdict(change: Change, found: &Found) -> Result<Verdict> {
        judged(&Write::new("k", change), found)
    }

    fn hash() -> Found {
        Found::Hash(vec!["~YQ".into()])
    }

    #[test]
    fn an_empty_item_counts_as_absent() {
        let set_nx = verdict(Change::SetNx(Value::from("v")), &Found::Shell).unwrap();
        assert!(matches!(set_nx, Verdict::Again(write) if write.returns == Returns::Old));
        assert!(matches!(verdict(Change::SetXx(Value::from("v")), &Found::Shell), Ok(Verdict::Failed(_))));
        assert!(matches!(verdict(Change::SRem(vec![]), &Found::Shell), Ok(Verdict::Nothing(_))));
        assert!(matches!(verdict(Change::IncrBy(1), &Found::Shell), Ok(Verdict::Again(_))));
    }

    #[test]
    fn a_hash_is_something() {
        assert!(matches!(verdict(Change::SetNx(Value::from("v")), &hash()), Ok(Verdict::Failed(_))));
        assert!(matches!(verdict(Change::SetXx(Value::from("v")), &hash()), Ok(Verdict::Again(_))));
        for change in [Change::IncrBy(1), Change::SAdd(vec![]), Change::SRem(vec![])] {
            assert_eq!(verdict(change, &hash()).unwrap_err().kind(), ErrorKind::Type);
        }
    }

    #[test]
    fn text_that_is_a_number_counts() {
        let count = |by, text: &[u8]| verdict(Change::IncrBy(by), &Found::Value(binary(text)));
        let Ok(Verdict::Again(write)) = count(5, b"10") else { panic!("it is a number") };
        assert_eq!(write.values[":sum"], number(15));
        assert_eq!(count(1, b"ten").unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(count(1, b"9223372036854775807").unwrap_err().kind(), ErrorKind::Value);
    }

    #[test]
    fn each_new_field_that_is_there_fails() {
        let field = |name: &str| (bytes::Bytes::copy_from_slice(name.as_bytes()), Value::from(1));
        let change = Change::Hash { set: vec![], set_new: vec![field("b"), field("a")], delete: vec![] };
        let Ok(Verdict::Failed(failed)) = verdict(change, &hash()) else { panic!("a is there") };
        assert_eq!(failed, [false, true]);
    }
}
