//! What is declared of the tables: indexes, and whether records are deleted after they have expired.

use redkv_core::error::Result;
use redkv_records::limits::check_order;
use redkv_records::{GlobalIndex, Index, LocalIndex, TableShape};

use super::rows::{Records, read};
use crate::sqlite::service::{Fault, Found};

const LOCAL: &str = "local";
const GLOBAL: &str = "global";
/// Declares, without a name, that records are deleted after they have expired.
const TTL: &str = "ttl";

/// What is declared, with the numbers of the indexes.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) shape: TableShape,
    pub(super) numbers: Vec<(i64, Index)>,
}

impl Declared {
    /// Returns the number of an index. Fails if it is not declared, or has other attributes.
    pub(super) fn number(&self, index: &Index) -> Result<i64> {
        self.shape.check(index)?;
        let own = self.numbers.iter().find(|(_, own)| own == index);
        own.map(|(number, _)| *number).ok_or_else(|| redkv_records::index::no_index(index))
    }

    fn add(&mut self, (number, kind, [name, hash_key, sort_key]): (i64, String, [String; 3])) {
        let index = match kind.as_str() {
            LOCAL => {
                let index = LocalIndex { name, sort_key };
                self.shape.local.push(index.clone());
                Index::Local(index)
            }
            GLOBAL => {
                let index = GlobalIndex { name, hash_key, sort_key };
                self.shape.global.push(index.clone());
                Index::Global(index)
            }
            // What a later version declares is no matter of this one.
            other => return self.shape.ttl |= other == TTL,
        };
        self.numbers.push((number, index));
    }
}

impl Records<'_> {
    /// Returns what is declared now.
    pub(super) fn declared(&self) -> Found<Declared> {
        let mut declared = Declared::default();
        let read =
            |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, [row.get(2)?, row.get(3)?, row.get(4)?]));
        self.rows.many(&self.sql.shape, [], read)?.into_iter().for_each(|row| declared.add(row));
        Ok(declared)
    }

    /// Returns whether all of `shape` is declared. Fails where an index of the same name has other attributes.
    pub(super) fn has(&self, shape: &TableShape) -> Found<bool> {
        let declared = self.declared()?.shape;
        Ok(declared.clone().and(shape)? == declared)
    }

    /// Declares what `more` has besides, and fills the indexes that are new.
    pub(super) fn declare(&self, more: &TableShape) -> Found<()> {
        check_order(more)?;
        let before = self.declared()?;
        let shape = before.shape.clone().and(more)?;
        for index in shape.indexes().filter(|index| before.number(index).is_err()) {
            let kind = match &index {
                Index::Local(_) => LOCAL,
                Index::Global(_) => GLOBAL,
            };
            self.insert(kind, index.name(), index.hash_key(), index.sort_key())?;
        }
        if shape.ttl && !before.shape.ttl {
            self.insert(TTL, "", "", "")?;
        }
        let is_new = |(number, _): &(i64, Index)| before.numbers.iter().all(|(old, _)| old != number);
        self.fill(self.declared()?.numbers.into_iter().filter(is_new).collect())
    }

    fn insert(&self, kind: &str, name: &str, hash_key: &str, sort_key: &str) -> Found<()> {
        self.rows.change(&self.sql.declare, [kind, name, hash_key, sort_key])?;
        Ok(())
    }

    fn fill(&self, indexes: Vec<(i64, Index)>) -> Found<()> {
        if indexes.is_empty() {
            return Ok(());
        }
        let mut statement = self.rows.statement(&self.sql.records)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let record = match read(row) {
                // It is in no index. Whoever asks for it hears why.
                Err(Fault::OfData(_)) => continue,
                read => read?,
            };
            indexes.iter().try_for_each(|(number, index)| self.enter(*number, index, &record))?;
        }
        Ok(())
    }
}
