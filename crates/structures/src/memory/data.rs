//! What keys hold.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use redkv_core::error::Result;

use super::sorted::Sorted;
use crate::answer;
use crate::value::{Value, number_of};

/// What a key holds: one kind of data.
#[derive(Clone, Debug)]
pub(super) enum Data {
    Value(Bytes),
    Set(Set),
    Hash(Hash),
    Sorted(Sorted),
}

/// The members of a set.
pub(super) type Set = BTreeSet<Bytes>;
/// The fields of a hash with their values.
pub(super) type Hash = BTreeMap<Bytes, Bytes>;

/// A kind of data that has members; without any it is no key.
pub(super) trait Kind: Default {
    fn of(data: &mut Data) -> Option<&mut Self>;
    fn into_data(self) -> Data;
    fn is_empty(&self) -> bool;
}

macro_rules! kind {
    ($kind:ident, $is_empty:expr) => {
        impl Kind for $kind {
            fn of(data: &mut Data) -> Option<&mut Self> {
                if let Data::$kind(data) = data { Some(data) } else { None }
            }

            fn into_data(self) -> Data {
                Data::$kind(self)
            }

            fn is_empty(&self) -> bool {
                $is_empty(self)
            }
        }
    };
}

kind!(Set, Self::is_empty);
kind!(Hash, Self::is_empty);
kind!(Sorted, |sorted: &Self| sorted.len() == 0);

/// Everything, by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Map(HashMap<Bytes, Data>);

impl Map {
    pub(super) fn has(&self, key: &Bytes) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn value(&self, key: &Bytes) -> Result<Option<&Bytes>> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Data::Value(value)) => Ok(Some(value)),
            Some(_) => Err(answer::wrong_kind()),
        }
    }

    /// Returns the number that a counter has.
    pub(super) fn counter(&self, key: &Bytes) -> Result<i64> {
        self.value(key)?.map_or(Ok(0), |text| number_of(text).ok_or_else(answer::no_integer))
    }

    /// Returns whether an equal value is there.
    pub(super) fn equals(&self, key: &Bytes, expected: &Value) -> Result<bool> {
        Ok(self.value(key)?.is_some_and(|value| *value == expected.to_bytes()))
    }

    pub(super) fn put(&mut self, key: &Bytes, value: &Value) {
        self.0.insert(key.clone(), Data::Value(value.to_bytes()));
    }

    pub(super) fn delete(&mut self, key: &Bytes) -> bool {
        self.0.remove(key).is_some()
    }

    /// Returns what `look` finds in the data of a key, which is of one kind and empty where there is no key; `look` may change
    /// it.
    pub(super) fn with<K: Kind, T>(&mut self, key: &Bytes, look: impl FnOnce(&mut K) -> T) -> Result<T> {
        let Some(data) = self.0.get_mut(key) else {
            let mut data = K::default();
            let found = look(&mut data);
            if !data.is_empty() {
                self.0.insert(key.clone(), data.into_data());
            }
            return Ok(found);
        };
        let data = K::of(data).ok_or_else(answer::wrong_kind)?;
        let found = look(data);
        if data.is_empty() {
            self.0.remove(key);
        }
        Ok(found)
    }
}
