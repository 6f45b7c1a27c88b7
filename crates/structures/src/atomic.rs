//! Writes that are made together or not at all.

use std::collections::HashSet;

use bytes::Bytes;
use redkv_core::error::{Error, Result};
use redkv_core::operation::StructureOperation;

use crate::score::Score;
use crate::value::Value;

/// The most operations of an atomic write: what DynamoDB takes.
pub const MOST_WRITES: usize = 100;

/// One write of an atomic write.
#[derive(Clone, Debug)]
pub struct Write {
    /// The key.
    pub key: Bytes,
    /// What is changed there.
    pub change: Change,
}

/// What an atomic write changes at a key. Kinds are as in [`Action`](crate::Action): a key of another kind fails all of it
/// with [`ErrorKind::Type`](redkv_core::error::ErrorKind::Type), and beats conditions.
#[derive(Clone, Debug)]
pub enum Change {
    /// Writes a value in place of whatever is there.
    Set(Value),
    /// Writes a value; holds where no key is.
    SetNx(Value),
    /// Writes a value in place of whatever is there; holds where there is something.
    SetXx(Value),
    /// Writes a value; holds where an equal one is.
    SetEq {
        /// What is written.
        value: Value,
        /// What must be there.
        expected: Value,
    },
    /// Deletes the key.
    Delete,
    /// Deletes the key; holds where there is one.
    DeleteXx,
    /// Adds to a counter.
    IncrBy(i64),
    /// Adds members to a set.
    SAdd(Vec<Bytes>),
    /// Removes members of a set.
    SRem(Vec<Bytes>),
    /// Changes fields of a hash, all of them different.
    Hash {
        /// Fields that are written.
        set: Vec<(Bytes, Value)>,
        /// Fields that are written; holds where none of them is there.
        set_new: Vec<(Bytes, Value)>,
        /// Fields that are deleted.
        delete: Vec<Bytes>,
    },
    /// Puts a field into a sorted set or sorted hash.
    ZAdd {
        /// The field.
        field: Bytes,
        /// Its value; without one it is a member of a sorted set.
        member: Option<Bytes>,
        /// Its score.
        score: Score,
    },
    /// Puts a field into a sorted set; holds where the field is not there.
    ZAddNx {
        /// The field.
        field: Bytes,
        /// Its value; without one it is a member of a sorted set.
        member: Option<Bytes>,
        /// Its score.
        score: Score,
    },
    /// Removes a field of a sorted set or sorted hash.
    ZRem {
        /// The field.
        field: Bytes,
        /// Whether it is of a sorted hash: `zhRem`.
        of_hash: bool,
    },
}

/// How an atomic write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtomicAnswer {
    /// All of it was written.
    Committed,
    /// Nothing was written. For each write, whether its condition failed; for a hash also which of its new fields were there.
    Refused(Vec<Vec<bool>>),
}

impl Write {
    /// Creates a write.
    pub fn new(key: impl Into<Bytes>, change: Change) -> Self {
        Self { key: key.into(), change }
    }
}

/// The operations of an atomic write as writes, one for each item.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The writes.
    pub writes: Vec<Write>,
    /// Where each operation is.
    places: Vec<Place>,
}

/// Where an operation of an atomic write is: its write, and which of the conditions there are its own.
#[derive(Clone, Debug)]
struct Place {
    operation: StructureOperation,
    write: usize,
    own: std::ops::Range<usize>,
}

impl Merged {
    /// Returns for each operation whether its condition failed.
    pub fn failures(&self, answer: &AtomicAnswer) -> Vec<bool> {
        let AtomicAnswer::Refused(failed) = answer else { return vec![false; self.places.len()] };
        let has_failed = |Place { write, own, .. }: &Place| {
            failed.get(*write).and_then(|all| all.get(own.clone())).is_some_and(|own| own.contains(&true))
        };
        self.places.iter().map(has_failed).collect()
    }

    /// Returns an error of a backend. One that is about a write names the first operation that became this write.
    #[must_use]
    pub fn named(&self, error: Error) -> Error {
        let mut places = self.places.iter().enumerate();
        match places.find(|(_, place)| Some(place.write) == error.place()) {
            Some((index, place)) => at(error, index, place.operation),
            None => error,
        }
    }
}

/// Returns the error of the operation at `index`, which says so.
#[must_use]
pub fn at(error: Error, index: usize, operation: StructureOperation) -> Error {
    error.noting(&format!(" (operation {index} of the atomic write, {})", operation.as_str()))
}

/// Merges operations on one item, where that has a meaning. Fails on other pairs, and on more than [`MOST_WRITES`].
pub fn merged(operations: Vec<Write>) -> Result<Merged> {
    if operations.len() > MOST_WRITES {
        let message =
            format!("an atomic write has at most {MOST_WRITES} operations, got {}", operations.len());
        return Err(Error::argument("operations", message));
    }
    let mut merged = Merged { writes: Vec::new(), places: Vec::new() };
    for operation in operations {
        merged.add(operation)?;
    }
    Ok(merged)
}

impl Merged {
    fn add(&mut self, Write { key, mut change }: Write) -> Result<()> {
        change.delete_once();
        let operation = change.operation();
        let item = change.item();
        let mut same_key = self.writes.iter_mut().enumerate().filter(|(_, write)| write.key == key);
        let found = same_key.find_map(|(place, write)| {
            let other = write.change.item();
            match (&item, &other) {
                (Item::Sorted(field), Item::Sorted(other)) if field != other => None,
                _ => Some((place, write)),
            }
        });
        let Some((place, write)) = found else {
            let own = 0..change.conditions();
            self.writes.push(Write { key, change });
            self.places.push(Place { operation, write: self.writes.len() - 1, own });
            return Ok(());
        };
        let before = write.change.conditions();
        let first = self.places.iter().position(|other| other.write == place).unwrap_or_default();
        let both = format!("operations {first} and {} of the atomic write: ", self.places.len());
        write.change.merge(change, &both)?;
        write.change.delete_once();
        // Only new fields of a hash have conditions of their own; a change without any has nothing that could fail.
        let own = before..write.change.conditions();
        self.places.push(Place { operation, write: place, own });
        Ok(())
    }
}

/// What a change is about, at its key.
enum Item {
    Plain,
    Sorted(Bytes),
}

impl Change {
    fn item(&self) -> Item {
        match self {
            Self::ZAdd { field, .. } | Self::ZAddNx { field, .. } | Self::ZRem { field, .. } => {
                Item::Sorted(field.clone())
            }
            _ => Item::Plain,
        }
    }

    /// How many conditions it has, for [`AtomicAnswer::Refused`].
    pub fn conditions(&self) -> usize {
        match self {
            Self::Hash { set_new, .. } => set_new.len(),
            Self::SetNx(_) | Self::SetXx(_) | Self::SetEq { .. } | Self::DeleteXx | Self::ZAddNx { .. } => 1,
            _ => 0,
        }
    }

    /// Returns how many bytes were given for it, besides the key.
    pub fn bytes(&self) -> usize {
        let pairs = |fields: &[(Bytes, Value)]| -> usize {
            fields.iter().map(|(field, value)| field.len() + value.len()).sum()
        };
        match self {
            Self::Set(value) | Self::SetNx(value) | Self::SetXx(value) => value.len(),
            Self::SetEq { value, expected } => value.len() + expected.len(),
            Self::SAdd(members) | Self::SRem(members) => members.iter().map(Bytes::len).sum(),
            Self::Hash { set, set_new, delete } => {
                pairs(set) + pairs(set_new) + delete.iter().map(Bytes::len).sum::<usize>()
            }
            Self::ZAdd { field, member, .. } | Self::ZAddNx { field, member, .. } => {
                field.len() + member.as_ref().map_or(0, Bytes::len)
            }
            Self::ZRem { field, .. } => field.len(),
            Self::Delete | Self::DeleteXx | Self::IncrBy(_) => 0,
        }
    }

    /// Returns the operation that callers know it by.
    pub fn operation(&self) -> StructureOperation {
        use StructureOperation as Op;
        match self {
            Self::Set(_) => Op::Set,
            Self::SetNx(_) => Op::SetNx,
            Self::SetXx(_) => Op::SetXx,
            Self::SetEq { .. } => Op::SetEq,
            Self::Delete => Op::Delete,
            Self::DeleteXx => Op::DeleteXx,
            Self::IncrBy(_) => Op::IncrBy,
            Self::SAdd(_) => Op::SAdd,
            Self::SRem(_) => Op::SRem,
            Self::Hash { set, set_new, .. } if set.is_empty() && set_new.is_empty() => Op::HDel,
            Self::Hash { set, .. } if set.is_empty() => Op::HSetNx,
            Self::Hash { .. } => Op::HSet,
            Self::ZAdd { member: None, .. } => Op::ZAdd,
            Self::ZAdd { .. } => Op::ZhAdd,
            Self::ZAddNx { .. } => Op::ZAddNx,
            Self::ZRem { of_hash: false, .. } => Op::ZRem,
            Self::ZRem { of_hash: true, .. } => Op::ZhRem,
        }
    }

    /// Leaves out fields that are deleted already: DynamoDB takes none twice.
    fn delete_once(&mut self) {
        if let Self::Hash { delete, .. } = self {
            let mut seen = HashSet::new();
            delete.retain(|field| seen.insert(field.clone()));
        }
    }

    fn merge(&mut self, other: Self, both: &str) -> Result<()> {
        let refused = |one: StructureOperation, other: StructureOperation| {
            let (one, other) = (one.as_str(), other.as_str());
            let message = format!("{both}{one} and {other} of one key, field or member cannot be together");
            Err(Error::argument("operations", message))
        };
        let (one, two) = (self.operation(), other.operation());
        match (self, other) {
            (Self::SAdd(members), Self::SAdd(more)) | (Self::SRem(members), Self::SRem(more)) => {
                members.extend(more);
                Ok(())
            }
            (Self::IncrBy(by), Self::IncrBy(more)) => match by.checked_add(more) {
                Some(sum) => {
                    *by = sum;
                    Ok(())
                }
                None => Err(Error::argument("by", "the sum of incrBy leaves 64 bits")),
            },
            (
                Self::Hash { set, set_new, delete },
                Self::Hash { set: more, set_new: more_new, delete: more_deleted },
            ) => {
                set.extend(more);
                set_new.extend(more_new);
                delete.extend(more_deleted);
                let mut seen = HashSet::new();
                // One operation may delete a field twice.
                let deleted: HashSet<_> = delete.iter().collect();
                let mut fields = set.iter().chain(&*set_new).map(|(field, _)| field).chain(deleted);
                if fields.all(|field| seen.insert(field)) { Ok(()) } else { refused(one, two) }
            }
            _ => refused(one, two),
        }
    }
}

#[cfg(test)]
mod tests {
    use redkv_core::error::ErrorKind;

    use super::*;

    fn bytes(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes())
    }

    fn hash(set: &[&str], set_new: &[&str], delete: &[&str]) -> Change {
        let pairs = |fields: &[&str]| fields.iter().map(|field| (bytes(field), Value::from(1))).collect();
        Change::Hash {
            set: pairs(set),
            set_new: pairs(set_new),
            delete: delete.iter().map(|field| bytes(field)).collect(),
        }
    }

    fn zadd(field: &str) -> Change {
        Change::ZAdd { field: bytes(field), member: None, score: Score::from(1) }
    }

    fn merge(changes: Vec<Change>) -> Result<Merged> {
        merged(changes.into_iter().map(|change| Write::new("k", change)).collect())
    }

    #[test]
    fn operations_on_one_item_become_one_write() {
        let all = merge(vec![Change::SAdd(vec![bytes("a")]), Change::SAdd(vec![bytes("b")])]).unwrap();
        assert!(
            matches!(&all.writes[..], [Write { change: Change::SAdd(members), .. }] if members.len() == 2)
        );
        let all = merge(vec![Change::IncrBy(2), Change::IncrBy(-5)]).unwrap();
        assert!(matches!(&all.writes[..], [Write { change: Change::IncrBy(-3), .. }]));
        let all =
            merge(vec![hash(&["a"], &[], &[]), hash(&[], &["b"], &[]), hash(&[], &[], &["c"])]).unwrap();
        assert_eq!(all.writes.len(), 1);
        let all = merge(vec![hash(&[], &[], &["a", "a"]), hash(&["b"], &[], &["a"])]).unwrap();
        assert!(
            matches!(&all.writes[..], [Write { change: Change::Hash { delete, .. }, .. }] if delete.len() == 1)
        );
    }

    #[test]
    fn each_operation_knows_whether_its_own_condition_failed() {
        let all =
            merge(vec![hash(&["a"], &[], &[]), hash(&[], &["b"], &[]), hash(&[], &["c"], &[])]).unwrap();
        let answer = AtomicAnswer::Refused(vec![vec![false, true]]);
        assert_eq!(all.failures(&answer), [false, false, true]);
        assert_eq!(all.failures(&AtomicAnswer::Committed), [false, false, false]);
    }

    #[test]
    fn an_error_names_the_first_operation_of_its_write() {
        let writes = [("h", hash(&[], &["a"], &[])), ("z", zadd("a")), ("h", hash(&["b"], &[], &[]))];
        let all = merged(writes.map(|(key, change)| Write::new(key, change)).into()).unwrap();
        let message = |error: Error| all.named(error).message().to_owned();
        let error = Error::new(ErrorKind::Type, "wrong");
        assert_eq!(message(error.clone().at_place(0)), "wrong (operation 0 of the atomic write, hSetNX)");
        assert_eq!(message(error.clone().at_place(1)), "wrong (operation 1 of the atomic write, zAdd)");
        assert_eq!(message(error), "wrong");
    }

    #[test]
    fn members_of_a_sorted_set_are_items_of_their_own() {
        assert_eq!(merge(vec![zadd("a"), zadd("b")]).unwrap().writes.len(), 2);
        assert!(merge(vec![zadd("a"), zadd("a")]).is_err());
    }

    #[test]
    fn other_pairs_are_refused_by_name() {
        let pairs = [
            (Change::Set(1.into()), Change::Set(2.into())),
            (Change::SAdd(vec![bytes("a")]), Change::SRem(vec![bytes("b")])),
            (hash(&["a"], &[], &[]), hash(&[], &[], &["a"])),
            (Change::Delete, Change::IncrBy(1)),
            (Change::Set(1.into()), zadd("a")),
        ];
        for (one, two) in pairs {
            let error = merge(vec![one, two]).unwrap_err();
            assert_eq!(error.field(), Some("operations"), "{error}");
        }
        assert!(merge(vec![Change::IncrBy(i64::MAX), Change::IncrBy(1)]).is_err());
    }

    #[test]
    fn there_is_a_limit() {
        let writes =
            |count| (0..count).map(|n| Write::new(format!("k{n}"), Change::Delete)).collect::<Vec<_>>();
        assert!(merged(writes(100)).is_ok());
        assert!(merged(writes(101)).is_err());
    }
}
