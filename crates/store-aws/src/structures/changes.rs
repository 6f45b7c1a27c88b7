//! Writes of one item: what is sent first, which is right where the item is absent or of the right kind.

use std::fmt::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use redkv_structures::{Change, Value, Write, number_of};

use super::config::reserved;
use super::items::{
    Item, PLAIN, RANK, VALUE, attribute, binary, field_name, members, number, primary_key, sorted_item,
    value_item,
};
use crate::tables::writes::{Deed, ItemWrite, Returns};
use redkv_core::error::{Error, Result};

/// The longest expression that the service takes.
const LONGEST_EXPRESSION: usize = 4096;
/// The most fields of a hash that one update changes: an expression has at most 300 operators.
pub(super) const MOST_FIELDS: usize = 250;

/// There is no item. One that was left empty does not count as absent here: whether it is a hash, no condition can tell.
pub(super) const NO_ITEM: &str = "attribute_not_exists(hk)";
pub(super) const NO_VALUE: &str = "attribute_not_exists(v)";
pub(super) const HAS_VALUE: &str = "attribute_exists(v)";

/// Returns the request for `write`, as it is sent first. What it means that its condition does not hold, says
/// [`judged`](super::verdicts::judged).
pub(super) fn planned(write: &Write) -> Result<ItemWrite> {
    let Write { key, change } = write;
    let plain = || primary_key(key, PLAIN);
    Ok(match change {
        Change::Set(value) => ItemWrite::put(value_item(key, value)),
        Change::SetNx(value) => ItemWrite::put(value_item(key, value)).when(NO_ITEM),
        Change::SetXx(value) => ItemWrite::put(value_item(key, value)).when(HAS_VALUE),
        Change::SetEq { value, expected } => is_equal(ItemWrite::put(value_item(key, value)), expected),
        Change::Delete => ItemWrite::delete(plain()).returning(Returns::Old),
        Change::DeleteXx => ItemWrite::delete(plain()).when(HAS_VALUE),
        // A number beside which the sum stays within 64 bits. Nothing that is no number is between two. Whether it has a
        // fraction no condition can tell: alone it is told by what the update returns, and a transaction returns nothing.
        Change::IncrBy(by) => increment(plain(), *by)
            .when(format!("{NO_ITEM} OR v BETWEEN :low AND :high"))
            .value(":low", number(i64::MIN - by.min(&0)))
            .value(":high", number(i64::MAX - by.max(&0)))
            .returning(Returns::New),
        Change::SAdd(added) => add_members(plain(), added)
            .when(format!("{NO_ITEM} OR attribute_type(v, :set)"))
            .value(":set", kind("BS")),
        Change::SRem(removed) => ItemWrite::update(plain(), "DELETE v :members")
            .value(":members", members(removed))
            .when("attribute_type(v, :set)")
            .value(":set", kind("BS")),
        Change::Hash { set, set_new, delete } => hash(plain(), set, set_new, delete)?,
        Change::ZAdd { field, member, score } => {
            check_field(field, member.is_some())?;
            ItemWrite::put(sorted_item(key, field, member.as_ref().unwrap_or(field), *score))
        }
        Change::ZAddNx { field, member, score } => {
            check_field(field, member.is_some())?;
            ItemWrite::put(sorted_item(key, field, member.as_ref().unwrap_or(field), *score)).when(NO_ITEM)
        }
        Change::ZRem { field, .. } if field == PLAIN => {
            ItemWrite::delete(plain()).when(format!("attribute_exists({RANK})"))
        }
        Change::ZRem { field, .. } => ItemWrite::delete(primary_key(key, field)),
    })
}

/// Fails if a member has the place of the plain item.
pub(super) fn check_field(field: &[u8], has_value: bool) -> Result<()> {
    if field == PLAIN { Err(reserved(if has_value { "field" } else { "member" })) } else { Ok(()) }
}

/// Adds to a counter, without a condition yet.
pub(super) fn increment(key: Item, by: i64) -> ItemWrite {
    ItemWrite::update(key, "ADD v :by").value(":by", number(by))
}

/// Adds members to a set, without a condition yet.
pub(super) fn add_members(key: Item, added: &[Bytes]) -> ItemWrite {
    ItemWrite::update(key, "ADD v :members").value(":members", members(added))
}

/// The name of a type, for `attribute_type`.
fn kind(name: &str) -> AttributeValue {
    AttributeValue::S(name.to_owned())
}

/// Adds the condition that the value reads as `expected` does, be it text or a number.
fn is_equal(write: ItemWrite, expected: &Value) -> ItemWrite {
    let text = expected.to_bytes();
    let write = write.value(":text", binary(&text));
    // A member `_` that another program put here is no value.
    match number_of(&text) {
        Some(integer) => write
            .value(":number", number(integer))
            .when(format!("(v = :text OR v = :number) AND attribute_not_exists({RANK})")),
        None => write.when(format!("v = :text AND attribute_not_exists({RANK})")),
    }
}

fn hash(
    key: Item,
    set: &[(Bytes, Value)],
    set_new: &[(Bytes, Value)],
    delete: &[Bytes],
) -> Result<ItemWrite> {
    let mut write = ItemWrite::update(key, "");
    let (mut assigned, mut removed, mut condition) = (String::new(), String::new(), NO_VALUE.to_owned());
    for (place, (field, value)) in set.iter().chain(set_new).enumerate() {
        write = write
            .name(format!("#{place}"), field_name(field))
            .value(format!(":{place}"), attribute_in_hash(value));
        let _ = write!(assigned, "{}#{place}=:{place}", if place == 0 { "SET " } else { "," });
        if place >= set.len() {
            let _ = write!(condition, " AND attribute_not_exists(#{place})");
        }
    }
    for (place, field) in delete.iter().enumerate() {
        write = write.name(format!("#d{place}"), field_name(field));
        let _ = write!(removed, "{}#d{place}", if place == 0 { " REMOVE " } else { "," });
    }
    if assigned.is_empty() {
        // A key that is not there stays so.
        condition.push_str(" AND attribute_exists(hk)");
    }
    let (expression, fields) = (assigned + &removed, set.len() + set_new.len() + delete.len());
    if expression.len().max(condition.len()) > LONGEST_EXPRESSION || fields > MOST_FIELDS {
        let message = "DynamoDB does not take so many fields of a hash in one write: about 250 are the most, and 140 new ones";
        return Err(Error::argument("fields", message));
    }
    write.deed = Deed::Update(expression.trim_start().to_owned());
    Ok(write.when(condition))
}

/// A value in a hash, where numbers are text.
fn attribute_in_hash(value: &Value) -> AttributeValue {
    binary(&value.to_bytes())
}

/// Takes away what a write put into an item that turned out to be a hash, whose field `name` was seen: by the first of these
/// requests whose condition holds. What others wrote meanwhile stays: a `set` in place of the hash has taken the field away.
pub(super) fn undone(write: &Write, name: &str) -> Vec<ItemWrite> {
    let plain = primary_key(&write.key, PLAIN);
    let remove = |value| {
        ItemWrite::update(plain.clone(), format!("REMOVE {VALUE}"))
            .when("v = :value AND attribute_exists(#field)")
            .value(":value", value)
    };
    let undo = match &write.change {
        Change::SetNx(value) => vec![remove(attribute(value))],
        // Others may have counted on.
        Change::IncrBy(by) => vec![
            remove(number(*by)),
            increment(plain.clone(), by.wrapping_neg())
                .when("attribute_type(v, :type) AND attribute_exists(#field)")
                .value(":type", kind("N")),
        ],
        Change::SAdd(added) => vec![
            ItemWrite::update(plain.clone(), "DELETE v :members")
                .value(":members", members(added))
                .when("attribute_exists(#field)"),
        ],
        _ => Vec::new(),
    };
    undo.into_iter().map(|undo| undo.name("#field", name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(count: usize) -> Vec<(Bytes, Value)> {
        (0..count).map(|n| (Bytes::from(n.to_string()), Value::from(1))).collect()
    }

    fn plan(change: Change) -> Result<ItemWrite> {
        planned(&Write::new("k", change))
    }

    fn hash(set: usize, set_new: usize) -> Change {
        Change::Hash { set: fields(set), set_new: fields(set_new), delete: Vec::new() }
    }

    #[test]
    fn a_hash_of_more_fields_than_an_expression_takes_is_refused_by_name() {
        assert!(plan(hash(MOST_FIELDS, 0)).is_ok());
        assert_eq!(plan(hash(MOST_FIELDS + 1, 0)).unwrap_err().field(), Some("fields"));
        assert!(plan(hash(0, 120)).is_ok());
        assert_eq!(plan(hash(0, 200)).unwrap_err().field(), Some("fields"));
    }

    #[test]
    fn the_bounds_of_a_counter_leave_room_for_what_is_added() {
        for (by, low, high) in [
            (5, i64::MIN, i64::MAX - 5),
            (-5, i64::MIN + 5, i64::MAX),
            (i64::MIN, 0, i64::MAX),
            (i64::MAX, i64::MIN, 0),
        ] {
            let write = plan(Change::IncrBy(by)).unwrap();
            assert_eq!((&write.values[":low"], &write.values[":high"]), (&number(low), &number(high)));
        }
    }

    #[test]
    fn a_member_in_the_place_of_the_value_is_refused_by_name() {
        let add = |member: Option<&str>| Change::ZAdd {
            field: Bytes::from("_"),
            member: member.map(|member| Bytes::copy_from_slice(member.as_bytes())),
            score: 1.into(),
        };
        assert_eq!(plan(add(None)).unwrap_err().field(), Some("member"));
        assert_eq!(plan(add(Some("m"))).unwrap_err().field(), Some("field"));
    }
}
