//! Indexes, and the shape of a table.

use redkv_core::error::{Error, Result};

use crate::record::{ID, NAME, Record};

/// The order in which records are listed, in place of that of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// Of the same partition, in the order of another attribute.
    Local(LocalIndex),
    /// Of all partitions: those with an attribute that is the name of the partition.
    Global(GlobalIndex),
}

/// An index of each partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocalIndex {
    /// Its name.
    pub name: String,
    /// The attribute that records are ordered by. Those without it are not in the index.
    pub sort_key: String,
}

/// An index of the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GlobalIndex {
    /// Its name.
    pub name: String,
    /// The attribute that records are found by. Those without it are not in the index.
    pub hash_key: String,
    /// The attribute that records are ordered by. Those without it are not in the index.
    pub sort_key: String,
}

/// What a table has besides its primary key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableShape {
    /// Its local indexes.
    pub local: Vec<LocalIndex>,
    /// Its global indexes.
    pub global: Vec<GlobalIndex>,
    /// Whether records are deleted some time after they have expired. Absent they are in any case.
    pub ttl: bool,
}

impl Index {
    /// Returns its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Local(index) => &index.name,
            Self::Global(index) => &index.name,
        }
    }

    /// Returns the attribute that records are found by.
    pub fn hash_key(&self) -> &str {
        match self {
            Self::Local(_) => ID,
            Self::Global(index) => &index.hash_key,
        }
    }

    /// Returns the attribute that records are ordered by.
    pub fn sort_key(&self) -> &str {
        match self {
            Self::Local(index) => &index.sort_key,
            Self::Global(index) => &index.sort_key,
        }
    }

    /// Returns where `record` is in the index: the values of its hash key and its sort key; `None` if it is not in it.
    pub fn entry<'a>(&self, record: &'a Record) -> Option<(&'a str, &'a str)> {
        Some((record.attribute(self.hash_key())?, record.attribute(self.sort_key())?))
    }
}

/// Returns the attribute that records are found by, of an index or of the table.
pub fn hash_key(index: Option<&Index>) -> &str {
    index.map_or(ID, Index::hash_key)
}

/// Returns the attribute that records are ordered by, of an index or of the table.
pub fn sort_key(index: Option<&Index>) -> &str {
    index.map_or(NAME, Index::sort_key)
}

impl TableShape {
    /// Returns all indexes.
    pub fn indexes(&self) -> impl Iterator<Item = Index> + '_ {
        let local = self.local.iter().cloned().map(Index::Local);
        local.chain(self.global.iter().cloned().map(Index::Global))
    }

    /// Fails with the error of an index that is not there, or has other attributes.
    pub fn check(&self, index: &Index) -> Result<()> {
        match self.indexes().find(|own| own.name() == index.name()) {
            Some(own) if own == *index => Ok(()),
            Some(_) => Err(other_index(index)),
            None => Err(no_index(index)),
        }
    }

    /// Returns the shape with what `more` has besides. Fails where an index of the same name has other attributes.
    pub fn and(mut self, more: &Self) -> Result<Self> {
        for index in more.indexes() {
            let own = self.indexes().find(|own| own.name() == index.name());
            match own {
                Some(own) if own == index => {}
                Some(_) => return Err(other_index(&index)),
                None => match index {
                    Index::Local(index) => self.local.push(index),
                    Index::Global(index) => self.global.push(index),
                },
            }
        }
        self.ttl |= more.ttl;
        Ok(self)
    }
}

/// The argument that names an index.
pub fn argument(index: &Index) -> &'static str {
    match index {
        Index::Local(_) => "localIndex",
        Index::Global(_) => "globalIndex",
    }
}

/// Returns the error of an index that the table does not have.
pub fn no_index(index: &Index) -> Error {
    let message =
        format!("the table has no index '{}': createTable() makes it where it is declared", index.name());
    Error::argument(argument(index), message)
}

/// Returns the error of an index that has other attributes.
pub fn other_index(index: &Index) -> Error {
    Error::argument(
        argument(index),
        format!("the index '{}' of the table has other attributes", index.name()),
    )
}
